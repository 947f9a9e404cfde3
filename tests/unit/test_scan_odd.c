/* SPDX-License-Identifier: MIT */
/* Scans of servers that stall, hang up, talk nonsense or are tired: each is told as what it is, in bounded time. */
#include "test.h"

#include "probe/scan_impl.h"
#include "scan_kit.h"
#include "test_net.h"
#include "tls_kit.h"

static const struct slu_scan_config quick;

static void expect_complete(const struct slu_report *r)
{
	assert_string_equal(r->sentence, "");
	assert_int_equal(r->end, SLU_PROBE_OK);
	assert_int_equal(r->versions[3].nsuites, 3);
	assert_true(r->versions[3].complete);
	assert_int_equal(r->versions[4].nsuites, 2);
	assert_true(r->versions[4].complete);
}

static void expect_said(const struct slu_report *r, const char *const *parts)
{
	for (; *parts; parts++) {
		if (!strstr(r->sentence, *parts))
			fail_msg("'%s' lacks '%s'", r->sentence, *parts);
	}
}

static const char *endpoint(void)
{
	static char name[32];

	snprintf(name, sizeof name, "127.0.0.1:%u", server.port);
	return name;
}

static bool noted(const struct slu_report *r, const char *part)
{
	for (size_t i = 0; i < r->nnotes; i++) {
		if (strstr(r->notes[i], part))
			return true;
	}
	return false;
}

/* ---- servers that are bad all the time ---- */

static enum scan_vice always;

static enum scan_vice as_always(struct scan_server *s, unsigned nth, size_t bytes)
{
	(void)s;
	(void)nth;
	(void)bytes;
	return always;
}

static void whoever_never_answers_is_told_as_what_it_is(void **state)
{
	static const struct {
		enum scan_vice vice;
		enum slu_probe_end end;
		const char *says;
	} all[] = {
		{SCAN_STALLS, SLU_PROBE_SILENT, "says nothing"}, {SCAN_CLOSES, SLU_PROBE_CLOSES, "hangs up"},
		{SCAN_RESETS, SLU_PROBE_CLOSES, "hangs up"},     {SCAN_HALF, SLU_PROBE_SILENT, "no more comes"},
		{SCAN_HTTP, SLU_PROBE_NOT_TLS, "port of TLS"},   {SCAN_OVERSIZE, SLU_PROBE_BROKEN, "TLS is broken"},
	};

	(void)state;
	server.vice = as_always;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const uint64_t begun = scan_now;
		struct slu_scan *s;
		const struct slu_report *r;

		always = all[i].vice;
		server.accepted = 0;
		s = scan_run(&quick);
		r = slu_scan_report(s);
		assert_int_equal(r->end, all[i].end);
		expect_said(r, (const char *const[]){endpoint(), all[i].says, NULL});
		assert_int_equal(r->connections, server.accepted);
		assert_true(r->connections <= 10);
		assert_true(scan_now - begun <= 15000);
		assert_int_equal(r->resets > 0, always == SCAN_RESETS);
		assert_true(r->bytes_in <= 200000 * r->connections);
		/* Not of a page that nobody wants, either. */
		assert_true(server.resets == 0 || always == SCAN_OVERSIZE);
		slu_scan_free(s);
	}
}

static void who_greets_first_is_no_tls(void **state)
{
	struct slu_scan *s;

	(void)state;
	server.greets = true;
	s = scan_run(&quick);
	assert_int_equal(slu_scan_report(s)->end, SLU_PROBE_NOT_TLS);
	expect_said(slu_scan_report(s), (const char *const[]){endpoint(), "SSH", NULL});
	slu_scan_free(s);
}

static void who_refuses_everything_speaks_tls(void **state)
{
	struct slu_scan *s;

	(void)state;
	SSL_CTX_set_cipher_list(server.ctx, "ECDHE-RSA-AES128-GCM-SHA256"); /* and there is no such key */
	SSL_CTX_set_max_proto_version(server.ctx, TLS1_2_VERSION);
	s = scan_run(&quick);
	assert_int_equal(slu_scan_report(s)->end, SLU_PROBE_REFUSES);
	expect_said(slu_scan_report(s), (const char *const[]){endpoint(), "refuses", "certificate", NULL});
	slu_scan_free(s);
}

static void where_there_is_no_connection(void **state)
{
	char error[512] = "";
	struct slu_scan *s;

	(void)state;
	scan_stop_listening();
	s = scan_run(&quick);
	assert_int_equal(slu_scan_report(s)->end, SLU_PROBE_UNREACHABLE);
	expect_said(slu_scan_report(s), (const char *const[]){endpoint(), "refused", "check the port", NULL});
	assert_int_equal(slu_scan_report(s)->connections, 1);
	slu_scan_free(s);

	s = slu_scan_new(&(struct slu_scan_config){.tcp.ip = SLU_IPV6}, "127.0.0.1", 443, scan_now, error,
			 sizeof error);
	assert_non_null(s);
	assert_int_equal(scan_finish(s), 1);
	assert_int_equal(slu_scan_report(s)->end, SLU_PROBE_UNRESOLVED);
	expect_said(slu_scan_report(s), (const char *const[]){"127.0.0.1:443", "no IPv6 address", NULL});
	assert_int_equal(slu_scan_report(s)->connections, 0);
	slu_scan_free(s);
}

