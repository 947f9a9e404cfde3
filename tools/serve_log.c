/* SPDX-License-Identifier: MIT */
#include "tools/serve_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/exit.h"
#include "tools/json_text.h"
#include "tools/lines.h"
#include "tools/say.h"

enum { TIME = 32, PATIENCE_MS = 2000 };

static uint64_t unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ISO 8601, UTC. */
static void format_time(const struct slu_serve_log *log, char out[TIME])
{
	uint64_t ms = log->clock();
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME - n, ".%03uZ", (unsigned)(ms % 1000));
}

/* Whether stderr is the journal's, which has a time for each line: systemd.exec(5), $JOURNAL_STREAM. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char is[64];

	if (!stream || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(is, sizeof is, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(stream, is) == 0;
}

void slu_serve_log_init(struct slu_serve_log *log, const struct slu_common_options *options)
{
	*log = (struct slu_serve_log){.options = options, .clock = unix_ms, .times = !is_journal()};
}

/* ---- text ---- */

static void say_line(void *arg, const char *line)
{
	struct slu_serve_log *log = arg;
	char out[TIME + SLU_LOG_TEXT], time[TIME] = "";
	int n;

	if (log->times)
		format_time(log, time);
	n = snprintf(out, sizeof out, "%s%s%s\n", time, log->times ? " " : "", line);
	if ((size_t)n >= sizeof out) {
		n = (int)sizeof out - 1;
		out[n - 1] = '\n';
	}
	slu_lines_put(log->text, out, (size_t)n);
}

static size_t lost_text(void *arg, char *out, size_t size, uint64_t count)
{
	const struct slu_serve_log *log = arg;
	char time[TIME] = "";

	if (log->times)
		format_time(log, time);
	return (size_t)snprintf(out, size,
				"%s%ssluice serve: %llu lines are missing here: they were not read in time\n", time,
				log->times ? " " : "", (unsigned long long)count);
}

char *slu_serve_log_quote(char *out, size_t size, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t o = 0;

	for (size_t i = 0; i < n && o + 5 <= size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c >= 0x7f) {
			out[o++] = '\\';
			out[o++] = 'x';
			out[o++] = hex[c >> 4];
			out[o++] = hex[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			out[o++] = '\\';
		out[o++] = (char)c;
	}
	if (size)
		out[o] = '\0';
	return out;
}

/* ---- JSON ---- */

cJSON *slu_serve_log_object(const struct slu_serve_log *log, const char *event)
{
	cJSON *o = cJSON_CreateObject();
	char time[TIME];

	format_time(log, time);
	cJSON_AddStringToObject(o, "event", event);
	cJSON_AddStringToObject(o, "time", time);
	return o;
}

/* The object as a line, for free(). */
static char *line_of(cJSON *o)
{
	char *text = o ? cJSON_PrintUnformatted(o) : NULL;
	size_t n = text ? strlen(text) : 0;
	char *line = text ? malloc(n + 2) : NULL;

	if (line) {
		memcpy(line, text, n);
		strcpy(line + n, "\n");
	}
	cJSON_free(text);
	cJSON_Delete(o);
	return line;
}

void slu_serve_log_json(struct slu_serve_log *log, cJSON *o)
{
	char *line = line_of(o);

	if (!line)
		return;
	if (log->json) {
		slu_lines_put(log->json, line, strlen(line));
	} else {
		fputs(line, stdout);
		fflush(stdout);
	}
	free(line);
}

static size_t lost_json(void *arg, char *out, size_t size, uint64_t count)
{
	char time[TIME];

	format_time(arg, time);
	return (size_t)snprintf(out, size, "{\"event\":\"lost\",\"time\":\"%s\",\"lines\":%llu}\n", time,
				(unsigned long long)count);
}

/* ---- both ---- */

int slu_serve_log_start(struct slu_serve_log *log)
{
	struct slu_lines_config text = {.fd = STDERR_FILENO, .lost = lost_text, .arg = log};
	struct slu_lines_config json = {.fd = STDOUT_FILENO, .lost = lost_json, .arg = log};

	log->text = slu_lines_new(&text);
	if (log->text && log->options->json)
		log->json = slu_lines_new(&json);
	if (log->text && (log->json || !log->options->json)) {
		slu_say_to(say_line, log);
		return 0;
	}
	slu_serve_log_end(log);
	slu_say("out of memory, or of threads");
	return SLU_EXIT_OTHER;
}

void slu_serve_log_end(struct slu_serve_log *log)
{
	slu_say_to(NULL, NULL);
	slu_lines_end(log->json, PATIENCE_MS);
	slu_lines_end(log->text, PATIENCE_MS);
	log->json = log->text = NULL;
}
