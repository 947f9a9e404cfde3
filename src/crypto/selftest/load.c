/* SPDX-License-Identifier: MIT */
/* Many sessions at once: what fails only in a crowd. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/selftest/judge.h"

/* A round is so many requests of each lane. */
enum { ROUND = 256, QUICK_ROUND = 64 };

/* What all lanes share. */
struct load {
	const struct slu_verdict *verdict; /* of what went before */
	atomic_bool stop;
	struct timespec until;
	unsigned round, seconds;
};

struct lane {
	struct load *load;
	struct slu_run run;
	struct slu_shape failed;
	struct slu_outcome outcome; /* RIGHT: none failed */
	uint64_t random;
	pthread_t thread;
	bool started;
};

static uint32_t draw(struct lane *l, uint32_t below)
{
	l->random = l->random * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(l->random >> 33) % below;
}

/* Requests of sizes that a stream makes, mixed, as the provider and the library place them. */
static struct slu_shape draw_shape(struct lane *l)
{
	static const uint32_t lengths[] = {16, 48, 240, 1504, 4096, 16384};
	const struct slu_verdict *v = l->load->verdict;
	struct slu_shape shape = slu_shape_simplest(v->algorithm);

	do {
		shape.at[SLU_SHAPE_LENGTH] = lengths[draw(l, sizeof lengths / sizeof *lengths)];
	} while (shape.at[SLU_SHAPE_LENGTH] > v->largest && shape.at[SLU_SHAPE_LENGTH] > SLU_BLOCK);
	do {
		shape.at[SLU_SHAPE_KEY] = 16 + 8 * draw(l, 3);
	} while (!(v->keys & slu_key_bit(shape.at[SLU_SHAPE_KEY])));
	shape.at[SLU_SHAPE_SESSION] = draw(l, SLU_SESSIONS);
	shape.at[SLU_SHAPE_DECRYPT] = draw(l, 2);
	return slu_shape_fit(v->algorithm, &shape);
}

static bool time_is_up(const struct load *load)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > load->until.tv_sec ||
	       (now.tv_sec == load->until.tv_sec && now.tv_nsec >= load->until.tv_nsec);
}

static bool run_round(struct lane *l)
{
	for (unsigned i = 0; i < l->load->round && !atomic_load(&l->load->stop); i++) {
		const struct slu_shape shape = draw_shape(l);

		l->run.note.done++;
		l->outcome = slu_run_try(&l->run, &shape);
		if (l->outcome.what == SLU_RIGHT)
			continue;
		l->failed = shape;
		atomic_store(&l->load->stop, true);
		return false;
	}
	return true;
}

static void *run_lane(void *arg)
{
	struct lane *l = arg;
	while (run_round(l) && !atomic_load(&l->load->stop) && !time_is_up(l->load))
		;
	l->run.note.ended = true;
	slu_run_say(&l->run, NULL);
	return NULL;
}

static bool lane_init(struct lane *l, struct load *load, const struct slu_selftest *t, unsigned lane, unsigned process)
{
	const unsigned worker = 1 + process * SLU_SELFTEST_LANES + lane;

	l->load = load;
	l->random = worker;
	slu_run_init(&l->run, t, load->verdict->algorithm, lane);
	l->run.note.step = slu_step_load();
	l->run.note.total = load->seconds > 0 ? 0 : load->round;
	return slu_bench_init(&l->run.bench, t, load->verdict->algorithm, worker);
}

/* 0, or why there was no thread for one of them, an errno: those that are there are no such crowd. */
static int run_all(struct lane *lanes)
{
	int missing = 0;

	for (unsigned i = 1; i < SLU_SELFTEST_LANES; i++) {
		const int error = pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]);

		lanes[i].started = error == 0;
		missing = error ? error : missing;
	}
	run_lane(&lanes[0]);
	for (unsigned i = 1; i < SLU_SELFTEST_LANES; i++)
		if (lanes[i].started)
			pthread_join(lanes[i].thread, NULL);
	return missing;
}

/* What failed in a crowd may fail alone, if it was not asked for before. */
static const struct lane *judge(struct lane *l, struct slu_verdict *v)
{
	struct slu_verdict *found = &l->run.verdict;

	slu_judge_outcome(&l->run, l->outcome);
	v->kind = found->kind;
	v->error = found->error;
	v->flaw = found->flaw;
	v->step = found->step;
	v->shape = l->failed;
	v->has_shape = true;
	v->has_previous = v->avoided = false;
	v->failed = v->tries = 0;
	l->run.note.ended = false;
	v->crowded = v->kind != SLU_GONE && !slu_fails_alone(&l->run, &l->failed);
	return l;
}

static void want(struct slu_verdict *v, int error)
{
	v->kind = SLU_UNTESTED;
	v->error = error;
	v->step = slu_step_load();
}

/* ready: all were opened. */
static void close_all(struct lane *lanes, bool ready)
{
	if (ready) {
		lanes[0].run.note.ended = false;
		lanes[0].run.note.step = slu_step_closing();
		slu_run_say(&lanes[0].run, NULL);
	}
	for (unsigned i = 0; lanes && i < SLU_SELFTEST_LANES; i++)
		if (lanes[i].load)
			slu_bench_clear(&lanes[i].run.bench);
}

void slu_selftest_load(const struct slu_selftest *t, unsigned process, unsigned seconds, struct slu_verdict *v)
{
	struct load load = {.verdict = v, .round = t->quick ? QUICK_ROUND : ROUND, .seconds = seconds};
	struct lane *lanes = calloc(SLU_SELFTEST_LANES, sizeof *lanes);
	const struct lane *failed = NULL;
	bool ready = lanes != NULL;
	int missing = ENOMEM;

	clock_gettime(CLOCK_MONOTONIC, &load.until);
	load.until.tv_sec += (time_t)seconds;
	for (unsigned i = 0; ready && i < SLU_SELFTEST_LANES; i++)
		ready = lane_init(&lanes[i], &load, t, i, process);
	if (ready)
		missing = run_all(lanes);
	for (unsigned i = 0; ready && i < SLU_SELFTEST_LANES; i++) {
		v->operations += lanes[i].run.bench.operations;
		if (!failed && lanes[i].outcome.what != SLU_RIGHT)
			failed = judge(&lanes[i], v);
	}
	if (missing && !failed)
		want(v, missing);
	close_all(lanes, ready);
	free(lanes);
}
