/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "plan_kit.h"
#include "probe/registry.h"

enum { LANES = 4 };

struct model model;
struct slu_report report;
static unsigned depths; /* the deepest step that was asked */

int plan_setup(void **state)
{
	(void)state;
	memset(&model, 0, sizeof model);
	model.refusal = model_alert(40);
	model.no_version = model_alert(70);
	model.no_name = model_alert(112);
	model.not_stood = model_end(SLU_HELLO_SILENT);
	model.random = 1;
	slu_report_init(&report);
	return 0;
}

int plan_teardown(void **state)
{
	(void)state;
	slu_report_clear(&report);
	return 0;
}
/* ---- a scan ---- */

static void answer_one(struct slu_plan *p, const struct slu_plan_step *step)
{
	const struct slu_hello_answer again = model_end(SLU_HELLO_CLOSED);

	if (step->depth > depths)
		depths = step->depth;
	if (step->kind == SLU_STEP_HELLO)
		assert_int_equal(slu_plan_answer(p, step->id, model_answer(&model, step)), 0);
	else
		assert_int_equal(slu_plan_inspected(p, step->id, model_inspect(&model, step)), 0);
	assert_int_equal(slu_plan_answer(p, step->id, &again), SLU_ERR_INVALID);
}

/* As the scanner does it, with answers that come in any order. */
void scan_as(const char *name, bool full, uint32_t seed)
{
	const struct slu_plan_config config = {.full = full,
					       .host = "a.example",
					       .server_name = name,
					       .seed = seed,
					       .look = model_look,
					       .ctx = &model};
	struct slu_plan *p = slu_plan_new(&config, &report);
	struct slu_plan_step steps[LANES];
	size_t n = 0, asked = 0, needed = 0;
	uint32_t random = seed + 1;

	assert_non_null(p);
	depths = 0;
	while (!slu_plan_done(p)) {
		while (n < LANES && slu_plan_next(p, &steps[n])) {
			n++;
			asked++;
		}
		if (slu_plan_done(p))
			break;
		assert_true(n > 0); /* or it waits for nothing */
		if (asked + slu_plan_certain(p) > needed)
			needed = asked + slu_plan_certain(p);
		const size_t i = test_rand(&random) % n;
		answer_one(p, &steps[i]);
		steps[i] = steps[--n];
	}
	assert_int_equal(n, 0);
	/* All that were connected ahead are of use, to a server that is true to itself; SSL 3.0 knows no names. */
	if (model.vice == MODEL_HONEST && report.end == SLU_PROBE_OK &&
	    (newest(true) < 4 ? newest(true) : newest(false)) != 0)
		assert_true(needed <= asked);
	assert_false(slu_plan_next(p, &steps[0]));
	slu_plan_free(p);
}

void scan(bool full, uint32_t seed)
{
	scan_as("a.example", full, seed);
}

/* ---- configurations ---- */

const uint16_t rsa_suites[26] = {0xC030, 0xC02F, 0x009F, 0x009E, 0xC028, 0xC027, 0xC014, 0xC013, 0x0039,
				 0x0033, 0x009D, 0x009C, 0x003D, 0x003C, 0x0035, 0x002F, 0x000A, 0x0005,
				 0xCCA8, 0xCCAA, 0x0041, 0xC09C, 0xC061, 0xC077, 0x0096, 0x0004};
static const uint16_t ecdsa[] = {0xC02C, 0xC02B, 0xC024, 0xC023, 0xC00A, 0xC009,
				 0xCCA9, 0xC0AC, 0xC0AD, 0xC05C, 0xC008};
static const uint16_t new13[] = {0x1302, 0x1303, 0x1301, 0x1304, 0x1305};
static const uint16_t curves[] = {0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001A, 0x001B};
static const uint16_t groups13[] = {0x001D, 0x0017, 0x11EC, 0x0018, 0x0100, 0x0101, 0x001E};
static const uint16_t rsa_schemes[] = {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201};
static const uint16_t ecdsa_schemes[] = {0x0403, 0x0503, 0x0603};

static bool coin(void)
{
	return test_rand(&model.random) >> 7 & 1;
}

uint32_t below(uint32_t n)
{
	return (test_rand(&model.random) >> 5) % n;
}

void add(struct model_list *l, uint16_t id)
{
	l->tier[l->n] = (uint8_t)l->n;
	l->ids[l->n++] = id;
}

