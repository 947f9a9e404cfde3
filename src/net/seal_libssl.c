/* SPDX-License-Identifier: MIT */
#include "net/seal_libssl.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
	SHORT_RECORD = 16,
	RECORD_OVERHEAD = 128 /* header, nonce, tag, MAC and padding of any suite: below */
};

struct seal_libssl {
	struct slu_sealer sealer;
	SSL *ssl;
	struct slu_tls_bio *bio;
	size_t record; /* plaintext of a full one: less than usual when a client asked for that (RFC 6066, 4) */
	uint64_t short_records, rekey_after, rekeyed_at;
	bool tls13;
};

/* Where in the caller's runs the next record begins. */
struct place {
	const struct slu_vec *vec;
	size_t offset;
};

static struct seal_libssl *self(struct slu_sealer *s)
{
	return (struct seal_libssl *)s;
}

/* The next n bytes: where they are when they lie in one run, else gathered in stage. */
static const void *gather(uint8_t stage[SLU_TLS_RECORD], struct place *at, size_t n)
{
	const uint8_t *run;
	size_t got = 0, have, k;

	while (at->offset == at->vec->size) {
		at->vec++;
		at->offset = 0;
	}
	run = (const uint8_t *)at->vec->data + at->offset;
	if (at->vec->size - at->offset >= n) {
		at->offset += n;
		return run;
	}
	while (got < n) {
		have = at->vec->size - at->offset;
		k = have < n - got ? have : n - got;
		if (k)
			memcpy(stage + got, (const uint8_t *)at->vec->data + at->offset, k);
		got += k;
		at->offset += k;
		if (got < n) {
			at->vec++;
			at->offset = 0;
		}
	}
	return stage;
}

/* libssl writes no more once reading failed: then that is why. */
static int failed(struct seal_libssl *s)
{
	struct slu_tls_bio *b = s->bio;
	unsigned long e = ERR_peek_error();

	if (b->out_err)
		return b->out_err;
	if (b->in_err || b->eof)
		b->out_err = b->in_err ? b->in_err : SLU_ERR_RESET;
	else
		b->out_err = e && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE ? SLU_ERR_NOMEM : SLU_ERR_TLS;
	return b->out_err;
}

/* New keys for what is sent from here on, when it is time or the other end has asked for it (libssl would answer in
 * its next SSL_write(), counted as data and in a write call of its own). The KeyUpdate goes out with the records behind
 * it. */
static int rekey(struct seal_libssl *s)
{
	if (!s->tls13 || (s->bio->records - s->rekeyed_at < s->rekey_after &&
			  SSL_get_key_update_type(s->ssl) == SSL_KEY_UPDATE_NONE))
		return 0;
	s->rekeyed_at = s->bio->records;
	if (SSL_key_update(s->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(s->ssl) != 1)
		return failed(s);
	return 0;
}

static int seal(struct seal_libssl *s, const void *data, size_t n, bool last)
{
	size_t done = 0;
	int ok;

	if (rekey(s) != 0)
		return s->bio->out_err;
	s->bio->counting = true;
	s->bio->through = last;
	ok = SSL_write_ex(s->ssl, data, n, &done);
	s->bio->counting = false;
	s->bio->through = false;
	s->short_records += n < SHORT_RECORD;
	return ok == 1 && done == n && s->bio->out_err == 0 ? 0 : failed(s);
}

/* What is taken of the runs: all, or as many full records as the collector holds. */
static size_t total(const struct seal_libssl *s, const struct slu_vec *vec, size_t nvec)
{
	size_t max = SLU_TLS_COLLECT_MAX / (s->record + RECORD_OVERHEAD) * s->record, n = 0;

	for (size_t i = 0; i < nvec && n < max; i++)
		n += vec[i].size < max ? vec[i].size : max;
	return n < max ? n : max;
}

static long seal_send(struct slu_sealer *sealer, const struct slu_vec *vec, size_t nvec)
{
	struct seal_libssl *s = self(sealer);
	uint8_t stage[SLU_TLS_RECORD]; /* not the connection's: with many of them it would be in no cache */
	struct place at = {vec, 0};
	size_t left, all = total(s, vec, nvec);
	int r = slu_tls_bio_pending(s->bio) ? slu_tls_bio_flush(s->bio) : s->bio->out_err;

	if (r < 0)
		return r;
	if (all == 0 || slu_tls_bio_pending(s->bio))
		return 0;
	ERR_clear_error();
	/* The last record is not collected but written from where libssl has it. */
	if (all > s->record && slu_tls_bio_reserve(s->bio, all / s->record * (s->record + RECORD_OVERHEAD)) != 0)
		return s->bio->out_err;
	for (left = all; left;) {
		size_t n = left < s->record ? left : s->record;

		left -= n;
		r = seal(s, gather(stage, &at, n), n, left == 0);
		if (r != 0)
			return r;
	}
	return (long)all;
}

static int seal_flush(struct slu_sealer *sealer)
{
	return slu_tls_bio_flush(self(sealer)->bio);
}

static size_t seal_pending(const struct slu_sealer *sealer)
{
	return slu_tls_bio_pending(((const struct seal_libssl *)sealer)->bio);
}

static void seal_stats(const struct slu_sealer *sealer, struct slu_transport_stats *out)
{
	const struct seal_libssl *s = (const struct seal_libssl *)sealer;

	out->records = s->bio->records;
	out->short_records = s->short_records;
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

/* RFC 6066, 4: codes 1 to 4 stand for 512 to 4096 bytes. */
static size_t record_size(SSL *ssl)
{
	const SSL_SESSION *session = SSL_get_session(ssl);
	unsigned code = session ? SSL_SESSION_get_max_fragment_length(session) : 0;

	return code >= 1 && code <= 4 ? (size_t)256 << code : SLU_TLS_RECORD;
}

struct slu_sealer *slu_seal_libssl(SSL *ssl, struct slu_tls_bio *bio)
{
	struct seal_libssl *s = malloc(sizeof *s);

	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->sealer.ops = &ops;
	s->ssl = ssl;
	s->bio = bio;
	s->record = record_size(ssl);
	s->rekey_after = SLU_TLS_REKEY_AFTER;
	s->tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
	return &s->sealer;
}

void slu_seal_libssl_rekey_after(struct slu_sealer *s, uint64_t records)
{
	self(s)->rekey_after = records;
}
