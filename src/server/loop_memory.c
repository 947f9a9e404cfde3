/* SPDX-License-Identifier: MIT */
/*
 * What clients and streams take of memory, and what goes when that is too much.
 *
 * The storage of messages counts once, however many queues, caches and recordings refer to it (base/tally.h); what
 * connections have besides is summed up. From seven eighths of what may be on, nobody new is let in. Beyond all of it
 * goes, until there is enough: the player that is furthest behind; a client that does neither, with what it has sent
 * and not ended; what is kept for players to come; and a publisher that has sent far more without ending its messages
 * than those who publish do.
 */
#include <sluice/flv.h>

#include "conn/over.h"
#include "server/loop_impl.h"
#include "server/peer_impl.h"

enum {
	QUEUE_MARGIN = 1 << 20,
	WORTH_IT = 64 * 1024, /* the end of who has less is no help */
	GREEDY = 1 << 20      /* of a publisher, in messages that are not whole */
};

/* The hub's limit is to be reached first: it drops what decoders can do without. */
void slu_loop_set_memory(struct slu_loop_config *config)
{
	struct slu_session_config *session = &config->conn.session;
	struct slu_hub_config *hub = &config->hub;
	size_t all;

	if (!config->max_memory)
		config->max_memory = SLU_LOOP_MAX_MEMORY;
	if (!config->max_connection_memory)
		config->max_connection_memory = SLU_LOOP_MAX_CONNECTION_MEMORY;
	if (!session->max_message)
		session->max_message = SLU_LOOP_MAX_MESSAGE;
	all = config->max_connection_memory;
	if (!hub->max_queue)
		hub->max_queue = SLU_HUB_MAX_QUEUE;
	if (hub->max_queue > all - all / 8)
		hub->max_queue = all - all / 8;
	if (!session->max_queue)
		session->max_queue = QUEUE_MARGIN + SLU_FLV_MAX_BODY + hub->max_queue;
	if (session->max_queue > all)
		session->max_queue = all;
	if (!session->max_memory || session->max_memory > all)
		session->max_memory = all;
}

void slu_loop_note_memory(struct slu_loop *loop, struct client *c)
{
	size_t now = slu_conn_overhead(c->peer->conn);

	/* What is read from a file for one player is nobody else's. */
	if (c->peer->vod)
		now += slu_conn_queued(c->peer->conn);
	loop->overhead += now - c->overhead;
	c->overhead = now;
}

void slu_loop_forget_memory(struct slu_loop *loop, struct client *c)
{
	loop->overhead -= c->overhead;
	c->overhead = 0;
}

size_t slu_loop_memory(const struct slu_loop *loop)
{
	return slu_tally_bytes(&loop->tally) + loop->overhead;
}

/* What somebody does, in the order in which they go. */
enum part { PLAYS, IDLES, PUBLISHES };

static enum part part_of(const struct slu_peer *peer)
{
	return peer->stream ? PUBLISHES : peer->playing ? PLAYS : IDLES;
}

/* What has come of messages that are not whole; of a publisher, for which hardly anything is queued. */
static size_t unfinished(const struct slu_conn *conn)
{
	return slu_conn_memory(conn) - slu_conn_overhead(conn);
}

/* What would be free without it; 0: it may stay. */
static size_t cost(const struct client *c, enum part part)
{
	const struct slu_conn *conn = c->peer->conn;
	size_t n;

	if (c->over || part_of(c->peer) != part)
		return 0;
	if (part == PUBLISHES) {
		n = unfinished(conn);
		return n < GREEDY ? 0 : n;
	}
	n = part == PLAYS ? slu_conn_queued(conn) : slu_conn_memory(conn);
	return n < WORTH_IT ? 0 : n;
}

static struct client *costliest(const struct slu_loop *loop, enum part part)
{
	struct client *found = NULL;
	size_t most = 0, n;

	for (struct client *c = loop->clients; c; c = c->next) {
		n = cost(c, part);
		if (n > most) {
			most = n;
			found = c;
		}
	}
	return found;
}

bool slu_loop_spare_memory(struct slu_loop *loop)
{
	static const char *const why[] = {
		[PLAYS] = "the server has no memory left, and no player is further behind",
		[IDLES] = "the server has no memory left, and nobody else who does nothing has more",
		[PUBLISHES] =
			"the server has no memory left, and no publisher has sent more without ending its messages",
	};
	enum part part;
	struct client *c;

	loop->peers.no_memory = slu_loop_memory(loop) >= loop->config.max_memory - loop->config.max_memory / 8;
	if (slu_loop_memory(loop) <= loop->config.max_memory)
		return false;
	c = costliest(loop, PLAYS);
	if (!c)
		c = costliest(loop, IDLES);
	if (!c && slu_hub_spare(loop->peers.hub) > 0)
		return true;
	if (!c)
		c = costliest(loop, PUBLISHES);
	if (!c)
		return false;
	part = part_of(c->peer);
	slu_peer_dismiss(c->peer, NULL, "max-memory", why[part]);
	slu_loop_end(loop, c); /* what it has is not waited for */
	return true;
}

/* Of one connection. What is queued for a player is kept within it by the hub, which leaves frames out. */
void slu_loop_check_memory(struct slu_loop *loop, struct client *c)
{
	static const struct refusal too_much = {"NetStream.Failed",
						"This connection takes more memory than a client may."};
	struct slu_peer *peer = c->peer;

	if (c->over || peer->closing)
		return;
	if (slu_conn_went_beyond(peer->conn))
		slu_peer_dismiss(peer, NULL, "incoming-limit", slu_conn_error(peer->conn));
	else if (slu_conn_memory(peer->conn) > loop->config.max_connection_memory)
		slu_peer_dismiss(peer, &too_much, "max-connection-memory", too_much.text);
}
