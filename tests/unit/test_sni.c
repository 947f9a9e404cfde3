/* SPDX-License-Identifier: MIT */
/* A server with several certificates: which of them a client gets, and what is said of them. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/sni.h"
#include "crypto/tls_ctx.h"
#include "tls_kit.h"

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

/* ---- the certificates ---- */

enum { FIRST, PLAIN, WILD, EXACT, COUNT };
static struct kit_cert cert[COUNT];
static const char *const sans[COUNT] = {"DNS:first.example", "DNS:a.example,DNS:b.example", "DNS:*.wild.example",
					"DNS:exact.wild.example"};

static int setup(void **state)
{
	char name[16];

	kit_setup(state);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof name, "sni-%d", i);
		kit_make(&cert[i], name, &(struct kit_request){.cn = "cn.example", .san = sans[i], .issuer = &kit_ca});
	}
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < COUNT; i++)
		kit_free(&cert[i]);
	return kit_teardown(state);
}

static struct slu_tls_identity id_of(const struct kit_cert *c)
{
	return (struct slu_tls_identity){c->cert, c->key};
}

static struct slu_tls_ctx *serve_all(void)
{
	const struct slu_tls_identity more[] = {id_of(&cert[PLAIN]), id_of(&cert[WILD]), id_of(&cert[EXACT])};

	return kit_ctx(&(struct slu_tls_config){.server = true,
						.cert_file = cert[FIRST].cert,
						.key_file = cert[FIRST].key,
						.more = more,
						.more_count = 3});
}

/* Whether who asks for host gets this certificate; its name, verified or not. */
static void gets(struct slu_tls_ctx *server, const char *host, const struct kit_cert *wanted, bool verified)
{
	struct slu_tls_config config = {.pin = wanted->pin, .insecure = !verified, .ca_file = kit_ca.cert};
	struct slu_tls_ctx *client = kit_ctx(&config);
	struct kit_pair p;

	kit_opened(&p, client, server, host);
	kit_carry(p.s, p.c, "x", 1);
	kit_pair_clear(&p);
	slu_tls_ctx_free(client);
}

static void chooses_by_the_name(void **state)
{
	struct slu_tls_ctx *s = serve_all();

	(void)state;
	gets(s, "first.example", &cert[FIRST], true);
	gets(s, "a.example", &cert[PLAIN], true);
	gets(s, "b.example", &cert[PLAIN], true);
	gets(s, "B.ExamPLE", &cert[PLAIN], true);
	gets(s, "b.example.", &cert[PLAIN], true);
	gets(s, "any.wild.example", &cert[WILD], true);
	gets(s, "exact.wild.example", &cert[EXACT], true);
	/* RFC 6125, 6.4.3: a wildcard is one label, and no less. */
	gets(s, "a.b.wild.example", &cert[FIRST], false);
	gets(s, "wild.example", &cert[FIRST], false);
	gets(s, "unknown.example", &cert[FIRST], false);
	/* RFC 6125, 6.4.4: the common name counts only where there is no other. */
	gets(s, "cn.example", &cert[FIRST], false);
	gets(s, "127.0.0.1", &cert[FIRST], false); /* which is never sent */
	slu_tls_ctx_free(s);
}

static void finds_names_that_no_client_of_ours_sends(void **state)
{
	struct slu_tls_ctx *s = serve_all();
	char longer[300];

	(void)state;
	memset(longer, 'a', sizeof longer);
	assert_ptr_not_equal(slu_sni_find(s->ssl, "a.example", 9), s->ssl);
	assert_ptr_equal(slu_sni_find(s->ssl, "", 0), s->ssl);
	assert_ptr_equal(slu_sni_find(s->ssl, ".", 1), s->ssl);
	assert_ptr_equal(slu_sni_find(s->ssl, ".wild.example", 13), s->ssl);
	assert_ptr_equal(slu_sni_find(s->ssl, ".example", 8), s->ssl);
	assert_ptr_equal(slu_sni_find(s->ssl, "a.example\0.x", 12), s->ssl);
	assert_ptr_equal(slu_sni_find(s->ssl, longer, sizeof longer), s->ssl);
	slu_tls_ctx_free(s);
	/* With one certificate there is nothing to be found. */
	s = kit_ctx(&(struct slu_tls_config){.server = true, .cert_file = cert[WILD].cert, .key_file = cert[WILD].key});
	assert_ptr_equal(slu_sni_find(s->ssl, "any.wild.example", 16), s->ssl);
	gets(s, "any.wild.example", &cert[WILD], true);
	slu_tls_ctx_free(s);
}

