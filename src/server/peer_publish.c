/* SPDX-License-Identifier: MIT */
/* What a peer publishes: to the hub, and into a recording. */
#include "server/peer_impl.h"

#include <stdio.h>

#include "server/recorder.h"

static const struct refusal name_taken = {"NetStream.Publish.BadName",
					  "Somebody publishes under this name already: take another, or wait."};

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

/* ---- requests ---- */

void slu_peer_on_publish(struct slu_peer *peer, const struct slu_event *ev)
{
	const struct refusal *why;
	int err;

	if (!slu_peer_is_idle(peer)) {
		slu_peer_refuse(peer, &slu_peer_busy);
		return;
	}
	peer->refuse_ms = 0;
	why = slu_peer_admit(peer, ev->name);
	if (why) {
		slu_peer_deny(peer, why);
		return;
	}
	err = slu_hub_publish(peer->all->hub, peer->key, &peer->stream);
	if (err) {
		peer->stream = NULL;
		slu_peer_refuse(peer, err == SLU_ERR_REFUSED ? &name_taken : &slu_peer_full);
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
	peer->media_ms = peer->all->now_ms;
	peer->messages++;
	peer->bytes += ev->msg.size;
	/* Out of memory here costs players to come their start, no more. */
	(void)slu_hub_message(peer->stream, &ev->msg);
	if (peer->recorder)
		slu_recorder_write(peer->recorder, &ev->msg, peer->all->now_ms);
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
