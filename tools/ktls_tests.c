/* SPDX-License-Identifier: MIT */
#include "tools/ktls_tests.h"

#include <errno.h>
#include <time.h>

#include "tools/ktls_trial.h"

enum { ATTEMPTS = 3, ROUNDS = 256, QUICK_ROUNDS = 64 };

struct run {
	const struct slu_ktls_test *test;
	struct slu_ktls_trial trial;
	struct slu_ktls_verdict *verdict;
	struct slu_ktls_note note;
};

unsigned slu_ktls_steps(void)
{
	return slu_ktls_sweeps_count + 1;
}

const char *slu_ktls_step_name(unsigned step)
{
	return step < slu_ktls_sweeps_count ? slu_ktls_sweep_name(step) : "many connections at once";
}

static void say(struct run *r, const struct slu_ktls_shape *shape)
{
	r->note.has_shape = shape != NULL;
	if (shape)
		r->note.shape = *shape;
	r->note.operations = r->trial.operations;
	if (r->test->note)
		r->test->note(r->test->arg, &r->note);
}

static struct slu_ktls_outcome try_shape(struct run *r, const struct slu_ktls_shape *shape, bool alone)
{
	say(r, shape);
	return slu_ktls_try(&r->trial, shape, alone);
}

/* ---- what a failure comes to ---- */

static void judge(struct slu_ktls_verdict *v, struct slu_ktls_outcome outcome)
{
	static const enum slu_verdict_kind kinds[] = {[SLU_KTLS_RIGHT] = SLU_PASSED,
						      [SLU_KTLS_DIFFERS] = SLU_WRONG,
						      [SLU_KTLS_FAILS] = SLU_ERROR,
						      [SLU_KTLS_CANNOT] = SLU_UNTESTED};

	v->kind = kinds[outcome.what];
	v->error = outcome.error;
}

/* Each time, on connections of its own. */
static bool fails_alone(struct run *r, const struct slu_ktls_shape *shape)
{
	struct slu_ktls_outcome outcome = {.what = SLU_KTLS_RIGHT};

	for (int i = 0; i < ATTEMPTS; i++) {
		outcome = try_shape(r, shape, true);
		if (outcome.what != SLU_KTLS_DIFFERS && outcome.what != SLU_KTLS_FAILS)
			return false;
	}
	judge(r->verdict, outcome);
	return true;
}

/* With one number replaced: kept if it fails still. */
static bool replace(struct run *r, struct slu_ktls_shape *shape, enum slu_ktls_field f, uint32_t value)
{
	struct slu_ktls_shape other = *shape;

	other.at[f] = value;
	if (!slu_ktls_shape_equal(&other, shape) && !fails_alone(r, &other))
		return false;
	*shape = other;
	return true;
}

/* Numbers that double, from the least on, then the middle between what is right and what fails. */
static void shrink(struct run *r, struct slu_ktls_shape *shape, enum slu_ktls_field f, uint32_t least)
{
	uint32_t good = least - 1;

	for (uint32_t n = least; n < shape->at[f] && !replace(r, shape, f, n); n *= 2)
		good = n;
	while (shape->at[f] > good + 1) {
		const uint32_t middle = good + (shape->at[f] - good) / 2;

		if (!replace(r, shape, f, middle))
			good = middle;
	}
}

/* A small record after others says more than the same as one of several in a call. */
static void take_apart(struct run *r, struct slu_ktls_shape *shape)
{
	const struct slu_ktls_shape simplest = slu_ktls_shape_simplest();
	struct slu_ktls_shape other = *shape;

	other.at[SLU_KTLS_BEFORE] += (shape->at[SLU_KTLS_LENGTH] - 1) / SLU_RECORD_MOST;
	other.at[SLU_KTLS_LENGTH] = simplest.at[SLU_KTLS_LENGTH];
	if (shape->at[SLU_KTLS_LENGTH] > SLU_RECORD_MOST && fails_alone(r, &other))
		*shape = other;
}

static void find_smallest(struct run *r, struct slu_ktls_shape *shape)
{
	static const enum slu_ktls_field fields[] = {SLU_KTLS_REKEYED, SLU_KTLS_SEQUENCE, SLU_KTLS_HOW,
						     SLU_KTLS_PIECES,  SLU_KTLS_OFFSET,   SLU_KTLS_BEFORE};
	const struct slu_ktls_shape simplest = slu_ktls_shape_simplest();

	take_apart(r, shape);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const uint32_t least = simplest.at[fields[i]];

		if (shape->at[fields[i]] > least && !replace(r, shape, fields[i], least))
			shrink(r, shape, fields[i], least + 1);
	}
	shrink(r, shape, SLU_KTLS_LENGTH, 1);
}

/* The shape failed on a connection that had made so many records. Alone it fails, or after as many, or this once. */
static void find(struct run *r, const struct slu_ktls_shape *shape, uint32_t records, struct slu_ktls_outcome outcome)
{
	struct slu_ktls_verdict *v = r->verdict;
	struct slu_ktls_shape found = *shape;

	judge(v, outcome);
	v->step = r->note.step;
	v->has_shape = true;
	v->shape = *shape;
	if (v->kind == SLU_UNTESTED)
		return;
	if (!fails_alone(r, &found)) {
		found.at[SLU_KTLS_BEFORE] = records;
		v->seldom = !fails_alone(r, &found);
	}
	if (v->seldom)
		judge(v, outcome);
	else
		find_smallest(r, &found);
	if (!v->seldom)
		v->shape = found;
}

