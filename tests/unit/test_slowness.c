/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "server/slowness.h"

enum { MAX = 8000, TIMEOUT = 60000 };

/* Looks at it when it wants to be, until the end; the time when it was over, or 0. */
static uint64_t look_until(struct slu_slowness *s, uint64_t now, uint64_t end, bool losing, size_t queued)
{
	while ((now = slu_slowness_deadline(s, TIMEOUT)) < end) {
		slu_slowness_look(s, losing, queued, MAX, TIMEOUT, now);
		if (slu_slowness_over(s, TIMEOUT, now))
			return now;
	}
	return 0;
}

static void one_that_loses_all_the_time_is_over(void **state)
{
	struct slu_slowness s = {.slow = false};

	(void)state;
	assert_int_equal(slu_slowness_deadline(&s, TIMEOUT), UINT64_MAX);
	slu_slowness_begin(&s, 1000);
	assert_int_equal(look_until(&s, 1000, 200000, true, MAX), 61000);
}

static void one_that_catches_up_is_not(void **state)
{
	struct slu_slowness s = {.slow = false};

	(void)state;
	slu_slowness_begin(&s, 1000);
	assert_int_equal(look_until(&s, 1000, 40000, true, MAX), 0);
	assert_int_equal(look_until(&s, 40000, 200000, false, MAX / 8), 0);
	assert_int_equal(slu_slowness_deadline(&s, TIMEOUT), UINT64_MAX);
	/* What comes later is a new beginning. */
	slu_slowness_begin(&s, 300000);
	assert_int_equal(look_until(&s, 300000, 900000, true, MAX), 360000);
}

static void one_that_goes_on_and_falls_behind_again_is(void **state)
{
	struct slu_slowness s = {.slow = false};
	uint64_t over = 0;

	(void)state;
	/* It loses for 20 s, goes on for 20 s with its queue filling up, and again. */
	for (uint64_t at = 0; at < 200000 && !over; at += 40000) {
		slu_slowness_begin(&s, at);
		over = look_until(&s, at, at + 20000, true, MAX / 2);
		if (!over)
			over = look_until(&s, at + 20000, at + 40000, false, MAX / 8 + 1);
	}
	assert_int_equal(over, 60000);
}

/* Ten seconds without a loss, or as many as the deadline has; and then it never was. */
static void calm_for_long_enough(void **state)
{
	static const struct {
		unsigned timeout, calm;
	} cases[] = {{TIMEOUT, 10000}, {3000, 3000}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_slowness s = {.slow = false};

		slu_slowness_begin(&s, 1000);
		slu_slowness_look(&s, true, 0, MAX, cases[i].timeout, 2000);
		slu_slowness_look(&s, false, MAX / 8, MAX, cases[i].timeout, 2000 + cases[i].calm - 1);
		assert_true(s.slow);
		slu_slowness_look(&s, false, MAX / 8, MAX, cases[i].timeout, 2000 + cases[i].calm);
		assert_false(s.slow);
		assert_false(slu_slowness_over(&s, cases[i].timeout, 1000 + cases[i].timeout));
	}
}

static void a_short_deadline_is_kept(void **state)
{
	struct slu_slowness s = {.slow = false};

	(void)state;
	slu_slowness_begin(&s, 5000);
	assert_int_equal(slu_slowness_deadline(&s, 100), 5100);
	slu_slowness_look(&s, true, 0, MAX, 100, 5100);
	assert_true(slu_slowness_over(&s, 100, 5100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_loses_all_the_time_is_over),
		cmocka_unit_test(one_that_catches_up_is_not),
		cmocka_unit_test(one_that_goes_on_and_falls_behind_again_is),
		cmocka_unit_test(calm_for_long_enough),
		cmocka_unit_test(a_short_deadline_is_kept),
	};

	return cmocka_run_group_tests_name("slowness", tests, NULL, NULL);
}
