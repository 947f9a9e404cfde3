/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "provider/cryptodev.h"

#define ONLY_DEFAULT "provider=default"

/* A library context without configuration, where no provider but OpenSSL's own lives. Kept for ever: operations may
 * hang in it until the end of the process. */
static OSSL_LIB_CTX *library;
static EVP_MAC *hmac;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_init(void)
{
	library = OSSL_LIB_CTX_new();
	if (library && OSSL_PROVIDER_load(library, "default"))
		hmac = EVP_MAC_fetch(library, "HMAC", ONLY_DEFAULT);
}

static const struct cipher_name {
	uint32_t cipher;
	const char *driver, *name[3]; /* of 128, 192 and 256 bits */
} ciphers[] = {
	{SLU_DC_AES_CBC, "lab-cbc-aes", {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}},
	{SLU_DC_AES_CTR, "lab-ctr-aes", {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"}},
	{SLU_DC_AES_ECB, "lab-ecb-aes", {"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"}},
	{SLU_DC_AES_GCM, "lab-gcm-aes", {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}},
};

static const struct mac_name {
	uint32_t mac;
	const char *driver, *digest;
	size_t size;
} macs[] = {
	{SLU_DC_SHA1_HMAC, "lab-hmac-sha1", "SHA1", 20},
	{SLU_DC_SHA2_256_HMAC, "lab-hmac-sha256", "SHA256", 32},
};

static const struct cipher_name *cipher_find(uint32_t cipher)
{
	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
		if (ciphers[i].cipher == cipher)
			return &ciphers[i];
	return NULL;
}

static const struct mac_name *mac_find(uint32_t mac)
{
	for (size_t i = 0; i < sizeof macs / sizeof *macs; i++)
		if (macs[i].mac == mac)
			return &macs[i];
	return NULL;
}

const char *lab_mac_driver(uint32_t mac)
{
	const struct mac_name *m = mac_find(mac);

	return m ? m->driver : NULL;
}

static const char *software_driver(const struct lab_engine *e, uint32_t algorithm)
{
	const struct cipher_name *c = cipher_find(algorithm);

	(void)e;
	return c ? c->driver : lab_mac_driver(algorithm);
}

/* A context ready for data, without padding; *type is the caller's to free. */
static EVP_CIPHER_CTX *cipher_start(const struct lab_key *key, bool encrypt, const uint8_t *iv, EVP_CIPHER **type)
{
	const struct cipher_name *c = cipher_find(key->cipher);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	*type = c ? EVP_CIPHER_fetch(library, c->name[key->key_length / 8 - 2], ONLY_DEFAULT) : NULL;
	if (ctx && *type && EVP_CipherInit_ex2(ctx, *type, key->key, iv, encrypt, NULL) &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static int software_cipher(const struct lab_engine *e, const struct lab_key *key, bool encrypt, const uint8_t *iv,
			   const uint8_t *in, uint8_t *out, size_t n)
{
	EVP_CIPHER *type;
	EVP_CIPHER_CTX *ctx = cipher_start(key, encrypt, key->cipher == SLU_DC_AES_ECB ? NULL : iv, &type);
	int done = 0;
	bool ok = ctx && EVP_CipherUpdate(ctx, out, &done, in, (int)n) && (size_t)done == n;

	(void)e;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(type);
	return ok ? 0 : -EIO;
}

static int software_gcm(const struct lab_engine *e, const struct lab_key *key, bool encrypt, const uint8_t *iv,
			const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out, size_t n, uint8_t *tag,
			size_t tag_length)
{
	EVP_CIPHER *type;
	EVP_CIPHER_CTX *ctx = cipher_start(key, encrypt, iv, &type);
	int done = 0, result = -EIO;
	uint8_t rest[LAB_BLOCK];

	(void)e;
	if (!ctx || (aad_length > 0 && !EVP_CipherUpdate(ctx, NULL, &done, aad, (int)aad_length)) ||
	    (n > 0 && (!EVP_CipherUpdate(ctx, out, &done, in, (int)n) || (size_t)done != n)))
		goto out;
	if (!encrypt && !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag_length, tag))
		goto out;
	if (!EVP_CipherFinal_ex(ctx, rest, &done))
		result = encrypt ? -EIO : -EBADMSG;
	else if (!encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)tag_length, tag))
		result = 0;
out:
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(type);
	return result;
}

size_t lab_mac_size(uint32_t mac)
{
	const struct mac_name *m = mac_find(mac);

	return m ? m->size : 0;
}

int lab_hmac(const struct lab_key *key, const uint8_t *header, size_t header_length, const uint8_t *data, size_t n,
	     uint8_t *out)
{
	const struct mac_name *m = mac_find(key->mac);
	char digest[16];
	OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
	EVP_MAC_CTX *ctx = hmac && m ? EVP_MAC_CTX_new(hmac) : NULL;
	size_t done;
	bool ok;

	if (!ctx)
		return -EIO;
	strcpy(digest, m->digest);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0); /* which measures it */
	ok = EVP_MAC_init(ctx, key->mac_key, key->mac_key_length, params) &&
	     EVP_MAC_update(ctx, header, header_length) && EVP_MAC_update(ctx, data, n) &&
	     EVP_MAC_final(ctx, out, &done, m->size);
	EVP_MAC_CTX_free(ctx);
	return ok ? 0 : -EIO;
}

static const struct lab_engine software = {
	.driver = software_driver, .cipher = software_cipher, .gcm = software_gcm, .accelerated = true};

const struct lab_engine *lab_engine_software(void)
{
	pthread_once(&library_once, library_init);
	return hmac ? &software : NULL;
}