/* Some of them, and at least one; those that `fits`. */
static void add_some(struct model_list *l, const uint16_t *ids, size_t n, uint16_t version)
{
	const size_t before = l->n;

	for (size_t i = 0; i < n; i++) {
		const struct slu_reg_suite *s = slu_reg_suite(ids[i]);

		if (coin() && (!version || slu_reg_suite_in(s, version)))
			add(l, ids[i]);
	}
	if (l->n == before)
		add(l, !version || version == 0x0304 ? ids[0] : n == COUNT(rsa_suites) ? 0xC013 : 0xC009);
}

static void shuffle(struct model_list *l)
{
	for (size_t i = l->n; i > 1; i--) {
		const size_t k = below((uint32_t)i);
		const uint16_t id = l->ids[k];

		l->ids[k] = l->ids[i - 1];
		l->ids[i - 1] = id;
	}
}

/* An order of its own, the client's, or groups of equal preference. */
static void rank(struct model_list *l)
{
	const uint32_t kind = below(3);

	shuffle(l);
	for (size_t i = 0; i < l->n; i++) {
		const unsigned step = kind == 0 || (kind == 2 && coin());

		l->tier[i] = (uint8_t)(i ? l->tier[i - 1] + step : 0);
	}
}

static void configure_lists(bool rsa_key, bool ecdsa_key)
{
	for (unsigned v = 0; v < SLU_REPORT_VERSIONS; v++) {
		struct model_list *l = &model.versions[v].suites;

		if (!model.versions[v].on)
			continue;
		if (v == 4)
			add_some(l, new13, COUNT(new13), 0x0304);
		if (v < 4 && rsa_key)
			add_some(l, rsa_suites, COUNT(rsa_suites), (uint16_t)(0x0300 + v));
		if (v < 4 && ecdsa_key)
			add_some(l, ecdsa, COUNT(ecdsa), (uint16_t)(0x0300 + v));
		rank(l);
	}
	add_some(&model.groups[0], curves, COUNT(curves), 0);
	add_some(&model.groups[1], groups13, COUNT(groups13), 0);
	for (size_t i = 0; i < 2; i++) {
		if (rsa_key)
			add_some(&model.schemes[i], rsa_schemes, i ? 3 : COUNT(rsa_schemes), 0);
		if (ecdsa_key)
			add_some(&model.schemes[i], ecdsa_schemes, COUNT(ecdsa_schemes), 0);
		rank(&model.groups[i]);
		rank(&model.schemes[i]);
	}
}

/* All of it at random. */
void configure(uint32_t seed)
{
	const uint32_t keys = seed % 3;
	unsigned on;

	model.random = seed * 2654435761u + 1;
	do {
		on = below(32);
	} while (!on);
	for (unsigned v = 0; v < SLU_REPORT_VERSIONS; v++)
		model.versions[v].on = on >> v & 1;
	configure_lists(keys != 1, keys != 0);
	model.ffdhe = coin() ? 0x0100 : 0;
	model.needs_sni = below(4) == 0;
	model.other_chain = below(4) == 0;
	model.with = below(32);
	model.alpn = coin() ? "h2" : NULL;
	model.alpn_strict = !model.alpn && below(4) == 0;
	model.client_certificate = below(4) == 0;
	model.needs_certificate = model.client_certificate && coin();
	model.record_size_limit = coin() ? 16385 : 0;
	model.tickets = coin() ? 2 : 0;
	model.goes_down = coin();
	model.scsv = coin();
	model.sentinel = coin();
	model.sham = coin() ? 0x0809 : 0;
	if (coin())
		model.no_version = model_alert(40);
}

/* The first library's: suites in two versions, with an order of its own. */
void configure_common(size_t old, size_t new)
{
	plan_setup(NULL);
	model.versions[3].on = model.versions[4].on = true;
	for (size_t i = 0; i < old; i++)
		add(&model.versions[3].suites, rsa_suites[i]);
	for (size_t i = 0; i < new; i++)
		add(&model.versions[4].suites, new13[i]);
	for (size_t i = 0; i < 3; i++) {
		add(&model.groups[0], curves[i]);
		add(&model.groups[1], groups13[i]);
		add(&model.schemes[0], rsa_schemes[i]);
		add(&model.schemes[1], rsa_schemes[i]);
	}
	model.tickets = 2;
	model.with = SLU_WITH_EMS | SLU_WITH_TICKET | SLU_WITH_RENEGOTIATION;
}

/* ---- what is expected ---- */

