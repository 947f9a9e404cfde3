/* SPDX-License-Identifier: MIT */
#include "crypto/ops.h"

#include <limits.h>
#include <stdbool.h>

#include <openssl/bn.h>
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

/* p is a safe prime, so what 2 generates are the squares, and there are but two elements of small order: 1, p - 1. */
static int check_member(const BIGNUM *y, const BIGNUM *p, BN_CTX *ctx)
{
	int symbol;

	if (BN_cmp(y, BN_value_one()) <= 0 || BN_cmp(y, p) >= 0)
		return SLU_ERR_HANDSHAKE;
	symbol = BN_kronecker(y, p, ctx);
	return symbol == 1 ? 0 : symbol == -2 ? SLU_ERR_TLS : SLU_ERR_HANDSHAKE;
}

/* base to the power of secret, base being the peer's or, when that is NULL, the generator. */
static int dh_power(const uint8_t *peer, const uint8_t *secret, uint8_t *out)
{
	static const uint8_t two = 2;
	BIGNUM *p = BN_get_rfc2409_prime_1024(NULL), *y = BN_new(), *x = BN_bin2bn(secret, SLU_DH_SIZE, NULL);
	BIGNUM *base = peer ? BN_bin2bn(peer, SLU_DH_SIZE, NULL) : BN_bin2bn(&two, 1, NULL);
	BN_CTX *ctx = BN_CTX_new();
	int err = SLU_ERR_NOMEM;

	if (!p || !x || !y || !base || !ctx)
		goto out;
	err = peer ? check_member(base, p, ctx) : 0;
	if (err)
		goto out;
	if (BN_mod_exp_mont_consttime(y, base, x, p, ctx, NULL) != 1 || BN_bn2binpad(y, out, SLU_DH_SIZE) < 0)
		err = SLU_ERR_TLS;
out:
	BN_CTX_free(ctx);
	BN_free(base);
	BN_clear_free(x);
	BN_clear_free(y);
	BN_free(p);
	ERR_clear_error();
	return err;
}

static int dh_public(const uint8_t secret[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	return dh_power(NULL, secret, out);
}

static int dh_shared(const uint8_t secret[SLU_DH_SIZE], const uint8_t peer[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	return dh_power(peer, secret, out);
}

static int digest(const EVP_MD *md, const struct slu_run *runs, size_t n, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int err = ctx ? SLU_ERR_TLS : SLU_ERR_NOMEM;
	bool good = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; i < n && good; i++)
		good = EVP_DigestUpdate(ctx, runs[i].data, runs[i].size) == 1;
	if (good && EVP_DigestFinal_ex(ctx, out, NULL) == 1)
		err = 0;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

static int md5(const struct slu_run *runs, size_t n, uint8_t out[SLU_MD5_SIZE])
{
	return digest(EVP_md5(), runs, n, out);
}

static int sha256(const struct slu_run *runs, size_t n, uint8_t out[SLU_SHA256_SIZE])
{
	return digest(EVP_sha256(), runs, n, out);
}

static const struct slu_cryptops ops = {.hmac_sha256 = hmac_sha256,
					.random = random_bytes,
					.dh_public = dh_public,
					.dh_shared = dh_shared,
					.md5 = md5,
					.sha256 = sha256};

const struct slu_cryptops *slu_cryptops_openssl(void)
{
	return &ops;
}
