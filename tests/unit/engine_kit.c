/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "engine_kit.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

enum {
	COMMAND_OFFERS = ENGINE_CMD_BASE,
	COMMAND_BROKEN,
	COMMAND_REGISTER,
	COMMAND_COUNTERS,
	COMMAND_WRONG,
	COMMAND_HANG,
	COMMAND_STALE
};

static const ENGINE_CMD_DEFN commands[] = {
	{COMMAND_OFFERS, "OFFERS", "all or none", ENGINE_CMD_FLAG_STRING},
	{COMMAND_BROKEN, "BROKEN", "1: cannot be initialised", ENGINE_CMD_FLAG_NUMERIC},
	{COMMAND_REGISTER, "REGISTER", "registers its digests", ENGINE_CMD_FLAG_NUMERIC},
	{COMMAND_COUNTERS, "COUNTERS", "where to put the counters' address", ENGINE_CMD_FLAG_INTERNAL},
	{COMMAND_WRONG, "WRONG", "bytes of an update that is wrong, and 15 more", ENGINE_CMD_FLAG_NUMERIC},
	{COMMAND_HANG, "HANG", "bytes of an update that never ends", ENGINE_CMD_FLAG_NUMERIC},
	{COMMAND_STALE, "STALE", "1: no update goes on where the one before it ended", ENGINE_CMD_FLAG_NUMERIC},
	{0, NULL, NULL, 0},
};

static struct engine_counters counters;
static bool none, broken, stale;
static size_t wrong, hang;
static EVP_CIPHER *cipher;
static EVP_MD *digest;

static int encrypt(EVP_CIPHER_CTX *ctx, unsigned char *out, const unsigned char *in, size_t n)
{
	counters.operations++;
	counters.bytes += n;
	while (hang && n == hang)
		pause();
	if (stale)
		memcpy(EVP_CIPHER_CTX_iv_noconst(ctx), EVP_CIPHER_CTX_original_iv(ctx), 16);
	if (!EVP_CIPHER_meth_get_do_cipher(EVP_aes_128_cbc())(ctx, out, in, n))
		return 0;
	if (wrong && n >= wrong && n < wrong + 16)
		out[n - 1] ^= 1;
	return 1;
}

static int update(EVP_MD_CTX *ctx, const void *data, size_t n)
{
	counters.digests++;
	return EVP_MD_meth_get_update(EVP_sha256())(ctx, data, n);
}

static int ciphers(ENGINE *e, const EVP_CIPHER **out, const int **nids, int nid)
{
	static const int have[] = {NID_aes_128_cbc};

	(void)e;
	if (!out) {
		*nids = have;
		return none ? 0 : 1;
	}
	*out = nid == have[0] ? cipher : NULL;
	return *out != NULL;
}

static int digests(ENGINE *e, const EVP_MD **out, const int **nids, int nid)
{
	static const int have[] = {NID_sha256};

	(void)e;
	if (!out) {
		*nids = have;
		return 1;
	}
	*out = nid == have[0] ? digest : NULL;
	return *out != NULL;
}

static int control(ENGINE *e, int command, long number, void *p, void (*f)(void))
{
	(void)f;
	switch (command) {
	case COMMAND_OFFERS:
		none = strcmp(p, "none") == 0;
		return none || strcmp(p, "all") == 0;
	case COMMAND_BROKEN:
		broken = number;
		return 1;
	case COMMAND_REGISTER:
		return ENGINE_register_digests(e);
	case COMMAND_WRONG:
		wrong = (size_t)number;
		return 1;
	case COMMAND_HANG:
		hang = (size_t)number;
		return 1;
	case COMMAND_STALE:
		stale = number;
		return 1;
	case COMMAND_COUNTERS:
		*(struct engine_counters **)p = &counters;
		return 1;
	default:
		return 0;
	}
}

static int init(ENGINE *e)
{
	(void)e;
	counters.inits += !broken;
	return !broken;
}

static int finish(ENGINE *e)
{
	(void)e;
	counters.finishes++;
	return 1;
}

static int destroy(ENGINE *e)
{
	(void)e;
	counters.destroyed++;
	EVP_CIPHER_meth_free(cipher);
	EVP_MD_meth_free(digest);
	cipher = NULL;
	digest = NULL;
	return 1;
}

/* Copies of OpenSSL's own, but for one function. OpenSSL 3 does not let a function be set twice. */
static bool make_cipher(void)
{
	const EVP_CIPHER *own = EVP_aes_128_cbc();
	EVP_CIPHER *c = cipher = EVP_CIPHER_meth_new(NID_aes_128_cbc, 16, 16);

	return c && EVP_CIPHER_meth_set_iv_length(c, 16) && EVP_CIPHER_meth_set_flags(c, EVP_CIPHER_flags(own)) &&
	       EVP_CIPHER_meth_set_init(c, EVP_CIPHER_meth_get_init(own)) &&
	       EVP_CIPHER_meth_set_do_cipher(c, encrypt) &&
	       EVP_CIPHER_meth_set_cleanup(c, EVP_CIPHER_meth_get_cleanup(own)) &&
	       EVP_CIPHER_meth_set_impl_ctx_size(c, EVP_CIPHER_impl_ctx_size(own));
}

static bool make_digest(void)
{
	const EVP_MD *own = EVP_sha256();
	EVP_MD *d = digest = EVP_MD_meth_new(NID_sha256, EVP_MD_pkey_type(own));

	return d && EVP_MD_meth_set_result_size(d, 32) && EVP_MD_meth_set_input_blocksize(d, 64) &&
	       EVP_MD_meth_set_app_datasize(d, sizeof(SHA256_CTX)) &&
	       EVP_MD_meth_set_init(d, EVP_MD_meth_get_init(own)) && EVP_MD_meth_set_update(d, update) &&
	       EVP_MD_meth_set_final(d, EVP_MD_meth_get_final(own));
}

int engine_kit_bind(ENGINE *e, const char *id)
{
	return make_cipher() && make_digest() && ENGINE_set_id(e, id) && ENGINE_set_name(e, "an engine that counts") &&
	       ENGINE_set_init_function(e, init) && ENGINE_set_finish_function(e, finish) &&
	       ENGINE_set_destroy_function(e, destroy) && ENGINE_set_cmd_defns(e, commands) &&
	       ENGINE_set_ctrl_function(e, control) && ENGINE_set_ciphers(e, ciphers) && ENGINE_set_digests(e, digests);
}
