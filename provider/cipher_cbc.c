/* SPDX-License-Identifier: MIT */
/*
 * AES-128-CBC, AES-192-CBC and AES-256-CBC as OpenSSL's interface has them: any pieces with the padding of PKCS #7, and
 * the records of TLS 1.0 to 1.2, one a call, in place. libssl makes and checks the MAC itself here.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/ssl3.h>
#include <openssl/tls1.h>

#include "cbc.h"
#include "cipher_common.h"

struct context {
	struct slu_dc_cbc cbc;
	uint8_t held[SLU_DC_BLOCK]; /* less than a block; decrypting, a whole one which may be the padding */
	size_t held_length;
	unsigned padding, number; /* number is kept for who asks: it means nothing in CBC */
	unsigned tls_version;     /* 0: no records */
	size_t tls_mac_size;      /* 0: encrypt-then-MAC */
	const uint8_t *tls_mac;   /* of the record just decrypted */
	bool tls_begun;           /* there was a record under this key */
};

/* ---- contexts ---- */

static void *new_context(void *provctx, enum slu_dc_twin which, size_t key_length)
{
	struct context *c = OPENSSL_zalloc(sizeof *c);

	if (c && slu_dc_cbc_init(&c->cbc, provctx, which, key_length)) {
		c->padding = 1;
		return c;
	}
	OPENSSL_free(c);
	slu_dc_raise(provctx, SLU_DC_R_MEMORY, NULL);
	return NULL;
}

static void free_context(void *ctx)
{
	struct context *c = ctx;

	if (c)
		slu_dc_cbc_clear(&c->cbc);
	OPENSSL_clear_free(c, sizeof *c);
}

static void *dup_context(void *ctx)
{
	const struct context *from = ctx;
	struct context *c = OPENSSL_memdup(from, sizeof *from);

	if (c && slu_dc_cbc_copy(&c->cbc, &from->cbc)) {
		c->tls_mac = NULL;
		return c;
	}
	OPENSSL_clear_free(c, sizeof *c);
	return NULL;
}

/* ---- parameters ---- */

static const OSSL_PARAM *gettable(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, NULL),
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, NULL),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),
		OSSL_PARAM_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provctx;
	return params;
}

static int get(void *ctx, OSSL_PARAM params[])
{
	const struct context *c = ctx;

	return slu_dc_cbc_get(&c->cbc, params) && slu_dc_put_uint(params, OSSL_CIPHER_PARAM_PADDING, c->padding) &&
	       slu_dc_put_uint(params, OSSL_CIPHER_PARAM_NUM, c->number) &&
	       slu_dc_put_bytes(params, OSSL_CIPHER_PARAM_TLS_MAC, c->tls_mac, c->tls_mac_size);
}

static const OSSL_PARAM *settable(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, NULL),
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, NULL),
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_TLS_VERSION, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, NULL),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provctx;
	return params;
}

static int set(void *ctx, const OSSL_PARAM params[])
{
	struct context *c = ctx;
	unsigned padding = c->padding, number = c->number;

	if (!slu_dc_take_uint(params, OSSL_CIPHER_PARAM_PADDING, &padding) ||
	    !slu_dc_take_uint(params, OSSL_CIPHER_PARAM_NUM, &number) ||
	    !slu_dc_take_uint(params, OSSL_CIPHER_PARAM_TLS_VERSION, &c->tls_version) ||
	    !slu_dc_take_size(params, OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &c->tls_mac_size))
		return 0;
	if (number >= SLU_DC_BLOCK)
		return slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
	c->padding = padding != 0;
	c->number = number;
	return 1;
}

/* ---- init ---- */

