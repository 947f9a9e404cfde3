/* SPDX-License-Identifier: MIT */
#include "tools/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include <sluice/error.h>

static int stop_pipe[2] = {-1, -1};
static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	stop_asked = 1;
	/* The pipe is empty until now, so this byte always fits. Both signals from here on end the process. */
	if (write(stop_pipe[1], "", 1) < 0)
		stop_asked = 1;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	errno = saved;
}

int slu_stop_init(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (stop_pipe[0] < 0 && pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return SLU_ERR_IO;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return 0;
}

int slu_stop_fd(void)
{
	return stop_pipe[0];
}

bool slu_stop_asked(void)
{
	return stop_asked != 0;
}
