/* SPDX-License-Identifier: MIT */
#include "tools/doctor_ktls.h"

#include <string.h>

#include "tools/doctor_child.h"

enum { PROCESSES = 2, DEADLINE_MS = 10000 };

/* What a child says: what it does next, and at the end what it found. */
struct said {
	bool is_verdict;
	union {
		struct slu_ktls_verdict verdict;
		struct slu_ktls_note note;
	} u;
};

_Static_assert(sizeof(struct said) <= SLU_CHILD_MESSAGE, "it is one message");

struct job {
	const struct slu_doctor_ktls *doctor;
	unsigned process;                  /* 0: one call at a time */
	const struct slu_child_line *line; /* in the child */
	struct slu_ktls_note last;         /* and here: what was said last */
	bool spoke, judged;
	struct slu_ktls_verdict verdict; /* so far */
};

/* ---- in the child ---- */

static void say_note(void *arg, const struct slu_ktls_note *note)
{
	const struct job *job = arg;
	struct said said;

	memset(&said, 0, sizeof said);
	said.u.note = *note;
	slu_child_say(job->line, 0, false, &said, sizeof said);
}

static void run(const struct slu_child_line *line, void *arg)
{
	struct job *job = arg;
	const struct slu_ktls_test test = {.layer = job->doctor->layer ? job->doctor->layer : &slu_ktls_linux,
					   .cipher = job->verdict.cipher,
					   .tls13 = job->verdict.tls13,
					   .rekeys = job->doctor->rekeys,
					   .quick = job->doctor->quick,
					   .note = say_note,
					   .arg = job};
	struct said said;

	memset(&said, 0, sizeof said);
	said.is_verdict = true;
	said.u.verdict = job->verdict;
	job->line = line;
	if (job->process)
		slu_ktls_test_load(&test, job->process, job->doctor->soak_seconds, &said.u.verdict);
	else
		slu_ktls_test_run(&test, &said.u.verdict);
	slu_child_say(line, 0, false, &said, sizeof said);
}

/* ---- here ---- */

static void heard(void *arg, unsigned lane, const uint8_t *data, size_t n)
{
	struct job *job = arg;
	struct said said;

	(void)lane;
	if (n != sizeof said)
		return;
	memcpy(&said, data, sizeof said);
	if (said.is_verdict) {
		job->judged = true;
		job->verdict = said.u.verdict;
		return;
	}
	job->last = said.u.note;
	job->spoke = true;
	if (job->doctor->progress)
		job->doctor->progress(job->doctor->arg, &job->last);
}

/* A child that came to no verdict of its own: what it said last is all that there is. */
static void judge_last(struct job *job, const struct slu_child *child, enum slu_verdict_kind kind)
{
	struct slu_ktls_verdict *v = &job->verdict;

	v->kind = kind;
	v->error = child->error;
	v->left = child->left;
	v->crowded = job->process > 0;
	if (!job->spoke)
		return;
	v->step = job->last.step;
	v->operations += job->last.operations;
	v->has_shape = job->last.has_shape;
	v->shape = job->last.shape;
}

static void judge(struct job *job, const struct slu_child *child)
{
	if (child->end == SLU_CHILD_NONE)
		judge_last(job, child, SLU_UNTESTED);
	else if (child->end == SLU_CHILD_SILENT || child->end == SLU_CHILD_LATE)
		judge_last(job, child, SLU_HANGS);
	else if (child->end == SLU_CHILD_DIED || !job->judged)
		judge_last(job, child, SLU_CRASHED);
}

static void run_jobs(struct job *jobs, size_t n)
{
	const struct slu_doctor_ktls *d = jobs[0].doctor;
	struct slu_child children[PROCESSES];

	for (size_t i = 0; i < n; i++)
		children[i] = (struct slu_child){.run = run, .heard = heard, .arg = &jobs[i]};
	slu_children_run(children, n, d->deadline_ms ? d->deadline_ms : DEADLINE_MS, 0);
	for (size_t i = 0; i < n; i++)
		judge(&jobs[i], &children[i]);
}

/* One that does not pass is as good as another: the first is told. */
static void test_crowd(const struct slu_doctor_ktls *d, struct slu_ktls_verdict *v)
{
	const struct slu_ktls_verdict before = *v;
	struct job jobs[PROCESSES];

	for (unsigned i = 0; i < PROCESSES; i++)
		jobs[i] = (struct job){.doctor = d, .process = i + 1, .verdict = before};
	run_jobs(jobs, PROCESSES);
	for (unsigned i = 0; i < PROCESSES; i++) {
		const uint64_t operations = v->operations + jobs[i].verdict.operations - before.operations;

		if (v->kind == SLU_PASSED)
			*v = jobs[i].verdict;
		v->operations = operations;
	}
}

void slu_doctor_ktls_test(const struct slu_doctor_ktls *d, enum slu_ktls_cipher cipher, bool tls13,
			  struct slu_ktls_verdict *out)
{
	struct job job = {.doctor = d, .verdict = {.cipher = cipher, .tls13 = tls13}};

	run_jobs(&job, 1);
	*out = job.verdict;
	if (out->kind == SLU_PASSED)
		test_crowd(d, out);
}
