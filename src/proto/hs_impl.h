/* SPDX-License-Identifier: MIT */
/* What the files of the handshake share: hs.c has the states and the error sentences, hs_plain.c and hs_digest.c make
 * and read the packets C1, C2, S1 and S2 of their kind. */
#ifndef SLU_PROTO_HS_IMPL_H
#define SLU_PROTO_HS_IMPL_H

#include <stdbool.h>

#include "proto/handshake.h"

enum { SLU_HS_VERSION = 3, SLU_HS_OUT_MAX = 1 + 2 * SLU_HS_SIZE };

struct slu_hs {
	struct slu_handshake_config config;
	enum slu_handshake kind;
	bool version_seen;
	unsigned packets; /* read */
	size_t have;      /* of in */
	size_t out_size;
	int err;
	unsigned scheme;                     /* digest: 0 or 1 */
	uint8_t own_digest[SLU_SHA256_SIZE]; /* in our C1 or S1 */
	uint8_t peer_digest[SLU_SHA256_SIZE];
	uint8_t in[SLU_HS_SIZE];
	uint8_t out[SLU_HS_OUT_MAX];
	char error[256];
};

/* Room for n more bytes for the peer. */
uint8_t *slu_hs_put(struct slu_hs *hs, size_t n);

/* Fills with random bytes, or with zeros when there is no generator or it fails: nothing secret hangs on them. */
void slu_hs_noise(const struct slu_hs *hs, uint8_t *out, size_t n);

__attribute__((format(printf, 3, 4))) int slu_hs_fail(struct slu_hs *hs, int err, const char *format, ...);

/* hs_plain.c: C1 or S1, and its echo as S2 or C2. */
void slu_hs_plain_hello(struct slu_hs *hs, uint8_t out[SLU_HS_SIZE]);
void slu_hs_plain_echo(const uint8_t hello[SLU_HS_SIZE], uint8_t out[SLU_HS_SIZE]);

/* hs_digest.c. All return 0 or the crypto's error; _find() also 1 when hello has the digest of that role, which then
 * is in hs->peer_digest and its scheme in hs->scheme. */
int slu_hs_digest_hello(struct slu_hs *hs, uint8_t out[SLU_HS_SIZE]);
int slu_hs_digest_find(struct slu_hs *hs, enum slu_role role, const uint8_t hello[SLU_HS_SIZE]);
int slu_hs_digest_answer(struct slu_hs *hs, uint8_t out[SLU_HS_SIZE]);
/* 1 when answer is signed, by role, over hs->own_digest. */
int slu_hs_digest_verify(struct slu_hs *hs, enum slu_role role, const uint8_t answer[SLU_HS_SIZE]);

#endif
