/* SPDX-License-Identifier: MIT */
/* Servers that are no servers of TLS, or not true to themselves: an end, and nothing that is not so. */
#include "test.h"

#include "plan_kit.h"

static const struct test_none {
	struct slu_hello_answer answer;
	enum slu_probe_end end;
	const char *sentence;
	unsigned most;
} none[] = {
	{{.end = SLU_HELLO_SILENT}, SLU_PROBE_SILENT, "says nothing", 5},
	{{.end = SLU_HELLO_SILENT, .bytes = 9}, SLU_PROBE_SILENT, "begins to answer, and then no more comes", 5},
	{{.end = SLU_HELLO_CLOSED}, SLU_PROBE_CLOSES, "hangs up on whatever", 6},
	{{.end = SLU_HELLO_CLOSED, .bytes = 9}, SLU_PROBE_CLOSES, "begins to answer, and hangs up", 6},
	{{.end = SLU_HELLO_RESET}, SLU_PROBE_CLOSES, "hangs up", 6},
	{{.end = SLU_HELLO_NOT_TLS, .wrong = "greets with SSH"}, SLU_PROBE_NOT_TLS, "It greets with SSH", 3},
	{{.end = SLU_HELLO_MALFORMED, .wrong = "sent too much"}, SLU_PROBE_BROKEN, "It sent too much", 3},
	{{.end = SLU_HELLO_ALERT, .alert = 40}, SLU_PROBE_REFUSES, "handshake_failure", 6},
	{{.end = SLU_HELLO_ALERT, .alert = 112}, SLU_PROBE_REFUSES, "name", 6},
	{{.end = SLU_HELLO_ALERT, .alert = 255}, SLU_PROBE_REFUSES, "number 255, which is not registered", 6},
};

static void test_none(void **state)
{
	for (size_t i = 0; i < COUNT(none); i++) {
		plan_setup(state);
		model.no_version = none[i].answer;
		scan(false, 1);
		assert_int_equal(report.end, none[i].end);
		assert_non_null(strstr(report.sentence, none[i].sentence));
		assert_true(report.hellos <= none[i].most);
		assert_int_equal(report.handshakes, 0);
		for (size_t v = 0; v < SLU_REPORT_VERSIONS; v++)
			assert_int_not_equal(report.versions[v].accepted, SLU_YES);
		plan_teardown(state);
	}
}
/* The sentence is about the answer that the end goes by, whichever came first. */
static void test_none_in_two_ways(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct model other;

		plan_setup(state);
		other = model;
		other.no_version = none[i ? 6 : 5].answer;
		model.no_version = none[i ? 5 : 6].answer;
		assert_true(other.no_version.wrong[0] && model.no_version.wrong[0]);
		model.other = &other;
		scan(false, 1);
		assert_int_equal(report.end, SLU_PROBE_NOT_TLS);
		assert_non_null(strstr(report.sentence, "greets with SSH"));
		plan_teardown(state);
	}
}

/* ---- servers that are not true to themselves ---- */

/* Nothing is in the table that was never taken, and the plan ends soon after what there is to be found. */
static void expect_sane(bool full)
{
	size_t found = 0;

	for (unsigned v = 0; v < SLU_REPORT_VERSIONS; v++) {
		const struct slu_report_version *r = &report.versions[v];

		for (size_t i = 0; i < r->nsuites; i++)
			assert_true(model.took[v][r->suites[i]]);
		if (r->nsuites)
			assert_int_equal(r->accepted, SLU_YES);
		found += r->nsuites + r->ngroups + r->nschemes;
	}
	/* Where all small hellos are tried in parts, each has a refusal. */
	assert_true(report.hellos + report.handshakes <= found + (full ? 16 : 8) + 70);
}

static void test_vices(void **state)
{
	for (uint32_t seed = 1; seed <= CONFIGURATIONS; seed++) {
		const bool full = seed & 1;

		plan_setup(state);
		configure(seed);
		model.vice = MODEL_DROPS + seed / 2 % (MODEL_ALL - MODEL_DROPS);
		model.honest = below(20);
		scan(full, seed);
		expect_sane(full);
		plan_teardown(state);
	}
}

/* The alert that tells is not that about a version. */
static void test_no_such_name(void **state)
{
	for (uint32_t seed = 1; seed <= 8; seed++) { /* whichever comes last */
		configure_common(0, 0);
		model.versions[4].on = false;
		model.refusal = model_alert(112);
		scan(false, seed);
		assert_int_equal(report.end, SLU_PROBE_REFUSES);
		assert_non_null(strstr(report.sentence, "unrecognized_name"));
		assert_non_null(strstr(report.sentence, "does not know this name"));
		plan_teardown(state);
	}
}

