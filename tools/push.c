/* SPDX-License-Identifier: MIT */
/*
 * sluice push: FLV in, RTMP out. One thread, one poll(): the input, the connection, the clock of the pacing and the
 * signals all wake the same loop, so an input that stalls never keeps a ping from being answered.
 *
 * Paced, a tag is sent when its timestamp has come, and flushed at once with whatever else is due. Unpaced (--fast, or
 * an input that arrives in its own time), what is at hand is queued up to a limit and flushed together, which fills
 * TLS records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "tools/backlog.h"
#include "tools/client.h"
#include "tools/feed.h"
#include "tools/key.h"
#include "tools/renewal.h"
#include "tools/say.h"
#include "tools/status.h"
#include "tools/stop.h"
#include "tools/verbs.h"

enum { SURE_MS = 250 }; /* after publishing was accepted: see SLU_STAGE_ACCEPTED */

/* Bytes queued at which the input has to wait: half a second of a fat live stream; and in bulk, where a new batch is
 * begun only when the last one is all but gone, so that batches, and so records, are full. */
enum { QUEUE_LIVE = 512 * 1024, QUEUE_BULK = 192 * 1024, QUEUE_LOW = 32 * 1024 };

struct push_options {
	struct slu_feed_options feed;
	struct slu_key_options key;
	const char *kind;
};

struct push {
	struct push_options options;
	struct slu_client_options client_options;
	struct slu_client client;
	struct slu_feed feed;
	struct slu_backlog backlog;
	struct slu_renewal renewal;
	struct slu_status status;
	const char *url;
	enum slu_publish_kind kind;
	bool url_names_stream;
	char key[SLU_KEY_MAX];

	enum slu_stage stage;
	uint64_t accepted_ms;
	bool done, want_input, want_queue, warned_still, warned_jump;
	int due_ms; /* until the held tag is due; -1: none is held */
	uint64_t messages, payload, undelivered;
	char error[640];
	int exit;
};

#define PUSH(field) offsetof(struct push_options, field)
static const struct slu_opt push_opts[] = {
	{"realtime", 0, SLU_OPT_SET, false, NULL, "pace by timestamps (default for files)", PUSH(feed.pace),
	 SLU_PACE_REALTIME, 0},
	{"fast", 0, SLU_OPT_SET, false, NULL, "as fast as it goes (default for pipes)", PUSH(feed.pace), SLU_PACE_FAST,
	 0},
	{"loop", 0, SLU_OPT_FLAG, false, NULL, "begin again at the end of the file", PUSH(feed.loop), 0, 0},
	{"keep-timestamps", 0, SLU_OPT_FLAG, false, NULL, "do not start them at 0 nor mend them",
	 PUSH(feed.keep_timestamps), 0, 0},
	{"key-file", 0, SLU_OPT_TEXT, false, "FILE", "take STREAM from the first line of FILE", PUSH(key.file), 0, 0},
	{"key-env", 0, SLU_OPT_TEXT, false, "NAME", "take STREAM from this environment variable", PUSH(key.env), 0, 0},
	{"kind", 0, SLU_OPT_TEXT, false, "KIND", "live (default), record or append", PUSH(kind), 0, 0},
};

static const struct slu_opt chunk_opts[] = {
	{"chunk-size", 0, SLU_OPT_NUMBER, false, "BYTES", "RTMP chunk size (65536)",
	 offsetof(struct slu_client_options, chunk_size), 1, 16777215},
};

static int finish(struct push *p, int status, const char *sentence)
{
	if (p->exit == SLU_EXIT_OK) {
		p->exit = status;
		snprintf(p->error, sizeof p->error, "%s", sentence);
	}
	p->done = true;
	return status;
}

/* ---- input to connection ---- */

/* Makes the next tag the held one. False when there is none now. */
static bool hold(struct push *p)
{
	int got = slu_feed_next(&p->feed);

	p->want_input = got == 0;
	if (got == SLU_ERR_CLOSED)
		p->done = true;
	else if (got < 0)
		finish(p, got == SLU_ERR_NOMEM ? SLU_EXIT_OTHER : SLU_EXIT_INPUT, slu_feed_error(&p->feed));
	return got > 0;
}

static int send_held(struct push *p)
{
	struct slu_msg msg = slu_feed_msg(&p->feed);
	int err = slu_conn_send(p->client.conn, &msg);

	if (err >= 0)
		err = slu_backlog_add(&p->backlog, &msg);
	if (err < 0)
		return err;
	slu_feed_sent(&p->feed);
	p->messages++;
	p->payload += msg.size;
	return 0;
}

