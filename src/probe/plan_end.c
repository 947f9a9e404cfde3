/* SPDX-License-Identifier: MIT */
/* What follows from all answers together. */
#include <stdio.h>

#include "probe/plan_int.h"
#include "probe/registry.h"

/* A version whose first hello only met the end of the connection: a refusal, where the server answers others. */
static void settle_dropped(struct slu_plan *p, const struct slu_question *q)
{
	const bool old = q->kind == &slu_ask_old;

	if (!q->dropped)
		return;
	for (unsigned v = old ? 0x0300 : q->version; v <= q->version; v++) {
		if (q->drop != SLU_HELLO_SILENT)
			slu_know(&slu_report_version(p->report, (uint16_t)v)->accepted, false);
	}
	slu_report_note(p->report, "Asked with %s%s, it %s.", slu_reg_version_name(q->version), old ? " and older" : "",
			q->drop == SLU_HELLO_SILENT ? "said nothing in time" : "hung up without an alert");
}

/* RFC 8446, 4.1.3: in the answers of a server that could do better. One of TLS 1.2 should have it too. */
static void settle_sentinel(struct slu_plan *p)
{
	const struct slu_report_version *v = p->report->versions;
	enum slu_known *known = &p->report->downgrade_sentinel;

	if (v[4].accepted == SLU_YES && v[3].accepted == SLU_YES)
		slu_know(known, p->sentinel12);
	else if (v[3].accepted == SLU_YES && (v[2].nsuites || v[1].nsuites || v[0].nsuites))
		slu_know(known, p->sentinel11);
}

static enum slu_probe_end end_of_none(const struct slu_plan *p)
{
	if (p->ends[SLU_HELLO_NOT_TLS])
		return SLU_PROBE_NOT_TLS;
	if (p->ends[SLU_HELLO_MALFORMED] || p->taken)
		return SLU_PROBE_BROKEN;
	if (p->ends[SLU_HELLO_ALERT])
		return SLU_PROBE_REFUSES;
	if (p->ends[SLU_HELLO_CLOSED] || p->ends[SLU_HELLO_RESET])
		return SLU_PROBE_CLOSES;
	return p->ends[SLU_HELLO_SILENT] ? SLU_PROBE_SILENT : SLU_PROBE_CUT;
}

static void describe_refusal(const struct slu_plan *p, char *out, size_t size)
{
	const char *name = slu_reg_alert_name(p->alert);
	char number[40];

	snprintf(number, sizeof number, "number %u, which is not registered", p->alert);
	snprintf(out, size, "It speaks TLS, and refuses all versions and suites there are (its alert: %s): %s.",
		 name ? name : number,
		 p->alert == 112 ? "it does not know this name" : "look whether it has a certificate");
}

static const char *drops(const struct slu_plan *p, bool silent)
{
	if (silent && p->broke_off)
		return "It begins to answer, and then no more comes: look whether what listens there is alive, and "
		       "whether something between here and there holds back what it sends.";
	if (silent)
		return "It takes connections and says nothing to TLS: look whether this is the right port, and "
		       "whether what listens there is alive.";
	if (p->broke_off)
		return "It begins to answer, and hangs up before the end: look whether this is the port of TLS, and "
		       "what its log says.";
	return "It hangs up on whatever TLS it is asked with: look whether this is the right port, and whether it "
	       "lets this address in.";
}

static void describe(struct slu_plan *p)
{
	struct slu_report *r = p->report;
	char *out = r->sentence;
	const size_t size = sizeof r->sentence;

	switch (r->end) {
	case SLU_PROBE_SILENT:
	case SLU_PROBE_CLOSES:
		snprintf(out, size, "%s", drops(p, r->end == SLU_PROBE_SILENT));
		break;
	case SLU_PROBE_NOT_TLS:
	case SLU_PROBE_BROKEN:
		snprintf(out, size, "It %s: %s.", p->wrong[0] ? p->wrong : "chose what was not offered, each time",
			 r->end == SLU_PROBE_NOT_TLS ? "look whether this is the port of TLS"
						     : "its TLS is broken, or something between here and there");
		break;
	case SLU_PROBE_REFUSES:
		describe_refusal(p, out, size);
		break;
	case SLU_PROBE_CUT:
		snprintf(out, size,
			 "It stopped answering before all was asked, so that what is shown is not all: try again "
			 "later, with fewer connections at a time.");
		break;
	default:
		out[0] = '\0';
	}
}

void slu_plan_conclude(struct slu_plan *p)
{
	struct slu_report *r = p->report;

	if (r->end != SLU_PROBE_OK) /* the scanner knows better */
		return;
	if (slu_report_newest(r, 0x0304)) {
		for (size_t i = 0; i < SLU_QUESTIONS; i++)
			settle_dropped(p, &p->questions[i]);
		settle_sentinel(p);
		r->end = p->cut ? SLU_PROBE_CUT : SLU_PROBE_OK;
	} else {
		r->end = end_of_none(p);
	}
	describe(p);
}
