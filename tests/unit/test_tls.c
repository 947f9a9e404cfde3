/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include "crypto/tls_ctx.h"
#include "net/tls.h"
#include "tls_kit.h"

static struct slu_tls_ctx *server_ctx(void)
{
	return kit_ctx(
		&(struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key});
}

static struct slu_tls_ctx *client_ctx(enum slu_tls_version version)
{
	return kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert, .max_version = version});
}

static struct slu_transport_stats stats(const struct slu_transport *t)
{
	struct slu_transport_stats s;

	t->ops->stats(t, &s);
	return s;
}

static void carries_both_ways(void **state)
{
	static const char *const hosts[] = {"live.example", "LIVE.example.", "127.0.0.1", "::1", "[::1]"};
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	uint8_t data[50000];
	struct kit_pair p;

	(void)state;
	memset(data, 'x', sizeof data);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		kit_opened(&p, c, s, hosts[i]);
		kit_carry(p.c, p.s, data, sizeof data);
		kit_carry(p.s, p.c, data, 1);
		assert_int_equal(stats(p.c).records, 4);
		assert_int_equal(stats(p.c).short_records, 0);
		assert_int_equal(stats(p.s).records, 1);
		assert_int_equal(stats(p.s).short_records, 1);
		assert_string_equal(stats(p.c).tls_version, "TLSv1.3");
		assert_string_equal(stats(p.c).tls_suite, stats(p.s).tls_suite);
		assert_true(stats(p.c).tls && stats(p.c).tls_ms > 0);
		assert_string_equal(stats(p.c).peer, "[::1]:443");
		kit_pair_clear(&p);
	}
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void handshakes_byte_by_byte(void **state)
{
	static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};
	struct slu_tls_ctx *s = server_ctx();
	uint8_t data[20000] = "z";
	struct kit_pair p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_tls_ctx *c = client_ctx(versions[i]);

		kit_pair_init(&p, c, s, "live.example");
		p.cm.write_max = p.sm.write_max = 1;
		p.cm.read_max = p.sm.read_max = 1;
		p.cm.delay = 3;
		kit_handshake(&p);
		assert_int_equal(p.cr, 1);
		assert_int_equal(p.sr, 1);
		kit_carry(p.c, p.s, data, sizeof data);
		assert_int_equal(stats(p.c).records, 2);
		kit_pair_clear(&p);
		slu_tls_ctx_free(c);
	}
	slu_tls_ctx_free(s);
}