static size_t index_of(const struct model_list *l, uint16_t id)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->ids[i] == id)
			return i;
	}
	fail_msg("0x%04X is not accepted", id);
	return 0;
}

static size_t in_tier(const struct model_list *l, unsigned tier)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->tier[i] == tier;
	return n;
}

/* Each, once, and by falling preference. */
static void expect_list(const struct model_list *l, const uint16_t *ids, size_t n)
{
	unsigned tier = 0;

	assert_int_equal(n, l->n);
	for (size_t i = 0; i < n; i++) {
		const size_t k = index_of(l, ids[i]);

		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(ids[j], ids[i]);
		assert_true(l->tier[k] >= tier);
		tier = l->tier[k];
	}
}

static enum slu_order order_of(const struct model_list *l)
{
	if (l->n < 2)
		return SLU_ORDER_UNKNOWN;
	if (in_tier(l, 0) == l->n)
		return SLU_ORDER_CLIENT;
	return in_tier(l, 0) > 1 ? SLU_ORDER_MIXED : SLU_ORDER_SERVER;
}

static bool has_chacha(const struct model_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (slu_reg_chacha(slu_reg_suite(l->ids[i])))
			return true;
	}
	return false;
}

static enum slu_known chacha_of(const struct model_list *l)
{
	if (l->n < 2 || !has_chacha(l))
		return SLU_UNKNOWN;
	for (size_t i = 0; i < l->n; i++) {
		if (l->tier[i] == 0 && slu_reg_chacha(slu_reg_suite(l->ids[i])))
			return SLU_YES;
	}
	return model.chacha_first ? SLU_YES : SLU_NO;
}

static void expect_suites(const struct slu_report_version *v, bool full)
{
	const struct model_list *l = &model.versions[v->version - 0x0300].suites;
	const bool both = v->version == 0x0303 && model.versions[4].on && has_chacha(&model.versions[4].suites);

	expect_list(l, v->suites, v->nsuites);
	assert_true(v->complete);
	assert_int_equal(v->order, order_of(l));
	if (v->nsuites > 1 && slu_reg_chacha(slu_reg_suite(v->suites[0]))) /* for free */
		assert_int_equal(v->chacha, SLU_YES);
	if (full || !both || v->chacha != SLU_UNKNOWN)
		assert_int_equal(v->chacha, chacha_of(l));
}

static bool is_newest_old(unsigned v)
{
	for (unsigned k = v + 1; k < 4; k++) {
		if (model.versions[k].on)
			return false;
	}
	return v < 4;
}

static bool has_ecdhe(const struct model_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (slu_reg_exchange(slu_reg_suite(l->ids[i])) == SLU_KX_ECDHE)
			return true;
	}
	return false;
}

/* Of old versions the newest. */
static void expect_groups(const struct slu_report_version *v)
{
	const struct model_list *suites = &model.versions[v->version - 0x0300].suites;
	const struct model_list *l = &model.groups[v->version == 0x0304];

	uint16_t groups[SLU_REPORT_GROUPS];
	size_t n = 0;

	if (v->version != 0x0304 && (!is_newest_old(v->version - 0x0300u) || v->version == 0x0300))
		return;
	for (size_t i = 0; i < v->ngroups; i++) {
		if (v->version == 0x0304 || v->groups[i] != model.ffdhe)
			groups[n++] = v->groups[i];
	}
	if (v->version != 0x0304 && !has_ecdhe(suites)) {
		assert_int_equal(n, 0);
		return;
	}
	expect_list(l, groups, n);
	assert_int_equal(v->group_order, order_of(l));
	assert_true(v->groups_complete);
}

/* Those of a key that signs something. */
static void expect_schemes(const struct slu_report_version *v)
{
	const struct model_list *suites = &model.versions[v->version - 0x0300].suites;
	const struct model_list *l = &model.schemes[v->version == 0x0304];
	size_t n = 0;

	if (v->version < 0x0303)
		return;
	for (size_t i = 0; i < l->n; i++) {
		const bool ecdsa_key = l->ids[i] == 0x0403 || l->ids[i] == 0x0503 || l->ids[i] == 0x0603;
		bool used = v->version == 0x0304;

		for (size_t k = 0; k < suites->n; k++) {
			const struct slu_reg_suite *s = slu_reg_suite(suites->ids[k]);

			used |= slu_reg_forward_secret(s) && (slu_reg_auth(s) == SLU_AUTH_ECDSA) == ecdsa_key;
		}
		n += used;
		if (used)
			assert_int_equal(v->schemes_complete, true);
	}
	assert_int_equal(v->nschemes, n);
	for (size_t i = 0; i < n; i++)
		index_of(l, v->schemes[i]);
}

