/* SPDX-License-Identifier: MIT */
#include "tools/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t running[SLU_START_MAX];

/* A place for another; NULL when none of them has ended. */
static pid_t *find_place(void)
{
	pid_t *place = NULL;

	for (int i = 0; i < SLU_START_MAX; i++) {
		if (running[i] && waitpid(running[i], NULL, WNOHANG) == running[i])
			running[i] = 0;
		if (!running[i])
			place = &running[i];
	}
	return place;
}

static void set_signals(posix_spawnattr_t *attr)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

int slu_start(char *const argv[])
{
	pid_t *place = find_place(), pid;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int err;

	if (!place)
		return EAGAIN;
	if (posix_spawnattr_init(&attr) != 0)
		return ENOMEM;
	err = posix_spawn_file_actions_init(&files);
	if (err)
		goto no_files;
	set_signals(&attr);
	err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawnp(&pid, argv[0], &files, &attr, argv, environ);
	if (!err)
		*place = pid;
	posix_spawn_file_actions_destroy(&files);
no_files:
	posix_spawnattr_destroy(&attr);
	return err;
}