static void takes_the_name_out_of_a_hello(void **state)
{
	static const unsigned char good[] = "\0\x0c\0\0\x09"
					    "a.example";
	size_t n = 0;

	(void)state;
	assert_ptr_equal(slu_sni_name(good, 14, &n), good + 5);
	assert_int_equal(n, 9);
	assert_null(slu_sni_name(good, 13, &n));
	assert_null(slu_sni_name(good, 15, &n));
	assert_null(slu_sni_name(good, 0, &n));
	assert_null(slu_sni_name((const unsigned char *)"\0\x05\1\0\x02"
							"ab",
				 7, &n));
	assert_null(slu_sni_name((const unsigned char *)"\0\x05\0\0\x03"
							"ab",
				 7, &n));
}

/* ---- several for the same names ---- */

static char said[4096];

static void listen_to(void *arg, enum slu_log_level level, const char *line)
{
	(void)arg;
	assert_int_equal(level, SLU_LOG_WARN);
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", line);
}

static void gets_by_suite(struct slu_tls_ctx *server, const char *suite, const struct kit_cert *wanted)
{
	struct slu_tls_config config = {
		.pin = wanted->pin, .ca_file = kit_ca.cert, .cipher_list = suite, .max_version = SLU_TLS_1_2};
	struct slu_tls_ctx *client = kit_ctx(&config);
	struct kit_pair p;

	kit_opened(&p, client, server, "two.example");
	kit_pair_clear(&p);
	slu_tls_ctx_free(client);
}

/* In other words and another order, and whether they are the first or not. */
static void keys_of_two_kinds_serve_the_same_names(void **state)
{
	struct kit_cert ec, rsa, again;
	struct slu_tls_ctx *s;

	(void)state;
	kit_make(&ec, "ec",
		 &(struct kit_request){.cn = "x", .san = "DNS:two.example,DNS:three.example", .issuer = &kit_ca});
	kit_make(&rsa, "rsa",
		 &(struct kit_request){
			 .cn = "x", .san = "DNS:Three.Example,DNS:two.example", .issuer = &kit_ca, .rsa = true});
	kit_make(&again, "again",
		 &(struct kit_request){.cn = "x", .san = "DNS:two.example,DNS:three.example", .issuer = &kit_ca});
	for (int first = 0; first < 2; first++) {
		const struct slu_tls_identity more[] = {first ? id_of(&rsa) : id_of(&cert[PLAIN]), id_of(&rsa),
							id_of(&ec), id_of(&again)};
		struct slu_tls_config config = {.server = true,
						.cert_file = first ? ec.cert : cert[FIRST].cert,
						.key_file = first ? ec.key : cert[FIRST].key,
						.more = more,
						.more_count = first ? 1 : 4,
						.log = {.fn = listen_to, .level = SLU_LOG_WARN}};

		said[0] = '\0';
		chmod(ec.key, 0600);
		chmod(rsa.key, 0600);
		s = kit_ctx(&config);
		gets_by_suite(s, "ECDHE-RSA-AES128-GCM-SHA256", &rsa);
		gets_by_suite(s, "ECDHE-ECDSA-AES128-GCM-SHA256", &ec);
		slu_tls_ctx_free(s);
		if (!first)
			has(said, "again.pem is never used: one that was given before it has the same names");
		else
			assert_string_equal(said, "");
	}
	kit_free(&ec);
	kit_free(&rsa);
	kit_free(&again);
}

/* ---- reading them ---- */