static int init(struct context *c, bool encrypt, const uint8_t *key, size_t key_length, const uint8_t *iv,
		size_t iv_length, const OSSL_PARAM params[])
{
	if (!slu_dc_cbc_begin(&c->cbc, encrypt, key, key_length, iv, iv_length))
		return 0;
	c->held_length = 0;
	c->number = 0;
	c->tls_mac = NULL;
	if (key)
		c->tls_begun = false;
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

/* ---- records of TLS ---- */

/* Under any key the first record is the handshake's last (RFC 5246, 7.4.9): the cipher is not told the types of those
 * after it. */
static bool run_record(struct context *c, uint8_t *record, size_t n)
{
	const bool first = !c->tls_begun;

	c->tls_begun = true;
	return first ? slu_dc_cbc_software(&c->cbc, record, record, n) : slu_dc_cbc_run(&c->cbc, record, record, n);
}

static bool encrypt_record(struct context *c, uint8_t *record, size_t *length, size_t size, size_t n)
{
	const size_t padding = SLU_DC_BLOCK - n % SLU_DC_BLOCK, total = n + padding;

	if (size < total)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	memset(record + n, c->tls_version == SSL3_VERSION ? 0 : (int)padding - 1, padding - 1);
	record[total - 1] = (uint8_t)(padding - 1);
	*length = total;
	return run_record(c, record, total);
}

/* With encrypt-then-MAC (RFC 7366) the record is known to be the peer's before it is decrypted, so nothing is told by
 * the time that this takes. */
static bool remove_padding(const uint8_t *data, size_t *length)
{
	const size_t n = *length, padding = n ? data[n - 1] : 0;

	if (n < padding + 1)
		return false;
	for (size_t i = 1; i <= padding; i++)
		if (data[n - 1 - i] != padding)
			return false;
	*length = n - padding - 1;
	return true;
}

static bool decrypt_record(struct context *c, uint8_t *record, size_t *length, size_t n)
{
	const size_t explicit_iv = c->tls_version > TLS1_VERSION ? SLU_DC_BLOCK : 0;

	c->tls_mac = NULL;
	if (c->tls_mac_size || c->tls_version == SSL3_VERSION)
		return slu_dc_cbc_open(&c->cbc, c->tls_version, c->tls_mac_size, record, n, length, &c->tls_mac);
	if (n <= explicit_iv || n % SLU_DC_BLOCK != 0 || !run_record(c, record, n))
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	*length = n - explicit_iv;
	return remove_padding(record + explicit_iv, length) || slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
}

static bool crypt_record(struct context *c, uint8_t *out, size_t *length, size_t size, const uint8_t *in, size_t n)
{
	if (!in || in != out || size < n || !c->padding)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	return c->cbc.encrypt ? encrypt_record(c, out, length, size, n) : decrypt_record(c, out, length, n);
}

/* ---- any pieces ---- */

/* Decrypting, the last block is held: it may be the one with the padding. */
static size_t count_ready(const struct context *c, size_t n)
{
	const size_t total = c->held_length + n;
	const bool hold = !c->cbc.encrypt && c->padding && total > 0;

	return (hold ? total - 1 : total) / SLU_DC_BLOCK * SLU_DC_BLOCK;
}

static bool crypt_pieces(struct context *c, uint8_t *out, size_t *length, size_t size, const uint8_t *in, size_t n)
{
	size_t ready = count_ready(c, n);

	if (size < ready)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	*length = ready;
	if (ready && c->held_length) {
		const size_t fill = SLU_DC_BLOCK - c->held_length;

		if (fill)
			memcpy(c->held + c->held_length, in, fill);
		if (!slu_dc_cbc_run(&c->cbc, c->held, out, SLU_DC_BLOCK))
			return false;
		c->held_length = 0;
		ready -= SLU_DC_BLOCK;
		out += SLU_DC_BLOCK;
		in = fill ? in + fill : in;
		n -= fill;
	}
	if (!slu_dc_cbc_run(&c->cbc, in, out, ready))
		return false;
	if (n > ready)
		memcpy(c->held + c->held_length, in + ready, n - ready);
	c->held_length += n - ready;
	return true;
}

static int update(void *ctx, unsigned char *out, size_t *length, size_t size, const unsigned char *in, size_t n)
{
	struct context *c = ctx;

	if (!c->cbc.keyed)
		return slu_dc_refuse(PROV_R_NO_KEY_SET);
	return c->tls_version ? crypt_record(c, out, length, size, in, n) : crypt_pieces(c, out, length, size, in, n);
}

static bool final_encrypt(struct context *c, uint8_t *out, size_t *length, size_t size)
{
	const size_t padding = SLU_DC_BLOCK - c->held_length;

	*length = 0;
	if (!c->padding)
		return c->held_length == 0 || slu_dc_refuse(PROV_R_WRONG_FINAL_BLOCK_LENGTH);
	if (size < SLU_DC_BLOCK)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	memset(c->held + c->held_length, (int)padding, padding);
	c->held_length = 0;
	*length = SLU_DC_BLOCK;
	return slu_dc_cbc_run(&c->cbc, c->held, out, SLU_DC_BLOCK);
}

/* What is left of the last block: less than all of it. 0: its padding is wrong. */
static size_t measure_padding(const uint8_t block[SLU_DC_BLOCK])
{
	const size_t padding = block[SLU_DC_BLOCK - 1];

	if (padding == 0 || padding > SLU_DC_BLOCK)
		return 0;
	for (size_t i = SLU_DC_BLOCK - padding; i < SLU_DC_BLOCK; i++)
		if (block[i] != padding)
			return 0;
	return padding;
}

static bool final_decrypt(struct context *c, uint8_t *out, size_t *length, size_t size)
{
	size_t padding = 0;

	*length = 0;
	if (c->held_length == 0 && !c->padding)
		return true;
	if (c->held_length != SLU_DC_BLOCK)
		return slu_dc_refuse(PROV_R_WRONG_FINAL_BLOCK_LENGTH);
	if (!slu_dc_cbc_run(&c->cbc, c->held, c->held, SLU_DC_BLOCK))
		return false;
	if (c->padding) {
		padding = measure_padding(c->held);
		if (!padding)
			return slu_dc_refuse(PROV_R_BAD_DECRYPT);
	}
	if (size < SLU_DC_BLOCK - padding)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	memcpy(out, c->held, SLU_DC_BLOCK - padding);
	*length = SLU_DC_BLOCK - padding;
	c->held_length = 0;
	return true;
}

static int final(void *ctx, unsigned char *out, size_t *length, size_t size)
{
	struct context *c = ctx;

	if (!c->cbc.keyed)
		return slu_dc_refuse(PROV_R_NO_KEY_SET);
	if (c->tls_version) /* each record is an end of its own */
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	return c->cbc.encrypt ? final_encrypt(c, out, length, size) : final_decrypt(c, out, length, size);
}

/* EVP_Cipher(): whole blocks, nothing held or padded. */
static int cipher(void *ctx, unsigned char *out, size_t *length, size_t size, const unsigned char *in, size_t n)
{
	struct context *c = ctx;

	if (!c->cbc.keyed)
		return slu_dc_refuse(PROV_R_NO_KEY_SET);
	if (size < n)
		return slu_dc_refuse(PROV_R_OUTPUT_BUFFER_TOO_SMALL);
	if (n % SLU_DC_BLOCK != 0)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	*length = n;
	return slu_dc_cbc_run(&c->cbc, in, out, n);
}

/* ---- what OpenSSL finds ---- */

static int get_params(OSSL_PARAM params[], size_t key_length)
{
	const struct slu_dc_shape shape = {
		.mode = EVP_CIPH_CBC_MODE,
		.key_length = key_length,
		.block_size = SLU_DC_BLOCK,
		.iv_length = SLU_DC_BLOCK,
	};

	return slu_dc_shape_get(&shape, params);
}

#define FUNCTIONS(bits)                                                                                                \
	static void *new_##bits(void *provctx)                                                                         \
	{                                                                                                              \
		return new_context(provctx, SLU_DC_TWIN_AES_##bits##_CBC, (bits) / 8);                                 \
	}                                                                                                              \
	static int get_params_##bits(OSSL_PARAM params[])                                                              \
	{                                                                                                              \
		return get_params(params, (bits) / 8);                                                                 \
	}                                                                                                              \
	SLU_DC_FUNCTIONS(functions_##bits, new_##bits, get_params_##bits, get, set, gettable, settable)

FUNCTIONS(128);
FUNCTIONS(192);
FUNCTIONS(256);

const OSSL_ALGORITHM slu_dc_cbc_algorithms[] = {
	{"AES-128-CBC:AES128:2.16.840.1.101.3.4.1.2", SLU_DC_PROPERTY, functions_128, "AES-128-CBC"},
	{"AES-192-CBC:AES192:2.16.840.1.101.3.4.1.22", SLU_DC_PROPERTY, functions_192, "AES-192-CBC"},
	{"AES-256-CBC:AES256:2.16.840.1.101.3.4.1.42", SLU_DC_PROPERTY, functions_256, "AES-256-CBC"},
	{NULL, NULL, NULL, NULL},
};
