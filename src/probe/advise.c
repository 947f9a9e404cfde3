/* SPDX-License-Identifier: MIT */
#include "probe/advise.h"

#include <stdio.h>
#include <string.h>

#include <sluice/tls.h>

#include "probe/advise_impl.h"
#include "probe/registry.h"

/* What is looked at in turn, until there is something to suggest. */
static const struct tier {
	uint16_t max, min;
	bool weak;
} tiers[] = {
	{SLU_TLS_1_3, SLU_TLS_1_2, false},
	{SLU_TLS_1_3, SLU_TLS_1_2, true},
	{SLU_TLS_1_1, SLU_TLS_1_1, true},
	{SLU_TLS_1_0, SLU_TLS_1_0, true},
};

struct advising {
	const struct slu_report *report;
	const struct slu_advise_config *config;
	enum slu_choice_etm etm;
	struct slu_advice *out;
};

/* ---- the report ---- */

static const struct slu_report_version *version_of(const struct slu_report *r, uint16_t version)
{
	const struct slu_report_version *v = &r->versions[(version - SLU_SSL_3_0) % SLU_REPORT_VERSIONS];

	return v->accepted == SLU_YES ? v : NULL;
}

static bool takes(const struct slu_report_version *v, const struct slu_suite *s)
{
	for (size_t i = 0; i < v->nsuites; i++)
		if (v->suites[i] == s->id)
			return (v->version == SLU_TLS_1_3) == s->tls13;
	return false;
}

static bool insecure(uint16_t id)
{
	const struct slu_reg_suite *s = slu_reg_suite(id);

	return !s || slu_reg_insecure(s);
}

/* ---- one client's offer ---- */

static bool starts_with_chacha(const struct slu_report_version *v, const struct slu_suite *const *offer, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (offer[i]->tls13 == (v->version == SLU_TLS_1_3)) {
			const struct slu_reg_suite *s = slu_reg_suite(offer[i]->id);

			return s && slu_reg_chacha(s);
		}
	return false;
}

/* What the server takes of an offer, or NULL. Whose order counts, the report says. */
static const struct slu_suite *pick(const struct slu_report_version *v, const struct slu_suite *const *offer, size_t n,
				    bool *sure)
{
	const bool client = v->order == SLU_ORDER_CLIENT || (v->chacha == SLU_YES && starts_with_chacha(v, offer, n));
	const struct slu_suite *first = NULL, *best = NULL;
	size_t at = v->nsuites, common = 0;

	for (size_t i = 0; i < n; i++) {
		if (!takes(v, offer[i]))
			continue;
		common++;
		if (!first)
			first = offer[i];
		for (size_t k = 0; k < at; k++)
			if (v->suites[k] == offer[i]->id) {
				at = k;
				best = offer[i];
			}
	}
	*sure = common == 1 || client || v->order == SLU_ORDER_SERVER;
	return client ? first : best;
}

static void negotiate(const struct advising *a, const struct slu_suite *const *offer, size_t n, uint16_t max,
		      uint16_t min, const struct slu_suite **suite, struct slu_advice_use *use)
{
	*suite = NULL;
	*use = (struct slu_advice_use){.ms_per_mb = -1, .percent = -1};
	for (uint16_t version = max; version >= min && !*suite; version--) {
		const struct slu_report_version *v = version_of(a->report, version);

		use->version = version;
		*suite = v ? pick(v, offer, n, &use->sure) : NULL;
	}
	if (!*suite) {
		use->version = 0;
		return;
	}
	use->suite = (*suite)->id;
	use->name = (*suite)->name;
	use->etm = !(*suite)->aead && a->etm == SLU_ETM_ALWAYS;
}

/* By the same policy, of a list that has nothing but this suite. */
static void price(const struct advising *a, const struct slu_suite *suite, const char *door, struct slu_advice_use *use)
{
	const struct slu_choice_rules rules = {.fixed = true, .door = door, .etm = a->etm};
	struct slu_choice choice;

	slu_choose(a->config->kept, suite, 1, &rules, &choice);
	if (!choice.chosen)
		return;
	use->ms_per_mb = choice.ms_per_mb;
	/* ms for each MB, and MB in each second: a thousandth of a core is a tenth of a percent. */
	use->percent = choice.ms_per_mb * ((double)a->config->bit_rate / 8e6) / 10;
}

/* ---- the suggestion ---- */

