/* SPDX-License-Identifier: MIT */
/* sluice pull: RTMP in, FLV out. What one wakeup brings is written with one call. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "proto/flv_resume.h"

#include "tools/client.h"
#include "tools/flv_tail.h"
#include "tools/say.h"
#include "tools/sink.h"
#include "tools/status.h"
#include "tools/stop.h"
#include "tools/timeline.h"
#include "tools/verbs.h"

enum {
	RETRY_MS = 1000,     /* between attempts of --wait */
	EOF_GRACE_MS = 1000, /* for what may follow Stream EOF: the status that says why */
	MEDIA_TIMEOUT_MS = 15000,
	VOD_BUFFER_MS = 36000000 /* a player's buffer that no recording fills: the server sends all it can */
};

struct pull_options {
	int kind; /* of stream: -2 any, -1 live, 0 recorded; as in play */
	bool keep_timestamps, resume;
	long duration_ms, wait_ms, media_timeout_ms; /* wait_ms: 0: not at all */
	const char *subscribe, *usher_token;
	bool playlist;
};

struct pull {
	struct pull_options options;
	struct slu_client_options client_options;
	struct slu_client client;
	struct slu_sink *sink;
	struct slu_timeline timeline;
	struct slu_flv_resume resume; /* frame.size 0: there is nothing to go on with */
	struct slu_flv_tail tail;     /* of the file */
	struct slu_status status;
	const char *url, *stream;
	enum slu_stage stage;
	bool done;
	uint64_t wait_until; /* for a publisher; 0: no longer */
	uint64_t end_at;     /* after Stream EOF; 0: none came */
	uint64_t last_media; /* when something came, or the connection began */
	uint64_t messages, payload;
	char error[640];
	int exit;
};

#define PULL(field) offsetof(struct pull_options, field)
static const struct slu_opt pull_opts[] = {
	{"live", 0, SLU_OPT_SET, false, NULL, "a live stream only", PULL(kind), -1, 0},
	{"vod", 0, SLU_OPT_SET, false, NULL, "a recording only, as fast as it comes", PULL(kind), 0, 0},
	{"duration", 0, SLU_OPT_MS, false, "S", "end after S seconds of the stream", PULL(duration_ms), 1, 2000000000},
	{"wait", 0, SLU_OPT_MS, true, "S", "wait (S seconds) for a publisher to come", PULL(wait_ms), 1, 2000000000},
	{"media-timeout", 0, SLU_OPT_MS, false, "S", "give up after S seconds without media (15)",
	 PULL(media_timeout_ms), 1, 86400000},
	{"keep-timestamps", 0, SLU_OPT_FLAG, false, NULL, "do not start them at 0 nor mend them", PULL(keep_timestamps),
	 0, 0},
	{"resume", 0, SLU_OPT_FLAG, false, NULL, "go on with the recording that OUTPUT has a part of", PULL(resume), 0,
	 0},
};

static const struct slu_opt before_opts[] = {
	{"subscribe", 0, SLU_OPT_TEXT, false, "NAME", "FCSubscribe to NAME before (with --live: to STREAM)",
	 PULL(subscribe), 0, 0},
	{"playlist", 0, SLU_OPT_FLAG, false, NULL, "set_playlist to STREAM before", PULL(playlist), 0, 0},
	{"usher-token", 0, SLU_OPT_TEXT, false, "TOKEN", "authenticate with this UsherToken before", PULL(usher_token),
	 0, 0},
};

static void finish(struct pull *p, int status, const char *sentence)
{
	if (p->exit == SLU_EXIT_OK) {
		p->exit = status;
		snprintf(p->error, sizeof p->error, "%s", sentence);
	}
	p->done = true;
}

/* ---- what comes ---- */

static bool begins_with_string(const struct slu_flv_tag *tag, const char *name)
{
	size_t n = strlen(name);

	return tag->size >= n + 3 && tag->body[0] == 0x02 && tag->body[1] == 0 && tag->body[2] == n &&
	       memcmp(tag->body + 3, name, n) == 0;
}

/* Data messages for the player and not of the stream: the end of a recording, and what Flash may do with frames. */
static bool is_for_player(struct pull *p, const struct slu_flv_tag *tag)
{
	static const char complete[] = "NetStream.Play.Complete";

	if (tag->type != SLU_FLV_SCRIPT)
		return false;
	if (begins_with_string(tag, "onPlayStatus")) {
		p->done |= memmem(tag->body, tag->size, complete, sizeof complete - 1) != NULL;
		return true;
	}
	return begins_with_string(tag, "|RtmpSampleAccess");
}

