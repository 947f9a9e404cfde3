/* SPDX-License-Identifier: MIT */
#include "tools/gw_client.h"

#include <stdio.h>
#include <string.h>

#include <librtmp/log.h>

#include "tools/gw_http.h"
#include "tools/gw_query.h"

enum { LINE_SIZE = 2048, READ_SIZE = 65536, MS_PER_SECOND = 1000 };

struct client {
	struct slu_gw_http http;
	struct slu_suite_options *options;
	RTMP rtmp;
	char flv[READ_SIZE];
};

/* ---- the log ---- */

static char last_error[LINE_SIZE]; /* the last one logged: what the client is told, too */

static void log_line(int level, const char *format, va_list args)
{
	static const char *const names[] = {"CRIT", "ERROR", "WARNING", "INFO", "DEBUG", "DEBUG2"};
	const int last = (int)(sizeof names / sizeof names[0]) - 1;
	char line[LINE_SIZE];

	vsnprintf(line, sizeof line, format, args);
	if (level <= RTMP_LOGERROR)
		memcpy(last_error, line, sizeof line);
	fprintf(stderr, "%s: %s\n", names[level < 0 ? 0 : level > last ? last : level], line);
}

/* What was logged as an error since the last call, or where nothing was, the other sentence. */
static const char *why(const char *otherwise)
{
	return *last_error ? last_error : otherwise;
}

/* ---- the request ---- */

struct answer {
	const char *status, *sentence;
};

static const struct answer fine = {NULL, NULL};

static struct answer set_option(struct slu_suite_options *o, const struct slu_gw_pair *pair)
{
	if (!slu_gw_allowed(pair))
		return (struct answer){"400 Bad Request",
				       "Where to listen, files and code of the gateway's machine are "
				       "only for its own command line to say."};
	/* Or else a default would count more than what is asked for. */
	if (strcmp(pair->name, "r") == 0 || strcmp(pair->name, "rtmp") == 0)
		o->url = (AVal){NULL, 0};
	if (slu_suite_set(o, SLU_SUITE_RTMPGW, pair->name, pair->value))
		return fine;
	return (struct answer){"400 unknown option",
			       why("The query has an option that there is not, or with a value that "
				   "it does not take.")};
}

static struct answer read_query(struct slu_suite_options *o, char *query)
{
	struct answer answer = fine;
	struct slu_gw_pair pair;
	int got = 0;

	while (!answer.status && (got = slu_gw_next(&query, &pair)) > 0)
		answer = set_option(o, &pair);
	if (got < 0)
		answer = (struct answer){"400 Bad Request",
					 "The query is no NAME=VALUE&NAME=VALUE, or has an escape that is none."};
	return answer;
}

/* What the rtmpgw before this one found missing. */
static struct answer complete(struct slu_suite_options *o)
{
	if (slu_suite_complete(o))
		return fine;
	if (!o->host.av_len)
		return (struct answer){"400 Missing Hostname",
				       why("There is no server to play from: say r=rtmp://HOST/...")};
	return (struct answer){"400 Missing Playpath", why("There is no stream to play: say y=NAME")};
}

static struct answer check_request(struct client *c)
{
	const struct slu_http1 *r = &c->http.request;
	const char *range = slu_http1_field(r, "Range", NULL);
	struct answer answer;

	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		return (struct answer){"405 Method Not Allowed", "A stream can be had with GET."};
	if (range && slu_gw_is_part(range))
		return (struct answer){"416 Requested Range Not Satisfiable",
				       "A stream has no parts: ask for all of it, and "
				       "with A=SECONDS from there on."};
	if (r->target[0] != '/')
		return (struct answer){"404 Not Found",
				       "What can be asked for begins with a slash: "
				       "/?r=rtmp://HOST/APP/NAME, and any path will do before the question mark."};
	/* The request keeps the storage, which nobody reads again. */
	answer = read_query(c->options, slu_gw_query((char *)r->target));
	if (answer.status)
		return answer;
	RTMP_LogSetLevel(c->options->level);
	return complete(c->options);
}

/* ---- the stream ---- */

static bool open_stream(struct client *c)
{
	RTMP_LogPrintf("Connecting ...\n");
	return RTMP_Connect(&c->rtmp, NULL) && RTMP_ConnectStream(&c->rtmp, 0);
}

static void copy_stream(struct client *c)
{
	unsigned patience_ms = (unsigned)c->options->timeout_s * MS_PER_SECOND;
	double kb = 0;
	int n;

	while (!RTMP_ctrlC && (n = RTMP_Read(&c->rtmp, c->flv, sizeof c->flv)) > 0) {
		if (!slu_gw_http_write(&c->http, c->flv, (size_t)n, patience_ms)) {
			RTMP_LogPrintf("The client takes no more. ");
			break;
		}
		RTMP_LogHexString(RTMP_LOGDEBUG2, (const uint8_t *)c->flv, (unsigned long)n);
		kb += n / 1024.0;
	}
	RTMP_LogPrintf("%.3f KB / %.2f sec\n", kb, c->rtmp.m_read.timestamp / 1000.0);
}

static struct answer stream(struct client *c)
{
	struct answer answer = fine;

	*last_error = '\0';
	if (!slu_suite_apply(c->options, &c->rtmp))
		answer = (struct answer){"400 Bad Request", why("An option has a value that it does not take.")};
	else if (!open_stream(c))
		answer = (struct answer){"502 Bad Gateway",
					 why("The server cannot be reached, or does not play this stream.")};
	else if (slu_gw_http_begin(&c->http))
		copy_stream(c);
	RTMP_LogPrintf("Closing connection... ");
	RTMP_Close(&c->rtmp);
	RTMP_LogPrintf("done!\n\n");
	return answer;
}

static struct answer serve(struct client *c)
{
	struct answer answer = check_request(c);

	if (answer.status)
		return answer;
	if (strcmp(c->http.request.method, "GET") == 0)
		return stream(c);
	slu_gw_http_begin(&c->http);
	return fine;
}

void slu_gw_client(int fd, struct slu_suite_options *options)
{
	static struct client c;
	struct answer answer;

	c.options = options;
	RTMP_Init(&c.rtmp);
	RTMP_LogSetCallback(log_line);
	answer.status = slu_gw_http_read(&c.http, fd, &answer.sentence);
	if (!answer.status)
		answer = serve(&c);
	if (answer.status && *answer.status) {
		RTMP_LogPrintf("%s\n", answer.status);
		slu_gw_http_answer(&c.http, answer.status, answer.sentence);
	}
	slu_suite_clear(options);
	slu_gw_http_end(&c.http);
}
