/* SPDX-License-Identifier: MIT */
/* When a peer has done nothing, or the wrong thing, for long enough; and what is done then. */
#include "server/peer_impl.h"

#include <inttypes.h>
#include <stdio.h>

enum { CLOSING_MS = 5000 }; /* for who was told to go to take what is queued for it */

static const struct refusal silent = {"NetStream.Publish.Idle", "Nothing was published for too long."};
static const struct refusal unpublished = {"NetStream.Play.StreamNotFound", "Nobody has published this for too long."};
static const struct refusal too_slow = {"NetStream.Play.InsufficientBW",
					"What is published does not get through to you: take less of it."};

static uint64_t after(uint64_t since, unsigned ms)
{
	return ms ? since + ms : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void close_after(struct slu_peer *peer, const char *what, unsigned ms, const struct refusal *status,
			const char *reason)
{
	char text[80];

	snprintf(text, sizeof text, "%s for %u ms", what, ms);
	slu_peer_dismiss(peer, status, reason, text);
}

/* ---- publishing ---- */

static uint64_t silent_at(const struct slu_peer *peer)
{
	return peer->stream ? after(peer->media_ms, peer->all->timeouts.publish_ms) : UINT64_MAX;
}

static void close_silent(struct slu_peer *peer)
{
	close_after(peer, "it published nothing", peer->all->timeouts.publish_ms, &silent, "publish-timeout");
}

static uint64_t answer_at(const struct slu_peer *peer)
{
	return peer->refuse_ms ? peer->refuse_ms : UINT64_MAX;
}

/* ---- playing ---- */

static uint64_t waited_at(const struct slu_peer *peer)
{
	return peer->waiting ? after(peer->active_ms, peer->all->timeouts.wait_ms) : UINT64_MAX;
}

static void close_waiting(struct slu_peer *peer)
{
	close_after(peer, "what it plays was not published", peer->all->timeouts.wait_ms, &unpublished, "wait-timeout");
}

static uint64_t slow_at(const struct slu_peer *peer)
{
	return slu_slowness_deadline(&peer->slow, peer->all->timeouts.slow_ms);
}

static void look_at_slow(struct slu_peer *peer)
{
	const struct slu_peers *all = peer->all;
	char text[160];

	slu_slowness_look(&peer->slow, peer->player.losing, slu_conn_queued(peer->conn), all->max_queue,
			  all->timeouts.slow_ms, all->now_ms);
	if (!slu_slowness_over(&peer->slow, all->timeouts.slow_ms, all->now_ms))
		return;
	snprintf(text, sizeof text, "it was too slow for %u ms, and lost %" PRIu64 " messages of %" PRIu64 " bytes",
		 all->timeouts.slow_ms, peer->player.dropped, peer->player.dropped_bytes);
	slu_peer_dismiss(peer, &too_slow, "slow-timeout", text);
}

static uint64_t end_at(const struct slu_peer *peer)
{
	return peer->played_out && !peer->ended ? peer->tell_ms : UINT64_MAX;
}

/* ---- neither ---- */

/* Who has seen all of a recording plays it still, and idles. */
static uint64_t idle_at(const struct slu_peer *peer)
{
	bool busy = peer->stream || (peer->playing && !peer->ended);

	return busy ? UINT64_MAX : after(peer->active_ms, peer->all->timeouts.idle_ms);
}

static void close_idle(struct slu_peer *peer)
{
	close_after(peer, "it neither published nor played", peer->all->timeouts.idle_ms, NULL, "idle-timeout");
}

/* ---- all ---- */

static const struct {
	uint64_t (*at)(const struct slu_peer *peer); /* UINT64_MAX: never */
	void (*act)(struct slu_peer *peer);
} rules[] = {
	{silent_at, close_silent}, {answer_at, slu_peer_answer_wrong_key}, {waited_at, close_waiting},
	{slow_at, look_at_slow},   {end_at, slu_peer_end_in_time},         {idle_at, close_idle},
};

uint64_t slu_peer_deadline(const struct slu_peer *peer)
{
	uint64_t at = UINT64_MAX;

	if (peer->closing)
		return peer->closing_ms + CLOSING_MS;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		at = earlier(at, rules[i].at(peer));
	return at;
}

bool slu_peer_on_time(struct slu_peer *peer)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !peer->closing; i++)
		if (peer->all->now_ms >= rules[i].at(peer))
			rules[i].act(peer);
	return !peer->closing || peer->all->now_ms < slu_peer_deadline(peer);
}
