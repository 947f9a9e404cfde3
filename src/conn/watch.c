/* SPDX-License-Identifier: MIT */
/* Is what was written acknowledged? Asked once a second at most, and not at all while nothing is under way. */
#include "conn/conn_impl.h"

enum { WATCH_MS = 1000 };

uint64_t slu_conn_wire_out(const struct slu_conn *c)
{
	struct slu_transport_stats stats;

	c->transport->ops->stats(c->transport, &stats);
	return stats.wire_out;
}

uint64_t slu_conn_unacked(const struct slu_conn *c, bool *reset)
{
	struct slu_tcp_info info = {0};

	/* What is no TCP (a test's memory) has acknowledged what it took. */
	slu_tcp_info(c->transport->ops->fd(c->transport), &info);
	*reset = info.closed;
	return info.unacked;
}

static unsigned interval(const struct slu_conn *c)
{
	unsigned quarter = c->stall_timeout_ms / 4 + 1;

	return quarter < WATCH_MS ? quarter : WATCH_MS;
}

void slu_conn_watch(struct slu_conn *c)
{
	if (c->watch_ms != UINT64_MAX)
		return;
	c->progress_ms = slu_now_ms();
	c->watch_ms = c->progress_ms + interval(c);
}

static int stalled(struct slu_conn *c)
{
	uint64_t lost = slu_conn_count_undelivered(c);

	if (c->state != CONN_ESTABLISHED && !lost) { /* only the farewell does not get through */
		slu_conn_release(c, CONN_CLOSED);
		return 0;
	}
	return slu_conn_fail(c, c->state == CONN_ESTABLISHED ? SLU_ERR_STALLED : SLU_ERR_UNDELIVERED,
			     "%s took no data for %u ms, %llu bytes are not delivered: the network is too slow for "
			     "the stream or the peer hangs; lower the bitrate, or connect again",
			     c->name, c->stall_timeout_ms, (unsigned long long)lost);
}

int slu_conn_watch_tick(struct slu_conn *c, uint64_t now)
{
	uint64_t unacked, acked;
	bool reset;

	if (now < c->watch_ms)
		return 0;
	unacked = slu_conn_unacked(c, &reset);
	acked = slu_conn_wire_out(c) - unacked;
	if (acked != c->acked) {
		c->acked = acked;
		c->progress_ms = now;
	} else if (!unacked && !slu_conn_sendable(c)) {
		c->watch_ms = UINT64_MAX;
		return 0;
	} else if (now - c->progress_ms >= c->stall_timeout_ms) {
		return stalled(c);
	}
	c->watch_ms = now + interval(c);
	return 0;
}
