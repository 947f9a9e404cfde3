/* SPDX-License-Identifier: MIT */
#include "gcm_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/modes.h>

#include "base/bytes.h"
#include "keystream.h"

enum { BLOCK = SLU_DC_BLOCK_SIZE, SOFTWARE_BLOCKS = 32 };

struct slu_dc_gcm_stream {
	struct slu_dc_gcm_stream *self; /* libcrypto hands its callbacks a pointer to const, so: to this */
	struct slu_dc_gate *gate;
	struct slu_dc_key key;
	EVP_CIPHER_CTX *ecb;
	GCM128_CONTEXT *ghash;
	struct slu_dc_keystream *keystream; /* by key.algorithm */
	/* What the callbacks see: */
	struct slu_dc_span span; /* block first and following of the message */
	uint32_t first;
	bool slot; /* made ahead */
	uint8_t j0[BLOCK];
	uint8_t last[BLOCK]; /* the block asked for last */
	bool failed;
};

/* ---- libcrypto's callbacks ---- */

static const uint8_t *in_span(const struct slu_dc_gcm_stream *st, const uint8_t counter[BLOCK], size_t *left)
{
	const uint32_t at = slu_be32(counter + SLU_DC_NONCE) - slu_be32(st->j0 + SLU_DC_NONCE) - st->first;

	if (at >= st->span.blocks || memcmp(counter, st->j0, SLU_DC_NONCE) != 0)
		return NULL;
	*left = st->span.blocks - at;
	return st->span.data + (size_t)at * BLOCK;
}

static void one_block(const unsigned char in[BLOCK], unsigned char out[BLOCK], const void *arg)
{
	struct slu_dc_gcm_stream *st = *(struct slu_dc_gcm_stream *const *)arg;
	const uint8_t *ready;
	size_t left;

	memcpy(st->last, in, BLOCK);
	ready = in_span(st, st->last, &left);
	memcpy(out, ready ? ready : st->last, BLOCK);
	if (!ready)
		st->failed |= !slu_dc_blocks_software(st->ecb, out, 1);
}

/* In words, through memcpy() since nothing need be aligned. n is a multiple of the block. */
static void xor_blocks(const uint8_t *in, const uint8_t *stream, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
		uint64_t a, b;

		memcpy(&a, in + i, sizeof a);
		memcpy(&b, stream + i, sizeof b);
		a ^= b;
		memcpy(out + i, &a, sizeof a);
	}
}

static size_t xor_software(struct slu_dc_gcm_stream *st, const uint8_t *in, uint8_t *out, size_t blocks,
			   const uint8_t counter[BLOCK])
{
	uint8_t stream[SOFTWARE_BLOCKS * BLOCK];
	const size_t n = blocks < SOFTWARE_BLOCKS ? blocks : SOFTWARE_BLOCKS;

	slu_dc_counters(stream, counter, 0, n);
	st->failed |= !slu_dc_blocks_software(st->ecb, stream, n);
	xor_blocks(in, stream, out, n * BLOCK);
	OPENSSL_cleanse(stream, sizeof stream);
	return n;
}

static void many_blocks(const unsigned char *in, unsigned char *out, size_t blocks, const void *arg,
			const unsigned char ivec[BLOCK])
{
	struct slu_dc_gcm_stream *st = *(struct slu_dc_gcm_stream *const *)arg;
	uint8_t counter[BLOCK];
	size_t n, left;

	memcpy(counter, ivec, BLOCK);
	for (; blocks; blocks -= n, in += n * BLOCK, out += n * BLOCK) {
		const uint8_t *ready = in_span(st, counter, &left);

		if (ready) {
			n = blocks < left ? blocks : left;
			xor_blocks(in, ready, out, n * BLOCK);
		} else {
			n = xor_software(st, in, out, blocks, counter);
		}
		slu_put_be32(counter + SLU_DC_NONCE, slu_be32(counter + SLU_DC_NONCE) + (uint32_t)n);
	}
}

