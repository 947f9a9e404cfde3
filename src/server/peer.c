/* SPDX-License-Identifier: MIT */
#include "server/peer_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn/over.h"

const struct refusal slu_peer_busy = {"NetStream.Failed", "One connection publishes or plays one stream."};
const struct refusal slu_peer_no_memory = {"NetStream.Failed",
					   "The server has no memory left for another stream: try later."};
const struct refusal slu_peer_full = {"NetStream.Failed", "The server has no room for another stream: try later."};

struct slu_server_report slu_peer_report_of(const struct slu_peer *peer, enum slu_server_report_type type)
{
	return (struct slu_server_report){
		.type = type,
		.id = peer->id,
		.address = peer->address,
		.app = peer->app,
		.stream = peer->named ? peer->key : "",
		.reason = "",
		.text = "",
		.count = 1,
		.file = "",
		.seconds = (double)(peer->all->now_ms - peer->active_ms) / 1000,
		.tls_version = "",
		.tls_suite = "",
		.tls_client = "",
	};
}

void slu_peer_report(const struct slu_peer *peer, const struct slu_server_report *r)
{
	if (peer->silent)
		return;
	if (r->type == SLU_REPORT_REFUSE || r->type == SLU_REPORT_END)
		slu_refusals_take(&peer->all->refusals, r, peer->all->now_ms);
	else if (peer->all->reporter.fn)
		peer->all->reporter.fn(peer->all->reporter.arg, r);
}

void slu_peer_report_simple(const struct slu_peer *peer, enum slu_server_report_type type, const char *text)
{
	struct slu_server_report r = slu_peer_report_of(peer, type);

	r.text = text;
	slu_peer_report(peer, &r);
}

void slu_peer_touch(struct slu_peer *peer)
{
	if (peer->is_touched)
		return;
	peer->is_touched = true;
	peer->next_touched = peer->all->touched;
	peer->all->touched = peer;
}

void slu_peer_report_refusal(const struct slu_peer *peer, const char *reason, const char *text)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_REFUSE);

	r.reason = reason;
	r.text = text;
	slu_peer_report(peer, &r);
}

void slu_peer_refuse(struct slu_peer *peer, const struct refusal *why)
{
	slu_session_refuse(slu_conn_session(peer->conn), why->code, why->text);
	slu_peer_report_refusal(peer, why->code, why->text);
}

bool slu_peer_is_idle(const struct slu_peer *peer)
{
	return !peer->stream && !peer->playing;
}

void slu_peer_dismiss(struct slu_peer *peer, const struct refusal *status, const char *reason, const char *text)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_END);
	uint32_t id = peer->stream ? peer->publish_id : peer->play_id;

	if (status && !slu_peer_is_idle(peer))
		slu_session_status(slu_conn_session(peer->conn), id, "error", status->code, status->text);
	r.reason = reason;
	r.text = text;
	slu_peer_report(peer, &r);
	slu_peer_stop_publishing(peer);
	slu_peer_stop_playing(peer);
	peer->closing = true;
	peer->closing_ms = peer->all->now_ms;
	slu_conn_close(peer->conn);
	slu_peer_touch(peer);
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

	if (!peer->all->rules.users || !is_publisher(ev))
		return true;
	err = slu_logins_check(peer->all->logins, ev->name, peer->all->now_ms, told);
	if (!err)
		err = slu_logins_who(peer->all->logins, ev->name, &peer->login);
	peer->facts.user = err == 0;
	if (peer->facts.user)
		return true;
	slu_session_refuse(slu_conn_session(peer->conn), "NetConnection.Connect.Rejected", told);
	if (err != SLU_ERR_STATE)
		slu_peer_report_refusal(peer, "password", "its answer does not show that it knows a user's password");
	return false;
}

