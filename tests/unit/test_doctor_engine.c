/* SPDX-License-Identifier: MIT */
/* Tests of an engine, one that is made for that (engine_kit.h) and makes mistakes when it is told to. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/opensslv.h>

#include "tools/doctor_engine.h"

enum { DEADLINE_MS = 2000 };

/* "PATH,settings". Static. */
static const char *engine(const char *settings)
{
	static char what[600];

	snprintf(what, sizeof what, "%s/slu_module.so%s", getenv("SLU_TEST_ENGINES"), settings);
	return what;
}

static struct slu_verdict test_with(const char *settings)
{
	const struct slu_doctor_device doctor = {.quick = true, .deadline_ms = DEADLINE_MS};
	struct slu_verdict v;

	slu_doctor_engine_test(&doctor, engine(settings), SLU_DC_CBC, &v);
	assert_int_equal(v.algorithm, SLU_DC_CBC);
	return v;
}

static void tells_what_there_is(void **state)
{
	struct slu_engine_facts facts;

	(void)state;
	slu_doctor_engine_ask(engine(""), DEADLINE_MS, &facts);
	assert_string_equal(facts.error, "");
	assert_string_equal(facts.id, "slu_module");
	assert_string_equal(facts.name, "an engine that counts");
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		assert_int_equal(facts.has[a], a == SLU_DC_CBC);
}

static void tells_why_not(void **state)
{
	static const struct {
		const char *what, *error;
	} cases[] = {
		{"no-such-engine", "OpenSSL has no engine 'no-such-engine'"},
		{",BROKEN=1", "the engine 'slu_module' does not start"},
		{",OFFERS=none", "the engine 'slu_module' offers no ciphers here"},
		{",NO_SUCH=1", "does not take the setting NO_SUCH=1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_engine_facts facts;

		slu_doctor_engine_ask(*cases[i].what == ',' ? engine(cases[i].what) : cases[i].what, DEADLINE_MS,
				      &facts);
		if (!strstr(facts.error, cases[i].error))
			fail_msg("\"%s\" lacks \"%s\"", facts.error, cases[i].error);
	}
}

static void what_is_right_passes(void **state)
{
	struct slu_verdict v = test_with("");
	char text[600];

	(void)state;
	print_message("# %s\n", slu_verdict_sentence(&v, text, sizeof text));
	assert_int_equal(v.kind, SLU_PASSED);
	assert_true(slu_verdict_usable(&v));
	assert_int_equal(v.keys, 1);
	assert_int_equal(v.largest, 135168);
	assert_true(v.operations > 700);
	assert_memory_equal(text, "AES-CBC by the engine slu_module is right", 41);
}

static void faults_are_found(void **state)
{
	static const struct {
		const char *settings;
		enum slu_verdict_kind kind;
		const char *text;
	} cases[] = {
		{",WRONG=240", SLU_WRONG,
		 "gives wrong bytes; the smallest request that shows it: encrypting 240 bytes with a key of 16 bytes. "
		 "Do "
		 "not use it"},
		{",WRONG=16384", SLU_WRONG, "encrypting 16384 bytes with a key of 16 bytes."},
		{",WRONG=2048", SLU_WRONG, "encrypting 2048 bytes with a key of 16 bytes."},
		{",HANG=256", SLU_HANGS, "hangs; what did not end in time: "},
		{",STALE=1", SLU_WRONG,
		 "encrypting 32 bytes with a key of 16 bytes, in 2 updates that go on without a new IV."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_verdict v = test_with(cases[i].settings);
		char text[600];

		print_message("# %s: %s\n", cases[i].settings, slu_verdict_sentence(&v, text, sizeof text));
		assert_int_equal(v.kind, cases[i].kind);
		assert_false(slu_verdict_usable(&v));
		assert_memory_equal(text, "AES-CBC by the engine slu_module ", 33);
		if (!strstr(text, cases[i].text))
			fail_msg("\"%s\" lacks \"%s\"", text, cases[i].text);
	}
}

/* A limit is no harm as long as no record comes to it. */
static void limits_are_weighed(void **state)
{
	struct slu_verdict v = {.kind = SLU_LIMITED, .engine = true, .error = 5, .driver = "x", .largest = 65536};
	char text[600];

	(void)state;
	assert_true(slu_verdict_usable(&v));
	assert_non_null(strstr(slu_verdict_sentence(&v, text, sizeof text), "have fewer."));
	v.largest = 16384;
	assert_false(slu_verdict_usable(&v));
	assert_non_null(strstr(slu_verdict_sentence(&v, text, sizeof text), "have more: do not use it."));
	v.kind = SLU_WRONG;
	v.avoided = true; /* by the provider, which is not there */
	assert_false(slu_verdict_usable(&v));
}

/* For random numbers OpenSSL has AES-ECB, and since 3.0 AES-CTR. */
static void what_only_others_ask_for_is_no_harm(void **state)
{
	struct slu_verdict v = {.kind = SLU_WRONG, .engine = true, .driver = "x", .algorithm = SLU_DC_ECB};
	const bool old = OPENSSL_VERSION_NUMBER < 0x30000000L;
	char text[600];

	(void)state;
	assert_false(slu_verdict_usable(&v));
	assert_non_null(strstr(slu_verdict_sentence(&v, text, sizeof text), "random numbers would be made by it"));
	v.algorithm = SLU_DC_CTR;
	assert_int_equal(slu_verdict_usable(&v), old);
	assert_non_null(strstr(slu_verdict_sentence(&v, text, sizeof text),
			       old ? "TLS never asks for it" : "random numbers would be made by it"));
	v.kind = SLU_HANGS;
	assert_false(slu_verdict_usable(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_there_is),  cmocka_unit_test(tells_why_not),
		cmocka_unit_test(what_is_right_passes), cmocka_unit_test(faults_are_found),
		cmocka_unit_test(limits_are_weighed),   cmocka_unit_test(what_only_others_ask_for_is_no_harm),
	};

	return cmocka_run_group_tests_name("doctor engine", tests, NULL, NULL);
}
