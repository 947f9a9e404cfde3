/* SPDX-License-Identifier: MIT */
/* The measurement of some milliseconds, by a clock of the test's own. */
#include "test.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "crypto/estimate.h"

enum { STEP = 40960, TICK = 10000000 }; /* ns */

static unsigned calls, late; /* late: which call comes after something else had the processor */

static int64_t elapsed(void)
{
	return (int64_t)calls * STEP + (late && calls >= late ? 5 * TICK : 0);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	int64_t ns;

	calls++;
	ns = id == CLOCK_MONOTONIC ? elapsed() : elapsed() / TICK * TICK;
	*t = (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	return 0;
}

/* Also where the processor's own time goes by coarse ticks, and where another program has it in between. */
static void test_costs(void **state)
{
	struct slu_kept k;

	(void)state;
	for (late = 0; late < 8; late++) {
		calls = 0;
		slu_estimate(&k);
		if (!calls)
			skip(); /* the C library has another function for it, with times of 64 bits */
		assert_int_equal(k.nways, 6);
		for (size_t i = 0; i < k.nways; i++) {
			assert_string_equal(k.ways[i].door, "off");
			assert_true(k.ways[i].ms_per_mb[0] > 9.99 && k.ways[i].ms_per_mb[0] < 10.01);
		}
		assert_true(calls > 3 * 8 && calls < 3 * 60);
	}
}

/* Of one step for each record go two into a record of CBC with HMAC. */
static void test_cbc(void **state)
{
	struct slu_kept k;

	(void)state;
	calls = late = 0;
	slu_estimate(&k);
	if (!calls)
		skip();
	slu_estimate_cbc(&k);
	assert_int_equal(k.nways, 16);
	for (size_t i = 6; i < k.nways; i++) {
		assert_non_null(strstr(k.ways[i].suite, "-SHA"));
		assert_int_equal(k.ways[i].version, SLU_TLS_1_2);
		assert_int_equal(k.ways[i].etm, i % 2);
		assert_true(k.ways[i].ms_per_mb[0] > 19.99 && k.ways[i].ms_per_mb[0] < 20.01);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_cbc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
