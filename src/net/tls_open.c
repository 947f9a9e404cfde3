/* SPDX-License-Identifier: MIT */
/*
 * From a transport that begins to connect to an open TLS connection: the handshake, why it failed, and, for a client, a
 * second one on another connection where the server takes none of the suites that were offered alone because they cost
 * least here.
 */
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

/* ---- once more, with all suites ---- */

static void warn(const struct tls *t)
{
	const char *end = "and it answered in another version", *alert = "";
	char who[256];

	if (SSL_is_init_finished(t->peer.ssl)) {
		end = "and it has them without encrypt-then-MAC";
	} else if (t->peer.alert_in >= 0) {
		end = "and it refused with the alert ";
		alert = SSL_alert_desc_string_long(t->peer.alert_in);
	} else if (t->peer.eof) {
		end = "and it hung up";
	}
	slu_log(&t->peer.ctx->config.log, SLU_LOG_WARN,
		"%s was offered only the suites that cost least here (%s), %s%s: connecting again, and offering all",
		slu_tls_peer_name(&t->peer, who, sizeof who), t->peer.offer, end, alert);
}

/* A client's last words on a connection that stands. */
static void leave(struct tls *t)
{
	if (!SSL_is_init_finished(t->peer.ssl))
		return;
	SSL_shutdown(t->peer.ssl);
	ERR_clear_error();
	slu_tls_bio_flush(&t->bio);
	slu_sessions_clear(&t->peer.ctx->sessions); /* its suite would come back with it */
}

/* Begins anew, on another connection. 0, or what t fails with. */
static int begin_anew(struct tls *t, uint64_t now_ms)
{
	char host[sizeof t->peer.host];
	struct slu_tls_ctx *ctx = slu_tls_ctx_get(t->peer.ctx);
	int r;

	t->error[0] = '\0';
	t->state = STATE_INNER;
	snprintf(host, sizeof host, "%s", t->peer.host);
	slu_tls_disarm(t);
	memset(&t->ktls, 0, sizeof t->ktls);
	t->err = slu_tls_arm(t, ctx, host);
	slu_tls_ctx_free(ctx);
	r = t->err == 0 ? t->inner->ops->again(t->inner, now_ms) : 0;
	if (r < 0)
		fail(t, slu_tls_below(t, r));
	return t->err;
}

int slu_tls_again(struct slu_transport *transport, uint64_t now_ms)
{
	struct tls *t = tls_of(transport);
	struct slu_transport_stats stats = {0};

	if (!t->inner->ops->again || t->state != STATE_OPEN)
		return SLU_ERR_STATE;
	t->sealer->ops->stats(t->sealer, &stats);
	t->before.records += stats.records;
	t->before.short_records += stats.short_records;
	t->before.wire_out += stats.wire_out;
	t->before.writes += stats.writes;
	t->sealer->ops->free(t->sealer);
	t->sealer = NULL;
	t->in_err = 0;
	t->drained = t->notified = t->peer.open = false;
	return begin_anew(t, now_ms);
}

/* Where the server takes none of the suites that were offered alone: begins anew, on another connection, with all of
 * them and with the time that the first one had. False: it takes one, or there is no second time. */
static bool offer_all(struct tls *t, uint64_t now_ms)
{
	if (t->again || !t->inner->ops->again || !slu_tls_peer_refused(&t->peer))
		return false;
	warn(t);
	leave(t);
	t->again = true;
	begin_anew(t, now_ms);
	return true;
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

/* False: out of memory. */
static bool know_client(struct tls *t)
{
	char subject[SLU_TLS_CLIENT];

	if (!slu_tls_peer_subject(&t->peer, subject, sizeof subject))
		return true;
	t->client = strdup(subject);
	return t->client != NULL;
}

static int finish_handshake(struct tls *t, uint64_t now_ms)
{
	char who[256];
	bool kernel;

	if (offer_all(t, now_ms))
		return t->err;
	kernel = slu_tls_ktls_decide(&t->ktls);
	t->sealer = kernel ? slu_seal_ktls(&t->ktls) : slu_seal_libssl(t->peer.ssl, &t->bio);
	if (!t->sealer || !know_client(t)) {
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

static int failed(struct tls *t, int err, uint64_t now_ms)
{
	return err == SLU_ERR_TLS && offer_all(t, now_ms) ? t->err : fail(t, err);
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
		return failed(t, r, now_ms);
	}
	if (slu_tls_bio_flush(&t->bio) < 0)
		return failed(t, cut_off(t), now_ms);
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