/* The newest of the versions before TLS 1.2, which one hello finds; 0 where there is none, since it then tells of all.
 */
static unsigned newest_before(unsigned version)
{
	for (unsigned v = version; v-- > 0x0300;) {
		if (model.versions[v - 0x0300].on)
			return v - 0x0300;
	}
	return 0;
}

void expect_versions(bool full)
{
	for (unsigned v = 0; v < SLU_REPORT_VERSIONS; v++) {
		const struct slu_report_version *r = &report.versions[v];
		const bool asked = full || v >= 3;

		if (asked || r->accepted != SLU_UNKNOWN || v >= newest_before(0x0303))
			assert_int_equal(r->accepted, model.versions[v].on ? SLU_YES : SLU_NO);
		if (asked && model.versions[v].on)
			expect_suites(r, full);
		if (full && model.versions[v].on) {
			expect_groups(r);
			expect_schemes(r);
		}
	}
}

unsigned newest(bool below_13)
{
	for (unsigned v = below_13 ? 4 : SLU_REPORT_VERSIONS; v-- > 0;) {
		if (model.versions[v].on)
			return v;
	}
	return SLU_REPORT_VERSIONS;
}

enum slu_known known(bool yes)
{
	return yes ? SLU_YES : SLU_NO;
}

static void expect_extensions(void)
{
	const bool old = newest(true) < 4 && newest(true) > 0; /* SSL 3.0 has none */

	assert_int_equal(report.ems, old ? known(model.with & SLU_WITH_EMS) : SLU_UNKNOWN);
	assert_int_equal(report.renegotiation, old ? known(model.with & SLU_WITH_RENEGOTIATION) : SLU_UNKNOWN);
	assert_int_equal(report.ticket, old ? known(model.with & SLU_WITH_TICKET) : SLU_UNKNOWN);
	assert_int_equal(report.max_fragment, old ? known(model.with & SLU_WITH_MAX_FRAGMENT) : SLU_UNKNOWN);
	if (report.etm != SLU_UNKNOWN)
		assert_int_equal(report.etm, known(model.with & SLU_WITH_ETM));
	if (newest(false) >= 3 || report.alpn_any != SLU_UNKNOWN)
		assert_int_equal(report.alpn_any, known(model.alpn));
	assert_string_equal(report.alpn, report.alpn_any == SLU_YES ? "h2" : "");
}

static void expect_names(void)
{
	const bool seen = newest(false) == 4 || newest(true) > 0;

	if (seen)
		assert_int_equal(report.needs_sni, known(model.needs_sni || model.other_chain));
	if (model.versions[4].on) {
		assert_int_equal(report.record_size_limit, model.record_size_limit);
		assert_int_equal(report.client_certificate, known(model.client_certificate));
		assert_int_equal(report.tickets13, model.needs_certificate ? SLU_UNKNOWN : known(model.tickets));
	}
	if (model.client_certificate && newest(false) >= 3)
		assert_int_equal(report.client_certificate_needed, known(model.needs_certificate));
	if (model.versions[4].on && model.versions[3].on)
		assert_int_equal(report.downgrade_sentinel, known(model.sentinel));
}

size_t total(const struct model_list *l, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += l[i].n;
	return sum;
}

size_t suites_of(unsigned from)
{
	size_t sum = 0;

	for (unsigned v = from; v < SLU_REPORT_VERSIONS; v++)
		sum += model.versions[v].on ? model.versions[v].suites.n : 0;
	return sum;
}
void expect_all(bool full)
{
	assert_int_equal(report.end, SLU_PROBE_OK);
	assert_string_equal(report.sentence, "");
	for (size_t i = 0; i < report.nnotes; i++)
		assert_true(model.alpn_strict && strstr(report.notes[i], "ALPN"));
	if (newest(false) >= 3)
		assert_int_equal(report.nnotes, model.alpn_strict);
	expect_versions(full);
	expect_extensions();
	expect_names();
	assert_true(model.looks <= 2); /* one for each kind of key */
	assert_int_equal(report.hellos, model.answers);
	assert_int_equal(report.handshakes, model.handshakes);
	assert_true(report.round_trips > depths);
}
