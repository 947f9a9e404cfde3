/* SPDX-License-Identifier: MIT */
/* Include after cmocka.h. */
#ifndef SLU_TESTS_LEAVE_OUT_H
#define SLU_TESTS_LEAVE_OUT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What this machine cannot run is left out of the list before it runs, for cmocka up to 1.1.5 calls a skipped test "not
 * ok". A line of the output says so, which scripts/matrix.sh counts as a test skipped.
 */
#define LEAVE_OUT(tests, test, why) leave_out(tests, sizeof(tests) / sizeof((tests)[0]), #test, why)

static inline void leave_out(struct CMUnitTest *tests, size_t n, const char *test, const char *why)
{
	for (size_t i = 0; i < n; i++)
		if (tests[i].name && strcmp(tests[i].name, test) == 0) {
			memset(&tests[i], 0, sizeof tests[i]);
			printf("# left out: %s: %s\n", test, why);
			return;
		}
	fprintf(stderr, "there is no test %s to leave out\n", test);
	exit(1);
}

#endif
