/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "plan_model.h"
#include "probe/registry.h"

struct slu_hello_answer model_alert(uint8_t alert)
{
	return (struct slu_hello_answer){.end = SLU_HELLO_ALERT, .alert_level = 2, .alert = alert};
}

struct slu_hello_answer model_end(enum slu_hello_end end)
{
	struct slu_hello_answer a = {.end = end};

	if (end == SLU_HELLO_NOT_TLS || end == SLU_HELLO_MALFORMED)
		snprintf(a.wrong, sizeof a.wrong, "sent something strange");
	return a;
}

/* ---- choosing ---- */

static bool has(const uint16_t *list, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == id)
			return true;
	}
	return false;
}

/* The best tier's one that the client has first; 0: none. */
static uint16_t choose(struct model *m, const struct model_list *l, const uint16_t *offered, size_t n)
{
	const size_t start = m->vice == MODEL_RANDOM && l->n ? test_rand(&m->random) % l->n : 0;
	uint16_t best = 0;
	unsigned tier = 256;

	for (size_t k = 0; k < l->n; k++) {
		const size_t i = (start + k) % l->n;

		if (m->vice == MODEL_RANDOM && has(offered, n, l->ids[i]))
			return l->ids[i];
		if (l->tier[i] < tier && has(offered, n, l->ids[i]))
			tier = l->tier[i];
	}
	for (size_t k = 0; k < n && !best; k++) {
		for (size_t i = 0; i < l->n; i++)
			best = l->ids[i] == offered[k] && l->tier[i] == tier ? offered[k] : best;
	}
	return best;
}

static enum slu_reg_auth auth_of(uint16_t suite)
{
	return slu_reg_auth(slu_reg_suite(suite));
}

static bool is_ecdsa(uint16_t scheme)
{
	return scheme == 0x0403 || scheme == 0x0503 || scheme == 0x0603;
}

/* That the suite's certificate can sign with. */
static uint16_t choose_scheme(struct model *m, const struct slu_hello *h, uint16_t suite)
{
	struct model_list able = {.n = 0};
	const struct model_list *l = &m->schemes[0];

	for (size_t i = 0; i < l->n; i++) {
		if (is_ecdsa(l->ids[i]) == (auth_of(suite) == SLU_AUTH_ECDSA)) {
			able.tier[able.n] = l->tier[i];
			able.ids[able.n++] = l->ids[i];
		}
	}
	return choose(m, &able, h->schemes, h->nschemes);
}

static bool feasible(struct model *m, const struct slu_hello *h, unsigned version, uint16_t suite)
{
	const struct slu_reg_suite *s = slu_reg_suite(suite);
	const bool curve = version == 0x0304 || slu_reg_exchange(s) == SLU_KX_ECDHE;

	if (version < 0x0304 && auth_of(suite) == SLU_AUTH_ECDSA && m->curve && !has(h->groups, h->ngroups, m->curve))
		return false;
	if (curve && version > 0x0300 && !choose(m, &m->groups[version == 0x0304], h->groups, h->ngroups))
		return false;
	if (version != 0x0303 || !slu_reg_forward_secret(s) || choose_scheme(m, h, suite))
		return true;
	return slu_reg_auth(s) == SLU_AUTH_RSA && m->sham && has(h->schemes, h->nschemes, m->sham);
}

/* It chose a suite, and now it turns out that it cannot sign. */
static bool stuck(struct model *m, const struct slu_hello *h, unsigned version, uint16_t suite)
{
	const struct slu_reg_suite *s = slu_reg_suite(suite);

	return m->sham && version == 0x0303 && slu_reg_forward_secret(s) && !choose_scheme(m, h, suite);
}

