/* SPDX-License-Identifier: MIT */
/* The parameters of AES-GCM: those of OpenSSL's own, and what they do. */
#include "gcm_context.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

#include "cipher_common.h"

#define IV_GENERATED "iv-generated" /* OSSL_CIPHER_PARAM_AEAD_IV_GENERATED came with OpenSSL 3.4 */

const OSSL_PARAM *slu_dc_gcm_gettable(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TAGLEN, NULL),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_IV, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_UPDATED_IV, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 0),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, NULL),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_GET_IV_GEN, NULL, 0),
		OSSL_PARAM_uint(IV_GENERATED, NULL),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provctx;
	return params;
}

const OSSL_PARAM *slu_dc_gcm_settable(void *ctx, void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, NULL),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_SET_IV_INV, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)provctx;
	return params;
}

/* ---- getting ---- */

static bool get_iv(struct slu_dc_gcm_context *c, OSSL_PARAM params[], const char *name)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	if (!p)
		return true;
	if (!slu_dc_gcm_iv_generate(c))
		return false;
	if (p->data && c->iv_length > p->data_size)
		return slu_dc_refuse(PROV_R_INVALID_IV_LENGTH);
	return slu_dc_put_bytes(params, name, c->iv, c->iv_length);
}

static bool get_tag(struct slu_dc_gcm_context *c, OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TAG);

	if (!p)
		return true;
	if (!c->encrypt || c->tag_length == SIZE_MAX || p->data_size == 0 || p->data_size > SLU_DC_TAG)
		return slu_dc_refuse(PROV_R_INVALID_TAG);
	return slu_dc_put_bytes(params, OSSL_CIPHER_PARAM_AEAD_TAG, c->tag, p->data_size);
}

static bool get_generated_iv(struct slu_dc_gcm_context *c, OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TLS1_GET_IV_GEN);

	if (!p)
		return true;
	return p->data && p->data_type == OSSL_PARAM_OCTET_STRING && slu_dc_gcm_iv_next(c, p->data, p->data_size);
}

int slu_dc_gcm_get(void *ctx, OSSL_PARAM params[])
{
	struct slu_dc_gcm_context *c = ctx;
	const size_t tag_length = c->tag_length == SIZE_MAX ? SLU_DC_TAG : c->tag_length;

	return slu_dc_put_size(params, OSSL_CIPHER_PARAM_IVLEN, c->iv_length) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_KEYLEN, c->gcm.key_length) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_AEAD_TAGLEN, tag_length) &&
	       get_iv(c, params, OSSL_CIPHER_PARAM_IV) && get_iv(c, params, OSSL_CIPHER_PARAM_UPDATED_IV) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_AEAD_TLS1_AAD_PAD, c->tls_pad) && get_tag(c, params) &&
	       get_generated_iv(c, params) && slu_dc_put_uint(params, IV_GENERATED, c->iv_random);
}

/* ---- setting ---- */

static bool set_tag(struct slu_dc_gcm_context *c, const OSSL_PARAM *p)
{
	void *tag = c->tag;
	size_t n;

	if (!OSSL_PARAM_get_octet_string(p, &tag, sizeof c->tag, &n))
		return slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
	if (n == 0 || c->encrypt)
		return slu_dc_refuse(PROV_R_INVALID_TAG);
	c->tag_length = n;
	c->tag_given = true;
	return true;
}

static bool set_iv_length(struct slu_dc_gcm_context *c, const OSSL_PARAM *p)
{
	size_t n;

	if (!OSSL_PARAM_get_size_t(p, &n))
		return slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
	if (n == 0 || n > sizeof c->iv)
		return slu_dc_refuse(PROV_R_INVALID_IV_LENGTH);
	if (n != c->iv_length && c->iv_state != SLU_DC_IV_NONE)
		c->iv_state = SLU_DC_IV_SPENT; /* that IV was another */
	c->iv_length = n;
	return true;
}

static bool set_tls_aad(struct slu_dc_gcm_context *c, const OSSL_PARAM *p)
{
	return p->data_type == OSSL_PARAM_OCTET_STRING ? slu_dc_gcm_record_begin(c, p->data, p->data_size)
						       : slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
}

static bool set_fixed_iv(struct slu_dc_gcm_context *c, const OSSL_PARAM *p)
{
	return (p->data_type == OSSL_PARAM_OCTET_STRING && slu_dc_gcm_iv_fix(c, p->data, p->data_size)) ||
	       slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
}

static bool set_peer_iv(struct slu_dc_gcm_context *c, const OSSL_PARAM *p)
{
	return p->data && p->data_type == OSSL_PARAM_OCTET_STRING && slu_dc_gcm_iv_take(c, p->data, p->data_size);
}

/* In OpenSSL's order. */
int slu_dc_gcm_set(void *ctx, const OSSL_PARAM params[])
{
	static const struct {
		const char *name;
		bool (*set)(struct slu_dc_gcm_context *c, const OSSL_PARAM *p);
	} all[] = {
		{OSSL_CIPHER_PARAM_AEAD_TAG, set_tag},
		{OSSL_CIPHER_PARAM_AEAD_IVLEN, set_iv_length},
		{OSSL_CIPHER_PARAM_AEAD_TLS1_AAD, set_tls_aad},
		{OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, set_fixed_iv},
		{OSSL_CIPHER_PARAM_AEAD_TLS1_SET_IV_INV, set_peer_iv},
	};

	for (size_t i = 0; params && i < sizeof all / sizeof *all; i++) {
		const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, all[i].name);

		if (p && !all[i].set(ctx, p))
			return 0;
	}
	return 1;
}
