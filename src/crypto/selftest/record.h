/* SPDX-License-Identifier: MIT */
/* TLS records by OpenSSL's own software (software_get.h), from keys that are given: what the kernel's TLS is compared
 * with. RFC 5288, RFC 7905 and RFC 8446, 5.2. */
#ifndef SLU_CRYPTO_SELFTEST_RECORD_H
#define SLU_CRYPTO_SELFTEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLU_RECORD_MOST = 16384, SLU_RECORD_EXTRA = 5 + 8 + 16 }; /* payload; and at most so much around it */

enum slu_record_cipher {
	SLU_RECORD_AES_128_GCM,
	SLU_RECORD_AES_256_GCM,
	SLU_RECORD_CHACHA20_POLY1305,
	SLU_RECORD_CIPHERS
};

struct slu_record_keys {
	enum slu_record_cipher cipher;
	bool tls13; /* else TLS 1.2 */
	uint8_t key[32];
	uint8_t iv[12]; /* GCM with TLS 1.2: 4 bytes of salt, and the explicit nonce of the next record, which counts */
	uint8_t sequence[8];
};

struct slu_record;

/* NULL: no memory, or this OpenSSL lacks the cipher. */
struct slu_record *slu_record_new(enum slu_record_cipher cipher);
void slu_record_free(struct slu_record *r); /* NULL is fine */

/* The next record of n bytes of application data: its length, and k goes on to the one after it. 0: OpenSSL failed. */
size_t slu_record_seal(struct slu_record *r, struct slu_record_keys *k, const uint8_t *in, size_t n, uint8_t *out);

#endif
