/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>

enum { BLOCK = 16, IV_ROOM = 128, TLS_1_1 = 0x0302, TLS_HEADER = 13 };

const char *const step_names[] = {
	[STEP_DONE] = "done",          [STEP_SETUP] = "setting up", [STEP_KEY] = "setting the key",
	[STEP_AAD] = "taking the AAD", [STEP_UPDATE] = "updating",  [STEP_FINAL] = "finishing",
	[STEP_VALUE] = "other bytes",  [STEP_TAG] = "another tag",  [STEP_NEXT_IV] = "another next IV",
};

int vector_expected(const struct stanza *s)
{
	static const struct {
		const char *name;
		enum step step;
	} results[] = {
		{"", STEP_DONE},
		{"KEY_SET_ERROR", STEP_KEY},
		{"CIPHERUPDATE_ERROR", STEP_UPDATE},
		{"CIPHERFINAL_ERROR", STEP_FINAL},
	};

	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
		if (!strcmp(results[i].name, s->result))
			return (int)results[i].step;
	return -1;
}

static bool is_aead(const EVP_CIPHER *cipher)
{
	return EVP_CIPHER_get_flags(cipher) & EVP_CIPH_FLAG_AEAD_CIPHER;
}

/* A TLS record goes through in one piece. */
bool vector_variant(const struct stanza *s, const EVP_CIPHER *cipher, unsigned n, struct variant *v)
{
	static const struct variant ways[] = {
		{.in_place = true}, {.in_place = true, .out_shift = 1}, {.in_place = false}, {.in_shift = 1},
		{.out_shift = 1},   {.in_shift = 1, .out_shift = 1},
	};
	const unsigned count = sizeof ways / sizeof ways[0];
	bool stitched = is_aead(cipher) && EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CBC_MODE;
	unsigned seen = 0;

	for (unsigned i = 0; i < 4 * count; i++) {
		*v = ways[i % count];
		v->encrypt = i / count % 2 == 0;
		v->parts = i / count / 2;
		if ((v->encrypt ? s->encrypt : s->decrypt) && !(v->parts && stitched) && seen++ == n)
			return true;
	}
	return false;
}

static const struct stanza_bytes *input(const struct stanza *s, const struct variant *v)
{
	return v->encrypt ? &s->plaintext : &s->ciphertext;
}

/* The record's header says how much it carries, with the explicit IV that TLS 1.1 brought. */
size_t vector_payload(const struct stanza *s, const struct variant *v)
{
	size_t n = input(s, v)->size;

	if (s->tls_aad && v->encrypt && s->aad[0].size == TLS_HEADER) {
		n = (size_t)s->aad[0].data[11] << 8 | s->aad[0].data[12];
		n -= s->tls_version >= TLS_1_1 ? BLOCK : 0;
	}
	return n;
}

/* One operation under way. */
struct work {
	const struct stanza *s;
	const struct variant *v;
	const struct watch *watch;
	const EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	uint8_t *memory;
	uint8_t *in, *out;
	size_t made; /* bytes at out */
};

static bool lay_out(struct work *w)
{
	const struct stanza_bytes *in = input(w->s, w->v);
	size_t room = in->size + 2 * BLOCK;

	if (!in->data)
		return false;
	/* Guarded by whatever watches the heap: nothing behind the output. */
	w->memory = OPENSSL_malloc(BLOCK + in->size + BLOCK + room);
	if (!w->memory)
		return false;
	w->out = w->memory + w->v->out_shift;
	w->in = w->v->in_place ? w->out : w->memory + (room + BLOCK) / BLOCK * BLOCK + w->v->in_shift;
	memcpy(w->in, in->data, in->size);
	return true;
}

/* Lengths before the key, as OpenSSL's tests do. */
static bool set_lengths(struct work *w, EVP_CIPHER_CTX *ctx)
{
	const struct stanza *s = w->s;
	bool gcm = EVP_CIPHER_get_mode(w->cipher) == EVP_CIPH_GCM_MODE;

	if (gcm && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)s->iv.size, NULL) <= 0)
		return false;
	if (!is_aead(w->cipher) && s->iv.size != (size_t)EVP_CIPHER_CTX_get_iv_length(ctx))
		return false;
	if (gcm && !w->v->encrypt && !s->tag_late &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)s->tag.size, s->tag.data) <= 0)
		return false;
	return EVP_CIPHER_CTX_set_key_length(ctx, (int)s->key.size) == 1;
}

/* Where the implementation keeps an IV of its own form, only that it can be asked for. */
static bool iv_is(struct work *w, EVP_CIPHER_CTX *ctx, const struct stanza_bytes *iv)
{
	uint8_t now[IV_ROOM];

	return EVP_CIPHER_CTX_get_updated_iv(ctx, now, sizeof now) == 1 &&
	       (EVP_CIPHER_get_flags(w->cipher) & EVP_CIPH_CUSTOM_IV || !iv->size || !memcmp(now, iv->data, iv->size));
}

