/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

static void check(int64_t unix_time, const char *expected)
{
	char text[64];
	struct tm tm;

	slu_utc(unix_time, &tm);
	assert_true(strftime(text, sizeof text, "%a %Y-%m-%d %H:%M:%S %j", &tm) > 0);
	assert_string_equal(text, expected);
}

/* As `date -u -d @N '+%a %F %T %j'` has them. */
static void what_date_says(void **state)
{
	(void)state;
	check(0, "Thu 1970-01-01 00:00:00 001");
	check(951782399, "Mon 2000-02-28 23:59:59 059");
	check(951868800, "Wed 2000-03-01 00:00:00 061");
	check(2147483647, "Tue 2038-01-19 03:14:07 019");
	check(2147483648, "Tue 2038-01-19 03:14:08 019");
	check(4107542400, "Mon 2100-03-01 00:00:00 060");
	check(4133980799, "Fri 2100-12-31 23:59:59 365");
	check(253402300799, "Fri 9999-12-31 23:59:59 365");
}

static void what_the_c_library_says(void **state)
{
	(void)state;
	for (int64_t t = 0; t < INT32_MAX; t += 86399 * 5) {
		const time_t now = (time_t)t;
		struct tm ours, theirs;

		slu_utc(t, &ours);
		assert_non_null(gmtime_r(&now, &theirs));
		assert_int_equal(mktime(&ours), mktime(&theirs));
		assert_int_equal(ours.tm_wday, theirs.tm_wday);
		assert_int_equal(ours.tm_yday, theirs.tm_yday);
	}
}

static void outside(void **state)
{
	(void)state;
	check(-1, "Thu 1970-01-01 00:00:00 001");
	check(INT64_MIN, "Thu 1970-01-01 00:00:00 001");
	check(253402300800, "Fri 9999-12-31 23:59:59 365");
	check(INT64_MAX, "Fri 9999-12-31 23:59:59 365");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_date_says),
		cmocka_unit_test(what_the_c_library_says),
		cmocka_unit_test(outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
