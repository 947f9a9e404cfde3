/* SPDX-License-Identifier: MIT */
/* Measuring what may hang. */
#include "tools/measure.h"

#include <stdio.h>
#include <string.h>

#include "tools/doctor_child.h"

enum { SILENCE_MS = 10000 }; /* besides the time that measuring takes */

/* What comes back. */
struct answer {
	struct slu_cost cost;
	int err;
	char error[256];
};

_Static_assert(sizeof(struct answer) <= SLU_CHILD_MESSAGE, "an answer is one message");

struct job {
	struct slu_spinner *spinner;
	const struct slu_way *way;
	size_t record;
	double seconds;
	struct answer answer;
	bool answered;
};

static void run(const struct slu_child_line *line, void *arg)
{
	const struct slu_log quiet = {0};
	struct job *j = arg;

	j->answer.err = slu_measure(j->spinner, j->way, j->record, j->seconds, &quiet, &j->answer.cost, j->answer.error,
				    sizeof j->answer.error);
	slu_child_say(line, 0, false, &j->answer, sizeof j->answer);
}

static void hear(void *arg, unsigned lane, const uint8_t *data, size_t n)
{
	struct job *j = arg;

	(void)lane;
	if (n != sizeof j->answer)
		return;
	memcpy(&j->answer, data, n);
	j->answered = true;
}

/* False: it came to no end of its own, and error says how. */
static bool has_ended(const struct slu_child *c, const struct job *j, char *error, size_t size)
{
	if (j->answered && c->end == SLU_CHILD_DONE)
		return true;
	if (c->end == SLU_CHILD_SILENT || c->end == SLU_CHILD_LATE)
		snprintf(error, size, "hung while it was measured%s: do not use it",
			 c->left ? ", and hangs still" : "");
	else if (c->end == SLU_CHILD_NONE)
		snprintf(error, size, "not measured: no process could be started (%s)", strerror(c->error));
	else
		snprintf(error, size, "ended the process that measured it%s%s: do not use it",
			 c->error ? " by the signal " : "", c->error ? strsignal(c->error) : "");
	return false;
}

bool slu_measure_apart(struct slu_spinner *spinner, const struct slu_way *way, size_t record, double seconds,
		       struct slu_cost *out, char *error, size_t size)
{
	struct job j = {.spinner = spinner, .way = way, .record = record, .seconds = seconds};
	struct slu_child c = {.run = run, .heard = hear, .arg = &j};

	if (size)
		error[0] = '\0';
	slu_children_run(&c, 1, SILENCE_MS + (unsigned)(seconds * 4e3), 0);
	if (!has_ended(&c, &j, error, size)) {
		memset(out, 0, sizeof *out);
		return c.end == SLU_CHILD_NONE; /* which says nothing of the door */
	}
	*out = j.answer.cost;
	if (j.answer.err)
		snprintf(error, size, "%s", *j.answer.error ? j.answer.error : "records cannot be made");
	return j.answer.err != SLU_ERR_IO;
}
