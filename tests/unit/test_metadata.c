/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/bytes.h"
#include "tools/metadata.h"

static const uint8_t array[] = "\x02\0\x0aonMetaData\x08\0\0\0\x01\0\x05width\0\x40\x84\0\0\0\0\0\0\0\0\x09";
static const uint8_t object[] = "\x02\0\x0aonMetaData\x03\0\x05width\0\x40\x84\0\0\0\0\0\0\0\0\x09";
static const uint8_t with[] = "\x02\0\x0aonMetaData\x03\0\x08"
			      "duration\0\x40\x84\0\0\0\0\0\0\0\0\x09";

static void knows_metadata(void **state)
{
	(void)state;
	assert_true(slu_metadata_is(array, sizeof array - 1));
	assert_true(slu_metadata_is(object, sizeof object - 1));
	for (size_t n = 0; n < 14; n++)
		assert_false(slu_metadata_is(object, n));
	for (size_t n = 0; n < 18; n++)
		assert_false(slu_metadata_is(array, n));
	assert_false(slu_metadata_is((const uint8_t *)"\x02\0\x0aonMetaDatb\x03", 14));
	assert_false(slu_metadata_is((const uint8_t *)"\x02\0\x0aonMetaData\x05", 14));
}

static void finds_a_duration(void **state)
{
	size_t at = slu_metadata_duration(with, sizeof with - 1);

	(void)state;
	assert_int_equal(at, 25);
	assert_true(slu_be_double(with + at) == 640.0);
	assert_int_equal(slu_metadata_duration(with, at + 7), 0); /* cut off in it */
	assert_int_equal(slu_metadata_duration(array, sizeof array - 1), 0);
}

static void add_and_find(const uint8_t *body, size_t n, size_t head)
{
	uint8_t out[200];
	size_t at = slu_metadata_add_duration(out, body, n);

	assert_int_equal(at, slu_metadata_duration(out, n + SLU_METADATA_GROWTH));
	assert_true(slu_be_double(out + at) == 0.0);
	/* The rest is what it was, in its place behind. */
	assert_memory_equal(out + at + 8, body + head, n - head);
}

static void adds_one(void **state)
{
	uint8_t out[200];

	(void)state;
	add_and_find(array, sizeof array - 1, 18);
	add_and_find(object, sizeof object - 1, 14);
	slu_metadata_add_duration(out, array, sizeof array - 1);
	assert_int_equal(slu_be32(out + 14), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_metadata),
		cmocka_unit_test(finds_a_duration),
		cmocka_unit_test(adds_one),
	};

	return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
