/* SPDX-License-Identifier: MIT */
/* What computes the device's operations. */
#ifndef SLU_TESTS_LAB_ENGINE_H
#define SLU_TESTS_LAB_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAB_BLOCK = 16 };

struct lab_key {
	uint32_t cipher; /* SLU_DC_AES_* */
	uint32_t mac;    /* SLU_DC_*_HMAC or 0 */
	uint8_t key[32];
	size_t key_length;
	uint8_t mac_key[512];
	size_t mac_key_length;
	int handle; /* the engine's */
};

struct lab_engine {
	/* Once for each session, before and after its operations: 0 or -errno. NULL: nothing to do. */
	int (*open)(const struct lab_engine *e, struct lab_key *key);
	void (*close)(const struct lab_engine *e, struct lab_key *key);
	/* The driver's name for an algorithm, static; NULL: it has none. */
	const char *(*driver)(const struct lab_engine *e, uint32_t algorithm);
	/* CBC, CTR and ECB, in place or not: 0 or -errno. iv of 16 bytes is not changed. */
	int (*cipher)(const struct lab_engine *e, const struct lab_key *key, bool encrypt, const uint8_t *iv,
		      const uint8_t *in, uint8_t *out, size_t n);
	/* GCM with an IV of 12 bytes; decryption: -EBADMSG, with the plaintext already in out. */
	int (*gcm)(const struct lab_engine *e, const struct lab_key *key, bool encrypt, const uint8_t *iv,
		   const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out, size_t n, uint8_t *tag,
		   size_t tag_length);
	bool accelerated; /* what CIOCGSESSINFO's flags say */
};

/* OpenSSL's default provider, in a library context of its own. NULL: it cannot be had. */
const struct lab_engine *lab_engine_software(void);

/* The kernel's AF_ALG: AES-CBC and nothing else, by the driver that the kernel prefers, which up to Linux 6.1 may be
 * hardware. NULL: the kernel has none. */
const struct lab_engine *lab_engine_afalg(void);

/* Of 0, 20 or 32 bytes: an algorithm that is no MAC has none. */
size_t lab_mac_size(uint32_t mac);
const char *lab_mac_driver(uint32_t mac); /* NULL: it is none */
/* HMAC of header and data by OpenSSL: 0 or -EIO. */
int lab_hmac(const struct lab_key *key, const uint8_t *header, size_t header_length, const uint8_t *data, size_t n,
	     uint8_t *out);

#endif
