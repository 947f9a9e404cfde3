/* SPDX-License-Identifier: MIT */
#include "server/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/logins.h"
#include "server/recorder.h"
#include "server/vod.h"

enum { VOD_QUEUE = 512 * 1024, VOD_TURN = 256 }; /* bytes queued, messages a call */

/* A reason to refuse, in the words of RTMP and of people. */
struct refusal {
	const char *code, *text;
};

static const struct refusal bad_name = {"NetStream.Publish.BadName", "This is not a name that a stream can have."};
static const struct refusal name_taken = {"NetStream.Publish.BadName",
					  "Somebody publishes under this name already: take another, or wait."};
static const struct refusal busy = {"NetStream.Failed", "One connection publishes or plays one stream."};
static const struct refusal full = {"NetStream.Failed", "The server has no room for another stream: try later."};
static const struct refusal unknown = {"NetStream.Publish.Unauthorized",
				       "Only users may publish here: say who you are."};
static const struct refusal not_found = {"NetStream.Play.StreamNotFound",
					 "Nobody publishes this, and there is no recording of it."};

const char *slu_report_name(enum slu_report_type type)
{
	static const char *const names[] = {
		[SLU_REPORT_CONNECT] = "connect",     [SLU_REPORT_PUBLISH] = "publish",
		[SLU_REPORT_UNPUBLISH] = "unpublish", [SLU_REPORT_PLAY] = "play",
		[SLU_REPORT_STOP] = "stop",           [SLU_REPORT_REFUSE] = "refuse",
		[SLU_REPORT_RECORDING] = "recording", [SLU_REPORT_CLOSE] = "close",
	};

	return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static struct slu_report report_of(const struct slu_peer *peer, enum slu_report_type type)
{
	return (struct slu_report){
		.type = type,
		.id = peer->id,
		.address = peer->address,
		.app = peer->app,
		.text = "",
		.seconds = (double)(peer->all->now_ms - peer->active_ms) / 1000,
		.tls_version = "",
		.tls_suite = "",
	};
}

static void report(const struct slu_peer *peer, const struct slu_report *r)
{
	if (peer->all->reporter.fn && !peer->silent)
		peer->all->reporter.fn(peer->all->reporter.arg, r);
}

static void report_simple(const struct slu_peer *peer, enum slu_report_type type, const char *text)
{
	struct slu_report r = report_of(peer, type);

	r.text = text;
	report(peer, &r);
}

static void touch(struct slu_peer *peer)
{
	if (peer->is_touched)
		return;
	peer->is_touched = true;
	peer->next_touched = peer->all->touched;
	peer->all->touched = peer;
}

static void refuse(struct slu_peer *peer, const struct refusal *why)
{
	slu_session_refuse(slu_conn_session(peer->conn), why->code, why->text);
	report_simple(peer, SLU_REPORT_REFUSE, why->text);
}

static bool is_idle(const struct slu_peer *peer)
{
	return !peer->stream && !peer->playing;
}

uint64_t slu_peer_idle_since(const struct slu_peer *peer)
{
	if (peer->stream)
		return peer->media_ms;
	return peer->playing ? UINT64_MAX : peer->active_ms;
}

/* ---- as the hub's player ---- */

static int player_send(struct slu_player *p, const struct slu_msg *msg)
{
	struct slu_peer *peer = (struct slu_peer *)p;
	struct slu_msg m = *msg;

	m.stream_id = peer->play_id;
	touch(peer);
	return slu_conn_send(peer->conn, &m);
}

static size_t player_queued(const struct slu_player *p)
{
	return slu_conn_queued(((const struct slu_peer *)p)->conn);
}

static void player_begin(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;

	touch(peer);
	slu_session_status(slu_conn_session(peer->conn), peer->play_id, "status", "NetStream.Play.PublishNotify",
			   "Publishing begins.");
}

static void stop_playing(struct slu_peer *peer)
{
	struct slu_report r = report_of(peer, SLU_REPORT_STOP);

	if (!peer->playing)
		return;
	slu_hub_leave(&peer->player);
	slu_vod_close(peer->vod);
	peer->vod = NULL;
	peer->playing = false;
	r.messages = peer->player.sent;
	r.dropped = peer->player.dropped;
	peer->active_ms = peer->all->now_ms;
	report(peer, &r);
}

static void player_end(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;
	struct slu_session *s = slu_conn_session(peer->conn);

	touch(peer);
	slu_session_status(s, peer->play_id, "status", "NetStream.Play.UnpublishNotify", "Publishing has ended.");
	slu_session_eof(s, peer->play_id);
	stop_playing(peer);
}

static const struct slu_player_ops player_ops = {player_send, player_queued, player_begin, player_end};

/* ---- playing a recording ---- */

bool slu_peer_can_pump(const struct slu_peer *peer)
{
	return peer->vod && !peer->player.paused && slu_conn_queued(peer->conn) < VOD_QUEUE;
}

static void end_recording_played(struct slu_peer *peer)
{
	slu_session_eof(slu_conn_session(peer->conn), peer->play_id);
	stop_playing(peer);
}

void slu_peer_pump(struct slu_peer *peer)
{
	struct slu_msg msg;

	for (int i = 0; i < VOD_TURN && slu_peer_can_pump(peer); i++) {
		touch(peer);
		if (slu_vod_next(peer->vod, &msg) <= 0)
			end_recording_played(peer);
		else if (player_send(&peer->player, &msg) == 0)
			peer->player.sent++;
		else
			stop_playing(peer);
	}
}

/* ---- recording ---- */

static void recording_failed(struct slu_peer *peer, const char *why)
{
	struct slu_report r = report_of(peer, SLU_REPORT_RECORDING);

	peer->record = false;
	r.text = why;
	if (peer->recorder)
		r.stored = slu_recorder_size(peer->recorder);
	report(peer, &r);
}

/* A file is made for the first message, so that publishers that send nothing leave nothing. */
static void record(struct slu_peer *peer, const struct slu_msg *msg)
{
	char error[256];

	if (!peer->record)
		return;
	if (!peer->recorder) {
		peer->recorder = slu_recorder_open(peer->all->dir, peer->key, error, sizeof error);
		if (!peer->recorder) {
			recording_failed(peer, error);
			return;
		}
	}
	if (slu_recorder_write(peer->recorder, msg) != 0)
		recording_failed(peer, slu_recorder_error(peer->recorder));
}

static uint64_t stop_recording(struct slu_peer *peer)
{
	uint64_t size = 0;

	if (peer->recorder) {
		if (slu_recorder_finish(peer->recorder) != 0 && peer->record)
			recording_failed(peer, slu_recorder_error(peer->recorder));
		size = slu_recorder_size(peer->recorder);
	}
	slu_recorder_free(peer->recorder);
	peer->recorder = NULL;
	return size;
}

void slu_peer_flush_recording(struct slu_peer *peer)
{
	if (peer->record && peer->recorder && slu_recorder_flush(peer->recorder) != 0)
		recording_failed(peer, slu_recorder_error(peer->recorder));
}

/* ---- requests ---- */

/* What publishers of all kinds say of themselves in connect, Adobe's first. A player is not asked who it is. */
static bool is_publisher(const struct slu_event *ev)
{
	struct slu_amf_str type = {"", 0};

	slu_amf_string(slu_amf_get(slu_amf_at(ev->amf, 2), "type"), &type);
	return slu_amf_str_is(type, "nonprivate") || strstr(ev->name, "authmod=");
}

/* False: it was turned away, with what it has to know to come back. */
static bool let_in(struct slu_peer *peer, const struct slu_event *ev)
{
	char told[SLU_LOGIN_TOLD];
	int err;

	if (!peer->all->logins || !is_publisher(ev))
		return true;
	err = slu_logins_check(peer->all->logins, ev->name, peer->all->now_ms, told);
	peer->known = err == 0;
	if (peer->known)
		return true;
	slu_session_refuse(slu_conn_session(peer->conn), "NetConnection.Connect.Rejected", told);
	if (err != SLU_ERR_STATE)
		report_simple(peer, SLU_REPORT_REFUSE, "its answer does not show that it knows a user's password");
	return false;
}

static void on_connect(struct slu_peer *peer, const struct slu_event *ev)
{
	static const unsigned rtmpe[] = {
		[SLU_HANDSHAKE_RTMPE6] = 6, [SLU_HANDSHAKE_RTMPE8] = 8, [SLU_HANDSHAKE_RTMPE9] = 9};
	struct slu_report r = report_of(peer, SLU_REPORT_CONNECT);
	struct slu_conn_stats stats;

	slu_conn_stats(peer->conn, &stats);
	r.tls_version = stats.tls_version;
	r.tls_suite = stats.tls_suite;
	r.http = stats.http;
	r.rtmpe = rtmpe[stats.session.handshake];
	snprintf(peer->app, sizeof peer->app, "%.*s", (int)strcspn(ev->name, "?"), ev->name);
	if (!let_in(peer, ev))
		return;
	slu_session_accept(slu_conn_session(peer->conn));
	report(peer, &r);
}

static void on_publish(struct slu_peer *peer, const struct slu_event *ev)
{
	int err;

	if (!is_idle(peer)) {
		refuse(peer, &busy);
		return;
	}
	if (peer->all->logins && !peer->known) {
		refuse(peer, &unknown);
		return;
	}
	if (slu_stream_key(peer->key, peer->app, ev->name) != 0) {
		refuse(peer, &bad_name);
		return;
	}
	err = slu_hub_publish(peer->all->hub, peer->key, &peer->stream);
	if (err) {
		peer->stream = NULL;
		refuse(peer, err == SLU_ERR_REFUSED ? &name_taken : &full);
		return;
	}
	peer->publish_id = ev->stream_id;
	peer->active_ms = peer->media_ms = peer->all->now_ms;
	peer->messages = peer->bytes = 0;
	peer->record = peer->all->dir >= 0;
	slu_session_accept(slu_conn_session(peer->conn));
	report_simple(peer, SLU_REPORT_PUBLISH, "");
}

static void stop_publishing(struct slu_peer *peer)
{
	struct slu_report r = report_of(peer, SLU_REPORT_UNPUBLISH);

	if (!peer->stream)
		return;
	slu_hub_unpublish(peer->stream);
	peer->stream = NULL;
	r.stored = stop_recording(peer);
	r.messages = peer->messages;
	r.bytes = peer->bytes;
	peer->active_ms = peer->all->now_ms;
	report(peer, &r);
}

static void on_media(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->stream)
		return;
	peer->media_ms = peer->all->now_ms;
	peer->messages++;
	peer->bytes += ev->msg.size;
	/* Players first: the disk may be slow. Out of memory here costs players to come their start, no more. */
	(void)slu_hub_message(peer->stream, &ev->msg);
	record(peer, &ev->msg);
}

