/* SPDX-License-Identifier: MIT */
/* Which suites a version accepts, and whether it is accepted, by elimination; and all old versions by one hello. */
#include "probe/plan_int.h"
#include "probe/registry.h"

/* Phases. */
enum {
	LARGE,   /* nothing is known yet, and all is offered */
	SMALL,   /* that met no answer, or one that says that it was not read: few are offered */
	GO_ON,   /* some are found */
	CONFIRM, /* it hung up on the rest: does it still take what it took before? */
	OVER,
};

static struct slu_report_version *report_of(const struct slu_plan *p, const struct slu_question *q)
{
	return slu_report_version(p->report, q->version);
}

static void offer_parts(const struct slu_plan *p, struct slu_question *q)
{
	q->small = true;
	q->first = 0;
	q->most = slu_offer_room(p, q->version);
}

/* Old versions are asked without `full` where the one hello found nothing newer; and SSL 3.0 where nothing at all was
 * found, since what was refused may have been the extensions, which it knows nothing of. */
static bool wants_old(const struct slu_plan *p, uint16_t version)
{
	const struct slu_report_version *newest = slu_report_newest(p->report, 0x0304);

	if (newest)
		return newest->version == version;
	return version == 0x0300 && (p->ends[SLU_HELLO_ALERT] || p->ends[SLU_HELLO_CLOSED] || p->ends[SLU_HELLO_RESET]);
}

static bool begin_suites(struct slu_plan *p, struct slu_question *q)
{
	struct slu_report_version *v = report_of(p, q);

	if (!p->cfg.full && q->version < 0x0303 && !wants_old(p, q->version))
		return false;
	v->nsuites = 0; /* what the one hello brought came from another order */
	q->most = SLU_REPORT_SUITES;
	if (p->small || (q->version == 0x0300 && !slu_report_newest(p->report, 0x0304)))
		offer_parts(p, q);
	return true;
}

/* In q->suites what is left of the part. */
static size_t left(const struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = report_of(p, q);
	size_t n = 0, ncanon;
	const uint16_t *canon = slu_offer_suites(p, q->version, &ncanon);

	for (size_t i = q->first; i < ncanon && i - q->first < q->most; i++) {
		if (!slu_offer_has(v->suites, v->nsuites, canon[i]))
			q->suites[n++] = canon[i];
	}
	return n;
}

/* The part is done: the next one, or the end. Where nothing of what is common is accepted, the rest is asked only of
 * who wants to know everything. */
static void finish_part(struct slu_plan *p, struct slu_question *q)
{
	struct slu_report_version *v = report_of(p, q);
	size_t ncanon;

	slu_offer_suites(p, q->version, &ncanon);
	q->first += q->most;
	if (q->first >= ncanon) {
		v->complete = true;
		q->phase = OVER;
	} else {
		q->phase = GO_ON;
	}
	if (q->phase == OVER && !v->nsuites)
		slu_know(&v->accepted, false);
}

static bool next_suites(struct slu_plan *p, struct slu_question *q)
{
	size_t n = 0;

	if (q->phase == CONFIRM)
		n = slu_offer_reversed(q, report_of(p, q), false);
	while (q->phase != OVER && !n) {
		n = left(p, q);
		if (!n)
			finish_part(p, q);
	}
	if (q->phase == OVER)
		return false;
	slu_offer_hello(p, q, q->version, n);
	/* Some servers refuse protocols that they do not know: one hello tells. */
	if (q->phase == LARGE && q->version == 0x0303 && !p->no_alpn && !p->small)
		slu_offer_protocols(q);
	return true;
}

/* ---- answers ---- */

/* With the suites that are left it goes down to an older version: these it refuses in this one. */
static int take_lower(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = report_of(p, q);

	if (!v->nsuites)
		slu_know(&v->accepted, false);
	v->complete = true;
	q->phase = OVER;
	return slu_learn(p, q, a);
}

static int take(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = report_of(p, q);
	size_t before = v->nsuites;

	if (a->version < q->version && slu_report_version(p->report, a->version))
		return take_lower(p, q, a);
	if (a->version != q->version || !slu_offer_has(q->suites, q->step.hello.nsuites, a->suite) ||
	    !slu_add_id(v->suites, &v->nsuites, SLU_REPORT_SUITES, a->suite)) {
		slu_learn_odd(p, q, a);
		q->phase = OVER;
		return 0;
	}
	if (q->phase == SMALL && !p->small) {
		p->small = true;
		slu_report_note(p->report,
				"It does not stand a hello of more than %d bytes: it was asked with small ones.",
				SLU_PLAN_SMALL);
	}
	q->split |= q->first && before;
	q->failed = false;
	q->phase = GO_ON;
	return slu_learn(p, q, a);
}