/* What was complete when it fell silent is; the rest is not said to be. */
static void test_cut(void **state)
{
	for (unsigned i = 0; i < 90; i++) {
		const unsigned honest = i / 2 + 1;
		bool all = true;

		configure_common(9, 3);
		model.vice = MODEL_DROPS;
		model.honest = honest;
		scan(i & 1, honest);
		for (unsigned v = 3; v < 5; v++) {
			const struct slu_report_version *r = &report.versions[v];

			assert_true(r->nsuites <= model.versions[v].suites.n);
			if (r->complete)
				assert_int_equal(r->nsuites, model.versions[v].suites.n);
			if (r->groups_complete)
				assert_int_equal(r->ngroups, model.groups[v == 4].n);
			if (r->schemes_complete)
				assert_int_equal(r->nschemes, model.schemes[v == 4].n);
			all &= r->complete;
			if (r->nsuites && !r->complete)
				assert_int_equal(report.end, SLU_PROBE_CUT);
		}
		/* The order of TLS 1.3 takes a hello more, and so does the name. */
		if (all && report.hellos > honest)
			assert_int_equal(report.end, SLU_PROBE_CUT);
		if (report.needs_sni != SLU_UNKNOWN)
			assert_int_equal(report.needs_sni, SLU_NO);
		plan_teardown(state);
	}
}

/* It could not answer one of the hellos, which refuses nothing. */
static void test_fails_once(void **state)
{
	for (unsigned i = 0; i < 90; i++) {
		configure_common(9, 3);
		model.fails = i / 2 + 1;
		scan(i & 1, i);
		for (unsigned v = 3; v < 5; v++) {
			const struct slu_report_version *r = &report.versions[v];

			if (r->nsuites && r->complete)
				assert_int_equal(r->nsuites, model.versions[v].suites.n);
		}
		plan_teardown(state);
	}
}

/* It takes one suite, offered or not. */
static void test_sticks(void **state)
{
	configure_common(9, 3);
	model.vice = MODEL_STICKS;
	scan(false, 1);
	assert_int_equal(report.versions[3].nsuites, 1);
	assert_int_equal(report.versions[3].suites[0], 0xC02F);
	assert_false(report.versions[3].complete);
	assert_int_equal(report.versions[4].nsuites, 1);
	assert_false(report.versions[4].complete);
	assert_true(report.nnotes >= 2);
	plan_teardown(state);
}

/* It answers in another way when it is asked for the same with fewer suites. */
static void test_turns(void **state)
{
	const struct slu_hello_answer refuses = model_alert(40), closes = model_end(SLU_HELLO_CLOSED);
	const struct slu_hello_answer *again[] = {NULL, &refuses, &closes};
	const enum slu_probe_end ends[] = {SLU_PROBE_OK, SLU_PROBE_OK, SLU_PROBE_CUT};

	for (size_t k = 0; k < 2 * COUNT(again); k++) {
		const size_t i = k / 2;
		const bool full = k & 1;

		configure_common(0, 1);
		for (size_t s = 9; s-- > 0;)
			add(&model.versions[3].suites, rsa_suites[s]);
		model.turns = !again[i];
		model.again = again[i];
		scan_as(NULL, full, 1);
		assert_int_equal(report.end, ends[i]);
		assert_int_equal(report.versions[3].nsuites, 9);
		assert_int_equal(report.versions[3].order, again[i] ? SLU_ORDER_UNKNOWN : SLU_ORDER_MIXED);
		assert_int_equal(report.versions[3].complete, again[i] != &refuses);
		assert_int_equal(report.fallback_scsv, again[i] || !full ? SLU_UNKNOWN : SLU_NO);
		assert_int_equal(report.nnotes != 0, again[i] != NULL);
		plan_teardown(state);
	}
}

/* It has one group, offered or not. */
static void test_stuck_group(void **state)
{
	configure_common(9, 3);
	model.stuck_group = 0x0017;
	scan(true, 1);
	assert_int_equal(report.versions[4].ngroups, 1);
	assert_false(report.versions[4].groups_complete);
	assert_non_null(strstr(report.notes[0], "not offered"));
	expect_versions(false);
	plan_teardown(state);
}

/* Silence to a version says nothing of it. */
static void test_silent_version(void **state)
{
	configure_common(9, 3);
	model.no_version = model_end(SLU_HELLO_SILENT);
	scan(false, 1);
	assert_int_equal(report.end, SLU_PROBE_OK);
	for (unsigned v = 0; v < 3; v++)
		assert_int_equal(report.versions[v].accepted, SLU_UNKNOWN);
	assert_int_equal(report.nnotes, 1);
	plan_teardown(state);
}

