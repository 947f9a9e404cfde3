/* SPDX-License-Identifier: MIT */
#include "cipher_common.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

bool slu_dc_overlap(const uint8_t *in, const uint8_t *out, size_t n)
{
	const uintptr_t a = (uintptr_t)in, b = (uintptr_t)out;

	return a != b && (a < b ? b - a : a - b) < n;
}

bool slu_dc_refuse(int reason)
{
	ERR_raise(ERR_LIB_PROV, reason);
	return false;
}

bool slu_dc_put_size(OSSL_PARAM params[], const char *name, size_t value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return !p || OSSL_PARAM_set_size_t(p, value) || slu_dc_refuse(PROV_R_FAILED_TO_SET_PARAMETER);
}

bool slu_dc_put_uint(OSSL_PARAM params[], const char *name, unsigned value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return !p || OSSL_PARAM_set_uint(p, value) || slu_dc_refuse(PROV_R_FAILED_TO_SET_PARAMETER);
}

bool slu_dc_put_bytes(OSSL_PARAM params[], const char *name, const uint8_t *value, size_t n)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	if (!p)
		return true;
	return (p->data_type == OSSL_PARAM_OCTET_PTR ? OSSL_PARAM_set_octet_ptr(p, value, n)
						     : OSSL_PARAM_set_octet_string(p, value, n)) ||
	       slu_dc_refuse(PROV_R_FAILED_TO_SET_PARAMETER);
}

bool slu_dc_take_size(const OSSL_PARAM params[], const char *name, size_t *value)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

	return !p || OSSL_PARAM_get_size_t(p, value) || slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
}

bool slu_dc_take_uint(const OSSL_PARAM params[], const char *name, unsigned *value)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

	return !p || OSSL_PARAM_get_uint(p, value) || slu_dc_refuse(PROV_R_FAILED_TO_GET_PARAMETER);
}

int slu_dc_shape_get(const struct slu_dc_shape *shape, OSSL_PARAM params[])
{
	return slu_dc_put_uint(params, OSSL_CIPHER_PARAM_MODE, shape->mode) &&
	       slu_dc_put_uint(params, OSSL_CIPHER_PARAM_AEAD, shape->aead) &&
	       slu_dc_put_uint(params, OSSL_CIPHER_PARAM_CUSTOM_IV, 0) &&
	       slu_dc_put_uint(params, OSSL_CIPHER_PARAM_CTS, 0) &&
	       slu_dc_put_uint(params, OSSL_CIPHER_PARAM_TLS1_MULTIBLOCK, 0) &&
	       slu_dc_put_uint(params, OSSL_CIPHER_PARAM_HAS_RAND_KEY, 0) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_KEYLEN, shape->key_length) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, shape->block_size) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_IVLEN, shape->iv_length);
}

const OSSL_PARAM *slu_dc_shape_gettable(void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_MODE, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, NULL),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_BLOCK_SIZE, NULL),
		OSSL_PARAM_int(OSSL_CIPHER_PARAM_AEAD, NULL),
		OSSL_PARAM_int(OSSL_CIPHER_PARAM_CUSTOM_IV, NULL),
		OSSL_PARAM_int(OSSL_CIPHER_PARAM_CTS, NULL),
		OSSL_PARAM_int(OSSL_CIPHER_PARAM_TLS1_MULTIBLOCK, NULL),
		OSSL_PARAM_int(OSSL_CIPHER_PARAM_HAS_RAND_KEY, NULL),
		OSSL_PARAM_END,
	};

	(void)provctx;
	return params;
}

bool slu_dc_failed(struct slu_dc_provider *p, struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t n, int error)
{
	if (slu_dc_gate_failed(g, a, n, error))
		return true;
	slu_dc_raise(p, SLU_DC_R_DEVICE, "%s, %zu bytes: error %d", slu_dc_algorithm_name(a), n, -error);
	return false;
}

bool slu_dc_compared(struct slu_dc_provider *p, struct slu_dc_gate *g, enum slu_dc_algorithm a, const uint8_t *device,
		     const uint8_t *software, size_t n)
{
	if (slu_dc_gate_check(g, a, device, software, n)) {
		slu_dc_gate_done(g);
		return true;
	}
	if (p->settings.fallback)
		return true;
	slu_dc_raise(p, SLU_DC_R_DEVICE, "%s, %zu bytes: wrong bytes", slu_dc_algorithm_name(a), n);
	return false;
}
