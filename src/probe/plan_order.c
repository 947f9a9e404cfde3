/* SPDX-License-Identifier: MIT */
/*
 * Whose order counts, and whether ChaCha20 comes first for a client that has it first. What was found by elimination is
 * offered with the least preferred first: a server with an order takes its first again, one without takes the client's
 * first, and one to which some are equal takes another.
 */
#include "probe/plan_int.h"

enum { REVERSED, CHACHA };

static struct slu_plan_order *order_of(struct slu_plan *p, const struct slu_question *q)
{
	return &p->orders[q->version - 0x0300];
}

static bool has_chacha(const struct slu_report_version *v)
{
	for (size_t i = 0; i < v->nsuites; i++) {
		if (slu_is_chacha(v->suites[i]))
			return true;
	}
	return false;
}

/* It took them in the order in which they were offered. */
static bool as_offered(const struct slu_plan *p, const struct slu_report_version *v)
{
	size_t n, at = 0;
	const uint16_t *canon = slu_offer_suites(p, v->version, &n);

	for (size_t i = 0; i < n && at < v->nsuites; i++)
		at += canon[i] == v->suites[at];
	return at == v->nsuites;
}

/* What follows from what is known so far. */
static void settle(struct slu_plan *p, const struct slu_question *q)
{
	const struct slu_plan_order *o = order_of(p, q);
	struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (o->reversed == v->suites[0] || (o->chacha == v->suites[0] && !o->reversed))
		v->order = SLU_ORDER_SERVER;
	else if (o->reversed)
		v->order = o->reversed == v->suites[v->nsuites - 1] && as_offered(p, v) ? SLU_ORDER_CLIENT
											: SLU_ORDER_MIXED;
	else if (o->chacha && !slu_is_chacha(o->chacha))
		v->order = SLU_ORDER_MIXED;
	if (o->chacha)
		slu_know(&v->chacha, slu_is_chacha(o->chacha));
	if (slu_is_chacha(v->suites[0]) || (v->order == SLU_ORDER_CLIENT && has_chacha(v)))
		v->chacha = SLU_YES;
}

static bool begin_order(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);
	const struct slu_question *suites = NULL;

	for (size_t i = 0; i < SLU_QUESTIONS; i++) {
		if (p->questions[i].kind == &slu_ask_suites && p->questions[i].version == q->version)
			suites = &p->questions[i];
	}
	if (v->accepted != SLU_YES || v->nsuites < 2 || !v->complete || suites->split)
		return false;
	if (p->small && v->nsuites >= slu_offer_room(p, q->version))
		return false;
	settle(p, q);
	return true;
}

/* Without `full`, of the newest version that has ChaCha20. */
static bool wants_chacha(struct slu_plan *p, const struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (v->chacha != SLU_UNKNOWN || order_of(p, q)->asked_chacha || !has_chacha(v))
		return false;
	return p->cfg.full || q->version == 0x0304 || !has_chacha(&p->report->versions[4]);
}

/* Where the server has an order, ChaCha20 at the head tells both: it takes its first, or ChaCha20. */
static bool next_order(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);
	const bool chacha = wants_chacha(p, q);
	const bool open = v->order == SLU_ORDER_UNKNOWN && !order_of(p, q)->asked_reversed;

	if (!v->complete || p->cut || (!chacha && !open))
		return false;
	q->phase = chacha && (!open || !as_offered(p, v)) ? CHACHA : REVERSED;
	slu_offer_hello(p, q, q->version, slu_offer_reversed(p, q, v, q->phase == CHACHA));
	q->step.whole = false;
	return true;
}

static int answer_order(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_plan_order *o = order_of(p, q);
	struct slu_report_version *v = slu_report_version(p->report, q->version);
	const bool good =
		slu_answer_taken(a) && a->version == q->version && slu_offer_has(v->suites, v->nsuites, a->suite);

	if (q->phase == CHACHA) {
		o->asked_chacha = true;
		o->chacha = good ? a->suite : 0;
	} else {
		o->asked_reversed = true;
		o->reversed = good ? a->suite : 0;
	}
	if (good) {
		settle(p, q);
		return 0;
	}
	p->cut |= slu_answer_dropped(a);
	v->complete &= slu_answer_dropped(a);
	slu_learn_odd(p, q, a);
	return 0;
}

const struct slu_question_kind slu_ask_order = {begin_order, next_order, answer_order, NULL};