/* Libraries do not see what they do not know: the first that is accepted, or that everybody has. */
static bool chacha_leads(const struct model *m, const struct model_list *l, const uint16_t *offered, size_t n)
{
	static const uint16_t gcm[] = {0xC02C, 0xC030, 0xC02B, 0xC02F, 0x1301, 0x1302};
	static const uint16_t known[] = {0xC02C, 0xC030, 0xC02B, 0xC02F, 0x009F, 0x009E, 0x1301, 0x1302, 0x1304,
					 0x1305, 0xC00A, 0xC014, 0xC009, 0xC013, 0x0035, 0x002F, 0x009C, 0x009D};

	for (size_t i = 0; i < n; i++) {
		if (slu_reg_chacha(slu_reg_suite(offered[i])) && has(l->ids, l->n, offered[i]))
			return true;
		if (m->but_gcm && (offered[i] == 0x1304 || offered[i] == 0x1305))
			continue;
		if (has(l->ids, l->n, offered[i]) || has(known, sizeof known / sizeof *known, offered[i]))
			return m->but_gcm && !has(gcm, sizeof gcm / sizeof *gcm, offered[i]);
	}
	return false;
}

static uint16_t choose_suite(struct model *m, const struct slu_hello *h, unsigned version)
{
	const struct model_list *l = &m->versions[version - 0x0300].suites;
	uint16_t can[SLU_REPORT_SUITES], chacha[SLU_REPORT_SUITES];
	size_t ncan = 0, nchacha = 0;

	for (size_t i = 0; i < h->nsuites; i++) {
		if (!has(l->ids, l->n, h->suites[i]) || !feasible(m, h, version, h->suites[i]))
			continue;
		can[ncan++] = h->suites[i];
		if (slu_reg_chacha(slu_reg_suite(h->suites[i])))
			chacha[nchacha++] = h->suites[i];
	}
	if (m->turns && ncan && h->version == 0x0303 && h->nsuites < 20)
		return can[0];
	if (m->chacha_first && nchacha && chacha_leads(m, l, h->suites, h->nsuites))
		return choose(m, l, chacha, nchacha);
	return choose(m, l, can, ncan);
}

/* ---- answers ---- */

static size_t bytes_of(const struct slu_hello *h)
{
	struct slu_buf b;
	size_t n;

	slu_buf_init(&b, 65536);
	assert_int_equal(slu_hello_encode(h, &b), 0);
	n = b.len - 5;
	slu_buf_clear(&b);
	return n;
}

static unsigned negotiate(struct model *m, const struct slu_hello *h)
{
	unsigned first = 0;

	if (h->version == 0x0304)
		return m->versions[4].on ? 0x0304 : 0;
	for (unsigned v = h->version; v >= 0x0300; v--) {
		if (!m->versions[v - 0x0300].on)
			continue;
		if (!m->goes_down || choose_suite(m, h, v))
			return v;
		first = first ? first : v;
	}
	return first;
}

static unsigned newest(const struct model *m)
{
	for (unsigned v = SLU_REPORT_VERSIONS; v-- > 0;) {
		if (m->versions[v].on)
			return 0x0300 + v;
	}
	return 0;
}

static void show_chain(struct model *m, const struct slu_hello *h, struct slu_hello_answer *a)
{
	static const uint8_t ders[4][4] = {"rsa", "ecd", "RSA", "ECD"};
	const bool other = m->other_chain && !h->server_name && h->version > 0x0300;

	if (!slu_reg_certificate(slu_reg_suite(a->suite)))
		return;
	a->certificates[0].der = ders[2 * other + (auth_of(a->suite) == SLU_AUTH_ECDSA)];
	a->certificates[0].len = 3;
	a->ncertificates = 1;
	a->client_certificate = m->client_certificate;
}

static void fill_old(struct model *m, const struct slu_plan_step *step, struct slu_hello_answer *a)
{
	const struct slu_hello *h = &step->hello;
	const struct slu_reg_suite *s = slu_reg_suite(a->suite);

	a->with = m->with & h->with & (slu_reg_cbc(s) ? ~0u : ~(unsigned)SLU_WITH_ETM);
	if (h->with & SLU_WITHOUT_EXTENSIONS)
		a->with = 0;
	if (h->nalpn && m->alpn)
		snprintf(a->alpn, sizeof a->alpn, "%s", m->alpn);
	if (m->sentinel && newest(m) > a->version)
		a->downgrade = a->version == 0x0303 ? SLU_DOWNGRADE_TLS12 : SLU_DOWNGRADE_TLS11;
	if (!step->whole)
		return;
	show_chain(m, h, a);
	if (slu_reg_exchange(s) == SLU_KX_ECDHE && a->version > 0x0300)
		a->group = choose(m, &m->groups[0], h->groups, h->ngroups);
	if (slu_reg_exchange(s) == SLU_KX_DHE) {
		a->dh_bits = 2048;
		a->group = m->ffdhe && has(h->groups, h->ngroups, m->ffdhe) ? m->ffdhe : 0;
	}
	if (a->version == 0x0303 && slu_reg_forward_secret(s) && slu_reg_certificate(s))
		a->scheme = choose_scheme(m, h, a->suite);
}