static void a_flight_is_one_write(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct kit_pair p;

	(void)state;
	kit_opened(&p, c, s, "live.example");
	assert_int_equal(p.cm.writes, 2); /* hello; change cipher spec and finished */
	assert_int_equal(p.sm.writes, 2); /* hello to finished; ticket */
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void takes_nothing_while_pending(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	static uint8_t data[100000], got[100001];
	struct slu_vec vec = {data, sizeof data};
	size_t have = 0;
	struct kit_pair p;

	(void)state;
	kit_opened(&p, c, s, "live.example");
	assert_int_equal(p.c->ops->want(p.c), 0);
	p.cm.window = 1000;
	assert_int_equal(p.c->ops->send(p.c, &vec, 1), sizeof data);
	assert_true(p.c->ops->pending(p.c) > sizeof data - 1000);
	assert_int_equal(p.c->ops->want(p.c), SLU_WANT_WRITE);
	assert_int_equal(p.c->ops->send(p.c, &vec, 1), 0);
	assert_int_equal(p.c->ops->flush(p.c), 0);
	while (have < sizeof data) {
		long n = p.s->ops->recv(p.s, got + have, sizeof got - have);

		assert_true(n >= 0);
		have += (size_t)n;
		p.c->ops->flush(p.c);
	}
	assert_int_equal(p.c->ops->flush(p.c), 1);
	assert_int_equal(p.c->ops->pending(p.c), 0);
	assert_int_equal(p.c->ops->want(p.c), 0);
	assert_memory_equal(got, data, sizeof data);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void buffered_tells_of_what_was_read_ahead(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct slu_vec one = {"abcdefgh", 8};
	struct kit_pair p;
	char got[16];

	(void)state;
	kit_opened(&p, c, s, "live.example");
	assert_int_equal(p.s->ops->recv(p.s, got, sizeof got), 0);
	assert_int_equal(p.s->ops->buffered(p.s), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(p.c->ops->send(p.c, &one, 1), 8);
	assert_int_equal(p.s->ops->recv(p.s, got, 5), 5);
	assert_int_equal(p.s->ops->buffered(p.s), 3);
	assert_int_equal(p.s->ops->recv(p.s, got, 3), 3);
	assert_int_equal(p.sm.in.len, 0); /* all read from below, two records undecrypted */
	assert_true(p.s->ops->buffered(p.s) > 0);
	assert_int_equal(p.s->ops->recv(p.s, got, 16), 16);
	assert_int_equal(p.s->ops->recv(p.s, got, 16), 0);
	assert_int_equal(p.s->ops->buffered(p.s), 0);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void ends_in_order(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct slu_vec vec = {"tail", 4};
	struct kit_pair p;
	char got[16];

	(void)state;
	kit_opened(&p, c, s, "live.example");
	p.cm.window = 10;
	assert_int_equal(p.c->ops->send(p.c, &vec, 1), 4);
	assert_int_equal(p.c->ops->shutdown(p.c), 0);
	assert_int_equal(p.c->ops->send(p.c, &vec, 1), SLU_ERR_STATE);
	assert_false(p.sm.ended);
	p.cm.window = 0;
	assert_int_equal(p.c->ops->shutdown(p.c), 1);
	assert_true(p.sm.ended);
	assert_int_equal(p.s->ops->recv(p.s, got, sizeof got), 4);
	assert_int_equal(p.s->ops->recv(p.s, got, sizeof got), SLU_ERR_CLOSED);
	/* The other half goes on. */
	assert_int_equal(p.s->ops->send(p.s, &vec, 1), 4);
	assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), 4);
	/* Many servers close TCP then and there. */
	p.cm.ended = true;
	assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), SLU_ERR_CLOSED);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void a_cut_is_no_end(void **state)
{
	static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};
	struct slu_tls_ctx *s = server_ctx();
	struct slu_vec vec = {"body", 4};
	struct kit_pair p;
	char got[16];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_tls_ctx *c = client_ctx(versions[i]);

		kit_opened(&p, c, s, "live.example");
		assert_int_equal(p.s->ops->send(p.s, &vec, 1), 4);
		p.cm.ended = true;
		assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), 4);
		assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), SLU_ERR_RESET);
		assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), SLU_ERR_RESET);
		assert_string_equal(p.c->ops->error(p.c),
				    "live.example ended the connection without TLS's close_notify: "
				    "what it sent last may be missing");
		p.sm.lost = true;
		assert_int_equal(p.s->ops->recv(p.s, got, sizeof got), SLU_ERR_RESET);
		assert_int_equal(p.s->ops->send(p.s, &vec, 1), SLU_ERR_RESET);
		assert_string_equal(p.s->ops->error(p.s), "the connection was reset");
		kit_pair_clear(&p);
		slu_tls_ctx_free(c);
	}
	slu_tls_ctx_free(s);
}

static void changed_bytes_are_noticed(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct slu_vec vec = {"body", 4};
	struct kit_pair p;
	char got[16];

	(void)state;
	kit_opened(&p, c, s, "live.example");
	assert_int_equal(p.c->ops->send(p.c, &vec, 1), 4);
	p.sm.in.data[p.sm.in.len - 1] ^= 1;
	assert_int_equal(p.s->ops->recv(p.s, got, sizeof got), SLU_ERR_TLS);
	assert_non_null(strstr(p.s->ops->error(p.s), "bad_record_mac"));
	/* The alert reached the other end. */
	assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), SLU_ERR_TLS);
	assert_string_equal(p.c->ops->error(p.c),
			    "live.example ended the TLS connection with the alert bad_record_mac");
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void the_deadline_begins_below(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0);
	struct slu_transport *t;
	struct kit_mem a, b;

	(void)state;
	kit_mem_pair(&a, &b);
	a.delay = 1;
	t = slu_tls_over(c, &a.transport, "live.example", 1000);
	assert_int_equal(t->ops->open(t, 500), 0);
	assert_true(t->ops->deadline(t) == UINT64_MAX);
	assert_int_equal(t->ops->open(t, 2000), 0);
	assert_int_equal(t->ops->deadline(t), 3000);
	assert_int_equal(t->ops->want(t), SLU_WANT_READ);
	assert_int_equal(t->ops->open(t, 2999), 0);
	assert_int_equal(t->ops->open(t, 3000), SLU_ERR_TIMEOUT);
	assert_int_equal(t->ops->open(t, 3001), SLU_ERR_TIMEOUT);
	assert_non_null(strstr(t->ops->error(t), "not done within 1000 ms, there was no answer at all"));
	t->ops->free(t);
	kit_mem_clear(&a);
	kit_mem_clear(&b);
	slu_tls_ctx_free(c);
}

