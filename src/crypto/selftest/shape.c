/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/shape.h"

#include <stdio.h>
#include <string.h>

/* Eight full TLS records' key stream in one request, with their counter blocks and some more. */
enum { MOST = 33 * SLU_PAGE, RECORD = 16384, TLS_AAD = 13 };

enum {
	ALL = 1U << SLU_SHAPE_LENGTH | 1U << SLU_SHAPE_KEY | 1U << SLU_SHAPE_SESSION | 1U << SLU_SHAPE_OFFSET,
	BOTH_WAYS = ALL | 1U << SLU_SHAPE_DECRYPT | 1U << SLU_SHAPE_APART | 1U << SLU_SHAPE_OUT_OFFSET,
	CHAINED = 1U << SLU_SHAPE_PIECES | 1U << SLU_SHAPE_WRITTEN,
	AEAD = 1U << SLU_SHAPE_AAD | 1U << SLU_SHAPE_TAMPERED
};

/* TLS mode works in place only, and its decryption is not for use: it leaks by its time whether the MAC was right. */
static const struct slu_traits traits[SLU_DC_ALGORITHMS] = {
	[SLU_DC_CBC] = {.unit = SLU_BLOCK, .most = MOST, .fields = BOTH_WAYS | CHAINED},
	[SLU_DC_ECB] = {.unit = SLU_BLOCK, .most = MOST, .fields = BOTH_WAYS},
	[SLU_DC_CTR] = {.unit = 1, .most = MOST, .fields = BOTH_WAYS | CHAINED | 1U << SLU_SHAPE_IV},
	[SLU_DC_GCM] = {.unit = 1, .most = MOST, .fields = BOTH_WAYS | AEAD},
	[SLU_DC_CBC_SHA1] = {.unit = 1, .most = RECORD, .fields = ALL, .mac = 20},
	[SLU_DC_CBC_SHA256] = {.unit = 1, .most = RECORD, .fields = ALL, .mac = 32},
};

static const struct {
	uint32_t simplest;
	bool avoided; /* other values are */
	struct {
		uint32_t from, to;
	} order[2]; /* of what is simple; {0, 0}: the simplest alone */
} fields[SLU_SHAPE_FIELDS] = {
	[SLU_SHAPE_LENGTH] = {.simplest = SLU_BLOCK},
	[SLU_SHAPE_KEY] = {.simplest = 16},
	[SLU_SHAPE_AAD] = {.simplest = TLS_AAD, .order = {{0, 64}}},
	[SLU_SHAPE_IV] = {.simplest = SLU_IV_NONE, .avoided = true, .order = {{SLU_IV_8, SLU_IV_LATER}}},
	[SLU_SHAPE_OFFSET] = {.simplest = 0, .avoided = true, .order = {{1, 63}, {SLU_PAGE - 64, SLU_PAGE - 1}}},
	[SLU_SHAPE_APART] = {.simplest = 0, .avoided = true},
	[SLU_SHAPE_OUT_OFFSET] = {.simplest = 0, .avoided = true, .order = {{1, 63}, {SLU_PAGE - 64, SLU_PAGE - 1}}},
	[SLU_SHAPE_PIECES] = {.simplest = 1, .order = {{2, 5}}},
	[SLU_SHAPE_WRITTEN] = {.simplest = 0, .avoided = true},
};

const struct slu_traits *slu_traits_of(enum slu_dc_algorithm a)
{
	return &traits[a];
}

struct slu_shape slu_shape_simplest(enum slu_dc_algorithm a)
{
	struct slu_shape shape;

	for (int f = 0; f < SLU_SHAPE_FIELDS; f++)
		shape.at[f] = fields[f].simplest;
	return slu_shape_fit(a, &shape);
}

struct slu_shape slu_shape_fit(enum slu_dc_algorithm a, const struct slu_shape *shape)
{
	const struct slu_traits *t = &traits[a];
	struct slu_shape fit = *shape;

	for (int f = 0; f < SLU_SHAPE_FIELDS; f++)
		if (!(t->fields & 1U << f))
			fit.at[f] = fields[f].simplest;
	if (!fit.at[SLU_SHAPE_APART])
		fit.at[SLU_SHAPE_OUT_OFFSET] = 0;
	if (!fit.at[SLU_SHAPE_DECRYPT])
		fit.at[SLU_SHAPE_TAMPERED] = 0;
	if (fit.at[SLU_SHAPE_PIECES] < 2)
		fit.at[SLU_SHAPE_WRITTEN] = 0;
	fit.at[SLU_SHAPE_LENGTH] = (fit.at[SLU_SHAPE_LENGTH] + t->unit - 1) / t->unit * t->unit;
	if (fit.at[SLU_SHAPE_LENGTH] > t->most)
		fit.at[SLU_SHAPE_LENGTH] = t->most;
	return fit;
}

