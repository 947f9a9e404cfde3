/* SPDX-License-Identifier: MIT */
/* OpenSSL 1.1.1. An engine stands in for a built-in cipher where it was set as the default, as a configuration may do:
 * in this process none does any more. */
#include "crypto/selftest/software_get.h"

#include <openssl/engine.h>

bool slu_software_source_open(struct slu_software_source *s)
{
	s->context = NULL;
	for (ENGINE *e = ENGINE_get_first(); e; e = ENGINE_get_next(e)) {
		ENGINE_unregister_ciphers(e);
		ENGINE_unregister_digests(e);
	}
	return true;
}

void slu_software_source_close(struct slu_software_source *s)
{
	(void)s;
}

const EVP_CIPHER *slu_software_cipher(struct slu_software_source *s, const char *name)
{
	(void)s;
	return EVP_get_cipherbyname(name);
}

const EVP_MD *slu_software_hash(struct slu_software_source *s, const char *name)
{
	(void)s;
	return EVP_get_digestbyname(name);
}

void slu_software_put_cipher(const EVP_CIPHER *cipher)
{
	(void)cipher;
}

void slu_software_put_hash(const EVP_MD *hash)
{
	(void)hash;
}
