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

/* The first byte chooses the kind and the cuts; the rest comes from the peer. */
static inline void hs_drive(enum slu_role role, const uint8_t *data, size_t size)
{
	struct slu_handshake_config config = {.role = role, .crypto = slu_cryptops_openssl()};
	size_t pos = 1, out_total = 0, used, take;
	const uint8_t *out;
	struct slu_hs *hs;
	int r = 0;

	if (size == 0)
		return;
	config.kind = data[0] & 1 ? SLU_HANDSHAKE_DIGEST : SLU_HANDSHAKE_PLAIN;
	hs = slu_hs_new(&config);
	while (hs && r == 0 && pos < size) {
		take = 1 + data[0] / 2 * 16u;
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
	}
	slu_hs_free(hs);
}

#endif
