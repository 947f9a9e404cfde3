/* SPDX-License-Identifier: MIT */
/*
 * The software twin: the cipher of OpenSSL's default provider that does whatever the device does not do. It comes from
 * the provider's own library context, so neither the application's properties nor its providers decide what it is.
 * OpenSSL's headers are needed to include this.
 */
#ifndef SLU_PROVIDER_TWIN_H
#define SLU_PROVIDER_TWIN_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/core.h>
#include <openssl/types.h>

enum slu_dc_twin {
	SLU_DC_TWIN_AES_128_CBC,
	SLU_DC_TWIN_AES_192_CBC,
	SLU_DC_TWIN_AES_256_CBC,
	SLU_DC_TWIN_AES_128_GCM,
	SLU_DC_TWIN_AES_256_GCM,
	SLU_DC_TWIN_AES_128_ECB,
	SLU_DC_TWIN_AES_256_ECB,
	SLU_DC_TWINS
};

struct slu_dc_twins {
	EVP_CIPHER *ciphers[SLU_DC_TWINS];
	EVP_MAC *hmac;
};

struct slu_dc_provider;

/* Fetches all from p->software, which OpenSSL does not get to work again once memory was short the first time. False:
 * no memory; to be cleared all the same. */
bool slu_dc_twins_init(struct slu_dc_provider *p);

/* A context of the cipher, without a key. NULL: no memory, with OpenSSL's reason raised. EVP_CIPHER_CTX_free() and
 * _dup() go with it. */
EVP_CIPHER_CTX *slu_dc_twin_new(struct slu_dc_provider *p, enum slu_dc_twin which);

/* Key, IV and parameters as a provider's init function got them: NULL leaves as it was what NULL would. */
bool slu_dc_twin_init(EVP_CIPHER_CTX *twin, bool encrypt, const uint8_t *key, const uint8_t *iv,
		      const OSSL_PARAM params[]);

/* A copy in any version: EVP_CIPHER_CTX_dup() came with OpenSSL 3.1. NULL: no memory. */
EVP_CIPHER_CTX *slu_dc_twin_dup(const EVP_CIPHER_CTX *twin);

/* A context of HMAC, without digest or key. NULL: no memory. */
EVP_MAC_CTX *slu_dc_twin_hmac_new(struct slu_dc_provider *p);

/* Before p->software is freed. */
void slu_dc_twins_clear(struct slu_dc_twins *twins);

#endif
