/* SPDX-License-Identifier: MIT */
#include "tools/serve_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "tools/say.h"

enum { APP = 200 };

static void print_json(cJSON *o)
{
	char *text = o ? cJSON_PrintUnformatted(o) : NULL;

	if (text)
		puts(text);
	fflush(stdout);
	cJSON_free(text);
	cJSON_Delete(o);
}

void slu_serve_listening(const struct slu_common_options *options, const char *url)
{
	cJSON *o;

	if (!options->json) {
		printf("listening on %s\n", url);
		fflush(stdout);
		return;
	}
	o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "event", "listening");
	cJSON_AddStringToObject(o, "url", url);
	print_json(o);
}

static void report_json(const struct slu_server_report *r, const char *app)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "event", slu_report_name(r->type));
	cJSON_AddNumberToObject(o, "client", r->id);
	cJSON_AddStringToObject(o, "address", r->address);
	cJSON_AddStringToObject(o, "app", app);
	if (r->text[0])
		cJSON_AddStringToObject(o, "text", r->text);
	if (r->type == SLU_REPORT_CONNECT) {
		cJSON_AddStringToObject(o, "tls_version", r->tls_version);
		cJSON_AddStringToObject(o, "tls_suite", r->tls_suite);
		cJSON_AddNumberToObject(o, "rtmpe", r->rtmpe);
		cJSON_AddBoolToObject(o, "rtmpt", r->http);
	}
	if (r->type == SLU_REPORT_UNPUBLISH || r->type == SLU_REPORT_STOP) {
		cJSON_AddNumberToObject(o, "seconds", r->seconds);
		cJSON_AddNumberToObject(o, "messages", (double)r->messages);
	}
	if (r->type == SLU_REPORT_UNPUBLISH)
		cJSON_AddNumberToObject(o, "bytes", (double)r->bytes);
	if (r->type == SLU_REPORT_UNPUBLISH || r->type == SLU_REPORT_RECORDING)
		cJSON_AddNumberToObject(o, "stored", (double)r->stored);
	if (r->type == SLU_REPORT_STOP)
		cJSON_AddNumberToObject(o, "dropped", (double)r->dropped);
	print_json(o);
}

/* What a client does is said unless -q is given; that it came and went, with -v. */
static void report_text(const struct slu_server_report *r, const char *app, bool verbose)
{
	switch (r->type) {
	case SLU_REPORT_CONNECT:
		if (verbose)
			slu_say("#%u, %s, connected to app \"%s\"%s%s%s%s%s%s", r->id, r->address, app,
				r->tls_version[0] ? " over " : "", r->tls_version, r->tls_suite[0] ? " " : "",
				r->tls_suite, r->rtmpe ? " with RTMPE" : "", r->http ? " through HTTP" : "");
		break;
	case SLU_REPORT_PUBLISH:
		slu_say("#%u, %s, publishes to \"%s\"", r->id, r->address, app);
		break;
	case SLU_REPORT_UNPUBLISH:
		slu_say("#%u published %.1f s to \"%s\": %" PRIu64 " messages, %" PRIu64 " bytes, %" PRIu64 " stored",
			r->id, r->seconds, app, r->messages, r->bytes, r->stored);
		break;
	case SLU_REPORT_PLAY:
		slu_say("#%u, %s, plays from \"%s\"", r->id, r->address, app);
		break;
	case SLU_REPORT_STOP:
		slu_say("#%u played %.1f s from \"%s\": %" PRIu64 " messages, %" PRIu64 " dropped", r->id, r->seconds,
			app, r->messages, r->dropped);
		break;
	case SLU_REPORT_REFUSE:
		slu_say("#%u, %s, was refused at \"%s\": %s", r->id, r->address, app, r->text);
		break;
	case SLU_REPORT_RECORDING:
		slu_say("#%u, at \"%s\": %s", r->id, app, r->text);
		break;
	case SLU_REPORT_CLOSE:
		if (verbose)
			slu_say("#%u, %s, %s%s", r->id, r->address, r->text[0] ? "was lost: " : "closed", r->text);
		break;
	}
}

void slu_serve_report(void *arg, const struct slu_server_report *report)
{
	const struct slu_common_options *options = arg;
	char app[APP];

	slu_escape(app, sizeof app, report->app, strlen(report->app));
	if (options->json)
		report_json(report, app);
	else if (!options->quiet || report->type == SLU_REPORT_RECORDING)
		report_text(report, app, options->verbose > 0);
}
