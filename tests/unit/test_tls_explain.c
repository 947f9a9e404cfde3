/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include "crypto/tls_ctx.h"
#include "net/tls.h"
#include "tls_kit.h"

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

/* What one end says to these bytes from the other, followed by an end of stream or not. */
static int answer(bool server, const void *bytes, size_t n, bool end, char *out, size_t size)
{
	struct slu_tls_ctx *ctx =
		server ? kit_ctx(&(struct slu_tls_config){
				 .server = true, .cert_file = kit_server.cert, .key_file = kit_server.key})
		       : kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert});
	struct slu_transport *t;
	struct kit_mem a, b;
	int r = 0;

	kit_mem_pair(&a, &b);
	t = slu_tls_over(ctx, &a.transport, server ? NULL : "live.example", 1000);
	assert_int_equal(t->ops->open(t, 1), 0);
	assert_int_equal(slu_buf_append(&a.in, bytes, n), 0);
	a.ended = end;
	for (int i = 2; i < 10 && r == 0; i++)
		r = t->ops->open(t, (uint64_t)i);
	snprintf(out, size, "%s", t->ops->error(t));
	t->ops->free(t);
	kit_mem_clear(&a);
	kit_mem_clear(&b);
	slu_tls_ctx_free(ctx);
	return r;
}

static void no_tls_at_the_port(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n", ssh[] = "SSH-2.0-OpenSSH_9.2\r\n";
	static const uint8_t rtmp[1537] = {3, 0, 0, 0, 1};
	char said[1024];

	(void)state;
	assert_int_equal(answer(false, http, sizeof http - 1, true, said, sizeof said), SLU_ERR_TLS);
	/* libssl reads a header first in some versions, and more in others. */
	has(said, "live.example speaks no TLS on this port, it answered \"HTTP/");
	has(said, "\": try rtmp:// instead of rtmps://, or another port");
	assert_int_equal(answer(false, ssh, sizeof ssh - 1, false, said, sizeof said), SLU_ERR_TLS);
	has(said, "it answered \"SSH-2");
	assert_int_equal(answer(false, rtmp, sizeof rtmp, false, said, sizeof said), SLU_ERR_TLS);
	has(said, "speaks no TLS on this port, it answered \"\\x03");
	has(said, "try rtmp://");
}

static void no_tls_from_the_client(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", junk[] = "hello world";
	static const uint8_t rtmp[1537] = {3, 0, 0, 0, 1};
	char said[1024];

	(void)state;
	assert_int_equal(answer(true, rtmp, sizeof rtmp, false, said, sizeof said), SLU_ERR_TLS);
	assert_string_equal(said, "the client speaks plain RTMP to a TLS port: it must use rtmps://, or the port for "
				  "rtmp://");
	assert_int_equal(answer(true, http, sizeof http - 1, false, said, sizeof said), SLU_ERR_TLS);
	has(said, "the client speaks no TLS to a TLS port, it began with \"GET /");
	has(said, "\": this is RTMPS, and no web server");
	assert_int_equal(answer(true, junk, sizeof junk - 1, true, said, sizeof said), SLU_ERR_TLS);
	has(said, "it began with \"hello");
}

static void hung_up(void **state)
{
	static const uint8_t piece[] = {22, 3, 3, 0, 100, 2};
	char said[1024];

	(void)state;
	assert_int_equal(answer(false, "", 0, true, said, sizeof said), SLU_ERR_TLS);
	has(said, "live.example hung up on the TLS handshake (offered: TLS 1.2 to 1.3 with ");
	has(said, "try rtmp:// instead of rtmps://");
	assert_int_equal(answer(false, piece, sizeof piece, true, said, sizeof said), SLU_ERR_TLS);
	has(said, "live.example hung up in the middle of the TLS handshake");
	assert_int_equal(answer(true, "", 0, true, said, sizeof said), SLU_ERR_TLS);
	assert_string_equal(said, "the client hung up during the TLS handshake");
}

