/* SPDX-License-Identifier: MIT */
#include "tools/serve_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "tools/json_text.h"
#include "tools/say.h"

enum { NAME = 600, WHAT = 1300, TEXT = 700 };

void slu_serve_listening(struct slu_serve_log *log, const char *url)
{
	cJSON *o;

	if (!log->options->json) {
		printf("listening on %s\n", url);
		fflush(stdout);
		return;
	}
	o = slu_serve_log_object(log, "listening");
	cJSON_AddStringToObject(o, "url", url);
	slu_serve_log_json(log, o);
}

/* ---- JSON ---- */

static void add(cJSON *o, const char *name, uint64_t value)
{
	cJSON_AddNumberToObject(o, name, (double)value);
}

static void add_connect(cJSON *o, const struct slu_server_report *r)
{
	cJSON_AddStringToObject(o, "tls_version", r->tls_version);
	cJSON_AddStringToObject(o, "tls_suite", r->tls_suite);
	cJSON_AddStringToObject(o, "tls_client", r->tls_client);
	add(o, "rtmpe", r->rtmpe);
	cJSON_AddBoolToObject(o, "rtmpt", r->http);
}

static void add_unpublish(cJSON *o, const struct slu_server_report *r)
{
	cJSON_AddNumberToObject(o, "seconds", r->seconds);
	add(o, "messages", r->messages);
	add(o, "bytes", r->bytes);
}

static void add_stop(cJSON *o, const struct slu_server_report *r)
{
	cJSON_AddNumberToObject(o, "seconds", r->seconds);
	add(o, "messages", r->messages);
	add(o, "bytes", r->bytes);
	add(o, "dropped", r->dropped);
}

static void add_refuse(cJSON *o, const struct slu_server_report *r)
{
	cJSON_AddStringToObject(o, "reason", r->reason);
	add(o, "count", r->count);
}

static void add_record(cJSON *o, const struct slu_server_report *r)
{
	slu_json_add_text(o, "file", r->file);
}

static void add_recorded(cJSON *o, const struct slu_server_report *r)
{
	slu_json_add_text(o, "file", r->file);
	cJSON_AddNumberToObject(o, "seconds", r->seconds);
	add(o, "stored", r->stored);
}

static void add_recording(cJSON *o, const struct slu_server_report *r)
{
	if (r->file[0])
		slu_json_add_text(o, "file", r->file);
	add(o, "stored", r->stored);
	add(o, "dropped", r->dropped);
}

static void add_close(cJSON *o, const struct slu_server_report *r)
{
	cJSON_AddNumberToObject(o, "seconds", r->seconds);
	add(o, "bytes_in", r->wire_in);
	add(o, "bytes_out", r->wire_out);
}

/* ---- text: of what is client and app (who), or client, app and stream (what) ---- */

static void say_connect(const struct slu_server_report *r, const char *who, const char *what)
{
	slu_say("%s, connected to app %s%s%s%s%s%s%s%s%s", who, what, r->tls_version[0] ? " over " : "", r->tls_version,
		r->tls_suite[0] ? " " : "", r->tls_suite, r->tls_client[0] ? " as " : "", r->tls_client,
		r->rtmpe ? " with RTMPE" : "", r->http ? " through HTTP" : "");
}

static void say_publish(const struct slu_server_report *r, const char *who, const char *what)
{
	(void)r;
	slu_say("%s, publishes to %s", who, what);
}

static void say_unpublish(const struct slu_server_report *r, const char *who, const char *what)
{
	(void)who;
	slu_say("#%u published %.1f s to %s: %" PRIu64 " messages, %" PRIu64 " bytes, from %s", r->id, r->seconds, what,
		r->messages, r->bytes, r->address);
}

static void say_play(const struct slu_server_report *r, const char *who, const char *what)
{
	(void)r;
	slu_say("%s, plays from %s", who, what);
}

static void say_stop(const struct slu_server_report *r, const char *who, const char *what)
{
	(void)who;
	slu_say("#%u played %.1f s from %s: %" PRIu64 " messages, %" PRIu64 " dropped, %" PRIu64 " bytes, to %s", r->id,
		r->seconds, what, r->messages, r->dropped, r->bytes, r->address);
}

static void say_refuse(const struct slu_server_report *r, const char *who, const char *what)
{
	bool known = r->app[0] != '\0';

	if (r->count > 1)
		slu_say("%u more were refused, the last of them %s%s%s: %s (%s)", r->count, who, known ? ", at " : "",
			known ? what : "", r->text, r->reason);
	else
		slu_say("%s, was refused%s%s: %s (%s)", who, known ? " at " : "", known ? what : "", r->text,
			r->reason);
}

