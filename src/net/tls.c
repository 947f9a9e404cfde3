/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/log.h"
#include "crypto/tls_ctx.h"
#include "net/seal_ktls.h"
#include "net/seal_libssl.h"
#include "net/tls_bio.h"
#include "net/tls_ktls.h"

_Static_assert((int)SLU_TLS_FIRST == (int)SLU_TLS_FIRST_BYTES, "both hold what the peer said first");

enum state { STATE_INNER, STATE_HANDSHAKE, STATE_OPEN };

struct tls {
	struct slu_transport transport;
	struct slu_transport *inner;
	struct slu_tls_peer peer;
	struct slu_tls_bio bio;
	struct slu_tls_ktls ktls;
	struct slu_sealer *sealer;
	enum state state;
	unsigned timeout_ms;
	uint64_t started, ended; /* of the handshake */
	int err;                 /* of opening; sticky */
	int in_err;              /* of receiving; sticky */
	bool drained;            /* the last recv() took all that there was */
	bool notified;           /* close_notify is written */
	char error[SLU_TLS_SENTENCE];
};

static struct tls *self(struct slu_transport *t)
{
	return (struct tls *)t;
}

static const struct tls *const_self(const struct slu_transport *t)
{
	return (const struct tls *)t;
}

/* ---- opening ---- */

static int fail(struct tls *t, int err)
{
	if (t->err == 0)
		t->err = err;
	return t->err;
}

static int fail_inner(struct tls *t, int err)
{
	if (!t->error[0])
		snprintf(t->error, sizeof t->error, "%s", t->inner->ops->error(t->inner));
	return err;
}

/* Why libssl failed: the transport below, or what it makes of the bytes. */
static int explain(struct tls *t)
{
	memcpy(t->peer.first, t->bio.first, sizeof t->peer.first);
	t->peer.nfirst = t->bio.nfirst;
	/* A reset in the handshake is a way to hang up on it. */
	t->peer.eof = t->bio.eof || t->bio.in_err == SLU_ERR_RESET || t->bio.out_err == SLU_ERR_RESET;
	if (t->bio.in_err && (t->state == STATE_OPEN || t->bio.in_err != SLU_ERR_RESET)) {
		ERR_clear_error();
		return fail_inner(t, t->bio.in_err);
	}
	return slu_tls_explain(&t->peer, t->error, sizeof t->error);
}

static void begin_handshake(struct tls *t, uint64_t now_ms)
{
	struct slu_transport_stats stats;
	const char *colon;

	memset(&stats, 0, sizeof stats);
	t->inner->ops->stats(t->inner, &stats);
	colon = strrchr(stats.peer, ':');
	t->state = STATE_HANDSHAKE;
	t->started = now_ms;
	slu_tls_peer_begin(&t->peer, colon ? colon + 1 : "");
	slu_tls_ktls_begin(&t->ktls, &t->peer, &t->bio);
}

static int finish_handshake(struct tls *t, uint64_t now_ms)
{
	bool kernel = slu_tls_ktls_decide(&t->ktls);
	char who[256];

	t->sealer = kernel ? slu_seal_ktls(&t->ktls) : slu_seal_libssl(t->peer.ssl, &t->bio);
	if (!t->sealer) {
		snprintf(t->error, sizeof t->error, "out of memory");
		return fail(t, SLU_ERR_NOMEM);
	}
	t->state = STATE_OPEN;
	t->peer.open = true;
	t->ended = now_ms;
	slu_offload_connected(&t->peer.ctx->offload, t->peer.ssl);
	slu_log(&t->peer.ctx->config.log, SLU_LOG_DEBUG, "TLS with %s: %s %s%s%s",
		slu_tls_peer_name(&t->peer, who, sizeof who), SSL_get_version(t->peer.ssl),
		SSL_get_cipher_name(t->peer.ssl), SSL_session_reused(t->peer.ssl) ? ", resumed" : "",
		kernel ? ", encrypted by the kernel" : "");
	return 1;
}

/* The writing side failed in the handshake, with all read that there was. */
static int cut_off(struct tls *t)
{
	if (t->bio.out_err == SLU_ERR_RESET)
		return explain(t);
	if (t->bio.out_err == SLU_ERR_NOMEM)
		snprintf(t->error, sizeof t->error, "out of memory");
	return fail_inner(t, t->bio.out_err);
}

static int handshake(struct tls *t, uint64_t now_ms)
{
	int r, why;

	ERR_clear_error();
	r = SSL_do_handshake(t->peer.ssl);
	why = r == 1 ? SSL_ERROR_NONE : SSL_get_error(t->peer.ssl, r);
	if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
		r = explain(t);
		slu_tls_bio_flush(&t->bio); /* the alert, when there is one; nobody waits for it */
		return fail(t, r);
	}
	if (slu_tls_bio_flush(&t->bio) < 0)
		return fail(t, cut_off(t));
	if (why == SSL_ERROR_NONE)
		return finish_handshake(t, now_ms);
	if (t->timeout_ms && now_ms - t->started >= t->timeout_ms) {
		t->peer.nfirst = t->bio.nfirst;
		return fail(t, slu_tls_explain_timeout(&t->peer, t->timeout_ms, t->error, sizeof t->error));
	}
	return 0;
}

