/* SPDX-License-Identifier: MIT */
#include "proto/rc4.h"

void slu_rc4_init(struct slu_rc4 *rc4, const uint8_t *key, size_t size)
{
	uint8_t *s = rc4->state, j = 0, t;

	for (unsigned i = 0; i < 256; i++)
		s[i] = (uint8_t)i;
	for (unsigned i = 0; i < 256; i++) {
		t = s[i];
		j = (uint8_t)(j + t + key[i % size]);
		s[i] = s[j];
		s[j] = t;
	}
	rc4->i = rc4->j = 0;
}

static inline uint8_t next(uint8_t *s, uint8_t *i, uint8_t *j)
{
	uint8_t a = s[++*i], b;

	*j = (uint8_t)(*j + a);
	b = s[*j];
	s[*i] = b;
	s[*j] = a;
	return s[(uint8_t)(a + b)];
}

void slu_rc4_skip(struct slu_rc4 *rc4, size_t n)
{
	while (n--)
		next(rc4->state, &rc4->i, &rc4->j);
}

/* The two indexes live in registers meanwhile: a store into out could change them otherwise. */
void slu_rc4_apply(struct slu_rc4 *rc4, const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t i = rc4->i, j = rc4->j;

	for (size_t k = 0; k < n; k++)
		out[k] = in[k] ^ next(rc4->state, &i, &j);
	rc4->i = i;
	rc4->j = j;
}