static void not_resumed(struct pull *p)
{
	finish(p, SLU_EXIT_REFUSED,
	       "the server does not go on where the file ends: its recording has not the file's last key frame at "
	       "that time. The file is left as it is; without --resume it is fetched anew");
}

/* Whether a tag is to be written: all are, but those that the file has already. */
static bool is_wanted(struct pull *p, struct slu_flv_tag *tag)
{
	enum slu_flv_resume_step step = SLU_FLV_RESUME_TAKE;

	if (p->resume.frame.size)
		step = slu_flv_resume_tag(&p->resume, tag);
	if (step == SLU_FLV_RESUME_NOT_FOUND)
		not_resumed(p);
	return step == SLU_FLV_RESUME_TAKE;
}

static void media(struct pull *p, const struct slu_msg *msg)
{
	struct slu_flv_tag tag = {.type = msg->type, .timestamp = msg->timestamp, .body = msg->data, .size = msg->size};
	int err;

	/* AMF3's data message is AMF0 behind one byte, as long as it has no AMF3 in it (RTMP 1.0, 7.1.2). */
	if (tag.type == SLU_MSG_DATA_AMF3 && tag.size > 0) {
		tag.type = SLU_FLV_SCRIPT;
		tag.body++;
		tag.size--;
	}
	if (p->done || tag.size == 0 || is_for_player(p, &tag))
		return;
	p->wait_until = 0;
	if (!is_wanted(p, &tag))
		return;
	tag.timestamp = slu_timeline_map(&p->timeline, &tag);
	if (p->options.duration_ms && p->timeline.played >= (uint64_t)p->options.duration_ms) {
		p->done = true;
		return;
	}
	err = slu_sink_tag(p->sink, &tag);
	if (err == SLU_ERR_IO || err == SLU_ERR_NOMEM) {
		finish(p, SLU_EXIT_OUTPUT, slu_sink_error(p->sink));
		return;
	}
	p->messages++;
	p->payload += tag.size;
}

/* The codes of onStatus that end a stream. */
static bool is_end(const char *code)
{
	static const char *const ends[] = {"NetStream.Play.Stop", "NetStream.Play.Complete",
					   "NetStream.Play.UnpublishNotify"};

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (strcmp(code, ends[i]) == 0)
			return true;
	return false;
}

static void events(struct pull *p)
{
	bool came = false;
	struct slu_event ev;

	while (slu_conn_event(p->client.conn, &ev)) {
		if (ev.type == SLU_EVENT_MEDIA) {
			media(p, &ev.msg);
			p->stage = SLU_STAGE_FLOWING;
			came = true;
		} else if (ev.type == SLU_EVENT_HANDSHAKE) {
			p->stage = SLU_STAGE_ASKING;
		} else if (p->wait_until) {
			continue; /* nobody publishes yet, so nothing ends */
		} else if (ev.type == SLU_EVENT_STREAM_EOF) {
			p->end_at = slu_now_ms() + EOF_GRACE_MS;
		} else if (ev.type == SLU_EVENT_STATUS && is_end(ev.code)) {
			p->done = true;
		}
	}
	if (!came)
		return;
	p->last_media = slu_now_ms();
	if (slu_sink_flush(p->sink) < 0)
		finish(p, SLU_EXIT_OUTPUT, slu_sink_error(p->sink));
}

/* ---- the loop ---- */

static struct slu_progress progress(const struct pull *p)
{
	struct slu_sink_stats sink = {0};

	if (p->sink)
		slu_sink_stats(p->sink, &sink);
	return (struct slu_progress){
		.media_ms = p->timeline.played,
		.messages = p->messages,
		.payload = p->payload,
		.jumps = p->timeline.jumps,
		.file_bytes = sink.bytes,
		.file_calls = sink.writes,
	};
}

static void report(struct pull *p, uint64_t now)
{
	struct slu_progress pr;
	struct slu_conn_stats stats;

	if (!slu_status_due(&p->status, now))
		return;
	pr = progress(p);
	slu_conn_stats(p->client.conn, &stats);
	slu_status_report(&p->status, now, &pr, &stats);
}