/* What the connection has carried need not be kept. 0 or SLU_ERR_NOMEM. */
static int forget(struct push *p)
{
	struct slu_session_stats stats;

	slu_session_stats(slu_conn_session(p->client.conn), &stats);
	return slu_backlog_sent(&p->backlog, stats.media_sent);
}

static int send_again(void *arg, const struct slu_msg *msg)
{
	struct push *p = arg;

	return slu_conn_send(p->client.conn, msg);
}

/* On a connection made again: what decoders need, and what the last one did not carry, once it has stood for a moment,
 * for what a server takes and then drops is lost. */
static int resume(struct push *p, uint64_t now)
{
	const struct slu_msg *next = slu_backlog_first(&p->backlog);
	uint64_t sure = p->accepted_ms + SURE_MS;
	uint32_t timestamp = p->feed.held ? p->feed.tag.timestamp : p->feed.timeline.end;

	if (now < sure) {
		p->due_ms = (int)(sure - now);
		return 0;
	}
	slu_renewal_stood(&p->renewal);
	return slu_backlog_again(&p->backlog, next ? next->timestamp : timestamp, send_again, p);
}

/* Sends all that is ready and may be queued, then flushes once. 0 or the connection's error. */
static int pump(struct push *p)
{
	bool bulk = slu_feed_bulk(&p->feed);
	uint64_t now = slu_now_ms();
	bool sent = p->renewal.trial;
	int err = forget(p);

	p->due_ms = -1;
	p->want_input = p->want_queue = false;
	if (p->renewal.trial && err >= 0)
		err = resume(p, now);
	if (p->renewal.trial || err < 0)
		return err;
	p->want_queue = bulk && slu_conn_queued(p->client.conn) > QUEUE_LOW;
	while (!p->want_queue && err >= 0 && hold(p)) {
		p->due_ms = slu_feed_wait(&p->feed, now);
		if (p->due_ms > 0)
			break;
		err = send_held(p);
		sent = true;
		p->want_queue = slu_conn_queued(p->client.conn) >= (bulk ? QUEUE_BULK : QUEUE_LIVE);
	}
	/* In bulk, with more at hand, only full TLS records go out. */
	if (sent && err >= 0)
		err = bulk && p->want_queue ? slu_conn_flush_more(p->client.conn) : slu_conn_flush(p->client.conn);
	if (p->want_queue)
		p->want_queue = slu_conn_queued(p->client.conn) > (bulk ? QUEUE_LOW : QUEUE_LIVE / 2);
	return err;
}

/* ---- connection ---- */

static void events(struct push *p)
{
	struct slu_event ev;

	while (slu_conn_event(p->client.conn, &ev)) {
		if (ev.type == SLU_EVENT_HANDSHAKE) {
			p->stage = SLU_STAGE_ASKING;
		} else if (ev.type == SLU_EVENT_PUBLISHING) {
			p->stage = SLU_STAGE_ACCEPTED;
			p->accepted_ms = slu_now_ms();
		} else if (ev.type == SLU_EVENT_STATUS && ev.level && strcmp(ev.level, "error") == 0) {
			slu_say("warning: the server reports %s: %s", ev.code, ev.description);
		}
	}
}

static struct slu_progress progress(const struct push *p)
{
	struct slu_source_stats source = {0};

	if (p->feed.source)
		slu_source_stats(p->feed.source, &source);
	return (struct slu_progress){
		.media_ms = p->feed.timeline.played,
		.messages = p->messages,
		.payload = p->payload,
		.queue = p->client.conn ? slu_conn_queued(p->client.conn) : 0,
		.jumps = p->feed.timeline.jumps,
		.file_bytes = source.bytes,
		.file_calls = source.reads,
		.renewals = p->renewal.count,
		.origin_ms = p->feed.origin_ms,
	};
}

static void report(struct push *p)
{
	uint64_t now = slu_now_ms();
	struct slu_progress pr;
	struct slu_conn_stats stats;

	if (!slu_status_due(&p->status, now))
		return;
	pr = progress(p);
	slu_client_stats(&p->client, &stats);
	slu_status_report(&p->status, now, &pr, &stats);
}

/* What the loop may sleep for; the connection's own deadline comes on top. */
static int sleep_ms(const struct push *p)
{
	int ms = slu_status_timeout(&p->status, slu_now_ms());

	if (p->stage < SLU_STAGE_ACCEPTED || p->want_queue || p->want_input)
		return ms;
	return p->due_ms > 0 ? slu_timeout_min(ms, p->due_ms) : 0;
}

