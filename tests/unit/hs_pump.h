/* SPDX-License-Identifier: MIT */
/* Both ends of a handshake, and bytes carried between them in pieces. */
#ifndef SLU_TESTS_UNIT_HS_PUMP_H
#define SLU_TESTS_UNIT_HS_PUMP_H

#include "test.h"

#include "proto/handshake.h"

/* A fixed generator, so that failures repeat. */
static inline int pump_random(void *arg, void *out, size_t n)
{
	uint8_t *p = out;

	while (n--)
		*p++ = (uint8_t)(test_rand(arg) >> 11);
	return 0;
}

/* OpenSSL's, but for secrets that are the same each time, so that recorded key exchanges can be taken up again. */
static inline int pump_secret(void *out, size_t n)
{
	uint32_t seed = 77;

	return pump_random(&seed, out, n);
}

static inline struct slu_cryptops pump_crypto(const struct slu_cryptops *openssl)
{
	struct slu_cryptops ops = *openssl;

	ops.random = pump_secret;
	return ops;
}

static inline struct slu_hs *pump_new(enum slu_role role, enum slu_handshake kind, const struct slu_cryptops *crypto,
				      uint32_t *seed)
{
	struct slu_handshake_config config = {
		.role = role,
		.kind = kind,
		.time = 0x00012345,
		.random = pump_random,
		.random_arg = seed,
		.crypto = crypto,
	};
	struct slu_hs *hs = slu_hs_new(&config);

	assert_non_null(hs);
	return hs;
}

/* Moves what from has for to, in pieces of at most piece bytes; returns what slu_hs_in() said last. */
static inline int pump_one_way(struct slu_hs *from, struct slu_hs *to, size_t piece, size_t *moved)
{
	const uint8_t *data;
	size_t n = slu_hs_out(from, &data), pos = 0, take, used;
	int r = slu_hs_in(to, NULL, 0, &used);

	while (pos < n && r == 0) {
		take = n - pos < piece ? n - pos : piece;
		r = slu_hs_in(to, data + pos, take, &used);
		assert_true(r < 0 || used == take);
		pos += used;
	}
	if (r >= 0)
		assert_int_equal(pos, n);
	*moved += pos;
	return r;
}

#endif