/* What the server takes and OpenSSL has, but what nobody should use. */
static size_t candidates(const struct advising *a, const struct tier *t, struct slu_suite out[SLU_SUITES_MOST])
{
	const struct slu_have *have = a->config->have;
	const bool old = t->max < SLU_TLS_1_2;
	const struct slu_suite *all = old ? have->old : have->usual;
	const size_t nall = old ? have->nold : have->nusual;
	size_t n = 0;

	for (size_t i = 0; i < nall; i++) {
		bool taken = false;

		for (uint16_t version = t->max; version >= t->min && !taken; version--) {
			const struct slu_report_version *v = version_of(a->report, version);

			taken = v && takes(v, &all[i]);
		}
		if (taken && !insecure(all[i].id))
			out[n++] = all[i];
	}
	return n;
}

static bool weak(const struct advising *a, const struct slu_suite *s)
{
	return !s->forward_secret || (!s->aead && a->etm != SLU_ETM_ALWAYS);
}

static bool in_list(const char *list, const char *name)
{
	const size_t n = strlen(name);

	for (; *list; list += strcspn(list, ":"), list += *list == ':')
		if (strncmp(list, name, n) == 0 && (list[n] == ':' || !list[n]))
			return true;
	return false;
}

static bool offers(const struct slu_offer *o, const struct slu_suite *s)
{
	return in_list(s->tls13 ? o->ciphersuites : o->cipher_list, s->name);
}

/* No cost is known: the first of OpenSSL's own order that will do. */
static bool take_first(const struct advising *a, const struct tier *t, const struct slu_suite *all, size_t n)
{
	struct slu_offer *o = &a->out->offer;

	for (size_t i = 0; i < n; i++) {
		if (!t->weak && weak(a, &all[i]))
			continue;
		if (all[i].tls13)
			snprintf(o->ciphersuites, sizeof o->ciphersuites, "%s", all[i].name);
		else
			snprintf(o->cipher_list, sizeof o->cipher_list, "%s", all[i].name);
		snprintf(a->out->offload, sizeof a->out->offload, "off");
		return true;
	}
	return false;
}

static void set_versions(const struct tier *t, struct slu_advice *out)
{
	const bool tls13 = *out->offer.ciphersuites, tls12 = *out->offer.cipher_list;

	out->min = !tls12 ? SLU_TLS_1_3 : t->min;
	out->max = !tls13 ? (t->max < SLU_TLS_1_2 ? t->max : SLU_TLS_1_2) : 0;
}

/* True: there is something in this tier. */
static bool suggest(const struct advising *a, const struct tier *t)
{
	const struct slu_choice_rules rules = {
		.accepted = true,
		.etm = a->etm,
		.allow_weak = t->weak,
		.door = t->max < SLU_TLS_1_2 ? "off" : NULL,
		.estimated = a->config->estimated != NULL,
		.why = a->config->estimated,
	};
	struct slu_suite all[SLU_SUITES_MOST] = {{0}};
	const struct slu_suite *offer[SLU_SUITES_MOST], *taken;
	const size_t n = candidates(a, t, all);
	struct slu_choice choice;
	size_t noffer = 0;

	slu_choose(a->config->kept, all, n, &rules, &choice);
	if (choice.chosen) {
		a->out->offer = choice.first;
		snprintf(a->out->offload, sizeof a->out->offload, "%s", *choice.offload ? choice.offload : "off");
	} else if (!take_first(a, t, all, n)) {
		return false;
	}
	snprintf(a->out->why, sizeof a->out->why, "%s", choice.sentence);
	for (size_t i = 0; i < n; i++)
		if (offers(&a->out->offer, &all[i]))
			offer[noffer++] = &all[i];
	negotiate(a, offer, noffer, t->max, t->min, &taken, &a->out->suggested);
	if (!taken)
		return false;
	price(a, taken, a->out->offload, &a->out->suggested);
	a->out->end = t->weak ? SLU_ADVICE_WEAK : SLU_ADVICE_GOOD;
	set_versions(t, a->out);
	return true;
}

/* ---- the sentences ---- */

/* "0.41", "12", and without an exponent "120". */
static const char *two_digits(double value, char out[24])
{
	if (value > 0 && value < 0.001)
		snprintf(out, 24, "under 0.001");
	else
		snprintf(out, 24, value < 99.5 ? "%.2g" : "%.0f", value);
	return out;
}

static void tell_use(const struct advising *a, const struct slu_advice_use *use, char *out, size_t size)
{
	char percent[24], ms[24];

	slu_advise_add(out, size, "%s with %s%s%s", slu_reg_version_name(use->version), use->name,
		       use->etm ? " (encrypt-then-MAC)" : "", use->sure ? "" : " or another: its order is mixed");
	if (use->percent < 0)
		slu_advise_add(out, size, "; what it takes of the CPU was not measured");
	else
		slu_advise_add(out, size, ": %s %% of one core at %.12g Mbit/s (%s ms for each MB)",
			       two_digits(use->percent, percent), (double)a->config->bit_rate / 1e6,
			       two_digits(use->ms_per_mb, ms));
}

