/* SPDX-License-Identifier: MIT */
/* What a failure comes to: whether it is one each time, after what, and what is the smallest request that shows it. */
#ifndef SLU_CRYPTO_SELFTEST_JUDGE_H
#define SLU_CRYPTO_SELFTEST_JUDGE_H

#include "crypto/selftest/bench.h"

/* Tests under way. */
struct slu_run {
	const struct slu_selftest *test;
	struct slu_bench bench;
	struct slu_verdict verdict;
	struct slu_selftest_note note;
	struct slu_shape last; /* that was asked for */
	bool limited;          /* requests above verdict.largest were refused, with: */
	int limit_error;
	uint32_t most; /* the longest that is still tried */
};

void slu_run_init(struct slu_run *r, const struct slu_selftest *t, enum slu_dc_algorithm a, unsigned lane);

/* Says that it comes next. NULL: no shape. */
void slu_run_say(struct slu_run *r, const struct slu_shape *shape);

/* Says it, does it, and keeps it as the last. */
struct slu_outcome slu_run_try(struct slu_run *r, const struct slu_shape *shape);

/* The shape failed, after r->last as it was then. True: the verdict is not spoilt for good, and the tests go on,
 * without such shapes. */
bool slu_judge(struct slu_run *r, const struct slu_shape *shape, const struct slu_shape *previous,
	       struct slu_outcome outcome);

/* A verdict of what needs no more than its outcome. */
void slu_judge_outcome(struct slu_run *r, struct slu_outcome outcome);

/* Each of some attempts at the shape alone fails. */
bool slu_fails_alone(struct slu_run *r, const struct slu_shape *shape);

/* Steps are counted: these, the sweeps, and those behind them. */
enum { SLU_STEP_OPENING, SLU_STEP_KNOWN, SLU_STEP_SWEEPS };
unsigned slu_step_load(void);
unsigned slu_step_closing(void);

#endif
