/* SPDX-License-Identifier: MIT */
/*
 * A server's certificates, looked at: whose they are, until when, of what kind, and whether a connection would take
 * them. What a hostile server put in them comes out escaped. No I/O but for the trust store, and no header of OpenSSL.
 */
#ifndef SLU_CRYPTO_CHAIN_H
#define SLU_CRYPTO_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/pins.h"

enum { SLU_CHAIN_LINKS = 16, SLU_CHAIN_WHY = 768 };

/* The authorities that are trusted: those of ca_file and ca_path, or else the system's. Read once, and then used for
 * any number of chains, by any thread. NULL: in error is the sentence. */
struct slu_trust;
struct slu_trust *slu_trust_new(const char *ca_file, const char *ca_path, char *error, size_t size);
void slu_trust_free(struct slu_trust *trust); /* NULL is fine */

/* One certificate as it came, DER. */
struct slu_chain_der {
	const uint8_t *der;
	size_t len;
};

struct slu_chain_link {
	char subject[128], issuer[128]; /* the common name, or the whole */
	char names[256];               /* that it is valid for, "a.example, b.example and 3 more", or its common name */
	int64_t not_before, not_after; /* Unix time; 0: malformed */
	char key[48];                  /* "RSA 2048 bits", "EC P-256", "Ed25519" */
	char signature[48];            /* "sha256WithRSAEncryption" */
	char spki[SLU_PIN_TEXT];       /* "sha256//…", as --pin takes it */
	uint8_t digest[32];            /* SHA-256 of the certificate */
	bool self_issued;              /* its issuer has its own name */
};

struct slu_chain {
	struct slu_chain_link links[SLU_CHAIN_LINKS]; /* the server's own first */
	size_t n;
	size_t sent;    /* certificates that came: more than n where there are too many, or one cannot be read */
	bool looked_at; /* it was to be verified */
	bool verified;
	char why_not[SLU_CHAIN_WHY]; /* one sentence: what is wrong with it, and what to do; "" */
};

/* From certs, the server's own first, which are not kept. Verified as a connection to host (a name, or an address) does
 * it, at the time now in Unix time (0: the clock's); not at all where trust is NULL, nor is host used then. A
 * certificate that cannot be read is said in why_not. NULL: no memory. */
struct slu_chain *slu_chain_new(const struct slu_chain_der *certs, size_t n, const struct slu_trust *trust,
				const char *host, int64_t now);
void slu_chain_free(struct slu_chain *chain); /* NULL is fine */

#endif