/* ---- making it ---- */

static EVP_CIPHER_CTX *new_ecb(struct slu_dc_provider *p, const uint8_t *key, size_t key_length)
{
	EVP_CIPHER_CTX *ecb = slu_dc_twin_new(p, key_length == 16 ? SLU_DC_TWIN_AES_128_ECB : SLU_DC_TWIN_AES_256_ECB);

	if (ecb && slu_dc_twin_init(ecb, true, key, NULL, NULL) && EVP_CIPHER_CTX_set_padding(ecb, 0) > 0)
		return ecb;
	EVP_CIPHER_CTX_free(ecb);
	return NULL;
}

struct slu_dc_gcm_stream *slu_dc_gcm_stream_new(struct slu_dc_provider *p, struct slu_dc_gate *gate, const uint8_t *key,
						size_t key_length)
{
	struct slu_dc_gcm_stream *st = calloc(1, sizeof *st);

	if (!st)
		return NULL;
	st->self = st;
	st->gate = gate;
	memcpy(st->key.key, key, key_length);
	st->key.length = key_length;
	st->ecb = new_ecb(p, key, key_length);
	if (st->ecb)
		st->ghash = CRYPTO_gcm128_new(&st->self, one_block);
	if (st->ghash && !st->failed)
		return st;
	slu_dc_gcm_stream_free(st);
	return NULL;
}

void slu_dc_gcm_stream_free(struct slu_dc_gcm_stream *st)
{
	if (!st)
		return;
	slu_dc_keystream_free(st->keystream);
	CRYPTO_gcm128_release(st->ghash);
	EVP_CIPHER_CTX_free(st->ecb);
	OPENSSL_cleanse(st, sizeof *st);
	free(st);
}

void slu_dc_gcm_stream_drop(struct slu_dc_gcm_stream *st)
{
	if (st && st->keystream)
		slu_dc_keystream_drop(st->keystream);
}

static bool use_algorithm(struct slu_dc_gcm_stream *st, enum slu_dc_algorithm algorithm)
{
	if (st->keystream && st->key.algorithm == algorithm)
		return true;
	slu_dc_keystream_free(st->keystream);
	st->key.algorithm = algorithm;
	st->keystream = slu_dc_keystream_new(st->gate, st->ecb, &st->key);
	return st->keystream;
}

/* ---- a message ---- */

static void set_span(struct slu_dc_gcm_stream *st, uint32_t first, struct slu_dc_span span)
{
	st->first = first;
	st->span = span;
}

/* From a slot, or, when not even one record fits into a request, piece by piece. */
static int start_record(struct slu_dc_gcm_stream *st, const struct slu_dc_sequence *sequence, size_t blocks,
			struct slu_dc_span *span)
{
	int error;

	do
		error = slu_dc_keystream_record(st->keystream, sequence, blocks, span);
	while (error == SLU_DC_NOT_NOW && !st->gate->settings->fallback);
	st->slot = !error;
	return error == -EMSGSIZE ? slu_dc_keystream_now(st->keystream, st->j0, 0, blocks, span) : error;
}

/* J0 is told by an IV of twelve bytes. */
static int start_short(struct slu_dc_gcm_stream *st, const struct slu_dc_sequence *sequence,
		       const struct slu_dc_gcm_message *m, size_t blocks)
{
	struct slu_dc_span span = {NULL, 0};
	int error;

	memcpy(st->j0, m->iv, SLU_DC_NONCE);
	slu_put_be32(st->j0 + SLU_DC_NONCE, 1);
	if (m->kind != SLU_DC_NO_RECORD && st->key.algorithm == SLU_DC_ECB && slu_dc_sequence_known(sequence))
		error = start_record(st, sequence, blocks + 1, &span);
	else
		error = slu_dc_keystream_now(st->keystream, st->j0, 0, blocks + 1, &span);
	set_span(st, 0, span);
	if (!error)
		CRYPTO_gcm128_setiv(st->ghash, m->iv, m->iv_length);
	return error;
}