static void on_connect(struct slu_peer *peer, const struct slu_event *ev)
{
	static const unsigned rtmpe[] = {
		[SLU_HANDSHAKE_RTMPE6] = 6, [SLU_HANDSHAKE_RTMPE8] = 8, [SLU_HANDSHAKE_RTMPE9] = 9};
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_CONNECT);
	struct slu_conn_stats stats;

	slu_conn_stats(peer->conn, &stats);
	r.tls_version = stats.tls_version;
	r.tls_suite = stats.tls_suite;
	r.tls_client = stats.tls_client;
	r.http = stats.http;
	r.rtmpe = rtmpe[stats.session.handshake];
	peer->facts.certificate = stats.tls_client[0];
	snprintf(peer->app, sizeof peer->app, "%.*s", (int)strcspn(ev->name, "?"), ev->name);
	if (peer->turned_away) {
		slu_session_refuse(slu_conn_session(peer->conn), "NetConnection.Connect.Rejected",
				   peer->turned_away->text);
		return;
	}
	if (!let_in(peer, ev))
		return;
	slu_session_accept(slu_conn_session(peer->conn));
	slu_peer_report(peer, &r);
}

static void on_close(struct slu_peer *peer, const struct slu_event *ev)
{
	(void)ev;
	slu_conn_close(peer->conn);
}

static void (*const actions[])(struct slu_peer *peer, const struct slu_event *ev) = {
	[SLU_EVENT_CONNECT] = on_connect,
	[SLU_EVENT_PUBLISH] = slu_peer_on_publish,
	[SLU_EVENT_PLAY] = slu_peer_on_play,
	[SLU_EVENT_MEDIA] = slu_peer_on_media,
	[SLU_EVENT_PAUSE] = slu_peer_on_pause,
	[SLU_EVENT_SEEK] = slu_peer_on_seek,
	[SLU_EVENT_RECEIVE_AUDIO] = slu_peer_on_receive_audio,
	[SLU_EVENT_RECEIVE_VIDEO] = slu_peer_on_receive_video,
	[SLU_EVENT_GET_STREAM_LENGTH] = slu_peer_on_get_stream_length,
	[SLU_EVENT_CLEAR_DATA] = slu_peer_on_clear_data,
	[SLU_EVENT_MARKED] = slu_peer_on_marked,
	[SLU_EVENT_UNPUBLISH] = slu_peer_on_unpublish,
	[SLU_EVENT_STOP] = slu_peer_on_stop,
	[SLU_EVENT_CLOSE] = on_close,
};

void slu_peer_events(struct slu_peer *peer)
{
	struct slu_event ev;

	while (slu_conn_event(peer->conn, &ev))
		if ((size_t)ev.type < sizeof actions / sizeof actions[0] && actions[ev.type])
			actions[ev.type](peer, &ev);
	/* The answers go out in one write. */
	slu_peer_touch(peer);
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
	peer->came_ms = peer->active_ms = all->now_ms;
	return peer;
}

void slu_peer_end(struct slu_peer *peer)
{
	slu_peer_stop_publishing(peer);
	if (peer->playing)
		slu_peer_player_end(&peer->player);
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

static void report_stall(struct slu_peer *peer)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_END);

	if (peer->closing || !slu_conn_stalled(peer->conn))
		return;
	r.reason = "stall-timeout";
	r.text = slu_conn_error(peer->conn);
	slu_peer_report(peer, &r);
}

static void report_close(struct slu_peer *peer)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_CLOSE);
	struct slu_conn_stats stats;

	slu_conn_stats(peer->conn, &stats);
	r.text = slu_conn_error(peer->conn);
	r.seconds = (double)(peer->all->now_ms - peer->came_ms) / 1000;
	r.wire_in = stats.wire_in;
	r.wire_out = stats.wire_out;
	slu_peer_report(peer, &r);
}

void slu_peer_free(struct slu_peer *peer)
{
	if (!peer)
		return;
	report_stall(peer);
	slu_peer_end(peer);
	untouch(peer);
	report_close(peer);
	slu_conn_free(peer->conn);
	free(peer);
}