/* A server that hangs up on who does not name it, and one that stops answering then. */
static void test_hangs_up_nameless(void **state)
{
	configure_common(9, 3);
	model.needs_sni = true;
	model.no_name = model_end(SLU_HELLO_RESET);
	scan(false, 1);
	assert_int_equal(report.end, SLU_PROBE_OK);
	assert_int_equal(report.needs_sni, SLU_YES);
	assert_int_equal(report.versions[3].order, SLU_ORDER_SERVER);
	assert_int_equal(report.hellos, 17); /* one more than others */
	plan_teardown(state);
}

/* It takes everything: a table as long as the registry, and an end. */
static void test_takes_all(void **state)
{
	configure_common(9, 3);
	model.vice = MODEL_ALL;
	scan(true, 1);
	assert_true(report.hellos <= SLU_PLAN_MOST);
	for (unsigned v = 0; v < SLU_REPORT_VERSIONS; v++)
		assert_true(report.versions[v].complete);
	assert_true(report.versions[3].nsuites > 300);
	assert_int_equal(report.versions[3].order, SLU_ORDER_CLIENT);
	plan_teardown(state);
}

/* ---- old ones, and several ---- */

/* It knows SSL 3.0 and nothing of extensions, which it refuses by an alert or hangs up on. */
static void test_bare(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		plan_setup(state);
		model.versions[0].on = model.bare = true;
		for (size_t k = 14; k < 17; k++)
			add(&model.versions[0].suites, rsa_suites[k]);
		if (i & 1)
			model.refusal = model.no_version = model_end(SLU_HELLO_CLOSED);
		scan(i & 2, i);
		assert_int_equal(report.end, SLU_PROBE_OK);
		assert_int_equal(report.versions[0].accepted, SLU_YES);
		assert_int_equal(report.versions[0].nsuites, 3);
		assert_true(report.versions[0].complete);
		assert_int_equal(report.versions[0].order, SLU_ORDER_SERVER);
		for (unsigned v = 1; v < SLU_REPORT_VERSIONS; v++)
			assert_int_equal(report.versions[v].accepted, SLU_NO);
		plan_teardown(state);
	}
}

/* A hello of TLS 1.3 without a key share is no hello to it: that it has the version is seen by a handshake. One that
 * has not, and says so in such a way, refuses that as well; one that hangs up on it is told of. */
static void test_wants_share(void **state)
{
	enum { HAS, HAS_NOT, HANGS_UP };
	static const char *const notes[] = {[HAS] = "key share", [HANGS_UP] = "whose hellos it refused"};

	for (unsigned i = 0; i < 6; i++) {
		const bool full = i & 1, has = i / 2 == HAS;

		configure_common(9, has ? 3 : 0);
		model.versions[4].on = has;
		model.wants_share = 47;
		model.hangs_up = i / 2 == HANGS_UP;
		scan(full, i);
		assert_int_equal(report.end, SLU_PROBE_OK);
		assert_int_equal(report.handshakes, has && full ? 4 : 1);
		assert_int_equal(report.versions[3].nsuites, 9);
		assert_true(report.versions[3].complete);
		assert_int_equal(report.versions[4].accepted, has ? SLU_YES : SLU_NO);
		assert_int_equal(report.versions[4].nsuites, has);
		assert_false(report.versions[4].complete);
		assert_int_equal(report.nnotes, notes[i / 2] != NULL);
		if (notes[i / 2])
			assert_non_null(strstr(report.notes[0], notes[i / 2]));
		plan_teardown(state);
	}
}

/* Two that take turns: a version that is refused after it was taken is not complete, and nothing is in the table that
 * was never taken. */
static void test_takes_turns(void **state)
{
	static struct model other;

	for (uint32_t seed = 1; seed <= 64; seed++) {
		unsigned noted = 0;

		configure_common(4, 1);
		other = model;
		other.versions[4].on = false;
		configure_common(9, 3);
		model.other = &other;
		scan(seed & 1, seed);
		for (size_t i = 0; i < report.nnotes; i++)
			noted += strstr(report.notes[i], "TLS 1.3 after it had taken it") != NULL;
		if (report.versions[4].nsuites) {
			assert_int_equal(report.versions[4].accepted, SLU_YES);
			assert_true(noted == 1 || report.versions[4].nsuites == 3);
			assert_int_equal(report.versions[4].complete, !noted);
		}
		expect_sane(seed & 1);
		plan_teardown(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_none_in_two_ways, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_no_such_name, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_vices, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_cut, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_fails_once, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_sticks, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_turns, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_stuck_group, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_silent_version, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_hangs_up_nameless, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_takes_all, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_bare, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_wants_share, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_takes_turns, plan_setup, plan_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
