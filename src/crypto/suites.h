/* SPDX-License-Identifier: MIT */
/* Cipher suites, as far as a choice among them needs to know them. Includes OpenSSL's header. */
#ifndef SLU_CRYPTO_SUITES_H
#define SLU_CRYPTO_SUITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum { SLU_SUITES_MOST = 128 };

struct slu_suite {
	const char *name; /* OpenSSL's, static */
	uint16_t id;      /* its number in TLS */
	bool tls13;
	bool forward_secret; /* (EC)DHE */
	bool aead;           /* otherwise CBC, or worse */
	int cipher, mac;     /* NIDs */
};

/* What a connection of ctx would offer (a client) or take (a server), in its order: its versions, its security level
 * and what this OpenSSL has are accounted for. At most SLU_SUITES_MOST; -1: no memory. */
int slu_suites_of(SSL_CTX *ctx, struct slu_suite out[SLU_SUITES_MOST]);

/* What is behind the key exchange: "AES128-SHA" of ECDHE-RSA-AES128-SHA, and all of a name of TLS 1.3. Suites of one
 * version in which this is the same have the same records. Points into name. */
const char *slu_suite_kind(const char *name);

/* Its records, in words: "AES-128-CBC with HMAC-SHA1", "ChaCha20-Poly1305". Returns out. */
const char *slu_suite_records(const struct slu_suite *s, char *out, size_t size);

#endif