static void tell_standard(const struct advising *a)
{
	const struct slu_have *have = a->config->have;
	struct slu_advice *out = a->out;
	const struct slu_suite *offer[SLU_SUITES_MOST], *taken;

	for (size_t i = 0; i < have->nstandard; i++)
		offer[i] = &have->standard[i];
	negotiate(a, offer, have->nstandard, have->standard_max, have->standard_min, &taken, &out->standard);
	if (!taken) {
		snprintf(out->beside, sizeof out->beside,
			 "a client with OpenSSL's own settings has nothing in common with this server");
		return;
	}
	price(a, taken, "off", &out->standard);
	snprintf(out->beside, sizeof out->beside, "a client with OpenSSL's own settings: ");
	tell_use(a, &out->standard, out->beside, sizeof out->beside);
}

static void tell_weak(const struct advising *a)
{
	const struct slu_advice_use *use = &a->out->suggested;
	const struct slu_reg_suite *s = slu_reg_suite(use->suite);
	const char *between = ": ";
	char *out = a->out->weak;
	const size_t size = sizeof a->out->weak;

	slu_advise_add(out, size, "the server takes nothing better that OpenSSL has here");
	if (use->version < SLU_TLS_1_2) {
		slu_advise_add(out, size, "%s%s is deprecated, for it signs with MD5 and SHA-1 (RFC 8996)", between,
			       slu_reg_version_name(use->version));
		between = "; ";
	}
	if (!slu_reg_forward_secret(s)) {
		slu_advise_add(out, size,
			       "%s%s has no forward secrecy: whoever gets the server's key later can read what was "
			       "recorded before",
			       between, use->name);
		between = "; ";
	}
	if (slu_reg_cbc(s) && !use->etm)
		slu_advise_add(out, size,
			       "%sit is CBC with MAC-then-encrypt, whose decryption tells by its time what it decrypts "
			       "in too many implementations (RFC 7366)",
			       between);
}

/* What the server takes in its newest version, as far as a sentence goes. */
static void tell_none(const struct advising *a)
{
	const struct slu_report_version *v = NULL;
	char *out = a->out->sentence, name[SLU_REG_NAME];
	const size_t size = sizeof a->out->sentence;
	size_t refused = 0;

	for (uint16_t version = SLU_TLS_1_3; version >= SLU_SSL_3_0 && !v; version--)
		v = version_of(a->report, version);
	if (!v || !v->nsuites) {
		slu_advise_add(out, size, "nothing can be suggested, for the server is not known to accept anything");
		return;
	}
	for (size_t i = 0; i < v->nsuites; i++)
		refused += insecure(v->suites[i]);
	slu_advise_add(out, size, "%s, and nothing is suggested: at best it takes %s with ",
		       refused == v->nsuites ? "what the server accepts is nothing that anybody should use"
					     : "the server accepts nothing that OpenSSL has here",
		       slu_reg_version_name(v->version));
	for (size_t i = 0; i < v->nsuites && i < 3; i++) {
		const struct slu_reg_suite *s = slu_reg_suite(v->suites[i]);
		const char *reason = s ? slu_reg_insecure(s) : NULL;

		slu_advise_add(out, size, "%s%s%s%s", i ? ", " : "",
			       slu_reg_suite_name(v->suites[i], name, sizeof name), reason ? ", which " : "",
			       reason ? reason : "");
	}
	if (v->nsuites > 3)
		slu_advise_add(out, size, ", and %zu more", v->nsuites - 3);
}

void slu_advise(const struct slu_report *report, const struct slu_advise_config *config, struct slu_advice *out)
{
	const struct advising a = {.report = report,
				   .config = config,
				   .etm = report->etm == SLU_YES ? SLU_ETM_ALWAYS : SLU_ETM_NEVER,
				   .out = out};
	size_t i = 0;

	memset(out, 0, sizeof *out);
	out->suggested = out->standard = (struct slu_advice_use){.ms_per_mb = -1, .percent = -1};
	while (i < sizeof tiers / sizeof *tiers && !suggest(&a, &tiers[i]))
		i++;
	if (i == sizeof tiers / sizeof *tiers) {
		out->end = SLU_ADVICE_NONE;
		tell_none(&a);
	} else {
		tell_use(&a, &out->suggested, out->sentence, sizeof out->sentence);
		slu_advise_forms(out, config->have->ktls);
	}
	if (out->end == SLU_ADVICE_WEAK)
		tell_weak(&a);
	tell_standard(&a);
}