/* ---- bad now and then ---- */

static unsigned bad_one;

static enum scan_vice once(struct scan_server *s, unsigned nth, size_t bytes)
{
	(void)s;
	(void)bytes;
	return nth == bad_one ? always : SCAN_ANSWERS;
}

/* One reset or end of a connection is got over, whichever it meets, once something was answered. */
static void one_end_is_got_over(void **state)
{
	(void)state;
	server.vice = once;
	for (bad_one = 3; bad_one < 10; bad_one++) {
		const uint64_t begun = scan_now;
		struct slu_scan *s;

		always = bad_one % 2 ? SCAN_RESETS : SCAN_CLOSES;
		server.accepted = server.asked = 0;
		s = scan_run(&(struct slu_scan_config){.lanes = 1 + bad_one % 4});
		expect_complete(slu_scan_report(s));
		assert_int_equal(slu_scan_report(s)->resets, always == SCAN_RESETS);
		assert_int_equal(slu_scan_report(s)->connections, server.accepted);
		assert_int_equal(slu_scan_report(s)->nnotes, 0);
		assert_in_range(scan_now - begun, 250, 499); /* of the test's clock: one pause */
		slu_scan_free(s);
	}
}

/* It answers one connection and resets the others, as long as there are several. */
static enum scan_vice tired(struct scan_server *s, unsigned nth, size_t bytes)
{
	(void)bytes;
	return nth > 2 && s->open > 1 ? SCAN_RESETS : SCAN_ANSWERS;
}

static void who_is_tired_is_asked_one_by_one(void **state)
{
	struct slu_scan *s;

	(void)state;
	server.vice = tired;
	s = scan_run(&(struct slu_scan_config){.lanes = 8});
	expect_complete(slu_scan_report(s));
	assert_true(slu_scan_report(s)->resets > 0 && slu_scan_report(s)->resets <= 8);
	assert_true(slu_scan_report(s)->connections <= server.asked + 7);
	assert_int_equal(s->pace.lanes, 1);
	slu_scan_free(s);
}

/* After that has not helped, all goes on as before: three resets are enough to know. */
static void who_refuses_by_resets_is_understood(void **state)
{
	struct slu_scan *s;
	const struct slu_report *r;

	(void)state;
	server.refuses_by_reset = true;
	s = scan_run(&quick);
	r = slu_scan_report(s);
	assert_int_equal(r->end, SLU_PROBE_OK);
	assert_int_equal(r->versions[3].nsuites, 3);
	assert_int_equal(r->versions[4].nsuites, 2);
	assert_true(noted(r, "by hanging up"));
	assert_true(r->resets >= 3 && r->resets <= 9);
	assert_int_equal(s->pace.lanes, 4);
	assert_int_equal(r->connections, server.accepted);
	slu_scan_free(s);
}

static void one_silence_costs_one_deadline(void **state)
{
	struct slu_scan *s;
	const uint64_t begun = scan_now;

	(void)state;
	server.vice = once;
	always = SCAN_STALLS;
	bad_one = 5;
	s = scan_run(&(struct slu_scan_config){.answer_ms = 3000});
	assert_int_equal(slu_scan_report(s)->end, SLU_PROBE_OK);
	assert_int_equal(slu_scan_report(s)->versions[3].nsuites, 3);
	assert_int_equal(slu_scan_report(s)->versions[4].nsuites, 2);
	assert_true(scan_now - begun >= 3000 && scan_now - begun < 6000);
	slu_scan_free(s);
}

/* One that takes one at a time and hangs on one of them: those behind it are not told silent, but asked again. */
static void who_only_waits_for_its_turn_is_not_silent(void **state)
{
	(void)state;
	server.vice = once;
	server.serial = true;
	always = SCAN_STALLS;
	for (bad_one = 2; bad_one < 8; bad_one++) {
		struct slu_scan *s;
		const struct slu_report *r;
		unsigned silent = 0;

		server.asked = 0;
		s = scan_run(&(struct slu_scan_config){.lanes = 4});
		r = slu_scan_report(s);
		assert_int_equal(r->end, SLU_PROBE_OK);
		assert_int_equal(r->versions[3].nsuites, 3);
		assert_int_equal(r->versions[4].nsuites, 2);
		for (size_t i = 0; i < r->nnotes; i++)
			silent += strstr(r->notes[i], "said nothing") || strstr(r->notes[i], "by silence") ||
				  strstr(r->notes[i], "did not finish");
		assert_true(silent <= 1);
		slu_scan_free(s);
	}
}

