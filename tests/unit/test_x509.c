/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509.h>

#include "crypto/tls_ctx.h"
#include "crypto/x509.h"
#include "tls_kit.h"

static char said[1024];

static struct slu_tls_ctx *server_of(const struct kit_cert *cert)
{
	return kit_ctx(&(struct slu_tls_config){.server = true, .cert_file = cert->cert, .key_file = cert->key});
}

/* What a client that trusts ca says of a server with this certificate; "" when it is content. */
static const char *verdict(const struct kit_cert *cert, const struct slu_tls_config *config, const char *host)
{
	struct slu_tls_ctx *c = kit_ctx(config), *s = server_of(cert);
	struct kit_pair p;

	kit_pair_init(&p, c, s, host);
	kit_handshake(&p);
	snprintf(said, sizeof said, "%s", p.c->ops->error(p.c));
	assert_int_equal(p.cr, said[0] ? SLU_ERR_CERTIFICATE : 1);
	if (said[0])
		assert_int_equal(p.sr, SLU_ERR_TLS);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
	return said;
}

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

static const char *of(const struct kit_request *request, const char *host)
{
	struct kit_cert cert;
	const char *r;

	kit_make(&cert, "one", request);
	r = verdict(&cert, &(struct slu_tls_config){.ca_file = kit_ca.cert}, host);
	kit_free(&cert);
	return r;
}

static void names(void **state)
{
	struct kit_request one = {.cn = "other.example", .san = "DNS:other.example", .issuer = &kit_ca};

	(void)state;
	assert_string_equal(of(&one, "other.example"), "");
	assert_string_equal(
		of(&one, "live.example"),
		"the certificate is not for live.example but for other.example: use that name, or give it with "
		"--server-name");
	one.san = "DNS:a.example,DNS:b.example,IP:192.0.2.7,IP:2001:db8::7,DNS:e.example,DNS:f.example,DNS:g.example";
	has(of(&one, "live.example"), "for a.example, b.example, 192.0.2.7, 2001:db8::7, e.example and 2 more: use");
	has(of(&one, "192.0.2.8"), "is not for 192.0.2.8 but for a.example");
	assert_string_equal(of(&one, "192.0.2.7"), "");
	assert_string_equal(of(&one, "[2001:db8:0::7]"), "");
	/* A name in CN counts only without names in the extension; an address there never (RFC 9525). */
	one.san = NULL;
	one.cn = "192.0.2.7";
	has(of(&one, "192.0.2.7"), "is not for 192.0.2.7 but for 192.0.2.7");
	one.san = "DNS:*.live.example";
	one.cn = "x";
	assert_string_equal(of(&one, "a.live.example"), "");
	has(of(&one, "b.a.live.example"), "for *.live.example");
	has(of(&one, "live.example"), "for *.live.example");
	one.san = "DNS:a*.live.example";
	has(of(&one, "ab.live.example"), "not for ab.live.example");
}

static void hostile_names_are_escaped_and_bounded(void **state)
{
	struct kit_request one = {.cn = "\x1b[31mred\nline", .issuer = &kit_ca};
	static char many[4000];

	(void)state;
	has(of(&one, "live.example"), "\\x1b[31mred\\x0aline");
	one.cn = "x";
	one.san = many;
	for (int i = 0; i < 40; i++)
		sprintf(many + strlen(many), "%sDNS:%02d-%060d.example", i ? "," : "", i, i);
	has(of(&one, "live.example"), " more: use that name");
	assert_true(strlen(said) < SLU_TLS_SENTENCE);
}

static void server_name_replaces_the_host(void **state)
{
	(void)state;
	assert_string_equal(verdict(&kit_server,
				    &(struct slu_tls_config){.ca_file = kit_ca.cert, .server_name = "live.example"},
				    "somewhere.else"),
			    "");
}

static void issuers(void **state)
{
	struct kit_request self = {.cn = "live.example", .san = "DNS:live.example"};
	struct kit_cert other, cert;

	(void)state;
	has(of(&self, "live.example"),
	    "the certificate of live.example is signed by itself: give that certificate with "
	    "--ca-file, or use --insecure with --pin sha256//");
	kit_make(&other, "other", &(struct kit_request){.cn = "Other CA", .ca = true});
	kit_make(&cert, "alien",
		 &(struct kit_request){.cn = "live.example", .san = "DNS:live.example", .issuer = &other});
	has(verdict(&cert, &(struct slu_tls_config){.ca_file = kit_ca.cert}, "live.example"),
	    "was issued by \"Other CA\", which is not trusted here: give that authority's certificate with --ca-file");
	/* The self-signed one itself may be trusted. */
	has(verdict(&other, &(struct slu_tls_config){.ca_file = other.cert}, "live.example"),
	    "is not for live.example");
	kit_free(&cert);
	kit_free(&other);
}

