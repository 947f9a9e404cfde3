/* SPDX-License-Identifier: MIT */
/* For tests of what happens after fork(). Include after cmocka.h. */
#ifndef SLU_TESTS_UNIT_IN_CHILD_H
#define SLU_TESTS_UNIT_IN_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

/* What the function returned in a child of this process, which has 30 seconds; -1: it did not end by itself. */
static inline int in_child(int (*function)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		alarm(30);
		_exit(function(arg));
	}
	while (waitpid(pid, &status, 0) != pid)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
