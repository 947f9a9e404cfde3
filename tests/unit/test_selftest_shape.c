/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "crypto/selftest/shape.h"
#include "crypto/selftest/sweep.h"

static void shapes_are_what_an_algorithm_takes(void **state)
{
	struct slu_shape all, fit;

	(void)state;
	for (int f = 0; f < SLU_SHAPE_FIELDS; f++)
		all.at[f] = 1;
	fit = slu_shape_fit(SLU_DC_CBC, &all);
	assert_int_equal(fit.at[SLU_SHAPE_LENGTH], 16);
	assert_int_equal(fit.at[SLU_SHAPE_AAD], 13);
	assert_int_equal(fit.at[SLU_SHAPE_IV], SLU_IV_NONE);
	assert_int_equal(fit.at[SLU_SHAPE_DECRYPT], 1);
	assert_int_equal(fit.at[SLU_SHAPE_WRITTEN], 0); /* of one piece */
	fit = slu_shape_fit(SLU_DC_GCM, &all);
	assert_int_equal(fit.at[SLU_SHAPE_LENGTH], 1);
	assert_int_equal(fit.at[SLU_SHAPE_AAD], 1);
	assert_int_equal(fit.at[SLU_SHAPE_TAMPERED], 1);
	all.at[SLU_SHAPE_DECRYPT] = all.at[SLU_SHAPE_APART] = 0;
	fit = slu_shape_fit(SLU_DC_GCM, &all);
	assert_int_equal(fit.at[SLU_SHAPE_TAMPERED], 0);
	assert_int_equal(fit.at[SLU_SHAPE_OUT_OFFSET], 0);
	all.at[SLU_SHAPE_LENGTH] = 200000;
	assert_int_equal(slu_shape_fit(SLU_DC_GCM, &all).at[SLU_SHAPE_LENGTH], 135168);
	assert_int_equal(slu_shape_fit(SLU_DC_CBC_SHA1, &all).at[SLU_SHAPE_LENGTH], 16384);
}

static void results_have_the_length_of_the_mode(void **state)
{
	struct slu_shape s = slu_shape_simplest(SLU_DC_GCM);

	(void)state;
	assert_int_equal(slu_shape_result(SLU_DC_GCM, &s), 32);
	assert_int_equal(slu_shape_result(SLU_DC_CTR, &s), 16);
	/* RFC 5246, 6.2.3.2: content, MAC, and at least one byte of padding. */
	assert_int_equal(slu_shape_result(SLU_DC_CBC_SHA1, &s), 48);
	assert_int_equal(slu_shape_result(SLU_DC_CBC_SHA256, &s), 64);
	s.at[SLU_SHAPE_LENGTH] = 12;
	assert_int_equal(slu_shape_result(SLU_DC_CBC_SHA1, &s), 48);
	s.at[SLU_SHAPE_LENGTH] = 11;
	assert_int_equal(slu_shape_result(SLU_DC_CBC_SHA1, &s), 32);
	s.at[SLU_SHAPE_DECRYPT] = 1;
	assert_int_equal(slu_shape_result(SLU_DC_GCM, &s), 11);
}