static void system_store(void **state)
{
	char empty[200];

	(void)state;
	snprintf(empty, sizeof empty, "%s/nothing", kit_folder());
	setenv("SSL_CERT_FILE", empty, 1);
	setenv("SSL_CERT_DIR", empty, 1);
	assert_true(slu_x509_system_store_missing());
	has(verdict(&kit_server, &(struct slu_tls_config){0}, "live.example"),
	    "cannot be verified, because this system has no CA certificates: install the package ca-certificates, or "
	    "give "
	    "the authority's with --ca-file");
	setenv("SSL_CERT_FILE", kit_ca.cert, 1);
	assert_false(slu_x509_system_store_missing());
	assert_string_equal(verdict(&kit_server, &(struct slu_tls_config){0}, "live.example"), "");
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
}

static void ca_folder(void **state)
{
	char path[200], hashed[400], error[500];
	struct slu_tls_config c = {.ca_path = path};

	(void)state;
	snprintf(path, sizeof path, "%s/nothing", kit_folder());
	assert_null(slu_tls_ctx_new(&c, error, sizeof error));
	has(error, "the CA folder");
	snprintf(path, sizeof path, "%s", kit_folder());
	has(verdict(&kit_server, &c, "live.example"), "\"Test CA\", which is not trusted here");
	snprintf(hashed, sizeof hashed, "cp %s %s/%08lx.0", kit_ca.cert, path, X509_subject_name_hash(kit_ca.x509));
	assert_int_equal(system(hashed), 0);
	assert_string_equal(verdict(&kit_server, &c, "live.example"), "");
}

static void dates(void **state)
{
	struct kit_request one = {.cn = "live.example", .san = "DNS:live.example", .issuer = &kit_ca};

	(void)state;
	one.from = -7200;
	one.to = -3600;
	has(of(&one, "live.example"), "the certificate of live.example expired on 2");
	has(said, "the server's owner must renew it");
	one.from = 3600;
	one.to = 7200;
	has(of(&one, "live.example"), "is valid only from 2");
	has(said, "wait, or check both clocks");
	one.from = 40 * 86400;
	one.to = 41 * 86400;
	has(of(&one, "live.example"), "set the clock, if it is wrong");
}

static void a_clock_that_is_not_set(void **state)
{
	struct slu_tls_ctx *c = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert});

	(void)state;
	c->fixed_time = 731;
	kit_refused(c, server_of(&kit_server), "live.example", SLU_ERR_CERTIFICATE, said, sizeof said);
	assert_string_equal(said,
			    "the clock of this device stands at 1970-01-01 00:12:11 UTC, so no certificate can be "
			    "verified: set the clock (NTP, or 'date -s') and try again");
}

static void an_authority_that_expired(void **state)
{
	struct kit_cert old, cert;

	(void)state;
	kit_make(&old, "old", &(struct kit_request){.cn = "Old CA", .ca = true, .from = -7200, .to = -3600});
	kit_make(&cert, "fresh", &(struct kit_request){.cn = "x", .san = "DNS:live.example", .issuer = &old});
	has(verdict(&cert, &(struct slu_tls_config){.ca_file = old.cert}, "live.example"),
	    "the certificate of the authority \"Old CA\" in the chain of live.example expired on");
	kit_free(&old);
	kit_free(&cert);
}

static void pins(void **state)
{
	struct slu_tls_config c = {.ca_file = kit_ca.cert, .pin = kit_server.pin};
	char wrong[] = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

	(void)state;
	assert_string_equal(verdict(&kit_server, &c, "live.example"), "");
	c.pin = kit_ca.pin; /* any of the verified chain */
	assert_string_equal(verdict(&kit_server, &c, "live.example"), "");
	c.pin = wrong;
	has(verdict(&kit_server, &c, "live.example"),
	    "the certificate of live.example matches no pin: it has sha256//");
	has(said, kit_server.pin);
	/* Not instead of the chain, but besides it. */
	c.pin = kit_server.pin;
	has(verdict(&kit_server, &c, "other.example"), "is not for other.example");
	c.insecure = true;
	assert_string_equal(verdict(&kit_server, &c, "other.example"), "");
	c.pin = wrong;
	has(verdict(&kit_server, &c, "other.example"), "matches no pin");
	c.pin = kit_ca.pin; /* what is not verified proves nothing about the authority */
	has(verdict(&kit_server, &c, "other.example"), "matches no pin");
	c.pin = NULL;
	assert_string_equal(verdict(&kit_server, &c, "other.example"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(hostile_names_are_escaped_and_bounded),
		cmocka_unit_test(server_name_replaces_the_host),
		cmocka_unit_test(issuers),
		cmocka_unit_test(system_store),
		cmocka_unit_test(ca_folder),
		cmocka_unit_test(dates),
		cmocka_unit_test(a_clock_that_is_not_set),
		cmocka_unit_test(an_authority_that_expired),
		cmocka_unit_test(pins),
	};

	return cmocka_run_group_tests_name("x509", tests, kit_setup, kit_teardown);
}