static bool resumed(struct slu_tls_ctx *c, struct slu_tls_ctx *s, const char *host, const char *name)
{
	struct kit_pair p;
	bool r;

	kit_pair_init(&p, c, s, host);
	p.cm.name = name;
	kit_handshake(&p);
	assert_int_equal(p.cr, 1);
	assert_int_equal(p.sr, 1);
	kit_carry(p.s, p.c, "tickets come first", 18);
	r = stats(p.c).tls_resumed;
	assert_int_equal(r, stats(p.s).tls_resumed);
	kit_pair_clear(&p);
	return r;
}

static void resumes_what_it_knows(void **state)
{
	static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};
	struct slu_tls_ctx *s = server_ctx();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_tls_ctx *c = client_ctx(versions[i]);

		assert_false(resumed(c, s, "live.example", "192.0.2.1:443"));
		assert_true(resumed(c, s, "live.example", "[2001:db8::1]:443"));
		assert_true(resumed(c, s, "live.example", "192.0.2.1:443"));
		assert_false(resumed(c, s, "live.example", "192.0.2.1:444"));
		assert_false(resumed(c, s, "127.0.0.1", "192.0.2.1:443"));
		assert_true(resumed(c, s, "live.example", "192.0.2.1:443"));
		slu_tls_ctx_free(c);
	}
	slu_tls_ctx_free(s);
}

/* What a session stands for was verified with the CA files of before. */
static void resumes_nothing_after_a_reload(void **state)
{
	static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};
	struct slu_tls_ctx *s = server_ctx();
	char error[600];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_tls_ctx *c = client_ctx(versions[i]);

		assert_false(resumed(c, s, "live.example", "a:1"));
		assert_true(resumed(c, s, "live.example", "a:1"));
		assert_int_equal(slu_tls_reload(c, error, sizeof error), 0);
		assert_false(resumed(c, s, "live.example", "a:1"));
		assert_true(resumed(c, s, "live.example", "a:1"));
		slu_tls_ctx_free(c);
	}
	slu_tls_ctx_free(s);
}

/* Whether what a client says first to host has text in it. */
static bool hello_has(const char *host, const void *text, size_t n)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct kit_pair p;
	bool found;

	kit_pair_init(&p, c, s, host);
	assert_int_equal(p.c->ops->open(p.c, 0), 0);
	assert_true(p.sm.in.len > 100);
	found = memmem(p.sm.in.data, p.sm.in.len, text, n) != NULL;
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
	return found;
}

/* RFC 6066, 3: names, and no addresses. */
static void names_the_server(void **state)
{
	static const char sni[] = "\0\0\0\x11\0\x0f\0\0\x0clive.example";

	(void)state;
	assert_true(hello_has("live.example", sni, sizeof sni - 1));
	assert_true(hello_has("live.example.", sni, sizeof sni - 1));
	assert_false(hello_has("127.0.0.1", "127.0.0.1", 9));
	assert_false(hello_has("[::1]", "::1", 3));
}

static void resumes_not_when_told(void **state)
{
	struct slu_tls_config cc = {.ca_file = kit_ca.cert, .no_resumption = true};
	struct slu_tls_config sc = {.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key};
	struct slu_tls_ctx *c = kit_ctx(&cc), *s = kit_ctx(&sc);

	(void)state;
	assert_false(resumed(c, s, "live.example", "a:1"));
	assert_false(resumed(c, s, "live.example", "a:1"));
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
	cc.no_resumption = false;
	sc.no_resumption = true;
	for (int i = 0; i < 2; i++) {
		cc.max_version = i ? SLU_TLS_1_2 : SLU_TLS_1_3;
		c = kit_ctx(&cc);
		s = kit_ctx(&sc);
		assert_false(resumed(c, s, "live.example", "a:1"));
		assert_false(resumed(c, s, "live.example", "a:1"));
		slu_tls_ctx_free(c);
		slu_tls_ctx_free(s);
	}
}

