/* SPDX-License-Identifier: MIT */
/* AES-128-GCM and AES-256-GCM as OpenSSL's interface has them. */
#include "gcm_context.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/proverr.h>

#include "cipher_common.h"

/* ---- contexts ---- */

static void *new_context(void *provctx, size_t key_length)
{
	struct slu_dc_gcm_context *c = OPENSSL_zalloc(sizeof *c);

	if (c && slu_dc_gcm_init(&c->gcm, provctx, key_length)) {
		c->iv_length = SLU_DC_NONCE;
		c->tag_length = SIZE_MAX;
		return c;
	}
	OPENSSL_free(c);
	slu_dc_raise(provctx, SLU_DC_R_MEMORY, NULL);
	return NULL;
}

static void free_context(void *ctx)
{
	struct slu_dc_gcm_context *c = ctx;

	if (!c)
		return;
	slu_dc_gcm_message_end(c);
	slu_dc_gcm_clear(&c->gcm);
	OPENSSL_clear_free(c, sizeof *c);
}

static void *dup_context(void *ctx)
{
	const struct slu_dc_gcm_context *from = ctx;
	struct slu_dc_gcm_context *c = OPENSSL_memdup(from, sizeof *from);

	if (!c)
		return NULL;
	c->kept = from->kept ? OPENSSL_memdup(from->kept, from->kept_length) : NULL;
	if ((!from->kept || c->kept) && slu_dc_gcm_copy(&c->gcm, &from->gcm))
		return c;
	OPENSSL_clear_free(c->kept, from->kept_length);
	OPENSSL_clear_free(c, sizeof *c);
	return NULL;
}

/* ---- init ---- */

static bool set_iv(struct slu_dc_gcm_context *c, const uint8_t *iv, size_t n)
{
	if (n == 0 || n > sizeof c->iv)
		return slu_dc_refuse(PROV_R_INVALID_IV_LENGTH);
	slu_dc_gcm_message_end(c);
	memcpy(c->iv, iv, n);
	c->iv_length = n;
	c->iv_random = false;
	c->iv_state = SLU_DC_IV_SET;
	return true;
}

static bool set_key(struct slu_dc_gcm_context *c, const uint8_t *key, size_t n)
{
	if (n != c->gcm.key_length)
		return slu_dc_refuse(PROV_R_INVALID_KEY_LENGTH);
	if (!slu_dc_gcm_key(&c->gcm, key)) {
		slu_dc_raise(c->gcm.provider, SLU_DC_R_SOFTWARE, NULL);
		return false;
	}
	if (c->iv_state == SLU_DC_IV_IN_USE) { /* a message does not go on under another key */
		slu_dc_gcm_message_end(c);
		c->iv_state = SLU_DC_IV_SET;
	}
	c->keyed = true;
	c->tls_records = 0;
	return true;
}

static int init(void *ctx, bool encrypt, const uint8_t *key, size_t key_length, const uint8_t *iv, size_t iv_length,
		const OSSL_PARAM params[])
{
	struct slu_dc_gcm_context *c = ctx;

	if (iv && !set_iv(c, iv, iv_length))
		return 0;
	if (!slu_dc_gcm_message_turn(c, encrypt))
		return 0;
	if (key && !set_key(c, key, key_length))
		return 0;
	return slu_dc_gcm_set(c, params);
}

static int encrypt_init(void *ctx, const unsigned char *key, size_t key_length, const unsigned char *iv,
			size_t iv_length, const OSSL_PARAM params[])
{
	return init(ctx, true, key, key_length, iv, iv_length, params);
}

static int decrypt_init(void *ctx, const unsigned char *key, size_t key_length, const unsigned char *iv,
			size_t iv_length, const OSSL_PARAM params[])
{
	return init(ctx, false, key, key_length, iv, iv_length, params);
}

/* ---- data ---- */

