/* SPDX-License-Identifier: MIT */
/* What is asked of a server, and what its answers mean: against servers in memory, configured at random. */
#include "test.h"

#include <sluice/error.h>

#include "plan_kit.h"

/* ---- tests ---- */

static void test_default(void **state)
{
	for (uint32_t seed = 1; seed <= CONFIGURATIONS; seed++) {
		plan_setup(state);
		configure(seed);
		model.chacha_first = false;
		scan(false, seed);
		expect_all(false);
		/* Who refuses protocols is asked again without, in a hello and in a handshake. */
		assert_true(report.hellos + report.handshakes <=
			    suites_of(newest(false) >= 3 ? 3 : newest(false)) + 8 + 2 * model.alpn_strict);
		plan_teardown(state);
	}
}

static void test_full(void **state)
{
	for (uint32_t seed = 1; seed <= CONFIGURATIONS; seed++) {
		plan_setup(state);
		configure(seed);
		scan(true, seed);
		expect_all(true);
		assert_true(report.hellos <= suites_of(0) + total(model.groups, 2) + model.schemes[0].n + 16);
		assert_true(report.handshakes <= model.schemes[1].n + 3);
		if (model.versions[4].on && model.versions[3].on)
			assert_int_equal(report.fallback_scsv, known(model.scsv));
		plan_teardown(state);
	}
}
/* ---- what it takes ---- */

static void expect_cost(bool full, unsigned hellos, unsigned handshakes, unsigned round_trips)
{
	model.answers = model.handshakes = model.looks = 0;
	scan(full, 7);
	expect_all(full);
	assert_int_equal(report.hellos, hellos);
	assert_int_equal(report.handshakes, handshakes);
	assert_int_equal(report.round_trips, round_trips);
	slu_report_clear(&report);
}

static void shuffle_first(struct model_list *l, size_t i)
{
	const uint16_t id = l->ids[i];

	l->ids[i] = l->ids[0];
	l->ids[0] = id;
}

/* 12 suites and two refusals, old versions, no name: without the name comes the order of TLS 1.2, and with the
 * handshake that of TLS 1.3. */
static void test_cost(void **state)
{
	(void)state;
	configure_common(9, 3);
	expect_cost(false, 16, 1, 12);
	/* ChaCha20 is the first anyway. */
	shuffle_first(&model.versions[4].suites, 1);
	expect_cost(false, 16, 1, 12);
	/* As offered. */
	configure_common(9, 2);
	add(&model.versions[4].suites, 0x1301);
	shuffle_first(&model.versions[4].suites, 1);
	shuffle_first(&model.versions[4].suites, 2);
	expect_cost(false, 16, 1, 12);
	/* Where the client's order counts, so does its ChaCha20; that it does takes a hello more. */
	configure_common(9, 3);
	for (size_t i = 0; i < 9; i++)
		model.versions[3].suites.tier[i] = model.versions[4].suites.tier[i] = 0;
	expect_cost(false, 17, 1, 12);
	/* The handshake cannot ask for it. */
	configure_common(9, 3);
	model.lacks = true;
	expect_cost(false, 17, 1, 12);
}

static const struct test_worst {
	bool chacha_first, needs_sni, client;
} worst[] = {{true, true, false}, {false, true, true}, {true, true, true}, {true, false, false}};

/* Within 20, whatever it is about its order and its name. */
static void test_cost_worst(void **state)
{
	for (size_t n = 0; n < 4 * COUNT(worst); n++) {
		const size_t i = n / 4;

		configure_common(8, 3);
		add(&model.versions[3].suites, 0xCCA8);
		if (n & 1) /* not as they are offered */
			shuffle_first(&model.versions[3].suites, 1);
		model.lacks = n & 2;
		model.chacha_first = worst[i].chacha_first;
		model.needs_sni = worst[i].needs_sni;
		for (size_t k = 0; worst[i].client && k < 9; k++)
			model.versions[3].suites.tier[k] = model.versions[4].suites.tier[k] = 0;
		scan(false, 7);
		expect_all(false);
		assert_true(report.hellos + report.handshakes <= 20);
		plan_teardown(state);
	}
}

/* Questions of `full` go beside one another: what is deepest is suites, and then groups. */
static void test_cost_full(void **state)
{
	(void)state;
	configure_common(9, 3);
	/* 12 + 5 refusals, 3 schemes and their refusal but the first, twice 3 groups likewise and their order, no name,
	 * fallback. */
	expect_cost(true, 12 + 5 + 3 + 2 * 4 + 2, 1 + 3, 15);
}
/* ---- what is peculiar ---- */

