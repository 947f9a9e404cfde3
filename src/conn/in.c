/* SPDX-License-Identifier: MIT */
#include "conn/conn_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "net/sealer.h" /* SLU_TLS_RECORD */
#include "session/secret.h"

static bool held(const struct slu_conn *c)
{
	return c->in_at < c->in_end;
}

/* Feeds the session from what is held, up to its next event. Returns the bytes it took, or the error. */
static long feed(struct slu_conn *c)
{
	long n = slu_session_in(c->session, c->in + c->in_at, c->in_end - c->in_at);

	if (n < 0)
		return n;
	c->in_at += (size_t)n;
	if (slu_session_took_secret(c->session))
		slu_wipe_bytes(c->in, c->in_at);
	if (!held(c))
		c->in_at = c->in_end = 0;
	return n;
}

/* The buffer, which was filled and is empty, grows, if there is memory for that. */
static void grow(struct slu_conn *c)
{
	uint8_t *larger = malloc(CONN_READ_SIZE);

	if (!larger)
		return;
	free(c->in);
	c->in = larger;
	c->in_size = CONN_READ_SIZE;
}

/* One read into the empty buffer. True when there is probably more. */
static bool fill(struct slu_conn *c)
{
	struct slu_transport *t = c->transport;
	long n;

	if (c->in_filled && c->in_size < CONN_READ_SIZE)
		grow(c);
	n = t->ops->recv(t, c->in, c->in_size);
	c->in_filled = n == (long)c->in_size;

	if (n < 0) {
		c->in_ended = true;
		if (!c->lost && n != SLU_ERR_CLOSED)
			c->lost = (int)n;
	}
	/* A peer that writes do not reach any more, and that has said all it had to say. */
	if (n == 0 && c->broken)
		c->in_ended = true;
	if (n <= 0)
		return false;
	c->in_at = 0;
	c->in_end = (size_t)n;
	/* A short read of a socket has emptied it; of TLS, it is a record, and a full one is seldom the last. */
	return c->in_filled || n == SLU_TLS_RECORD || c->broken || t->ops->buffered(t) > 0;
}

int slu_conn_read(struct slu_conn *c)
{
	bool more = true;

	for (int i = 0; i < CONN_READS && more && !held(c) && !c->in_ended; i++) {
		more = fill(c);
		if (held(c) && slu_conn_sniff(c))
			return 0;
		if (held(c)) {
			long n = feed(c);

			if (n < 0)
				return slu_conn_fail_session(c, (int)n);
		}
	}
	return 0;
}

/* A peer that owes us nothing may leave as it likes: many reset, or leave TLS's close_notify out. */
int slu_conn_input_end(struct slu_conn *c)
{
	bool hung_up = !c->lost || c->lost == SLU_ERR_RESET || c->lost == SLU_ERR_CLOSED;
	int err;

	if (!c->in_ended || held(c) || c->state != CONN_ESTABLISHED)
		return 0;
	err = slu_session_in_end(c->session);
	if (!err && hung_up) {
		c->left = true;
		return slu_conn_close(c);
	}
	if (c->lost)
		return slu_conn_fail_transport(c, c->lost);
	return slu_conn_fail_session(c, err);
}

/* Nobody pulls events any more, and only one of them matters. */
static void drop_events(struct slu_conn *c)
{
	struct slu_event ev;

	while (slu_session_event(c->session, &ev))
		if (ev.type == SLU_EVENT_MESSAGE)
			slu_session_handle(c->session, &ev.msg);
		else if (ev.type == SLU_EVENT_STATUS && ev.code && strcmp(ev.code, "NetStream.Unpublish.Success") == 0)
			c->unpublished = true;
}

static void feed_closing(struct slu_conn *c)
{
	long n;

	while (held(c) && !c->session_over) {
		drop_events(c);
		n = feed(c);
		c->session_over = n <= 0;
	}
	drop_events(c);
	c->in_at = c->in_end = 0;
}

void slu_conn_read_closing(struct slu_conn *c)
{
	bool more = true;

	feed_closing(c);
	for (int i = 0; i < CONN_READS && more && !c->in_ended; i++) {
		more = fill(c);
		feed_closing(c);
	}
}

static void note_stage(struct slu_conn *c, enum slu_event_type type)
{
	switch (type) {
	case SLU_EVENT_HANDSHAKE:
		c->stage = STAGE_CONNECT;
		break;
	case SLU_EVENT_CONNECTED:
	case SLU_EVENT_CONNECT:
		c->stage = STAGE_REQUEST;
		break;
	case SLU_EVENT_PUBLISHING:
		c->publishes = true;
		c->stage = STAGE_ACTIVE;
		c->active_ms = slu_now_ms();
		break;
	case SLU_EVENT_PLAYING:
	case SLU_EVENT_PUBLISH:
	case SLU_EVENT_PLAY:
		c->stage = STAGE_ACTIVE;
		break;
	default:
		break;
	}
}

bool slu_conn_outcome(struct slu_conn *c, struct slu_event *ev)
{
	if (!slu_session_event(c->session, ev))
		return false;
	note_stage(c, ev->type);
	return true;
}

/* The next event, feeding the session from what is held, also when the connection has failed meanwhile: what was
 * received before is not lost. */
static bool pull(struct slu_conn *c, struct slu_event *ev)
{
	while (!slu_session_event(c->session, ev)) {
		long n = held(c) && !c->is_http ? feed(c) : 0;

		if (n < 0 && c->state == CONN_ESTABLISHED)
			slu_conn_fail_session(c, (int)n);
		if (n <= 0)
			return false;
	}
	return true;
}

bool slu_conn_event(struct slu_conn *c, struct slu_event *ev)
{
	if (c->state != CONN_ESTABLISHED && c->state != CONN_FAILED)
		return false;
	if (pull(c, ev)) {
		note_stage(c, ev->type);
		return true;
	}
	/* All is pulled. What the session answered, and what the caller answered to the events, goes out. Failures
	 * are returned by the next slu_conn_process(). */
	if (c->state == CONN_ESTABLISHED && !c->blocked)
		slu_conn_push(c);
	slu_conn_input_end(c);
	return false;
}