/* When the silence has lasted too long. */
static uint64_t patience(const struct pull *p)
{
	uint64_t at = p->last_media + (uint64_t)p->options.media_timeout_ms;

	return p->end_at ? p->end_at : p->wait_until ? p->wait_until : at;
}

static void silence(struct pull *p)
{
	if (p->end_at)
		p->done = true;
	else if (p->messages)
		finish(p, SLU_EXIT_LOST, "the server has sent no media for too long; see --media-timeout");
	else
		finish(p, SLU_EXIT_REFUSED,
		       "nobody publishes this stream: the server sends no media; --wait waits for a publisher");
}

static int run(struct pull *p)
{
	uint64_t now = slu_now_ms();
	int err = 0, ms;

	while (!slu_stop_asked() && err >= 0) {
		events(p);
		now = slu_now_ms();
		if (!p->done && slu_conn_closed(p->client.conn)) {
			err = slu_conn_process(p->client.conn); /* it failed while events were pulled, or */
			p->done = !err;                         /* the peer has ended in order */
			break;
		}
		if (!p->done && now >= patience(p))
			silence(p);
		if (p->done)
			break;
		report(p, now);
		ms = patience(p) - now < 60000 ? (int)(patience(p) - now) : 60000;
		err = slu_client_wait(&p->client, -1, slu_timeout_min(ms, slu_status_timeout(&p->status, now)), NULL);
	}
	/* What came before the connection failed waits to be pulled. */
	events(p);
	return err;
}

static int connect_and_play(struct pull *p)
{
	struct slu_play play = {.start = p->options.kind,
				.duration = -1,
				.subscribe = p->options.subscribe,
				.playlist = p->options.playlist,
				.usher_token = p->options.usher_token,
				.hurry = p->options.kind == 0};
	int status = slu_client_open(&p->client, &p->client_options, p->url, p->stream), err;

	if (status) {
		finish(p, status, p->client.error);
		return -1;
	}
	if (p->options.kind == 0)
		play.buffer_ms = VOD_BUFFER_MS;
	if (p->resume.frame.size)
		play.start = p->resume.frame.timestamp / 1000.0;
	p->resume.found = p->resume.settled = false;
	p->last_media = slu_now_ms();
	p->stage = SLU_STAGE_CONNECTING;
	if (slu_conn_stream(p->client.conn)[0] == '\0') {
		finish(p, SLU_EXIT_USAGE, "the URL has no stream name: add it there, or give STREAM");
		return -1;
	}
	err = slu_session_play(slu_conn_session(p->client.conn), slu_conn_stream(p->client.conn), &play);
	if (err < 0)
		finish(p, (int)slu_exit_of(err, p->stage), slu_session_error(slu_conn_session(p->client.conn)));
	return err;
}

static bool not_there_yet(const struct pull *p, int err)
{
	struct slu_refusal refusal;

	if (err != SLU_ERR_REFUSED || !p->wait_until || slu_now_ms() >= p->wait_until)
		return false;
	slu_session_refusal(slu_conn_session(p->client.conn), &refusal);
	return strcmp(refusal.code, "NetStream.Play.StreamNotFound") == 0;
}

/* Until the next attempt. A connection that failed is not looked at: only signals and time. */
static void pause_between(struct pull *p)
{
	uint64_t until = slu_now_ms() + RETRY_MS, now;

	slu_conn_free(p->client.conn);
	p->client.conn = NULL;
	while (!slu_stop_asked() && (now = slu_now_ms()) < until)
		slu_client_pause((int)(until - now));
}

static void close_in_order(struct pull *p)
{
	struct slu_conn_stats stats;
	int err;

	slu_conn_stats(p->client.conn, &stats);
	slu_status_note(&p->status, &stats);
	err = slu_conn_close(p->client.conn);
	/* What still comes is of no interest, and a peer that fails now has failed at nothing. */
	while (err >= 0 && !slu_conn_closed(p->client.conn)) {
		struct slu_event ev;

		while (slu_conn_event(p->client.conn, &ev))
			;
		err = slu_client_wait(&p->client, -1, -1, NULL);
	}
}

static void work(struct pull *p)
{
	int err;

	while (connect_and_play(p) == 0) {
		err = run(p);
		if (err < 0 && !p->done && not_there_yet(p, err)) {
			pause_between(p);
			continue;
		}
		if (p->done || slu_stop_asked())
			close_in_order(p);
		else if (err < 0)
			finish(p, (int)slu_exit_of(err, p->stage), slu_conn_error(p->client.conn));
		break;
	}
	if (!p->done && slu_stop_asked())
		finish(p, SLU_EXIT_INTERRUPTED, "");
}