/* All that is simpler, in order, as text. */
static const char *simpler(enum slu_shape_field f, uint32_t than)
{
	static char text[1000];
	uint32_t value;

	text[0] = '\0';
	for (unsigned n = 0; slu_shape_simpler(f, than, n, &value); n++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%u ", value);
	return text;
}

static void simpler_values_come_in_order(void **state)
{
	(void)state;
	assert_string_equal(simpler(SLU_SHAPE_OFFSET, 5), "0 1 2 3 4 ");
	assert_string_equal(simpler(SLU_SHAPE_OFFSET, 0), "");
	assert_string_equal(simpler(SLU_SHAPE_KEY, 32), "16 ");
	assert_string_equal(simpler(SLU_SHAPE_AAD, 2), "13 0 1 ");
	assert_string_equal(simpler(SLU_SHAPE_AAD, 13), "");
	assert_string_equal(simpler(SLU_SHAPE_IV, SLU_IV_32), "0 1 2 ");
	assert_non_null(strstr(simpler(SLU_SHAPE_OFFSET, 4034), " 62 63 4032 4033 "));
}

static void shapes_in_words(void **state)
{
	struct slu_shape s = slu_shape_simplest(SLU_DC_GCM);
	char text[200], little[20];

	(void)state;
	assert_string_equal(slu_shape_describe(SLU_DC_CBC, &s, text, sizeof text),
			    "encrypting 16 bytes with a key of 16 bytes");
	s.at[SLU_SHAPE_LENGTH] = 1;
	s.at[SLU_SHAPE_DECRYPT] = 1;
	s.at[SLU_SHAPE_APART] = 1;
	s.at[SLU_SHAPE_OFFSET] = 4095;
	s.at[SLU_SHAPE_OUT_OFFSET] = 2;
	assert_string_equal(slu_shape_describe(SLU_DC_GCM, &s, text, sizeof text),
			    "decrypting 1 byte with a key of 16 bytes and 13 bytes of associated data, from offset "
			    "4095 of a page, to another buffer, at offset 2 of a page");
	assert_string_equal(slu_shape_describe(SLU_DC_GCM, &s, little, sizeof little), "decrypting 1 byte w");
	s = slu_shape_simplest(SLU_DC_CTR);
	s.at[SLU_SHAPE_IV] = SLU_IV_16;
	s.at[SLU_SHAPE_PIECES] = 3;
	s.at[SLU_SHAPE_WRITTEN] = 1;
	assert_string_equal(slu_shape_describe(SLU_DC_CTR, &s, text, sizeof text),
			    "encrypting 16 bytes with a key of 16 bytes, from a counter that ends in ffff, in 3 "
			    "requests by the IV that the kernel writes back");
}

/* What provider/session.h asks for, and what it does not. */
static void shapes_that_are_avoided(void **state)
{
	static const struct {
		enum slu_shape_field field;
		uint32_t value;
		bool avoided;
	} cases[] = {
		{SLU_SHAPE_LENGTH, 608, false},  {SLU_SHAPE_LENGTH, 600, true}, {SLU_SHAPE_KEY, 32, false},
		{SLU_SHAPE_DECRYPT, 1, false},   {SLU_SHAPE_SESSION, 1, false}, {SLU_SHAPE_AAD, 5, false},
		{SLU_SHAPE_PIECES, 2, false},    {SLU_SHAPE_OFFSET, 16, true},  {SLU_SHAPE_APART, 1, true},
		{SLU_SHAPE_OUT_OFFSET, 1, true}, {SLU_SHAPE_WRITTEN, 1, true},  {SLU_SHAPE_IV, SLU_IV_16, true},
		{SLU_SHAPE_TAMPERED, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_shape s = slu_shape_simplest(SLU_DC_CTR);

		assert_false(slu_shape_avoided(SLU_DC_CTR, &s));
		s.at[cases[i].field] = cases[i].value;
		assert_int_equal(slu_shape_avoided(SLU_DC_CTR, &s), cases[i].avoided);
	}
}

static const struct slu_sweep *sweep_named(const char *name)
{
	for (unsigned i = 0; i < slu_sweeps_count; i++)
		if (strcmp(slu_sweeps[i].name, name) == 0)
			return &slu_sweeps[i];
	fail_msg("There is no sweep \"%s\".", name);
	return NULL;
}

static unsigned count(const char *name, enum slu_dc_algorithm a, bool quick)
{
	static struct slu_sweep_list list;

	slu_sweep_open(&list, sweep_named(name), a, quick);
	return list.count;
}

static void sweeps_have_every_combination_once(void **state)
{
	(void)state;
	assert_int_equal(count("lengths", SLU_DC_CTR, false), 2 * 600);
	assert_int_equal(count("lengths", SLU_DC_CBC, false), 2 * 38);   /* 16 to 608 */
	assert_int_equal(count("lengths", SLU_DC_CBC_SHA1, false), 600); /* which is not decrypted */
	assert_int_equal(count("offsets of the source", SLU_DC_CTR, false), 3 * 2 * 64);
	assert_int_equal(count("carries of the counter", SLU_DC_CTR, false), 6 * 36);
	assert_int_equal(count("carries of the counter", SLU_DC_CBC, false), 0);
	assert_int_equal(count("associated data", SLU_DC_ECB, false), 0);
	assert_true(count("lengths", SLU_DC_CTR, true) < 120);
	assert_true(count("lengths", SLU_DC_CTR, true) > 80);
}

static bool has(const char *name, enum slu_dc_algorithm a, enum slu_shape_field f, uint32_t value, bool quick)
{
	static struct slu_sweep_list list;

	slu_sweep_open(&list, sweep_named(name), a, quick);
	for (unsigned k = 0; k < list.count; k++)
		if (slu_sweep_shape(&list, k).at[f] == value)
			return true;
	return false;
}

static void sweeps_reach_what_drivers_get_wrong(void **state)
{
	static const struct {
		const char *name;
		enum slu_dc_algorithm algorithm;
		enum slu_shape_field field;
		uint32_t value;
	} cases[] = {
		{"lengths", SLU_DC_CTR, SLU_SHAPE_LENGTH, 250},
		{"lengths", SLU_DC_CBC, SLU_SHAPE_LENGTH, 240},
		{"full records", SLU_DC_GCM, SLU_SHAPE_LENGTH, 16384},
		{"large requests", SLU_DC_CBC, SLU_SHAPE_LENGTH, 65552},
		{"large requests", SLU_DC_ECB, SLU_SHAPE_LENGTH, 38032},
		{"carries of the counter", SLU_DC_CTR, SLU_SHAPE_IV, SLU_IV_LATER},
		{"associated data", SLU_DC_GCM, SLU_SHAPE_AAD, 4096},
		{"one after another", SLU_DC_GCM, SLU_SHAPE_AAD, 0},
		{"nothing to encrypt", SLU_DC_GCM, SLU_SHAPE_LENGTH, 0},
		{"key sizes", SLU_DC_CBC_SHA1, SLU_SHAPE_KEY, 24},
		{"across pages", SLU_DC_CBC, SLU_SHAPE_OFFSET, 4095},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int quick = 0; quick < 2; quick++)
			assert_true(has(cases[i].name, cases[i].algorithm, cases[i].field, cases[i].value, quick));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_are_what_an_algorithm_takes),
		cmocka_unit_test(results_have_the_length_of_the_mode),
		cmocka_unit_test(simpler_values_come_in_order),
		cmocka_unit_test(shapes_in_words),
		cmocka_unit_test(shapes_that_are_avoided),
		cmocka_unit_test(sweeps_have_every_combination_once),
		cmocka_unit_test(sweeps_reach_what_drivers_get_wrong),
	};

	return cmocka_run_group_tests_name("selftest shape", tests, NULL, NULL);
}