/* ---- sweeps ---- */

static bool is_wanted(const struct run *r, unsigned sweep)
{
	return !slu_ktls_sweep_rekeys(sweep) || (r->test->tls13 && r->test->rekeys);
}

static bool try_sweep(struct run *r, unsigned sweep)
{
	const uint32_t total = slu_ktls_sweep_total(sweep, r->test->quick);

	r->note.step = sweep;
	for (uint32_t k = 0; k < total; k++) {
		const struct slu_ktls_shape shape = slu_ktls_sweep_shape(sweep, r->test->quick, k);
		const uint32_t records = r->trial.lines[0].open ? r->trial.lines[0].records : 0;
		struct slu_ktls_outcome outcome = try_shape(r, &shape, false);

		if (outcome.what != SLU_KTLS_RIGHT) {
			find(r, &shape, records, outcome);
			return false;
		}
		r->note.done++;
		if (shape.at[SLU_KTLS_LENGTH] > r->verdict->largest)
			r->verdict->largest = shape.at[SLU_KTLS_LENGTH];
	}
	return true;
}

static uint32_t count_all(const struct run *r)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < slu_ktls_sweeps_count; i++)
		n += is_wanted(r, i) ? slu_ktls_sweep_total(i, r->test->quick) : 0;
	return n;
}

static bool try_all_sweeps(struct run *r)
{
	r->note.total = count_all(r);
	for (unsigned i = 0; i < slu_ktls_sweeps_count; i++)
		if (is_wanted(r, i) && !try_sweep(r, i))
			return false;
	return true;
}

/* The kernel may have no such cipher: that is no fault. */
static bool has_it(struct run *r)
{
	const struct slu_ktls_layer *layer = r->test->layer;
	const struct slu_ktls_keys keys = {.cipher = r->test->cipher, .tls13 = r->test->tls13};
	int ends[2], error;

	say(r, NULL);
	error = layer->open(layer->user, &keys, ends);
	if (!error) {
		layer->close(layer->user, ends);
		return true;
	}
	r->verdict->kind = SLU_LACKING;
	r->verdict->error = -error;
	return false;
}

static bool run_init(struct run *r, const struct slu_ktls_test *t, unsigned process, struct slu_ktls_verdict *v)
{
	*r = (struct run){.test = t, .verdict = v};
	if (slu_ktls_trial_init(&r->trial, t->layer, t->cipher, t->tls13, process))
		return true;
	v->kind = SLU_UNTESTED;
	v->error = ENOMEM;
	return false;
}

void slu_ktls_test_run(const struct slu_ktls_test *t, struct slu_ktls_verdict *out)
{
	struct run r;

	*out = (struct slu_ktls_verdict){.cipher = t->cipher, .tls13 = t->tls13};
	if (!run_init(&r, t, 0, out))
		return;
	if (has_it(&r) && try_all_sweeps(&r))
		out->kind = SLU_PASSED;
	out->operations = r.trial.operations;
	slu_ktls_trial_clear(&r.trial);
}

/* ---- many at once ---- */

static bool time_is_up(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* Sizes that a stream makes, mixed. The shape that is said is the first line's. */
static bool try_round(struct run *r, uint64_t *random)
{
	static const uint32_t lengths[] = {16, 100, 250, 1504, 4096, 16384, 33000};
	struct slu_ktls_shape shape = slu_ktls_shape_simplest();
	struct slu_ktls_outcome outcome;
	uint32_t each[SLU_KTLS_LINES];

	for (int i = 0; i < SLU_KTLS_LINES; i++) {
		*random = *random * 6364136223846793005U + 1442695040888963407U;
		each[i] = lengths[(*random >> 33) % (sizeof lengths / sizeof *lengths)];
	}
	shape.at[SLU_KTLS_LENGTH] = each[0];
	say(r, &shape);
	outcome = slu_ktls_try_all(&r->trial, each);
	if (outcome.what == SLU_KTLS_RIGHT)
		return true;
	judge(r->verdict, outcome);
	r->verdict->step = r->note.step;
	r->verdict->crowded = true;
	r->verdict->has_shape = false;
	return false;
}

void slu_ktls_test_load(const struct slu_ktls_test *t, unsigned process, unsigned seconds, struct slu_ktls_verdict *v)
{
	const unsigned rounds = t->quick ? QUICK_ROUNDS : ROUNDS;
	uint64_t random = process;
	struct timespec until;
	struct run r;
	bool right;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	if (!run_init(&r, t, process, v))
		return;
	r.note.step = slu_ktls_sweeps_count;
	r.note.total = seconds ? 0 : rounds;
	do {
		right = true;
		for (unsigned i = 0; i < rounds && right; i++, r.note.done++)
			right = try_round(&r, &random);
	} while (right && !time_is_up(&until));
	v->operations += r.trial.operations;
	slu_ktls_trial_clear(&r.trial);
}
