/* SPDX-License-Identifier: MIT */
/* What answers say besides what was asked. */
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "probe/plan_int.h"
#include "probe/registry.h"

bool slu_answer_taken(const struct slu_hello_answer *a)
{
	return a->end == SLU_HELLO_CHOSEN || a->end == SLU_HELLO_RETRY;
}

bool slu_answer_dropped(const struct slu_hello_answer *a)
{
	return a->end == SLU_HELLO_CLOSED || a->end == SLU_HELLO_RESET || a->end == SLU_HELLO_SILENT;
}

void slu_know(enum slu_known *what, bool yes)
{
	if (*what != SLU_YES)
		*what = yes ? SLU_YES : SLU_NO;
}

/* Was it new, and is there room? */
bool slu_add_id(uint16_t *list, size_t *n, size_t most, uint16_t id)
{
	if (*n == most || slu_offer_has(list, *n, id))
		return false;
	list[(*n)++] = id;
	return true;
}

/* ---- certificates ---- */

/* FNV-1a: a server that has its certificates collide hides one of them from its own report. */
uint64_t slu_leaf(const struct slu_hello_answer *a)
{
	uint64_t h = 0xCBF29CE484222325u;

	if (!a->ncertificates)
		return 0;
	for (size_t i = 0; i < a->certificates[0].len; i++)
		h = (h ^ a->certificates[0].der[i]) * 0x100000001B3u;
	return h | 1;
}

bool slu_leaf_seen(const struct slu_plan *p, uint64_t leaf)
{
	for (size_t i = 0; i < p->nleaves; i++) {
		if (p->leaves[i] == leaf)
			return true;
	}
	return false;
}

static int look(struct slu_plan *p, const struct slu_hello_answer *a)
{
	struct slu_chain_der certs[SLU_HELLO_CERTIFICATES];
	struct slu_chain *chain;
	int err;

	for (size_t i = 0; i < a->ncertificates; i++)
		certs[i] = (struct slu_chain_der){a->certificates[i].der, a->certificates[i].len};
	chain = p->cfg.look(p->cfg.ctx, certs, a->ncertificates);
	if (!chain)
		return SLU_ERR_NOMEM;
	err = slu_report_add_chain(p->report, chain);
	slu_chain_free(chain);
	return err;
}

static int learn_certificates(struct slu_plan *p, const struct slu_hello_answer *a)
{
	const uint64_t leaf = slu_leaf(a);

	if (!leaf || slu_leaf_seen(p, leaf) || p->nleaves == SLU_PLAN_LEAVES)
		return 0;
	p->leaves[p->nleaves++] = leaf;
	slu_know(&p->report->client_certificate, a->client_certificate);
	return p->cfg.look ? look(p, a) : 0;
}

/* ---- TLS 1.2 and older ---- */

static void learn_extension(enum slu_known *what, const struct slu_question *q, const struct slu_hello_answer *a,
			    unsigned bit)
{
	if (q->step.hello.with & bit)
		slu_know(what, a->with & bit);
}

static void learn_extensions(struct slu_plan *p, const struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report *r = p->report;
	const struct slu_reg_suite *s = slu_reg_suite(a->suite);

	learn_extension(&r->ems, q, a, SLU_WITH_EMS);
	if (s && slu_reg_cbc(s)) /* RFC 7366, 3: with others a server does not agree to it */
		learn_extension(&r->etm, q, a, SLU_WITH_ETM);
	learn_extension(&r->renegotiation, q, a, SLU_WITH_RENEGOTIATION);
	learn_extension(&r->ticket, q, a, SLU_WITH_TICKET);
	learn_extension(&r->max_fragment, q, a, SLU_WITH_MAX_FRAGMENT);
	if (q->step.hello.nalpn)
		slu_know(&r->alpn_any, a->alpn[0]);
	if (a->alpn[0] && !r->alpn[0])
		snprintf(r->alpn, sizeof r->alpn, "%s", a->alpn);
}

static void learn_keys(struct slu_report_version *v, const struct slu_hello_answer *a)
{
	if (a->group)
		slu_add_id(v->groups, &v->ngroups, SLU_REPORT_GROUPS, a->group);
	if (a->scheme)
		slu_add_id(v->schemes, &v->nschemes, SLU_REPORT_SCHEMES, a->scheme);
	if (a->dh_bits && (!v->dh_bits || a->dh_bits < v->dh_bits))
		v->dh_bits = a->dh_bits;
}

int slu_learn(struct slu_plan *p, const struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = slu_report_version(p->report, a->version);

	if (!v)
		return 0;
	v->accepted = SLU_YES;
	if (a->warned && a->warning == 112 && q->step.hello.server_name) /* RFC 6066, 3 */
		slu_report_note(p->report, "It warns that it does not know the name, and goes on all the same.");
	learn_keys(v, a);
	if (a->version == 0x0304)
		return 0;
	if (a->version > 0x0300) /* which has no extensions */
		learn_extensions(p, q, a);
	p->sentinel12 |= a->version == 0x0303 && a->downgrade == SLU_DOWNGRADE_TLS12;
	p->sentinel11 |= a->version < 0x0303 && a->downgrade == SLU_DOWNGRADE_TLS11;
	return learn_certificates(p, a);
}

void slu_learn_no_alpn(struct slu_plan *p)
{
	p->no_alpn = true;
	p->report->alpn_any = SLU_NO;
	slu_report_note(p->report,
			"It refuses clients that offer the protocols h2 and http/1.1 (ALPN): it was asked without.");
}

/* ---- what is odd ---- */

static const char *asked_for(const struct slu_question *q)
{
	const char *name = slu_reg_version_name(q->step.hello.version);

	return name ? name : "another version";
}

void slu_learn_odd(struct slu_plan *p, const struct slu_question *q, const struct slu_hello_answer *a)
{
	const char *alert = slu_reg_alert_name(a->alert);

	switch (a->end) {
	case SLU_HELLO_ALERT:
		slu_report_note(p->report, "Asked with %s for what it had taken before, it refused (%s).", asked_for(q),
				alert ? alert : "an unknown alert");
		break;
	case SLU_HELLO_CLOSED:
	case SLU_HELLO_RESET:
		slu_report_note(p->report, "Asked with %s for what it had taken before, it hung up.", asked_for(q));
		break;
	case SLU_HELLO_SILENT:
		slu_report_note(p->report, "Asked with %s for what it had taken before, it said nothing in time.",
				asked_for(q));
		break;
	case SLU_HELLO_CHOSEN:
	case SLU_HELLO_RETRY:
		slu_report_note(p->report, "Asked with %s, it chose what was not offered.", asked_for(q));
		break;
	default:
		slu_report_note(p->report, "Asked with %s, it %s.", asked_for(q),
				a->wrong[0] ? a->wrong : "answered something that is no answer");
	}
}
