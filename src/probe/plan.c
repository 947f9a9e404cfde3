/* SPDX-License-Identifier: MIT */
/* The questions, what each waits for, and how they are gone through. */
#include "probe/plan.h"

#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "probe/plan_int.h"

#define BIT(q) (1u << SLU_Q_##q)
#define SUITES (BIT(SUITES_13) | BIT(SUITES_12) | BIT(OLD) | BIT(SUITES_11) | BIT(SUITES_10) | BIT(SUITES_30))
#define NEWER  (BIT(SUITES_13) | BIT(SUITES_12))

struct row {
	const struct slu_question_kind *kind;
	uint16_t version; /* that it is about; 0: whichever there is */
	bool quick, full; /* in which mode it is asked */
	uint32_t after;   /* questions that must be done */
	uint32_t quickly; /* and those without full */
};

/* In the order in which they get a connection. Those of old versions are asked without `full` where there is nothing
 * newer. */
static const struct row rows[SLU_QUESTIONS] = {
	[SLU_Q_SUITES_13] = {&slu_ask_suites, 0x0304, true, true, 0, 0},
	[SLU_Q_SUITES_12] = {&slu_ask_suites, 0x0303, true, true, 0, 0},
	[SLU_Q_OLD] = {&slu_ask_old, 0x0302, true, false, 0, 0},
	[SLU_Q_SUITES_11] = {&slu_ask_suites, 0x0302, true, true, 0, NEWER | BIT(OLD)},
	[SLU_Q_SUITES_10] = {&slu_ask_suites, 0x0301, true, true, 0, NEWER | BIT(OLD)},
	[SLU_Q_SUITES_30] = {&slu_ask_suites, 0x0300, true, true, 0, NEWER | BIT(OLD)},
	[SLU_Q_HANDSHAKE_13] = {&slu_ask_handshake, 0x0304, true, true, BIT(SUITES_13), 0},
	[SLU_Q_HANDSHAKE_12] = {&slu_ask_handshake, 0x0303, true, true, NEWER, 0},
	[SLU_Q_NAMELESS] = {&slu_ask_nameless, 0, true, true, SUITES, 0},
	[SLU_Q_NAMELESS_13] = {&slu_ask_nameless_13, 0x0304, true, true, SUITES | BIT(HANDSHAKE_13), 0},
	[SLU_Q_ORDER_13] = {&slu_ask_order, 0x0304, true, true, BIT(HANDSHAKE_13), 0},
	[SLU_Q_ORDER_12] = {&slu_ask_order, 0x0303, true, true, NEWER | BIT(NAMELESS) | BIT(HANDSHAKE_13), 0},
	[SLU_Q_ORDER_11] = {&slu_ask_order, 0x0302, true, true, BIT(SUITES_11) | BIT(NAMELESS), 0},
	[SLU_Q_ORDER_10] = {&slu_ask_order, 0x0301, true, true, BIT(SUITES_10) | BIT(NAMELESS), 0},
	[SLU_Q_ORDER_30] = {&slu_ask_order, 0x0300, true, true, BIT(SUITES_30) | BIT(NAMELESS), 0},
	[SLU_Q_FALLBACK] = {&slu_ask_fallback, 0, false, true, SUITES, 0},
	[SLU_Q_GROUPS_13] = {&slu_ask_groups, 0x0304, false, true, BIT(SUITES_13), 0},
	[SLU_Q_GROUPS_OLD] = {&slu_ask_groups, 0, false, true, SUITES, 0},
	[SLU_Q_SCHEMES_12] = {&slu_ask_schemes, 0x0303, false, true, BIT(SUITES_12), 0},
	[SLU_Q_SCHEMES_13] = {&slu_ask_schemes_13, 0x0304, false, true, BIT(HANDSHAKE_13), 0},
};

