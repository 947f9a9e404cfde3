/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/judge.h"

#include <errno.h>

enum {
	ATTEMPTS = 4, /* of what is to fail each time */
	ODDS = 64     /* of what fails now and then */
};

/* What may have to come together. */
struct suspect {
	struct slu_shape shape, previous;
	bool has_previous;
};

void slu_run_init(struct slu_run *r, const struct slu_selftest *t, enum slu_dc_algorithm a, unsigned lane)
{
	*r = (struct slu_run){
		.test = t,
		.verdict = {.algorithm = a, .kind = SLU_UNTESTED, .engine = t->engine, .error = ENOMEM, .driver = "?"},
		.note = {.lane = lane},
		.last = slu_shape_simplest(a),
		.most = UINT32_MAX};
}

void slu_run_say(struct slu_run *r, const struct slu_shape *shape)
{
	r->note.has_shape = shape != NULL;
	if (shape)
		r->note.shape = *shape;
	r->note.driver = r->bench.driver;
	r->note.operations = r->bench.operations;
	if (r->test->note)
		r->test->note(r->test->arg, &r->note);
}

struct slu_outcome slu_run_try(struct slu_run *r, const struct slu_shape *shape)
{
	slu_run_say(r, shape);
	r->last = *shape;
	return slu_bench_try(&r->bench, shape);
}

void slu_judge_outcome(struct slu_run *r, struct slu_outcome outcome)
{
	struct slu_verdict *v = &r->verdict;

	v->step = r->note.step;
	v->error = outcome.error;
	v->flaw = outcome.flaw;
	switch (outcome.what) {
	case SLU_DIFFERS:
		v->kind = SLU_WRONG;
		break;
	case SLU_FAILS:
		v->kind = outcome.error == ENODEV ? SLU_GONE : SLU_ERROR;
		break;
	default:
		v->kind = SLU_UNTESTED;
	}
}

/* A request that is simple in all but its session comes first, so that no state of an earlier one is left, and so that
 * a device which fails at every second or third request is not taken for one that fails always: thus their number
 * differs from attempt to attempt. */
static bool attempt_fails(struct slu_run *r, const struct suspect *s, unsigned n, struct slu_outcome *outcome)
{
	struct slu_shape neutral = slu_shape_simplest(r->verdict.algorithm);

	neutral.at[SLU_SHAPE_KEY] = s->shape.at[SLU_SHAPE_KEY];
	neutral.at[SLU_SHAPE_SESSION] = s->shape.at[SLU_SHAPE_SESSION];
	for (unsigned i = 0; i <= n % 3; i++)
		slu_run_try(r, &neutral);
	if (s->has_previous)
		slu_run_try(r, &s->previous);
	*outcome = slu_run_try(r, &s->shape);
	return outcome->what == SLU_DIFFERS || outcome->what == SLU_FAILS;
}

/* How many attempts of so many fail. */
static unsigned failures(struct slu_run *r, const struct suspect *s, unsigned attempts)
{
	unsigned count = 0;

	for (unsigned i = 0; i < attempts; i++) {
		struct slu_outcome outcome;

		if (!attempt_fails(r, s, i, &outcome))
			continue;
		count++;
		slu_judge_outcome(r, outcome);
	}
	return count;
}

/* Ends at the first that does not. */
static bool fails_always(struct slu_run *r, const struct suspect *s)
{
	struct slu_outcome outcome = {0};

	for (unsigned i = 0; i < ATTEMPTS; i++)
		if (!attempt_fails(r, s, i, &outcome))
			return false;
	slu_judge_outcome(r, outcome);
	return true;
}

bool slu_fails_alone(struct slu_run *r, const struct slu_shape *shape)
{
	return fails_always(r, &(struct suspect){.shape = *shape});
}

/* ---- the smallest ---- */

/* With one number of the suspect's replaced: kept if it fails still. */
static bool replace(struct slu_run *r, struct suspect *s, struct slu_shape *shape, enum slu_shape_field f,
		    uint32_t value)
{
	const struct slu_shape before = *shape;

	shape->at[f] = value;
	*shape = slu_shape_fit(r->verdict.algorithm, shape);
	if (slu_shape_equal(shape, &before) || fails_always(r, s))
		return true;
	*shape = before;
	return false;
}

static void shrink_field(struct slu_run *r, struct suspect *s, struct slu_shape *shape, enum slu_shape_field f)
{
	uint32_t value;

	for (unsigned n = 0; slu_shape_simpler(f, shape->at[f], n, &value); n++)
		if (replace(r, s, shape, f, value))
			return;
}

/* To the next shorter request of the kind that is asked for, or, when this one is of no such kind, at all. */
static uint32_t unit_of(enum slu_dc_algorithm a, const struct slu_shape *shape)
{
	if (a == SLU_DC_CTR && shape->at[SLU_SHAPE_LENGTH] % SLU_BLOCK == 0)
		return SLU_BLOCK;
	return slu_traits_of(a)->unit;
}

