/* SPDX-License-Identifier: MIT */
/* Each option is shown to change what is negotiated, or is refused. */
#include "test.h"

#include <stdio.h>

#include <openssl/ssl.h>

#include "crypto/policy.h"
#include "crypto/tls_ctx.h"
#include "tls_kit.h"

static char said[1024];

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

static struct slu_tls_config client(void)
{
	return (struct slu_tls_config){.ca_file = kit_ca.cert};
}

static struct slu_tls_config server(void)
{
	return (struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key};
}

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", or the client's sentence. */
static const char *negotiated(const struct slu_tls_config *cc, const struct slu_tls_config *sc)
{
	struct slu_tls_ctx *c = kit_ctx(cc), *s = kit_ctx(sc);
	struct slu_transport_stats stats;
	struct kit_pair p;

	kit_pair_init(&p, c, s, "live.example");
	kit_handshake(&p);
	p.c->ops->stats(p.c, &stats);
	if (p.cr == 1 && p.sr == 1)
		snprintf(said, sizeof said, "%s %s", stats.tls_version, stats.tls_suite);
	else
		snprintf(said, sizeof said, "%s", p.c->ops->error(p.c));
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
	return said;
}

static void versions(void **state)
{
	struct slu_tls_config c = client(), s = server();

	(void)state;
	has(negotiated(&c, &s), "TLSv1.3 ");
	c.max_version = SLU_TLS_1_2;
	has(negotiated(&c, &s), "TLSv1.2 ");
	c.max_version = 0;
	s.max_version = SLU_TLS_1_2;
	has(negotiated(&c, &s), "TLSv1.2 ");
	c.min_version = SLU_TLS_1_3;
	has(negotiated(&c, &s),
	    "live.example refused the TLS handshake with the alert protocol_version (offered: TLS 1.3 "
	    "with ");
}

static void hints_at_the_bound_in_the_way(void **state)
{
	struct slu_tls_config c = client(), s = server();

	(void)state;
	s.max_version = SLU_TLS_1_2;
	c.min_version = SLU_TLS_1_3;
	negotiated(&c, &s);
	has(said, ": it may only speak older TLS: try --tls-min 1.0");
	s = server();
	s.min_version = SLU_TLS_1_3;
	c = client();
	c.max_version = SLU_TLS_1_2;
	negotiated(&c, &s);
	has(said, "try without --tls-max, or --tls-min 1.0");
	c.min_version = SLU_TLS_1_0;
	negotiated(&c, &s);
	assert_null(strstr(said, "--tls-min"));
	has(said, "it may only speak newer TLS: try without --tls-max");
}

static void old_versions_only_when_asked(void **state)
{
	static const enum slu_tls_version old[] = {SLU_TLS_1_0, SLU_TLS_1_1};
	static const char *const names[] = {"TLSv1 ", "TLSv1.1 "};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_tls_config c = client(), s = server();

		s.max_version = old[i];
		has(negotiated(&c, &s), "alert protocol_version");
		has(said, "offered: TLS 1.2 to 1.3 with");
		has(said, "try --tls-min 1.0");
		c.min_version = SLU_TLS_1_0;
		has(negotiated(&c, &s), names[i]);
		/* The same, seen from a server that allows no old client. */
		s = server();
		c.max_version = old[i];
		has(negotiated(&c, &s), "alert protocol_version");
	}
}

static void suites(void **state)
{
	struct slu_tls_config c = client(), s = server();

	(void)state;
	c.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
	assert_string_equal(negotiated(&c, &s), "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256");
	c.ciphersuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
	assert_string_equal(negotiated(&c, &s), "TLSv1.3 TLS_AES_128_GCM_SHA256");
	c.cipher_list = "ECDHE-ECDSA-AES256-GCM-SHA384";
	c.max_version = SLU_TLS_1_2;
	assert_string_equal(negotiated(&c, &s), "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384");
	s.cipher_list = "ECDHE-ECDSA-AES128-GCM-SHA256";
	has(negotiated(&c, &s), "the alert handshake_failure (offered: TLS 1.2 with 1 suites)");
	c.max_version = 0;
	c.ciphersuites = s.ciphersuites = NULL;
	s.ciphersuites = "TLS_AES_128_GCM_SHA256";
	c.ciphersuites = "TLS_AES_256_GCM_SHA384";
	has(negotiated(&c, &s), "the alert handshake_failure");
}

