/* SPDX-License-Identifier: MIT */
/* The memory that the device reads and writes, laid out as a shape wants it, with known bytes around. */
#ifndef SLU_CRYPTO_SELFTEST_ARENA_H
#define SLU_CRYPTO_SELFTEST_ARENA_H

#include "crypto/selftest/shape.h"

struct slu_region {
	uint8_t *memory; /* pages of its own */
	size_t size;
	uint8_t *page; /* within it, with a page's room before: where offset 0 is */
};

struct slu_arena {
	struct slu_region source, result, aad;
	uint8_t *plain;  /* a request's payload */
	uint8_t *sealed; /* and what it is encrypted */
	/* Of the request under way. */
	uint8_t *in, *out;
	size_t in_length, out_length;
};

bool slu_arena_init(struct slu_arena *a);
void slu_arena_clear(struct slu_arena *a); /* all zeros: fine */

/* Payload that no other request has. */
void slu_arena_fill(struct slu_arena *a, size_t n, uint64_t seed);

/* in_length bytes of data at in, room for out_length at out, which is the same place unless the shape says otherwise;
 * and the guards around both. */
void slu_arena_lay_out(struct slu_arena *a, const struct slu_shape *shape, const uint8_t *data, size_t in_length,
		       size_t out_length);

/* Nothing but the result was written to: true, or what was. data as above. */
bool slu_arena_kept(const struct slu_arena *a, const uint8_t *data, enum slu_flaw *flaw);

#endif
