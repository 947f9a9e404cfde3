/* SPDX-License-Identifier: MIT */
#include "tls_mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

EVP_MAC_CTX *slu_dc_tls_mac_new(struct slu_dc_provider *p, const char *digest, const uint8_t *key, size_t length)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
		OSSL_PARAM_END,
	};
	EVP_MAC_CTX *mac = slu_dc_twin_hmac_new(p);

	/* An empty key is a key, while NULL is none. */
	if (mac && EVP_MAC_init(mac, length ? key : (const uint8_t *)"", length, params) > 0)
		return mac;
	EVP_MAC_CTX_free(mac);
	return NULL;
}

/* total: 0 when n is no secret. OpenSSL computes with all of it then, and takes the header for itself. */
static bool compute(const EVP_MAC_CTX *keyed, const uint8_t header[SLU_DC_TLS_HEADER], const uint8_t *data, size_t n,
		    size_t total, uint8_t *mac, size_t mac_size)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &total),
		OSSL_PARAM_END,
	};
	EVP_MAC_CTX *m = EVP_MAC_CTX_dup(keyed);
	size_t length;
	bool ok = m && (!total || EVP_MAC_CTX_set_params(m, params) > 0) &&
		  EVP_MAC_update(m, header, SLU_DC_TLS_HEADER) > 0 && EVP_MAC_update(m, data, n) > 0 &&
		  EVP_MAC_final(m, mac, &length, mac_size) > 0 && length == mac_size;

	EVP_MAC_CTX_free(m);
	return ok;
}

bool slu_dc_tls_mac_make(const EVP_MAC_CTX *keyed, const uint8_t header[SLU_DC_TLS_HEADER], const uint8_t *data,
			 size_t n, uint8_t *mac, size_t mac_size)
{
	return compute(keyed, header, data, n, 0, mac, mac_size);
}

bool slu_dc_tls_mac_check(const EVP_MAC_CTX *keyed, const uint8_t header[SLU_DC_TLS_HEADER], const uint8_t *data,
			  size_t n, size_t total, const uint8_t *mac, size_t mac_size)
{
	uint8_t right[SLU_DC_TLS_MAC_MOST];

	return compute(keyed, header, data, n, total, right, mac_size) && CRYPTO_memcmp(right, mac, mac_size) == 0;
}
