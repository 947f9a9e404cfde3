/* SPDX-License-Identifier: MIT */
#include "tools/say.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CLEAR "\r\033[K"

static struct {
	const char *verb;
	volatile sig_atomic_t status; /* a status line is on the screen */
	bool verbose;
	void (*fn)(void *arg, const char *line); /* instead of stderr */
	void *arg;
} say = {.verb = ""};

void slu_say_verb(const char *verb)
{
	say.verb = verb;
}

void slu_say_to(void (*fn)(void *arg, const char *line), void *arg)
{
	say.fn = fn;
	say.arg = arg;
}

void slu_say(const char *format, ...)
{
	char line[2048];
	size_t n = (size_t)snprintf(line, sizeof line, "sluice%s%s: ", say.verb[0] ? " " : "", say.verb);
	va_list ap;

	va_start(ap, format);
	vsnprintf(line + n, sizeof line - n, format, ap);
	va_end(ap);
	if (say.fn) {
		say.fn(say.arg, line);
		return;
	}
	slu_say_status(NULL);
	fprintf(stderr, "%s\n", line);
}

void slu_say_status(const char *text)
{
	const bool was = say.status;

	say.status = text != NULL; /* before it is there: a signal may come in between */
	if (text)
		fprintf(stderr, "\r%s\033[K", text);
	else if (was)
		fputs(CLEAR, stderr);
	fflush(stderr);
}

size_t slu_say_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* The signal is blocked here, and does then what it would have done without this. */
static void on_signal(int number)
{
	if (say.status && write(STDERR_FILENO, CLEAR, strlen(CLEAR)) < 0)
		say.status = 0;
	raise(number);
}

void slu_say_until_killed(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct sigaction before;

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

static void log_line(void *arg, enum slu_log_level level, const char *line)
{
	(void)arg;
	if (level > SLU_LOG_ERROR || say.verbose)
		slu_say("%s%s", level == SLU_LOG_WARN ? "warning: " : "", line);
}

struct slu_log slu_say_log(int verbosity)
{
	struct slu_log log = {.fn = log_line, .level = SLU_LOG_WARN};

	say.verbose = verbosity > 0;
	if (verbosity < 0)
		log.level = SLU_LOG_ERROR;
	else if (verbosity == 1)
		log.level = SLU_LOG_INFO;
	else if (verbosity > 1)
		log.level = SLU_LOG_DEBUG;
	return log;
}

void slu_say_chosen(const struct slu_tls_ctx *ctx, const struct slu_log *log, bool quiet)
{
	if (!quiet && log->level < SLU_LOG_INFO && *slu_tls_chosen(ctx))
		slu_say("%s", slu_tls_chosen(ctx));
}
