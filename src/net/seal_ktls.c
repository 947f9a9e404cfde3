/* SPDX-License-Identifier: MIT */
/*
 * Plaintext goes to the socket in one write call, straight from where the messages lie, and the kernel cuts it into
 * records of 16 KiB, the last one less: a call without MSG_MORE ends its last record (Documentation/networking/tls.rst,
 * tls_sw_sendmsg_locked() in net/tls/tls_sw.c). A call that could not take everything ends with a full one: the kernel
 * waits for room, or gives up, before it begins a record. So what a call took says what records it made.
 */
#include "net/seal_ktls.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
	SHORT_RECORD = 16,
	HEADER = 5,
	TAG = 16,
	EXPLICIT_NONCE =
		8,     /* RFC 5288, 3 and RFC 6655, 3: with TLS 1.2, of AES-GCM and CCM; RFC 7905, 2: not of ChaCha20 */
	INNER_TYPE = 1 /* RFC 8446, 5.2 */
};

struct seal_ktls {
	struct slu_sealer sealer;
	struct slu_tls_ktls *k;
	struct slu_transport *inner;
	uint64_t records, short_records, rekey_after, rekeyed_at;
	size_t overhead; /* bytes that a record is longer than its plaintext */
	bool tls13;
	bool changing; /* a change of keys waits for the socket */
	int err;       /* sticky */
};

static struct seal_ktls *self(struct slu_sealer *s)
{
	return (struct seal_ktls *)s;
}

static const struct seal_ktls *const_self(const struct slu_sealer *s)
{
	return (const struct seal_ktls *)s;
}

/* What one write call gave to the kernel. */
static void count(struct seal_ktls *s, size_t n)
{
	size_t last = n % SLU_TLS_RECORD;

	s->records += n / SLU_TLS_RECORD + (last > 0);
	s->short_records += last > 0 && last < SHORT_RECORD;
}

/* ---- new keys ---- */

static bool due(const struct seal_ktls *s)
{
	return s->tls13 && (s->k->used_up || s->records - s->rekeyed_at >= s->rekey_after ||
			    SSL_get_key_update_type(s->k->peer->ssl) != SSL_KEY_UPDATE_NONE);
}

static int failed(struct seal_ktls *s)
{
	s->err = s->k->collector->out_err ? s->k->collector->out_err : SLU_ERR_TLS;
	return s->err;
}

/* libssl sends the KeyUpdate through the kernel, which then gets the next key. 1: done; 0: not yet; <0. */
static int change(struct seal_ktls *s)
{
	SSL *ssl = s->k->peer->ssl;
	int r;

	ERR_clear_error();
	if (!s->changing && !s->k->refused && SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1)
		return failed(s);
	s->changing = true;
	r = SSL_do_handshake(ssl);
	if (r != 1 && SSL_get_error(ssl, r) == SSL_ERROR_WANT_WRITE)
		return 0;
	if (r != 1 || s->k->collector->out_err)
		return failed(s);
	s->changing = false;
	s->rekeyed_at = s->records;
	return 1;
}

/* Before any data: the other end that asked for new keys must get them first (RFC 8446, 4.6.3). */
static int rekey(struct seal_ktls *s)
{
	if (!s->changing && !due(s))
		return 1;
	if (s->k->rekeys)
		return change(s);
	s->k->ending = true;
	s->err = SLU_ERR_RENEW;
	return s->err;
}

/* ---- the table ---- */

static int seal_flush(struct slu_sealer *sealer)
{
	struct seal_ktls *s = self(sealer);
	size_t before = s->inner->ops->pending(s->inner);
	int r;

	if (s->err)
		return s->err;
	if (before) {
		r = s->inner->ops->flush(s->inner);
		count(s, before - s->inner->ops->pending(s->inner));
		if (r <= 0)
			return r;
	}
	/* libssl may also have begun by itself, when it read a second request behind one. */
	return s->changing || s->k->refused ? change(s) : 1;
}

static long seal_send(struct slu_sealer *sealer, const struct slu_vec *vec, size_t nvec)
{
	struct seal_ktls *s = self(sealer);
	int r = seal_flush(sealer);
	long taken;

	if (r > 0)
		r = rekey(s);
	if (r <= 0)
		return r;
	taken = s->inner->ops->send(s->inner, vec, nvec);
	if (taken < 0)
		s->err = (int)taken;
	else /* some of it may lie gathered below, and go later */
		count(s, (size_t)taken - s->inner->ops->pending(s->inner));
	return taken;
}

static size_t seal_pending(const struct slu_sealer *sealer)
{
	const struct seal_ktls *s = const_self(sealer);

	return s->inner->ops->pending(s->inner) + s->k->refused;
}

static void seal_stats(const struct slu_sealer *sealer, struct slu_transport_stats *out)
{
	const struct seal_ktls *s = const_self(sealer);

	out->tls_kernel = true;
	out->records = s->records;
	out->short_records = s->short_records;
	/* The transport below has counted what it was given. */
	out->writes += s->k->writes;
	out->wire_out += s->k->bytes + (s->records + s->k->records) * s->overhead;
}

static void seal_free(struct slu_sealer *sealer)
{
	free(sealer);
}

static const struct slu_sealer_ops ops = {
	.send = seal_send,
	.flush = seal_flush,
	.pending = seal_pending,
	.stats = seal_stats,
	.free = seal_free,
};

static size_t overhead(const SSL *ssl)
{
	if (SSL_version(ssl) >= TLS1_3_VERSION)
		return HEADER + INNER_TYPE + TAG;
	if (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl)) == NID_chacha20_poly1305)
		return HEADER + TAG;
	return HEADER + EXPLICIT_NONCE + TAG;
}

struct slu_sealer *slu_seal_ktls(struct slu_tls_ktls *k)
{
	struct seal_ktls *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->sealer.ops = &ops;
	s->k = k;
	s->inner = k->collector->inner;
	s->rekey_after = SLU_TLS_REKEY_AFTER;
	s->overhead = overhead(k->peer->ssl);
	s->tls13 = SSL_version(k->peer->ssl) >= TLS1_3_VERSION;
	return &s->sealer;
}

void slu_seal_ktls_rekey_after(struct slu_sealer *s, uint64_t records)
{
	self(s)->rekey_after = records;
}