/* One that waits for a connection on which nothing is asked: it is closed, and nobody takes that for silence. */
static void who_waits_for_an_idle_connection(void **state)
{
	const uint64_t begun = scan_now;
	struct slu_scan *s;

	(void)state;
	server.newest_first = true;
	s = scan_run(&(struct slu_scan_config){.lanes = 4, .answer_ms = 4000});
	expect_complete(slu_scan_report(s));
	assert_int_equal(slu_scan_report(s)->nnotes, 0);
	assert_in_range(scan_now - begun, 2000, 3999);
	slu_scan_free(s);
}

static void who_closes_what_stands_idle(void **state)
{
	struct slu_scan *s;

	(void)state;
	server.keeps_none_idle = true;
	server.portion = 16; /* answers that take their time: others stand idle meanwhile */
	s = scan_run(&quick);
	expect_complete(slu_scan_report(s));
	assert_int_equal(slu_scan_report(s)->connections, server.accepted);
	assert_true(slu_scan_report(s)->connections <= server.asked + 4);
	assert_int_equal(s->pace.spare, 0);
	slu_scan_free(s);
}

/* ---- ends ---- */

static void no_more_connections(void **state)
{
	struct slu_scan *s;
	const struct slu_report *r;

	(void)state;
	server.most = 6;
	s = scan_run(&(struct slu_scan_config){.lanes = 1});
	r = slu_scan_report(s);
	assert_int_equal(r->end, SLU_PROBE_CUT);
	expect_said(r, (const char *const[]){"After 6 connections", endpoint(), "refused", "not all", NULL});
	assert_int_equal(r->connections, 6 + 4);
	assert_int_equal(server.accepted, 6);
	assert_true(r->versions[4].nsuites > 0);
	assert_false(r->versions[3].complete && r->versions[4].complete);
	slu_scan_free(s);
}

/* Each answer begins and does not end. */
static enum scan_vice slows(struct scan_server *s, unsigned nth, size_t bytes)
{
	(void)s;
	(void)bytes;
	return nth > 3 ? SCAN_STALLS : SCAN_ANSWERS;
}

static void the_time_is_up(void **state)
{
	const uint64_t begun = scan_now;
	struct slu_scan *s;
	const struct slu_report *r;

	(void)state;
	server.vice = slows;
	s = scan_run(&(struct slu_scan_config){.total_ms = 4000});
	r = slu_scan_report(s);
	assert_int_equal(r->end, SLU_PROBE_CUT);
	expect_said(r, (const char *const[]){endpoint(), "within 4 s", "not all", "more time", NULL});
	assert_int_equal(scan_now - begun, 4000);
	assert_int_equal(r->ms, 4000);
	slu_scan_free(s);

	server.vice = as_always;
	always = SCAN_STALLS;
	s = scan_run(&(struct slu_scan_config){.total_ms = 4000});
	assert_int_equal(slu_scan_report(s)->end, SLU_PROBE_SILENT);
	slu_scan_free(s);
}

static void it_can_be_left_at_any_time(void **state)
{
	(void)state;
	for (unsigned steps = 0; steps < 40; steps += 3) {
		char error[512] = "";
		struct slu_scan *s = slu_scan_new(&quick, "127.0.0.1", server.port, scan_now, error, sizeof error);

		assert_non_null(s);
		for (unsigned i = 0; i < steps; i++) {
			if (slu_scan_step(s, scan_now))
				break;
			scan_serve();
		}
		slu_scan_free(s);
		while (scan_serve())
			continue;
	}
	assert_int_equal(server.open, 0);
}

#define SCAN_TEST(f) cmocka_unit_test_setup_teardown(f, scan_setup, scan_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCAN_TEST(whoever_never_answers_is_told_as_what_it_is),
		SCAN_TEST(who_greets_first_is_no_tls),
		SCAN_TEST(who_refuses_everything_speaks_tls),
		SCAN_TEST(where_there_is_no_connection),
		SCAN_TEST(one_end_is_got_over),
		SCAN_TEST(who_is_tired_is_asked_one_by_one),
		SCAN_TEST(who_refuses_by_resets_is_understood),
		SCAN_TEST(one_silence_costs_one_deadline),
		SCAN_TEST(who_only_waits_for_its_turn_is_not_silent),
		SCAN_TEST(who_waits_for_an_idle_connection),
		SCAN_TEST(who_closes_what_stands_idle),
		SCAN_TEST(no_more_connections),
		SCAN_TEST(the_time_is_up),
		SCAN_TEST(it_can_be_left_at_any_time),
	};

	return cmocka_run_group_tests_name("scan_odd", tests, scan_group_setup, kit_teardown);
}