bool slu_shape_equal(const struct slu_shape *a, const struct slu_shape *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool slu_shape_avoided(enum slu_dc_algorithm a, const struct slu_shape *shape)
{
	if (a == SLU_DC_CTR && shape->at[SLU_SHAPE_LENGTH] % SLU_BLOCK)
		return true;
	for (int f = 0; f < SLU_SHAPE_FIELDS; f++)
		if (fields[f].avoided && shape->at[f] != fields[f].simplest)
			return true;
	return false;
}

bool slu_shape_simpler(enum slu_shape_field f, uint32_t than, unsigned n, uint32_t *value)
{
	*value = fields[f].simplest;
	if (n-- == 0)
		return *value != than;
	for (size_t i = 0; i < 2 && fields[f].order[i].to; i++) {
		uint32_t from = fields[f].order[i].from, count = fields[f].order[i].to - from + 1;

		*value = from + n;
		if (n < count)
			return *value < than;
		n -= count;
	}
	return false;
}

size_t slu_shape_result(enum slu_dc_algorithm a, const struct slu_shape *shape)
{
	const uint32_t n = shape->at[SLU_SHAPE_LENGTH], mac = traits[a].mac;

	if (a == SLU_DC_GCM)
		return n + (shape->at[SLU_SHAPE_DECRYPT] ? 0 : SLU_TAG);
	return mac ? (n + mac + SLU_BLOCK) / SLU_BLOCK * SLU_BLOCK : n;
}

/* ---- in words ---- */

/* With one number in it, or none. */
static size_t add(char *out, size_t size, size_t at, const char *format, uint32_t number)
{
	int n = at < size ? snprintf(out + at, size - at, format, number) : 0;

	return at + (n > 0 ? (size_t)n : 0);
}

/* What is said of a field whose value is not the simplest; with the value as %u. */
static const char *const phrases[SLU_SHAPE_FIELDS] = {
	[SLU_SHAPE_SESSION] = ", in the second of two sessions",
	[SLU_SHAPE_TAMPERED] = ", with a wrong tag",
	[SLU_SHAPE_OFFSET] = ", from offset %u of a page",
	[SLU_SHAPE_APART] = ", to another buffer",
	[SLU_SHAPE_OUT_OFFSET] = ", at offset %u of a page",
	[SLU_SHAPE_PIECES] = ", in %u requests",
	[SLU_SHAPE_WRITTEN] = " by the IV that the kernel writes back",
};

/* The same where an engine's stand-in for a device carries them out (engine_device.c). */
static const char *const evp_phrases[SLU_SHAPE_FIELDS] = {
	[SLU_SHAPE_SESSION] = ", in the second of two contexts", [SLU_SHAPE_TAMPERED] = ", with a wrong tag",
	[SLU_SHAPE_OFFSET] = ", from offset %u of a page",       [SLU_SHAPE_APART] = ", to another buffer",
	[SLU_SHAPE_OUT_OFFSET] = ", at offset %u of a page",     [SLU_SHAPE_PIECES] = ", in %u updates",
	[SLU_SHAPE_WRITTEN] = " that go on without a new IV",
};

static const char *const counters[SLU_IVS] = {
	[SLU_IV_8] = ", from a counter that ends in ff",
	[SLU_IV_16] = ", from a counter that ends in ffff",
	[SLU_IV_LATER] = ", from a counter that ends in ffffff00",
	[SLU_IV_32] = ", from a counter that ends in ffffffff",
	[SLU_IV_64] = ", from a counter that ends in 64 set bits",
	[SLU_IV_128] = ", from a counter of all bits set",
};

static const char *describe(enum slu_dc_algorithm a, const struct slu_shape *shape, const char *const *said, char *out,
			    size_t size)
{
	const uint32_t *v = shape->at;
	size_t at = 0;

	at = add(out, size, at, v[SLU_SHAPE_DECRYPT] ? "decrypting %u byte" : "encrypting %u byte",
		 v[SLU_SHAPE_LENGTH]);
	at = add(out, size, at, v[SLU_SHAPE_LENGTH] == 1 ? "" : "s", 0);
	at = add(out, size, at, " with a key of %u bytes", v[SLU_SHAPE_KEY]);
	if (a == SLU_DC_GCM)
		at = add(out, size, at, " and %u bytes of associated data", v[SLU_SHAPE_AAD]);
	if (v[SLU_SHAPE_IV] < SLU_IVS && counters[v[SLU_SHAPE_IV]])
		at = add(out, size, at, counters[v[SLU_SHAPE_IV]], 0);
	for (int f = 0; f < SLU_SHAPE_FIELDS; f++)
		if (said[f] && v[f] != fields[f].simplest)
			at = add(out, size, at, said[f], v[f]);
	return out;
}

const char *slu_shape_describe(enum slu_dc_algorithm a, const struct slu_shape *shape, char *out, size_t size)
{
	return describe(a, shape, phrases, out, size);
}

const char *slu_shape_describe_evp(enum slu_dc_algorithm a, const struct slu_shape *shape, char *out, size_t size)
{
	return describe(a, shape, evp_phrases, out, size);
}
