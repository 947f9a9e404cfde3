/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "server/rebase.h"

static void changes_nothing_at_first(void **state)
{
	struct slu_rebase r = {.on = false};

	(void)state;
	assert_int_equal(slu_rebase(&r, true, 77), 77);
	assert_int_equal(slu_rebase(&r, true, 5), 5);
	assert_int_equal(slu_rebase(&r, false, 0), 0);
}

static void goes_on_where_the_other_stopped(void **state)
{
	struct slu_rebase r = {.on = false};

	(void)state;
	slu_rebase_begin(&r, 9000);
	/* Headers have any time. */
	assert_int_equal(slu_rebase(&r, false, 0), 9000);
	assert_int_equal(slu_rebase(&r, false, 123456), 9000);
	assert_int_equal(slu_rebase(&r, true, 3600000), 9000);
	assert_int_equal(slu_rebase(&r, true, 3600040), 9040);
	/* What belongs before the first frame does not go back behind what players have. */
	assert_int_equal(slu_rebase(&r, true, 3599990), 9000);
	assert_int_equal(slu_rebase(&r, false, 0), 9000);
	assert_int_equal(slu_rebase(&r, true, 3600023), 9023);
	assert_int_equal(slu_rebase(&r, false, 0), 9023);
}

static void wraps(void **state)
{
	struct slu_rebase r = {.on = false};

	(void)state;
	slu_rebase_begin(&r, UINT32_MAX - 9);
	assert_int_equal(slu_rebase(&r, true, UINT32_MAX), UINT32_MAX - 9);
	assert_int_equal(slu_rebase(&r, true, 19), 10);
	assert_int_equal(slu_rebase(&r, true, UINT32_MAX - 5), UINT32_MAX - 9);
	/* For longer than half of all timestamps, too. */
	for (uint64_t t = 0; t < (uint64_t)5 << 30; t += 30000)
		assert_int_equal(slu_rebase(&r, true, (uint32_t)t), (uint32_t)(t - 9));
}

static void again(void **state)
{
	struct slu_rebase r = {.on = false};

	(void)state;
	slu_rebase_begin(&r, 1000);
	assert_int_equal(slu_rebase(&r, true, 0), 1000);
	assert_int_equal(slu_rebase(&r, true, 40), 1040);
	slu_rebase_begin(&r, 1080);
	assert_int_equal(slu_rebase(&r, true, 500), 1080);
	assert_int_equal(slu_rebase(&r, true, 540), 1120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_nothing_at_first),
		cmocka_unit_test(goes_on_where_the_other_stopped),
		cmocka_unit_test(wraps),
		cmocka_unit_test(again),
	};

	return cmocka_run_group_tests_name("rebase", tests, NULL, NULL);
}
