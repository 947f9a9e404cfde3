/* SPDX-License-Identifier: MIT */
/* What one step tells: whether the server needs its name, and whether it notices a client that went down a version. */
#include "probe/plan_int.h"
#include "probe/registry.h"

/* ---- without SNI, TLS 1.2 and older ---- */

/* Phases. */
enum {
	NAMELESS,
	CONFIRM, /* it hung up: does it answer with the name? */
	OVER,
};

static bool begin_nameless(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_newest(p->report, 0x0303);

	if (!p->cfg.server_name || p->cut || !v || v->version == 0x0300 || !v->nsuites)
		return false;
	q->version = v->version;
	return true;
}

/* With the suites that ask for the order as well. */
static bool next_nameless(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);
	size_t n;

	if (q->phase == OVER)
		return false;
	n = slu_offer_reversed(q, v, slu_order_chacha(p, v));
	if (p->small && n > slu_offer_room(p, q->version))
		n = slu_offer_room(p, q->version);
	slu_offer_hello(p, q, q->version, n);
	if (q->phase == NAMELESS)
		q->step.hello.server_name = NULL;
	slu_offer_sized(q);
	return true;
}

static void take_order(struct slu_plan *p, const struct slu_question *q, const struct slu_hello_answer *a)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (a->version == q->version && q->step.hello.nsuites >= v->nsuites)
		slu_order_learn(p, q, q->step.hello.nsuites, a->suite);
}

static void answer_without(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	q->phase = OVER;
	if (slu_answer_taken(a) && slu_leaf(a) && !slu_leaf_seen(p, slu_leaf(a))) {
		p->report->needs_sni = SLU_YES; /* perhaps another server, with an order of its own */
	} else if (slu_answer_taken(a)) {
		p->report->needs_sni = SLU_NO;
		take_order(p, q, a);
	} else if (a->end == SLU_HELLO_ALERT) {
		p->report->needs_sni = SLU_YES;
	} else if (slu_answer_dropped(a)) {
		q->phase = CONFIRM;
	} else {
		slu_learn_odd(p, q, a);
	}
}

static int answer_nameless(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	if (q->phase == NAMELESS) {
		answer_without(p, q, a);
		return 0;
	}
	q->phase = OVER;
	if (slu_answer_taken(a)) {
		p->report->needs_sni = SLU_YES;
		take_order(p, q, a);
		return 0;
	}
	p->cut |= slu_answer_dropped(a);
	slu_learn_odd(p, q, a);
	return 0;
}

const struct slu_question_kind slu_ask_nameless = {begin_nameless, next_nameless, answer_nameless, NULL};

/* ---- without SNI, where there is only TLS 1.3: its certificate takes a handshake ---- */

static bool begin_nameless_13(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *old = slu_report_newest(p->report, 0x0303);

	return p->cfg.server_name && !p->cut && p->report->nchains && (!old || old->version == 0x0300) &&
	       slu_report_version(p->report, q->version)->accepted == SLU_YES;
}

static bool next_nameless_13(struct slu_plan *p, struct slu_question *q)
{
	if (q->answers)
		return false;
	slu_offer_handshake(p, q, q->version);
	q->step.handshake.sni = false;
	return true;
}

static int inspect_nameless_13(struct slu_plan *p, struct slu_question *q, const struct slu_inspect_result *r)
{
	(void)q;
	if (r->chain)
		p->report->needs_sni = slu_report_has_chain(p->report, r->chain) ? SLU_NO : SLU_YES;
	else if (!r->lacks && (r->alert >= 0 || r->closed))
		p->report->needs_sni = SLU_YES;
	return 0;
}

const struct slu_question_kind slu_ask_nameless_13 = {begin_nameless_13, next_nameless_13, NULL, inspect_nameless_13};

/* ---- fallback (RFC 7507) ---- */

/* An older version that it accepts, offered as if the newest had failed. */
static bool begin_fallback(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_newest(p->report, 0x0304);

	v = v && v->version > 0x0300 ? slu_report_newest(p->report, (uint16_t)(v->version - 1)) : NULL;
	if (!v || !v->nsuites || p->cut)
		return false;
	q->version = v->version;
	return true;
}

static bool next_fallback(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);
	size_t n;

	if (q->answers)
		return false;
	n = slu_offer_reversed(q, v, false);
	if (n > SLU_REPORT_SUITES - 1)
		n = SLU_REPORT_SUITES - 1;
	if (p->small && n >= slu_offer_room(p, q->version))
		n = slu_offer_room(p, q->version) - 1;
	q->suites[n++] = SLU_SCSV_FALLBACK;
	slu_offer_hello(p, q, q->version, n);
	q->step.whole = false;
	return true;
}

static int answer_fallback(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	if (slu_answer_taken(a))
		p->report->fallback_scsv = SLU_NO;
	else if (a->end == SLU_HELLO_ALERT && a->alert == 86) /* inappropriate_fallback */
		p->report->fallback_scsv = SLU_YES;
	else
		slu_learn_odd(p, q, a);
	return 0;
}

const struct slu_question_kind slu_ask_fallback = {begin_fallback, next_fallback, answer_fallback, NULL};
