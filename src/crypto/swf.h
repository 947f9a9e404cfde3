/* SPDX-License-Identifier: MIT */
/*
 * The hash of a Flash player, by which servers know it again (SWF verification): HMAC-SHA256 under "Genuine Adobe Flash
 * Player 001" of the player as it is uncompressed. No I/O.
 */
#ifndef SLU_CRYPTO_SWF_H
#define SLU_CRYPTO_SWF_H

#include <stddef.h>
#include <stdint.h>

enum {
	SLU_SWF_HASH = 32,
	SLU_SWF_MOST = 64 << 20 /* bytes of a player, uncompressed: ten times what the large ones have */
};

struct slu_swf;

/* NULL: out of memory. */
struct slu_swf *slu_swf_new(void);

/* Bytes of the file as they come: FWS, or CWS, whose rest is compressed with zlib. 0; SLU_ERR_INVALID: it is no player,
 * or none that can be hashed here; SLU_ERR_LIMIT: too large; SLU_ERR_NOMEM, SLU_ERR_TLS. Sticky. */
int slu_swf_in(struct slu_swf *s, const void *data, size_t n);

/* All has come. 0, or one of the above: it was cut off. */
int slu_swf_end(struct slu_swf *s, uint8_t hash[SLU_SWF_HASH], uint32_t *size);

/* The predicate of a sentence about the player: "is no Flash player: ...". */
const char *slu_swf_error(const struct slu_swf *s);

/* NULL is fine. */
void slu_swf_free(struct slu_swf *s);

#endif
