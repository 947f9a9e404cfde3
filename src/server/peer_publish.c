/* SPDX-License-Identifier: MIT */
/* What a peer publishes: to the hub, and into a recording. */
#include "server/peer_impl.h"
#include "server/recorder.h"

static const struct refusal name_taken = {"NetStream.Publish.BadName",
					  "Somebody publishes under this name already: take another, or wait."};

/* ---- recording ---- */

static void recording_failed(struct slu_peer *peer, const char *why)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_RECORDING);

	peer->record = false;
	r.text = why;
	if (peer->recorder)
		r.stored = slu_recorder_size(peer->recorder);
	slu_peer_report(peer, &r);
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
	peer->record = peer->all->dir >= 0;
	slu_session_accept(slu_conn_session(peer->conn));
	slu_peer_report_simple(peer, SLU_REPORT_PUBLISH, "");
}

void slu_peer_stop_publishing(struct slu_peer *peer)
{
	struct slu_server_report r = slu_peer_report_of(peer, SLU_REPORT_UNPUBLISH);

	if (!peer->stream)
		return;
	slu_hub_unpublish(peer->stream);
	peer->stream = NULL;
	r.stored = stop_recording(peer);
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
	/* Players first: the disk may be slow. Out of memory here costs players to come their start, no more. */
	(void)slu_hub_message(peer->stream, &ev->msg);
	record(peer, &ev->msg);
}

void slu_peer_on_clear_data(struct slu_peer *peer, const struct slu_event *ev)
{
	(void)ev;
	if (peer->stream)
		slu_hub_clear_metadata(peer->stream);
}

void slu_peer_on_unpublish(struct slu_peer *peer, const struct slu_event *ev)
{
	if (ev->stream_id == peer->publish_id)
		slu_peer_stop_publishing(peer);
}
