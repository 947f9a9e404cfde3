/* SPDX-License-Identifier: MIT */
/* How it ended, in one sentence. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/scan_impl.h"

void slu_scan_unconnected(struct slu_scan *s)
{
	struct slu_report *r = &s->report;
	const bool resolved = slu_dial_addresses(s->dial) > 0;

	r->end = resolved ? SLU_PROBE_UNREACHABLE : SLU_PROBE_UNRESOLVED;
	r->connections = resolved;
	snprintf(r->sentence, sizeof r->sentence, "%s", slu_dial_error(s->dial));
	r->ms = (unsigned)(s->now_ms - s->begun_ms);
	s->done = true;
}

/* Those that are waited for have said nothing, if nothing ever came. */
static int give_up(struct slu_scan *s)
{
	int err = 0;

	for (struct slu_lane *l = s->lanes; l < s->lanes + SLU_SCAN_SOCKETS && !err; l++) {
		if (!l->reader)
			continue;
		err = slu_lane_end(l, SLU_HELLO_SILENT);
		if (!err)
			err = slu_plan_answer(s->plan, l->job.step.id, slu_hello_answer(l->reader));
	}
	return err;
}

int slu_scan_cut(struct slu_scan *s, enum slu_scan_stop why)
{
	const int err = why == SLU_STOP_TIME && !s->count.in ? give_up(s) : 0;

	s->stop = why;
	slu_plan_stop(s->plan);
	return err;
}

/* Of what the scanner alone knows. */
static void describe_cut(struct slu_scan *s)
{
	struct slu_report *r = &s->report;

	if (s->stop == SLU_STOP_TIME)
		snprintf(r->sentence, sizeof r->sentence,
			 "%s did not answer all questions within %g s, so that what is shown is not all: allow more "
			 "time, or try again later.",
			 s->endpoint, (double)(s->end_ms - s->begun_ms) / 1000);
	else
		snprintf(r->sentence, sizeof r->sentence,
			 "After %u connections there were no more to %s (%s), so that what is shown is not all: try "
			 "again later, with fewer at a time.",
			 r->connections - s->failures, s->endpoint, strerror(s->connect_error));
}

/* The plan does not know whom it speaks of. */
static void name_it(struct slu_scan *s)
{
	char whole[sizeof s->report.sentence + SLU_ENDPOINT_TEXT];
	struct slu_report *r = &s->report;

	if (strncmp(r->sentence, "It ", 3) != 0)
		return;
	snprintf(whole, sizeof whole, "%s%s", s->endpoint, r->sentence + 2);
	snprintf(r->sentence, sizeof r->sentence, "%.*s", (int)sizeof r->sentence - 1, whole);
}

void slu_scan_conclude(struct slu_scan *s)
{
	struct slu_report *r = &s->report;

	for (size_t i = 0; i < SLU_SCAN_SOCKETS; i++)
		slu_lane_clear(&s->lanes[i]);
	if (r->end == SLU_PROBE_CUT && s->stop)
		describe_cut(s);
	name_it(s);
	if (s->critical > r->round_trips)
		r->round_trips = s->critical;
	r->bytes_in = s->count.in;
	r->bytes_out = s->count.out;
	r->resets = s->count.resets;
	r->ms = (unsigned)(s->now_ms - s->begun_ms);
	s->done = true;
}
