/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/cursor.h"

static const uint8_t bytes[] = {
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0,
};

static void reads_big_endian(void **state)
{
	struct slu_cursor c = slu_cursor(bytes, sizeof bytes);

	(void)state;
	assert_int_equal(slu_cursor_u8(&c), 0x01);
	assert_int_equal(slu_cursor_u16(&c), 0x0203);
	assert_int_equal(slu_cursor_u24(&c), 0x040506);
	assert_int_equal(slu_cursor_u32(&c), 0x0708090a);
	assert_true(slu_cursor_double(&c) == 1.5);
	assert_false(c.bad);
	assert_int_equal(slu_cursor_left(&c), 0);
}

static void stays_bad_past_the_end(void **state)
{
	struct slu_cursor c = slu_cursor(bytes, 3);

	(void)state;
	assert_int_equal(slu_cursor_u32(&c), 0);
	assert_true(c.bad);
	assert_int_equal(slu_cursor_u8(&c), 0);
	assert_null(slu_cursor_take(&c, 0));
	assert_true(c.bad);
}

static void encodes_what_it_decodes(void **state)
{
	uint8_t b[8];

	(void)state;
	slu_put_be_double(b, -0.1);
	assert_true(slu_be_double(b) == (double)-0.1); /* the literal alone has more digits on a 387 */
	slu_put_be24(b, 0xabcdef);
	assert_int_equal(slu_be24(b), 0xabcdef);
	slu_put_le32(b, 0x01020304);
	assert_int_equal(b[0], 4);
	assert_int_equal(slu_le32(b), 0x01020304);
	slu_put_be64(b, UINT64_C(0x0102030405060708));
	assert_true(slu_be64(b) == UINT64_C(0x0102030405060708));
	slu_put_be16(b, 0xfffe);
	assert_int_equal(slu_be16(b), 0xfffe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_big_endian),
		cmocka_unit_test(stays_bad_past_the_end),
		cmocka_unit_test(encodes_what_it_decodes),
	};

	return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
