/* SPDX-License-Identifier: MIT */
#include "conn/conn_impl.h"

#include <stdlib.h>

#include "net/sealer.h" /* SLU_TLS_RECORD */

static bool grow_vecs(struct slu_conn *c)
{
	struct slu_vec *grown;

	if (c->vec_cap >= CONN_VECS_MAX)
		return false;
	grown = realloc(c->vec, 2 * c->vec_cap * sizeof *grown);
	if (!grown) /* then less goes out at once */
		return false;
	c->vec = grown;
	c->vec_cap *= 2;
	return true;
}

/* Cuts n vecs to max bytes; *bytes takes what is left. Returns how many vecs are. */
static size_t cut(struct slu_vec *vec, size_t n, size_t max, size_t *bytes)
{
	*bytes = 0;
	for (size_t i = 0; i < n; i++) {
		if (vec[i].size >= max - *bytes) {
			vec[i].size = max - *bytes;
			*bytes = max;
			return i + 1;
		}
		*bytes += vec[i].size;
	}
	return n;
}

static size_t gather(struct slu_conn *c, size_t *bytes)
{
	size_t n;

	for (;;) {
		bool full;

		n = slu_session_out(c->session, c->vec, c->vec_cap);
		full = n == c->vec_cap;
		n = cut(c->vec, n, CONN_FLUSH_MAX, bytes);
		if (!full || *bytes == CONN_FLUSH_MAX || !grow_vecs(c))
			break;
	}
	if (c->more && *bytes >= SLU_TLS_RECORD)
		n = cut(c->vec, n, *bytes - *bytes % SLU_TLS_RECORD, bytes);
	return n;
}

/* Offers what is queued to the transport, once. 1: all of it was taken and written; 0: not; <0. */
static int push_once(struct slu_conn *c)
{
	struct slu_transport *t = c->transport;
	size_t bytes, n;
	long took;

	if (t->ops->pending(t) > 0) {
		int done = t->ops->flush(t);

		if (done <= 0)
			return done;
	}
	n = gather(c, &bytes);
	if (!n)
		return 1;
	took = t->ops->send(t, c->vec, n);
	if (took < 0)
		return (int)took;
	slu_session_sent(c->session, (size_t)took);
	return (size_t)took == bytes && t->ops->pending(t) == 0;
}

void slu_conn_push(struct slu_conn *c)
{
	int done = 1;

	c->blocked = false;
	if (!slu_conn_sendable(c) || c->broken)
		return;
	c->flushes++;
	while (done == 1 && slu_conn_sendable(c))
		done = push_once(c);
	if (done == SLU_ERR_RENEW) {
		slu_conn_renew(c);
		return;
	}
	if (done < 0) {
		/* The peer may have said why before it went: what is to be read comes first. */
		c->broken = true;
		if (!c->lost)
			c->lost = done;
		return;
	}
	c->blocked = done == 0;
	slu_conn_watch(c);
}

void slu_conn_push_last(struct slu_conn *c)
{
	push_once(c);
}

int slu_conn_send(struct slu_conn *c, const struct slu_msg *msg)
{
	/* In its last second a connection that has to be made anew still queues: what is lost is told in its stats. */
	if (c->state > CONN_ESTABLISHED && (c->err || c->lost != SLU_ERR_RENEW))
		return c->err ? c->err : SLU_ERR_STATE;
	return slu_session_send(c->session, msg);
}

static int flush(struct slu_conn *c, bool more)
{
	c->more = more;
	/* A blocked socket is asked again when it is writable, by slu_conn_process(). */
	if (c->state == CONN_ESTABLISHED && !c->blocked)
		slu_conn_push(c);
	return c->err;
}

int slu_conn_flush(struct slu_conn *c)
{
	return flush(c, false);
}

int slu_conn_flush_more(struct slu_conn *c)
{
	return flush(c, true);
}

void slu_conn_gather(struct slu_conn *c, bool on)
{
	if (c->transport)
		slu_tcp_gather(c->transport->ops->fd(c->transport), on);
}

bool slu_conn_patience(struct slu_conn *c, int n)
{
	return c->transport && slu_tcp_patience(c->transport->ops->fd(c->transport), n);
}

bool slu_conn_sendable(const struct slu_conn *c)
{
	if (c->transport && c->transport->ops->pending(c->transport) > 0)
		return true;
	return slu_session_queued(c->session) >= (c->more ? SLU_TLS_RECORD : 1);
}

bool slu_conn_waits(const struct slu_conn *c)
{
	return c->transport->ops->waits && c->transport->ops->waits(c->transport);
}

size_t slu_conn_queued(const struct slu_conn *c)
{
	size_t pending = c->transport ? c->transport->ops->pending(c->transport) : 0;

	return slu_session_queued(c->session) + pending;
}
