/* SPDX-License-Identifier: MIT */
/*
 * AES-128/256-CBC-HMAC-SHA1 and -SHA256 as OpenSSL's interface has them: records of TLS 1.0 to 1.2 with
 * MAC-then-encrypt (RFC 5246, 6.2.3.2), one a call; libssl takes them where a suite has CBC and encrypt-then-MAC was
 * not agreed upon. OpenSSL itself has them on x86 alone.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/tls1.h>

#include "base/bytes.h"
#include "cipher_common.h"
#include "stitched.h"

/* ---- contexts ---- */

static void *new_context(void *provctx, const struct slu_dc_stitched_kind *kind)
{
	struct slu_dc_stitched *c = OPENSSL_zalloc(sizeof *c);

	if (c && slu_dc_cbc_init(&c->cbc, provctx, kind->which, kind->key_length)) {
		c->kind = kind;
		return c;
	}
	OPENSSL_free(c);
	slu_dc_raise(provctx, SLU_DC_R_MEMORY, NULL);
	return NULL;
}

static void free_context(void *ctx)
{
	struct slu_dc_stitched *c = ctx;

	if (!c)
		return;
	slu_dc_session_free(c->session);
	EVP_MAC_CTX_free(c->mac);
	slu_dc_cbc_clear(&c->cbc);
	OPENSSL_clear_free(c, sizeof *c);
}

static void *dup_context(void *ctx)
{
	const struct slu_dc_stitched *from = ctx;
	struct slu_dc_stitched *c = OPENSSL_memdup(from, sizeof *from);

	if (!c || !slu_dc_cbc_copy(&c->cbc, &from->cbc)) {
		OPENSSL_clear_free(c, sizeof *c);
		return NULL;
	}
	c->session = NULL;
	c->mac = from->mac ? EVP_MAC_CTX_dup(from->mac) : NULL;
	if (!from->mac || c->mac)
		return c;
	free_context(c);
	return NULL;
}

/* ---- parameters ---- */

static const OSSL_PARAM *gettable(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provctx;
	return params;
}

static int get(void *ctx, OSSL_PARAM params[])
{
	const struct slu_dc_stitched *c = ctx;

	return slu_dc_put_size(params, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, c->growth) &&
	       slu_dc_cbc_get(&c->cbc, params);
}

static const OSSL_PARAM *settable(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_MAC_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, NULL, 0),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_TLS_VERSION, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, NULL),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provctx;
	return params;
}

static bool set_mac_key(struct slu_dc_stitched *c, const uint8_t *key, size_t length)
{
	EVP_MAC_CTX *mac = slu_dc_tls_mac_new(c->cbc.provider, c->kind->digest, key, length);

	if (!mac) {
		slu_dc_raise(c->cbc.provider, SLU_DC_R_SOFTWARE, NULL);
		return false;
	}
	EVP_MAC_CTX_free(c->mac);
	c->mac = mac;
	c->mac_length = length;
	if (length && length <= sizeof c->mac_key)
		memcpy(c->mac_key, key, length);
	slu_dc_session_free(c->session);
	c->session = NULL;
	return true;
}

/* The header counts explicit IV and data: the MAC covers the length of the data. */
static bool begin_record(struct slu_dc_stitched *c, const uint8_t *header, size_t n)
{
	const size_t mac = c->kind->mac_size;
	size_t length;

	if (n != SLU_DC_TLS_HEADER)
		return slu_dc_refuse(PROV_R_INVALID_AAD);
	length = slu_be16(header + SLU_DC_LENGTH_AT);
	c->explicit_iv = slu_be16(header + SLU_DC_VERSION_AT) > TLS1_VERSION ? SLU_DC_BLOCK : 0;
	if (c->cbc.encrypt && length < c->explicit_iv)
		return slu_dc_refuse(PROV_R_INVALID_AAD);
	memcpy(c->header, header, n);
	c->record = true;
	c->growth = mac;
	if (!c->cbc.encrypt)
		return true;
	c->payload = length - c->explicit_iv;
	c->growth = (c->payload + mac + SLU_DC_BLOCK) / SLU_DC_BLOCK * SLU_DC_BLOCK - c->payload;
	slu_put_be16(c->header + SLU_DC_LENGTH_AT, (uint32_t)c->payload);
	return true;
}

static bool take_bytes(struct slu_dc_stitched *c, const OSSL_PARAM params[], const char *name,
		       bool (*take)(struct slu_dc_stitched *, const uint8_t *, size_t))
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

	if (!p)
		return true;
	if (p->data_type != OSSL_PARAM_OCTET_STRING)
		return slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
	return take(c, p->data, p->data_size);
}

