/* SPDX-License-Identifier: MIT */
#include "tools/doctor_engine.h"

#include <stdio.h>
#include <string.h>

#include "tools/doctor_child.h"

enum { DEADLINE_MS = 10000 };

_Static_assert(sizeof(struct slu_engine_facts) <= SLU_CHILD_MESSAGE, "it is one message");

struct question {
	const char *what;
	bool answered;
	struct slu_engine_facts facts;
};

static void ask(const struct slu_child_line *line, void *arg)
{
	struct question *q = arg;

	slu_engine_ask(q->what, &q->facts);
	slu_child_say(line, 0, false, &q->facts, sizeof q->facts);
}

static void hear(void *arg, unsigned lane, const uint8_t *data, size_t n)
{
	struct question *q = arg;

	(void)lane;
	if (n != sizeof q->facts)
		return;
	memcpy(&q->facts, data, n);
	q->answered = true;
}

void slu_doctor_engine_ask(const char *what, unsigned deadline_ms, struct slu_engine_facts *out)
{
	struct question q = {.what = what};
	struct slu_child child = {.run = ask, .heard = hear, .arg = &q};

	slu_children_run(&child, 1, deadline_ms ? deadline_ms : DEADLINE_MS, 0);
	if (child.end != SLU_CHILD_DONE || !q.answered)
		snprintf(q.facts.error, sizeof q.facts.error,
			 "the engine '%.100s' %s: do not use it, and tell whoever maintains it", what,
			 child.end == SLU_CHILD_NONE     ? "could not be asked, for want of a process"
			 : child.end == SLU_CHILD_SILENT ? "hangs as it starts or ends"
							 : "ends the process as it starts or ends");
	*out = q.facts;
}

void slu_doctor_engine_test(const struct slu_doctor_device *d, const char *what, enum slu_dc_algorithm a,
			    struct slu_verdict *out)
{
	struct slu_doctor_device device = *d;

	device.kernel = &slu_engine_device;
	device.path = what;
	device.engine = true;
	slu_doctor_device_test(&device, a, out);
}
