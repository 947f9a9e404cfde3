/* SPDX-License-Identifier: MIT */
#include "tools/probe_table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sluice/tls.h>

#include "base/date.h"
#include "crypto/chain.h"
#include "probe/registry.h"
#include "probe/report.h"

#include "tools/probe_advice.h"
#include "tools/probe_words.h"

enum { INDENT = 2, LABEL = 16, WIDE = 2048 };

/* ---- small words ---- */

static const char *yes_no(enum slu_known known)
{
	static const char *const words[] = {[SLU_UNKNOWN] = "not known", [SLU_NO] = "no", [SLU_YES] = "yes"};

	return words[known];
}

static void append(char *text, size_t size, const char *between, const char *word)
{
	const size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", n ? between : "", word);
}

static const char *day(int64_t unix_time, char *out, size_t size)
{
	struct tm tm;

	slu_utc(unix_time, &tm);
	if (!unix_time || !strftime(out, size, "%Y-%m-%d", &tm))
		snprintf(out, size, "?");
	return out;
}

/* ---- versions ---- */

static const char *order_of(const struct slu_report_version *v)
{
	static const char *const words[] = {
		[SLU_ORDER_UNKNOWN] = "whose order counts is not known",
		[SLU_ORDER_SERVER] = "in the server's order",
		[SLU_ORDER_CLIENT] = "the client's order counts",
		[SLU_ORDER_MIXED] = "neither the server's order nor the client's alone",
	};

	return v->nsuites > 1 ? words[v->order] : NULL;
}

static void print_version_head(const struct slu_page *page, const struct slu_report_version *v)
{
	const char *weak = slu_probe_version_weak(v->version), *order = order_of(v);
	char text[512];

	snprintf(text, sizeof text, "%zu suite%s", v->nsuites, v->nsuites == 1 ? "" : "s");
	if (order)
		append(text, sizeof text, ", ", order);
	if (v->chacha == SLU_YES && v->order != SLU_ORDER_CLIENT)
		append(text, sizeof text, ", ", "ChaCha20 where the client puts it first");
	if (!v->complete)
		append(text, sizeof text, "; ", "there may be more, not all were asked for");
	if (weak)
		append(text, sizeof text, "; ", weak);
	slu_page_text(page, weak ? SLU_PAGE_BAD : SLU_PAGE_HEAD, 9, slu_reg_version_name(v->version), "%s", text);
}

static void reasons_of(const struct slu_probe_result *r, uint16_t suite, char *out, size_t size)
{
	const char *reasons[SLU_PROBE_REASONS];
	const size_t n = slu_probe_weak(r->report, suite, reasons);

	*out = '\0';
	for (size_t i = 0; i < n; i++)
		append(out, size, "; ", reasons[i]);
}

static size_t widest(const struct slu_report_version *v)
{
	char name[SLU_REG_NAME];
	size_t most = 0;

	for (size_t i = 0; i < v->nsuites; i++) {
		const size_t n = strlen(slu_reg_suite_name(v->suites[i], name, sizeof name));

		most = n > most ? n : most;
	}
	return most;
}

/* IANA's name and OpenSSL's, where that is another one: in columns, as far as there is room. */
static void names_of(const struct slu_probe_result *r, uint16_t suite, size_t width, char *out, size_t size)
{
	const char *openssl = slu_probe_openssl_name(r->have, suite);
	const size_t room = SLU_PAGE_COLUMNS - 6 - (openssl ? strlen(openssl) : 0);
	char name[SLU_REG_NAME];

	slu_reg_suite_name(suite, name, sizeof name);
	if (openssl)
		snprintf(out, size, "%-*s  %s", (int)(width < room ? width : room), name, openssl);
	else
		snprintf(out, size, "%s", name);
}

/* What is wrong with those that follow one another is said once, before them. */
static void print_suites(const struct slu_page *page, const struct slu_probe_result *r,
			 const struct slu_report_version *v)
{
	const size_t width = widest(v);
	char last[256] = "", reasons[256], line[256];

	for (size_t i = 0; i < v->nsuites; i++) {
		names_of(r, v->suites[i], width, line, sizeof line);
		reasons_of(r, v->suites[i], reasons, sizeof reasons);
		if (*reasons && strcmp(reasons, last) != 0)
			slu_page_text(page, SLU_PAGE_BAD, 4, "  !", "%s:", reasons);
		slu_page_line(page, *reasons ? SLU_PAGE_BAD : SLU_PAGE_PLAIN, *reasons ? 2 : 4, "%s%s",
			      *reasons ? "! " : "", line);
		memcpy(last, reasons, sizeof last);
	}
}

