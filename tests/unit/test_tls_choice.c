/* SPDX-License-Identifier: MIT */
/* "auto" in a TLS configuration: from the file to what is offered, and what counts as a refusal. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "crypto/kept.h"
#include "crypto/tls_choice.h"
#include "crypto/tls_ctx.h"
#include "tls_kit.h"

static struct slu_kept kept;
static char path[200], said[2048];

static void log_line(void *arg, enum slu_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", line);
}

static struct slu_tls_config client(void)
{
	return (struct slu_tls_config){.ca_file = kit_ca.cert,
				       .offload = "auto",
				       .measured = path,
				       .log = {.level = SLU_LOG_INFO, .fn = log_line}};
}

static void add(const char *suite, bool etm, double ms)
{
	struct slu_kept_way *w = &kept.ways[kept.nways++];

	*w = (struct slu_kept_way){.door = "off", .etm = etm, .ms_per_mb = {ms}};
	w->version = strncmp(suite, "TLS_", 4) == 0 ? SLU_TLS_1_3 : SLU_TLS_1_2;
	snprintf(w->suite, sizeof w->suite, "%s", suite);
}

static void write_kept(void)
{
	char where[300], error[400];

	if (slu_kept_write(&kept, path, where, sizeof where, error, sizeof error) != 0)
		fail_msg("%s", error);
}

/* Of this device, so that it fits. */
static int setup(void **state)
{
	(void)state;
	memset(&kept, 0, sizeof kept);
	slu_kept_device(&kept.device);
	kept.made = 1700000000;
	kept.sizes[0] = 16384;
	kept.nsizes = 1;
	add("ECDHE-ECDSA-AES128-GCM-SHA256", false, 20);
	add("TLS_AES_128_GCM_SHA256", false, 20);
	add("ECDHE-ECDSA-AES256-GCM-SHA384", false, 25);
	add("ECDHE-ECDSA-CHACHA20-POLY1305", false, 30);
	snprintf(path, sizeof path, "%s/measured", kit_folder());
	write_kept();
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

/* The suites that a connection offers, with ':' between. */
static const char *offered(const struct slu_tls_peer *p)
{
	static char list[2048];
	STACK_OF(SSL_CIPHER) *suites = SSL_get1_supported_ciphers(p->ssl);

	list[0] = '\0';
	for (int i = 0; i < sk_SSL_CIPHER_num(suites); i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ":" : "",
			 SSL_CIPHER_get_name(sk_SSL_CIPHER_value(suites, i)));
	sk_SSL_CIPHER_free(suites);
	return list;
}

static void begin(struct slu_tls_peer *p, struct slu_tls_ctx *ctx)
{
	assert_int_equal(slu_tls_peer_open(p, ctx, "live.example"), 0);
}

#define GCM128 "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"

static void test_offers_alone_until_refused(void **state)
{
	static const int refusals[] = {SSL_AD_HANDSHAKE_FAILURE, SSL_AD_PROTOCOL_VERSION, SSL_AD_INSUFFICIENT_SECURITY};
	struct slu_tls_config c = client();
	struct slu_tls_peer p;

	(void)state;
	for (size_t i = 0; i <= sizeof refusals / sizeof *refusals; i++) {
		struct slu_tls_ctx *ctx = kit_ctx(&c);

		begin(&p, ctx);
		assert_true(strncmp(offered(&p), GCM128, strlen(GCM128)) == 0);
		assert_null(strstr(offered(&p), "CHACHA20"));
		assert_null(strstr(offered(&p), "AES256"));
		p.eof = true;
		p.nfirst = 1;
		assert_false(slu_tls_peer_refused(&p)); /* it said something */
		p.alert_in = SSL_AD_CERTIFICATE_EXPIRED;
		assert_false(slu_tls_peer_refused(&p));
		p.nfirst = 0;
		p.alert_in = i ? refusals[i - 1] : -1; /* or it hung up without a word */
		assert_true(slu_tls_peer_refused(&p));
		slu_tls_peer_close(&p);
		begin(&p, ctx);
		assert_true(strncmp(offered(&p), "TLS_AES_128_GCM_SHA256:", 23) == 0);
		assert_non_null(strstr(offered(&p), "ECDHE-ECDSA-CHACHA20-POLY1305"));
		p.alert_in = SSL_AD_HANDSHAKE_FAILURE;
		assert_false(slu_tls_peer_refused(&p));
		slu_tls_peer_close(&p);
		slu_tls_ctx_free(ctx);
	}
}

static void join(struct slu_tls_peer *client, struct slu_tls_peer *server)
{
	BIO *a, *b;

	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(client->ssl, a, a);
	SSL_set_bio(server->ssl, b, b);
	for (int i = 0; i < 8; i++) {
		SSL_do_handshake(client->ssl);
		SSL_do_handshake(server->ssl);
	}
	ERR_clear_error();
}

/* The server has taken a suite, and wants a certificate: more suites would not help. */
static void test_a_later_failure_is_no_refusal(void **state)
{
	struct slu_tls_config c = client(), s = {.server = true,
						 .cert_file = kit_server.cert,
						 .key_file = kit_server.key,
						 .max_version = SLU_TLS_1_2};
	struct slu_tls_ctx *ctx = kit_ctx(&c), *server = kit_ctx(&s);
	struct slu_tls_peer p, q;

	(void)state;
	begin(&p, ctx);
	assert_int_equal(slu_tls_peer_open(&q, server, NULL), 0);
	SSL_set_verify(q.ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	join(&p, &q);
	assert_int_equal(p.alert_in, SSL_AD_HANDSHAKE_FAILURE);
	assert_false(slu_tls_peer_refused(&p));
	slu_tls_peer_close(&p);
	slu_tls_peer_close(&q);
	begin(&p, ctx);
	assert_true(p.alone);
	slu_tls_peer_close(&p);
	slu_tls_ctx_free(ctx);
	slu_tls_ctx_free(server);
}

static void test_says_what(void **state)
{
	struct slu_tls_config c = client();
	struct slu_tls_ctx *ctx = kit_ctx(&c);

	(void)state;
	assert_string_equal(slu_tls_chosen(ctx),
			    "TLS: AES-128-GCM in software takes 20.0 ms of CPU per MB, the least by this device's "
			    "measurements (AES-256-GCM in software 25.0)");
	assert_non_null(strstr(said, slu_tls_chosen(ctx)));
	slu_tls_ctx_free(ctx);
	c.offload = NULL;
	ctx = kit_ctx(&c);
	assert_string_equal(slu_tls_chosen(ctx), "");
	slu_tls_ctx_free(ctx);
	c.cipher_list = "auto";
	ctx = kit_ctx(&c);
	assert_non_null(strstr(slu_tls_chosen(ctx), "AES-128-GCM in software takes 20.0 ms"));
	slu_tls_ctx_free(ctx);
}

static void test_fixed_lists_stand(void **state)
{
	struct slu_tls_config c = client();
	struct slu_tls_peer p;
	struct slu_tls_ctx *ctx;

	(void)state;
	c.cipher_list = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256";
	c.max_version = SLU_TLS_1_2;
	ctx = kit_ctx(&c);
	begin(&p, ctx);
	assert_string_equal(offered(&p), c.cipher_list);
	p.alert_in = SSL_AD_HANDSHAKE_FAILURE;
	assert_false(slu_tls_peer_refused(&p));
	slu_tls_peer_close(&p);
	slu_tls_ctx_free(ctx);
	c.cipher_list = "NO-SUCH-SUITE";
	assert_null(slu_tls_ctx_new(&c, said, sizeof said));
	assert_non_null(strstr(said, "does not take the cipher list"));
}

/* A file that is missing, of another device, or no such file at all: software, in an order of its own. */
static void test_nothing_that_fits(void **state)
{
	struct slu_tls_config c = client();
	struct slu_tls_peer p;
	struct slu_tls_ctx *ctx;

	(void)state;
	snprintf(kept.device.cpu, sizeof kept.device.cpu, "another");
	write_kept();
	ctx = kit_ctx(&c);
	assert_non_null(strstr(slu_tls_chosen(ctx), "what is kept of this device cannot be used ("));
	assert_non_null(strstr(slu_tls_chosen(ctx), "sluice doctor"));
	begin(&p, ctx);
	assert_non_null(strstr(offered(&p), "CHACHA20"));
	assert_non_null(strstr(offered(&p), "AES256"));
	assert_false(p.alone);
	slu_tls_peer_close(&p);
	slu_tls_ctx_free(ctx);
	unlink(path);
	ctx = kit_ctx(&c);
	assert_non_null(strstr(slu_tls_chosen(ctx), "what is kept of this device cannot be used ("));
	slu_tls_ctx_free(ctx);
}

/* What was measured with an engine that is no more: its suites are chosen no longer either. */
static void test_an_engine_that_is_gone(void **state)
{
	struct slu_tls_config c = client();
	struct slu_tls_peer p;
	struct slu_tls_ctx *ctx;

	(void)state;
	add("ECDHE-ECDSA-AES256-GCM-SHA384", false, 1);
	snprintf(kept.ways[kept.nways - 1].door, sizeof kept.ways->door, "engine:/nonexistent/engine.so");
	write_kept();
	ctx = kit_ctx(&c);
	assert_non_null(strstr(said, "TLS is done in software: "));
	assert_non_null(strstr(slu_tls_chosen(ctx), "AES-128-GCM in software takes 20.0 ms"));
	begin(&p, ctx);
	assert_true(p.alone);
	assert_null(strstr(offered(&p), "AES256"));
	slu_tls_peer_close(&p);
	slu_tls_ctx_free(ctx);
	c.cipher_list = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256";
	c.max_version = SLU_TLS_1_2;
	ctx = kit_ctx(&c);
	assert_non_null(strstr(slu_tls_chosen(ctx), "AES-256-GCM in software takes 25.0 ms"));
	begin(&p, ctx);
	assert_string_equal(offered(&p), c.cipher_list);
	slu_tls_peer_close(&p);
	slu_tls_ctx_free(ctx);
}

/* ---- encrypt-then-MAC ---- */

static void shake_hands(struct slu_tls_peer *client, struct slu_tls_peer *server)
{
	join(client, server);
	assert_true(SSL_is_init_finished(client->ssl) && SSL_is_init_finished(server->ssl));
}

static void test_cbc_needs_its_extension(void **state)
{
	struct slu_tls_config c = client(),
			      s = {.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key};
	struct slu_tls_ctx *server = kit_ctx(&s);

	(void)state;
	add("ECDHE-ECDSA-AES128-SHA", true, 10);
	write_kept();
	for (int with = 1; with >= 0; with--) {
		struct slu_tls_ctx *ctx = kit_ctx(&c);
		struct slu_tls_peer p, q;

		begin(&p, ctx);
		assert_int_equal(strncmp(offered(&p), "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA", 43), 0);
		assert_null(strstr(offered(&p), "GCM"));
		assert_int_equal(slu_tls_peer_open(&q, server, NULL), 0);
		if (!with)
			SSL_set_options(q.ssl, SSL_OP_NO_ENCRYPT_THEN_MAC);
		shake_hands(&p, &q);
		assert_string_equal(SSL_get_cipher_name(p.ssl), "ECDHE-ECDSA-AES128-SHA");
		assert_int_equal(slu_tls_peer_refused(&p), !with);
		slu_tls_peer_close(&p);
		slu_tls_peer_close(&q);
		slu_tls_ctx_free(ctx);
	}
	slu_tls_ctx_free(server);
}

/* Where it is allowed and the cheapest, the server must not make something else of it. */
static void test_mac_then_encrypt(void **state)
{
	struct slu_tls_config c = client();
	struct slu_tls_ctx *ctx;
	struct slu_tls_peer p;

	(void)state;
	add("ECDHE-ECDSA-AES128-SHA", true, 10);
	add("ECDHE-ECDSA-AES128-SHA", false, 9);
	write_kept();
	for (int allowed = 0; allowed <= 1; allowed++) {
		c.allow_weak = allowed;
		ctx = kit_ctx(&c);
		begin(&p, ctx);
		assert_int_equal(strncmp(offered(&p), "ECDHE-ECDSA-AES128-SHA:", 23), 0);
		assert_int_equal((SSL_get_options(p.ssl) & SSL_OP_NO_ENCRYPT_THEN_MAC) != 0, allowed);
		p.alert_in = SSL_AD_HANDSHAKE_FAILURE;
		assert_true(slu_tls_peer_refused(&p));
		slu_tls_peer_close(&p);
		begin(&p, ctx);
		assert_false(SSL_get_options(p.ssl) & SSL_OP_NO_ENCRYPT_THEN_MAC);
		slu_tls_peer_close(&p);
		slu_tls_ctx_free(ctx);
	}
}

/* The server's own order, cheapest first, whatever the client's is. */
static void test_server_goes_by_cost(void **state)
{
	struct slu_tls_config c = {.ca_file = kit_ca.cert,
				   .cipher_list = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
						  "ECDHE-ECDSA-AES128-GCM-SHA256",
				   .max_version = SLU_TLS_1_2};
	struct slu_tls_config s = client();
	struct slu_tls_ctx *client = kit_ctx(&c), *server;
	struct slu_tls_peer p, q;

	(void)state;
	s.server = true;
	s.cert_file = kit_server.cert;
	s.key_file = kit_server.key;
	server = kit_ctx(&s);
	begin(&p, client);
	assert_int_equal(slu_tls_peer_open(&q, server, NULL), 0);
	shake_hands(&p, &q);
	assert_string_equal(SSL_get_cipher_name(p.ssl), "ECDHE-ECDSA-AES128-GCM-SHA256");
	slu_tls_peer_close(&p);
	slu_tls_peer_close(&q);
	slu_tls_ctx_free(client);
	slu_tls_ctx_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_offers_alone_until_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_later_failure_is_no_refusal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_says_what, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fixed_lists_stand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_that_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_engine_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cbc_needs_its_extension, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mac_then_encrypt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_server_goes_by_cost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
