/* SPDX-License-Identifier: MIT */
/* What a peer plays: what the hub has, or a recording. */
#include "server/peer_impl.h"

#include <string.h>

#include "server/vod.h"

enum { VOD_QUEUE = 512 * 1024, VOD_TURN = 256 }; /* bytes queued, messages a call */

static const struct refusal not_found = {"NetStream.Play.StreamNotFound",
					 "Nobody publishes this, and there is no recording of it."};

/* ---- as the hub's player ---- */

static int player_send(struct slu_player *p, const struct slu_msg *msg)
{
	struct slu_peer *peer = (struct slu_peer *)p;
	struct slu_msg m = *msg;

	m.stream_id = peer->play_id;
	slu_peer_touch(peer);
	return slu_conn_send(peer->conn, &m);
}

static size_t player_queued(const struct slu_player *p)
{
	return slu_conn_queued(((const struct slu_peer *)p)->conn);
}

static void player_begin(struct slu_player *p)
{
	struct slu_peer *peer = (struct slu_peer *)p;

	slu_peer_touch(peer);
	slu_session_status(slu_conn_session(peer->conn), peer->play_id, "status", "NetStream.Play.PublishNotify",
			   "Publishing begins.");
}

static void stop_playing(struct slu_peer *peer)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_STOP);

	if (!peer->playing)
		return;
	slu_hub_leave(&peer->player);
	slu_vod_close(peer->vod);
	peer->vod = NULL;
	peer->playing = false;
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
	slu_session_status(s, peer->play_id, "status", "NetStream.Play.UnpublishNotify", "Publishing has ended.");
	slu_session_eof(s, peer->play_id);
	stop_playing(peer);
}

static const struct slu_player_ops player_ops = {player_send, player_queued, player_begin, slu_peer_player_end};

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

static void count_sent(struct slu_player *p, const struct slu_msg *msg)
{
	p->sent++;
	p->sent_bytes += msg->size;
}

void slu_peer_pump(struct slu_peer *peer)
{
	struct slu_msg msg;

	for (int i = 0; i < VOD_TURN && slu_peer_can_pump(peer); i++) {
		slu_peer_touch(peer);
		if (slu_vod_next(peer->vod, &msg) <= 0)
			end_recording_played(peer);
		else if (player_send(&peer->player, &msg) == 0)
			count_sent(&peer->player, &msg);
		else
			stop_playing(peer);
	}
}

/* ---- requests ---- */

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

void slu_peer_on_play(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(peer->conn);

	if (!slu_peer_is_idle(peer)) {
		slu_peer_refuse(peer, &slu_peer_busy);
		return;
	}
	if (!find_what_to_play(peer, ev)) {
		slu_peer_refuse(peer, &not_found);
		return;
	}
	memset(&peer->player, 0, sizeof peer->player);
	peer->player.ops = &player_ops;
	peer->play_id = ev->stream_id;
	peer->active_ms = peer->all->now_ms;
	peer->playing = true;
	slu_peer_touch(peer);
	if (slu_session_accept(s) != 0) {
		stop_playing(peer);
		return;
	}
	if (!peer->vod && slu_hub_play(peer->all->hub, peer->key, &peer->player) != 0) {
		slu_session_status(s, peer->play_id, "error", slu_peer_full.code, slu_peer_full.text);
		slu_peer_player_end(&peer->player);
		return;
	}
	slu_peer_report_simple(peer, SLU_REPORT_PLAY, "");
}

void slu_peer_on_pause(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->playing || ev->stream_id != peer->play_id)
		return;
	peer->player.paused = ev->flag;
	slu_hub_resume(&peer->player);
	slu_session_status(slu_conn_session(peer->conn), peer->play_id, "status",
			   ev->flag ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify", "");
}

void slu_peer_on_seek(struct slu_peer *peer, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(peer->conn);

	if (peer->vod && ev->stream_id == peer->play_id && slu_vod_seek(peer->vod, (int64_t)ev->number) == 0)
		slu_session_status(s, ev->stream_id, "status", "NetStream.Seek.Notify", "");
	else
		slu_session_status(s, ev->stream_id, "error", "NetStream.Seek.Failed",
				   "A live stream has no other place to go to.");
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
	if (ev->flag)
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
		stop_playing(peer);
}