static void say_record(const struct slu_server_report *r, const char *who, const char *what)
{
	slu_say("%s, at %s, is recorded into %s", who, what, r->file);
}

static void say_recorded(const struct slu_server_report *r, const char *who, const char *what)
{
	slu_say("%s, at %s, was recorded into %s: %.1f s, %" PRIu64 " bytes", who, what, r->file, r->seconds,
		r->stored);
}

static void say_recording(const struct slu_server_report *r, const char *who, const char *what)
{
	slu_say("%s, at %s: %s", who, what, r->text);
}

static void say_end(const struct slu_server_report *r, const char *who, const char *what)
{
	bool known = r->app[0] != '\0';

	if (r->count > 1)
		slu_say("%u more are ended, the last of them %s%s%s: %s (%s)", r->count, who, known ? ", at " : "",
			known ? what : "", r->text, r->reason);
	else
		slu_say("%s%s%s, is ended: %s (%s)", who, known ? ", at " : "", known ? what : "", r->text, r->reason);
}

static void say_close(const struct slu_server_report *r, const char *who, const char *what)
{
	(void)what;
	slu_say("%s, %s after %.1f s, %" PRIu64 " bytes in and %" PRIu64 " out%s%s", who,
		r->text[0] ? "was lost" : "closed", r->seconds, r->wire_in, r->wire_out, r->text[0] ? ": " : "",
		r->text);
}

/* ---- each kind of event ---- */

enum said { WITH_V, UNLESS_QUIET, ALWAYS };

static const struct {
	enum said said; /* as text */
	void (*say)(const struct slu_server_report *r, const char *who, const char *what);
	void (*add)(cJSON *o, const struct slu_server_report *r); /* what its object has besides; NULL: nothing */
} kinds[] = {
	[SLU_REPORT_CONNECT] = {WITH_V, say_connect, add_connect},
	[SLU_REPORT_PUBLISH] = {UNLESS_QUIET, say_publish, NULL},
	[SLU_REPORT_UNPUBLISH] = {UNLESS_QUIET, say_unpublish, add_unpublish},
	[SLU_REPORT_PLAY] = {UNLESS_QUIET, say_play, NULL},
	[SLU_REPORT_STOP] = {UNLESS_QUIET, say_stop, add_stop},
	[SLU_REPORT_REFUSE] = {UNLESS_QUIET, say_refuse, add_refuse},
	[SLU_REPORT_RECORD] = {UNLESS_QUIET, say_record, add_record},
	[SLU_REPORT_RECORDED] = {UNLESS_QUIET, say_recorded, add_recorded},
	[SLU_REPORT_RECORDING] = {ALWAYS, say_recording, add_recording},
	[SLU_REPORT_END] = {UNLESS_QUIET, say_end, add_refuse},
	[SLU_REPORT_CLOSE] = {WITH_V, say_close, add_close},
};

static void report_json(struct slu_serve_log *log, const struct slu_server_report *r)
{
	cJSON *o = slu_serve_log_object(log, slu_report_name(r->type));

	if (r->id)
		add(o, "client", r->id);
	cJSON_AddStringToObject(o, "address", r->address);
	slu_json_add_text(o, "app", r->app);
	if (r->stream[0])
		slu_json_add_text(o, "stream", r->stream);
	if (r->text[0])
		slu_json_add_text(o, "text", r->text);
	if (kinds[r->type].add)
		kinds[r->type].add(o, r);
	slu_serve_log_json(log, o);
}

/* What a client does is said unless -q is given; that it came and went, with -v. */
static bool is_said(const struct slu_common_options *options, enum slu_server_report_type type)
{
	return kinds[type].said == ALWAYS ||
	       (!options->quiet && (kinds[type].said == UNLESS_QUIET || options->verbose > 0));
}

static void report_text(const struct slu_server_report *r)
{
	char app[NAME], stream[NAME], text[TEXT], who[NAME], what[WHAT];
	struct slu_server_report clean = *r;

	slu_serve_log_quote(app, sizeof app, r->app, strlen(r->app));
	slu_serve_log_quote(stream, sizeof stream, r->stream, strlen(r->stream));
	clean.text = slu_escape(text, sizeof text, r->text, strlen(r->text));
	if (r->id)
		snprintf(who, sizeof who, "#%u, %s", r->id, r->address);
	else
		snprintf(who, sizeof who, "%s", r->address);
	snprintf(what, sizeof what, "\"%s\"%s%s", app, stream[0] ? " as " : "", stream);
	kinds[r->type].say(&clean, who, what);
}

void slu_serve_report(void *arg, const struct slu_server_report *report)
{
	struct slu_serve_log *log = arg;

	if (log->options->json)
		report_json(log, report);
	else if (is_said(log->options, report->type))
		report_text(report);
}