/* Until the input ends, the connection fails, or a signal says stop. 0 or the connection's error. */
static int run(struct push *p)
{
	bool readable;
	int err = 0;

	/* What the last connection has left goes out also when that is all. */
	while ((!slu_stop_asked() || (p->renewal.trial && p->stage >= SLU_STAGE_ACCEPTED)) && err >= 0) {
		events(p);
		if (slu_conn_closed(p->client.conn)) {
			err = slu_conn_process(p->client.conn); /* it failed while events were pulled, or */
			if (!err && p->renewal.trial)
				err = SLU_ERR_CLOSED;
			else if (!err)
				finish(p, SLU_EXIT_LOST, "the server has ended the connection in mid-stream");
			break;
		}
		if (p->stage >= SLU_STAGE_ACCEPTED)
			err = pump(p);
		if (p->done || err < 0)
			break;
		report(p);
		err = slu_client_wait(&p->client, p->want_input ? slu_source_fd(p->feed.source) : -1, sleep_ms(p),
				      &readable);
		if (readable)
			slu_source_wake(p->feed.source);
	}
	return err;
}

/* Ends in order: what is queued drains, the stream is unpublished, the peer's end awaited. */
static int close_in_order(struct push *p)
{
	struct slu_conn_stats stats;
	int err;

	slu_conn_stats(p->client.conn, &stats);
	slu_status_note(&p->status, &stats);
	err = slu_conn_close(p->client.conn);
	while (err >= 0 && !slu_conn_closed(p->client.conn)) {
		events(p);
		report(p);
		err = slu_client_wait(&p->client, -1, slu_status_timeout(&p->status, slu_now_ms()), NULL);
	}
	return err;
}

/* One connection, to its end. 0 or its error. */
static int use(struct push *p)
{
	int err = run(p);

	if (err < 0)
		return err;
	if (slu_stop_asked() && !p->done)
		finish(p, SLU_EXIT_INTERRUPTED, "");
	return p->stage < SLU_STAGE_ACCEPTED ? 0 : close_in_order(p);
}

static void conn_failed(struct push *p, int err)
{
	const char *why = slu_conn_error(p->client.conn);

	if (p->stage == SLU_STAGE_ACCEPTED && slu_now_ms() - p->accepted_ms >= SURE_MS)
		p->stage = SLU_STAGE_FLOWING;
	finish(p, (int)slu_exit_of(err, p->stage), *why ? why : slu_err_text(err));
}

/* ---- another connection ---- */

/* Begins to connect, and to publish. 0 or an enum slu_exit. */
static int open_stream(struct push *p, const char *stream)
{
	int status = slu_client_open(&p->client, &p->client_options, p->url, stream), err;

	if (status)
		return finish(p, status, p->client.error);
	p->stage = SLU_STAGE_CONNECTING;
	/* What the stream has had recorded is not to be written over. */
	if (p->renewal.count && p->kind == SLU_PUBLISH_RECORD)
		p->kind = SLU_PUBLISH_APPEND;
	err = slu_session_publish(slu_conn_session(p->client.conn), slu_conn_stream(p->client.conn), p->kind);
	return err < 0 ? finish(p, (int)slu_exit_of(err, p->stage), slu_session_error(slu_conn_session(p->client.conn)))
		       : 0;
}

static bool stopped(struct push *p)
{
	if (slu_stop_asked())
		finish(p, SLU_EXIT_INTERRUPTED, "");
	return slu_stop_asked();
}

/* False: a signal says stop. */
static bool pause_before(struct push *p, int ms)
{
	uint64_t until = slu_now_ms() + (uint64_t)ms, now;

	while (!slu_stop_asked() && (now = slu_now_ms()) < until) {
		report(p);
		slu_client_pause(slu_timeout_min((int)(until - now), slu_status_timeout(&p->status, now)));
	}
	return !stopped(p);
}

/* The keys of a connection are used up, and it has ended in order. */
static void note_renewal(struct push *p)
{
	uint64_t lost = slu_client_lost(&p->client);

	p->undelivered += lost;
	if (lost && !p->client_options.common.quiet)
		slu_say("warning: the server dropped a connection that is made again, with %llu bytes on their way",
			(unsigned long long)lost);
	if (p->client_options.common.verbose > 0)
		slu_say("connecting again, to go on where the last connection ended");
}

