/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/openssl_facts.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/objects.h>

/* The engine that encrypts once OpenSSL has started as it does for TLS; "": none. */
static void find_standard(char *out, size_t size)
{
	ENGINE *e;

	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	e = ENGINE_get_cipher_engine(NID_aes_128_cbc);
	snprintf(out, size, "%s", e ? ENGINE_get_id(e) : "");
	if (e)
		ENGINE_finish(e);
}

void slu_openssl_engines(void (*found)(void *arg, const char *id, const char *name, bool standard), void *arg)
{
	char standard[64];

	find_standard(standard, sizeof standard);
	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_ALL_BUILTIN, NULL);
	for (ENGINE *e = ENGINE_get_first(); e; e = ENGINE_get_next(e))
		found(arg, ENGINE_get_id(e), ENGINE_get_name(e), strcmp(ENGINE_get_id(e), standard) == 0);
	ERR_clear_error();
}