static int tls_open(struct slu_transport *transport, uint64_t now_ms)
{
	struct tls *t = self(transport);
	int r;

	if (t->err)
		return t->err;
	if (t->state == STATE_OPEN)
		return 1;
	if (t->state == STATE_INNER) {
		r = t->inner->ops->open(t->inner, now_ms);
		if (r < 0)
			return fail(t, fail_inner(t, r));
		if (r == 0)
			return 0;
		begin_handshake(t, now_ms);
	}
	return handshake(t, now_ms);
}

/* ---- open ---- */

/* The end of the stream: in order, or cut. */
static int ended(struct tls *t, int why)
{
	char who[256];

	if (why == SSL_ERROR_ZERO_RETURN)
		return SLU_ERR_CLOSED;
	if (!t->bio.eof)
		return explain(t);
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
	struct tls *t = self(transport);
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
		fail_inner(t, err);
	}
	return err;
}

static long tls_send(struct slu_transport *transport, const struct slu_vec *vec, size_t nvec)
{
	struct tls *t = self(transport);
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
	struct tls *t = self(transport);
	int r;

	if (t->err)
		return t->err;
	r = t->sealer ? t->sealer->ops->flush(t->sealer) : slu_tls_bio_flush(&t->bio);
	return r < 0 ? out_failed(t, r) : r;
}

static size_t tls_pending(const struct slu_transport *transport)
{
	const struct tls *t = const_self(transport);

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
	struct tls *t = self(transport);
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
	return r < 0 ? fail_inner(t, r) : r;
}

static int tls_fd(const struct slu_transport *transport)
{
	const struct slu_transport *inner = const_self(transport)->inner;

	return inner->ops->fd(inner);
}

static unsigned tls_want(const struct slu_transport *transport)
{
	const struct tls *t = const_self(transport);
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
	const struct tls *t = const_self(transport);
	int n;

	if (t->state != STATE_OPEN || t->drained || t->in_err)
		return 0;
	n = SSL_pending(t->peer.ssl);
	/* A record may lie there read ahead and not yet decrypted: how long it is shows when recv() is called. */
	return n > 0 ? (size_t)n : (size_t)(SSL_has_pending(t->peer.ssl) != 0);
}

static uint64_t tls_deadline(const struct slu_transport *transport)
{
	const struct tls *t = const_self(transport);

	if (t->err || t->state == STATE_OPEN)
		return UINT64_MAX;
	if (t->state == STATE_INNER)
		return t->inner->ops->deadline(t->inner);
	return t->timeout_ms ? t->started + t->timeout_ms : UINT64_MAX;
}

static const char *tls_error(const struct slu_transport *transport)
{
	return const_self(transport)->error;
}

static void tls_stats(const struct slu_transport *transport, struct slu_transport_stats *out)
{
	const struct tls *t = const_self(transport);

	t->inner->ops->stats(t->inner, out);
	out->tls = true;
	out->tls_version = out->tls_suite = "";
	if (t->state != STATE_OPEN)
		return;
	t->sealer->ops->stats(t->sealer, out);
	out->tls_ms = (unsigned)(t->ended - t->started);
	out->tls_resumed = SSL_session_reused((SSL *)(uintptr_t)t->peer.ssl) == 1;
	out->tls_version = SSL_get_version(t->peer.ssl);
	out->tls_suite = SSL_get_cipher_name(t->peer.ssl);
}

static void tls_free(struct slu_transport *transport)
{
	struct tls *t = self(transport);

	if (t->sealer)
		t->sealer->ops->free(t->sealer);
	slu_tls_peer_close(&t->peer); /* and with the SSL its BIOs */
	slu_tls_ktls_end(&t->ktls);
	slu_tls_bio_close(&t->bio);
	t->inner->ops->free(t->inner);
	free(t);
}

static const struct slu_transport_ops ops = {
	.open = tls_open,
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
	BIO *bio;
	int r;

	if (!t) {
		inner->ops->free(inner);
		return NULL;
	}
	t->transport.ops = &ops;
	t->inner = inner;
	t->timeout_ms = timeout_ms;
	r = slu_tls_peer_open(&t->peer, ctx, host);
	if (r == SLU_ERR_INVALID) {
		snprintf(t->error, sizeof t->error, "%s", t->peer.verdict);
		t->err = r;
	}
	bio = slu_tls_bio_open(&t->bio, inner);
	if ((r != 0 && r != SLU_ERR_INVALID) || !bio) {
		BIO_free(bio);
		tls_free(&t->transport);
		return NULL;
	}
	SSL_set_bio(t->peer.ssl, bio, bio);
	return &t->transport;
}