static void test_chacha_first(void **state)
{
	configure_common(8, 3);
	add(&model.versions[3].suites, 0xCCA8);
	model.chacha_first = true;
	scan(true, 3);
	expect_all(true);
	assert_int_equal(report.versions[3].order, SLU_ORDER_SERVER);
	assert_int_equal(report.versions[3].chacha, SLU_YES);
	assert_int_equal(report.versions[4].chacha, SLU_YES);
	plan_teardown(state);
}

/* It prefers ChaCha20 to AES unless the first suite that it knows is AES with GCM, as Go has it. */
static void test_but_gcm(void **state)
{
	static const uint16_t old[][5] = {{0xC02F, 0xCCA8, 0xC013, 0xC014, 0x002F},
					  {0xC02F, 0xC02B, 0xC030, 0xC02C, 0xCCA8}};

	for (unsigned i = 0; i < 8; i++) {
		configure_common(0, 0);
		add(&model.versions[4].suites, 0x1301);
		add(&model.versions[4].suites, 0x1302);
		add(&model.versions[4].suites, 0x1303);
		for (size_t k = 0; k < 5; k++)
			add(&model.versions[3].suites, old[i / 4][k]);
		add(&model.schemes[0], 0x0403);
		model.chacha_first = model.but_gcm = true;
		model.lacks = i & 2;
		scan(i & 1, i);
		expect_all(i & 1);
		for (unsigned v = 3; v < 5; v++) {
			assert_int_equal(report.versions[v].order, SLU_ORDER_SERVER);
			assert_int_equal(report.versions[v].chacha, SLU_YES);
		}
		plan_teardown(state);
	}
}

/* Of TLS 1.2 as well, where TLS 1.3 has it, and for nothing: the server does not take them as they are offered. */
static void test_chacha_free(void **state)
{
	static const uint16_t mixed[] = {0xC030, 0xCCA8, 0xC02F, 0xC028, 0xC027, 0xC014, 0xC013, 0x009D, 0x009C};

	(void)state;
	configure_common(0, 3);
	for (size_t i = 0; i < COUNT(mixed); i++)
		add(&model.versions[3].suites, mixed[i]);
	scan(false, 5);
	expect_all(false);
	assert_int_equal(report.versions[3].chacha, SLU_NO);
	assert_int_equal(report.versions[4].chacha, SLU_NO);
	assert_int_equal(report.hellos + report.handshakes, 17);
	slu_report_clear(&report);
	scan_as(NULL, false, 5);
	assert_int_equal(report.versions[3].order, SLU_ORDER_SERVER);
	assert_int_equal(report.versions[3].chacha, SLU_NO);
	assert_int_equal(report.hellos + report.handshakes, 17);
	plan_teardown(state);
}

/* Equal to it are all but ChaCha20, which does not make the order the client's: and of AES with GCM there is nothing
 * that it refuses, to be first in place of ChaCha20. */
static void test_chacha_last(void **state)
{
	static const uint16_t new[] = {0x1302, 0x1301, 0x1303}, old[] = {0xC02C, 0xC030, 0xC02B, 0xC02F, 0xCCA8};

	for (unsigned i = 0; i < 8; i++) {
		configure_common(0, 0);
		for (size_t k = 0; k < COUNT(new); k++) {
			add(&model.versions[4].suites, new[k]);
			model.versions[4].suites.tier[k] = i & 4 ? 0 : new[k] == 0x1303;
		}
		for (size_t k = 0; k < COUNT(old); k++) {
			add(&model.versions[3].suites, old[k]);
			model.versions[3].suites.tier[k] = i & 4 ? 0 : old[k] == 0xCCA8;
		}
		add(&model.schemes[0], 0x0403);
		model.lacks = i & 1;
		scan(i & 2, i);
		expect_all(i & 2);
		for (unsigned v = 3; v < 5; v++) {
			assert_int_equal(report.versions[v].order, i & 4 ? SLU_ORDER_CLIENT : SLU_ORDER_MIXED);
			assert_int_equal(report.versions[v].chacha, i & 4 ? SLU_YES : SLU_NO);
		}
		plan_teardown(state);
	}
}

/* An ECDSA certificate alone is of use only to who offers its curve. In the client's order all groups are found; in the
 * server's those that it likes less than the curve are taken of nobody. */
