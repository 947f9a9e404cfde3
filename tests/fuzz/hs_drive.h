/* SPDX-License-Identifier: MIT */
/* One end of a handshake against a hostile peer. */
#ifndef SLU_TESTS_FUZZ_HS_DRIVE_H
#define SLU_TESTS_FUZZ_HS_DRIVE_H

#include <stdlib.h>
#include <string.h>

#include "crypto/ops.h"
#include "proto/handshake.h"

static inline void hs_require(int truth)
{
	if (!truth)
		abort();
}

/* The same numbers each time, so that the same input does the same, and recorded key exchanges are gone through. */
static inline int hs_secret(void *out, size_t n)
{
	uint32_t seed = 77;

	for (uint8_t *p = out; n--; p++) {
		seed ^= seed << 13;
		seed ^= seed >> 17;
		seed ^= seed << 5;
		*p = (uint8_t)(seed >> 11);
	}
	return 0;
}

/* The first byte chooses the kind and the cuts; the rest comes from the peer. */
static inline void hs_drive(enum slu_role role, const uint8_t *data, size_t size)
{
	static const enum slu_handshake kinds[] = {SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_DIGEST, SLU_HANDSHAKE_RTMPE6,
						   SLU_HANDSHAKE_RTMPE8, SLU_HANDSHAKE_RTMPE9};
	struct slu_cryptops crypto = *slu_cryptops_openssl();
	struct slu_handshake_config config = {.role = role, .crypto = &crypto};
	size_t pos = 1, out_total = 0, used, take;
	const uint8_t *out;
	struct slu_rc4 in, out_cipher;
	struct slu_hs *hs;
	int r = 0;

	if (size == 0)
		return;
	crypto.random = hs_secret;
	config.kind = data[0] < 128 ? kinds[data[0] & 1] : kinds[2 + data[0] % 3];
	hs = slu_hs_new(&config);
	while (hs && r == 0 && pos < size) {
		take = 1 + data[0] % 128 / 2 * 16u;
		if (take > size - pos)
			take = size - pos;
		r = slu_hs_in(hs, data + pos, take, &used);
		hs_require(used <= take && (r != 0 || used == take));
		pos += used;
		out_total += slu_hs_out(hs, &out);
	}
	if (hs) {
		hs_require(out_total <= 1 + 2 * SLU_HS_SIZE);
		hs_require(r != 1 || pos == 1 + 1 + 2 * SLU_HS_SIZE);
		hs_require(r >= 0 || *slu_hs_error(hs));
		hs_require(slu_hs_ciphers(hs, &in, &out_cipher) == (slu_hs_kind(hs) >= SLU_HANDSHAKE_RTMPE6));
	}
	slu_hs_free(hs);
}

#endif