static void print_numbers(const struct slu_page *page, const char *label, const uint16_t *all, size_t n,
			  char *(*name_of)(uint16_t, char *, size_t), const char *remark)
{
	char text[WIDE] = "", name[SLU_REG_NAME];

	for (size_t i = 0; i < n; i++) {
		name_of(all[i], name, sizeof name);
		append(text, sizeof text, ", ", name);
	}
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, label, "%s%s", n ? text : "not known", n ? remark : "");
}

static char *group_name(uint16_t id, char *out, size_t size)
{
	slu_reg_group_name(id, out, size);
	return out;
}

static char *scheme_name(uint16_t id, char *out, size_t size)
{
	slu_reg_scheme_name(id, out, size);
	return out;
}

static void print_groups(const struct slu_page *page, const struct slu_probe_result *r,
			 const struct slu_report_version *v)
{
	const char *remark = v->groups_complete ? "" : r->full ? " (there may be more)" : " (--full asks for all)";

	print_numbers(page, "    groups", v->groups, v->ngroups, group_name, remark);
	if (v->dh_bits)
		slu_page_text(page, v->dh_bits < 2048 ? SLU_PAGE_BAD : SLU_PAGE_PLAIN, 4 + LABEL, "    DHE",
			      "%u bits%s", v->dh_bits, v->dh_bits < 2048 ? ": too few" : "");
	if (v->version < SLU_TLS_1_2)
		return;
	remark = v->schemes_complete ? "" : r->full ? " (there may be more)" : " (--full asks for all)";
	print_numbers(page, "    signatures", v->schemes, v->nschemes, scheme_name, remark);
}

static void print_version(const struct slu_page *page, const struct slu_probe_result *r,
			  const struct slu_report_version *v)
{
	print_version_head(page, v);
	print_suites(page, r, v);
	print_groups(page, r, v);
}

static void print_versions(const struct slu_page *page, const struct slu_probe_result *r)
{
	char refused[64] = "", unknown[64] = "";

	for (size_t i = SLU_REPORT_VERSIONS; i-- > 0;) {
		const struct slu_report_version *v = &r->report->versions[i];

		if (v->accepted == SLU_YES)
			print_version(page, r, v);
		else
			append(v->accepted == SLU_NO ? refused : unknown, sizeof refused, ", ",
			       slu_reg_version_name(v->version));
	}
	if (*refused)
		slu_page_text(page, SLU_PAGE_HEAD, 14, "Not accepted", "%s", refused);
	if (*unknown)
		slu_page_text(page, SLU_PAGE_HEAD, 14, "Not known", "%s%s", unknown,
			      r->full ? "" : " (--full asks for each version)");
}

/* ---- the rest of TLS ---- */

static void print_known(const struct slu_page *page, const char *label, enum slu_known known, enum slu_known bad)
{
	slu_page_text(page, known != SLU_UNKNOWN && known == bad ? SLU_PAGE_BAD : SLU_PAGE_PLAIN, 36, label, "%s",
		      yes_no(known));
}

static void print_extensions(const struct slu_page *page, const struct slu_report *r)
{
	slu_page_text(page, SLU_PAGE_HEAD, 0, "", "Extensions");
	print_known(page, "  extended master secret", r->ems, SLU_NO);
	print_known(page, "  encrypt-then-MAC", r->etm, SLU_UNKNOWN);
	print_known(page, "  secure renegotiation", r->renegotiation, SLU_NO);
	print_known(page, "  session tickets, TLS 1.2", r->ticket, SLU_UNKNOWN);
	print_known(page, "  session tickets, TLS 1.3", r->tickets13, SLU_UNKNOWN);
	print_known(page, "  maximum fragment length", r->max_fragment, SLU_UNKNOWN);
	if (r->record_size_limit_known == SLU_YES)
		slu_page_text(page, SLU_PAGE_PLAIN, 36, "  record size limit", "%u bytes", r->record_size_limit);
	else
		print_known(page, "  record size limit", r->record_size_limit_known, SLU_UNKNOWN);
	if (r->alpn_any == SLU_YES)
		slu_page_text(page, SLU_PAGE_PLAIN, 36, "  ALPN", "%s", r->alpn);
	else
		print_known(page, "  ALPN (h2, http/1.1)", r->alpn_any, SLU_UNKNOWN);
	print_known(page, "  downgrade protection", r->downgrade_sentinel, SLU_NO);
	print_known(page, "  fallback signal (RFC 7507)", r->fallback_scsv, SLU_UNKNOWN);
	print_known(page, "  needs the server's name (SNI)", r->needs_sni, SLU_UNKNOWN);
	print_known(page, "  asks for a client certificate", r->client_certificate, SLU_UNKNOWN);
	if (r->client_certificate == SLU_YES)
		print_known(page, "  refuses clients without one", r->client_certificate_needed, SLU_UNKNOWN);
}

