/* SPDX-License-Identifier: MIT */
/* What a peer plays: what the hub has, or a recording. */
#include "server/peer_impl.h"

#include <string.h>

#include "server/gop.h"
#include "conn/over.h"
#include "server/vod.h"

enum { VOD_QUEUE = 512 * 1024, VOD_TURN = 256 }; /* bytes queued, messages a call */
enum { TELL_MS = 30000 };

static const struct refusal not_found = {"NetStream.Play.StreamNotFound",
					 "Nobody publishes this, and there is no recording of it."};

/* ---- as the hub's player ---- */

static int player_send(struct slu_player *p, const struct slu_msg *msg)
{
	struct slu_peer *peer = (struct slu_peer *)p;
	struct slu_msg m = *msg;

	m.stream_id = peer->play_id;
	return slu_conn_send(peer->conn, &m);
}

static void player_flush(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;

	peer->all->flush(peer);
}

static size_t player_queued(const struct slu_player *p)
{
	return slu_conn_queued(((const struct slu_peer *)p)->conn);
}

static void player_begin(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;
	struct slu_session *s = slu_conn_session(peer->conn);

	slu_peer_touch(peer);
	peer->waiting = false;
	slu_session_stream_begin(s, peer->play_id);
	slu_session_status(s, peer->play_id, "status", "NetStream.Play.PublishNotify", "Publishing begins.");
}

void slu_peer_stop_playing(struct slu_peer *peer)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_STOP);

	if (!peer->playing)
		return;
	slu_hub_leave(&peer->player);
	slu_conn_gather(peer->conn, false);
	slu_vod_close(peer->vod);
	peer->vod = NULL;
	peer->playing = peer->waiting = peer->played_out = peer->ended = peer->no_picture = false;
	peer->slow = (struct slu_slowness){.slow = false};
	r.messages = peer->player.sent;
	r.bytes = peer->player.sent_bytes;
	r.dropped = peer->player.dropped;
	peer->active_ms = peer->all->now_ms;
	slu_peer_report(peer, &r);
}

void slu_peer_player_end(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;
	struct slu_session *s = slu_conn_session(peer->conn);

	slu_peer_touch(peer);
	if (!peer->vod)
		slu_session_status(s, peer->play_id, "status", "NetStream.Play.UnpublishNotify",
				   "Publishing has ended.");
	if (!peer->ended)
		slu_session_eof(s, peer->play_id);
	slu_peer_stop_playing(peer);
}

static void player_slow(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;

	slu_slowness_begin(&peer->slow, peer->all->now_ms);
	slu_peer_touch(peer); /* for its new deadline */
}

static const struct slu_player_ops player_ops = {player_send, player_flush, player_queued,
						 player_slow, player_begin, slu_peer_player_end};

/* ---- playing a recording ---- */

bool slu_peer_can_pump(const struct slu_peer *peer)
{
	return peer->vod && !peer->played_out && !peer->player.paused && slu_conn_queued(peer->conn) < VOD_QUEUE;
}

/* All of it has been sent, and much of it is yet to be read. What says that it is over ends some players at once,
 * wherever they asked to go meanwhile, so it is said when they have come there, or to those who do not answer, in
 * time. */
static void play_out(struct slu_peer *peer)
{
	peer->played_out = true;
	peer->ended = false;
	peer->tell_ms = peer->all->now_ms + TELL_MS;
	slu_session_mark(slu_conn_session(peer->conn));
}

/* It goes on being played: the player may go back in it, as long as it does not idle. What Adobe's servers say besides,
 * onPlayStatus, is a data message, which players that store what they get would store. */
static void tell_end(struct slu_peer *peer)
{
	peer->ended = true;
	peer->active_ms = peer->all->now_ms;
	slu_peer_touch(peer);
	slu_session_played_out(slu_conn_session(peer->conn), peer->play_id);
}

void slu_peer_end_in_time(struct slu_peer *peer)
{
	if (slu_conn_queued(peer->conn))
		peer->tell_ms = peer->all->now_ms + TELL_MS;
	else
		tell_end(peer);
}

void slu_peer_on_marked(struct slu_peer *peer, const struct slu_event *ev)
{
	(void)ev;
	if (peer->vod && peer->played_out && !peer->ended)
		tell_end(peer);
}

static bool is_wanted(struct slu_peer *peer, const struct slu_msg *msg)
{
	enum slu_gop_kind kind;

	if (msg->type == SLU_MSG_AUDIO)
		return !peer->player.no_audio;
	if (msg->type != SLU_MSG_VIDEO)
		return true;
	kind = slu_gop_kind(msg);
	peer->no_picture |= peer->player.no_video;
	peer->no_picture &= peer->player.no_video || kind != SLU_GOP_KEYFRAME;
	return kind == SLU_GOP_CONFIG || !peer->no_picture;
}

