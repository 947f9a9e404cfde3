/* SPDX-License-Identifier: MIT */
/* Blowfish (Schneier, "Description of a New Variable-Length Key, 64-Bit Block Cipher", 1994), which hides the
 * signatures of RTMPE's type 9. By words, since RTMPE has them in another byte order than the rest of the world. */
#ifndef SLU_PROTO_BLOWFISH_H
#define SLU_PROTO_BLOWFISH_H

#include <stddef.h>
#include <stdint.h>

enum { SLU_BLOWFISH_ROUNDS = 16 };

struct slu_blowfish {
	uint32_t p[SLU_BLOWFISH_ROUNDS + 2];
	uint32_t s[4][256];
};

/* What a key is mixed into, in blowfish_pi.c: the first binary places of pi. */
extern const struct slu_blowfish slu_blowfish_pi;

/* size is 1 to 56. 521 encryptions: some dozen microseconds. */
void slu_blowfish_init(struct slu_blowfish *bf, const uint8_t *key, size_t size);

void slu_blowfish_encrypt(const struct slu_blowfish *bf, uint32_t block[2]);

#endif
