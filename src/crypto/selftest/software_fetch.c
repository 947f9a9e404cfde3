/* SPDX-License-Identifier: MIT */
/* OpenSSL 3.0 and newer: a library context without a configuration, and its default provider. */
#include "crypto/selftest/software_get.h"

bool slu_software_source_open(struct slu_software_source *s)
{
	s->context = OSSL_LIB_CTX_new();
	return s->context != NULL;
}

void slu_software_source_close(struct slu_software_source *s)
{
	OSSL_LIB_CTX_free(s->context);
}

const EVP_CIPHER *slu_software_cipher(struct slu_software_source *s, const char *name)
{
	return EVP_CIPHER_fetch(s->context, name, NULL);
}

const EVP_MD *slu_software_hash(struct slu_software_source *s, const char *name)
{
	return EVP_MD_fetch(s->context, name, NULL);
}

void slu_software_put_cipher(const EVP_CIPHER *cipher)
{
	EVP_CIPHER_free((EVP_CIPHER *)cipher); /* a reference is given back; the cipher is not changed */
}

void slu_software_put_hash(const EVP_MD *hash)
{
	EVP_MD_free((EVP_MD *)hash);
}