/* The transport keeps its SSL to itself; a test reaches it as OpenSSL's own callbacks do. */
static SSL *last_ssl;

static void remember(int out, int version, int type, const void *buf, size_t n, SSL *ssl, void *arg)
{
	(void)out;
	(void)version;
	(void)type;
	(void)buf;
	(void)n;
	(void)arg;
	last_ssl = ssl;
}

static SSL *ssl_of(struct slu_tls_ctx *ctx, struct kit_pair *p, struct slu_tls_ctx *c, struct slu_tls_ctx *s)
{
	SSL_CTX_set_msg_callback(ctx->ssl, remember);
	kit_opened(p, c, s, "live.example");
	return last_ssl;
}

static void key_update(bool from_server, int kind)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct slu_transport *a, *b;
	static uint8_t data[40000];
	struct kit_pair p;
	char got[16];
	SSL *ssl;

	ssl = ssl_of(from_server ? s : c, &p, c, s);
	a = from_server ? p.s : p.c;
	b = from_server ? p.c : p.s;
	kit_carry(a, b, data, 100);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_key_update(ssl, kind), 1);
		assert_int_equal(SSL_do_handshake(ssl), 1);
		kit_carry(a, b, data, sizeof data);
		kit_carry(b, a, data, sizeof data);
		assert_int_equal(a->ops->recv(a, got, 1), 0);
	}
	/* KeyUpdates are no application data. */
	assert_int_equal(stats(a).records, 1 + 9);
	assert_int_equal(stats(b).records, 9);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void keys_are_updated(void **state)
{
	(void)state;
	key_update(false, SSL_KEY_UPDATE_NOT_REQUESTED);
	key_update(false, SSL_KEY_UPDATE_REQUESTED);
	key_update(true, SSL_KEY_UPDATE_NOT_REQUESTED);
	key_update(true, SSL_KEY_UPDATE_REQUESTED);
}

/* A KeyUpdate that asks for an answer arrives while records wait for the socket: they were made with the old key, and
 * the answer goes behind them. */
static void keys_are_updated_while_sending(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	static uint8_t data[100000], got[100001];
	struct slu_vec vec = {data, sizeof data}, one = {"x", 1};
	size_t have = 0, pending;
	struct kit_pair p;
	SSL *ssl = ssl_of(s, &p, c, s);

	(void)state;
	p.cm.window = 1000;
	assert_int_equal(p.c->ops->send(p.c, &vec, 1), sizeof data);
	pending = p.c->ops->pending(p.c);
	assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_do_handshake(ssl), 1);
	assert_int_equal(p.s->ops->send(p.s, &one, 1), 1);
	assert_int_equal(p.c->ops->recv(p.c, got, 10), 1);
	assert_int_equal(p.c->ops->pending(p.c), pending);
	assert_int_equal(p.c->ops->send(p.c, &one, 1), 0);
	while (have < sizeof data) {
		long n = p.s->ops->recv(p.s, got + have, sizeof got - have);

		assert_true(n >= 0);
		have += (size_t)n;
		assert_true(p.c->ops->flush(p.c) >= 0);
	}
	kit_carry(p.c, p.s, data, sizeof data);
	kit_carry(p.s, p.c, data, sizeof data);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void renegotiation_is_refused(void **state)
{
	struct slu_tls_ctx *c = client_ctx(SLU_TLS_1_2), *s = server_ctx();
	struct kit_pair p;
	SSL *ssl = ssl_of(s, &p, c, s);
	char got[16];

	(void)state;
	SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
	assert_int_equal(SSL_renegotiate(ssl), 1);
	assert_int_equal(SSL_do_handshake(ssl), 1); /* HelloRequest */
	p.s->ops->flush(p.s);
	assert_int_equal(p.c->ops->recv(p.c, got, sizeof got), 0);
	/* What the client wrote is a warning, RFC 5746, 4.5, and no hello: the server gives up. */
	assert_int_equal(kit_records(p.sm.in.data, p.sm.in.len, 21), 1);
	assert_int_equal(kit_records(p.sm.in.data, p.sm.in.len, 22), 0);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void no_name_no_connection(void **state)
{
	static const char *const hosts[] = {NULL, "", ".", "[]"};
	struct slu_tls_ctx *c = client_ctx(0);
	struct kit_mem a, b;

	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		struct slu_transport *t;

		kit_mem_pair(&a, &b);
		t = slu_tls_over(c, &a.transport, hosts[i], 0);
		assert_non_null(t);
		assert_int_equal(t->ops->open(t, 1), SLU_ERR_INVALID);
		assert_non_null(strstr(t->ops->error(t), "host name"));
		assert_int_equal(a.writes, 0);
		t->ops->free(t);
	}
	slu_tls_ctx_free(c);
}

