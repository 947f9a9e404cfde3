/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/sweep.h"

/* Every length up to where a driver's tables and thresholds end; AM6x's SA2UL is wrong from 240 to 255 bytes. */
static const struct slu_span short_lengths[] = {{1, 600, 1, 13}, {240, 256, 1, 5}, {0}};
/* Around a full TLS record, and around the powers of two before it. */
static const struct slu_span record_lengths[] = {{16368, 16400, 1, 16}, {1008, 1040, 8, 16}, {2032, 2064, 8, 16},
						 {4080, 4112, 8, 16},   {8176, 8208, 8, 16}, {0}};
/* Whether there is a largest request: those for key stream ahead are of several records. */
static const struct slu_span long_lengths[] = {
	{20480, 20480, 1, 1},  {32752, 32784, 8, 16}, {38016, 38032, 16, 16},       {49152, 49152, 1, 1},
	{65520, 65552, 8, 16}, {98304, 98304, 1, 0},  {131072, 135168, 4096, 4096}, {0}};
static const struct slu_span some_lengths[] = {{16, 16, 1, 1}, {250, 250, 1, 1}, {1500, 1500, 1, 1}, {0}};
static const struct slu_span two_lengths[] = {{64, 64, 1, 1}, {5000, 5000, 1, 1}, {0}};
static const struct slu_span carry_lengths[] = {{16, 48, 1, 16}, {4096, 4112, 16, 16}, {16384, 16384, 1, 1}, {0}};
/* A Finished message, an alert, a small and a full record. */
static const struct slu_span pair_lengths[] = {{2, 2, 1, 0},       {16, 16, 1, 1},       {64, 64, 1, 0},
					       {1500, 1500, 1, 1}, {16384, 16384, 1, 0}, {0}};
static const struct slu_span key_lengths[] = {{16, 600, 73, 584}, {4096, 4096, 1, 1}, {16384, 16384, 1, 1}, {0}};
static const struct slu_span in_line[] = {{0, 63, 1, 21}, {1, 15, 14, 14}, {0}};
/* From before the end of a page, by some bytes and by a cache line. */
static const struct slu_span page_ends[] = {{4033, 4095, 1, 31}, {4080, 4095, 15, 15}, {0}};
static const struct slu_span straddling[] = {{48, 48, 1, 1}, {4096, 4096, 1, 1}, {8208, 8208, 1, 1}, {0}};
static const struct slu_span yes_and_no[] = {{0, 1, 1, 1}, {0}};
static const struct slu_span yes[] = {{1, 1, 1, 1}, {0}};
static const struct slu_span all_keys[] = {{16, 32, 8, 8}, {0}};
static const struct slu_span all_counters[] = {{SLU_IV_8, SLU_IV_LATER, 1, 1}, {0}};
static const struct slu_span pieces[] = {{2, 5, 1, 3}, {0}};
/* TLS 1.3 and 1.2, around a block, and the most that the kernel takes. */
static const struct slu_span aads[] = {{1, 64, 1, 21},     {5, 13, 8, 8},      {15, 17, 1, 1},
				       {255, 257, 1, 256}, {4095, 4096, 1, 1}, {0}};
static const struct slu_span none_and_tls[] = {{0, 13, 13, 13}, {0}};
static const struct slu_span nothing[] = {{0, 0, 1, 1}, {0}};
static const struct slu_span nothing_to_block[] = {{0, 16, 16, 16}, {0}};

/* In this order: what is simple comes first, so that what hangs is named by the simplest request; and what is known to
 * hang some hardware comes last. */