/* Could it be the hello's size that it did not stand? */
static bool may_be_size(const struct slu_plan *p, const struct slu_question *q)
{
	return q->phase == LARGE && q->bytes > SLU_PLAN_SMALL && q->bytes > p->stood;
}

/* protocol_version and insufficient_security are never said of what was not understood (RFC 8446, 6.2). */
static bool means_what_it_says(uint8_t alert)
{
	return alert == 70 || alert == 71;
}

/* Alerts about a hello that is not understood, or not stood. */
static bool means_hello(uint8_t alert)
{
	return alert == 10 || alert == 47 || alert == 50 || alert == 80 || alert == 109;
}

/* It refuses the version that it took before: there are several servers under this address, and what the others have is
 * not known. */
static void refuse_version(struct slu_plan *p, struct slu_question *q)
{
	slu_report_note(p->report,
			"It refused %s after it had taken it: perhaps servers that are not alike take turns.",
			slu_reg_version_name(q->version));
	q->phase = OVER;
}

static void refuse(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = report_of(p, q);

	q->unread = !v->nsuites && means_hello(a->alert);
	if (v->nsuites && a->alert == 80 && !q->failed)
		q->failed = true; /* it need not mean the suites; a server that always refuses with it says it again */
	else if (v->nsuites && a->alert == 70)
		refuse_version(p, q);
	else if (a->alert == 120 && q->step.hello.nalpn) {
		slu_learn_no_alpn(p); /* and once more, without */
	} else if (!v->nsuites && may_be_size(p, q) && !means_what_it_says(a->alert)) {
		offer_parts(p, q);
		q->phase = SMALL;
	} else if (!v->nsuites && (!p->small || !p->cfg.full || a->alert == 70)) {
		/* Where it has nothing of what is common, the other parts are asked only for `full`. */
		slu_know(&v->accepted, false);
		q->phase = OVER;
	} else {
		finish_part(p, q);
	}
}

static void drop(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	q->drop = a->end;
	if (report_of(p, q)->nsuites) {
		q->phase = CONFIRM;
	} else if (may_be_size(p, q)) {
		offer_parts(p, q);
		q->phase = SMALL;
	} else {
		q->dropped = true;
		q->phase = OVER;
	}
}

/* That it takes what it took before shows that the end of the connection was a refusal; and whose order counts. */
static void confirm(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	if (slu_answer_taken(a) && a->version == q->version && slu_order_learn(p, q, q->step.hello.nsuites, a->suite)) {
		slu_report_note(p->report, "It refuses suites %s, without an alert.",
				q->drop == SLU_HELLO_SILENT ? "by silence" : "by hanging up");
		finish_part(p, q);
		return;
	}
	p->cut |= slu_answer_dropped(a);
	slu_learn_odd(p, q, a);
	q->phase = OVER;
}

static int answer_suites(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	if (q->phase == CONFIRM)
		confirm(p, q, a);
	else if (slu_answer_taken(a))
		return take(p, q, a);
	else if (a->end == SLU_HELLO_ALERT)
		refuse(p, q, a);
	else if (slu_answer_dropped(a))
		drop(p, q, a);
	else {
		slu_learn_odd(p, q, a);
		q->phase = OVER;
	}
	return 0;
}

const struct slu_question_kind slu_ask_suites = {begin_suites, next_suites, answer_suites, NULL};

/* ---- all versions before TLS 1.2 ---- */

/* A small hello, which all servers stand. */
static bool next_old(struct slu_plan *p, struct slu_question *q)
{
	size_t n;

	if (q->answers)
		return false;
	offer_parts(p, q);
	n = left(p, q);
	slu_offer_hello(p, q, q->version, n);
	return true;
}

static void refuse_above(struct slu_plan *p, const struct slu_question *q, uint16_t version)
{
	for (unsigned v = version + 1u; v <= q->version; v++)
		slu_know(&slu_report_version(p->report, (uint16_t)v)->accepted, false);
}

static int answer_old(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = slu_report_version(p->report, a->version);

	q->drop = a->end;
	if (slu_answer_taken(a) && v && v->version <= q->version &&
	    slu_offer_has(q->suites, q->step.hello.nsuites, a->suite)) {
		refuse_above(p, q, v->version);
		slu_add_id(v->suites, &v->nsuites, SLU_REPORT_SUITES, a->suite);
		return slu_learn(p, q, a);
	}
	if (a->end == SLU_HELLO_ALERT)
		refuse_above(p, q, 0x02FF);
	else if (slu_answer_dropped(a))
		q->dropped = true;
	else
		slu_learn_odd(p, q, a);
	return 0;
}

const struct slu_question_kind slu_ask_old = {NULL, next_old, answer_old, NULL};