/* A start of 0 or more asks for a recording (RTMP 1.0, 7.2.2.1), but what is live is better. -2, "live or recorded", is
 * what players send that mean live: they wait, rather than see what was yesterday. */
static bool find_what_to_play(struct slu_peer *peer, const struct slu_event *ev)
{
	double ms = ev->duration >= 0 && ev->duration < 1e9 ? ev->duration * 1000 : -1;

	if (slu_stream_key(peer->key, peer->app, ev->name) != 0)
		return false;
	if (!(ev->start >= 0) || slu_hub_live(peer->all->hub, peer->key))
		return true;
	if (peer->all->dir >= 0 && ev->start < 1e9)
		peer->vod = slu_vod_open(peer->all->dir, peer->key, (int64_t)(ev->start * 1000), (int64_t)ms);
	return peer->vod != NULL;
}

static void on_play(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(peer->conn);

	if (!is_idle(peer)) {
		refuse(peer, &busy);
		return;
	}
	if (!find_what_to_play(peer, ev)) {
		refuse(peer, &not_found);
		return;
	}
	memset(&peer->player, 0, sizeof peer->player);
	peer->player.ops = &player_ops;
	peer->play_id = ev->stream_id;
	peer->active_ms = peer->all->now_ms;
	peer->playing = true;
	touch(peer);
	if (slu_session_accept(s) != 0) {
		stop_playing(peer);
		return;
	}
	if (!peer->vod && slu_hub_play(peer->all->hub, peer->key, &peer->player) != 0) {
		slu_session_status(s, peer->play_id, "error", full.code, full.text);
		player_end(&peer->player);
		return;
	}
	report_simple(peer, SLU_REPORT_PLAY, "");
}

