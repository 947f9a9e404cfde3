/* SPDX-License-Identifier: MIT */
/*
 * Whose order counts, and whether ChaCha20 comes first for a client that has it first. What was found by elimination is
 * offered with the least preferred first: a server with an order takes its first again, one without takes the client's
 * first, and one to which some are equal takes another.
 */
#include "probe/plan_int.h"

static struct slu_plan_order *order_of(struct slu_plan *p, const struct slu_question *q)
{
	return &p->orders[q->version - 0x0300];
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

bool slu_order_chacha(const struct slu_plan *p, const struct slu_report_version *v)
{
	const struct slu_plan_order *o = &p->orders[v->version - 0x0300];

	if (!v->nsuites || !slu_has_chacha(v) || slu_is_chacha(v->suites[0]))
		return false;
	return !o->asked_chacha && (o->asked_reversed || v->version == 0x0304 || !as_offered(p, v));
}

bool slu_order_learn(struct slu_plan *p, const struct slu_question *q, size_t n, uint16_t suite)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);
	struct slu_plan_order *o = &p->orders[q->version - 0x0300];
	const bool good = slu_offer_has(v->suites, v->nsuites, suite);
	size_t first = 0;

	if (!good)
		return false;
	if (slu_is_chacha(q->suites[0])) {
		o->asked_chacha = true;
		o->chacha = suite;
		return true;
	}
	while (first + 1 < n && !slu_offer_has(v->suites, v->nsuites, q->suites[first]))
		first++;
	o->asked_reversed = true;
	o->reversed = suite;
	o->head = q->suites[first];
	return true;
}

/* It took the client's first. Where that is not what it likes least, for that is ChaCha20, it may be but one of the
 * best: the client's ChaCha20 tells. */
static enum slu_order order_of_first(const struct slu_plan *p, const struct slu_plan_order *o,
				     const struct slu_report_version *v)
{
	if (!as_offered(p, v))
		return SLU_ORDER_MIXED;
	if (o->head == v->suites[v->nsuites - 1] || slu_is_chacha(o->chacha))
		return SLU_ORDER_CLIENT;
	return o->asked_chacha ? SLU_ORDER_MIXED : SLU_ORDER_UNKNOWN;
}

/* What follows from what is known so far. */
static void settle(struct slu_plan *p, const struct slu_question *q)
{
	const struct slu_plan_order *o = order_of(p, q);
	struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (o->reversed == v->suites[0] || (o->chacha == v->suites[0] && !o->reversed))
		v->order = SLU_ORDER_SERVER;
	else if (o->reversed)
		v->order = o->reversed == o->head ? order_of_first(p, o, v) : SLU_ORDER_MIXED;
	else if (o->chacha && !slu_is_chacha(o->chacha))
		v->order = SLU_ORDER_MIXED;
	if (o->chacha)
		slu_know(&v->chacha, slu_is_chacha(o->chacha));
	if (slu_is_chacha(v->suites[0]) || (v->order == SLU_ORDER_CLIENT && slu_has_chacha(v)))
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

	if (v->chacha != SLU_UNKNOWN || order_of(p, q)->asked_chacha || !slu_has_chacha(v))
		return false;
	return p->cfg.full || q->version == 0x0304 || !slu_has_chacha(&p->report->versions[4]);
}

/* Where the server has an order, ChaCha20 at the head tells both: it takes its first, or ChaCha20. Where that takes
 * another hello, and those that a handshake would have saved are gone, only the order is asked for. */
static bool next_order(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);
	const struct slu_plan_order *o = order_of(p, q);
	const bool wanted = wants_chacha(p, q);
	const bool chacha = slu_order_chacha(p, v) && (wanted || !p->lacks || o->asked_reversed);
	const bool open = v->order == SLU_ORDER_UNKNOWN && (!o->asked_reversed || chacha);

	if (!v->complete || p->cut || (!open && !wanted))
		return false;
	slu_offer_hello(p, q, q->version, slu_offer_reversed(q, v, chacha || !open));
	q->step.whole = false;
	return true;
}

static int answer_order(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);
	const uint16_t suite = slu_answer_taken(a) && a->version == q->version ? a->suite : 0;
	const bool good = slu_order_learn(p, q, q->step.hello.nsuites, suite);

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
