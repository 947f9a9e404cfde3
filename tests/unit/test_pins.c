/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "crypto/pins.h"

/* SHA-256 of nothing, and its base64. */
static const uint8_t nothing[SLU_PIN_SIZE] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
					      0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
					      0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
#define NOTHING "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define ZEROS   "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void reads_and_writes(void **state)
{
	struct slu_pins pins;
	char error[200] = "", text[SLU_PIN_TEXT];

	(void)state;
	assert_int_equal(slu_pins_parse(&pins, NOTHING, error, sizeof error), 0);
	assert_int_equal(pins.count, 1);
	assert_memory_equal(pins.digest[0], nothing, sizeof nothing);
	assert_string_equal(slu_pin_format(text, nothing), NOTHING);
	assert_int_equal(slu_pins_parse(&pins, ZEROS ";" NOTHING, error, sizeof error), 0);
	assert_int_equal(pins.count, 2);
	assert_true(slu_pins_match(&pins, nothing));
	assert_int_equal(slu_pins_parse(&pins, ZEROS ";", error, sizeof error), 0);
	assert_int_equal(pins.count, 1);
	assert_false(slu_pins_match(&pins, nothing));
	assert_int_equal(slu_pins_parse(&pins, NULL, error, sizeof error), 0);
	assert_int_equal(slu_pins_parse(&pins, "", error, sizeof error), 0);
	assert_false(slu_pins_match(&pins, nothing));
	assert_string_equal(error, "");
}

static void refuses_what_is_no_pin(void **state)
{
	static const char *const bad[] = {
		"sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"sha256//",
		"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
		"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", /* bits that no encoder leaves */
		"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==",
		"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUU",
		"sha256//47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
		NOTHING " ",
		NOTHING "," NOTHING,
		";",
		NOTHING ";;",
	};
	struct slu_pins pins;
	char error[200];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		error[0] = '\0';
		assert_int_equal(slu_pins_parse(&pins, bad[i], error, sizeof error), SLU_ERR_INVALID);
		assert_non_null(strstr(error, "sha256//"));
	}
}

static void bounds_how_many(void **state)
{
	char text[(SLU_PINS_MAX + 1) * SLU_PIN_TEXT + 1] = "", error[200] = "";
	struct slu_pins pins;

	(void)state;
	for (int i = 0; i < SLU_PINS_MAX; i++)
		strcat(text, ZEROS ";");
	assert_int_equal(slu_pins_parse(&pins, text, error, sizeof error), 0);
	assert_int_equal(pins.count, SLU_PINS_MAX);
	strcat(text, ZEROS);
	assert_int_equal(slu_pins_parse(&pins, text, error, sizeof error), SLU_ERR_INVALID);
	assert_non_null(strstr(error, "one too many"));
}

static void compares_all_of_a_digest(void **state)
{
	struct slu_pins pins;
	uint8_t digest[SLU_PIN_SIZE];
	char error[200];

	(void)state;
	assert_int_equal(slu_pins_parse(&pins, NOTHING ";" NOTHING, error, sizeof error), 0);
	memcpy(digest, nothing, sizeof digest);
	for (size_t bit = 0; bit < 8 * sizeof digest; bit++) {
		digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(slu_pins_match(&pins, digest));
		digest[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(slu_pins_match(&pins, digest));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(refuses_what_is_no_pin),
		cmocka_unit_test(bounds_how_many),
		cmocka_unit_test(compares_all_of_a_digest),
	};

	return cmocka_run_group_tests_name("pins", tests, NULL, NULL);
}
