/* SPDX-License-Identifier: MIT */
/* Full handshakes: what TLS 1.3 encrypts. */
#include <stdio.h>
#include <string.h>

#include "probe/plan_int.h"
#include "probe/registry.h"

enum {
	AGAIN = 1, /* phase: without ALPN, which was refused */
	ANY,       /* with all suites that OpenSSL has, for it lacks some of those that are accepted */
};

/* With TLS 1.2 a full handshake tells one thing that hellos do not: whether a client without a certificate is refused.
 */
static bool begin_handshake(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);

	/* A client without a key share is not understood by everybody. */
	if (v->accepted != SLU_YES)
		return q->version == 0x0304 && p->questions[SLU_Q_SUITES_13].unread;
	return q->version == 0x0304 ||
	       (p->report->versions[4].accepted != SLU_YES && p->report->client_certificate == SLU_YES);
}

static bool next_handshake(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (q->answers && !q->phase)
		return false;
	slu_offer_handshake(p, q, q->version);
	if (q->version != 0x0304 || q->phase == ANY || v->nsuites < 2 || !v->complete)
		return true;
	/* It tells by the way whose order counts. */
	q->step.handshake.suites = q->suites;
	q->step.handshake.nsuites = slu_offer_reversed(q, v, slu_order_chacha(p, v));
	return true;
}

/* What a handshake that was done says by what is missing, too. */
static void learn_done(struct slu_plan *p, const struct slu_question *q, const struct slu_inspect_result *r)
{
	struct slu_report *report = p->report;

	if (q->step.handshake.nalpn)
		slu_know(&report->alpn_any, r->alpn[0]);
	if (r->alpn[0] && !report->alpn[0])
		snprintf(report->alpn, sizeof report->alpn, "%s", r->alpn);
	slu_know(&report->client_certificate, r->client_certificate);
	if (report->client_certificate == SLU_YES)
		slu_know(&report->client_certificate_needed, r->client_certificate_needed);
	if (q->version != 0x0304)
		return;
	slu_know(&report->record_size_limit_known, r->record_size_limit);
	report->record_size_limit = r->record_size_limit;
	/* A server that refuses the client sends it none. */
	if (!r->client_certificate_needed)
		slu_know(&report->tickets13, r->tickets);
}

/* It had refused the version: if it does take it, it was the hello that it did not understand. */
static bool learn_version(struct slu_plan *p, const struct slu_question *q, const struct slu_inspect_result *r)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (!r->suite)
		return false;
	v->accepted = SLU_YES;
	slu_add_id(v->suites, &v->nsuites, SLU_REPORT_SUITES, r->suite);
	slu_report_note(p->report,
			"It takes %s, but not from a client without a key share: of its suites one is known.",
			slu_reg_version_name(q->version));
	return true;
}

static int learn_handshake(struct slu_plan *p, const struct slu_question *q, const struct slu_inspect_result *r)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (v->accepted != SLU_YES && !learn_version(p, q, r)) {
		if (r->alert < 0 && !r->lacks) /* no refusal */
			slu_report_note(p->report, "A full handshake with %s, whose hellos it refused, failed: %s",
					slu_reg_version_name(q->version), r->sentence);
		return 0;
	}
	if (r->scheme)
		slu_add_id(v->schemes, &v->nschemes, SLU_REPORT_SCHEMES, r->scheme);
	if (r->client_certificate_needed)
		p->report->client_certificate = p->report->client_certificate_needed = SLU_YES;
	if (r->done)
		learn_done(p, q, r);
	else if (!r->client_certificate_needed)
		slu_report_note(p->report, "A full handshake with %s failed: %s", slu_reg_version_name(q->version),
				r->sentence);
	return r->chain ? slu_report_add_chain(p->report, r->chain) : 0;
}

static int inspect_handshake(struct slu_plan *p, struct slu_question *q, const struct slu_inspect_result *r)
{
	if (r->lacks && q->step.handshake.nsuites) {
		q->phase = ANY;
		p->lacks = true;
		return 0;
	}
	if (q->step.handshake.nsuites && r->suite)
		slu_order_learn(p, q, q->step.handshake.nsuites, r->suite);
	if (!r->done && r->alert == 120 && q->step.handshake.nalpn) {
		slu_learn_no_alpn(p);
		q->phase = AGAIN;
		return 0;
	}
	q->phase = 0;
	return learn_handshake(p, q, r);
}

const struct slu_question_kind slu_ask_handshake = {begin_handshake, next_handshake, NULL, inspect_handshake};

/* ---- signature schemes of TLS 1.3 ---- */

enum { OVER = 1 };

static bool begin_schemes(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v = slu_report_version(p->report, q->version);

	return v->accepted == SLU_YES && v->nschemes;
}

static bool next_schemes(struct slu_plan *p, struct slu_question *q)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);
	size_t n = 0, nall;
	const uint16_t *all = slu_reg_schemes(&nall);

	if (q->phase == OVER)
		return false;
	for (size_t i = 0; i < nall && n < SLU_REPORT_SCHEMES; i++) {
		if (slu_reg_scheme_in(all[i], q->version) && !slu_offer_has(v->schemes, v->nschemes, all[i]))
			q->schemes[n++] = all[i];
	}
	v->schemes_complete = !n;
	if (!n)
		return false;
	slu_offer_handshake(p, q, q->version);
	q->step.handshake.schemes = q->schemes;
	q->step.handshake.nschemes = n;
	return true;
}

/* Chains of other kinds of key come along. */
static int inspect_schemes(struct slu_plan *p, struct slu_question *q, const struct slu_inspect_result *r)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);
	const bool offered = slu_offer_has(q->schemes, q->step.handshake.nschemes, r->scheme);

	if (offered && slu_add_id(v->schemes, &v->nschemes, SLU_REPORT_SCHEMES, r->scheme))
		return r->chain ? slu_report_add_chain(p->report, r->chain) : 0;
	q->phase = OVER;
	v->schemes_complete = !r->scheme && (r->lacks || r->alert >= 0);
	if (!v->schemes_complete)
		slu_report_note(p->report, "A full handshake to find signature schemes failed: %s",
				r->scheme ? "it signed with one that was not offered." : r->sentence);
	return 0;
}

const struct slu_question_kind slu_ask_schemes_13 = {begin_schemes, next_schemes, NULL, inspect_schemes};
