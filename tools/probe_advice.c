/* SPDX-License-Identifier: MIT */
#include "tools/probe_advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "crypto/estimate.h"
#include "crypto/tls_choice.h"
#include "probe/registry.h"

struct slu_probe_costs {
	struct slu_have have;
	struct slu_kept kept;
	bool measured;
	char why[512]; /* where it was not */
	uint64_t bit_rate;
};

struct slu_probe_costs *slu_probe_costs_new(const char *measured, uint64_t bit_rate, char *error, size_t size)
{
	struct slu_probe_costs *c = calloc(1, sizeof *c);

	if (!c) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	c->bit_rate = bit_rate;
	if (slu_have(&c->have, error, size) < 0) {
		free(c);
		return NULL;
	}
	c->measured = slu_tls_choice_costs(&c->kept, measured, c->why, sizeof c->why);
	if (!c->measured)
		slu_estimate_cbc(&c->kept); /* a server may take nothing else */
	return c;
}

void slu_probe_costs_free(struct slu_probe_costs *costs)
{
	free(costs);
}

const struct slu_have *slu_probe_costs_have(const struct slu_probe_costs *costs)
{
	return &costs->have;
}

void slu_probe_advise(const struct slu_probe_costs *costs, const struct slu_report *report, struct slu_advice *out)
{
	const struct slu_advise_config config = {
		.have = &costs->have,
		.kept = &costs->kept,
		.estimated = costs->measured ? NULL : costs->why,
		.bit_rate = costs->bit_rate,
	};

	slu_advise(report, &config, out);
}

bool slu_probe_advice_usable(const struct slu_advice *advice, bool allow_weak)
{
	return advice->end == SLU_ADVICE_GOOD || (advice->end == SLU_ADVICE_WEAK && allow_weak);
}

void slu_probe_advice_to_tls(const struct slu_advice *advice, struct slu_tls_config *to)
{
	to->min_version = (enum slu_tls_version)advice->min;
	to->max_version = (enum slu_tls_version)advice->max;
	to->cipher_list = *advice->offer.cipher_list ? advice->offer.cipher_list : NULL;
	to->ciphersuites = *advice->offer.ciphersuites ? advice->offer.ciphersuites : NULL;
}

bool slu_probe_bit_rate(const char *text, uint64_t *out)
{
	static const char units[] = "kMG";
	const char *unit;
	char *end;
	double rate = strtod(text, &end);

	unit = *end ? strchr(units, *end) : NULL;
	for (long i = unit ? unit - units : -1; i >= 0; i--)
		rate *= 1000;
	/* strtod() also takes hexadecimal digits, in which "0x10M" is no mistake. */
	if (!(text[0] >= '0' && text[0] <= '9') || end != text + strspn(text, "0123456789.") ||
	    (*end && (!unit || end[1])) || !(rate >= 1 && rate <= 1e12))
		return false;
	*out = (uint64_t)rate;
	return true;
}

/* ---- for people ---- */

/* Not broken into lines: it is to be copied. */
static void print_form(const struct slu_page *page, const char *head, const char *text)
{
	if (*text)
		slu_page_line(page, SLU_PAGE_PLAIN, 2, "%s:", head);
	while (*text) {
		const int n = (int)strcspn(text, "\n");

		slu_page_line(page, SLU_PAGE_PLAIN, n ? 4 : 0, "%.*s", n, text);
		text += n + (text[n] == '\n');
	}
}

void slu_probe_advice_print(const struct slu_page *page, const struct slu_advice *a, bool allow_weak)
{
	const bool usable = slu_probe_advice_usable(a, allow_weak);

	if (usable)
		slu_page_text(page, SLU_PAGE_HEAD, 13, "Suggested", "%s", a->sentence);
	else if (a->end == SLU_ADVICE_NONE)
		slu_page_text(page, SLU_PAGE_BAD, 13, "Suggested", "%s", a->sentence);
	else
		slu_page_text(page, SLU_PAGE_BAD, 13, "Suggested",
			      "nothing, unless --allow-weak is given: what there is is weak");
	if (*a->weak)
		slu_page_text(page, SLU_PAGE_BAD, 13, "  weak", "%s", a->weak);
	if (usable && *a->why)
		slu_page_text(page, SLU_PAGE_PLAIN, 13, "  why", "%s", a->why);
	if (*a->beside)
		slu_page_text(page, SLU_PAGE_PLAIN, 13, "  otherwise", "%s", a->beside);
	if (!usable)
		return;
	print_form(page, "sluice push", a->push);
	print_form(page, "Behind a URL for librtmp.so.1", a->url);
	print_form(page, "A configuration of OpenSSL's (OPENSSL_CONF)", a->file);
}

/* ---- JSON ---- */

static void add_number(cJSON *to, const char *name, double value)
{
	if (value < 0)
		cJSON_AddNullToObject(to, name);
	else
		cJSON_AddNumberToObject(to, name, value);
}

static void add_use(cJSON *to, const char *name, const struct slu_advice_use *use)
{
	char iana[SLU_REG_NAME];
	cJSON *o;

	if (!use->version) {
		cJSON_AddNullToObject(to, name);
		return;
	}
	o = cJSON_AddObjectToObject(to, name);
	cJSON_AddStringToObject(o, "version", slu_reg_version_name(use->version));
	cJSON_AddNumberToObject(o, "suite", use->suite);
	cJSON_AddStringToObject(o, "name", slu_reg_suite_name(use->suite, iana, sizeof iana));
	cJSON_AddStringToObject(o, "openssl", use->name ? use->name : iana);
	cJSON_AddBoolToObject(o, "sure", use->sure);
	cJSON_AddBoolToObject(o, "encrypt_then_mac", use->etm);
	add_number(o, "cpu_ms_per_mb", use->ms_per_mb);
	add_number(o, "cpu_percent", use->percent);
}

void slu_probe_advice_add_json(const struct slu_advice *a, bool allow_weak, cJSON *to)
{
	static const char *const ends[] = {
		[SLU_ADVICE_GOOD] = "good", [SLU_ADVICE_WEAK] = "weak", [SLU_ADVICE_NONE] = "none"};
	const bool usable = slu_probe_advice_usable(a, allow_weak);
	cJSON *o = cJSON_AddObjectToObject(to, "advice");

	cJSON_AddStringToObject(o, "end", ends[a->end]);
	add_use(o, "best", &a->suggested);
	add_use(o, "default_client", &a->standard);
	cJSON_AddStringToObject(o, "sentence", a->sentence);
	cJSON_AddStringToObject(o, "why", a->why);
	cJSON_AddStringToObject(o, "weak", a->weak);
	cJSON_AddStringToObject(o, "beside", a->beside);
	cJSON_AddBoolToObject(o, "suggested", usable);
	if (!usable)
		return;
	cJSON_AddStringToObject(o, "push", a->push);
	cJSON_AddStringToObject(o, "url", a->url);
	cJSON_AddStringToObject(o, "openssl_conf", a->file);
}
