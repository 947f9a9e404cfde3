/* SPDX-License-Identifier: MIT */
/* One request at a time: known answers, then all sweeps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto/selftest/judge.h"
#include "crypto/selftest/sweep.h"
#include "crypto/selftest/vectors.h"

unsigned slu_step_load(void)
{
	return SLU_STEP_SWEEPS + slu_sweeps_count;
}

unsigned slu_step_closing(void)
{
	return slu_step_load() + 1;
}

unsigned slu_selftest_steps(void)
{
	return slu_step_closing() + 1;
}

const char *slu_selftest_step_name(unsigned step)
{
	if (step == SLU_STEP_OPENING)
		return "opening a session";
	if (step == SLU_STEP_KNOWN)
		return "known answers";
	if (step == slu_step_load())
		return "many sessions at once";
	if (step >= slu_step_closing())
		return "closing the sessions";
	return slu_sweeps[step - SLU_STEP_SWEEPS].name;
}

/* ---- what it has ---- */

/* The kernel has one answer, EINVAL, for what it does not know and for what it cannot serve; drivers add others. */
static bool is_refusal(int error)
{
	return error == EINVAL || error == ENOENT || error == ENOTTY || error == ENOSYS || error == EOPNOTSUPP;
}

static bool says_gone(int error)
{
	return error == ENODEV || error == ENXIO || error == ENOENT || error == EACCES || error == EPERM;
}

/* Whether there is a device at all is not for a session's answer to say: ENOENT may mean either. */
static bool is_there(struct slu_run *r)
{
	const struct slu_dc_kernel *k = r->bench.kernel;
	int fd = k->open(k->user, r->bench.path);

	if (fd >= 0) {
		k->close(k->user, fd);
		return true;
	}
	r->verdict.error = -fd;
	r->verdict.kind = says_gone(-fd) ? SLU_GONE : SLU_ERROR;
	return false;
}

/* The simplest request comes first of all, so that what hangs at any is named by it. The kernel opens sessions for
 * programs of 32 bits whose CIOCAUTHCRYPT it does not know; asked twice, for a driver may fail now and then. */
static bool answers(struct slu_run *r)
{
	const struct slu_shape simplest = slu_shape_simplest(r->verdict.algorithm);
	const bool auth = r->verdict.algorithm == SLU_DC_GCM || slu_traits_of(r->verdict.algorithm)->mac;

	for (int i = 0; i < 2; i++) {
		struct slu_outcome outcome = slu_run_try(r, &simplest);

		if (!auth || outcome.what != SLU_FAILS || !is_refusal(outcome.error))
			return true;
		r->verdict.error = outcome.error;
	}
	return false;
}

/* Which keys it takes. */
static bool opens(struct slu_run *r)
{
	struct slu_shape shape = slu_shape_simplest(r->verdict.algorithm);

	for (uint32_t key = 16; key <= 32; key += 8) {
		struct slu_outcome outcome;

		shape.at[SLU_SHAPE_KEY] = key;
		outcome = slu_bench_open(&r->bench, &shape);
		if (outcome.what == SLU_RIGHT) {
			r->verdict.keys |= slu_key_bit(key);
		} else if (!is_refusal(outcome.error)) {
			slu_judge_outcome(r, outcome);
			return false;
		}
	}
	return true;
}

static bool has_it(struct slu_run *r)
{
	struct slu_verdict *v = &r->verdict;

	slu_run_say(r, NULL);
	if (!is_there(r) || !opens(r))
		return false;
	v->error = 0;
	if (v->keys & slu_key_bit(16) && answers(r))
		return true;
	v->kind = SLU_LACKING;
	return false;
}

/* ---- known answers ---- */

static struct slu_shape shape_of(enum slu_dc_algorithm a, const struct slu_plain *p, bool decrypt)
{
	struct slu_shape shape = slu_shape_simplest(a);

	shape.at[SLU_SHAPE_LENGTH] = (uint32_t)p->n;
	shape.at[SLU_SHAPE_KEY] = (uint32_t)p->key_length;
	shape.at[SLU_SHAPE_DECRYPT] = decrypt;
	if (a == SLU_DC_GCM)
		shape.at[SLU_SHAPE_AAD] = (uint32_t)p->aad_length;
	return slu_shape_fit(a, &shape);
}

/* OpenSSL's software has to know the answer too: it is what all else is compared with. */
static bool software_knows(struct slu_run *r, const struct slu_known *k)
{
	uint8_t sealed[sizeof k->sealed];

	return slu_software_encrypt(r->bench.software, &k->plain, sealed) &&
	       memcmp(sealed, k->sealed, k->sealed_length) == 0;
}