struct slu_plan *slu_plan_new(const struct slu_plan_config *config, struct slu_report *report)
{
	struct slu_plan *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->cfg = *config;
	p->report = report;
	p->random = config->seed;
	slu_offer_prepare(p);
	for (size_t i = 0; i < SLU_QUESTIONS; i++) {
		p->questions[i].kind = rows[i].kind;
		p->questions[i].version = rows[i].version;
		if (!(config->full ? rows[i].full : rows[i].quick))
			p->questions[i].state = SLU_Q_DONE;
	}
	return p;
}

void slu_plan_free(struct slu_plan *p)
{
	free(p);
}

/* ---- going through the questions ---- */

/* Whether all that it waits for is done, and then the round trips of the longest. */
static bool may_begin(struct slu_plan *p, size_t i)
{
	const uint32_t after = rows[i].after | (p->cfg.full ? 0 : rows[i].quickly);
	unsigned depth = 0;

	for (size_t k = 0; k < SLU_QUESTIONS; k++) {
		if (!(after >> k & 1))
			continue;
		if (p->questions[k].state != SLU_Q_DONE)
			return false;
		if (p->questions[k].depth > depth)
			depth = p->questions[k].depth;
	}
	p->questions[i].depth = depth;
	return true;
}

static void begin(struct slu_plan *p, size_t i)
{
	struct slu_question *q = &p->questions[i];

	if (q->state != SLU_Q_WAITS || !may_begin(p, i))
		return;
	q->state = !q->kind->begin || q->kind->begin(p, q) ? SLU_Q_OPEN : SLU_Q_DONE;
}

/* Has it a step? Ends it when it has none. */
static bool ask(struct slu_plan *p, struct slu_question *q)
{
	if (q->state != SLU_Q_OPEN)
		return false;
	if (p->asked == SLU_PLAN_MOST) {
		p->cut = true;
		slu_report_note(p->report, "It was asked %d times, and no more: what it accepts goes on.",
				SLU_PLAN_MOST);
		slu_plan_stop(p);
		return false;
	}
	memset(&q->step, 0, sizeof q->step);
	if (!q->kind->next(p, q)) {
		q->state = SLU_Q_DONE;
		return false;
	}
	q->state = SLU_Q_ASKED;
	q->step.id = ++p->asked;
	q->step.depth = q->depth;
	return true;
}

static bool all_done(const struct slu_plan *p)
{
	for (size_t i = 0; i < SLU_QUESTIONS; i++) {
		if (p->questions[i].state != SLU_Q_DONE)
			return false;
	}
	return true;
}

/* A question may end without a step, and let others begin: after it in the table, or before. */
static struct slu_question *find_step(struct slu_plan *p)
{
	for (size_t round = 0; round < SLU_QUESTIONS; round++) {
		for (size_t i = 0; i < SLU_QUESTIONS; i++) {
			begin(p, i);
			if (ask(p, &p->questions[i]))
				return &p->questions[i];
		}
	}
	return NULL;
}

static void end_if_done(struct slu_plan *p)
{
	if (p->concluded || !all_done(p))
		return;
	p->concluded = true;
	slu_plan_conclude(p);
}

bool slu_plan_next(struct slu_plan *p, struct slu_plan_step *step)
{
	struct slu_question *q = find_step(p);

	end_if_done(p);
	if (q)
		*step = q->step;
	return q != NULL;
}

bool slu_plan_done(const struct slu_plan *p)
{
	return p->concluded;
}

void slu_plan_stop(struct slu_plan *p)
{
	for (size_t i = 0; i < SLU_QUESTIONS; i++) {
		p->cut |= p->questions[i].state != SLU_Q_DONE;
		p->questions[i].state = SLU_Q_DONE;
	}
	end_if_done(p);
}

/* ---- answers ---- */

static struct slu_question *under_way(const struct slu_plan *p, unsigned id, enum slu_plan_kind kind)
{
	for (size_t i = 0; i < SLU_QUESTIONS; i++) {
		const struct slu_question *q = &p->questions[i];

		if (q->state == SLU_Q_ASKED && q->step.id == id && q->step.kind == kind)
			return (struct slu_question *)q;
	}
	return NULL;
}