/* A message is at hand: begun before, or now, with the IV that waits for it. */
static bool ready(struct slu_dc_gcm_context *c)
{
	if (!c->keyed || c->iv_state == SLU_DC_IV_SPENT || !slu_dc_gcm_iv_generate(c))
		return false;
	if (c->iv_state == SLU_DC_IV_SET)
		slu_dc_gcm_message_begin(c);
	return true;
}

static bool crypt(struct slu_dc_gcm_context *c, uint8_t *out, size_t *length, const uint8_t *in, size_t n)
{
	bool ok;

	if (c->tls)
		return slu_dc_gcm_record(c, out, in, n, length);
	ok = ready(c) && (out ? slu_dc_gcm_message_data(c, in, out, n) : slu_dc_gcm_message_aad(c, in, n));
	*length = ok ? n : 0;
	return ok;
}

static bool finish(struct slu_dc_gcm_context *c)
{
	if (c->tls) {
		size_t length;

		return slu_dc_gcm_record(c, NULL, NULL, 0, &length);
	}
	if (!ready(c) || (!c->encrypt && c->tag_length == SIZE_MAX) || !slu_dc_gcm_message_final(c))
		return false;
	slu_dc_gcm_message_end(c);
	c->tag_given = false;
	c->iv_state = SLU_DC_IV_SPENT;
	return true;
}

static int update(void *ctx, unsigned char *out, size_t *length, size_t size, const unsigned char *in, size_t n)
{
	*length = 0;
	if (n == 0)
		return 1;
	if (size < n)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	return (in && crypt(ctx, out, length, in, n)) || slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
}

static int final(void *ctx, unsigned char *out, size_t *length, size_t size)
{
	(void)out;
	(void)size;
	*length = 0;
	return finish(ctx);
}

/* EVP_Cipher(): data, or the end when there is none. */
static int cipher(void *ctx, unsigned char *out, size_t *length, size_t size, const unsigned char *in, size_t n)
{
	size_t made;

	if (size < n)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	if (!(in ? crypt(ctx, out, &made, in, n) : finish(ctx)))
		return 0;
	*length = n;
	return 1;
}

/* ---- what OpenSSL finds ---- */

static int get_params(OSSL_PARAM params[], size_t key_length)
{
	const struct slu_dc_shape shape = {
		.mode = EVP_CIPH_GCM_MODE,
		.key_length = key_length,
		.block_size = 1,
		.iv_length = SLU_DC_NONCE,
		.aead = true,
	};

	return slu_dc_shape_get(&shape, params) && slu_dc_put_uint(params, OSSL_CIPHER_PARAM_CUSTOM_IV, 1);
}

static void *new_128(void *provctx)
{
	return new_context(provctx, 16);
}

static void *new_256(void *provctx)
{
	return new_context(provctx, 32);
}

static int get_params_128(OSSL_PARAM params[])
{
	return get_params(params, 16);
}

static int get_params_256(OSSL_PARAM params[])
{
	return get_params(params, 32);
}

SLU_DC_FUNCTIONS(functions_128, new_128, get_params_128, slu_dc_gcm_get, slu_dc_gcm_set, slu_dc_gcm_gettable,
		 slu_dc_gcm_settable);
SLU_DC_FUNCTIONS(functions_256, new_256, get_params_256, slu_dc_gcm_get, slu_dc_gcm_set, slu_dc_gcm_gettable,
		 slu_dc_gcm_settable);

const OSSL_ALGORITHM slu_dc_gcm_algorithms[] = {
	{"AES-128-GCM:id-aes128-GCM:2.16.840.1.101.3.4.1.6", SLU_DC_PROPERTY, functions_128, "AES-128-GCM"},
	{"AES-256-GCM:id-aes256-GCM:2.16.840.1.101.3.4.1.46", SLU_DC_PROPERTY, functions_256, "AES-256-GCM"},
	{NULL, NULL, NULL, NULL},
};
