/* SPDX-License-Identifier: MIT */
#include "tools/inventory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/selftest.h"

enum { PROC_MOST = 1 << 20 };

/* What TLS may ask the kernel for, here or through a driver. */
static const char *const names[SLU_KERNEL_CIPHERS] = {
	"cbc(aes)",
	"ecb(aes)",
	"ctr(aes)",
	"gcm(aes)",
	"rfc7539(chacha20,poly1305)",
	"authenc(hmac(sha1),cbc(aes))",
	"authenc(hmac(sha256),cbc(aes))",
};

/* A file of /proc, which has no size until it is read. NULL: it is not there. */
static char *read_text(const char *path)
{
	struct slu_buf buf;
	char piece[4096];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	slu_buf_init(&buf, PROC_MOST);
	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
		if (slu_buf_append(&buf, piece, (size_t)n) != 0)
			break;
	if (fd >= 0)
		close(fd);
	if (n < 0 || slu_buf_append(&buf, "", 1) != 0) {
		slu_buf_clear(&buf);
		return NULL;
	}
	return (char *)buf.data;
}

static void take_processor(struct slu_inventory *inv)
{
	char *text = read_text("/proc/cpuinfo");

	slu_cpu_read(&inv->cpu, text ? text : "");
	free(text);
}

static void take_kernel(struct slu_inventory *inv)
{
	struct utsname u;
	char *text = read_text("/proc/crypto");

	if (uname(&u) == 0)
		snprintf(inv->kernel, sizeof inv->kernel, "%s %s %s", u.sysname, u.release, u.machine);
	inv->proc_crypto = text != NULL;
	for (size_t i = 0; i < SLU_KERNEL_CIPHERS; i++) {
		inv->ciphers[i].name = names[i];
		inv->ciphers[i].found = text && slu_proc_crypto_find(text, names[i], &inv->ciphers[i].best);
	}
	free(text);
}

void slu_inventory_take(struct slu_inventory *inv, const char *device)
{
	memset(inv, 0, sizeof *inv);
	take_processor(inv);
	slu_ktls_probe(&inv->ktls); /* before /proc/crypto is read: it makes the kernel load ciphers */
	take_kernel(inv);
	inv->device = device;
	inv->device_error = slu_selftest_device(device);
}
