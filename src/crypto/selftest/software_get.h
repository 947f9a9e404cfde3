/* SPDX-License-Identifier: MIT */
/* Where OpenSSL's own ciphers and digests come from: another way before 3.0 than since. OpenSSL's header is needed. */
#ifndef SLU_CRYPTO_SELFTEST_SOFTWARE_GET_H
#define SLU_CRYPTO_SELFTEST_SOFTWARE_GET_H

#include <stdbool.h>

#include <openssl/evp.h>

struct slu_software_source {
	void *context; /* 3.0: an OSSL_LIB_CTX */
};

bool slu_software_source_open(struct slu_software_source *s);
void slu_software_source_close(struct slu_software_source *s); /* what came from it was put back */

const EVP_CIPHER *slu_software_cipher(struct slu_software_source *s, const char *name); /* NULL: none */
const EVP_MD *slu_software_hash(struct slu_software_source *s, const char *name);
void slu_software_put_cipher(const EVP_CIPHER *cipher); /* NULL is fine */
void slu_software_put_hash(const EVP_MD *hash);

#endif
