/* SPDX-License-Identifier: MIT */
/* What a context may negotiate: versions, suites, groups, security level. OpenSSL's header is needed to include this.
 */
#ifndef SLU_CRYPTO_POLICY_H
#define SLU_CRYPTO_POLICY_H

#include <stddef.h>

#include <openssl/ssl.h>

#include <sluice/tls.h>

/* 0, or negative with the reason in error. */
int slu_policy_apply(SSL_CTX *ctx, const struct slu_tls_config *config, char *error, size_t size);

/* "1.2", or "?" for a number that is no version. Static. */
const char *slu_tls_version_text(int version);

/* The versions that ssl may negotiate and how many suites: "TLS 1.2 to 1.3 with 17 suites". Returns out. */
char *slu_policy_offer(const SSL *ssl, char *out, size_t size);

#endif
