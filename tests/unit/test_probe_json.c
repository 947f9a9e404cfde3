/* SPDX-License-Identifier: MIT */
/* All of a report is in the JSON, and what is not known is null. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "crypto/chain.h"
#include "crypto/have.h"
#include "probe/advise.h"
#include "probe/report.h"

#include "tools/probe_json.h"

static struct slu_have have = {
	.usual = {{.name = "ECDHE-RSA-AES128-SHA", .id = 0xC013}, {.name = "TLS_AES_128_GCM_SHA256", .id = 0x1301}},
	.nusual = 2,
};

static struct slu_chain chain = {
	.n = 1,
	.sent = 2,
	.looked_at = true,
	.why_not = "expired",
	.links = {{.subject = "s",
		   .issuer = "i",
		   .names = "n",
		   .not_before = 1,
		   .key = "k",
		   .signature = "g",
		   .spki = "p",
		   .digest = {0x0a, 0xff},
		   .self_issued = true}},
};

static struct slu_advice advice = {
	.end = SLU_ADVICE_WEAK,
	.suggested = {.version = 0x0303,
		      .suite = 0xC013,
		      .name = "ECDHE-RSA-AES128-SHA",
		      .sure = true,
		      .ms_per_mb = 2,
		      .percent = -1},
	.sentence = "s",
	.why = "w",
	.weak = "k",
	.beside = "b",
	.push = "--p",
	.url = "u=",
	.file = "f\n",
};

static struct slu_probe_rtmp_result rtmp = {
	.connected = true,
	.handshaken = true,
	.handshake = SLU_HANDSHAKE_DIGEST,
	.tls_version = "TLSv1.2",
	.tls_suite = "S",
	.app = SLU_PROBE_APP_REFUSED,
	.version = "v",
	.code = "c",
	.description = "d",
	.chunk_size = 3,
	.window = 4,
	.status = SLU_EXIT_REFUSED,
};

static const struct slu_probe_target target = {.shown = "h:5"};

static void fill(struct slu_report *r)
{
	struct slu_report_version *v;

	slu_report_init(r);
	snprintf(r->host, sizeof r->host, "h");
	snprintf(r->address, sizeof r->address, "192.0.2.1");
	r->port = 5;
	r->end = SLU_PROBE_CUT;
	snprintf(r->sentence, sizeof r->sentence, "it stopped");
	v = slu_report_version(r, 0x0303);
	*v = (struct slu_report_version){.version = 0x0303,
					 .accepted = SLU_YES,
					 .suites = {0xC013, 0xFDFD},
					 .nsuites = 2,
					 .order = SLU_ORDER_MIXED,
					 .chacha = SLU_NO,
					 .groups = {29},
					 .ngroups = 1,
					 .groups_complete = true,
					 .group_order = SLU_ORDER_CLIENT,
					 .dh_bits = 1024,
					 .schemes = {0x0804},
					 .nschemes = 1};
	slu_report_version(r, 0x0302)->accepted = SLU_NO;
	r->ems = SLU_YES;
	r->etm = SLU_NO;
	r->record_size_limit_known = r->alpn_any = SLU_YES;
	r->record_size_limit = 4097;
	snprintf(r->alpn, sizeof r->alpn, "h2");
	assert_int_equal(slu_report_add_chain(r, &chain), 0);
	slu_report_note(r, "odd \"%s\"", "x");
	r->hellos = 1;
	r->handshakes = 2;
	r->connections = 3;
	r->resets = 4;
	r->round_trips = 5;
	r->bytes_in = 6;
	r->bytes_out = 1ull << 33;
	r->ms = 7;
}

static cJSON *json(const struct slu_probe_result *r)
{
	char *text = slu_probe_json(r);
	cJSON *o = cJSON_Parse(text);

	assert_non_null(o);
	assert_null(strchr(text, '\n'));
	cJSON_free(text);
	return o;
}

static void is(const cJSON *o, const char *name, const char *wanted)
{
	char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(o, name));

	assert_non_null(text);
	assert_string_equal(text, wanted);
	cJSON_free(text);
}

static void has_all_of_a_report(void **state)
{
	struct slu_report report;
	struct slu_probe_result r = {.target = &target,
				     .report = &report,
				     .advice = &advice,
				     .rtmp = &rtmp,
				     .have = &have,
				     .full = true,
				     .allow_weak = true,
				     .status = SLU_EXIT_LOST};
	cJSON *o, *v;

	(void)state;
	fill(&report);
	o = json(&r);
	is(o, "target", "\"h:5\"");
	is(o, "host", "\"h\"");
	is(o, "port", "5");
	is(o, "address", "\"192.0.2.1\"");
	is(o, "result", "\"cut\"");
	is(o, "sentence", "\"it stopped\"");
	is(o, "full", "true");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "versions")), 5);
	v = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "versions"), 1);
	is(v, "version", "\"TLS 1.2\"");
	is(v, "number", "771");
	is(v, "accepted", "true");
	is(v, "weak", "null");
	is(v, "suites",
	   "[{\"number\":49171,\"name\":\"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\",\"openssl\":\"ECDHE-RSA-AES128-SHA\","
	   "\"weak\":[\"MAC-then-encrypt\"]},{\"number\":65021,\"name\":\"0xFDFD\",\"weak\":[\"unknown\"]}]");
	is(v, "suites_complete", "false");
	is(v, "order", "\"mixed\"");
	is(v, "chacha20_first", "false");
	is(v, "groups", "[{\"number\":29,\"name\":\"x25519\"}]");
	is(v, "groups_complete", "true");
	is(v, "group_order", "\"client\"");
	is(v, "dh_bits", "1024");
	is(v, "schemes", "[{\"number\":2052,\"name\":\"rsa_pss_rsae_sha256\"}]");
	is(v, "schemes_complete", "false");
	v = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "versions"), 2);
	is(v, "accepted", "false");
	v = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "versions"), 4);
	is(v, "accepted", "null");
	is(o, "extensions",
	   "{\"extended_master_secret\":true,\"encrypt_then_mac\":false,\"secure_renegotiation\":null,"
	   "\"session_tickets\":null,\"session_tickets_tls13\":null,\"max_fragment_length\":null,"
	   "\"record_size_limit\":4097,\"alpn\":\"h2\",\"downgrade_protection\":null,\"fallback_scsv\":null,"
	   "\"needs_server_name\":null,\"client_certificate\":null,\"client_certificate_needed\":null}");
	is(o, "chains",
	   "[{\"verified\":false,\"why_not\":\"expired\",\"sent\":2,\"certificates\":[{\"subject\":\"s\","
	   "\"issuer\":\"i\",\"names\":\"n\",\"not_before\":\"1970-01-01T00:00:01Z\",\"not_after\":null,"
	   "\"key\":\"k\",\"signature\":\"g\",\"pin\":\"p\",\"sha256\":"
	   "\"0aff000000000000000000000000000000000000000000000000000000000000\",\"self_issued\":true}]}]");
	is(o, "notes", "[\"odd \\\"x\\\"\"]");
	is(o, "took",
	   "{\"hellos\":1,\"handshakes\":2,\"connections\":3,\"resets\":4,\"round_trips\":5,\"bytes_in\":6,"
	   "\"bytes_out\":8589934592,\"ms\":7}");
	is(o, "rtmp",
	   "{\"connected\":true,\"tls_version\":\"TLSv1.2\",\"tls_suite\":\"S\",\"handshake\":\"digest\","
	   "\"app\":\"refused\",\"code\":\"c\",\"description\":\"d\",\"server\":\"v\",\"chunk_size\":3,"
	   "\"window\":4,\"error\":\"\"}");
	is(o, "advice",
	   "{\"end\":\"weak\",\"best\":{\"version\":\"TLS 1.2\",\"suite\":49171,"
	   "\"name\":\"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\",\"openssl\":\"ECDHE-RSA-AES128-SHA\",\"sure\":true,"
	   "\"encrypt_then_mac\":false,\"cpu_ms_per_mb\":2,\"cpu_percent\":null},\"default_client\":null,"
	   "\"sentence\":\"s\",\"why\":\"w\",\"weak\":\"k\",\"beside\":\"b\",\"suggested\":true,\"push\":\"--p\","
	   "\"url\":\"u=\",\"openssl_conf\":\"f\\n\"}");
	is(o, "exit_status", "8");
	is(o, "exit", "\"lost\"");
	cJSON_Delete(o);
	slu_report_clear(&report);
}

static void leaves_out_what_there_is_not(void **state)
{
	struct slu_report report;
	struct slu_probe_result r = {.target = &target, .report = &report, .have = &have};
	cJSON *o;

	(void)state;
	slu_report_init(&report);
	o = json(&r);
	is(o, "chains", "[]");
	is(o, "exit", "\"ok\"");
	assert_null(cJSON_GetObjectItem(o, "rtmp"));
	assert_null(cJSON_GetObjectItem(o, "advice"));
	cJSON_Delete(o);
	/* What is weak is told, but not how to get it. */
	r.advice = &advice;
	o = json(&r);
	is(cJSON_GetObjectItem(o, "advice"), "suggested", "false");
	assert_null(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "advice"), "push"));
	cJSON_Delete(o);
	slu_report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_all_of_a_report),
		cmocka_unit_test(leaves_out_what_there_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