/* Each has a session of its own: to try it again, shapes of the one and of the other are as near as it gets. */
static bool try_known(struct slu_run *r, const struct slu_vector *vector, bool decrypt)
{
	const enum slu_dc_algorithm a = r->verdict.algorithm;
	const struct slu_shape previous = r->last;
	struct slu_outcome outcome;
	struct slu_known k;
	struct slu_shape shape;

	slu_vector_read(vector, &k);
	shape = shape_of(a, &k.plain, decrypt);
	if (!(r->verdict.keys & slu_key_bit(shape.at[SLU_SHAPE_KEY])) || (decrypt && !shape.at[SLU_SHAPE_DECRYPT]))
		return true;
	if (!software_knows(r, &k)) {
		slu_judge_outcome(r, (struct slu_outcome){.what = SLU_CANNOT});
		return false;
	}
	shape.at[SLU_SHAPE_SESSION] = !previous.at[SLU_SHAPE_SESSION];
	slu_run_say(r, &shape);
	r->last = shape;
	outcome = slu_bench_known(&r->bench, &k.plain, decrypt, k.sealed, k.sealed_length);
	return outcome.what == SLU_RIGHT || slu_judge(r, &shape, &previous, outcome);
}

static bool try_all_known(struct slu_run *r)
{
	r->note.step = SLU_STEP_KNOWN;
	for (unsigned i = 0; i < slu_vectors_count; i++) {
		if (slu_vectors[i].algorithm != r->verdict.algorithm)
			continue;
		if (!try_known(r, &slu_vectors[i], false) || !try_known(r, &slu_vectors[i], true))
			return false;
	}
	return true;
}

/* ---- sweeps ---- */

static bool is_wanted(const struct slu_run *r, const struct slu_shape *shape)
{
	return shape->at[SLU_SHAPE_LENGTH] <= r->most && r->verdict.keys & slu_key_bit(shape->at[SLU_SHAPE_KEY]) &&
	       !(r->verdict.avoided && slu_shape_avoided(r->verdict.algorithm, shape));
}

static bool try_shape(struct slu_run *r, struct slu_shape shape)
{
	const struct slu_shape previous = r->last;
	struct slu_outcome outcome;

	r->note.done++;
	if (!is_wanted(r, &shape))
		return true;
	outcome = slu_run_try(r, &shape);
	if (outcome.what != SLU_RIGHT)
		return slu_judge(r, &shape, &previous, outcome);
	if (shape.at[SLU_SHAPE_LENGTH] > r->verdict.largest)
		r->verdict.largest = shape.at[SLU_SHAPE_LENGTH];
	return true;
}

static bool try_pairs(struct slu_run *r, const struct slu_sweep_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		for (unsigned k = 0; k < list->count; k++)
			if (!try_shape(r, slu_sweep_shape(list, i)) || !try_shape(r, slu_sweep_shape(list, k)))
				return false;
	return true;
}

static bool try_sweep(struct slu_run *r, const struct slu_sweep_list *list)
{
	if (list->sweep->pairs)
		return try_pairs(r, list);
	for (unsigned i = 0; i < list->count; i++)
		if (!try_shape(r, slu_sweep_shape(list, i)))
			return false;
	return true;
}

static uint32_t count_all(struct slu_sweep_list *list, enum slu_dc_algorithm a, bool quick)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < slu_sweeps_count; i++) {
		slu_sweep_open(list, &slu_sweeps[i], a, quick);
		total += slu_sweep_total(list);
	}
	return total;
}

static bool try_all_sweeps(struct slu_run *r)
{
	const enum slu_dc_algorithm a = r->verdict.algorithm;
	struct slu_sweep_list list;

	r->note.total = count_all(&list, a, r->test->quick);
	for (unsigned i = 0; i < slu_sweeps_count; i++) {
		r->note.step = SLU_STEP_SWEEPS + i;
		slu_sweep_open(&list, &slu_sweeps[i], a, r->test->quick);
		if (list.count > 0 && !try_sweep(r, &list))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

static void pass(struct slu_run *r)
{
	if (r->verdict.avoided)
		return;
	r->verdict.kind = r->limited ? SLU_LIMITED : SLU_PASSED;
	r->verdict.error = r->limit_error;
}

void slu_selftest_run(const struct slu_selftest *t, enum slu_dc_algorithm a, struct slu_verdict *out)
{
	struct slu_run r;

	slu_run_init(&r, t, a, 0);
	if (slu_bench_init(&r.bench, t, a, 0)) {
		if (has_it(&r) && try_all_known(&r) && try_all_sweeps(&r))
			pass(&r);
		snprintf(r.verdict.driver, sizeof r.verdict.driver, "%s", r.bench.driver);
		r.verdict.accelerated = r.bench.accelerated;
		r.verdict.operations = r.bench.operations;
		r.note.step = slu_step_closing();
		slu_run_say(&r, NULL);
		slu_bench_clear(&r.bench);
	}
	*out = r.verdict;
}
