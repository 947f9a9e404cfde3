/* SPDX-License-Identifier: MIT */
/* A server that asks its clients for certificates. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tls_kit.h"

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

static struct kit_cert cam, stranger, other_ca;
static char ca[200]; /* a copy of the authority's, to be replaced */

static void copy_file(const char *from, const char *to)
{
	char command[600];

	snprintf(command, sizeof command, "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	kit_setup(state);
	kit_make(&cam, "cam", &(struct kit_request){.cn = "cam\xc3\xa9 1", .issuer = &kit_ca});
	kit_make(&other_ca, "other-ca", &(struct kit_request){.cn = "Another CA", .ca = true});
	kit_make(&stranger, "stranger", &(struct kit_request){.cn = "stranger", .issuer = &other_ca});
	snprintf(ca, sizeof ca, "%s/clients.pem", kit_folder());
	copy_file(kit_ca.cert, ca);
	return 0;
}

static int teardown(void **state)
{
	kit_free(&cam);
	kit_free(&stranger);
	kit_free(&other_ca);
	return kit_teardown(state);
}

static struct slu_tls_ctx *server(enum slu_tls_client_cert asks, enum slu_tls_version max)
{
	return kit_ctx(&(struct slu_tls_config){.server = true,
						.cert_file = kit_server.cert,
						.key_file = kit_server.key,
						.ca_file = ca,
						.client_cert = asks,
						.max_version = max});
}

static struct slu_tls_ctx *client(const struct kit_cert *shows)
{
	return kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert,
						.cert_file = shows ? shows->cert : NULL,
						.key_file = shows ? shows->key : NULL});
}

static struct slu_transport_stats stats_of(const struct slu_transport *t)
{
	struct slu_transport_stats stats = {0};

	t->ops->stats(t, &stats);
	return stats;
}

/* Connects and carries, so that the client has its ticket; whom the server then says it is. */
static const char *let_in(struct slu_tls_ctx *c, struct slu_tls_ctx *s, bool *resumed)
{
	static char who[SLU_TLS_CLIENT];
	struct kit_pair p;

	kit_opened(&p, c, s, "live.example");
	kit_carry(p.s, p.c, "x", 1);
	kit_carry(p.c, p.s, "x", 1);
	strcpy(who, stats_of(p.s).tls_client);
	assert_string_equal(stats_of(p.c).tls_client, "");
	*resumed = stats_of(p.s).tls_resumed;
	kit_pair_clear(&p);
	return who;
}

/* What the server says. */
static const char *refused(struct slu_tls_ctx *c, struct slu_tls_ctx *s, int err)
{
	static char error[800];
	struct kit_pair p;

	kit_pair_init(&p, c, s, "live.example");
	kit_handshake(&p);
	assert_int_equal(p.sr, err);
	assert_string_equal(stats_of(p.s).tls_client, "");
	snprintf(error, sizeof error, "%s", p.s->ops->error(p.s));
	kit_pair_clear(&p);
	return error;
}

static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};

static void knows_who_shows_one(void **state)
{
	struct slu_tls_ctx *c = client(&cam), *s;
	bool resumed;

	(void)state;
	for (int i = 0; i < 4; i++) {
		s = server(i & 1 ? SLU_TLS_CLIENT_CERT_OPTIONAL : SLU_TLS_CLIENT_CERT_REQUIRED, versions[i / 2]);
		assert_string_equal(let_in(c, s, &resumed), "CN=cam\\xc3\\xa9 1");
		assert_false(resumed);
		/* A session remembers. */
		assert_string_equal(let_in(c, s, &resumed), "CN=cam\\xc3\\xa9 1");
		assert_true(resumed);
		slu_tls_ctx_free(s);
	}
	s = server(SLU_TLS_CLIENT_CERT_NONE, 0);
	assert_string_equal(let_in(c, s, &resumed), "");
	slu_tls_ctx_free(s);
	slu_tls_ctx_free(c);
}

