/* SPDX-License-Identifier: MIT */
#include "sequence.h"

#include <string.h>

#include "base/bytes.h"

enum { FIXED = 4, CONFIRMED = 4 };

static void nonce_at(const struct slu_dc_sequence *s, uint64_t number, uint8_t nonce[SLU_DC_NONCE])
{
	uint64_t first = slu_be64(s->first + FIXED);

	memcpy(nonce, s->first, FIXED);
	slu_put_be64(nonce + FIXED, s->kind == SLU_DC_COUNTED ? first + number : first ^ number);
}

void slu_dc_sequence_note(struct slu_dc_sequence *s, enum slu_dc_nonces kind, const uint8_t *nonce)
{
	uint8_t foretold[SLU_DC_NONCE];

	if (s->lost)
		return;
	if (kind == SLU_DC_NO_RECORD) {
		s->lost = true;
		return;
	}
	if (s->seen == 0) {
		s->kind = kind;
		memcpy(s->first, nonce, SLU_DC_NONCE);
	}
	nonce_at(s, s->seen, foretold);
	s->lost = kind != s->kind || memcmp(foretold, nonce, SLU_DC_NONCE) != 0;
	s->seen++;
}

bool slu_dc_sequence_known(const struct slu_dc_sequence *s)
{
	return !s->lost && s->seen > CONFIRMED;
}

void slu_dc_sequence_foretell(const struct slu_dc_sequence *s, uint64_t k, uint8_t nonce[SLU_DC_NONCE])
{
	nonce_at(s, s->seen - 1 + k, nonce);
}
