/* SPDX-License-Identifier: MIT */
#include "twin.h"

#include <stddef.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cipher.h"

static const char *const names[SLU_DC_TWINS] = {
	[SLU_DC_TWIN_AES_128_CBC] = "AES-128-CBC", [SLU_DC_TWIN_AES_192_CBC] = "AES-192-CBC",
	[SLU_DC_TWIN_AES_256_CBC] = "AES-256-CBC", [SLU_DC_TWIN_AES_128_GCM] = "AES-128-GCM",
	[SLU_DC_TWIN_AES_256_GCM] = "AES-256-GCM", [SLU_DC_TWIN_AES_128_ECB] = "AES-128-ECB",
	[SLU_DC_TWIN_AES_256_ECB] = "AES-256-ECB",
};

bool slu_dc_twins_init(struct slu_dc_provider *p)
{
	p->twins.hmac = EVP_MAC_fetch(p->software, OSSL_MAC_NAME_HMAC, NULL);
	for (size_t i = 0; i < SLU_DC_TWINS; i++) {
		p->twins.ciphers[i] = EVP_CIPHER_fetch(p->software, names[i], NULL);
		if (!p->twins.ciphers[i])
			return false;
	}
	return p->twins.hmac != NULL;
}

EVP_CIPHER_CTX *slu_dc_twin_new(struct slu_dc_provider *p, enum slu_dc_twin which)
{
	EVP_CIPHER_CTX *twin = EVP_CIPHER_CTX_new();

	if (!twin || EVP_CipherInit_ex2(twin, p->twins.ciphers[which], NULL, NULL, 1, NULL) > 0)
		return twin;
	EVP_CIPHER_CTX_free(twin);
	return NULL;
}

bool slu_dc_twin_init(EVP_CIPHER_CTX *twin, bool encrypt, const uint8_t *key, const uint8_t *iv,
		      const OSSL_PARAM params[])
{
	return EVP_CipherInit_ex2(twin, NULL, key, iv, encrypt, params) > 0;
}

EVP_CIPHER_CTX *slu_dc_twin_dup(const EVP_CIPHER_CTX *twin)
{
	EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();

	if (!copy || EVP_CIPHER_CTX_copy(copy, twin) > 0)
		return copy;
	EVP_CIPHER_CTX_free(copy);
	return NULL;
}

EVP_MAC_CTX *slu_dc_twin_hmac_new(struct slu_dc_provider *p)
{
	return EVP_MAC_CTX_new(p->twins.hmac);
}

void slu_dc_twins_clear(struct slu_dc_twins *twins)
{
	for (size_t i = 0; i < SLU_DC_TWINS; i++)
		EVP_CIPHER_free(twins->ciphers[i]);
	EVP_MAC_free(twins->hmac);
	*twins = (struct slu_dc_twins){0};
}
