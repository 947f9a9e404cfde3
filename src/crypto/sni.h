/* SPDX-License-Identifier: MIT */
/* A server with several certificates: which of them a client gets. Includes OpenSSL's header. */
#ifndef SLU_CRYPTO_SNI_H
#define SLU_CRYPTO_SNI_H

#include <stddef.h>

#include <openssl/ssl.h>

#include <sluice/tls.h>

/*
 * Clients of first that name a host (RFC 6066, 3) of the certificate id, which ssl has, are served by ssl from now on;
 * where another one has just these names already, and a key of another kind, by that one, with both certificates. It is
 * said in log when id is of no use, for another one has the names and the kind of key.
 *
 * Owns ssl, also on failure; it goes with first. 0, or SLU_ERR_NOMEM or what slu_identity_load() has.
 */
int slu_sni_add(SSL_CTX *first, SSL_CTX *ssl, const struct slu_tls_identity *id, const struct slu_log *log, char *error,
		size_t size);

/* The host that a client names in the extension server_name of its hello, n bytes at p: in p, and its length in
 * *length. NULL: it is malformed, or names none. */
const char *slu_sni_name(const unsigned char *p, size_t n, size_t *length);

/* Which of those that first may leave a client to has the name, of n bytes: one without a wildcard before one with
 * (RFC 6125, 6.4); first when none has. */
SSL_CTX *slu_sni_find(SSL_CTX *first, const char *name, size_t n);

#endif