/* Otherwise it is GHASH's, and libcrypto asks for its block. */
static int start_long(struct slu_dc_gcm_stream *st, const struct slu_dc_gcm_message *m, size_t blocks)
{
	struct slu_dc_span span = {NULL, 0};
	int error;

	CRYPTO_gcm128_setiv(st->ghash, m->iv, m->iv_length);
	memcpy(st->j0, st->last, BLOCK);
	error = slu_dc_keystream_now(st->keystream, st->j0, 1, blocks, &span);
	set_span(st, 1, span);
	return error;
}

/* Key stream for the begin of a message. */
static int start(struct slu_dc_gcm_stream *st, const struct slu_dc_sequence *sequence,
		 const struct slu_dc_gcm_message *m)
{
	const size_t blocks = (m->n + BLOCK - 1) / BLOCK;

	st->slot = false;
	set_span(st, 0, (struct slu_dc_span){NULL, 0});
	return m->iv_length == SLU_DC_NONCE ? start_short(st, sequence, m, blocks) : start_long(st, m, blocks);
}

/* Bytes of data that the span lasts for from at on; all, if it lasts for no whole block, and software does the rest. */
static size_t piece(const struct slu_dc_gcm_stream *st, size_t at, size_t n)
{
	const size_t end = (st->first + st->span.blocks - 1) * BLOCK;

	return st->span.blocks && end > at && end < n ? end - at : n - at;
}

/* More key stream in the middle of a message. When it fails, software makes it, and the bytes are the same. */
static int go_on(struct slu_dc_gcm_stream *st, size_t at, size_t n)
{
	const uint32_t index = (uint32_t)(1 + at / BLOCK);
	struct slu_dc_span span = {NULL, 0};
	int error = slu_dc_keystream_now(st->keystream, st->j0, index, (n - at + BLOCK - 1) / BLOCK, &span);

	set_span(st, index, span);
	if (error && st->gate->settings->fallback && slu_dc_gate_failed(st->gate, st->key.algorithm, n - at, error))
		return 0;
	return error;
}

static int crypt_data(struct slu_dc_gcm_stream *st, const struct slu_dc_gcm_message *m)
{
	int (*const crypt)(GCM128_CONTEXT *, const unsigned char *, unsigned char *, size_t, ctr128_f) =
		m->encrypt ? CRYPTO_gcm128_encrypt_ctr32 : CRYPTO_gcm128_decrypt_ctr32;
	size_t n;
	int error = 0;

	for (size_t at = 0; at < m->n && !error; at += n) {
		if (at && st->span.blocks)
			error = go_on(st, at, m->n);
		/* What a record is longer than its slot is software's. */
		n = st->slot ? m->n - at : piece(st, at, m->n);
		if (!error && crypt(st->ghash, m->in + at, m->out + at, n, many_blocks) != 0)
			error = -ECANCELED;
		slu_dc_keystream_used(st->keystream);
	}
	return error;
}

int slu_dc_gcm_stream_run(struct slu_dc_gcm_stream *st, enum slu_dc_algorithm algorithm,
			  const struct slu_dc_sequence *sequence, const struct slu_dc_gcm_message *m,
			  uint8_t tag[SLU_DC_TAG])
{
	int error;

	if (!use_algorithm(st, algorithm))
		return -ENOMEM;
	st->failed = false;
	error = start(st, sequence, m);
	if (!error && m->aad_length && CRYPTO_gcm128_aad(st->ghash, m->aad, m->aad_length) != 0)
		error = -ECANCELED;
	if (!error)
		error = crypt_data(st, m);
	if (!error)
		CRYPTO_gcm128_tag(st->ghash, tag, SLU_DC_TAG);
	set_span(st, 0, (struct slu_dc_span){NULL, 0});
	return !error && st->failed ? -ECANCELED : error;
}
