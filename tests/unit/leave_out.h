/* SPDX-License-Identifier: MIT */
/* Which tests are not for the machine that they are on. Include after cmocka.h. */
#ifndef SLU_TESTS_LEAVE_OUT_H
#define SLU_TESTS_LEAVE_OUT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What this machine cannot run is left out of the list before it runs, for cmocka up to 1.1.5 calls a skipped test "not
 * ok". A line of the output says so, which scripts/matrix.sh counts as a test skipped.
 */
#define LEAVE_OUT(tests, test, why) leave_out(tests, sizeof(tests) / sizeof((tests)[0]), #test, why)

/* Whether this is another processor's program, under qemu-user. */
static inline bool is_emulated(void)
{
	const char *said = getenv("SLU_TEST_QEMU_USER");

	return said && *said;
}

#define QEMU_FORKS "qemu-user falls over a fork beside threads"

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