static void test_curve(void **state)
{
	static const uint16_t all[] = {0x001D, 0x0017, 0x0018, 0x0019, 0x001E};

	for (unsigned i = 0; i < 2 * 4; i++) {
		const unsigned curve = 1 + i / 2 % 2; /* the second or the third of them */

		configure_common(0, 1);
		model.groups[0].n = 0;
		for (size_t k = 0; k < COUNT(all); k++) {
			add(&model.groups[0], all[k]);
			model.groups[0].tier[k] = i & 1 ? (uint8_t)k : 0;
		}
		add(&model.versions[3].suites, 0xC02B);
		add(&model.versions[3].suites, 0xC009);
		add(&model.schemes[0], 0x0403);
		model.curve = all[curve];
		if (i >= 4)
			model.refusal = model_end(SLU_HELLO_RESET);
		scan(true, i);
		assert_int_equal(report.end, SLU_PROBE_OK);
		assert_int_equal(report.versions[3].ngroups, i & 1 ? curve + 1 : COUNT(all));
		assert_memory_equal(report.versions[3].groups, all, report.versions[3].ngroups * sizeof *all);
		assert_true(report.versions[3].groups_complete);
		assert_int_equal(report.versions[3].group_order, i & 1 ? SLU_ORDER_SERVER : SLU_ORDER_CLIENT);
		plan_teardown(state);
	}
}

/* A hello of more than 255 bytes, or of more than 512, meets silence, a reset or an alert. */
static void test_small(void **state)
{
	const struct slu_hello_answer how[] = {model_end(SLU_HELLO_SILENT), model_end(SLU_HELLO_RESET),
					       model_end(SLU_HELLO_CLOSED), model_alert(50), model_alert(40)};

	for (size_t i = 0; i < 2 * COUNT(how); i++) {
		configure_common(9, 3);
		model.stands = i % 2 ? 255 : 512;
		model.not_stood = how[i / 2];
		scan(i % 3 == 0, 3);
		assert_int_equal(report.end, SLU_PROBE_OK);
		expect_versions(i % 3 == 0);
		assert_int_equal(report.nnotes, 1);
		assert_non_null(strstr(report.notes[0], "255 bytes"));
		plan_teardown(state);
	}
}

/* It hangs up where others refuse by an alert. */
static void test_hangs_up(void **state)
{
	for (unsigned i = 0; i < 8; i++) {
		const enum slu_hello_end end = i & 1 ? SLU_HELLO_RESET : SLU_HELLO_CLOSED;

		configure_common(9, 3);
		for (size_t k = 0; i % 3 == 0 && k < 9; k++) /* the client's order */
			model.versions[3].suites.tier[k] = 0;
		model.refusal = model_end(end);
		if (i & 2)
			model.no_version = model_end(end);
		scan(i & 4, i);
		assert_int_equal(report.end, SLU_PROBE_OK);
		expect_versions(i & 4);
		assert_true(report.nnotes >= 1);
		plan_teardown(state);
	}
}
/* A version of which it has nothing common is not gone through in parts. */
static void test_small_version(void **state)
{
	configure_common(0, 3);
	model.versions[3].on = false;
	model.no_version = model_alert(40);
	model.stands = 255;
	scan(false, 3);
	assert_int_equal(report.end, SLU_PROBE_OK);
	expect_versions(false);
	/* Of TLS 1.3 one that is too large, 3 + 1; of TLS 1.2 two; of older ones one. */
	assert_int_equal(report.hellos, 8);
	plan_teardown(state);
}

/* Suites beyond the first part are found, and then it is not known which of all are preferred. */
static void test_small_parts(void **state)
{
	configure_common(0, 1);
	add(&model.versions[3].suites, 0xC061);
	for (size_t i = 0; i < 3; i++)
		add(&model.versions[3].suites, rsa_suites[i]);
	model.stands = 255;
	scan(false, 3);
	assert_int_equal(report.versions[3].nsuites, 4);
	assert_true(report.versions[3].complete);
	assert_int_equal(report.versions[3].order, SLU_ORDER_UNKNOWN);
	plan_teardown(state);
}

/* With a long name there is no room for all groups: they are not said to be complete. */
static void test_small_name(void **state)
{
	configure_common(9, 3);
	model.stands = 255;
	scan_as("a-name-that-is-as-long-as-names-may-well-be.and-then-some-more.example", true, 3);
	assert_int_equal(report.end, SLU_PROBE_OK);
	assert_true(report.versions[3].complete);
	assert_int_equal(report.versions[3].nsuites, 9);
	assert_false(report.versions[3].groups_complete);
	assert_false(report.versions[4].groups_complete);
	plan_teardown(state);
}