static void honest(struct model *m, const struct slu_plan_step *step, struct slu_hello_answer *a)
{
	const struct slu_hello *h = &step->hello;
	const unsigned version = negotiate(m, h);

	if (m->bare && !(h->with & SLU_WITHOUT_EXTENSIONS))
		*a = m->refusal;
	else if (m->wants_share && h->version == 0x0304)
		*a = model_alert(m->wants_share);
	else if (m->stands && bytes_of(h) > m->stands)
		*a = m->not_stood;
	else if (!version)
		*a = m->no_version;
	else if (m->again && h->version == 0x0303 && h->nsuites < 20)
		*a = *m->again;
	else if (m->needs_sni && !h->server_name && version > 0x0300)
		*a = m->no_name;
	else if (m->scsv && has(h->suites, h->nsuites, SLU_SCSV_FALLBACK) && h->version < newest(m))
		*a = model_alert(86);
	else if (m->alpn_strict && h->nalpn)
		*a = model_alert(120);
	else if (!choose_suite(m, h, version) || stuck(m, h, version, choose_suite(m, h, version)))
		*a = m->refusal;
	else {
		a->end = version == 0x0304 ? SLU_HELLO_RETRY : SLU_HELLO_CHOSEN;
		a->version = (uint16_t)version;
		a->suite = choose_suite(m, h, version);
		if (version == 0x0304)
			a->group = m->stuck_group ? m->stuck_group : choose(m, &m->groups[1], h->groups, h->ngroups);
		else
			fill_old(m, step, a);
	}
}

/* ---- vices ---- */

static void take_unasked(struct model *m, const struct slu_hello *h, struct slu_hello_answer *a, uint16_t suite)
{
	/* That it was not offered is for the reader to say, and noticed all the same. */
	const bool bad = !has(h->suites, h->nsuites, suite) && test_rand(&m->random) & 1;

	*a = model_end(bad ? SLU_HELLO_MALFORMED : h->version == 0x0304 ? SLU_HELLO_RETRY : SLU_HELLO_CHOSEN);
	a->version = h->version;
	a->suite = suite;
	a->group = m->vice == MODEL_ALL && h->ngroups ? h->groups[0] : 0x001D;
}

static void be_moody(struct model *m, struct slu_hello_answer *a)
{
	static const enum slu_hello_end ends[] = {SLU_HELLO_CLOSED, SLU_HELLO_RESET, SLU_HELLO_SILENT,
						  SLU_HELLO_NOT_TLS, SLU_HELLO_MALFORMED};
	const uint32_t r = test_rand(&m->random) % 16;

	if (r < 5)
		*a = model_end(ends[r]);
	else if (r < 8)
		*a = model_alert((uint8_t)test_rand(&m->random));
}

static void misbehave(struct model *m, const struct slu_hello *h, struct slu_hello_answer *a)
{
	switch (m->vice) {
	case MODEL_DROPS:
		*a = model_end(SLU_HELLO_CLOSED + test_rand(&m->random) % 3);
		break;
	case MODEL_UNASKED:
		if (test_rand(&m->random) % 3 == 0)
			take_unasked(m, h, a, (uint16_t)test_rand(&m->random));
		break;
	case MODEL_STICKS:
		take_unasked(m, h, a, h->version == 0x0304 ? 0x1301 : 0xC02F);
		break;
	case MODEL_ALL:
		take_unasked(m, h, a, h->suites[0]);
		break;
	case MODEL_MOODY:
		be_moody(m, a);
		break;
	default:
		break;
	}
}