/* The connection ended with *err. True: another one has begun; else *err is 0 where that is no failure, or told. */
static bool begin_another(struct push *p, int *err)
{
	int failed = forget(p), ms;

	/* It could not say that publishing has ended, but all of the stream is there. */
	if (failed < 0 || (*err == SLU_ERR_RENEW && p->done && slu_backlog_empty(&p->backlog))) {
		*err = failed;
		return false;
	}
	if ((*err == SLU_ERR_RENEW || p->renewal.trial) && stopped(p))
		return false;
	ms = slu_renewal_after(&p->renewal, *err, p->backlog.carried, slu_now_ms());
	if (ms < 0)
		return false;
	if (*err == SLU_ERR_RENEW)
		note_renewal(p);
	p->done = p->backlog.carried = false;
	if (!pause_before(p, ms))
		return false;
	*err = 0;
	return open_stream(p, p->url_names_stream ? NULL : slu_conn_stream(p->client.conn)) == 0;
}

static void work(struct push *p)
{
	int err;

	do
		err = use(p);
	while (err < 0 && begin_another(p, &err));
	if (err < 0)
		conn_failed(p, err);
}

/* ---- the command line ---- */

static int publish_kind(const char *text, enum slu_publish_kind *kind)
{
	static const char *const names[] = {
		[SLU_PUBLISH_LIVE] = "live", [SLU_PUBLISH_RECORD] = "record", [SLU_PUBLISH_APPEND] = "append"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!text || strcmp(text, names[i]) == 0) {
			*kind = (enum slu_publish_kind)i;
			return 0;
		}
	}
	slu_say("--kind takes live, record or append, and \"%s\" is none", text);
	return SLU_EXIT_USAGE;
}

static int start(struct push *p, int count, char **operands)
{
	const char *stream;
	int status;

	if (slu_is_url(operands[0])) {
		snprintf(p->error, sizeof p->error, "INPUT comes first, and then the URL: it stands in INPUT's place");
		return SLU_EXIT_USAGE;
	}
	p->url = operands[1];
	status = slu_feed_open(&p->feed, operands[0], &p->options.feed, p->client_options.common.quiet, p->error,
			       sizeof p->error);
	if (!status)
		status = slu_key_find(&p->options.key, p->url, count > 2 ? operands[2] : NULL, p->key, &stream,
				      p->error, sizeof p->error);
	if (!status) {
		p->url_names_stream = !stream;
		status = open_stream(p, stream);
	}
	explicit_bzero(p->key, sizeof p->key);
	return status;
}

static void say_end(struct push *p)
{
	struct slu_tls_offload_stats offload;
	struct slu_progress pr = progress(p);
	struct slu_conn_stats stats;

	slu_client_stats(&p->client, &stats);
	stats.undelivered += p->undelivered + (p->renewal.trial ? slu_backlog_bytes(&p->backlog) : 0);
	slu_client_offload(&p->client, &offload);
	slu_status_end(&p->status, slu_now_ms(), &pr, &stats, &offload, (enum slu_exit)p->exit, p->error);
	if (p->error[0])
		slu_say("%s", p->error);
}

int slu_verb_push(int argc, char **argv)
{
	static struct push p;
	const struct slu_opt_group groups[] = {
		{"", push_opts, sizeof push_opts / sizeof push_opts[0], &p.options, false},
		{"", chunk_opts, 1, &p.client_options, false},
		slu_options_common(&p.client_options.common),
		slu_options_connect(&p.client_options.connect),
		slu_options_net(&p.client_options.net),
		slu_options_certificates(&p.client_options.tls),
		slu_options_tls(&p.client_options.tls),
	};
	const struct slu_usage usage = {
		.verb = "push",
		.operands = "[options] INPUT URL [STREAM]",
		.what = "Publish an FLV (a file, a pipe, - for stdin) to an rtmp[t][s|e] URL.",
		.min_operands = 2,
		.max_operands = 3,
		.groups = groups,
		.ngroups = sizeof groups / sizeof groups[0],
	};
	int first, status = slu_options_parse(&usage, argc, argv, &first);

	if (status < 0)
		status = slu_client_check(&p.client_options);
	if (status >= 0)
		return status;
	if (publish_kind(p.options.kind, &p.kind) != 0)
		return SLU_EXIT_USAGE;
	slu_stop_init();
	slu_status_init(&p.status, "push", &p.client_options.common, false, false, slu_now_ms());
	slu_backlog_init(&p.backlog);
	status = start(&p, argc - first, argv + first);
	if (status)
		p.exit = status;
	else
		work(&p);
	say_end(&p);
	slu_client_free(&p.client);
	slu_backlog_clear(&p.backlog);
	slu_feed_close(&p.feed);
	return p.exit;
}
