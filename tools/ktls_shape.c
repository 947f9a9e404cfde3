/* SPDX-License-Identifier: MIT */
#include "tools/ktls_shape.h"

#include <stdio.h>
#include <string.h>

#include "crypto/selftest/sweep.h"

enum { VARY = 4 };

/* ---- sweeps ---- */

static const struct slu_span short_lengths[] = {{1, 600, 1, 13}, {240, 256, 1, 5}, {0}};
static const struct slu_span record_lengths[] = {{16368, 16400, 1, 16}, {0}};
/* Several records a call. */
static const struct slu_span long_lengths[] = {
	{32767, 32769, 1, 1}, {40000, 40000, 1, 1}, {49152, 60000, 10848, 10848}, {0}};
static const struct slu_span some_lengths[] = {
	{17, 17, 1, 1}, {250, 250, 1, 0}, {1500, 1500, 1, 1}, {20000, 20000, 1, 1}, {0}};
static const struct slu_span straddling[] = {{48, 48, 1, 1}, {4096, 4096, 1, 1}, {16384, 40000, 23616, 23616}, {0}};
static const struct slu_span in_line[] = {{0, 63, 1, 21}, {0}};
static const struct slu_span page_ends[] = {{4033, 4095, 1, 31}, {0}};
static const struct slu_span odd_offsets[] = {{0, 0, 1, 1}, {1, 15, 7, 14}, {4081, 4095, 7, 14}, {0}};
static const struct slu_span pieces[] = {{2, SLU_KTLS_PIECES_MOST, 1, 3}, {0}};
static const struct slu_span more[] = {{SLU_KTLS_MORE, SLU_KTLS_MORE, 1, 1}, {0}};
static const struct slu_span file[] = {{SLU_KTLS_FILE, SLU_KTLS_FILE, 1, 1}, {0}};
static const struct slu_span carries[] = {{1, 7, 1, 1}, {0}};
static const struct slu_span none_or_some[] = {{0, 3, 1, 1}, {0}};
static const struct slu_span yes[] = {{1, 1, 1, 1}, {0}};
static const struct slu_span crossing[] = {{254, 258, 1, 2}, {0}};

/* In this order: what is simple comes first, so that what hangs is named by the simplest. */
static const struct {
	const char *name;
	struct {
		enum slu_ktls_field field;
		const struct slu_span *spans;
	} vary[VARY];
} sweeps[] = {
	{"lengths", {{SLU_KTLS_LENGTH, short_lengths}}},
	{"full records", {{SLU_KTLS_LENGTH, record_lengths}}},
	{"several records a call", {{SLU_KTLS_LENGTH, long_lengths}}},
	{"offsets of memory", {{SLU_KTLS_LENGTH, some_lengths}, {SLU_KTLS_OFFSET, in_line}}},
	{"across pages", {{SLU_KTLS_LENGTH, straddling}, {SLU_KTLS_OFFSET, page_ends}}},
	{"pieces of memory",
	 {{SLU_KTLS_PIECES, pieces}, {SLU_KTLS_OFFSET, odd_offsets}, {SLU_KTLS_LENGTH, some_lengths}}},
	{"records of several calls",
	 {{SLU_KTLS_HOW, more},
	  {SLU_KTLS_PIECES, pieces},
	  {SLU_KTLS_OFFSET, odd_offsets},
	  {SLU_KTLS_LENGTH, some_lengths}}},
	{"bytes of files", {{SLU_KTLS_HOW, file}, {SLU_KTLS_OFFSET, odd_offsets}, {SLU_KTLS_LENGTH, some_lengths}}},
	{"sequence numbers that carry",
	 {{SLU_KTLS_SEQUENCE, carries}, {SLU_KTLS_BEFORE, none_or_some}, {SLU_KTLS_LENGTH, straddling}}},
	{"many records", {{SLU_KTLS_BEFORE, crossing}}},
	{"other keys", {{SLU_KTLS_REKEYED, yes}, {SLU_KTLS_BEFORE, none_or_some}, {SLU_KTLS_LENGTH, some_lengths}}},
};

const unsigned slu_ktls_sweeps_count = sizeof sweeps / sizeof *sweeps;