static void reset_at_every_byte(void **state)
{
	struct slu_tls_ctx *c = client_ctx(0), *s = server_ctx();
	struct kit_pair p;

	(void)state;
	for (unsigned limit = 0; limit < 2000; limit += limit < 20 ? 1 : 61) {
		kit_pair_init(&p, c, s, "live.example");
		p.sm.read_max = p.sm.write_max = 7;
		for (p.now = 1; p.cr == 0 && p.sr == 0 && p.now < 2000; p.now++) {
			p.cr = p.c->ops->open(p.c, p.now);
			p.cm.lost = p.cm.wire_in >= limit;
			p.sr = p.s->ops->open(p.s, p.now);
		}
		if (p.cr != 1) {
			assert_int_equal(p.cr, SLU_ERR_TLS);
			assert_non_null(strstr(p.c->ops->error(p.c), "hung up"));
		}
		kit_pair_clear(&p);
	}
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void keep(void *last, enum slu_log_level level, const char *line)
{
	if (level == SLU_LOG_WARN)
		snprintf(last, SLU_LOG_LINE, "%s", line);
}

/* With any OpenSSL: test_tls_ktls.c has the rest, where there is more to it. */
static void goes_on_without_the_kernel(void **state)
{
	char said[SLU_LOG_LINE] = "", data[70000] = "";
	struct slu_tls_ctx *s = server_ctx(), *c = kit_ctx(&(struct slu_tls_config){
						      .ca_file = kit_ca.cert,
						      .offload = "ktls",
						      .log = {.fn = keep, .arg = said, .level = SLU_LOG_WARN}});
	struct kit_pair p;

	(void)state;
	kit_opened(&p, c, s, "live.example");
	kit_carry(p.c, p.s, data, sizeof data);
	assert_false(stats(p.c).tls_kernel);
	assert_int_equal(stats(p.c).records, 5);
	assert_non_null(strstr(said, OpenSSL_version_num() < 0x30000000L ? "that needs OpenSSL 3.0" : "TCP socket"));
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_both_ways),
		cmocka_unit_test(handshakes_byte_by_byte),
		cmocka_unit_test(a_flight_is_one_write),
		cmocka_unit_test(takes_nothing_while_pending),
		cmocka_unit_test(buffered_tells_of_what_was_read_ahead),
		cmocka_unit_test(ends_in_order),
		cmocka_unit_test(a_cut_is_no_end),
		cmocka_unit_test(changed_bytes_are_noticed),
		cmocka_unit_test(the_deadline_begins_below),
		cmocka_unit_test(resumes_what_it_knows),
		cmocka_unit_test(resumes_nothing_after_a_reload),
		cmocka_unit_test(names_the_server),
		cmocka_unit_test(resumes_not_when_told),
		cmocka_unit_test(keys_are_updated),
		cmocka_unit_test(keys_are_updated_while_sending),
		cmocka_unit_test(renegotiation_is_refused),
		cmocka_unit_test(no_name_no_connection),
		cmocka_unit_test(reset_at_every_byte),
		cmocka_unit_test(goes_on_without_the_kernel),
	};

	return cmocka_run_group_tests_name("tls", tests, kit_setup, kit_teardown);
}
