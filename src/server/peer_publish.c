/* SPDX-License-Identifier: MIT */
/* What a peer publishes: to the hub, and into a recording. */
#include "server/peer_impl.h"

#include <stdio.h>

#include "server/recorder.h"

enum { MAX_GAP_MS = 60000 };

static const struct refusal name_taken = {"NetStream.Publish.BadName",
					  "Somebody publishes under this name already: take another, or wait."};
static const struct refusal name_others = {
	"NetStream.Publish.BadName", "Somebody else publishes under this name, and only they may take it over: take "
				     "another, or wait."};

/* Without memory for it, the stream goes on as one that is not recorded. */
static void begin_recording(struct slu_peer *peer)
{
	struct slu_record_who who = {.id = peer->id, .named = peer->named};

	if (!peer->all->recorders)
		return;
	snprintf(who.address, sizeof who.address, "%s", peer->address);
	snprintf(who.app, sizeof who.app, "%s", peer->app);
	peer->recorder = slu_recorder_new(peer->all->recorders, peer->key, &who);
	if (!peer->recorder)
		slu_peer_report_simple(peer, SLU_REPORT_RECORDING, "not recorded: out of memory");
}

/* ---- taking over ---- */

static const struct refusal taken_over = {"NetStream.Publish.BadName",
					  "Somebody else publishes under this name now, and has taken it over."};

/* The stream stays as it is, with its players; old's recording and connection end. */
static void take_from(struct slu_peer *old, const struct slu_peer *by)
{
	char text[128];

	snprintf(text, sizeof text, "#%u, %s, has taken over what it published", by->id, by->address);
	old->taken_over = true;
	slu_peer_dismiss(old, &taken_over, "takeover", text);
}

/* Players' clocks have gone on since the last frame; but not for longer than one waits for the other. */
static uint32_t gap_since(uint64_t media_ms, uint64_t now_ms)
{
	uint64_t gap = now_ms - media_ms;

	return gap < 1 ? 1 : gap < MAX_GAP_MS ? (uint32_t)gap : MAX_GAP_MS;
}

static int begin(struct slu_peer *peer)
{
	int err = slu_hub_publish(peer->all->hub, peer->key, &peer->stream);
	struct slu_peer *old = err == SLU_ERR_REFUSED ? slu_hub_publisher(peer->stream) : NULL;

	if (old && peer->all->takeover && slu_peer_may_take(peer, old)) {
		take_from(old, peer);
		slu_hub_take_over(peer->stream, gap_since(old->media_ms, peer->all->now_ms));
		err = 0;
	}
	if (err)
		peer->stream = NULL;
	else
		slu_hub_set_publisher(peer->stream, peer);
	return err;
}

static const struct refusal *why_not(const struct slu_peer *peer, int err)
{
	if (err != SLU_ERR_REFUSED)
		return &slu_peer_full;
	return peer->all->takeover ? &name_others : &name_taken;
}

/* ---- requests ---- */

static const struct refusal in_use = {"NetStream.Publish.BadName",
				      "Something else is published here: create a stream of its own."};

static void publish_again(struct slu_peer *peer, const char *name)
{
	if (slu_peer_publishes(peer, name))
		slu_session_accept(slu_conn_session(peer->conn));
	else
		slu_peer_refuse(peer, &in_use);
}

void slu_peer_on_publish(struct slu_peer *peer, const struct slu_event *ev)
{
	const struct refusal *why;
	int err;

	if (ev->flag) {
		publish_again(peer, ev->name);
		return;
	}
	if (!slu_peer_is_idle(peer)) {
		slu_peer_refuse(peer, &slu_peer_busy);
		return;
	}
	if (peer->all->no_memory) {
		slu_peer_refuse(peer, &slu_peer_no_memory);
		return;
	}
	why = slu_peer_admit(peer, ev->name);
	if (why) {
		slu_peer_deny(peer, why);
		return;
	}
	peer->refuse_ms = 0;
	err = begin(peer);
	if (err) {
		slu_peer_refuse(peer, why_not(peer, err));
		return;
	}
	peer->publish_id = ev->stream_id;
	peer->active_ms = peer->media_ms = peer->all->now_ms;
	peer->messages = peer->bytes = 0;
	slu_session_accept(slu_conn_session(peer->conn));
	slu_peer_report_simple(peer, SLU_REPORT_PUBLISH, "");
	begin_recording(peer);
}

void slu_peer_stop_publishing(struct slu_peer *peer)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_UNPUBLISH);

	if (!peer->stream)
		return;
	if (!peer->taken_over)
		slu_hub_unpublish(peer->stream);
	peer->stream = NULL;
	slu_recorder_end(peer->recorder);
	peer->recorder = NULL;
	r.messages = peer->messages;
	r.bytes = peer->bytes;
	peer->active_ms = peer->all->now_ms;
	slu_peer_report(peer, &r);
}

void slu_peer_on_media(struct slu_peer *peer, const struct slu_event *ev)
{
	if (!peer->stream)
		return;
	if (ev->msg.size)
		peer->media_ms = peer->all->now_ms;
	peer->messages++;
	peer->bytes += ev->msg.size;
	/* Out of memory here costs players to come their start, no more. */
	(void)slu_hub_message(peer->stream, &ev->msg);
	if (peer->recorder)
		slu_recorder_write(peer->recorder, &ev->msg, peer->all->now_ms);
}

bool slu_peer_is_held(const struct slu_peer *peer)
{
	return peer->recorder && slu_recorder_is_ahead(peer->recorder, peer->all->now_ms);
}

void slu_peer_on_clear_data(struct slu_peer *peer, const struct slu_event *ev)
{
	(void)ev;
	if (peer->stream)
		slu_hub_clear_metadata(peer->stream);
	if (peer->recorder)
		slu_recorder_clear_metadata(peer->recorder);
}

void slu_peer_on_unpublish(struct slu_peer *peer, const struct slu_event *ev)
{
	if (ev->stream_id == peer->publish_id)
		slu_peer_stop_publishing(peer);
}
