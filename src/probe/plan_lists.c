/* SPDX-License-Identifier: MIT */
/*
 * Groups, and the signature schemes of TLS 1.2, by elimination over suites that are known to be accepted.
 *
 * Schemes are asked for with one kind of key after the other, and a refusal for each. With both in one hello a refusal
 * proves nothing: OpenSSL chooses a suite of RSA for the sake of rsa_pss_pss_*, finds that its key cannot sign with it,
 * and gives up, whatever its ECDSA key could.
 */
#include "probe/plan_int.h"
#include "probe/registry.h"

/* Phases. */
enum {
	GO_ON,
	CONFIRM, /* it hung up on the rest: does it still take what it took before? */
	REVERSED,
	OVER,
};

static bool is_groups(const struct slu_question *q)
{
	return q->kind == &slu_ask_groups;
}

/* Below TLS 1.3, groups of DHE are another matter: of its suites a server may choose a prime of its own. */
static bool counts(const struct slu_question *q, uint16_t id)
{
	if (!is_groups(q))
		return slu_reg_scheme_in(id, q->version);
	return slu_reg_group_in(id, q->version) && (q->version == 0x0304 || !slu_reg_group_ffdhe(id));
}

static bool *complete_of(const struct slu_question *q, struct slu_report_version *v)
{
	return is_groups(q) ? &v->groups_complete : &v->schemes_complete;
}

/* In out those of the report that count, in the order in which they were found. */
static size_t list_found(const struct slu_question *q, const struct slu_report_version *v, uint16_t *out)
{
	const uint16_t *found = is_groups(q) ? v->groups : v->schemes;
	const size_t n = is_groups(q) ? v->ngroups : v->nschemes;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (counts(q, found[i]))
			out[k++] = found[i];
	}
	return k;
}

/* In out those that can be found, in the order of offering; without those of `found`. */
static size_t list_left(const struct slu_question *q, const uint16_t *found, size_t nfound, uint16_t *out)
{
	size_t n, k = 0;
	const uint16_t *all = is_groups(q) ? slu_reg_groups(&n) : slu_reg_schemes(&n);

	for (size_t i = 0; i < n && k < SLU_REPORT_GROUPS; i++) {
		if (counts(q, all[i]) && !slu_offer_has(found, nfound, all[i]))
			out[k++] = all[i];
	}
	return k;
}

/* ---- suites to ask with ---- */

static bool fits(const struct slu_question *q, uint16_t suite, bool ecdsa_too)
{
	const struct slu_reg_suite *s = slu_reg_suite(suite);

	if (q->version == 0x0304)
		return true;
	if (!s || !slu_reg_forward_secret(s))
		return false;
	if (is_groups(q))
		return slu_reg_exchange(s) == SLU_KX_ECDHE && (ecdsa_too || slu_reg_auth(s) != SLU_AUTH_ECDSA);
	return slu_reg_certificate(s) && (q->phase == CONFIRM || !(q->keys & 1u << slu_reg_auth(s)));
}

/* Of the same kind of key as the first. */
static bool same_key(const struct slu_question *q, uint16_t suite)
{
	if (is_groups(q) || q->version == 0x0304 || q->phase == CONFIRM)
		return true;
	return slu_reg_auth(slu_reg_suite(suite)) == slu_reg_auth(slu_reg_suite(q->suites[0]));
}

static size_t pick_suites(struct slu_question *q, const struct slu_report_version *v, bool ecdsa_too)
{
	size_t n = 0;

	for (size_t i = 0; i < v->nsuites; i++) {
		if (fits(q, v->suites[i], ecdsa_too) && (!n || same_key(q, v->suites[i])))
			q->suites[n++] = v->suites[i];
	}
	return n;
}

/* An ECDSA certificate is of use only to who offers its curve (RFC 8422, 5.1), so that others are asked with where
 * there are any. */
static size_t find_suites(struct slu_question *q, const struct slu_report_version *v)
{
	const size_t n = pick_suites(q, v, false);

	return n ? n : pick_suites(q, v, true);
}

/* The refusal may be about the certificate's curve: that is then the one that was taken out last, for it came at once.
 */
static bool may_be_curve(const struct slu_question *q, const uint16_t *found, size_t n)
{
	const struct slu_reg_suite *s = slu_reg_suite(q->suites[0]);

	return is_groups(q) && q->version != 0x0304 && !q->keep && n && s && slu_reg_auth(s) == SLU_AUTH_ECDSA &&
	       found[n - 1] != 0x001D && found[n - 1] != 0x001E; /* x25519 and x448 sign nothing */
}

/* ---- asking ---- */

static bool begin_list(struct slu_plan *p, struct slu_question *q)
{
	const struct slu_report_version *v =
		q->version ? slu_report_version(p->report, q->version) : slu_report_newest(p->report, 0x0303);

	if (!v || v->accepted != SLU_YES)
		return false;
	q->version = v->version;
	return q->version != 0x0300 && find_suites(q, v);
}

