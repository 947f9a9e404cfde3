/* SPDX-License-Identifier: MIT */
/* The transport once it is open. How it gets there is in tls_open.c. */
#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "net/tls_impl.h"

static const struct tls *tls_of_const(const struct slu_transport *t)
{
	return (const struct tls *)t;
}

/* The end of the stream: in order, or cut. */
static int ended(struct tls *t, int why)
{
	char who[256];

	if (why == SSL_ERROR_ZERO_RETURN)
		return SLU_ERR_CLOSED;
	if (!t->bio.eof)
		return slu_tls_why(t);
	ERR_clear_error();
	/* Many peers close TCP without a close_notify once they have ours: nothing was cut that they still owed. */
	if (t->notified)
		return SLU_ERR_CLOSED;
	snprintf(t->error, sizeof t->error,
		 "%s ended the connection without TLS's close_notify: what it sent last may be missing",
		 slu_tls_peer_name(&t->peer, who, sizeof who));
	return SLU_ERR_RESET;
}

enum { DRAIN_MOST = 64 }; /* reads */

/* Nothing that comes counts any more, but that it is taken: closing with unread data would reset the connection, and
 * what the other end has not read yet would be lost. libssl is not asked, for it would answer requests for keys. */
static int drain(struct tls *t, void *buf, size_t n)
{
	long got = 1;

	t->drained = true;
	/* Not for ever, with one that never stops: the connection's deadlines come between two calls. */
	for (int i = 0; i < DRAIN_MOST && got > 0; i++)
		got = t->inner->ops->recv(t->inner, buf, n);
	t->in_err = got < 0 ? (int)got : 0;
	return t->in_err;
}

static long tls_recv(struct slu_transport *transport, void *buf, size_t n)
{
	struct tls *t = tls_of(transport);
	size_t got = 0, k, collected = t->bio.out.len;
	int r = 1;

	if (t->err || t->in_err)
		return t->err ? t->err : t->in_err;
	if (t->state != STATE_OPEN)
		return 0;
	if (t->ktls.ending)
		return drain(t, buf, n);
	ERR_clear_error();
	while (got < n && (r = SSL_read_ex(t->peer.ssl, (uint8_t *)buf + got, n - got, &k)) == 1)
		got += k;
	t->drained = r != 1;
	if (r != 1) {
		r = SSL_get_error(t->peer.ssl, r);
		if (r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE)
			t->in_err = ended(t, r);
	}
	/* The answer to a KeyUpdate, or an alert: what does not go out now is pending, and waits for the socket. An
	 * error is for the next one who sends. */
	if (t->bio.out.len > collected)
		slu_tls_bio_flush(&t->bio);
	return got ? (long)got : t->in_err;
}

static int out_failed(struct tls *t, int err)
{
	char who[256];

	if (t->error[0])
		return err;
	switch (err) {
	case SLU_ERR_TLS:
		slu_tls_explain(&t->peer, t->error, sizeof t->error);
		break;
	case SLU_ERR_NOMEM:
		snprintf(t->error, sizeof t->error, "out of memory");
		break;
	case SLU_ERR_LIMIT:
		snprintf(t->error, sizeof t->error, "%s asks for TLS answers without end and reads none",
			 slu_tls_peer_name(&t->peer, who, sizeof who));
		break;
	case SLU_ERR_RENEW:
		snprintf(
			t->error, sizeof t->error,
			"the keys of the connection to %s are to be changed, which its encryption by the kernel cannot "
			"do: connect again",
			slu_tls_peer_name(&t->peer, who, sizeof who));
		break;
	default:
		slu_tls_below(t, err);
	}
	return err;
}

static long tls_send(struct slu_transport *transport, const struct slu_vec *vec, size_t nvec)
{
	struct tls *t = tls_of(transport);
	long n;

	if (t->err)
		return t->err;
	if (t->state != STATE_OPEN)
		return 0;
	if (t->notified)
		return SLU_ERR_STATE;
	n = t->sealer->ops->send(t->sealer, vec, nvec);
	return n < 0 ? out_failed(t, (int)n) : n;
}

static int tls_flush(struct slu_transport *transport)
{
	struct tls *t = tls_of(transport);
	int r;

	if (t->err)
		return t->err;
	r = t->sealer ? t->sealer->ops->flush(t->sealer) : slu_tls_bio_flush(&t->bio);
	return r < 0 ? out_failed(t, r) : r;
}

static size_t tls_pending(const struct slu_transport *transport)
{
	const struct tls *t = tls_of_const(transport);

	return t->sealer ? t->sealer->ops->pending(t->sealer) : slu_tls_bio_pending(&t->bio) + t->ktls.refused;
}

