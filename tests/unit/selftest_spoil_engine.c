/* SPDX-License-Identifier: MIT */
/* OpenSSL 1.1.1: an engine that gives zeros is the default. */
#include "selftest_spoil.h"

#include <string.h>

#include <openssl/engine.h>

static EVP_CIPHER *zeros;

static int begin(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *iv, int encrypt)
{
	(void)ctx;
	(void)key;
	(void)iv;
	(void)encrypt;
	return 1;
}

static int give_zeros(EVP_CIPHER_CTX *ctx, unsigned char *out, const unsigned char *in, size_t n)
{
	(void)ctx;
	(void)in;
	memset(out, 0, n);
	return 1;
}

static int ciphers(ENGINE *e, const EVP_CIPHER **cipher, const int **nids, int nid)
{
	static const int all[] = {NID_aes_128_cbc};

	(void)e;
	if (!cipher) {
		*nids = all;
		return 1;
	}
	*cipher = nid == NID_aes_128_cbc ? zeros : NULL;
	return *cipher != NULL;
}

static bool is_zeros(void)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char block[16] = {1}, none[16] = {0}, out[16] = {2};
	int n;
	bool same = EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, block, block) &&
		    EVP_EncryptUpdate(ctx, out, &n, block, 16) && memcmp(out, none, 16) == 0;

	EVP_CIPHER_CTX_free(ctx);
	return same;
}

bool spoil_openssl(void)
{
	ENGINE *e = ENGINE_new();

	zeros = EVP_CIPHER_meth_new(NID_aes_128_cbc, 16, 16);
	return !is_zeros() && EVP_CIPHER_meth_set_iv_length(zeros, 16) &&
	       EVP_CIPHER_meth_set_flags(zeros, EVP_CIPH_CBC_MODE) && EVP_CIPHER_meth_set_init(zeros, begin) &&
	       EVP_CIPHER_meth_set_do_cipher(zeros, give_zeros) && EVP_CIPHER_meth_set_impl_ctx_size(zeros, 1) &&
	       ENGINE_set_id(e, "zeros") && ENGINE_set_name(e, "zeros") && ENGINE_set_ciphers(e, ciphers) &&
	       ENGINE_add(e) && ENGINE_set_default_ciphers(e) && is_zeros();
}