static void who_has_none_is_refused_or_not(void **state)
{
	struct slu_tls_ctx *c = client(NULL), *s;
	bool resumed;

	(void)state;
	for (int i = 0; i < 2; i++) {
		s = server(SLU_TLS_CLIENT_CERT_OPTIONAL, versions[i]);
		assert_string_equal(let_in(c, s, &resumed), "");
		slu_tls_ctx_free(s);
		s = server(SLU_TLS_CLIENT_CERT_REQUIRED, versions[i]);
		has(refused(c, s, SLU_ERR_TLS), "the client shows no certificate");
		slu_tls_ctx_free(s);
	}
	slu_tls_ctx_free(c);
}

static void one_that_does_not_hold_is_refused(void **state)
{
	struct kit_cert old;
	struct slu_tls_ctx *c, *s;

	(void)state;
	kit_make(&old, "old", &(struct kit_request){.cn = "old cam", .issuer = &kit_ca, .from = -9, .to = -5});
	for (int i = 0; i < 2; i++) {
		s = server(i ? SLU_TLS_CLIENT_CERT_OPTIONAL : SLU_TLS_CLIENT_CERT_REQUIRED, 0);
		c = client(&old);
		has(refused(c, s, SLU_ERR_CERTIFICATE),
		    "the client's certificate, \"CN=old cam\", is not accepted: certificate has expired");
		slu_tls_ctx_free(c);
		c = client(&stranger);
		has(refused(c, s, SLU_ERR_CERTIFICATE), "\"CN=stranger\", was issued by \"Another CA\", which /tmp/");
		slu_tls_ctx_free(c);
		slu_tls_ctx_free(s);
	}
	kit_free(&old);
}

/* Who was let in under the old authority is not let in again by a session of then. */
static void no_session_outlives_a_reload(void **state)
{
	struct slu_tls_ctx *c = client(&cam), *s;
	char error[800];
	bool resumed;

	(void)state;
	for (int i = 0; i < 2; i++) {
		s = server(SLU_TLS_CLIENT_CERT_REQUIRED, versions[i]);
		let_in(c, s, &resumed);
		let_in(c, s, &resumed);
		assert_true(resumed);
		assert_int_equal(slu_tls_reload(s, error, sizeof error), 0);
		let_in(c, s, &resumed);
		assert_false(resumed);
		let_in(c, s, &resumed);
		assert_true(resumed);
		copy_file(other_ca.cert, ca);
		assert_int_equal(slu_tls_reload(s, error, sizeof error), 0);
		has(refused(c, s, SLU_ERR_CERTIFICATE), "issued by \"Test CA\"");
		/* What cannot be read leaves the new one. */
		assert_int_equal(truncate(ca, 0), 0);
		assert_int_equal(slu_tls_reload(s, error, sizeof error), SLU_ERR_CERTIFICATE);
		has(error, "clients.pem holds no certificate that OpenSSL can read");
		has(refused(c, s, SLU_ERR_CERTIFICATE), "issued by \"Test CA\"");
		copy_file(kit_ca.cert, ca);
		assert_int_equal(slu_tls_reload(s, error, sizeof error), 0);
		assert_string_equal(let_in(c, s, &resumed), "CN=cam\\xc3\\xa9 1");
		slu_tls_ctx_free(s);
	}
	slu_tls_ctx_free(c);
}

static void asking_takes_an_authority(void **state)
{
	struct slu_tls_config config = {.server = true,
					.cert_file = kit_server.cert,
					.key_file = kit_server.key,
					.client_cert = SLU_TLS_CLIENT_CERT_OPTIONAL};
	char error[800];

	(void)state;
	assert_null(slu_tls_ctx_new(&config, error, sizeof error));
	has(error, "to ask clients for certificates takes the certificate of who issues them");
	config.ca_file = "/nonexistent.pem";
	assert_null(slu_tls_ctx_new(&config, error, sizeof error));
	has(error, "cannot read the CA file /nonexistent.pem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_who_shows_one),
		cmocka_unit_test(who_has_none_is_refused_or_not),
		cmocka_unit_test(one_that_does_not_hold_is_refused),
		cmocka_unit_test(no_session_outlives_a_reload),
		cmocka_unit_test(asking_takes_an_authority),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