/* False: the socket does not take it now. It takes what libssl writes to the collector. */
static bool notify(struct tls *t)
{
	int r;

	ERR_clear_error();
	r = SSL_shutdown(t->peer.ssl);
	t->notified = r >= 0 || SSL_get_error(t->peer.ssl, r) != SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	return t->notified;
}

static int tls_shutdown(struct slu_transport *transport)
{
	struct tls *t = tls_of(transport);
	int r;

	if (t->state == STATE_OPEN && !t->notified && !t->err) {
		/* The kernel gets it at once: what is to go before it must. */
		r = slu_tls_ktls_on(&t->ktls) && t->inner->ops->pending(t->inner) ? tls_flush(transport) : 1;
		if (r <= 0 || !notify(t))
			return r < 0 ? r : 0;
	}
	r = tls_pending(transport) ? tls_flush(transport) : 1;
	if (r <= 0)
		return r;
	r = t->inner->ops->shutdown(t->inner);
	return r < 0 ? slu_tls_below(t, r) : r;
}

static int tls_fd(const struct slu_transport *transport)
{
	const struct slu_transport *inner = tls_of_const(transport)->inner;

	return inner->ops->fd(inner);
}

static unsigned tls_want(const struct slu_transport *transport)
{
	const struct tls *t = tls_of_const(transport);
	unsigned want = t->inner->ops->want(t->inner);

	if (t->err)
		return 0;
	if (t->state == STATE_HANDSHAKE)
		want |= SLU_WANT_READ;
	if (t->state != STATE_INNER && tls_pending(transport))
		want |= SLU_WANT_WRITE;
	return want;
}

static size_t tls_buffered(const struct slu_transport *transport)
{
	const struct tls *t = tls_of_const(transport);
	int n;

	if (t->state != STATE_OPEN || t->drained || t->in_err)
		return 0;
	n = SSL_pending(t->peer.ssl);
	/* A record may lie there read ahead and not yet decrypted: how long it is shows when recv() is called. */
	return n > 0 ? (size_t)n : (size_t)(SSL_has_pending(t->peer.ssl) != 0);
}

static uint64_t tls_deadline(const struct slu_transport *transport)
{
	const struct tls *t = tls_of_const(transport);

	if (t->err || t->state == STATE_OPEN)
		return UINT64_MAX;
	if (t->state == STATE_INNER)
		return t->inner->ops->deadline(t->inner);
	return t->timeout_ms ? t->started + t->timeout_ms : UINT64_MAX;
}

static const char *tls_error(const struct slu_transport *transport)
{
	return tls_of_const(transport)->error;
}

static void tls_stats(const struct slu_transport *transport, struct slu_transport_stats *out)
{
	const struct tls *t = tls_of_const(transport);

	t->inner->ops->stats(t->inner, out);
	out->tls = true;
	out->tls_version = out->tls_suite = "";
	if (t->state != STATE_OPEN)
		return;
	t->sealer->ops->stats(t->sealer, out);
	out->records += t->before.records;
	out->short_records += t->before.short_records;
	out->wire_out += t->before.wire_out;
	out->writes += t->before.writes;
	out->tls_ms = (unsigned)(t->ended - t->started);
	out->tls_resumed = SSL_session_reused((SSL *)(uintptr_t)t->peer.ssl) == 1;
	out->tls_version = SSL_get_version(t->peer.ssl);
	out->tls_suite = SSL_get_cipher_name(t->peer.ssl);
	if (t->client)
		snprintf(out->tls_client, sizeof out->tls_client, "%s", t->client);
}

static void tls_free(struct slu_transport *transport)
{
	struct tls *t = tls_of(transport);

	if (t->sealer)
		t->sealer->ops->free(t->sealer);
	slu_tls_disarm(t);
	t->inner->ops->free(t->inner);
	free(t->client);
	free(t);
}

static const struct slu_transport_ops ops = {
	.open = slu_tls_open,
	.again = slu_tls_again,
	.recv = tls_recv,
	.send = tls_send,
	.flush = tls_flush,
	.pending = tls_pending,
	.shutdown = tls_shutdown,
	.fd = tls_fd,
	.want = tls_want,
	.buffered = tls_buffered,
	.deadline = tls_deadline,
	.error = tls_error,
	.stats = tls_stats,
	.free = tls_free,
};

struct slu_transport *slu_tls_over(struct slu_tls_ctx *ctx, struct slu_transport *inner, const char *host,
				   unsigned timeout_ms)
{
	struct tls *t = calloc(1, sizeof *t);

	if (!t) {
		inner->ops->free(inner);
		return NULL;
	}
	t->transport.ops = &ops;
	t->inner = inner;
	t->timeout_ms = timeout_ms;
	t->err = slu_tls_arm(t, ctx, host);
	if (t->err != SLU_ERR_NOMEM)
		return &t->transport;
	tls_free(&t->transport);
	return NULL;
}