static void print_link(const struct slu_page *page, const struct slu_chain_link *l, size_t at)
{
	char from[32], to[32], label[32];

	snprintf(label, sizeof label, "  %zu", at + 1);
	slu_page_text(page, SLU_PAGE_PLAIN, 4, label, "%s", l->subject);
	if (at == 0)
		slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "    valid for", "%s", l->names);
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "    issued by", "%s", l->self_issued ? "itself" : l->issuer);
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "    from, until", "%s, %s",
		      day(l->not_before, from, sizeof from), day(l->not_after, to, sizeof to));
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "    key", "%s, signed with %s", l->key, l->signature);
	if (at == 0)
		slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "    pin", "%s", l->spki);
}

static void print_chains(const struct slu_page *page, const struct slu_report *r)
{
	if (!r->nchains)
		slu_page_text(page, SLU_PAGE_HEAD, 14, "Certificate", "none was seen");
	for (size_t i = 0; i < r->nchains; i++) {
		const struct slu_chain *c = r->chains[i];

		if (!c->looked_at)
			slu_page_text(page, SLU_PAGE_HEAD, 14, "Certificate", "not verified");
		else
			slu_page_text(page, c->verified ? SLU_PAGE_GOOD : SLU_PAGE_BAD, 14, "Certificate", "%s",
				      c->verified ? "verified" : c->why_not);
		for (size_t k = 0; k < c->n; k++)
			print_link(page, &c->links[k], k);
		if (c->sent > c->n)
			slu_page_text(page, SLU_PAGE_PLAIN, 4, "", "and %zu more that are not shown", c->sent - c->n);
	}
}

/* ---- RTMP ---- */

static const char *handshake_word(enum slu_handshake handshake)
{
	return handshake == SLU_HANDSHAKE_DIGEST ? "with digests" : "plain";
}

static void print_rtmp(const struct slu_page *page, const struct slu_probe_rtmp_result *r)
{
	slu_page_text(page, SLU_PAGE_HEAD, 0, "", "RTMP");
	if (*r->error)
		slu_page_text(page, SLU_PAGE_BAD, 4, "  !", "%s", r->error);
	if (r->connected)
		slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "  over", "%s with %s", r->tls_version, r->tls_suite);
	if (!r->handshaken)
		return;
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "  handshake", "%s", handshake_word(r->handshake));
	if (r->app != SLU_PROBE_APP_UNKNOWN)
		slu_page_text(page, r->app == SLU_PROBE_APP_ACCEPTED ? SLU_PAGE_GOOD : SLU_PAGE_BAD, 4 + LABEL, "  app",
			      "%s%s%s%s%s", r->app == SLU_PROBE_APP_ACCEPTED ? "accepted" : "refused",
			      *r->code ? ": " : "", r->code, *r->description ? ", " : "", r->description);
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "  server", "%s",
		      *r->version ? r->version : "does not say its version");
	slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "  chunk size", "%u bytes", r->chunk_size);
	if (r->window)
		slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "  window", "%u bytes", r->window);
	else
		slu_page_text(page, SLU_PAGE_PLAIN, 4 + LABEL, "  window", "the server sets none");
}

/* ---- all ---- */

static void print_costs(const struct slu_page *page, const struct slu_report *r)
{
	slu_page_text(
		page, SLU_PAGE_HEAD, 10, "It took",
		"%u hello%s and %u full handshake%s on %u connections%s, %llu bytes out and %llu in, %u ms; %u round "
		"trips one after another",
		r->hellos, r->hellos == 1 ? "" : "s", r->handshakes, r->handshakes == 1 ? "" : "s", r->connections,
		r->resets ? ", some of which were reset" : "", (unsigned long long)r->bytes_out,
		(unsigned long long)r->bytes_in, r->ms, r->round_trips);
}

static bool knows_something(const struct slu_report *r)
{
	for (size_t i = 0; i < SLU_REPORT_VERSIONS; i++)
		if (r->versions[i].accepted == SLU_YES)
			return true;
	return false;
}

void slu_probe_table(const struct slu_page *page, const struct slu_probe_result *r)
{
	const struct slu_report *report = r->report;

	slu_page_text(page, SLU_PAGE_HEAD, 0, "", "%s%s%s%s", r->target->shown, *report->address ? " (" : "",
		      report->address, *report->address ? ")" : "");
	if (report->end != SLU_PROBE_OK)
		slu_page_text(page, SLU_PAGE_BAD, INDENT, "!", "%s", report->sentence);
	if (knows_something(report)) {
		print_versions(page, r);
		print_extensions(page, report);
		print_chains(page, report);
	}
	for (size_t i = 0; i < report->nnotes; i++)
		slu_page_text(page, SLU_PAGE_PLAIN, 6, i ? "" : "Note", "%s", report->notes[i]);
	if (r->rtmp)
		print_rtmp(page, r->rtmp);
	if (report->bytes_out)
		print_costs(page, report);
	if (r->advice)
		slu_probe_advice_print(page, r->advice, r->allow_weak);
}
