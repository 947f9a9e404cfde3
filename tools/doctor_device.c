/* SPDX-License-Identifier: MIT */
#include "tools/doctor_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/doctor_child.h"

enum { PROCESSES = 2, DEADLINE_MS = 10000 };

/* What a child says: what it does next, and at the end what it found. The driver's name is the child's memory there. */
struct said {
	bool is_verdict;
	union {
		struct slu_verdict verdict;
		struct {
			struct slu_selftest_note note;
			char driver[sizeof((struct slu_verdict *)0)->driver];
		} next;
	} u;
};

_Static_assert(sizeof(struct said) <= SLU_CHILD_MESSAGE, "it is one message");
_Static_assert((int)SLU_SELFTEST_LANES <= (int)SLU_CHILD_LANES, "each lane is watched");

struct job {
	const struct slu_doctor_device *device;
	enum slu_dc_algorithm algorithm;
	const struct slu_verdict *before; /* many sessions at once: the verdict so far */
	unsigned process;
	const struct slu_child_line *line;    /* in the child */
	struct said last[SLU_SELFTEST_LANES]; /* and here: what each lane said last */
	unsigned latest;                      /* lane */
	bool spoke, judged;
	struct slu_verdict verdict;
};

/* ---- in the child ---- */

static void say_note(void *arg, const struct slu_selftest_note *note)
{
	const struct job *job = arg;
	struct said said;

	memset(&said, 0, sizeof said);
	said.u.next.note = *note;
	said.u.next.note.driver = NULL;
	snprintf(said.u.next.driver, sizeof said.u.next.driver, "%s", note->driver);
	slu_child_say(job->line, note->lane, note->ended, &said, sizeof said);
}

static void run(const struct slu_child_line *line, void *arg)
{
	struct job *job = arg;
	const struct slu_selftest test = {.kernel = job->device->kernel,
					  .path = job->device->path,
					  .engine = job->device->engine,
					  .quick = job->device->quick,
					  .note = say_note,
					  .arg = job};
	struct said said;

	memset(&said, 0, sizeof said);
	said.is_verdict = true;
	job->line = line;
	if (job->before) {
		said.u.verdict = *job->before;
		slu_selftest_load(&test, job->process, job->device->soak_seconds, &said.u.verdict);
	} else {
		slu_selftest_run(&test, job->algorithm, &said.u.verdict);
	}
	slu_child_say(line, 0, false, &said, sizeof said);
}

/* ---- here ---- */

static void heard(void *arg, unsigned lane, const uint8_t *data, size_t n)
{
	struct job *job = arg;
	struct said said;

	if (n != sizeof said)
		return;
	memcpy(&said, data, sizeof said);
	if (said.is_verdict) {
		job->judged = true;
		job->verdict = said.u.verdict;
		return;
	}
	said.u.next.driver[sizeof said.u.next.driver - 1] = '\0';
	job->last[lane] = said;
	job->latest = lane;
	job->spoke = true;
	said.u.next.note.driver = said.u.next.driver;
	if (job->device->progress)
		job->device->progress(job->device->arg, job->algorithm, &said.u.next.note);
}

/* A child that came to no verdict of its own: what it said last is all that there is. */
static void judge_last(struct job *job, const struct slu_child *child, enum slu_verdict_kind kind, unsigned lane)
{
	struct slu_verdict *v = &job->verdict;
	const struct said *last = &job->last[lane];

	v->kind = kind;
	v->error = child->error;
	v->left = child->left;
	v->crowded = job->before && last->u.next.note.has_shape;
	if (!job->spoke)
		return;
	memcpy(v->driver, last->u.next.driver, sizeof v->driver);
	v->step = last->u.next.note.step;
	v->operations += last->u.next.note.operations;
	v->has_shape = last->u.next.note.has_shape;
	v->shape = last->u.next.note.shape;
}

static void judge(struct job *job, const struct slu_child *child)
{
	switch (child->end) {
	case SLU_CHILD_DONE:
		if (!job->judged)
			judge_last(job, child, SLU_CRASHED, job->latest);
		break;
	case SLU_CHILD_SILENT:
	case SLU_CHILD_LATE:
		judge_last(job, child, SLU_HANGS, child->lane);
		break;
	case SLU_CHILD_DIED:
		judge_last(job, child, SLU_CRASHED, job->latest);
		break;
	case SLU_CHILD_NONE:
		judge_last(job, child, SLU_UNTESTED, 0);
		break;
	}
}

static void run_jobs(struct job *jobs, size_t n)
{
	const struct slu_doctor_device *d = jobs[0].device;
	struct slu_child children[PROCESSES];

	for (size_t i = 0; i < n; i++)
		children[i] = (struct slu_child){.run = run, .heard = heard, .arg = &jobs[i]};
	slu_children_run(children, n, d->deadline_ms ? d->deadline_ms : DEADLINE_MS, 0);
	for (size_t i = 0; i < n; i++)
		judge(&jobs[i], &children[i]);
}

/* Which of two verdicts is to be told: the later in this list. */
static int weight(const struct slu_verdict *v)
{
	static const enum slu_verdict_kind order[] = {SLU_PASSED, SLU_LIMITED, SLU_LACKING, SLU_UNTESTED, SLU_GONE,
						      SLU_ERROR,  SLU_WRONG,   SLU_CRASHED, SLU_HANGS};
	int i = 0;

	while (order[i] != v->kind)
		i++;
	return i;
}

static void test_crowd(const struct slu_doctor_device *d, struct slu_verdict *v)
{
	const struct slu_verdict before = *v;
	struct job jobs[PROCESSES];

	for (unsigned i = 0; i < PROCESSES; i++)
		jobs[i] = (struct job){
			.device = d, .algorithm = v->algorithm, .before = &before, .process = i, .verdict = before};
	run_jobs(jobs, PROCESSES);
	for (unsigned i = 0; i < PROCESSES; i++) {
		const uint64_t operations = v->operations + jobs[i].verdict.operations - before.operations;

		if (weight(&jobs[i].verdict) > weight(v))
			*v = jobs[i].verdict;
		v->operations = operations;
	}
}

void slu_doctor_device_test(const struct slu_doctor_device *d, enum slu_dc_algorithm a, struct slu_verdict *out)
{
	struct job job = {.device = d, .algorithm = a, .verdict = {.algorithm = a, .engine = d->engine, .driver = "?"}};

	run_jobs(&job, 1);
	*out = job.verdict;
	if (slu_verdict_usable(out))
		test_crowd(d, out);
}