/* Lengths that double, then the middle between what is right and what fails. */
static void shrink_length(struct slu_run *r, struct suspect *s, struct slu_shape *shape)
{
	uint32_t *n = &shape->at[SLU_SHAPE_LENGTH], good = 0, unit;

	/* What fails and is asked for tells more than what is smaller and is not. */
	if (r->verdict.algorithm == SLU_DC_CTR)
		replace(r, s, shape, SLU_SHAPE_LENGTH, (*n + SLU_BLOCK - 1) / SLU_BLOCK * SLU_BLOCK);
	unit = unit_of(r->verdict.algorithm, shape);
	for (uint32_t length = unit; length < *n; length *= 2) {
		if (replace(r, s, shape, SLU_SHAPE_LENGTH, length))
			break;
		good = length;
	}
	while (*n > good + unit) {
		uint32_t middle = good + (*n - good) / 2 / unit * unit;

		if (!replace(r, s, shape, SLU_SHAPE_LENGTH, middle))
			good = middle;
	}
}

static void shrink(struct slu_run *r, struct suspect *s, struct slu_shape *shape)
{
	for (int f = 0; f < SLU_SHAPE_FIELDS; f++)
		if (f != SLU_SHAPE_LENGTH && f != SLU_SHAPE_TAMPERED)
			shrink_field(r, s, shape, (enum slu_shape_field)f);
	shrink_length(r, s, shape);
}

static void keep(struct slu_run *r, const struct suspect *s)
{
	r->verdict.has_shape = true;
	r->verdict.shape = s->shape;
	r->verdict.has_previous = s->has_previous;
	r->verdict.previous = s->previous;
}

/* ---- the verdict ---- */

/* The simplest that two requests may have to do with one another is that their sessions differ. */
static void try_two_sessions(struct slu_run *r, struct suspect *s)
{
	const struct slu_shape simplest = slu_shape_simplest(r->verdict.algorithm);
	struct suspect other = {.shape = simplest, .previous = simplest, .has_previous = true};

	other.previous.at[SLU_SHAPE_SESSION] = 1;
	if (fails_always(r, &other))
		*s = other;
}

/* Alone, or after the one before it; then both are made smaller. False: not each time. */
static bool find_smallest(struct slu_run *r, struct suspect *s, const struct slu_shape *previous)
{
	if (fails_always(r, s)) {
		shrink(r, s, &s->shape);
		return true;
	}
	s->previous = *previous;
	s->has_previous = fails_always(r, &(struct suspect){s->shape, *previous, true});
	if (!s->has_previous)
		return false;
	try_two_sessions(r, s);
	shrink(r, s, &s->shape);
	shrink(r, s, &s->previous);
	return true;
}

static void find_odds(struct slu_run *r, const struct suspect *s, struct slu_outcome first)
{
	const unsigned failed = failures(r, s, ODDS);

	if (failed == 0)
		slu_judge_outcome(r, first);
	r->verdict.failed = 1 + failed;
	r->verdict.tries = 1 + ODDS;
}

/* The same request with fewer bytes is right. */
static bool is_limit(const struct slu_verdict *v)
{
	struct slu_shape simplest = slu_shape_simplest(v->algorithm);

	simplest.at[SLU_SHAPE_LENGTH] = v->shape.at[SLU_SHAPE_LENGTH];
	return !v->has_previous && v->shape.at[SLU_SHAPE_LENGTH] > SLU_BLOCK && slu_shape_equal(&simplest, &v->shape);
}

/* What fails each time may be something that one can do without. */
static bool goes_on(struct slu_run *r, const struct slu_verdict *before)
{
	struct slu_verdict *v = &r->verdict;

	if (is_limit(v))
		v->largest = r->most = v->shape.at[SLU_SHAPE_LENGTH] - unit_of(v->algorithm, &v->shape);
	if (v->kind == SLU_ERROR && is_limit(v)) {
		r->limited = true;
		r->limit_error = v->error;
		*v = *before;
		v->largest = r->most;
		return true;
	}
	v->avoided = !v->engine && (slu_shape_avoided(v->algorithm, &v->shape) ||
				    (v->has_previous && slu_shape_avoided(v->algorithm, &v->previous)));
	return v->avoided;
}

bool slu_judge(struct slu_run *r, const struct slu_shape *shape, const struct slu_shape *previous,
	       struct slu_outcome outcome)
{
	const struct slu_verdict before = r->verdict;
	struct suspect s = {.shape = *shape};
	bool always;

	slu_judge_outcome(r, outcome);
	keep(r, &s);
	if (r->verdict.kind == SLU_GONE || r->verdict.kind == SLU_UNTESTED || outcome.opening)
		return false;
	always = find_smallest(r, &s, previous);
	if (!always)
		find_odds(r, &s, outcome);
	keep(r, &s);
	return always && r->verdict.kind != SLU_GONE && goes_on(r, &before);
}
