/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/buffer.h>

#include "base/tally.h"

static void owns_its_storage(void **state)
{
	struct slu_buffer *b = slu_buffer_new(5);

	(void)state;
	assert_non_null(b);
	assert_int_equal(slu_buffer_size(b), 5);
	memcpy(slu_buffer_data(b), "12345", 5);
	assert_true(slu_buffer_unique(b));
	assert_ptr_equal(slu_buffer_get(b), b);
	assert_false(slu_buffer_unique(b));
	slu_buffer_put(b);
	assert_true(slu_buffer_unique(b));
	slu_buffer_put(b);
	slu_buffer_put(NULL);
	assert_null(slu_buffer_new(SIZE_MAX));
}

static void count_release(void *arg, void *data)
{
	assert_ptr_equal(data, arg);
	++*(int *)arg;
}

static void releases_once_with_the_last_reference(void **state)
{
	int released = 0;
	struct slu_buffer *b = slu_buffer_wrap(&released, sizeof released, count_release, &released);

	(void)state;
	assert_non_null(b);
	assert_ptr_equal(slu_buffer_data(b), &released);
	slu_buffer_get(b);
	slu_buffer_put(b);
	assert_int_equal(released, 0);
	slu_buffer_put(b);
	assert_int_equal(released, 1);
}

/* Once, however many refer to it, and until the last does not. */
static void is_counted(void **state)
{
	struct slu_tally tally = {0};
	struct slu_buffer *a = slu_buffer_new_counted(1000, &tally), *b;
	size_t of_a = slu_tally_bytes(&tally);

	(void)state;
	assert_true(of_a >= 1000 && of_a < 1200);
	slu_buffer_get(a);
	assert_int_equal(slu_tally_bytes(&tally), of_a);
	b = slu_buffer_new_like(1000, a);
	assert_int_equal(slu_tally_bytes(&tally), 2 * of_a);
	slu_buffer_put(a);
	assert_int_equal(slu_tally_bytes(&tally), 2 * of_a);
	slu_buffer_put(a);
	assert_int_equal(slu_tally_bytes(&tally), of_a);
	slu_buffer_put(b);
	assert_int_equal(slu_tally_bytes(&tally), 0);
	b = slu_buffer_new_like(10, NULL);
	slu_buffer_put(b);
	b = slu_buffer_new_counted(10, NULL);
	slu_buffer_put(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owns_its_storage),
		cmocka_unit_test(releases_once_with_the_last_reference),
		cmocka_unit_test(is_counted),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
