/* SPDX-License-Identifier: MIT */
/* From a transport that begins to connect to an open TLS connection, or why there is none. */
#include "net/tls_impl.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/log.h"
#include "net/seal_ktls.h"
#include "net/seal_libssl.h"

_Static_assert((int)SLU_TLS_FIRST == (int)SLU_TLS_FIRST_BYTES, "both hold what the peer said first");

/* ---- OpenSSL's half ---- */

int slu_tls_arm(struct tls *t, struct slu_tls_ctx *ctx, const char *host)
{
	int r = slu_tls_peer_open(&t->peer, ctx, host);
	BIO *bio = slu_tls_bio_open(&t->bio, t->inner);

	if ((r != 0 && r != SLU_ERR_INVALID) || !bio) {
		BIO_free(bio);
		snprintf(t->error, sizeof t->error, "out of memory");
		return SLU_ERR_NOMEM;
	}
	SSL_set_bio(t->peer.ssl, bio, bio);
	if (r != 0)
		snprintf(t->error, sizeof t->error, "%s", t->peer.verdict);
	return r;
}

void slu_tls_disarm(struct tls *t)
{
	slu_tls_peer_close(&t->peer); /* and with the SSL its BIOs */
	slu_tls_ktls_end(&t->ktls);
	slu_tls_bio_close(&t->bio);
}

/* ---- failures ---- */

static int fail(struct tls *t, int err)
{
	if (t->err == 0)
		t->err = err;
	return t->err;
}

int slu_tls_below(struct tls *t, int err)
{
	if (!t->error[0])
		snprintf(t->error, sizeof t->error, "%s", t->inner->ops->error(t->inner));
	return err;
}

int slu_tls_why(struct tls *t)
{
	memcpy(t->peer.first, t->bio.first, sizeof t->peer.first);
	t->peer.nfirst = t->bio.nfirst;
	/* A reset in the handshake is a way to hang up on it. */
	t->peer.eof = t->bio.eof || t->bio.in_err == SLU_ERR_RESET || t->bio.out_err == SLU_ERR_RESET;
	if (t->bio.in_err && (t->state == STATE_OPEN || t->bio.in_err != SLU_ERR_RESET)) {
		ERR_clear_error();
		return slu_tls_below(t, t->bio.in_err);
	}
	return slu_tls_explain(&t->peer, t->error, sizeof t->error);
}

/* ---- the handshake ---- */

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
		return slu_tls_why(t);
	if (t->bio.out_err == SLU_ERR_NOMEM)
		snprintf(t->error, sizeof t->error, "out of memory");
	return slu_tls_below(t, t->bio.out_err);
}

static int handshake(struct tls *t, uint64_t now_ms)
{
	int r, why;

	ERR_clear_error();
	r = SSL_do_handshake(t->peer.ssl);
	why = r == 1 ? SSL_ERROR_NONE : SSL_get_error(t->peer.ssl, r);
	if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
		r = slu_tls_why(t);
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

int slu_tls_open(struct slu_transport *transport, uint64_t now_ms)
{
	struct tls *t = tls_of(transport);
	int r;

	if (t->err)
		return t->err;
	if (t->state == STATE_OPEN)
		return 1;
	if (t->state == STATE_INNER) {
		r = t->inner->ops->open(t->inner, now_ms);
		if (r < 0)
			return fail(t, slu_tls_below(t, r));
		if (r == 0)
			return 0;
		begin_handshake(t, now_ms);
	}
	return handshake(t, now_ms);
}
