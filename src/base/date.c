/* SPDX-License-Identifier: MIT */
#include "base/date.h"

#include <stdbool.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, THURSDAY = 4 /* 1970-01-01 */ };

static const int64_t last = 253402300799; /* 9999-12-31 23:59:59 */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

void slu_utc(int64_t unix_time, struct tm *out)
{
	const int64_t t = unix_time < 0 ? 0 : unix_time > last ? last : unix_time;
	const int second = (int)(t % DAY);
	int day = (int)(t / DAY), year = 1970, month = 0, before;

	memset(out, 0, sizeof *out);
	out->tm_wday = (day + THURSDAY) % 7;
	for (; day >= 365 + is_leap(year); year++)
		day -= 365 + is_leap(year);
	for (before = day; before >= days_of(year, month); month++)
		before -= days_of(year, month);
	out->tm_year = year - 1900;
	out->tm_yday = day;
	out->tm_mon = month;
	out->tm_mday = before + 1;
	out->tm_hour = second / HOUR;
	out->tm_min = second % HOUR / MINUTE;
	out->tm_sec = second % MINUTE;
}