static void on_pause(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.paused = ev->flag;
	slu_hub_resume(&peer->player);
	slu_session_status(slu_conn_session(peer->conn), peer->play_id, "status",
			   ev->flag ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify", "");
}

static void on_seek(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(peer->conn);

	if (peer->vod && ev->stream_id == peer->play_id && slu_vod_seek(peer->vod, (int64_t)ev->number) == 0)
		slu_session_status(s, ev->stream_id, "status", "NetStream.Seek.Notify", "");
	else
		slu_session_status(s, ev->stream_id, "error", "NetStream.Seek.Failed",
				   "A live stream has no other place to go to.");
}

static void on_receive_audio(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.no_audio = !ev->flag;
}

static void on_receive_video(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.no_video = !ev->flag;
	if (ev->flag)
		slu_hub_resume(&peer->player);
}

static void on_get_stream_length(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_vod *vod = NULL;
	char key[SLU_STREAM_KEY];
	double seconds = 0; /* what servers say of a live stream */

	if (peer->all->dir >= 0 && slu_stream_key(key, peer->app, ev->name) == 0 && !slu_hub_live(peer->all->hub, key))
		vod = slu_vod_open(peer->all->dir, key, 0, -1);
	if (vod)
		seconds = (double)slu_vod_length(vod) / 1000;
	slu_vod_close(vod);
	slu_session_answer_number(slu_conn_session(peer->conn), ev->transaction, seconds);
}

static void on_clear_data(struct slu_peer *peer, const struct slu_event *ev)
{
	(void)ev;
	if (peer->stream)
		slu_hub_clear_metadata(peer->stream);
}

static void on_unpublish(struct slu_peer *peer, const struct slu_event *ev)
{
	if (ev->stream_id == peer->publish_id)
		stop_publishing(peer);
}

static void on_stop(struct slu_peer *peer, const struct slu_event *ev)
{
	if (ev->stream_id == peer->play_id)
		stop_playing(peer);
}

static void on_close(struct slu_peer *peer, const struct slu_event *ev)
{
	(void)ev;
	slu_conn_close(peer->conn);
}

static void (*const actions[])(struct slu_peer *peer, const struct slu_event *ev) = {
	[SLU_EVENT_CONNECT] = on_connect,
	[SLU_EVENT_PUBLISH] = on_publish,
	[SLU_EVENT_PLAY] = on_play,
	[SLU_EVENT_MEDIA] = on_media,
	[SLU_EVENT_PAUSE] = on_pause,
	[SLU_EVENT_SEEK] = on_seek,
	[SLU_EVENT_RECEIVE_AUDIO] = on_receive_audio,
	[SLU_EVENT_RECEIVE_VIDEO] = on_receive_video,
	[SLU_EVENT_GET_STREAM_LENGTH] = on_get_stream_length,
	[SLU_EVENT_CLEAR_DATA] = on_clear_data,
	[SLU_EVENT_UNPUBLISH] = on_unpublish,
	[SLU_EVENT_STOP] = on_stop,
	[SLU_EVENT_CLOSE] = on_close,
};

void slu_peer_events(struct slu_peer *peer)
{
	struct slu_event ev;

	while (slu_conn_event(peer->conn, &ev))
		if ((size_t)ev.type < sizeof actions / sizeof actions[0] && actions[ev.type])
			actions[ev.type](peer, &ev);
	/* The answers go out in one write. */
	touch(peer);
}

/* ---- beginning and end ---- */

struct slu_peer *slu_peer_new(struct slu_peers *all, struct slu_conn *conn, unsigned id)
{
	struct slu_peer *peer = calloc(1, sizeof *peer);
	struct slu_conn_stats stats;

	if (!peer)
		return NULL;
	slu_conn_stats(conn, &stats);
	snprintf(peer->address, sizeof peer->address, "%s", stats.peer);
	peer->all = all;
	peer->conn = conn;
	peer->id = id;
	peer->active_ms = all->now_ms;
	return peer;
}

void slu_peer_end(struct slu_peer *peer)
{
	stop_publishing(peer);
	if (peer->playing)
		player_end(&peer->player);
}

static void untouch(struct slu_peer *peer)
{
	struct slu_peer **at = &peer->all->touched;

	if (!peer->is_touched)
		return;
	while (*at != peer)
		at = &(*at)->next_touched;
	*at = peer->next_touched;
}

void slu_peer_free(struct slu_peer *peer)
{
	if (!peer)
		return;
	slu_peer_end(peer);
	untouch(peer);
	report_simple(peer, SLU_REPORT_CLOSE, slu_conn_error(peer->conn));
	slu_conn_free(peer->conn);
	free(peer);
}
