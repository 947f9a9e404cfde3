/* SPDX-License-Identifier: MIT */
#include "tools/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static struct {
	const char *verb;
	bool status; /* a status line is on the screen */
	bool verbose;
} say = {.verb = ""};

void slu_say_verb(const char *verb)
{
	say.verb = verb;
}

void slu_say(const char *format, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	slu_say_status(NULL);
	fprintf(stderr, "sluice%s%s: %s\n", say.verb[0] ? " " : "", say.verb, line);
}

void slu_say_status(const char *text)
{
	if (text)
		fprintf(stderr, "\r%s\033[K", text);
	else if (say.status)
		fputs("\r\033[K", stderr);
	say.status = text != NULL;
	fflush(stderr);
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
