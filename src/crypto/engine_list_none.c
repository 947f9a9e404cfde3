/* SPDX-License-Identifier: MIT */
/* engine_list.c's stand-in where OpenSSL has no engines. */
#include "crypto/openssl_facts.h"

void slu_openssl_engines(void (*found)(void *arg, const char *id, const char *name, bool standard), void *arg)
{
	(void)found;
	(void)arg;
}
