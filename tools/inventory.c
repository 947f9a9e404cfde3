/* SPDX-License-Identifier: MIT */
#include "tools/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "crypto/proc_text.h"
#include "crypto/selftest.h"

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

static void take_processor(struct slu_inventory *inv)
{
	char *text = slu_proc_text("/proc/cpuinfo");

	slu_cpu_read(&inv->cpu, text ? text : "");
	free(text);
}

static void take_kernel(struct slu_inventory *inv)
{
	struct utsname u;
	char *text = slu_proc_text("/proc/crypto");

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
	slu_openssl_facts(&inv->openssl);
	slu_engine_list_take(&inv->engines, inv->openssl.engines_folder);
}
