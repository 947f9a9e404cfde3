/* SPDX-License-Identifier: MIT */
/* Scans of servers that answer: all is found, whatever way the bytes come, in no more connections than needed. */
#include "test.h"

#include "crypto/chain.h"
#include "scan_kit.h"
#include "test_net.h"
#include "tls_kit.h"

static const struct slu_scan_config quick;

/* Those of scan_setup(), in the server's order, and nothing else. */
static void expect_suites(const struct slu_report *r)
{
	static const uint16_t old[] = {0xC02B, 0xCCA9, 0xC024}, new[] = {0x1302, 0x1301};

	assert_string_equal(r->sentence, "");
	assert_int_equal(r->end, SLU_PROBE_OK);
	assert_int_equal(r->versions[3].nsuites, 3);
	assert_memory_equal(r->versions[3].suites, old, sizeof old);
	assert_true(r->versions[3].complete);
	assert_int_equal(r->versions[3].order, SLU_ORDER_SERVER);
	assert_int_equal(r->versions[4].nsuites, 2);
	assert_memory_equal(r->versions[4].suites, new, sizeof new);
	assert_true(r->versions[4].complete);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(r->versions[i].accepted, SLU_NO);
}

/* What the server counted as well. */
static void expect_counts(const struct slu_report *r)
{
	assert_int_equal(r->connections, server.accepted);
	assert_int_equal(r->hellos + r->handshakes, server.asked);
	assert_true(r->connections >= server.asked && r->connections <= server.asked + 1);
	assert_int_equal(r->bytes_out, server.bytes_in);
	assert_true(r->bytes_in > 0 && r->bytes_in <= server.bytes_out);
	assert_int_equal(r->resets, 0);
	assert_int_equal(server.resets, 0);
	assert_true(r->round_trips >= 5 && r->round_trips <= r->connections + 2);
}

static void all_is_found(void **state)
{
	struct slu_scan *s = scan_run(&quick);
	const struct slu_report *r = slu_scan_report(s);

	(void)state;
	expect_suites(r);
	expect_counts(r);
	assert_string_equal(r->host, "127.0.0.1");
	assert_string_equal(r->address, "127.0.0.1");
	assert_int_equal(r->port, server.port);
	assert_true(r->connections <= 5 + 8);
	assert_true(server.most_open > 2 && server.most_open <= 7);
	assert_int_equal(r->handshakes, 1);
	assert_int_equal(r->tickets13, SLU_YES);
	assert_int_equal(r->nchains, 1);
	assert_false(r->chains[0]->looked_at);
	assert_int_equal(slu_scan_progress(s), r->hellos + r->handshakes);
	assert_true(slu_scan_deadline(s) == UINT64_MAX);
	assert_int_equal(slu_scan_step(s, scan_now), 1);
	slu_scan_free(s);
}

static void all_is_asked(void **state)
{
	struct slu_scan *s;
	const struct slu_report *r;

	(void)state;
	SSL_CTX_set1_curves_list(server.ctx, "X25519:P-256");
	s = scan_run(&(struct slu_scan_config){.full = true});
	r = slu_scan_report(s);
	expect_suites(r);
	expect_counts(r);
	assert_int_equal(r->versions[4].ngroups, 2);
	assert_true(r->versions[4].groups_complete);
	assert_int_equal(r->versions[3].ngroups, 2);
	assert_true(r->versions[3].schemes_complete && r->versions[4].schemes_complete);
	slu_scan_free(s);
}

static void byte_by_byte(void **state)
{
	struct slu_scan *s;

	(void)state;
	server.portion = 1;
	s = scan_run(&quick);
	expect_suites(slu_scan_report(s));
	expect_counts(slu_scan_report(s));
	assert_int_equal(slu_scan_report(s)->tickets13, SLU_YES);
	slu_scan_free(s);
}

static void one_lane_is_one_connection(void **state)
{
	struct slu_scan *s = scan_run(&(struct slu_scan_config){.lanes = 1});

	(void)state;
	expect_suites(slu_scan_report(s));
	assert_int_equal(server.most_open, 1);
	assert_int_equal(slu_scan_report(s)->connections, server.asked);
	/* Each costs a round trip to connect, and one or two to be answered, all behind one another. */
	assert_int_equal(slu_scan_report(s)->round_trips,
			 2 * slu_scan_report(s)->hellos + 3 * slu_scan_report(s)->handshakes);
	slu_scan_free(s);
}

/* The one that waits for the next is the one that was made first: nobody waits for a deadline. */
static void a_server_that_takes_one_at_a_time(void **state)
{
	const uint64_t begun = scan_now;
	struct slu_scan *s;

	(void)state;
	for (unsigned lanes = 2; lanes <= 16; lanes *= 2) {
		server.serial = true;
		server.accepted = server.asked = 0;
		server.bytes_in = server.bytes_out = 0;
		s = scan_run(&(struct slu_scan_config){.lanes = lanes});
		expect_suites(slu_scan_report(s));
		expect_counts(slu_scan_report(s));
		assert_int_equal(server.most_open, 1);
		assert_true(scan_now - begun < 5000);
		slu_scan_free(s);
	}
}

static void chains_are_verified_for_the_name(void **state)
{
	char error[512];
	struct slu_trust *t = slu_trust_new(kit_ca.cert, NULL, error, sizeof error);
	struct slu_scan *s = scan_run(&(struct slu_scan_config){.trust = t, .server_name = "live.example."});

	(void)state;
	assert_int_equal(slu_scan_report(s)->nchains, 1);
	assert_string_equal(slu_scan_report(s)->chains[0]->why_not, "");
	assert_true(slu_scan_report(s)->chains[0]->verified);
	assert_int_equal(slu_scan_report(s)->needs_sni, SLU_NO); /* so it was sent */
	assert_true(server.named > 0);
	assert_int_equal(server.dotted, 0);
	slu_scan_free(s);

	s = scan_run(&(struct slu_scan_config){.trust = t, .server_name = "other.example"});
	assert_false(slu_scan_report(s)->chains[0]->verified);
	assert_non_null(strstr(slu_scan_report(s)->chains[0]->why_not, "other.example"));
	slu_scan_free(s);
	slu_trust_free(t);
}