static int set(void *ctx, const OSSL_PARAM params[])
{
	struct slu_dc_stitched *c = ctx;
	size_t key_length = c->kind->key_length, mac_size = 0;

	if (!take_bytes(c, params, OSSL_CIPHER_PARAM_AEAD_MAC_KEY, set_mac_key) ||
	    !take_bytes(c, params, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, begin_record) ||
	    !slu_dc_take_size(params, OSSL_CIPHER_PARAM_KEYLEN, &key_length) ||
	    !slu_dc_take_uint(params, OSSL_CIPHER_PARAM_TLS_VERSION, &c->tls_version) ||
	    !slu_dc_take_size(params, OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_size))
		return 0;
	if (key_length != c->kind->key_length)
		return slu_dc_refuse(PROV_R_INVALID_KEY_LENGTH);
	return mac_size == 0 || slu_dc_refuse(PROV_R_FAILED_TO_SET_PARAMETER); /* the MAC is checked here */
}

/* ---- init ---- */

static int init(struct slu_dc_stitched *c, bool encrypt, const uint8_t *key, size_t key_length, const uint8_t *iv,
		size_t iv_length, const OSSL_PARAM params[])
{
	if (!slu_dc_cbc_begin(&c->cbc, encrypt, key, key_length, iv, iv_length))
		return 0;
	c->record = false;
	if (key) {
		slu_dc_session_free(c->session);
		c->session = NULL;
	}
	return set(c, params);
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

static bool crypt_record(struct slu_dc_stitched *c, uint8_t *out, size_t *length, const uint8_t *in, size_t n)
{
	size_t data = n;

	c->record = false;
	if (!c->mac)
		return slu_dc_refuse(PROV_R_NO_KEY_SET);
	if (!(c->cbc.encrypt ? slu_dc_stitched_seal(c, out, in, n) : slu_dc_stitched_open(c, out, &data, in, n)))
		return false;
	*length = c->tls_version ? data : n;
	return true;
}

/* Outside records it is CBC without padding or MAC, which is of use for measuring alone. */
static int update(void *ctx, unsigned char *out, size_t *length, size_t size, const unsigned char *in, size_t n)
{
	struct slu_dc_stitched *c = ctx;

	if (!c->cbc.keyed)
		return slu_dc_refuse(PROV_R_NO_KEY_SET);
	*length = n;
	if (n == 0)
		return 1;
	if (size < n)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	if (!in || !out || n % SLU_DC_BLOCK != 0)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	return c->record ? crypt_record(c, out, length, in, n) : slu_dc_cbc_run(&c->cbc, in, out, n);
}

/* EVP_Cipher(), whose length is always that of the input. */
static int cipher(void *ctx, unsigned char *out, size_t *length, size_t size, const unsigned char *in, size_t n)
{
	int ok = update(ctx, out, length, size, in, n);

	*length = n;
	return ok;
}

static int final(void *ctx, unsigned char *out, size_t *length, size_t size)
{
	const struct slu_dc_stitched *c = ctx;

	(void)out;
	(void)size;
	*length = 0;
	return c->cbc.keyed || slu_dc_refuse(PROV_R_NO_KEY_SET);
}

/* ---- what OpenSSL finds ---- */

static int get_params(OSSL_PARAM params[], const struct slu_dc_stitched_kind *kind)
{
	const struct slu_dc_shape shape = {
		.mode = EVP_CIPH_CBC_MODE,
		.key_length = kind->key_length,
		.block_size = SLU_DC_BLOCK,
		.iv_length = SLU_DC_BLOCK,
		.aead = true,
	};

	return slu_dc_shape_get(&shape, params);
}

#define FUNCTIONS(bits, hash, size)                                                                                    \
	static const struct slu_dc_stitched_kind kind_##bits##_##hash = {                                              \
		.algorithm = SLU_DC_CBC_##hash,                                                                        \
		.which = SLU_DC_TWIN_AES_##bits##_CBC,                                                                 \
		.key_length = (bits) / 8,                                                                              \
		.mac_size = (size),                                                                                    \
		.digest = #hash,                                                                                       \
	};                                                                                                             \
	static void *new_##bits##_##hash(void *provctx)                                                                \
	{                                                                                                              \
		return new_context(provctx, &kind_##bits##_##hash);                                                    \
	}                                                                                                              \
	static int get_params_##bits##_##hash(OSSL_PARAM params[])                                                     \
	{                                                                                                              \
		return get_params(params, &kind_##bits##_##hash);                                                      \
	}                                                                                                              \
	SLU_DC_FUNCTIONS(functions_##bits##_##hash, new_##bits##_##hash, get_params_##bits##_##hash, get, set,         \
			 gettable, settable)

FUNCTIONS(128, SHA1, 20);
FUNCTIONS(256, SHA1, 20);
FUNCTIONS(128, SHA256, 32);
FUNCTIONS(256, SHA256, 32);

#define ALGORITHM(bits, hash)                                                                                          \
	{                                                                                                              \
		"AES-" #bits "-CBC-HMAC-" #hash, SLU_DC_PROPERTY, functions_##bits##_##hash,                           \
			"AES-" #bits "-CBC-HMAC-" #hash                                                                \
	}

const OSSL_ALGORITHM slu_dc_stitched_algorithms[] = {
	ALGORITHM(128, SHA1),   ALGORITHM(256, SHA1),     ALGORITHM(128, SHA256),
	ALGORITHM(256, SHA256), {NULL, NULL, NULL, NULL},
};
