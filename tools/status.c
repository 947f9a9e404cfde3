/* SPDX-License-Identifier: MIT */
#include "tools/status.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/say.h"

enum {
	PERIOD_MS = 1000,
	SUMMARY_MS = 1000 /* that the summary waits for a reader that has fallen behind */
};

void slu_status_init(struct slu_status *st, const char *verb, const struct slu_common_options *options, bool inbound,
		     bool data_on_stdout, uint64_t now_ms)
{
	*st = (struct slu_status){.verb = verb, .inbound = inbound, .start_ms = now_ms, .last_ms = now_ms};
	st->next_ms = now_ms + PERIOD_MS;
	st->verbose = options->verbose > 0;
	if (options->json)
		st->json = data_on_stdout ? stderr : stdout;
	st->line = !options->quiet && isatty(STDERR_FILENO) && !(st->json && isatty(fileno(st->json)));
}

bool slu_status_due(const struct slu_status *st, uint64_t now_ms)
{
	return (st->json || st->line) && now_ms >= st->next_ms;
}

int slu_status_timeout(const struct slu_status *st, uint64_t now_ms)
{
	if (!st->json && !st->line)
		return -1;
	return now_ms >= st->next_ms ? 0 : (int)(st->next_ms - now_ms);
}

/* Bits a second of bytes in ms. */
static double bitrate(uint64_t bytes, uint64_t ms)
{
	return ms ? (double)bytes * 8000 / (double)ms : 0;
}

static double cpu_ms(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_SELF, &ru) != 0)
		return 0;
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000 +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1000;
}

struct rates {
	double now, mean;
};

static struct rates rates(const struct slu_status *st, uint64_t now_ms, const struct slu_progress *progress)
{
	return (struct rates){
		.now = bitrate(progress->payload - st->last_payload, now_ms - st->last_ms),
		.mean = bitrate(progress->payload, now_ms - st->start_ms),
	};
}

void slu_status_note(struct slu_status *st, const struct slu_conn_stats *conn)
{
	if (conn->rtt_us)
		st->rtt_us = conn->rtt_us;
}

/* ---- JSON ---- */

static void number(cJSON *to, const char *name, double value)
{
	cJSON_AddNumberToObject(to, name, value);
}

static void add_connection(cJSON *to, const struct slu_conn_stats *c)
{
	number(to, "wire_bytes_in", (double)c->wire_in);
	number(to, "wire_bytes_out", (double)c->wire_out);
	number(to, "writes", (double)c->writes);
	number(to, "reads", (double)c->reads);
	number(to, "flushes", (double)c->flushes);
	number(to, "tls_records", (double)c->records);
	number(to, "tls_short_records", (double)c->short_records);
	number(to, "retransmits", c->retransmits);
	number(to, "chunk_size_in", c->session.chunk_size_in);
	number(to, "chunk_size_out", c->session.chunk_size_out);
	cJSON_AddStringToObject(to, "tls_version", c->tls_version ? c->tls_version : "");
	cJSON_AddStringToObject(to, "tls_suite", c->tls_suite ? c->tls_suite : "");
	cJSON_AddBoolToObject(to, "tls_resumed", c->tls_resumed);
	cJSON_AddBoolToObject(to, "tls_kernel", c->tls_kernel);
	cJSON_AddStringToObject(to, "peer", c->peer);
	number(to, "connect_ms", c->connect_ms);
	number(to, "tls_ms", c->tls_ms);
}

static void add_offload(cJSON *to, const struct slu_tls_offload_stats *s)
{
	cJSON *o = cJSON_AddObjectToObject(to, "tls_offload");

	cJSON_AddStringToObject(o, "door", s->door);
	cJSON_AddStringToObject(o, "drivers", s->drivers);
	if (!s->counted)
		return;
	cJSON_AddBoolToObject(o, "off", s->off);
	number(o, "operations", (double)s->operations);
	number(o, "bytes", (double)s->bytes);
	number(o, "fallbacks", (double)s->fallbacks);
	number(o, "checks", (double)s->checks);
	number(o, "mismatches", (double)s->mismatches);
	number(o, "abandoned", (double)s->abandoned);
	number(o, "sessions", (double)s->sessions);
	number(o, "connections", (double)s->connections);
}