static size_t fill(struct slu_question *q, const struct slu_report_version *v, uint16_t *out)
{
	uint16_t found[SLU_REPORT_GROUPS];
	const size_t n = list_found(q, v, found);

	if (q->phase == GO_ON) {
		size_t nleft = list_left(q, found, n, out);

		if (nleft && q->keep)
			slu_add_id(out, &nleft, SLU_REPORT_GROUPS, q->keep);
		return nleft;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = found[n - 1 - i];
	return n;
}

static bool next_list(struct slu_plan *p, struct slu_question *q)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);
	uint16_t ids[SLU_REPORT_GROUPS];
	size_t n = fill(q, v, ids);

	if (q->phase == GO_ON && !n) {
		*complete_of(q, v) = true;
		q->phase = is_groups(q) ? REVERSED : OVER;
		n = fill(q, v, ids);
	}
	if (q->phase == OVER || (q->phase == REVERSED && n < 2))
		return false;
	slu_offer_hello(p, q, q->version, find_suites(q, v));
	for (size_t i = 0; i < n; i++)
		(is_groups(q) ? q->groups : q->schemes)[i] = ids[i];
	*(is_groups(q) ? &q->step.hello.ngroups : &q->step.hello.nschemes) = n;
	slu_offer_sized(q);
	/* One that does not fit would be refused for its size, and prove nothing. */
	return q->phase != GO_ON || !p->small || q->bytes <= SLU_PLAN_SMALL;
}

/* ---- answers ---- */

static void settle_order(struct slu_question *q, struct slu_report_version *v, uint16_t chosen)
{
	uint16_t found[SLU_REPORT_GROUPS], all[SLU_REPORT_GROUPS];
	const size_t n = list_found(q, v, found), nall = list_left(q, NULL, 0, all);
	size_t at = 0;

	if (!is_groups(q) || n < 2)
		return;
	for (size_t i = 0; i < nall && at < n; i++)
		at += all[i] == found[at];
	if (chosen == found[0])
		v->group_order = SLU_ORDER_SERVER;
	else
		v->group_order = chosen == found[n - 1] && at == n ? SLU_ORDER_CLIENT : SLU_ORDER_MIXED;
}

static bool take(struct slu_question *q, struct slu_report_version *v, const struct slu_hello_answer *a)
{
	const uint16_t id = is_groups(q) ? a->group : a->scheme;
	const uint16_t *offered = is_groups(q) ? q->step.hello.groups : q->step.hello.schemes;
	const size_t n = is_groups(q) ? q->step.hello.ngroups : q->step.hello.nschemes;

	if (!slu_answer_taken(a) || a->version != q->version || !slu_offer_has(offered, n, id))
		return false;
	if (q->phase != GO_ON) {
		settle_order(q, v, id);
		return true;
	}
	if (is_groups(q))
		return slu_add_id(v->groups, &v->ngroups, SLU_REPORT_GROUPS, id);
	return slu_add_id(v->schemes, &v->nschemes, SLU_REPORT_SCHEMES, id);
}

static void refuse_groups(struct slu_question *q, struct slu_report_version *v)
{
	uint16_t found[SLU_REPORT_GROUPS];
	const size_t n = list_found(q, v, found);

	if (may_be_curve(q, found, n)) {
		q->keep = found[n - 1];
		q->phase = GO_ON;
		return;
	}
	/* With that curve it took what it refuses now. */
	v->groups_complete = !q->keep;
	q->phase = q->phase == GO_ON ? REVERSED : OVER;
}

/* On with the next kind of key. */
static void refuse_schemes(struct slu_question *q, struct slu_report_version *v)
{
	q->phase = GO_ON;
	find_suites(q, v);
	q->keys |= 1u << slu_reg_auth(slu_reg_suite(q->suites[0]));
	v->schemes_complete = !find_suites(q, v);
	if (v->schemes_complete)
		q->phase = OVER;
}

static void refuse(struct slu_question *q, struct slu_report_version *v)
{
	if (is_groups(q))
		refuse_groups(q, v);
	else
		refuse_schemes(q, v);
}

/* Of all that is left it takes the curve that stays: what it likes less than this, it takes of nobody, since an ECDSA
 * certificate is not for those who do not offer its curve. */
static void take_kept(struct slu_question *q, struct slu_report_version *v)
{
	v->groups_complete = true;
	q->phase = REVERSED;
}

/* Going down to an older version is a refusal, too. */
static bool refuses(const struct slu_question *q, const struct slu_hello_answer *a)
{
	return a->end == SLU_HELLO_ALERT || (slu_answer_taken(a) && a->version < q->version);
}

static int answer_list(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a)
{
	struct slu_report_version *v = slu_report_version(p->report, q->version);

	if (slu_answer_taken(a) && a->version == q->version && q->keep && q->phase == GO_ON && a->group == q->keep) {
		take_kept(q, v);
	} else if (take(q, v, a)) {
		if (q->phase == CONFIRM)
			refuse(q, v);
		else if (q->phase == REVERSED)
			q->phase = OVER;
	} else if (q->phase == GO_ON && refuses(q, a)) {
		refuse(q, v);
	} else if (q->phase == GO_ON && slu_answer_dropped(a)) {
		q->phase = CONFIRM;
	} else {
		p->cut |= slu_answer_dropped(a);
		slu_learn_odd(p, q, a);
		q->phase = OVER;
	}
	return 0;
}

const struct slu_question_kind slu_ask_groups = {begin_list, next_list, answer_list, NULL};
const struct slu_question_kind slu_ask_schemes = {begin_list, next_list, answer_list, NULL};