const char *slu_ktls_sweep_name(unsigned sweep)
{
	return sweeps[sweep].name;
}

bool slu_ktls_sweep_rekeys(unsigned sweep)
{
	return sweeps[sweep].vary[0].field == SLU_KTLS_REKEYED;
}

static uint32_t step_of(const struct slu_span *s, bool quick)
{
	return quick ? s->quick : s->step;
}

static uint32_t count_values(const struct slu_span *spans, bool quick)
{
	uint32_t n = 0;

	for (const struct slu_span *s = spans; s->step; s++)
		if (step_of(s, quick))
			n += (s->to - s->from) / step_of(s, quick) + 1;
	return n;
}

static uint32_t value(const struct slu_span *spans, bool quick, uint32_t k)
{
	const struct slu_span *s = spans;

	for (;; s++) {
		uint32_t n = step_of(s, quick) ? (s->to - s->from) / step_of(s, quick) + 1 : 0;

		if (k < n)
			return s->from + k * step_of(s, quick);
		k -= n;
	}
}

uint32_t slu_ktls_sweep_total(unsigned sweep, bool quick)
{
	uint32_t n = 1;

	for (int i = 0; i < VARY && sweeps[sweep].vary[i].spans; i++)
		n *= count_values(sweeps[sweep].vary[i].spans, quick);
	return n;
}

struct slu_ktls_shape slu_ktls_sweep_shape(unsigned sweep, bool quick, uint32_t k)
{
	struct slu_ktls_shape shape = slu_ktls_shape_simplest();

	for (int i = VARY; i-- > 0;) {
		const struct slu_span *spans = sweeps[sweep].vary[i].spans;
		uint32_t n = spans ? count_values(spans, quick) : 1;

		if (spans)
			shape.at[sweeps[sweep].vary[i].field] = value(spans, quick, k % n);
		k /= n;
	}
	return shape;
}

/* ---- shapes ---- */

struct slu_ktls_shape slu_ktls_shape_simplest(void)
{
	return (struct slu_ktls_shape){.at = {[SLU_KTLS_LENGTH] = 16, [SLU_KTLS_PIECES] = 1}};
}

bool slu_ktls_shape_equal(const struct slu_ktls_shape *a, const struct slu_ktls_shape *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* With one number in it, or none. */
static size_t add(char *out, size_t size, size_t at, const char *format, uint32_t number)
{
	int n = at < size ? snprintf(out + at, size - at, format, number) : 0;

	return at + (n > 0 ? (size_t)n : 0);
}

const char *slu_ktls_shape_describe(const struct slu_ktls_shape *shape, char *out, size_t size)
{
	static const char *const pieces_of[] = {[SLU_KTLS_CALL] = " in %u pieces of memory",
						[SLU_KTLS_MORE] = " in %u calls (MSG_MORE)",
						[SLU_KTLS_FILE] = ""};
	const uint32_t *v = shape->at;
	size_t at =
		add(out, size, 0, v[SLU_KTLS_LENGTH] == 1 ? "sending %u byte" : "sending %u bytes", v[SLU_KTLS_LENGTH]);

	if (v[SLU_KTLS_HOW] == SLU_KTLS_FILE)
		at = add(out, size, at, " of a file", 0);
	if (v[SLU_KTLS_PIECES] > 1)
		at = add(out, size, at, pieces_of[v[SLU_KTLS_HOW]], v[SLU_KTLS_PIECES]);
	if (v[SLU_KTLS_OFFSET])
		at = add(out, size, at, ", from offset %u of a page", v[SLU_KTLS_OFFSET]);
	if (v[SLU_KTLS_BEFORE])
		at = add(out, size, at, v[SLU_KTLS_BEFORE] == 1 ? ", after %u record" : ", after %u records",
			 v[SLU_KTLS_BEFORE]);
	if (v[SLU_KTLS_REKEYED])
		at = add(out, size, at, ", with the connection's second key", 0);
	if (v[SLU_KTLS_SEQUENCE])
		add(out, size, at, ", on a connection whose first sequence number ends in %u bytes ff",
		    v[SLU_KTLS_SEQUENCE]);
	return out;
}
