/* SPDX-License-Identifier: MIT */
#include "twin.h"

#include <stdatomic.h>
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

/* Two threads may both fetch: the second one's goes. */
static const EVP_CIPHER *fetch_cipher(struct slu_dc_provider *p, enum slu_dc_twin which)
{
	EVP_CIPHER *known = atomic_load(&p->twins.ciphers[which]);
	EVP_CIPHER *fetched;

	if (known)
		return known;
	fetched = EVP_CIPHER_fetch(p->software, names[which], NULL);
	if (!fetched || atomic_compare_exchange_strong(&p->twins.ciphers[which], &known, fetched))
		return fetched;
	EVP_CIPHER_free(fetched);
	return known;
}

static EVP_MAC *fetch_hmac(struct slu_dc_provider *p)
{
	EVP_MAC *known = atomic_load(&p->twins.hmac);
	EVP_MAC *fetched;

	if (known)
		return known;
	fetched = EVP_MAC_fetch(p->software, OSSL_MAC_NAME_HMAC, NULL);
	if (!fetched || atomic_compare_exchange_strong(&p->twins.hmac, &known, fetched))
		return fetched;
	EVP_MAC_free(fetched);
	return known;
}

EVP_CIPHER_CTX *slu_dc_twin_new(struct slu_dc_provider *p, enum slu_dc_twin which)
{
	const EVP_CIPHER *cipher = fetch_cipher(p, which);
	EVP_CIPHER_CTX *twin = cipher ? EVP_CIPHER_CTX_new() : NULL;

	if (!twin || EVP_CipherInit_ex2(twin, cipher, NULL, NULL, 1, NULL) > 0)
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
	EVP_MAC *hmac = fetch_hmac(p);

	return hmac ? EVP_MAC_CTX_new(hmac) : NULL;
}

void slu_dc_twins_clear(struct slu_dc_twins *twins)
{
	for (size_t i = 0; i < SLU_DC_TWINS; i++)
		EVP_CIPHER_free(atomic_exchange(&twins->ciphers[i], NULL));
	EVP_MAC_free(atomic_exchange(&twins->hmac, NULL));
}