/* Without TLS 1.2 and 1.3, the version that one hello finds is asked for all, in its order: what that hello offered was
 * not all. */
static void test_old_only(void **state)
{
	plan_setup(state);
	model.versions[2].on = true;
	add(&model.versions[2].suites, 0x0018);
	add(&model.versions[2].suites, 0x002F);
	scan(false, 1);
	assert_int_equal(report.end, SLU_PROBE_OK);
	expect_versions(false);
	assert_int_equal(report.versions[2].nsuites, 2);
	assert_int_equal(report.versions[2].suites[0], 0x0018);
	assert_true(report.versions[2].complete);
	plan_teardown(state);
}

/* An address has no name to leave out. */
static void test_address(void **state)
{
	configure_common(2, 1);
	scan_as(NULL, false, 1);
	assert_int_equal(report.end, SLU_PROBE_OK);
	assert_int_equal(report.needs_sni, SLU_UNKNOWN);
	expect_versions(false);
	plan_teardown(state);
}
/* ---- the scanner's questions ---- */

static void test_repeats(void **state)
{
	const struct slu_hello_answer no_end = model_end(SLU_HELLO_MORE);
	const struct slu_plan_config config = {.host = "a.example"};
	struct slu_plan *p = slu_plan_new(&config, &report);
	struct slu_plan_step step;

	assert_true(slu_plan_next(p, &step));
	/* Nothing is known yet: something else is asked. */
	assert_int_equal(slu_plan_repeats(p, step.id, SLU_HELLO_RESET), 0);
	assert_int_equal(slu_plan_answer(p, step.id, &no_end), SLU_ERR_INVALID);
	configure_common(9, 3);
	assert_int_equal(slu_plan_answer(p, step.id, model_answer(&model, &step)), 0);
	assert_true(slu_plan_next(p, &step));
	assert_int_equal(slu_plan_repeats(p, step.id, SLU_HELLO_RESET), SLU_PLAN_REPEATS);
	assert_int_equal(slu_plan_repeats(p, step.id, SLU_HELLO_CLOSED), 1);
	assert_int_equal(slu_plan_repeats(p, step.id, SLU_HELLO_SILENT), 0);
	assert_int_equal(slu_plan_repeats(p, step.id, SLU_HELLO_ALERT), 0);
	assert_int_equal(slu_plan_repeats(p, step.id + 1000, SLU_HELLO_RESET), 0);
	slu_plan_free(p);
	plan_teardown(state);
}

static struct slu_chain *no_memory(void *ctx, const struct slu_chain_der *certs, size_t n)
{
	(void)ctx;
	(void)certs;
	(void)n;
	return NULL;
}

static void test_no_memory(void **state)
{
	const struct slu_plan_config config = {.host = "a.example", .look = no_memory};
	struct slu_plan *p = slu_plan_new(&config, &report);
	struct slu_plan_step steps[2];

	configure_common(9, 3);
	for (size_t i = 0; i < 2; i++)
		assert_true(slu_plan_next(p, &steps[i]));
	assert_int_equal(slu_plan_answer(p, steps[0].id, model_answer(&model, &steps[0])), 0);
	assert_int_equal(slu_plan_answer(p, steps[1].id, model_answer(&model, &steps[1])), SLU_ERR_NOMEM);
	slu_plan_free(p);
	plan_teardown(state);
}

static void test_stop(void **state)
{
	const struct slu_plan_config config = {.host = "a.example"};
	struct slu_plan *p = slu_plan_new(&config, &report);
	struct slu_plan_step step;

	assert_true(slu_plan_next(p, &step));
	configure_common(9, 3);
	assert_int_equal(slu_plan_answer(p, step.id, model_answer(&model, &step)), 0);
	slu_plan_stop(p);
	assert_true(slu_plan_done(p));
	assert_int_equal(report.end, SLU_PROBE_CUT);
	assert_false(slu_plan_next(p, &step));
	slu_plan_free(p);
	plan_teardown(state);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_default, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_full, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_cost, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_cost_worst, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_cost_full, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_chacha_first, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_but_gcm, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_chacha_free, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_chacha_last, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_curve, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_small, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_small_version, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_small_parts, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_small_name, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_old_only, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_hangs_up, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_address, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_repeats, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, plan_setup, plan_teardown),
		cmocka_unit_test_setup_teardown(test_stop, plan_setup, plan_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