/* The next steps are made at once, so that slu_plan_done() need not wait for somebody to ask for one. */
static void answered(struct slu_plan *p, struct slu_question *q, unsigned round_trips)
{
	q->answers++;
	q->depth += round_trips;
	q->state = SLU_Q_OPEN;
	if (q->depth + 1 > p->report->round_trips)
		p->report->round_trips = q->depth + 1;
}

int slu_plan_answer(struct slu_plan *p, unsigned id, const struct slu_hello_answer *a)
{
	struct slu_question *q = under_way(p, id, SLU_STEP_HELLO);

	if (!q || a->end == SLU_HELLO_MORE || (unsigned)a->end > SLU_HELLO_SILENT)
		return SLU_ERR_INVALID;
	p->report->hellos++;
	p->ends[a->end]++;
	p->broke_off |= a->bytes && slu_answer_dropped(a);
	if (a->end == SLU_HELLO_ALERT && (!p->alert || a->alert != 70)) /* of versions there are others */
		p->alert = a->alert;
	/* What is no TLS makes the end, whatever else there was. */
	if (!p->wrong[0] || (a->end == SLU_HELLO_NOT_TLS && p->ends[a->end] == 1))
		memcpy(p->wrong, a->wrong, sizeof p->wrong);
	answered(p, q, 1);
	if (slu_answer_taken(a)) {
		p->taken++;
		if (q->bytes > p->stood)
			p->stood = q->bytes;
	}
	return q->kind->answer(p, q, a);
}

int slu_plan_inspected(struct slu_plan *p, unsigned id, const struct slu_inspect_result *r)
{
	struct slu_question *q = under_way(p, id, SLU_STEP_HANDSHAKE);

	if (!q)
		return SLU_ERR_INVALID;
	p->report->handshakes += !r->lacks;
	answered(p, q, r->lacks ? 0 : SLU_PLAN_HANDSHAKE);
	return q->kind->inspected(p, q, r);
}

unsigned slu_plan_repeats(const struct slu_plan *p, unsigned id, enum slu_hello_end end)
{
	const struct slu_question *q = under_way(p, id, SLU_STEP_HELLO);

	/* A server that is known to answer may be tired; one that is not may not speak TLS at all. Silence costs its
	 * whole deadline, so that the plan asks something else. */
	if (!q || end == SLU_HELLO_SILENT || (end != SLU_HELLO_RESET && end != SLU_HELLO_CLOSED))
		return 0;
	if (p->ends[end] || !p->taken)
		return 0;
	return end == SLU_HELLO_RESET ? SLU_PLAN_REPEATS : 1;
}

/* Of one question that is not done, beyond its step under way. */
static unsigned certain(const struct slu_plan *p, const struct slu_question *q, size_t i)
{
	const bool tls13 = p->report->versions[4].accepted == SLU_YES;
	const struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (q->state == SLU_Q_DONE)
		return 0;
	/* Another one is accepted, or the order of those that are can be asked for: without the name, or by the
	 * handshake of TLS 1.3, which counts anyway. */
	if (q->kind == &slu_ask_suites)
		return v->nsuites >= 2 && q->version != 0x0304 && !p->cfg.server_name;
	if (q->kind == &slu_ask_handshake)
		return q->state == SLU_Q_WAITS && q->version == 0x0304 && tls13;
	return i == SLU_Q_NAMELESS && q->state == SLU_Q_WAITS && p->cfg.server_name && p->taken;
}

unsigned slu_plan_certain(const struct slu_plan *p)
{
	unsigned n = 0;

	if (!p->report->hellos)
		return p->cfg.server_name ? 2 : 1;
	for (size_t i = 0; i < SLU_QUESTIONS; i++)
		n += certain(p, &p->questions[i], i);
	return n;
}