/* Sends the next message; false when there is nothing more to do for now. */
static bool pump_one(struct slu_peer *peer)
{
	struct slu_msg msg;
	int got = slu_vod_next(peer->vod, &msg);

	if (got == SLU_VOD_LATER)
		return false;
	if (got != SLU_VOD_MESSAGE) {
		play_out(peer);
		return false;
	}
	if (!is_wanted(peer, &msg))
		return true;
	if (player_send(&peer->player, &msg) != 0) {
		slu_peer_player_end(&peer->player);
		return false;
	}
	peer->player.sent++;
	peer->player.sent_bytes += msg.size;
	return true;
}

void slu_peer_pump(struct slu_peer *peer)
{
	bool more = true;

	if (slu_peer_can_pump(peer))
		slu_peer_touch(peer);
	for (int i = 0; i < VOD_TURN && more && slu_peer_can_pump(peer); i++)
		more = pump_one(peer);
}

/* ---- requests ---- */

/* Seconds, which are sent in ms. -1 for what is no time. */
static int64_t to_ms(double seconds)
{
	return seconds >= 0 && seconds <= 1e9 ? (int64_t)(seconds * 1000 + 0.5) : -1;
}

/* A start of 0 or more asks for a recording (RTMP 1.0, 7.2.2.1), but what is live is better. -2, "live or recorded", is
 * what players send that mean live: they wait, rather than see what was yesterday. */
static bool find_what_to_play(struct slu_peer *peer, const struct slu_event *ev)
{
	int64_t start, duration;

	if (slu_stream_key(peer->key, peer->app, ev->name) != 0)
		return false;
	if (!(ev->start >= 0) || slu_hub_live(peer->all->hub, peer->key))
		return true;
	start = to_ms(ev->start);
	duration = to_ms(ev->duration);
	if (peer->all->dir >= 0 && start >= 0)
		peer->vod = slu_vod_open(peer->all->dir, peer->key, start, duration);
	return peer->vod != NULL;
}

void slu_peer_on_play(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(peer->conn);

	if (!slu_peer_is_idle(peer)) {
		slu_peer_refuse(peer, &slu_peer_busy);
		return;
	}
	if (peer->all->no_memory) {
		slu_peer_refuse(peer, &slu_peer_no_memory);
		return;
	}
	peer->named = false; /* its key is what it asks for from here on, whatever it published before */
	if (!find_what_to_play(peer, ev)) {
		slu_peer_refuse(peer, &not_found);
		return;
	}
	memset(&peer->player, 0, sizeof peer->player);
	peer->player.ops = &player_ops;
	peer->play_id = ev->stream_id;
	peer->active_ms = peer->all->now_ms;
	peer->playing = true;
	peer->waiting = !peer->vod && !slu_hub_live(peer->all->hub, peer->key);
	slu_peer_touch(peer);
	if (peer->vod)
		slu_session_recorded(s, peer->play_id);
	if (slu_session_accept(s) != 0) {
		slu_peer_stop_playing(peer);
		return;
	}
	if (!peer->vod && slu_hub_play(peer->all->hub, peer->key, &peer->player) != 0) {
		slu_session_status(s, peer->play_id, "error", slu_peer_full.code, slu_peer_full.text);
		slu_peer_player_end(&peer->player);
		return;
	}
	slu_conn_gather(peer->conn, peer->all->gathers && !peer->vod);
	slu_peer_report_simple(peer, SLU_REPORT_PLAY, "");
}

/* A recording goes on where it was, not at the time that the player says: what had been sent is on its way, and would
 * come twice. Behind its end there is nothing to go on with, and that is said again. */
void slu_peer_on_pause(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.paused = ev->flag;
	peer->active_ms = peer->all->now_ms;
	if (!peer->vod)
		slu_hub_resume(&peer->player);
	slu_session_status(slu_conn_session(peer->conn), peer->play_id, "status",
			   ev->flag ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify", "");
	if (peer->played_out && !ev->flag)
		play_out(peer);
}

void slu_peer_on_seek(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(peer->conn);

	if (!peer->vod || ev->stream_id != peer->play_id) {
		slu_session_status(s, ev->stream_id, "error", "NetStream.Seek.Failed",
				   "A live stream has no other place to go to.");
		return;
	}
	slu_vod_seek(peer->vod, (uint32_t)ev->number);
	peer->played_out = peer->ended = peer->no_picture = false;
	peer->active_ms = peer->all->now_ms;
	slu_session_sought(s, ev->stream_id);
}

void slu_peer_on_receive_audio(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.no_audio = !ev->flag;
}

void slu_peer_on_receive_video(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.no_video = !ev->flag;
	if (ev->flag && !peer->vod)
		slu_hub_resume(&peer->player);
}

void slu_peer_on_get_stream_length(struct slu_peer *peer, const struct slu_event *ev)
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

void slu_peer_on_stop(struct slu_peer *peer, const struct slu_event *ev)
{
	if (ev->stream_id == peer->play_id)
		slu_peer_stop_playing(peer);
}
