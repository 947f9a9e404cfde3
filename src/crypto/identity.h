/* SPDX-License-Identifier: MIT */
/* A certificate and its key, from files. Includes OpenSSL's header. */
#ifndef SLU_CRYPTO_IDENTITY_H
#define SLU_CRYPTO_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/ssl.h>

#include <sluice/tls.h>

/* Loads certificate, chain and key, in place of those with a key of the same kind. A server needs them. 0, or
 * SLU_ERR_INVALID or SLU_ERR_CERTIFICATE with the sentence that says which file it is. */
int slu_identity_load(SSL_CTX *ssl, const struct slu_tls_identity *id, bool server, char *error, size_t size);

/* Says what is wrong with those that ssl has loaded last, and is no reason not to serve: the dates, when the clock says
 * now, and a key that anybody can read. */
void slu_identity_warn(const SSL_CTX *ssl, const struct slu_tls_identity *id, time_t now, const struct slu_log *log);

#endif