const struct slu_hello_answer *model_answer(struct model *m, const struct slu_plan_step *step)
{
	static struct slu_hello_answer a;

	memset(&a, 0, sizeof a);
	honest(m->other && m->answers % 2 ? m->other : m, step, &a);
	if (m->vice != MODEL_HONEST && m->answers >= m->honest)
		misbehave(m, &step->hello, &a);
	if (++m->answers == m->fails)
		a = model_alert(80);
	if ((a.end == SLU_HELLO_CHOSEN || a.end == SLU_HELLO_RETRY) &&
	    has(step->hello.suites, step->hello.nsuites, a.suite) && a.version - 0x0300u < SLU_REPORT_VERSIONS)
		m->took[a.version - 0x0300][a.suite] = true;
	return &a;
}

/* ---- full handshakes ---- */

static uint16_t scheme13(struct model *m, const struct slu_inspect_config *c)
{
	if (!c->nschemes)
		return choose(m, &m->schemes[1], m->schemes[1].ids, m->schemes[1].n);
	return choose(m, &m->schemes[1], c->schemes, c->nschemes);
}

static uint16_t suite13(struct model *m, const struct slu_inspect_config *c)
{
	static const uint16_t all[] = {0x1302, 0x1303, 0x1301};
	const struct slu_hello h = {.version = 0x0304,
				    .suites = c->nsuites ? c->suites : all,
				    .nsuites = c->nsuites ? c->nsuites : sizeof all / sizeof *all,
				    .groups = m->groups[1].ids,
				    .ngroups = m->groups[1].n};

	return choose_suite(m, &h, 0x0304);
}

static void look_at(struct model *m, bool sni, struct slu_inspect_result *r)
{
	static struct slu_chain chain;

	chain.n = 1;
	memset(chain.links[0].digest, 0, sizeof chain.links[0].digest);
	chain.links[0].digest[0] = (uint8_t)(is_ecdsa(r->scheme) ? (sni || !m->other_chain ? 'e' : 'E')
								 : (sni || !m->other_chain ? 'r' : 'R'));
	r->chain = &chain;
}

const struct slu_inspect_result *model_inspect(struct model *m, const struct slu_plan_step *step)
{
	static struct slu_inspect_result r;
	const struct slu_inspect_config *c = &step->handshake;

	r = (struct slu_inspect_result){.alert = -1, .version = c->version};
	if (m->lacks && c->nsuites) {
		r.failed = r.lacks = true;
		return &r;
	}
	m->handshakes++;
	if (m->hangs_up || (m->vice == MODEL_DROPS && m->answers >= m->honest)) {
		r.failed = r.closed = true;
	} else if (!m->versions[c->version - 0x0300].on) {
		r.alert = 70;
	} else if (m->needs_sni && !c->sni) {
		r.alert = 112;
	} else if (m->alpn_strict && c->nalpn) {
		r.alert = 120;
	} else if (c->version == 0x0304 && !scheme13(m, c)) {
		r.alert = 40;
	} else {
		r.scheme = c->version == 0x0304 ? scheme13(m, c) : 0;
		r.suite = c->version == 0x0304 ? suite13(m, c) : 0;
		r.client_certificate = m->client_certificate;
		r.client_certificate_needed = m->needs_certificate;
		r.done = c->version == 0x0304 || !m->needs_certificate;
		r.record_size_limit = m->record_size_limit;
		r.tickets = m->needs_certificate ? 0 : m->tickets;
		if (c->nalpn && m->alpn)
			snprintf(r.alpn, sizeof r.alpn, "%s", m->alpn);
		look_at(m, c->sni, &r);
	}
	r.failed = r.failed || r.alert >= 0;
	return &r;
}

struct slu_chain *model_look(void *ctx, const struct slu_chain_der *certs, size_t n)
{
	struct slu_chain *chain = calloc(1, sizeof *chain);

	((struct model *)ctx)->looks++;
	if (!chain)
		return NULL;
	chain->n = n;
	chain->links[0].digest[0] = certs[0].der[0];
	return chain;
}
