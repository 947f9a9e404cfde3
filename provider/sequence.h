/* SPDX-License-Identifier: MIT */
/*
 * The nonces of TLS records, foretold. The rule:
 *
 * - TLS 1.2 (RFC 5288, 3): the last eight of the twelve bytes count up by one a record. When sending, they are counted
 *   by this provider itself; OpenSSL and most others do the same when they send.
 * - TLS 1.3 (RFC 8446, 5.3): nonce = IV xor record number, in the last eight bytes. The IV is not told, but a key's
 *   first record has number 0: so the first nonce after a key is taken for the IV.
 * - The sequence counts as known once the four nonces after the first were the foretold ones. A program that encrypts
 *   with random nonces never gets there, nor does a connection that ends before its fifth record.
 * - One nonce other than foretold, or one message that is no TLS record, and nothing is foretold until the next key.
 *
 * A guess is never relied upon: whatever is made for a foretold nonce is bound to its twelve bytes, and only used for
 * the record that comes with just these.
 */
#ifndef SLU_PROVIDER_SEQUENCE_H
#define SLU_PROVIDER_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { SLU_DC_NONCE = 12 };

enum slu_dc_nonces {
	SLU_DC_NO_RECORD, /* the message is no TLS record */
	SLU_DC_COUNTED,   /* TLS 1.2 */
	SLU_DC_XORED      /* TLS 1.3 */
};

/* All zeros: nothing seen yet under this key. */
struct slu_dc_sequence {
	enum slu_dc_nonces kind;
	uint8_t first[SLU_DC_NONCE];
	uint64_t seen; /* nonces, all as foretold but the first */
	bool lost;
};

/* Each message's nonce, in order, whoever encrypts it. */
void slu_dc_sequence_note(struct slu_dc_sequence *s, enum slu_dc_nonces kind, const uint8_t *nonce);

bool slu_dc_sequence_known(const struct slu_dc_sequence *s);

/* The nonce of the record that comes k after the one noted last. */
void slu_dc_sequence_foretell(const struct slu_dc_sequence *s, uint64_t k, uint8_t nonce[SLU_DC_NONCE]);

#endif
