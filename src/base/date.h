/* SPDX-License-Identifier: MIT */
#ifndef SLU_BASE_DATE_H
#define SLU_BASE_DATE_H

#include <stdint.h>
#include <time.h>

/* As gmtime_r(), for seconds since 1970 (RFC 5280 has certificates until 9999) where time_t ends in 2038. Of dates
 * before 1970 and after 9999 the nearest of these. */
void slu_utc(int64_t unix_time, struct tm *out);

#endif
