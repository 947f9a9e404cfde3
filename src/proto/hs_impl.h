/* SPDX-License-Identifier: MIT */
/* What the files of the handshake share: hs.c has the states, hs_plain.c and hs_digest.c make and read the packets C1,
 * C2, S1 and S2 of their kind, hs_rtmpe.c adds to the latter what makes them RTMPE's, and hs_other.c tells what it is
 * that is no handshake. */
#ifndef SLU_PROTO_HS_IMPL_H
#define SLU_PROTO_HS_IMPL_H

#include <stdbool.h>

#include "proto/handshake.h"

enum { SLU_HS_VERSION = 3, SLU_HS_OUT_MAX = 1 + 2 * SLU_HS_SIZE };

/* A peer that begins with another version is recognised by so many bytes, and by so many more where they are there. */
enum { SLU_HS_PROBE_SIZE = 5, SLU_HS_BANNER_MAX = 40 };

/* RTMPE: our half of the key exchange, and what came of it. */
struct slu_hs_rtmpe {
	uint8_t secret[SLU_DH_SIZE], own[SLU_DH_SIZE];
	struct slu_rc4 in, out;
};

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
	uint8_t s1_tail[SLU_SHA256_SIZE]; /* the end of S1 */
	struct slu_hs_rtmpe rtmpe;
	uint8_t in[SLU_HS_SIZE];
	uint8_t out[SLU_HS_OUT_MAX];
	char error[256];
};

static inline bool slu_hs_encrypts(enum slu_handshake kind)
{
	return kind >= SLU_HANDSHAKE_RTMPE6;
}

/* The kind of RTMPE that a version stands for; SLU_HANDSHAKE_PLAIN when for none. */
enum slu_handshake slu_hs_version_kind(unsigned version);

/* hs_other.c: the peer began with these bytes, and that is an error. */
int slu_hs_other(struct slu_hs *hs, const uint8_t *data, size_t n);

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

/* hs_rtmpe.c. Puts a new public key of ours into hello, before its digest is made, in hs->scheme. */
int slu_hs_rtmpe_offer(struct slu_hs *hs, uint8_t hello[SLU_HS_SIZE]);
/* Makes the ciphers of our last offer and the peer's hello, which has its key in scheme. SLU_ERR_HANDSHAKE: its key is
 * bad. */
int slu_hs_rtmpe_agree(struct slu_hs *hs, const uint8_t hello[SLU_HS_SIZE], unsigned scheme);
/* Disguises the signature of S2 or C2, made with key, as kind wants it. */
void slu_hs_rtmpe_disguise(enum slu_handshake kind, const uint8_t key[SLU_SHA256_SIZE],
			   uint8_t signature[SLU_SHA256_SIZE]);

#endif
