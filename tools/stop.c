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

/* SIGHUP: the terminal is gone. Under nohup it is ignored, and stays so. */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { COUNT = sizeof signals / sizeof signals[0] };

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	stop_asked = 1;
	/* The pipe is empty until now, so this byte always fits. Any signal from here on ends the process. */
	if (write(stop_pipe[1], "", 1) < 0)
		stop_asked = 1;
	for (size_t i = 0; i < COUNT; i++)
		signal(signals[i], SIG_DFL);
	errno = saved;
}

int slu_stop_init(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (stop_pipe[0] < 0 && pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return SLU_ERR_IO;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT; i++)
		sigaddset(&action.sa_mask, signals[i]);
	for (size_t i = 0; i < COUNT; i++) {
		struct sigaction before;

		/* Scripts start what they put into the background with SIGINT ignored, and mean to send it still. */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
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
