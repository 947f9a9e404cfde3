/* SPDX-License-Identifier: MIT */
/* The pump. What a connection does, waits for and by when, is a table over its states. */
#include "conn/conn_impl.h"

#include <limits.h>

#include "base/log.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- opening ---- */

static void established(struct slu_conn *c, uint64_t now)
{
	struct slu_transport_stats stats;

	c->transport->ops->stats(c->transport, &stats);
	c->frozen_ms = now - c->opened_ms;
	c->tls_overhead = stats.tls ? CONN_TLS_OVERHEAD : 0;
	c->state = CONN_ESTABLISHED;
	if (c->role == SLU_CLIENT)
		slu_log(&c->log, SLU_LOG_INFO, "%s: connected to %s in %u ms%s%s%s%s", c->name, stats.peer,
			stats.connect_ms, stats.tls ? ", " : "", stats.tls ? stats.tls_version : "",
			stats.tls ? " " : "", stats.tls ? stats.tls_suite : "");
	else
		slu_log(&c->log, SLU_LOG_INFO, "%s: accepted%s%s%s%s", c->name, stats.tls ? ", " : "",
			stats.tls ? stats.tls_version : "", stats.tls ? " " : "", stats.tls ? stats.tls_suite : "");
}

static void opening(struct slu_conn *c, uint64_t now)
{
	int open = c->transport->ops->open(c->transport, now);

	if (open < 0)
		slu_conn_fail_transport(c, open);
	else if (open)
		established(c, now);
}

static unsigned opening_want(const struct slu_conn *c)
{
	return c->transport->ops->want(c->transport);
}

static uint64_t opening_deadline(const struct slu_conn *c)
{
	return c->transport->ops->deadline(c->transport);
}

/* ---- established ---- */

/* A server's session ends by itself when it has refused its client: that is said, and is to arrive. */
static void session_ended(struct slu_conn *c, int err)
{
	if (err == SLU_ERR_CLOSED && c->role == SLU_SERVER && !c->in_ended)
		slu_conn_close(c);
	else
		slu_conn_fail_session(c, err);
}

static void pump(struct slu_conn *c, uint64_t now)
{
	int err;

	if (slu_conn_input_end(c) || c->state != CONN_ESTABLISHED)
		return;
	err = slu_session_tick(c->session, slu_conn_session_ms(c, now));
	if (err) {
		session_ended(c, err);
		return;
	}
	if (slu_conn_read(c) || c->state != CONN_ESTABLISHED)
		return;
	slu_conn_push(c);
	slu_conn_watch_tick(c, now);
}

/* Data is wanted unless some is held: then events wait to be pulled first. */
static bool wants_data(const struct slu_conn *c)
{
	return c->in_at == c->in_end && !c->in_ended;
}

/* Of the transport, while it is read. */
static uint64_t transport_deadline(const struct slu_conn *c, bool reads)
{
	return reads ? c->transport->ops->deadline(c->transport) : UINT64_MAX;
}

static unsigned pump_want(const struct slu_conn *c)
{
	unsigned want = c->transport->ops->want(c->transport);

	return want | (wants_data(c) ? SLU_WANT_READ : 0) | (c->blocked && !slu_conn_waits(c) ? SLU_WANT_WRITE : 0);
}

static uint64_t pump_deadline(const struct slu_conn *c)
{
	uint64_t session = slu_session_deadline(c->session);
	bool now = wants_data(c) && c->transport->ops->buffered(c->transport) > 0;

	now = now || (slu_conn_sendable(c) && !c->blocked);
	if (now || c->in_ended || c->broken)
		return 0;
	session = session == UINT64_MAX ? session : session + c->frozen_ms;
	return earlier(earlier(c->watch_ms, session), transport_deadline(c, wants_data(c)));
}

/* ---- closing: the work is in close.c ---- */

static unsigned closing_want(const struct slu_conn *c)
{
	unsigned want = c->transport->ops->want(c->transport);

	if (!c->in_ended)
		want |= SLU_WANT_READ;
	if ((c->blocked || c->state == CONN_SHUTDOWN) && !slu_conn_waits(c))
		want |= SLU_WANT_WRITE;
	return want;
}

static uint64_t step_deadline(const struct slu_conn *c)
{
	if (c->state == CONN_SETTLING)
		return c->ack_poll_ms;
	if (c->state == CONN_CONFIRMING)
		return c->confirm_ms;
	if (c->state == CONN_LINGER)
		return c->linger_ms;
	if (c->state == CONN_SHUTDOWN)
		return slu_conn_waits(c) ? earlier(c->watch_ms, c->linger_ms) : c->watch_ms;
	return c->blocked ? c->watch_ms : 0;
}

static uint64_t closing_deadline(const struct slu_conn *c)
{
	if (!c->in_ended && c->transport->ops->buffered(c->transport) > 0)
		return 0;
	return earlier(step_deadline(c), transport_deadline(c, !c->in_ended));
}

/* ---- over ---- */

static void over(struct slu_conn *c, uint64_t now)
{
	(void)c;
	(void)now;
}

static unsigned over_want(const struct slu_conn *c)
{
	(void)c;
	return 0;
}

static uint64_t over_deadline(const struct slu_conn *c)
{
	(void)c;
	return 0; /* so that a loop that has not noticed comes by */
}

static const struct {
	void (*step)(struct slu_conn *c, uint64_t now);
	unsigned (*want)(const struct slu_conn *c);
	uint64_t (*deadline)(const struct slu_conn *c); /* 0: at once */
} states[] = {
	[CONN_OPENING] = {opening, opening_want, opening_deadline},
	[CONN_ESTABLISHED] = {pump, pump_want, pump_deadline},
	[CONN_DRAINING] = {slu_conn_draining, closing_want, closing_deadline},
	[CONN_SETTLING] = {slu_conn_settling, closing_want, closing_deadline},
	[CONN_CONFIRMING] = {slu_conn_confirming, closing_want, closing_deadline},
	[CONN_SHUTDOWN] = {slu_conn_shutdown, closing_want, closing_deadline},
	[CONN_LINGER] = {slu_conn_linger, closing_want, closing_deadline},
	[CONN_CLOSED] = {over, over_want, over_deadline},
	[CONN_FAILED] = {over, over_want, over_deadline},
};

int slu_conn_process(struct slu_conn *c)
{
	enum conn_state before;

	do {
		before = c->state;
		/* Anew each time: what a step began at its own time is not to be older than the next one. */
		states[before].step(c, slu_now_ms());
	} while (c->state != before);
	return c->err;
}

unsigned slu_conn_want(const struct slu_conn *c)
{
	return states[c->state].want(c);
}

int slu_conn_fd(const struct slu_conn *c)
{
	/* A socket that has nothing more to say may report that for ever: not to be waited for. */
	if (c->state == CONN_SETTLING && !slu_conn_want(c))
		return -1;
	return c->transport ? c->transport->ops->fd(c->transport) : -1;
}

uint64_t slu_conn_deadline(const struct slu_conn *c)
{
	return states[c->state].deadline(c);
}

int slu_conn_timeout(const struct slu_conn *c)
{
	uint64_t at = slu_conn_deadline(c);
	uint64_t now;

	if (at == UINT64_MAX || at == 0)
		return at ? -1 : 0;
	now = slu_now_ms();
	if (at <= now)
		return 0;
	return at - now < INT_MAX ? (int)(at - now) : INT_MAX;
}
