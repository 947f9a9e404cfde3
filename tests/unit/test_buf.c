/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "base/buf.h"

static void grows_and_keeps_bytes(void **state)
{
	struct slu_buf b;
	uint8_t byte;

	(void)state;
	slu_buf_init(&b, 100000);
	for (unsigned i = 0; i < 100000; i++) {
		byte = (uint8_t)(i * 7);
		assert_int_equal(slu_buf_append(&b, &byte, 1), 0);
	}
	assert_int_equal(b.len, 100000);
	assert_true(b.cap <= b.max);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], (uint8_t)(i * 7));
	slu_buf_clear(&b);
}

static void holds_its_maximum(void **state)
{
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 10);
	assert_int_equal(slu_buf_append(&b, "0123456789", 10), 0);
	assert_int_equal(slu_buf_append(&b, "x", 1), SLU_ERR_LIMIT);
	assert_int_equal(slu_buf_reserve(&b, SIZE_MAX), SLU_ERR_LIMIT);
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.data, "0123456789", 10);
	slu_buf_clear(&b);
	assert_int_equal(slu_buf_append(&b, "y", 1), 0);
	slu_buf_clear(&b);
}

static void consumes_from_the_front(void **state)
{
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 64);
	assert_int_equal(slu_buf_append(&b, "abcdef", 6), 0);
	slu_buf_consume(&b, 2);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "cdef", 4);
	slu_buf_consume(&b, 99);
	assert_int_equal(b.len, 0);
	slu_buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_bytes),
		cmocka_unit_test(holds_its_maximum),
		cmocka_unit_test(consumes_from_the_front),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