static void alerts_by_name(void **state)
{
	static const struct {
		uint8_t number;
		const char *name, *hint;
	} alerts[] = {
		{40, "handshake_failure", "--ciphers"},
		{42, "bad_certificate", "--cert"},
		{48, "unknown_ca", "--cert"},
		{70, "protocol_version", "--tls-min 1.0"},
		{71, "insufficient_security", "stronger"},
		{80, "internal_error", "later"},
		{112, "unrecognized_name", "--server-name"},
		{116, "certificate_required", "--cert and --cert-key"},
		{110, "unsupported extension", "log may say more"},
		{255, "unknown", "log may say more"},
	};
	char said[1024];

	(void)state;
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
		uint8_t record[] = {21, 3, 3, 0, 2, 2, alerts[i].number};

		assert_int_equal(answer(false, record, sizeof record, true, said, sizeof said), SLU_ERR_TLS);
		has(said, "live.example refused the TLS handshake with the alert ");
		has(said, alerts[i].name);
		has(said, alerts[i].hint);
		has(said, "(offered: TLS 1.2 to 1.3 with ");
		assert_int_equal(answer(true, record, sizeof record, true, said, sizeof said), SLU_ERR_TLS);
		assert_null(strstr(said, "live.example"));
	}
}

/* A server that answers in a version which was not offered: ServerHello of TLS 1.0. */
static void a_version_that_was_not_offered(void **state)
{
	uint8_t hello[5 + 4 + 38] = {22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1};
	char said[1024];

	(void)state;
	hello[5 + 4 + 35] = 0xc0;
	hello[5 + 4 + 36] = 0x09;
	assert_int_equal(answer(false, hello, sizeof hello, false, said, sizeof said), SLU_ERR_TLS);
	has(said,
	    "the TLS handshake with live.example failed here: unsupported protocol, alert sent: protocol_version");
	has(said, "try --tls-min 1.0");
}

static void nothing_left_to_offer(void **state)
{
	struct slu_tls_ctx *ctx = kit_ctx(&(struct slu_tls_config){
		.ca_file = kit_ca.cert, .cipher_list = "AES128-SHA", .max_version = SLU_TLS_1_2, .security_level = 5});
	struct slu_transport *t;
	struct kit_mem a, b;

	(void)state;
	kit_mem_pair(&a, &b);
	t = slu_tls_over(ctx, &a.transport, "live.example", 1000);
	assert_int_equal(t->ops->open(t, 1), SLU_ERR_TLS);
	has(t->ops->error(t), "no suite is left: check --ciphers");
	t->ops->free(t);
	kit_mem_clear(&b);
	slu_tls_ctx_free(ctx);
}

static void client_certificate(void **state)
{
	static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};
	struct kit_cert mine, alien;
	char said[1024];

	(void)state;
	kit_make(&mine, "mine", &(struct kit_request){.cn = "camera 7", .issuer = &kit_ca});
	kit_make(&alien, "alien", &(struct kit_request){.cn = "camera 8"});
	for (size_t i = 0; i < 6; i++) {
		const struct kit_cert *cert = i / 2 == 0 ? &mine : i / 2 == 1 ? &alien : NULL;
		struct slu_tls_ctx *s = kit_ctx(&(struct slu_tls_config){
			.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key});
		struct slu_tls_ctx *c = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert,
									 .cert_file = cert ? cert->cert : NULL,
									 .key_file = cert ? cert->key : NULL,
									 .max_version = versions[i % 2]});

		SSL_CTX_load_verify_locations(s->ssl, kit_ca.cert, NULL);
		SSL_CTX_set_verify(s->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		if (cert == &mine) {
			struct kit_pair p;

			kit_opened(&p, c, s, "live.example");
			kit_carry(p.c, p.s, "x", 1);
			kit_pair_clear(&p);
			slu_tls_ctx_free(c);
			slu_tls_ctx_free(s);
			continue;
		}
		kit_refused(c, s, "live.example", SLU_ERR_TLS, said, sizeof said);
		has(said, cert                             ? "it does not know who issued the client certificate"
			  : versions[i % 2] == SLU_TLS_1_3 ? "certificate_required"
							   : "the server wants a client certificate (--cert)");
	}
	kit_free(&mine);
	kit_free(&alien);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_tls_at_the_port),
		cmocka_unit_test(no_tls_from_the_client),
		cmocka_unit_test(hung_up),
		cmocka_unit_test(alerts_by_name),
		cmocka_unit_test(a_version_that_was_not_offered),
		cmocka_unit_test(nothing_left_to_offer),
		cmocka_unit_test(client_certificate),
	};

	return cmocka_run_group_tests_name("tls_explain", tests, kit_setup, kit_teardown);
}
