/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "server/timers.h"

enum { N = 200 };

static void none_is_first_of_none(void **state)
{
	struct slu_timers all = {0};

	(void)state;
	assert_null(slu_timers_first(&all));
	slu_timers_clear(&all);
}

/* Set, moved to and fro, and taken out in any order: the first is always the earliest. */
static void the_earliest_is_first(void **state)
{
	struct slu_timers all = {0};
	struct slu_timer t[N] = {{0}};
	uint32_t seed = 1;

	(void)state;
	assert_int_equal(slu_timers_reserve(&all, N), 0);
	for (size_t i = 0; i < 20 * (size_t)N; i++) {
		uint64_t first = UINT64_MAX;

		seed = seed * 1664525 + 1013904223;
		slu_timers_set(&all, &t[seed / 64 % N], seed % 8 ? seed % 1000 : UINT64_MAX);
		for (size_t k = 0; k < N; k++)
			first = t[k].place && t[k].at < first ? t[k].at : first;
		if (first == UINT64_MAX)
			assert_null(slu_timers_first(&all));
		else
			assert_int_equal(slu_timers_first(&all)->at, first);
	}
	for (struct slu_timer *first; (first = slu_timers_first(&all));)
		slu_timers_set(&all, first, UINT64_MAX);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(t[i].place, 0);
	slu_timers_clear(&all);
}

/* The last of all comes to stand below one that is later, in another branch. */
static void what_fills_a_gap_may_rise(void **state)
{
	static const uint64_t at[] = {1, 10, 2, 11, 12, 4, 3};
	struct slu_timers all = {0};
	struct slu_timer t[7] = {{0}};

	(void)state;
	assert_int_equal(slu_timers_reserve(&all, 7), 0);
	for (size_t i = 0; i < 7; i++)
		slu_timers_set(&all, &t[i], at[i]);
	slu_timers_set(&all, &t[4], UINT64_MAX);
	slu_timers_set(&all, &t[0], 100);
	slu_timers_set(&all, &t[2], 100);
	assert_int_equal(slu_timers_first(&all)->at, 3);
	slu_timers_clear(&all);
}

static void grows(void **state)
{
	struct slu_timers all = {0};
	struct slu_timer t[N] = {{0}};

	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(slu_timers_reserve(&all, i + 1), 0);
		slu_timers_set(&all, &t[i], N - i);
	}
	for (size_t i = N; i > 0; i--) {
		assert_ptr_equal(slu_timers_first(&all), &t[i - 1]);
		slu_timers_set(&all, &t[i - 1], UINT64_MAX);
	}
	assert_null(slu_timers_first(&all));
	slu_timers_clear(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_first_of_none),
		cmocka_unit_test(the_earliest_is_first),
		cmocka_unit_test(what_fills_a_gap_may_rise),
		cmocka_unit_test(grows),
	};

	return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
