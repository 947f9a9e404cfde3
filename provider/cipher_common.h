/* SPDX-License-Identifier: MIT */
/* What all ciphers do alike with parameters and failures. OpenSSL's headers are needed to include this. */
#ifndef SLU_PROVIDER_CIPHER_COMMON_H
#define SLU_PROVIDER_CIPHER_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cipher.h"
#include "gate.h"

/* What OpenSSL asks of a cipher before there is a context. */
struct slu_dc_shape {
	unsigned mode; /* EVP_CIPH_CBC_MODE */
	size_t key_length, block_size, iv_length;
	bool aead;
};

int slu_dc_shape_get(const struct slu_dc_shape *shape, OSSL_PARAM params[]);
const OSSL_PARAM *slu_dc_shape_gettable(void *provctx);

/*
 * A cipher's functions, as OpenSSL finds them: a table of this name. What differs from kind to kind or file to file is
 * given; free_context, dup_context, encrypt_init, decrypt_init, update, final and cipher are called so in each file.
 */
#define SLU_DC_FUNCTIONS(name, new_context, get_params, get, set, gettable, settable)                                  \
	static const OSSL_DISPATCH name[] = {                                                                          \
		{OSSL_FUNC_CIPHER_NEWCTX, (void (*)(void))new_context},                                                \
		{OSSL_FUNC_CIPHER_FREECTX, (void (*)(void))free_context},                                              \
		{OSSL_FUNC_CIPHER_DUPCTX, (void (*)(void))dup_context},                                                \
		{OSSL_FUNC_CIPHER_ENCRYPT_INIT, (void (*)(void))encrypt_init},                                         \
		{OSSL_FUNC_CIPHER_DECRYPT_INIT, (void (*)(void))decrypt_init},                                         \
		{OSSL_FUNC_CIPHER_UPDATE, (void (*)(void))update},                                                     \
		{OSSL_FUNC_CIPHER_FINAL, (void (*)(void)) final},                                                      \
		{OSSL_FUNC_CIPHER_CIPHER, (void (*)(void))cipher},                                                     \
		{OSSL_FUNC_CIPHER_GET_PARAMS, (void (*)(void))get_params},                                             \
		{OSSL_FUNC_CIPHER_GET_CTX_PARAMS, (void (*)(void))get},                                                \
		{OSSL_FUNC_CIPHER_SET_CTX_PARAMS, (void (*)(void))set},                                                \
		{OSSL_FUNC_CIPHER_GETTABLE_PARAMS, (void (*)(void))slu_dc_shape_gettable},                             \
		{OSSL_FUNC_CIPHER_GETTABLE_CTX_PARAMS, (void (*)(void))gettable},                                      \
		{OSSL_FUNC_CIPHER_SETTABLE_CTX_PARAMS, (void (*)(void))settable},                                      \
		{0, NULL},                                                                                             \
	}

/* Answer one parameter, if it is asked for. False: it does not fit into what was asked with; raised. */
bool slu_dc_put_size(OSSL_PARAM params[], const char *name, size_t value);
bool slu_dc_put_uint(OSSL_PARAM params[], const char *name, unsigned value);
bool slu_dc_put_bytes(OSSL_PARAM params[], const char *name, const uint8_t *value, size_t n);

/* Take one parameter, if it is there. False: it is of another kind; raised. */
bool slu_dc_take_size(const OSSL_PARAM params[], const char *name, size_t *value);
bool slu_dc_take_uint(const OSSL_PARAM params[], const char *name, unsigned *value);

/* In part the same bytes, which makes results of what OpenSSL forbids: nothing to compare a device with. */
bool slu_dc_overlap(const uint8_t *in, const uint8_t *out, size_t n);

/* Raises one of OpenSSL's own reasons, PROV_R_..., so that programs see what they see of its own ciphers. */
bool slu_dc_refuse(int reason);

/* After an operation that the device failed: true when software is to do it, or raised. */
bool slu_dc_failed(struct slu_dc_provider *p, struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t n, int error);

/* After an operation compared with software, which is what the caller gets: true, or raised when the device was wrong
 * and software is not to stand in for it. */
bool slu_dc_compared(struct slu_dc_provider *p, struct slu_dc_gate *g, enum slu_dc_algorithm a, const uint8_t *device,
		     const uint8_t *software, size_t n);

#endif