static bool set_record(struct work *w)
{
	const struct stanza *s = w->s;
	unsigned version = s->tls_version;
	/* A copy, for the implementation may write to it. */
	uint8_t header[TLS_HEADER];
	OSSL_PARAM params[3] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
	size_t n = 0;

	if (s->mac_key.data &&
	    EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_SET_MAC_KEY, (int)s->mac_key.size, s->mac_key.data) <= 0)
		return false;
	if (version)
		params[n++] = OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_TLS_VERSION, &version);
	if (EVP_CIPHER_CTX_set_params(w->ctx, params) != 1)
		return false;
	if (!s->tls_aad)
		return true;
	if (s->aad[0].size != TLS_HEADER)
		return false;
	memcpy(header, s->aad[0].data, TLS_HEADER);
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, header, TLS_HEADER);
	params[1] = OSSL_PARAM_construct_end();
	return EVP_CIPHER_CTX_set_params(w->ctx, params) == 1;
}

/* The operation runs in a copy of the context that was set up. */
static enum step prepare(struct work *w)
{
	const struct stanza *s = w->s;
	EVP_CIPHER_CTX *first = EVP_CIPHER_CTX_new();
	enum step step = STEP_SETUP;

	if (!first || !(w->ctx = EVP_CIPHER_CTX_new()) || !lay_out(w))
		goto out;
	if (EVP_CipherInit_ex2(first, w->cipher, NULL, NULL, w->v->encrypt, NULL) != 1 || !set_lengths(w, first))
		goto out;
	step = STEP_KEY;
	if (EVP_CipherInit_ex2(first, NULL, s->key.data, s->iv.data, -1, NULL) != 1 || !iv_is(w, first, &s->iv))
		goto out;
	step = STEP_SETUP;
	if (EVP_CIPHER_CTX_copy(w->ctx, first) == 1 && set_record(w))
		step = STEP_DONE;
out:
	EVP_CIPHER_CTX_free(first);
	return step;
}

/* Feeds n bytes in one piece or in three. Output NULL: as AAD. */
static bool feed(struct work *w, const uint8_t *in, size_t n, uint8_t *out)
{
	size_t middle = n > 2 ? n - 2 : 0;
	size_t parts[3] = {n > 0, middle, n > 1};

	if (!w->v->parts) {
		parts[0] = n;
		parts[1] = parts[2] = 0;
	}
	for (size_t i = 0; i < 3; i++) {
		int made = 0;

		/* Nothing is fed once, where there is nothing. */
		if (!parts[i] && i)
			continue;
		if (EVP_CipherUpdate(w->ctx, out ? out + w->made : NULL, &made, in, (int)parts[i]) != 1)
			return false;
		in += parts[i];
		w->made += out ? (size_t)made : 0;
		if (out && w->v->parts && !i)
			w->watch->first_part(w->watch->arg);
	}
	return true;
}

static enum step process(struct work *w)
{
	const struct stanza *s = w->s;
	int made = 0;

	for (size_t i = 0; i < s->aads && !s->tls_aad; i++)
		if (s->aad[i].size && !feed(w, s->aad[i].data, s->aad[i].size, NULL))
			return STEP_AAD;
	if (!w->v->encrypt && s->tag_late &&
	    EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_SET_TAG, (int)s->tag.size, s->tag.data) <= 0)
		return STEP_SETUP;
	EVP_CIPHER_CTX_set_padding(w->ctx, 0);
	if (!feed(w, w->in, input(s, w->v)->size, w->out))
		return STEP_UPDATE;
	if (EVP_CipherFinal_ex(w->ctx, w->out + w->made, &made) != 1)
		return STEP_FINAL;
	w->made += (size_t)made;
	return STEP_DONE;
}

/*
 * What was published is what came out. A decrypted record comes without MAC and padding. From TLS 1.1 on the explicit
 * IV before it is not given out either: the data stand behind its place with HMAC-SHA1 as with HMAC-SHA256.
 */
static bool value_is(const struct work *w)
{
	const struct stanza_bytes *want = w->v->encrypt ? &w->s->ciphertext : &w->s->plaintext;
	size_t skip = !w->v->encrypt && w->s->tls_aad && w->s->tls_version >= TLS_1_1 ? BLOCK : 0;
	bool whole = w->v->encrypt || !w->s->tls_aad;

	if (!want->data || (whole ? w->made != want->size : !w->made || skip + w->made > want->size))
		return false;
	return !memcmp(w->out + skip, want->data + skip, w->made);
}

static enum step compare(struct work *w)
{
	const struct stanza *s = w->s;
	uint8_t tag[BLOCK];

	if (!value_is(w))
		return STEP_VALUE;
	if (w->v->encrypt && s->tag.data &&
	    (s->tag.size > sizeof tag ||
	     EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_GET_TAG, (int)s->tag.size, tag) <= 0 ||
	     memcmp(tag, s->tag.data, s->tag.size)))
		return STEP_TAG;
	return s->next_iv.data && !iv_is(w, w->ctx, &s->next_iv) ? STEP_NEXT_IV : STEP_DONE;
}

enum step vector_attempt(const struct stanza *s, const EVP_CIPHER *cipher, const struct variant *v,
			 const struct watch *watch)
{
	struct work w = {.s = s, .v = v, .watch = watch, .cipher = cipher};
	enum step step = prepare(&w);

	if (step == STEP_DONE)
		step = process(&w);
	if (step == STEP_DONE)
		step = compare(&w);
	EVP_CIPHER_CTX_free(w.ctx);
	OPENSSL_free(w.memory);
	return step;
}
