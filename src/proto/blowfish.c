/* SPDX-License-Identifier: MIT */
#include "proto/blowfish.h"

static uint32_t f(const struct slu_blowfish *bf, uint32_t x)
{
	return ((bf->s[0][x >> 24] + bf->s[1][x >> 16 & 0xff]) ^ bf->s[2][x >> 8 & 0xff]) + bf->s[3][x & 0xff];
}

void slu_blowfish_encrypt(const struct slu_blowfish *bf, uint32_t block[2])
{
	uint32_t left = block[0], right = block[1];

	for (int i = 0; i < SLU_BLOWFISH_ROUNDS; i += 2) {
		left ^= bf->p[i];
		right ^= f(bf, left);
		right ^= bf->p[i + 1];
		left ^= f(bf, right);
	}
	block[0] = right ^ bf->p[SLU_BLOWFISH_ROUNDS + 1];
	block[1] = left ^ bf->p[SLU_BLOWFISH_ROUNDS];
}

/* Replaces n words by what the cipher makes of itself. */
static void churn(struct slu_blowfish *bf, uint32_t block[2], uint32_t *words, int n)
{
	for (int i = 0; i < n; i += 2) {
		slu_blowfish_encrypt(bf, block);
		words[i] = block[0];
		words[i + 1] = block[1];
	}
}

void slu_blowfish_init(struct slu_blowfish *bf, const uint8_t *key, size_t size)
{
	uint32_t block[2] = {0, 0}, word;
	size_t at = 0;

	*bf = slu_blowfish_pi;
	for (int i = 0; i < SLU_BLOWFISH_ROUNDS + 2; i++) {
		word = 0;
		for (int k = 0; k < 4; k++)
			word = word << 8 | key[at++ % size];
		bf->p[i] ^= word;
	}
	churn(bf, block, bf->p, SLU_BLOWFISH_ROUNDS + 2);
	for (int i = 0; i < 4; i++)
		churn(bf, block, bf->s[i], 256);
}