static void say_end(struct pull *p)
{
	struct slu_conn_stats stats = {.tls_version = "", .tls_suite = ""};
	struct slu_tls_offload_stats offload;
	struct slu_progress pr;

	if (p->exit == SLU_EXIT_OK && p->resume.frame.size && !p->resume.found)
		not_resumed(p);
	if (p->sink && slu_sink_finish(p->sink) < 0)
		finish(p, SLU_EXIT_OUTPUT, slu_sink_error(p->sink));
	pr = progress(p);
	if (p->client.conn)
		slu_conn_stats(p->client.conn, &stats);
	slu_client_offload(&p->client, &offload);
	slu_status_end(&p->status, slu_now_ms(), &pr, &stats, &offload, (enum slu_exit)p->exit, p->error);
	if (p->error[0])
		slu_say("%s", p->error);
}

/* Only recordings can be gone on with, and what is written has the recording's own timestamps. */
static int open_to_resume(struct pull *p, const char *output)
{
	const struct slu_flv_tail *tail = &p->tail;

	if (p->options.kind == -1 || strcmp(output, "-") == 0) {
		snprintf(p->error, sizeof p->error,
			 p->options.kind == -1 ? "--resume goes on with a recording: it cannot be had with --live"
					       : "--resume goes on with a file: standard output cannot be one");
		return SLU_EXIT_USAGE;
	}
	p->sink = slu_sink_resume(output, &p->tail, p->error, sizeof p->error);
	if (!p->sink)
		return SLU_EXIT_OUTPUT;
	p->options.kind = 0;
	p->timeline.keep = true;
	if (tail->type)
		p->resume.frame = (struct slu_flv_tag){
			.type = tail->type, .timestamp = tail->timestamp, .body = tail->frame, .size = tail->size};
	return 0;
}

static int start(struct pull *p, int count, char **operands)
{
	const char *output = operands[count - 1];

	p->url = operands[0];
	p->stream = count > 2 ? operands[1] : NULL;
	slu_status_init(&p->status, "pull", &p->client_options.common, true, strcmp(output, "-") == 0, slu_now_ms());
	p->timeline.keep = p->options.keep_timestamps;
	if (!p->options.media_timeout_ms)
		p->options.media_timeout_ms = MEDIA_TIMEOUT_MS;
	if (p->options.wait_ms)
		p->wait_until = slu_now_ms() + (uint64_t)p->options.wait_ms;
	if (slu_is_url(output)) {
		snprintf(p->error, sizeof p->error,
			 "the URL comes first, and OUTPUT last: it stands in OUTPUT's place");
		return SLU_EXIT_USAGE;
	}
	if (p->options.resume)
		return open_to_resume(p, output);
	p->sink = slu_sink_open(output, p->error, sizeof p->error);
	if (p->sink)
		return 0;
	if (!slu_stop_asked())
		return SLU_EXIT_OUTPUT;
	p->error[0] = '\0'; /* of a named pipe that nobody reads */
	return SLU_EXIT_INTERRUPTED;
}

int slu_verb_pull(int argc, char **argv)
{
	static struct pull p = {.options.kind = -2, .client_options.receives = true};
	const struct slu_opt_group groups[] = {
		{"", pull_opts, sizeof pull_opts / sizeof pull_opts[0], &p.options, false},
		slu_options_common(&p.client_options.common),
		{"Before play", before_opts, sizeof before_opts / sizeof before_opts[0], &p.options, true},
		slu_options_connect(&p.client_options.connect),
		slu_options_net(&p.client_options.net),
		slu_options_certificates(&p.client_options.tls),
		slu_options_tls(&p.client_options.tls),
	};
	const struct slu_usage usage = {
		.verb = "pull",
		.operands = "[options] URL [STREAM] OUTPUT",
		.what = "Play a stream from an rtmp[t][s|e] URL into an FLV (a file, - for stdout).",
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
	slu_stop_init();
	status = start(&p, argc - first, argv + first);
	if (status)
		p.exit = status;
	else
		work(&p);
	say_end(&p);
	slu_client_free(&p.client);
	slu_sink_free(p.sink);
	slu_flv_tail_clear(&p.tail);
	return p.exit;
}
