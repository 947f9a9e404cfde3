/* SPDX-License-Identifier: MIT */
/* Which shapes an algorithm has, and which of two is the simpler one. */
#ifndef SLU_CRYPTO_SELFTEST_SHAPE_H
#define SLU_CRYPTO_SELFTEST_SHAPE_H

#include "crypto/selftest.h"

enum {
	SLU_BLOCK = 16,
	SLU_TAG = 16,
	SLU_PAGE = 4096, /* what offsets are counted in, whatever the machine's pages are */
	SLU_EXTRA = 64   /* what a request may add to its payload at most: MAC and padding */
};

struct slu_traits {
	uint32_t unit;   /* lengths are multiples of it */
	uint32_t most;   /* and no longer */
	unsigned fields; /* bits: those that make a difference */
	uint32_t mac;    /* bytes: TLS mode */
};

const struct slu_traits *slu_traits_of(enum slu_dc_algorithm a);

/* The simplest shape of all. */
struct slu_shape slu_shape_simplest(enum slu_dc_algorithm a);

/* With what the algorithm has no such field for taken back, and the length made one that it takes. */
struct slu_shape slu_shape_fit(enum slu_dc_algorithm a, const struct slu_shape *shape);

bool slu_shape_equal(const struct slu_shape *a, const struct slu_shape *b);

/* Neither the provider nor the library asks for such a thing (provider/session.h): its requests lie in pages of their
 * own, from their beginning and in place, of whole blocks where there is no MAC; it works out IVs, and splits requests
 * where a counter carries. */
bool slu_shape_avoided(enum slu_dc_algorithm a, const struct slu_shape *shape);

/* Values of a field that are simpler than this one, the simplest first: the n-th, or false. Not of the length, which
 * has an order of its own. */
bool slu_shape_simpler(enum slu_shape_field f, uint32_t than, unsigned n, uint32_t *value);

/* slu_shape_describe() of an engine's test. Returns out. */
const char *slu_shape_describe_evp(enum slu_dc_algorithm a, const struct slu_shape *shape, char *out, size_t size);

/* Bytes that come out of it. */
size_t slu_shape_result(enum slu_dc_algorithm a, const struct slu_shape *shape);

/* Bit of a key's length in struct slu_verdict.keys. */
static inline unsigned slu_key_bit(uint32_t length)
{
	return 1U << (length / 8 - 2);
}

#endif