static void copy_file(const char *from, const char *to)
{
	char command[2000];

	snprintf(command, sizeof command, "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static void reloads_all_of_them_or_none(void **state)
{
	char now[2][200], key[2][200], error[600];
	const struct slu_tls_identity more[] = {{now[1], key[1]}};
	struct slu_tls_config config = {
		.server = true, .cert_file = now[0], .key_file = key[0], .more = more, .more_count = 1};
	struct kit_cert fresh[2];
	struct slu_tls_ctx *s;

	(void)state;
	kit_make(&fresh[0], "fresh-0", &(struct kit_request){.cn = "x", .san = sans[FIRST], .issuer = &kit_ca});
	kit_make(&fresh[1], "fresh-1", &(struct kit_request){.cn = "x", .san = sans[PLAIN], .issuer = &kit_ca});
	for (int i = 0; i < 2; i++) {
		snprintf(now[i], sizeof now[i], "%s/now-%d.pem", kit_folder(), i);
		snprintf(key[i], sizeof key[i], "%s/now-%d.key", kit_folder(), i);
		copy_file(cert[i].cert, now[i]);
		copy_file(cert[i].key, key[i]);
	}
	s = kit_ctx(&config);
	for (int i = 0; i < 2; i++)
		copy_file(fresh[i].cert, now[i]);
	copy_file(fresh[0].key, key[0]);
	assert_int_equal(slu_tls_reload(s, error, sizeof error), SLU_ERR_CERTIFICATE);
	has(error, "now-1.key does not belong to the certificate");
	gets(s, "first.example", &cert[FIRST], true);
	gets(s, "a.example", &cert[PLAIN], true);
	copy_file(fresh[1].key, key[1]);
	assert_int_equal(slu_tls_reload(s, error, sizeof error), 0);
	gets(s, "first.example", &fresh[0], true);
	gets(s, "a.example", &fresh[1], true);
	slu_tls_ctx_free(s);
	kit_free(&fresh[0]);
	kit_free(&fresh[1]);
}

static void says_what_will_be_refused(void **state)
{
	struct kit_cert old, early;
	struct slu_tls_identity more[2];
	struct slu_tls_config config = {
		.server = true, .more = more, .more_count = 2, .log = {.fn = listen_to, .level = SLU_LOG_WARN}};

	(void)state;
	kit_make(&old, "old", &(struct kit_request){.cn = "old.example", .issuer = &kit_ca, .from = -9, .to = -5});
	kit_make(&early, "early",
		 &(struct kit_request){.cn = "early.example", .issuer = &kit_ca, .from = 90, .to = 99});
	config.cert_file = cert[FIRST].cert;
	config.key_file = cert[FIRST].key;
	more[0] = id_of(&old);
	more[1] = id_of(&early);
	assert_int_equal(chmod(cert[FIRST].key, 0640) | chmod(old.key, 0644) | chmod(early.key, 0602), 0);
	said[0] = '\0';
	slu_tls_ctx_free(kit_ctx(&config));
	has(said, "old.pem expired on 20");
	has(said, "early.pem is valid only from 20");
	has(said, "all users of this machine can read the key ");
	has(said, "old.key: chmod o-rwx");
	has(said, "can change the key ");
	assert_null(strstr(said, "sni-0"));
	kit_free(&old);
	kit_free(&early);
}

static void says_which_is_wrong(void **state)
{
	struct slu_tls_identity more[2] = {id_of(&cert[PLAIN]), {"/nonexistent.pem", NULL}};
	struct slu_tls_config config = {.server = true,
					.cert_file = cert[FIRST].cert,
					.key_file = cert[FIRST].key,
					.more = more,
					.more_count = 2};
	char error[600];

	(void)state;
	assert_null(slu_tls_ctx_new(&config, error, sizeof error));
	has(error, "cannot read the certificate /nonexistent.pem");
	/* A key of another kind than the certificate's. */
	more[1] = (struct slu_tls_identity){cert[WILD].cert, cert[PLAIN].key};
	assert_null(slu_tls_ctx_new(&config, error, sizeof error));
	has(error, "sni-1.key does not belong to the certificate");
	more[1] = (struct slu_tls_identity){NULL, NULL};
	assert_null(slu_tls_ctx_new(&config, error, sizeof error));
	has(error, "needs a certificate and its key");
}

static void a_key_of_another_kind_does_not_belong(void **state)
{
	struct kit_cert rsa;
	struct slu_tls_config config = {.server = true, .cert_file = cert[FIRST].cert};
	char error[600];

	(void)state;
	kit_make(&rsa, "other-kind", &(struct kit_request){.cn = "x", .issuer = &kit_ca, .rsa = true});
	config.key_file = rsa.key;
	assert_null(slu_tls_ctx_new(&config, error, sizeof error));
	has(error, "other-kind.key does not belong to the certificate");
	kit_free(&rsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_by_the_name),
		cmocka_unit_test(finds_names_that_no_client_of_ours_sends),
		cmocka_unit_test(takes_the_name_out_of_a_hello),
		cmocka_unit_test(keys_of_two_kinds_serve_the_same_names),
		cmocka_unit_test(reloads_all_of_them_or_none),
		cmocka_unit_test(says_what_will_be_refused),
		cmocka_unit_test(says_which_is_wrong),
		cmocka_unit_test(a_key_of_another_kind_does_not_belong),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
