/* SPDX-License-Identifier: MIT */
#include "proto/tea.h"

enum { XTEA_CYCLES = 32 };

static const uint32_t delta = 0x9e3779b9;

void slu_xtea_encrypt(const uint32_t key[4], uint32_t block[2])
{
	uint32_t y = block[0], z = block[1], sum = 0;

	for (int i = 0; i < XTEA_CYCLES; i++) {
		y += ((z << 4 ^ z >> 5) + z) ^ (sum + key[sum & 3]);
		sum += delta;
		z += ((y << 4 ^ y >> 5) + y) ^ (sum + key[sum >> 11 & 3]);
	}
	block[0] = y;
	block[1] = z;
}

/* What a word is mixed with: its neighbours, and the key's word of its place and round. */
static uint32_t mix(const uint32_t key[4], uint32_t before, uint32_t after, uint32_t sum, size_t place)
{
	uint32_t word = key[(place & 3) ^ (sum >> 2 & 3)];

	return ((before >> 5 ^ after << 2) + (after >> 3 ^ before << 4)) ^ ((sum ^ after) + (word ^ before));
}

void slu_xxtea_decrypt(const uint32_t key[4], uint32_t *words, size_t n)
{
	uint32_t rounds = (uint32_t)(6 + 52 / n);

	for (uint32_t sum = rounds * delta; rounds--; sum -= delta) {
		for (size_t p = n; p-- > 0;)
			words[p] -= mix(key, words[p ? p - 1 : n - 1], words[p + 1 < n ? p + 1 : 0], sum, p);
	}
}
