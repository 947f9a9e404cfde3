/* SPDX-License-Identifier: MIT */
#include "tools/probe_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include <sluice/tls.h>

#include "base/date.h"
#include "crypto/chain.h"
#include "probe/registry.h"
#include "probe/report.h"

#include "tools/probe_advice.h"
#include "tools/probe_words.h"

/* ---- small things ---- */

static void add_known(cJSON *to, const char *name, enum slu_known known)
{
	if (known == SLU_UNKNOWN)
		cJSON_AddNullToObject(to, name);
	else
		cJSON_AddBoolToObject(to, name, known == SLU_YES);
}

/* NULL: not known. */
static void add_word(cJSON *to, const char *name, const char *word)
{
	if (word)
		cJSON_AddStringToObject(to, name, word);
	else
		cJSON_AddNullToObject(to, name);
}

/* 0: malformed. */
static void add_time(cJSON *to, const char *name, int64_t unix_time)
{
	char text[64];
	struct tm tm;

	slu_utc(unix_time, &tm);
	if (unix_time && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		cJSON_AddStringToObject(to, name, text);
	else
		cJSON_AddNullToObject(to, name);
}

static void add_hex(cJSON *to, const char *name, const uint8_t *data, size_t n)
{
	char text[65] = "";

	for (size_t i = 0; i < n && i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	cJSON_AddStringToObject(to, name, text);
}

static cJSON *add_object(cJSON *array)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddItemToArray(array, o);
	return o;
}

/* ---- versions ---- */

static void add_suite(cJSON *array, const struct slu_probe_result *r, uint16_t suite)
{
	const char *reasons[SLU_PROBE_REASONS], *openssl = slu_probe_openssl_name(r->have, suite);
	const size_t n = slu_probe_weak(r->report, suite, reasons);
	char name[SLU_REG_NAME];
	cJSON *o = add_object(array), *weak;

	cJSON_AddNumberToObject(o, "number", suite);
	cJSON_AddStringToObject(o, "name", slu_reg_suite_name(suite, name, sizeof name));
	if (openssl)
		cJSON_AddStringToObject(o, "openssl", openssl);
	weak = cJSON_AddArrayToObject(o, "weak");
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(weak, cJSON_CreateString(reasons[i]));
}

static void add_group(cJSON *array, uint16_t id)
{
	char name[SLU_REG_NAME];
	cJSON *o = add_object(array);

	cJSON_AddNumberToObject(o, "number", id);
	cJSON_AddStringToObject(o, "name", slu_reg_group_name(id, name, sizeof name));
}

static void add_scheme(cJSON *array, uint16_t id)
{
	char name[SLU_REG_NAME];
	cJSON *o = add_object(array);

	cJSON_AddNumberToObject(o, "number", id);
	cJSON_AddStringToObject(o, "name", slu_reg_scheme_name(id, name, sizeof name));
}

static void add_version(cJSON *array, const struct slu_probe_result *r, const struct slu_report_version *v)
{
	cJSON *o = add_object(array), *list;

	cJSON_AddStringToObject(o, "version", slu_reg_version_name(v->version));
	cJSON_AddNumberToObject(o, "number", v->version);
	add_known(o, "accepted", v->accepted);
	if (v->accepted != SLU_YES)
		return;
	add_word(o, "weak", slu_probe_version_weak(v->version));
	list = cJSON_AddArrayToObject(o, "suites");
	for (size_t i = 0; i < v->nsuites; i++)
		add_suite(list, r, v->suites[i]);
	cJSON_AddBoolToObject(o, "suites_complete", v->complete);
	add_word(o, "order", slu_probe_order_word(v->order));
	add_known(o, "chacha20_first", v->chacha);
	list = cJSON_AddArrayToObject(o, "groups");
	for (size_t i = 0; i < v->ngroups; i++)
		add_group(list, v->groups[i]);
	cJSON_AddBoolToObject(o, "groups_complete", v->groups_complete);
	add_word(o, "group_order", slu_probe_order_word(v->group_order));
	if (v->dh_bits)
		cJSON_AddNumberToObject(o, "dh_bits", v->dh_bits);
	else
		cJSON_AddNullToObject(o, "dh_bits");
	list = cJSON_AddArrayToObject(o, "schemes");
	for (size_t i = 0; i < v->nschemes; i++)
		add_scheme(list, v->schemes[i]);
	cJSON_AddBoolToObject(o, "schemes_complete", v->schemes_complete);
}

/* ---- the rest of TLS ---- */

static void add_extensions(cJSON *to, const struct slu_report *r)
{
	cJSON *o = cJSON_AddObjectToObject(to, "extensions");

	add_known(o, "extended_master_secret", r->ems);
	add_known(o, "encrypt_then_mac", r->etm);
	add_known(o, "secure_renegotiation", r->renegotiation);
	add_known(o, "session_tickets", r->ticket);
	add_known(o, "session_tickets_tls13", r->tickets13);
	add_known(o, "max_fragment_length", r->max_fragment);
	if (r->record_size_limit_known == SLU_YES)
		cJSON_AddNumberToObject(o, "record_size_limit", r->record_size_limit);
	else
		add_known(o, "record_size_limit", r->record_size_limit_known);
	if (r->alpn_any == SLU_YES)
		cJSON_AddStringToObject(o, "alpn", r->alpn);
	else
		add_known(o, "alpn", r->alpn_any);
	add_known(o, "downgrade_protection", r->downgrade_sentinel);
	add_known(o, "fallback_scsv", r->fallback_scsv);
	add_known(o, "needs_server_name", r->needs_sni);
	add_known(o, "client_certificate", r->client_certificate);
	add_known(o, "client_certificate_needed", r->client_certificate_needed);
}

static void add_link(cJSON *array, const struct slu_chain_link *l)
{
	cJSON *o = add_object(array);

	cJSON_AddStringToObject(o, "subject", l->subject);
	cJSON_AddStringToObject(o, "issuer", l->issuer);
	cJSON_AddStringToObject(o, "names", l->names);
	add_time(o, "not_before", l->not_before);
	add_time(o, "not_after", l->not_after);
	cJSON_AddStringToObject(o, "key", l->key);
	cJSON_AddStringToObject(o, "signature", l->signature);
	cJSON_AddStringToObject(o, "pin", l->spki);
	add_hex(o, "sha256", l->digest, sizeof l->digest);
	cJSON_AddBoolToObject(o, "self_issued", l->self_issued);
}

static void add_chain(cJSON *array, const struct slu_chain *c)
{
	cJSON *o = add_object(array), *list;

	add_known(o, "verified", !c->looked_at ? SLU_UNKNOWN : c->verified ? SLU_YES : SLU_NO);
	cJSON_AddStringToObject(o, "why_not", c->why_not);
	cJSON_AddNumberToObject(o, "sent", (double)c->sent);
	list = cJSON_AddArrayToObject(o, "certificates");
	for (size_t i = 0; i < c->n; i++)
		add_link(list, &c->links[i]);
}

static void add_costs(cJSON *to, const struct slu_report *r)
{
	cJSON *o = cJSON_AddObjectToObject(to, "took");

	cJSON_AddNumberToObject(o, "hellos", r->hellos);
	cJSON_AddNumberToObject(o, "handshakes", r->handshakes);
	cJSON_AddNumberToObject(o, "connections", r->connections);
	cJSON_AddNumberToObject(o, "resets", r->resets);
	cJSON_AddNumberToObject(o, "round_trips", r->round_trips);
	cJSON_AddNumberToObject(o, "bytes_in", (double)r->bytes_in);
	cJSON_AddNumberToObject(o, "bytes_out", (double)r->bytes_out);
	cJSON_AddNumberToObject(o, "ms", r->ms);
}

/* ---- RTMP ---- */

static void add_rtmp(cJSON *to, const struct slu_probe_rtmp_result *r)
{
	static const char *const apps[] = {[SLU_PROBE_APP_ACCEPTED] = "accepted", [SLU_PROBE_APP_REFUSED] = "refused"};
	cJSON *o = cJSON_AddObjectToObject(to, "rtmp");

	cJSON_AddBoolToObject(o, "connected", r->connected);
	cJSON_AddStringToObject(o, "tls_version", r->tls_version);
	cJSON_AddStringToObject(o, "tls_suite", r->tls_suite);
	add_word(o, "handshake", !r->handshaken ? NULL : r->handshake == SLU_HANDSHAKE_DIGEST ? "digest" : "plain");
	add_word(o, "app", apps[r->app]);
	cJSON_AddStringToObject(o, "code", r->code);
	cJSON_AddStringToObject(o, "description", r->description);
	cJSON_AddStringToObject(o, "server", r->version);
	cJSON_AddNumberToObject(o, "chunk_size", r->chunk_size);
	cJSON_AddNumberToObject(o, "window", r->window);
	cJSON_AddStringToObject(o, "error", r->error);
}

char *slu_probe_json(const struct slu_probe_result *r)
{
	const struct slu_report *report = r->report;
	cJSON *o = cJSON_CreateObject(), *list;
	char *text;

	cJSON_AddStringToObject(o, "target", r->target->shown);
	cJSON_AddStringToObject(o, "host", report->host);
	cJSON_AddNumberToObject(o, "port", report->port);
	cJSON_AddStringToObject(o, "address", report->address);
	cJSON_AddStringToObject(o, "result", slu_probe_end_word(report->end));
	cJSON_AddStringToObject(o, "sentence", report->sentence);
	cJSON_AddBoolToObject(o, "full", r->full);
	list = cJSON_AddArrayToObject(o, "versions");
	for (size_t i = SLU_REPORT_VERSIONS; i-- > 0;)
		add_version(list, r, &report->versions[i]);
	add_extensions(o, report);
	list = cJSON_AddArrayToObject(o, "chains");
	for (size_t i = 0; i < report->nchains; i++)
		add_chain(list, report->chains[i]);
	list = cJSON_AddArrayToObject(o, "notes");
	for (size_t i = 0; i < report->nnotes; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(report->notes[i]));
	add_costs(o, report);
	if (r->rtmp)
		add_rtmp(o, r->rtmp);
	if (r->advice)
		slu_probe_advice_add_json(r->advice, r->allow_weak, o);
	cJSON_AddNumberToObject(o, "exit_status", r->status);
	cJSON_AddStringToObject(o, "exit", slu_exit_name(r->status));
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	return text;
}