static void groups(void **state)
{
	struct slu_tls_config c = client(), s = server();

	(void)state;
	c.groups = "P-256";
	s.groups = "P-256:X25519";
	has(negotiated(&c, &s), "TLSv1.3 ");
	s.groups = "X25519";
	has(negotiated(&c, &s), "the alert handshake_failure");
}

/* P-256 gives 128 bits: enough for level 3, not for level 4. */
static void security_level(void **state)
{
	struct slu_tls_config c = client(), s = server();
	struct slu_tls_ctx *ctx;

	(void)state;
	c.security_level = 3;
	has(negotiated(&c, &s), "TLSv1.3 ");
	c.security_level = 4;
	negotiated(&c, &s);
	assert_null(strstr(said, "TLSv1.3 TLS"));
	c.security_level = -1;
	ctx = kit_ctx(&c);
	assert_int_equal(SSL_CTX_get_security_level(ctx->ssl), 0);
	slu_tls_ctx_free(ctx);
}

static void refused(const struct slu_tls_config *c, const char *part)
{
	char error[400];

	assert_null(slu_tls_ctx_new(c, error, sizeof error));
	has(error, part);
}

static void refuses_what_openssl_does_not_know(void **state)
{
	struct slu_tls_config c = client();

	(void)state;
	c.cipher_list = "NO-SUCH-THING";
	refused(&c, "does not take the cipher list \"NO-SUCH-THING\"");
	c = client();
	c.ciphersuites = "TLS_AES_128_GCM_SHA256:TLS_NO_SUCH";
	refused(&c, "TLS_NO_SUCH");
	c = client();
	c.groups = "P-257";
	refused(&c, "does not take the groups \"P-257\"");
	c = client();
	c.security_level = 6;
	refused(&c, "goes from 0 to 5");
	c = client();
	c.min_version = SLU_TLS_1_3;
	c.max_version = SLU_TLS_1_2;
	refused(&c, "the minimum TLS version 1.3 is above the maximum 1.2");
	c = client();
	c.pin = "sha1//x";
	refused(&c, "does not begin with sha256//");
}

static void parses_versions(void **state)
{
	static const struct {
		const char *text;
		enum slu_tls_version version;
	} good[] = {
		{"1", SLU_TLS_1_0},       {"1.0", SLU_TLS_1_0},     {"TLSv1", SLU_TLS_1_0},   {"1.1", SLU_TLS_1_1},
		{"tlsv1.2", SLU_TLS_1_2}, {"TLS 1.2", SLU_TLS_1_2}, {"TLSv1.3", SLU_TLS_1_3}, {"TLS1.3", SLU_TLS_1_3},
	};
	static const char *const bad[] = {"", "1.4", "TLS", "2", "1.2 ", "SSLv3", "v1.2", "0x0303"};
	enum slu_tls_version v;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		v = SLU_TLS_DEFAULT;
		assert_true(slu_tls_version_parse(good[i].text, &v));
		assert_int_equal(v, good[i].version);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(slu_tls_version_parse(bad[i], &v));
}

static void names_the_library(void **state)
{
	(void)state;
	has(slu_tls_library(), "OpenSSL ");
	has(slu_tls_library_built(), "OpenSSL ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(hints_at_the_bound_in_the_way),
		cmocka_unit_test(old_versions_only_when_asked),
		cmocka_unit_test(suites),
		cmocka_unit_test(groups),
		cmocka_unit_test(security_level),
		cmocka_unit_test(refuses_what_openssl_does_not_know),
		cmocka_unit_test(parses_versions),
		cmocka_unit_test(names_the_library),
	};

	return cmocka_run_group_tests_name("policy", tests, kit_setup, kit_teardown);
}
