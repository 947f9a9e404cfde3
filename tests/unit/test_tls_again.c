/* SPDX-License-Identifier: MIT */
/* A second connection where the server takes none of the suites that were offered alone. What counts as that is not
 * asked here: the test says so in slu_tls_peer_refused()'s place. */
#include "test.h"

#include <stdio.h>

#include "crypto/tls_ctx.h"
#include "net/tls.h"
#include "tls_kit.h"

#define FEW  "ECDHE-ECDSA-AES128-GCM-SHA256"
#define MORE "ECDHE-ECDSA-CHACHA20-POLY1305"

static struct {
	bool say;       /* what the function says */
	bool alert;     /* an alert had come when it was asked, */
	bool hung_up;   /* the other end had hung up, */
	bool completed; /* the handshake was done */
	unsigned asked;
} refused;

bool __wrap_slu_tls_peer_refused(struct slu_tls_peer *p);

bool __wrap_slu_tls_peer_refused(struct slu_tls_peer *p)
{
	if (p->ctx->config.server)
		return false;
	refused.asked++;
	refused.alert = p->alert_in == SSL_AD_HANDSHAKE_FAILURE;
	refused.hung_up = p->eof;
	refused.completed = SSL_is_init_finished(p->ssl);
	if (refused.say)
		assert_int_equal(SSL_CTX_set_cipher_list(p->ctx->ssl, FEW ":" MORE), 1);
	return refused.say;
}

static struct {
	unsigned warnings;
	char text[1024];
} said;

static void hear(void *arg, enum slu_log_level level, const char *text)
{
	(void)arg;
	if (level > SLU_LOG_WARN)
		return;
	said.warnings++;
	snprintf(said.text, sizeof said.text, "%s", text);
}

static struct slu_tls_ctx *client_of(const char *suites, const char *ca)
{
	return kit_ctx(&(struct slu_tls_config){.ca_file = ca,
						.max_version = SLU_TLS_1_2,
						.cipher_list = suites,
						.log = {.fn = hear, .level = SLU_LOG_WARN}});
}

static struct slu_tls_ctx *server_of(const char *suites)
{
	return kit_ctx(&(struct slu_tls_config){
		.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key, .cipher_list = suites});
}

