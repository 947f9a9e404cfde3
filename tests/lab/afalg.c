/* SPDX-License-Identifier: MIT */
/* AES-CBC by the kernel's AF_ALG (the kernel's Documentation/crypto/userspace-if.rst). */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_alg.h>

#include "provider/cryptodev.h"

/* One call takes and gives 16 pages at most, the first and last of which may be parts. */
enum { PIECE = 15 * 4096 };

static char driver_name[SLU_DC_NAME];

static const char *afalg_driver(const struct lab_engine *e, uint32_t algorithm)
{
	(void)e;
	return algorithm == SLU_DC_AES_CBC ? driver_name : lab_mac_driver(algorithm);
}

static int afalg_open(const struct lab_engine *e, struct lab_key *key)
{
	static const struct sockaddr_alg address = {
		.salg_family = AF_ALG, .salg_type = "skcipher", .salg_name = "cbc(aes)"};
	int algorithm = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), error = 0;

	(void)e;
	if (algorithm < 0)
		return -errno;
	if (bind(algorithm, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    setsockopt(algorithm, SOL_ALG, ALG_SET_KEY, key->key, (socklen_t)key->key_length) != 0 ||
	    (key->handle = accept4(algorithm, NULL, NULL, SOCK_CLOEXEC)) < 0)
		error = -errno;
	close(algorithm);
	return error;
}

static void afalg_close(const struct lab_engine *e, struct lab_key *key)
{
	(void)e;
	close(key->handle);
}

static int piece_send(int fd, bool encrypt, const uint8_t *iv, const uint8_t *in, size_t n)
{
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(struct af_alg_iv) + LAB_BLOCK)] = {0};
	struct iovec data = {(void *)(uintptr_t)in, n};
	struct msghdr m = {.msg_control = control, .msg_controllen = sizeof control, .msg_iov = &data, .msg_iovlen = 1};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	const uint32_t op = encrypt ? ALG_OP_ENCRYPT : ALG_OP_DECRYPT, iv_length = LAB_BLOCK;

	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_OP;
	c->cmsg_len = CMSG_LEN(sizeof op);
	memcpy(CMSG_DATA(c), &op, sizeof op);
	c = (struct cmsghdr *)(control + CMSG_SPACE(sizeof op)); /* CMSG_NXTHDR of musl is not clean of warnings */
	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_IV;
	c->cmsg_len = CMSG_LEN(sizeof(struct af_alg_iv) + LAB_BLOCK);
	memcpy(CMSG_DATA(c), &iv_length, sizeof iv_length);
	memcpy(CMSG_DATA(c) + sizeof iv_length, iv, LAB_BLOCK);
	return sendmsg(fd, &m, 0) == (ssize_t)n ? 0 : -EIO;
}

static int afalg_cipher(const struct lab_engine *e, const struct lab_key *key, bool encrypt, const uint8_t *iv,
			const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t chain[LAB_BLOCK], last[LAB_BLOCK];
	int error = 0;

	(void)e;
	memcpy(chain, iv, LAB_BLOCK);
	while (!error && n > 0) {
		size_t now = n < PIECE ? n : PIECE;

		memcpy(last, in + now - LAB_BLOCK, LAB_BLOCK);
		error = piece_send(key->handle, encrypt, chain, in, now);
		if (!error && read(key->handle, out, now) != (ssize_t)now)
			error = -EIO;
		memcpy(chain, encrypt ? out + now - LAB_BLOCK : last, LAB_BLOCK);
		in += now;
		out += now;
		n -= now;
	}
	return error;
}

/* One that is never asked for: the driver has no GCM. */
static int afalg_gcm(const struct lab_engine *e, const struct lab_key *key, bool encrypt, const uint8_t *iv,
		     const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out, size_t n, uint8_t *tag,
		     size_t tag_length)
{
	(void)e, (void)key, (void)encrypt, (void)iv, (void)aad, (void)aad_length, (void)in, (void)out, (void)n;
	(void)tag, (void)tag_length;
	return -EINVAL;
}

/* The cbc(aes) of the highest priority in /proc/crypto: what the kernel takes, and what the module would tell of. */
static void find_driver(void)
{
	FILE *f = fopen("/proc/crypto", "re");
	char line[256], name[SLU_DC_NAME] = "", driver[SLU_DC_NAME] = "";
	int priority, best = -1;

	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		sscanf(line, "name : %63s", name);
		sscanf(line, "driver : %63s", driver);
		if (sscanf(line, "priority : %d", &priority) == 1 && strcmp(name, "cbc(aes)") == 0 && priority > best) {
			best = priority;
			strcpy(driver_name, driver);
		}
	}
	fclose(f);
}

/* The module says of virtio-crypto, too, that it is no hardware: its driver does not set the flag. */
static const struct lab_engine afalg = {.open = afalg_open,
					.close = afalg_close,
					.driver = afalg_driver,
					.cipher = afalg_cipher,
					.gcm = afalg_gcm,
					.accelerated = false};

const struct lab_engine *lab_engine_afalg(void)
{
	static const uint8_t zeros[16];
	struct lab_key key = {.cipher = SLU_DC_AES_CBC, .key_length = sizeof zeros};

	/* HMACs are OpenSSL's. A first use makes the kernel list what it has. */
	if (!lab_engine_software() || afalg_open(&afalg, &key) != 0)
		return NULL;
	afalg_close(&afalg, &key);
	find_driver();
	return driver_name[0] ? &afalg : NULL;
}
