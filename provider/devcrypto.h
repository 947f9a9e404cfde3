/* SPDX-License-Identifier: MIT */
/* The provider, built in: all that src/crypto needs of it. OpenSSL's headers are needed to include this. */
#ifndef SLU_PROVIDER_DEVCRYPTO_H
#define SLU_PROVIDER_DEVCRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/core.h>

#define SLU_DEVCRYPTO_NAME "devcrypto"

/* For OSSL_PROVIDER_add_builtin(). */
OSSL_provider_init_fn slu_devcrypto_init;

/*
 * Settings and counters of a loaded provider, which provctx names: OSSL_PROVIDER_get0_provider_ctx(). Before it is
 * used: 0, or -1 with the reason in error.
 */
int slu_devcrypto_set(void *provctx, const char *name, const char *value, char *error, size_t size);

/* Where its lines go, without a newline: stderr, when nothing else was said. provctx NULL: of providers that are loaded
 * from now on, until it is said again, with log NULL for stderr; the caller sees to it that nobody loads meanwhile. */
void slu_devcrypto_set_log(void *provctx, void (*log)(void *arg, const char *line), void *arg);

/* The same names as the provider's gettable parameters: "operations", "bytes", "fallbacks", "checks", "mismatches",
 * "abandoned", "sessions". 0 for a name that is none. */
uint64_t slu_devcrypto_counter(void *provctx, const char *name);

/* The device was turned off for the rest of the process. */
bool slu_devcrypto_off(void *provctx);

/* Turns it off with this sentence: its results went wrong where nobody here could see it. Where it is off already, and
 * before it has done anything, nothing happens. */
void slu_devcrypto_distrust(void *provctx, const char *sentence);

/* The parameter "drivers": "AES-CBC: virtio_crypto_aes_cbc", those that were used, with ", " between. Returns out. */
const char *slu_devcrypto_drivers(void *provctx, char *out, size_t size);

#endif