const struct slu_sweep slu_sweeps[] = {
	{.name = "lengths", .vary = {{SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_LENGTH, short_lengths}}},
	{.name = "full records", .vary = {{SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_LENGTH, record_lengths}}},
	{.name = "large requests", .vary = {{SLU_SHAPE_LENGTH, long_lengths}, {SLU_SHAPE_DECRYPT, yes_and_no}}},
	{.name = "key sizes",
	 .vary = {{SLU_SHAPE_KEY, all_keys}, {SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_LENGTH, key_lengths}}},
	{.name = "two sessions by turns",
	 .vary = {{SLU_SHAPE_LENGTH, some_lengths}, {SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_SESSION, yes_and_no}}},
	{.name = "from buffer to buffer",
	 .needs = 1U << SLU_SHAPE_APART,
	 .vary = {{SLU_SHAPE_APART, yes}, {SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_LENGTH, some_lengths}}},
	{.name = "offsets of the source",
	 .vary = {{SLU_SHAPE_LENGTH, some_lengths}, {SLU_SHAPE_APART, yes_and_no}, {SLU_SHAPE_OFFSET, in_line}}},
	{.name = "offsets of the result",
	 .needs = 1U << SLU_SHAPE_APART,
	 .vary = {{SLU_SHAPE_LENGTH, some_lengths}, {SLU_SHAPE_APART, yes}, {SLU_SHAPE_OUT_OFFSET, in_line}}},
	{.name = "across pages",
	 .vary = {{SLU_SHAPE_LENGTH, straddling}, {SLU_SHAPE_APART, yes_and_no}, {SLU_SHAPE_OFFSET, page_ends}}},
	{.name = "carries of the counter",
	 .needs = 1U << SLU_SHAPE_IV,
	 .vary = {{SLU_SHAPE_IV, all_counters}, {SLU_SHAPE_LENGTH, carry_lengths}}},
	{.name = "chained requests",
	 .needs = 1U << SLU_SHAPE_PIECES,
	 .vary = {{SLU_SHAPE_WRITTEN, yes_and_no},
		  {SLU_SHAPE_DECRYPT, yes_and_no},
		  {SLU_SHAPE_PIECES, pieces},
		  {SLU_SHAPE_LENGTH, key_lengths}}},
	{.name = "associated data",
	 .needs = 1U << SLU_SHAPE_AAD,
	 .vary = {{SLU_SHAPE_AAD, aads}, {SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_LENGTH, two_lengths}}},
	{.name = "wrong tags",
	 .needs = 1U << SLU_SHAPE_TAMPERED,
	 .vary = {{SLU_SHAPE_TAMPERED, yes}, {SLU_SHAPE_DECRYPT, yes}, {SLU_SHAPE_LENGTH, some_lengths}}},
	{.name = "one after another",
	 .pairs = true,
	 .vary = {{SLU_SHAPE_LENGTH, pair_lengths},
		  {SLU_SHAPE_AAD, none_and_tls},
		  {SLU_SHAPE_DECRYPT, yes_and_no},
		  {SLU_SHAPE_SESSION, yes_and_no}}},
	{.name = "nothing to encrypt",
	 .needs = 1U << SLU_SHAPE_AAD,
	 .vary = {{SLU_SHAPE_AAD, none_and_tls}, {SLU_SHAPE_DECRYPT, yes_and_no}, {SLU_SHAPE_LENGTH, nothing}}},
	{.name = "nothing but a tag, by turns",
	 .needs = 1U << SLU_SHAPE_AAD,
	 .pairs = true,
	 .vary = {{SLU_SHAPE_AAD, none_and_tls}, {SLU_SHAPE_LENGTH, nothing_to_block}}},
};

const unsigned slu_sweeps_count = sizeof slu_sweeps / sizeof *slu_sweeps;

/* Each value as the algorithm takes it, and once. */
static void add_value(struct slu_sweep_list *list, unsigned i, uint32_t value)
{
	struct slu_shape shape = {{0}};
	const enum slu_shape_field field = list->sweep->vary[i].field;

	/* With these, a length is fitted, and a field that the algorithm does not have is at its simplest. */
	shape.at[SLU_SHAPE_APART] = shape.at[SLU_SHAPE_DECRYPT] = 1;
	shape.at[SLU_SHAPE_PIECES] = 2;
	shape.at[field] = value;
	value = slu_shape_fit(list->algorithm, &shape).at[field];
	for (unsigned k = 0; k < list->values[i].n; k++)
		if (list->values[i].at[k] == value)
			return;
	if (list->values[i].n < SLU_SWEEP_VALUES)
		list->values[i].at[list->values[i].n++] = value;
}

static void add_span(struct slu_sweep_list *list, unsigned i, const struct slu_span *s, uint32_t step)
{
	for (uint32_t v = s->from; step > 0 && v <= s->to; v += step)
		add_value(list, i, v);
}

void slu_sweep_open(struct slu_sweep_list *list, const struct slu_sweep *sweep, enum slu_dc_algorithm a, bool quick)
{
	list->algorithm = a;
	list->sweep = sweep;
	list->count = (slu_traits_of(a)->fields & sweep->needs) == sweep->needs;
	for (unsigned i = 0; i < SLU_SWEEP_FIELDS; i++) {
		list->values[i].n = 0;
		if (!sweep->vary[i].spans)
			continue;
		for (const struct slu_span *s = sweep->vary[i].spans; s->step; s++)
			add_span(list, i, s, quick ? s->quick : s->step);
		list->count *= list->values[i].n;
	}
}

struct slu_shape slu_sweep_shape(const struct slu_sweep_list *list, unsigned k)
{
	struct slu_shape shape = slu_shape_simplest(list->algorithm);

	for (unsigned i = SLU_SWEEP_FIELDS; i-- > 0;) {
		if (list->values[i].n == 0)
			continue;
		shape.at[list->sweep->vary[i].field] = list->values[i].at[k % list->values[i].n];
		k /= list->values[i].n;
	}
	return slu_shape_fit(list->algorithm, &shape);
}

uint32_t slu_sweep_total(const struct slu_sweep_list *list)
{
	return list->sweep->pairs ? 2 * list->count * list->count : list->count;
}
