/* SPDX-License-Identifier: MIT */
/* The trust store, verification of a server's certificate, and why it failed. Includes OpenSSL's header. */
#ifndef SLU_CRYPTO_X509_H
#define SLU_CRYPTO_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/ssl.h>

#include <sluice/tls.h>

#include "crypto/tls_ctx.h"

enum { SLU_X509_HOST = 256 };

/* For whom a chain is verified, and against what. */
struct slu_x509_check {
	const char *host;              /* as slu_x509_host() has it */
	const char *ca_file, *ca_path; /* as struct slu_tls_config */
	time_t now;                    /* what the clock says */
};

/* Loads ca_file and ca_path, or points to the system's store. 0, or SLU_ERR_CERTIFICATE with the reason in error. */
int slu_x509_trust(SSL_CTX *ctx, const char *ca_file, const char *ca_path, char *error, size_t size);

/* True when the system has no CA certificates where OpenSSL looks for them. */
bool slu_x509_system_store_missing(void);

/* The name as certificates have it: no brackets and no zone on an address, no dot at the end of a name. False: there is
 * nothing left, or too much, or what no name has: spaces, control characters, and what is not ASCII. */
bool slu_x509_host(const char *host, char out[SLU_X509_HOST], bool *ip);

/* The name or address that the certificate must have. 0, SLU_ERR_NOMEM. */
int slu_x509_expect(X509_VERIFY_PARAM *param, const char *host, bool ip);

/* For SSL_CTX_set_cert_verify_callback(): chain, dates, name and pins of the connection (a struct slu_tls_peer that is
 * the SSL's app data), and the sentence when they do not hold. */
int slu_x509_verify(X509_STORE_CTX *store, void *arg);

/* The same for a server and its clients, whose names do not count. */
int slu_x509_verify_client(X509_STORE_CTX *store, void *arg);

/* Why error made the chain unacceptable. */
void slu_x509_explain(X509_STORE_CTX *store, int error, const struct slu_x509_check *check, char *out, size_t size);

/* The names that a certificate is valid for, "a.example, b.example and 3 more", or its common name; escaped. */
char *slu_x509_names(const X509 *cert, char *out, size_t size);

/* A distinguished name's common name, or the whole; escaped. */
char *slu_x509_name(const X509_NAME *name, char *out, size_t size);

/* Its subject, "CN=cam1,O=Studio"; escaped. */
char *slu_x509_subject(const X509 *cert, char *out, size_t size);

/* Whether it is not valid now, for those who verify it; and then what a sentence says after its name. */
bool slu_x509_dates(const X509 *cert, time_t now, char *out, size_t size);

/* SHA-256 of the SubjectPublicKeyInfo. */
bool slu_x509_spki(const X509 *cert, uint8_t digest[SLU_PIN_SIZE]);

#endif
