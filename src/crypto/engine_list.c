/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/openssl_facts.h"

#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/err.h>

void slu_openssl_engines(void (*found)(void *arg, const char *id, const char *name), void *arg)
{
	OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_ALL_BUILTIN, NULL);
	for (ENGINE *e = ENGINE_get_first(); e; e = ENGINE_get_next(e))
		found(arg, ENGINE_get_id(e), ENGINE_get_name(e));
	ERR_clear_error();
}
