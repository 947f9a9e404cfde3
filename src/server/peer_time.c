/* SPDX-License-Identifier: MIT */
/* When a peer has done nothing, or the wrong thing, for long enough; and what is done then. */
#include "server/peer_impl.h"

#include <stdio.h>

static const struct refusal silent = {"NetStream.Publish.Idle", "Nothing was published for too long."};

static uint64_t after(uint64_t since, unsigned ms)
{
	return ms ? since + ms : UINT64_MAX;
}

/* Who has seen all of a recording plays it still, and idles. */
static uint64_t idle_until(const struct slu_peer *peer)
{
	return peer->playing && !peer->played_out ? UINT64_MAX : after(peer->active_ms, peer->all->timeouts.idle_ms);
}

uint64_t slu_peer_deadline(const struct slu_peer *peer)
{
	uint64_t at = idle_until(peer);

	if (peer->closing)
		return UINT64_MAX;
	if (peer->stream)
		return after(peer->media_ms, peer->all->timeouts.publish_ms);
	return peer->refuse_ms && peer->refuse_ms < at ? peer->refuse_ms : at;
}

static void close_silent(struct slu_peer *peer)
{
	char text[64];

	snprintf(text, sizeof text, "it published nothing for %u ms", peer->all->timeouts.publish_ms);
	slu_peer_dismiss(peer, &silent, "publish-timeout", text);
}

static void close_idle(struct slu_peer *peer)
{
	char text[64];

	snprintf(text, sizeof text, "it neither published nor played for %u ms", peer->all->timeouts.idle_ms);
	slu_peer_dismiss(peer, NULL, "idle-timeout", text);
}

void slu_peer_on_time(struct slu_peer *peer)
{
	if (peer->all->now_ms < slu_peer_deadline(peer))
		return;
	if (peer->stream)
		close_silent(peer);
	else if (peer->refuse_ms && peer->all->now_ms >= peer->refuse_ms)
		slu_peer_answer_wrong_key(peer);
	else
		close_idle(peer);
}
