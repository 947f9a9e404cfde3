/* SPDX-License-Identifier: MIT */
/* The table of all that is asked of an algorithm, step by step. */
#ifndef SLU_CRYPTO_SELFTEST_SWEEP_H
#define SLU_CRYPTO_SELFTEST_SWEEP_H

#include "crypto/selftest/shape.h"

enum { SLU_SWEEP_FIELDS = 5, SLU_SWEEP_VALUES = 704 };

/* Values in a row; with quick, those so many apart, or none. */
struct slu_span {
	uint32_t from, to, step, quick;
};

/* All combinations of some fields' values; what it does not name is at its simplest. The last field varies fastest. */
struct slu_sweep {
	const char *name;
	bool pairs;     /* each shape after each */
	unsigned needs; /* fields, bits: it says nothing of an algorithm without them */
	struct {
		enum slu_shape_field field;
		const struct slu_span *spans; /* one with step 0 ends them; NULL: no more fields */
	} vary[SLU_SWEEP_FIELDS];
};

extern const struct slu_sweep slu_sweeps[];
extern const unsigned slu_sweeps_count;

/* One of them, of one algorithm, as a list. */
struct slu_sweep_list {
	enum slu_dc_algorithm algorithm;
	const struct slu_sweep *sweep;
	unsigned count; /* of shapes; 0: it says nothing of the algorithm */
	struct {
		unsigned n;
		uint32_t at[SLU_SWEEP_VALUES];
	} values[SLU_SWEEP_FIELDS];
};

void slu_sweep_open(struct slu_sweep_list *list, const struct slu_sweep *sweep, enum slu_dc_algorithm a, bool quick);
struct slu_shape slu_sweep_shape(const struct slu_sweep_list *list, unsigned k); /* k < count */

/* How many shapes are tried: all of count, or all pairs of them. */
uint32_t slu_sweep_total(const struct slu_sweep_list *list);

#endif