static cJSON *object(const struct slu_status *st, const char *event, uint64_t now_ms,
		     const struct slu_progress *progress, const struct slu_conn_stats *conn)
{
	cJSON *o = cJSON_CreateObject();
	struct rates r = rates(st, now_ms, progress);

	cJSON_AddStringToObject(o, "event", event);
	cJSON_AddStringToObject(o, "verb", st->verb);
	number(o, "elapsed_ms", (double)(now_ms - st->start_ms));
	number(o, "media_ms", (double)progress->media_ms);
	number(o, "messages", (double)progress->messages);
	number(o, "payload_bytes", (double)progress->payload);
	number(o, "bitrate_now", (double)(int64_t)r.now);
	number(o, "bitrate_mean", (double)(int64_t)r.mean);
	number(o, "queue_bytes", (double)progress->queue);
	number(o, "timestamps_mended", (double)progress->jumps);
	number(o, "renewals", progress->renewals);
	number(o, "file_bytes", (double)progress->file_bytes);
	number(o, "file_calls", (double)progress->file_calls);
	number(o, "cpu_ms", cpu_ms());
	number(o, "origin_unix_ms", progress->origin_ms);
	number(o, "rtt_ms", (double)(conn->rtt_us ? conn->rtt_us : st->rtt_us) / 1000);
	add_connection(o, conn);
	return o;
}

/* Whoever reads what we say and has stopped doing so, as a terminal does after Ctrl-S, must not stop the stream. A pipe
 * that is ready takes 4096 bytes (PIPE_BUF) without waiting, which is more than a line. */
static bool takes(FILE *to, int wait_ms)
{
	struct pollfd fd = {.fd = fileno(to), .events = POLLOUT};

	return fd.fd < 0 || poll(&fd, 1, wait_ms) > 0;
}

static void print(const struct slu_status *st, cJSON *o, int wait_ms)
{
	char *text = takes(st->json, wait_ms) ? cJSON_PrintUnformatted(o) : NULL;

	if (text) {
		fprintf(st->json, "%s\n", text);
		fflush(st->json);
	}
	cJSON_free(text);
	cJSON_Delete(o);
}

/* ---- the terminal ---- */

/* The suite without the prefix that all of TLS 1.3 share, so that a line holds it. */
static const char *short_suite(const struct slu_conn_stats *conn)
{
	if (!conn->tls)
		return "no TLS";
	return strncmp(conn->tls_suite, "TLS_", 4) == 0 ? conn->tls_suite + 4 : conn->tls_suite;
}

static void print_line(const struct slu_status *st, uint64_t now_ms, const struct slu_progress *progress,
		       const struct slu_conn_stats *conn)
{
	struct rates r = rates(st, now_ms, progress);
	uint64_t s = progress->media_ms / 1000;
	size_t width = slu_say_columns();
	char line[256];

	snprintf(line, sizeof line,
		 "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "  %.0f kb/s (mean %.0f)  queue %zu kB  rtt %.1f ms  %s",
		 s / 3600, s / 60 % 60, s % 60, r.now / 1000, r.mean / 1000, (progress->queue + 500) / 1000,
		 (double)conn->rtt_us / 1000, short_suite(conn));
	if (width <= sizeof line)
		line[width - 1] = '\0';
	slu_say_status(line);
}

void slu_status_report(struct slu_status *st, uint64_t now_ms, const struct slu_progress *progress,
		       const struct slu_conn_stats *conn)
{
	if (st->json)
		print(st, object(st, "status", now_ms, progress, conn), 0);
	if (st->line && takes(stderr, 0))
		print_line(st, now_ms, progress, conn);
	slu_status_note(st, conn);
	st->last_ms = now_ms;
	st->last_payload = progress->payload;
	while (st->next_ms <= now_ms)
		st->next_ms += PERIOD_MS;
}

static void say_offload(const struct slu_tls_offload_stats *s)
{
	if (strcmp(s->door, "ktls") == 0) {
		slu_say("TLS offload: the kernel encrypted what %" PRIu64 " of %" PRIu64 " connections sent",
			s->connections, s->connections + s->fallbacks);
		return;
	}
	if (!s->counted) {
		slu_say("TLS offload: %s %s, which keeps no counters", s->door, s->drivers);
		return;
	}
	slu_say("TLS offload: %" PRIu64 " operations of the device with %" PRIu64 " bytes (%s), %" PRIu64
		" done in software in their place, %" PRIu64 " of %" PRIu64 " checked ones wrong%s",
		s->operations, s->bytes, s->drivers[0] ? s->drivers : "no driver was used", s->fallbacks, s->mismatches,
		s->checks, s->off ? "; the device was turned off" : "");
}

void slu_status_end(struct slu_status *st, uint64_t now_ms, const struct slu_progress *progress,
		    const struct slu_conn_stats *conn, const struct slu_tls_offload_stats *offload,
		    enum slu_exit status, const char *error)
{
	cJSON *o;

	if (st->line && takes(stderr, SUMMARY_MS))
		slu_say_status(NULL);
	if (offload->on && st->verbose)
		say_offload(offload);
	if (!st->json)
		return;
	o = object(st, "summary", now_ms, progress, conn);
	if (offload->on)
		add_offload(o, offload);
	number(o, "undelivered_bytes", (double)conn->undelivered);
	number(o, "exit_status", status);
	cJSON_AddStringToObject(o, "exit", slu_exit_name(status));
	cJSON_AddStringToObject(o, "error", error);
	print(st, o, SUMMARY_MS);
}