static void begin(struct kit_pair *p, const char *client, const char *server)
{
	struct slu_tls_ctx *c = client_of(client, kit_ca.cert), *s = server_of(server);

	memset(&refused, 0, sizeof refused);
	memset(&said, 0, sizeof said);
	kit_pair_init(p, c, s, "live.example");
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

/* Until the client says something for good or begins again. */
static void until_again(struct kit_pair *p)
{
	p->cr = p->sr = 0;
	for (int i = 0; i < 100 && p->cr == 0 && !p->cm.agains; i++) {
		p->now++;
		p->cr = p->c->ops->open(p->c, p->now);
		if (p->cm.agains)
			return;
		if (p->sr >= 0)
			p->sr = p->s->ops->open(p->s, p->now);
		p->cm.ended |= p->sr < 0;
	}
}

/* The second connection. */
static void go_on(struct kit_pair *p, struct slu_tls_ctx *server)
{
	p->s->ops->free(p->s);
	p->sm.in.len = 0; /* of the first one */
	p->s = slu_tls_over(server, &p->sm.transport, NULL, 1000000);
	kit_handshake(p);
}

static void go_on_with(struct kit_pair *p, const char *suites)
{
	struct slu_tls_ctx *s = server_of(suites);

	go_on(p, s);
	slu_tls_ctx_free(s);
}

static struct slu_transport_stats stats(const struct slu_transport *t)
{
	struct slu_transport_stats s;

	t->ops->stats(t, &s);
	return s;
}

static void expect_open(struct kit_pair *p, const char *suite)
{
	uint8_t data[20000] = "x";

	assert_string_equal(p->c->ops->error(p->c), "");
	assert_int_equal(p->cr, 1);
	assert_int_equal(p->sr, 1);
	assert_int_equal(p->cm.agains, 1);
	assert_string_equal(stats(p->c).tls_suite, suite);
	assert_false(stats(p->c).tls_resumed);
	kit_carry(p->c, p->s, data, sizeof data);
	kit_carry(p->s, p->c, data, sizeof data);
	assert_int_equal(said.warnings, 1);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void offers_all_after_an_alert(void **state)
{
	struct kit_pair p;

	(void)state;
	begin(&p, FEW, MORE);
	refused.say = true;
	p.cm.delay = 2;
	until_again(&p);
	assert_int_equal(p.cr, 0);
	assert_int_equal(p.cm.agains, 1);
	assert_true(refused.alert && !refused.completed);
	assert_string_equal(p.c->ops->error(p.c), "");
	assert_int_equal(p.c->ops->deadline(p.c), UINT64_MAX); /* that of the transport below */
	assert_string_equal(stats(p.c).tls_suite, "");
	p.cm.delay = 2;
	go_on_with(&p, MORE);
	expect_open(&p, MORE);
	has(said.text, "live.example was offered only the suites that cost least here (TLS 1.2 with 1 suite");
	has(said.text, "), and it refused with the alert handshake failure: connecting again, and offering all");
	kit_pair_clear(&p);
}

static void offers_all_after_a_silent_end(void **state)
{
	struct kit_pair p;

	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		begin(&p, FEW, MORE);
		refused.say = true;
		assert_int_equal(p.c->ops->open(p.c, ++p.now), 0);
		p.cm.ended = !reset;
		p.cm.lost = reset;
		assert_int_equal(p.c->ops->open(p.c, ++p.now), 0);
		assert_true(refused.hung_up);
		go_on_with(&p, MORE);
		expect_open(&p, MORE);
		has(said.text, "and it hung up: connecting again");
		kit_pair_clear(&p);
	}
	begin(&p, FEW, MORE);
	refused.say = true;
	p.cm.cut = true;
	assert_int_equal(p.c->ops->open(p.c, ++p.now), 0);
	go_on_with(&p, MORE);
	expect_open(&p, MORE);
	kit_pair_clear(&p);
}

/* The server took what was offered, but not as it was meant. */
static void offers_all_after_a_handshake(void **state)
{
	struct slu_tls_ctx *c = client_of(FEW, kit_ca.cert), *s = server_of(FEW ":" MORE);
	struct slu_buf tap;
	struct kit_pair p;

	(void)state;
	memset(&refused, 0, sizeof refused);
	memset(&said, 0, sizeof said);
	slu_buf_init(&tap, 1 << 20);
	kit_pair_init(&p, c, s, "live.example");
	refused.say = true;
	p.cm.tap = &tap;
	until_again(&p);
	assert_int_equal(p.cr, 0);
	assert_int_equal(p.cm.agains, 1);
	assert_true(refused.completed);
	assert_int_equal(p.sr, 1);
	assert_int_equal(kit_records(tap.data, tap.len, 21), 1); /* close_notify, and no data before it */
	assert_int_equal(kit_records(tap.data, tap.len, 23), 0);
	p.cm.tap = NULL;
	slu_buf_clear(&tap);
	go_on(&p, s);
	expect_open(&p, FEW); /* as a new session: what came with the first one is not offered */
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
	has(said.text, "and it has them without encrypt-then-MAC: connecting again, and offering all");
	kit_pair_clear(&p);
}

static void a_second_refusal_is_told(void **state)
{
	struct kit_pair p;

	(void)state;
	begin(&p, FEW, MORE);
	refused.say = true;
	until_again(&p);
	go_on_with(&p, "ECDHE-ECDSA-AES256-SHA384");
	assert_int_equal(p.cr, SLU_ERR_TLS);
	has(p.c->ops->error(p.c), "live.example refused the TLS handshake with the alert handshake_failure");
	has(p.c->ops->error(p.c), "with 2 suites");
	assert_int_equal(p.cm.agains, 1);
	assert_int_equal(refused.asked, 1);
	assert_int_equal(said.warnings, 1);
	assert_int_equal(p.c->ops->open(p.c, ++p.now), SLU_ERR_TLS);
	kit_pair_clear(&p);
}

static void what_is_no_refusal_stays_as_it_is(void **state)
{
	struct slu_tls_ctx *c = client_of(FEW, kit_ca.cert), *s = server_of(FEW);
	struct kit_pair p;

	(void)state;
	begin(&p, FEW, MORE); /* the list is the user's */
	until_again(&p);
	assert_int_equal(p.cr, SLU_ERR_TLS);
	assert_int_equal(refused.asked, 1);
	assert_int_equal(p.cm.agains, 0);
	assert_int_equal(said.warnings, 0);
	kit_pair_clear(&p);

	begin(&p, FEW, MORE);
	refused.say = true;
	assert_int_equal(p.c->ops->open(p.c, 1), 0);
	assert_int_equal(p.c->ops->open(p.c, 2000000), SLU_ERR_TIMEOUT);
	assert_int_equal(refused.asked, 0);
	assert_int_equal(p.cm.agains, 0);
	kit_pair_clear(&p);

	memset(&refused, 0, sizeof refused);
	refused.say = true;
	kit_pair_init(&p, c, s, "other.example");
	until_again(&p);
	assert_int_equal(p.cr, SLU_ERR_CERTIFICATE);
	assert_int_equal(refused.asked, 0);
	assert_int_equal(p.cm.agains, 0);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void no_second_connection(void **state)
{
	struct kit_pair p;

	(void)state;
	begin(&p, FEW, MORE);
	refused.say = true;
	p.cm.again_err = SLU_ERR_NOMEM;
	until_again(&p);
	assert_int_equal(p.cm.agains, 1);
	assert_int_equal(p.cr, SLU_ERR_NOMEM);
	assert_string_equal(p.c->ops->error(p.c), "there is no second time");
	assert_int_equal(p.c->ops->want(p.c), 0);
	assert_int_equal(p.c->ops->pending(p.c), 0);
	kit_pair_clear(&p);
}

static void the_second_has_as_much_time(void **state)
{
	struct slu_tls_ctx *c = client_of(FEW, kit_ca.cert);
	struct kit_mem a, b;
	struct slu_transport *t;

	(void)state;
	memset(&refused, 0, sizeof refused);
	refused.say = true;
	kit_mem_pair(&a, &b);
	t = slu_tls_over(c, &a.transport, "live.example", 1000);
	assert_int_equal(t->ops->open(t, 100), 0);
	assert_int_equal(t->ops->deadline(t), 1100);
	a.ended = true;
	assert_int_equal(t->ops->open(t, 900), 0);
	assert_int_equal(a.agains, 1);
	assert_int_equal(t->ops->open(t, 950), 0);
	assert_int_equal(t->ops->deadline(t), 1950);
	assert_int_equal(t->ops->open(t, 1949), 0);
	assert_int_equal(t->ops->open(t, 1950), SLU_ERR_TIMEOUT);
	t->ops->free(t);
	kit_mem_clear(&a);
	kit_mem_clear(&b);
	slu_tls_ctx_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_all_after_an_alert),         cmocka_unit_test(offers_all_after_a_silent_end),
		cmocka_unit_test(offers_all_after_a_handshake),      cmocka_unit_test(a_second_refusal_is_told),
		cmocka_unit_test(what_is_no_refusal_stays_as_it_is), cmocka_unit_test(no_second_connection),
		cmocka_unit_test(the_second_has_as_much_time),
	};

	return cmocka_run_group_tests_name("tls_again", tests, kit_setup, kit_teardown);
}
