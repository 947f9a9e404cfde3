/* SPDX-License-Identifier: MIT */
/*
 * One full TLS handshake, done to look at the server: what TLS 1.3 encrypts cannot be seen otherwise. OpenSSL in
 * memory, no I/O: the caller carries the bytes.
 *
 *     struct slu_inspect *i = slu_inspect_new(&config);
 *     while (!slu_inspect_result(i)->failed && !slu_inspect_result(i)->closed && there is patience left) {
 *             n = slu_inspect_out(i, &data);      send what it takes of them, and slu_inspect_sent(i, that many)
 *             slu_inspect_in(i, data, n);         whatever came, or slu_inspect_closed(i)
 *     }
 *
 * All that this OpenSSL still has can be asked for, at security level 0 and whatever its configuration says of versions
 * and suites. No certificate ends the handshake: what is wrong with it is in the chain. No header of OpenSSL.
 */
#ifndef SLU_CRYPTO_INSPECT_H
#define SLU_CRYPTO_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/chain.h"

enum { SLU_INSPECT_SENTENCE = 512, SLU_INSPECT_ALPN = 64 };

/* Read only during the call of slu_inspect_new(), but for trust. */
struct slu_inspect_config {
	const char *host; /* a name or an address: for SNI and for the certificate */
	bool sni;         /* send it, where it is a name */
	uint16_t version; /* the only one: enum slu_tls_version, or 0x0300 for SSL 3.0 */
	uint16_t suite;   /* the only one, by its number; 0: all that OpenSSL has */
	const uint16_t
		*suites; /* with TLS 1.3, in this order, all of them or it lacks what is asked for; 0: as above */
	size_t nsuites;
	uint16_t group;          /* the only one, by its number; 0: OpenSSL's own */
	const uint16_t *schemes; /* signature schemes to offer, by number: those that OpenSSL lacks are left out. 0: its
				    own */
	size_t nschemes;
	const char *const *alpn;
	size_t nalpn;
	const struct slu_trust *trust; /* must outlive it; NULL: the chain is not verified */
};

struct slu_inspect_result {
	bool done;   /* the handshake was. What follows it, tickets and a late refusal, comes after this */
	bool failed; /* it is over: sentence says why, after a handshake that was done as well */
	bool lacks;  /* failed, before a byte was sent: this OpenSSL cannot do what was asked for */
	bool closed; /* the server has ended the connection: in order where failed is not set */

	/* What the server chose, from when it is known; 0: not yet, or there is none. */
	uint16_t version, suite;
	uint16_t group;                 /* of a key exchange over one that has a number */
	uint16_t scheme;                /* that it signed with: CertificateVerify, or with TLS 1.2 ServerKeyExchange */
	uint16_t dh_bits;               /* with TLS 1.2 and below, of a prime of its own */
	bool retry;                     /* it asked for another key share first, by HelloRetryRequest */
	char alpn[SLU_INSPECT_ALPN];    /* escaped; "": none */
	unsigned record_size_limit;     /* RFC 8449, as it sent it; 0: it did not */
	unsigned tickets;               /* NewSessionTickets so far */
	bool client_certificate;        /* it asked for one */
	bool client_certificate_needed; /* and refused to go on without. With TLS 1.3 it says so only after done */
	int alert;                      /* the one that ended it, from the server; -1: none */
	const struct slu_chain *chain;  /* as long as the inspection is; NULL: no certificate came */
	char sentence[SLU_INSPECT_SENTENCE];
};

struct slu_inspect; /* opaque */

/* NULL: no memory. Where OpenSSL lacks what is asked for, the result says so at once. */
struct slu_inspect *slu_inspect_new(const struct slu_inspect_config *config);

/* Bytes that came; 0, or SLU_ERR_NOMEM. Once it has failed they are not looked at. */
int slu_inspect_in(struct slu_inspect *i, const void *data, size_t n);

/* The server's end of the connection is closed, or was reset. 0, or SLU_ERR_NOMEM. */
int slu_inspect_closed(struct slu_inspect *i);

/* How many bytes are to be sent, and where they are: until the next call with this inspection. An alert to the server
 * is among them where it failed here. */
size_t slu_inspect_out(struct slu_inspect *i, const uint8_t **data);

/* The first n of them are sent. */
void slu_inspect_sent(struct slu_inspect *i, size_t n);

/* Valid, and up to date, as long as the inspection is. */
const struct slu_inspect_result *slu_inspect_result(const struct slu_inspect *i);

void slu_inspect_free(struct slu_inspect *i); /* NULL is fine */

#endif
