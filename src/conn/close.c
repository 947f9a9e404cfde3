/* SPDX-License-Identifier: MIT */
/*
 * Closing loses nothing that the network can still take. The steps: all that is queued goes out while bytes are being
 * acknowledged; publishing or playing is ended; the peer's kernel acknowledges what was queued; the stream is shut;
 * and the peer's end is awaited for a second at most. What the peer sends is read all the while, for closing a socket
 * with unread data (a TLS 1.3 session ticket is enough) makes the kernel send a reset, which throws away what the
 * peer has not read yet.
 *
 * The stream is not shut before all is acknowledged: many servers close their socket when publishing ends, and if our
 * close_notify lies unread there, their kernel resets the connection. Without that acknowledgement, which it would
 * have delayed a little, nobody could tell this from a loss.
 *
 * Nor is it shut before the server has said that publishing ended, if it does so in time: where a proxy stands in
 * front (nginx for TLS, say), its kernel is the one that acknowledges, and many a proxy drops what it has not yet
 * handed on when it sees the end of one side.
 */
#include "conn/conn_impl.h"

#include "base/log.h"

uint64_t slu_conn_count_undelivered(const struct slu_conn *c)
{
	uint64_t unacked, delivered;
	bool reset;

	if (c->state == CONN_OPENING)
		return 0;
	unacked = slu_conn_unacked(c, &reset);
	if (!c->stopped)
		return slu_conn_queued(c) + unacked;
	/* The farewell itself does not count: peers may well be gone when it arrives. */
	delivered = slu_conn_wire_out(c) - unacked;
	return delivered < c->media_wire ? c->media_wire - delivered : 0;
}

void slu_conn_release(struct slu_conn *c, enum conn_state state)
{
	struct slu_transport *t = c->transport;

	if (!t)
		return;
	c->undelivered = slu_conn_count_undelivered(c);
	t->ops->stats(t, &c->last);
	slu_tcp_info(t->ops->fd(t), &c->last_tcp);
	t->ops->free(t);
	c->transport = NULL;
	c->state = state;
}

static void closed(struct slu_conn *c)
{
	if (c->lost == SLU_ERR_RENEW) {
		slu_conn_fail_transport(c, c->lost);
		return;
	}
	slu_conn_release(c, CONN_CLOSED);
	slu_log(&c->log, SLU_LOG_INFO, "%s: closed", c->name);
}

/* Nothing more can be written: in order when all had arrived. */
static void broken(struct slu_conn *c)
{
	uint64_t lost = slu_conn_count_undelivered(c);

	if (!lost || c->left) {
		closed(c);
		return;
	}
	slu_conn_fail(
		c, SLU_ERR_UNDELIVERED,
		"%s broke the connection before it had all of the stream: its last %llu bytes are not delivered%s",
		c->name, (unsigned long long)lost,
		slu_conn_second_thoughts(c) ? "; it may not want this stream name or key" : "");
}

/* True when all of it went out. Otherwise it goes on later, or the connection is over. */
static bool push_all(struct slu_conn *c, uint64_t now)
{
	slu_conn_push(c);
	if (c->broken)
		broken(c);
	else if (c->blocked)
		slu_conn_watch_tick(c, now);
	return !c->broken && !c->blocked && c->state == CONN_DRAINING;
}

void slu_conn_draining(struct slu_conn *c, uint64_t now)
{
	slu_conn_read_closing(c);
	if (!push_all(c, now))
		return;
	if (!c->stopped) {
		c->media_wire = slu_conn_wire_out(c);
		c->stopped = true;
		slu_session_stop(c->session); /* SLU_ERR_STATE when there is nothing to stop */
		if (!push_all(c, now))
			return;
	}
	c->ack_poll_ms = now;
	c->ack_poll_step = CONN_ACK_POLL_MIN_MS;
	c->state = CONN_SETTLING;
}

/* The kernel has no event for "all is acknowledged": it is asked, ever less often. */
void slu_conn_settling(struct slu_conn *c, uint64_t now)
{
	bool reset;

	slu_conn_read_closing(c);
	if (now < c->ack_poll_ms && !c->in_ended)
		return;
	slu_conn_unacked(c, &reset);
	if (!slu_conn_count_undelivered(c)) {
		c->confirm_ms = now + c->close_timeout_ms / 2;
		c->linger_ms = now + c->close_timeout_ms;
		c->state = CONN_CONFIRMING;
		return;
	}
	if (reset) {
		broken(c);
		return;
	}
	if (slu_conn_watch_tick(c, now))
		return;
	c->ack_poll_ms = now + c->ack_poll_step;
	c->ack_poll_step *= 2;
	if (c->ack_poll_step > CONN_ACK_POLL_MAX_MS)
		c->ack_poll_step = CONN_ACK_POLL_MAX_MS;
}

void slu_conn_confirming(struct slu_conn *c, uint64_t now)
{
	slu_conn_read_closing(c);
	if (!c->publishes || c->unpublished || c->in_ended || c->session_over || now >= c->confirm_ms)
		c->state = CONN_SHUTDOWN;
}

void slu_conn_shutdown(struct slu_conn *c, uint64_t now)
{
	slu_conn_read_closing(c);
	/* When that fails, there is nobody to shut it to, and nothing is lost by it; nor is it when what it waits for
	 * does not come. */
	if (c->transport->ops->shutdown(c->transport) || (slu_conn_waits(c) && now >= c->linger_ms)) {
		c->state = CONN_LINGER;
		return;
	}
	slu_conn_watch(c);
	slu_conn_watch_tick(c, now);
}

void slu_conn_renew(struct slu_conn *c)
{
	c->lost = SLU_ERR_RENEW;
	c->linger_ms = slu_now_ms() + c->close_timeout_ms;
	c->state = CONN_SHUTDOWN;
	slu_conn_watch(c);
}

/* A connection that is to be made anew has shut its stream before all was acknowledged, and a peer that reads slowly is
 * to have it all the same. Bounded by the stall deadline, which may be what is found here. */
static bool on_its_way(struct slu_conn *c, uint64_t now)
{
	bool reset;

	if (c->lost != SLU_ERR_RENEW || !slu_conn_unacked(c, &reset) || reset)
		return false;
	c->linger_ms = now + CONN_ACK_POLL_MAX_MS;
	slu_conn_watch_tick(c, now);
	return true;
}

void slu_conn_linger(struct slu_conn *c, uint64_t now)
{
	slu_conn_read_closing(c);
	if (c->in_ended || (now >= c->linger_ms && !on_its_way(c, now)))
		closed(c);
}

int slu_conn_close(struct slu_conn *c)
{
	if (c->state > CONN_ESTABLISHED)
		return c->err;
	if (c->state == CONN_OPENING || (c->broken && c->in_ended)) {
		closed(c);
		return 0;
	}
	c->more = false;
	c->state = CONN_DRAINING;
	if (slu_conn_queued(c))
		slu_conn_watch(c);
	return 0;
}

bool slu_conn_closed(const struct slu_conn *c)
{
	return c->state >= CONN_CLOSED;
}