static void a_refusal_of_the_client_is_waited_for(void **state)
{
	struct slu_scan *s;

	(void)state;
	SSL_CTX_set_verify(server.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	s = scan_run(&quick);
	expect_suites(slu_scan_report(s));
	assert_int_equal(slu_scan_report(s)->client_certificate_needed, SLU_YES);
	slu_scan_free(s);

	SSL_CTX_set_verify(server.ctx, SSL_VERIFY_PEER, NULL);
	s = scan_run(&quick);
	assert_int_equal(slu_scan_report(s)->client_certificate, SLU_YES);
	assert_int_equal(slu_scan_report(s)->client_certificate_needed, SLU_NO);
	slu_scan_free(s);
}

/* Where nothing follows a handshake, it ends all the same. */
static void no_tickets(void **state)
{
	struct slu_scan *s;

	(void)state;
	SSL_CTX_set_num_tickets(server.ctx, 0);
	s = scan_run(&quick);
	expect_suites(slu_scan_report(s));
	assert_int_equal(slu_scan_report(s)->tickets13, SLU_NO);
	slu_scan_free(s);
}

/* The connection's address, and what it was bound to: all of them. */
static void all_connections_are_made_alike(void **state)
{
	struct slu_resolver_fixed fixed;
	static const char *const addresses[] = {"127.0.0.9", "127.0.0.1"};
	const struct slu_scan_config config = {.tcp = {.resolver = &fixed.resolver, .bind_address = "127.0.0.5"}};
	char error[512] = "";
	struct slu_scan *s;

	(void)state;
	server.from = "127.0.0.5";
	slu_resolver_fixed_init(&fixed, addresses, 2); /* nothing listens at the first */
	s = slu_scan_new(&config, "live.example", server.port, scan_now, error, sizeof error);
	assert_non_null(s);
	assert_int_equal(scan_finish(s), 1);
	expect_suites(slu_scan_report(s));
	assert_string_equal(slu_scan_report(s)->address, "127.0.0.1");
	assert_string_equal(slu_scan_report(s)->host, "live.example");
	assert_int_equal(slu_scan_report(s)->needs_sni, SLU_NO);
	assert_int_equal(slu_scan_report(s)->connections, server.accepted);
	slu_scan_free(s);
}

/* By the clock of the test. */
static void no_faster_than_allowed(void **state)
{
	const uint64_t begun = scan_now;
	struct slu_scan *s = scan_run(&(struct slu_scan_config){.lanes = 2, .rate = 2});

	(void)state;
	expect_suites(slu_scan_report(s));
	assert_true(scan_now - begun >= (slu_scan_report(s)->connections - 3) * 500u);
	slu_scan_free(s);
}

/* One loop for many, which share nothing. */
static void many_at_a_time(void **state)
{
	struct slu_scan *s[12];
	char error[512] = "";
	unsigned done = 0;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		s[i] = slu_scan_new(&(struct slu_scan_config){.lanes = 2}, "127.0.0.1", server.port, scan_now, error,
				    sizeof error);
		assert_non_null(s[i]);
	}
	for (unsigned turn = 0; done < 12 && turn < 20000; turn++) {
		if (turn >= 20)
			scan_serve();
		/* All wait for the server at the same time. */
		for (size_t i = 0; i < 12 && turn == 20; i++)
			assert_true(slu_scan_report(s[i])->connections > 0 && slu_scan_progress(s[i]) == 0);
		done = 0;
		scan_now++;
		for (size_t i = 0; i < 12; i++)
			done += slu_scan_step(s[i], scan_now) == 1;
	}
	assert_int_equal(done, 12);
	for (size_t i = 0; i < 12; i++) {
		expect_suites(slu_scan_report(s[i]));
		slu_scan_free(s[i]);
	}
}

static void what_cannot_be_asked_is_said(void **state)
{
	char error[512] = "", name[300];

	(void)state;
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_null(slu_scan_new(&quick, name, 443, 0, error, sizeof error));
	assert_non_null(strstr(error, "255 characters"));
	assert_null(slu_scan_new(&(struct slu_scan_config){.server_name = name}, "a", 443, 0, error, sizeof error));
	assert_non_null(strstr(error, "255 characters"));
	assert_null(
		slu_scan_new(&(struct slu_scan_config){.tcp.bind_address = "eth0"}, "a", 443, 0, error, sizeof error));
	assert_non_null(strstr(error, "numeric"));
	slu_scan_free(NULL);
}

#define SCAN_TEST(f) cmocka_unit_test_setup_teardown(f, scan_setup, scan_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCAN_TEST(all_is_found),
		SCAN_TEST(all_is_asked),
		SCAN_TEST(byte_by_byte),
		SCAN_TEST(one_lane_is_one_connection),
		SCAN_TEST(a_server_that_takes_one_at_a_time),
		SCAN_TEST(chains_are_verified_for_the_name),
		SCAN_TEST(a_refusal_of_the_client_is_waited_for),
		SCAN_TEST(no_tickets),
		SCAN_TEST(all_connections_are_made_alike),
		SCAN_TEST(no_faster_than_allowed),
		SCAN_TEST(many_at_a_time),
		SCAN_TEST(what_cannot_be_asked_is_said),
	};

	return cmocka_run_group_tests_name("scan", tests, scan_group_setup, kit_teardown);
}
