/* SPDX-License-Identifier: MIT */
#include "crypto/ops.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <sluice/error.h>

/* EVP_DigestSign is the one interface to HMAC that OpenSSL 1.1.1 has and 4.0 does not deprecate. */
static int hmac_sha256(const void *key, size_t key_size, const void *a, size_t a_size, const void *b, size_t b_size,
		       uint8_t out[SLU_SHA256_SIZE])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key, key_size);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SLU_SHA256_SIZE;
	int err = SLU_ERR_NOMEM;

	if (!pkey || !ctx)
		goto out;
	err = SLU_ERR_TLS;
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) != 1)
		goto out;
	if (a_size && EVP_DigestSignUpdate(ctx, a, a_size) != 1)
		goto out;
	if (b_size && EVP_DigestSignUpdate(ctx, b, b_size) != 1)
		goto out;
	if (EVP_DigestSignFinal(ctx, out, &n) == 1 && n == SLU_SHA256_SIZE)
		err = 0;
out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return err;
}

static int random_bytes(void *out, size_t n)
{
	if (n > INT_MAX || RAND_bytes(out, (int)n) != 1) {
		ERR_clear_error();
		return SLU_ERR_TLS;
	}
	return 0;
}

static const struct slu_cryptops ops = {.hmac_sha256 = hmac_sha256, .random = random_bytes};

const struct slu_cryptops *slu_cryptops_openssl(void)
{
	return &ops;
}
