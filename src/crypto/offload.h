/* SPDX-License-Identifier: MIT */
/*
 * Which ciphers a TLS context gets: OpenSSL's own, or those of the provider over a crypto device, from an OSSL_LIB_CTX
 * of our own, so that the application's other uses of OpenSSL notice nothing. Includes OpenSSL's header.
 *
 * There is one library context for each distinct text that was ever opened, and it stays until the process ends. One a
 * TLS context would cost a few hundred kilobytes and a few milliseconds each, and OpenSSL numbers the error tables of
 * each provider loaded in eight bits, never giving a number back: a program that makes a context for each connection
 * would run out of them. Texts come from a configuration, so there are few.
 */
#ifndef SLU_CRYPTO_OFFLOAD_H
#define SLU_CRYPTO_OFFLOAD_H

#include <openssl/ssl.h>

#include <sluice/tls.h>

struct slu_offload_library;

/* One TLS context's use of it. Must not move while open. All zeros: closed. */
struct slu_offload {
	struct slu_offload_library *library; /* NULL: software */
	const struct slu_log *log;
	struct slu_offload *next; /* of the library's users */
};

/* what is slu_tls_config.offload. What the provider has to say goes to log, as warnings, until the end. 0, or an error
 * with the sentence in error. */
int slu_offload_open(struct slu_offload *o, const char *what, const struct slu_log *log, char *error, size_t size);

/* NULL as SSL_CTX_new() gives it. */
SSL_CTX *slu_offload_ssl_ctx(const struct slu_offload *o, const SSL_METHOD *method);

void slu_offload_stats(const struct slu_offload *o, struct slu_tls_offload_stats *out);

/* A peer said bad_record_mac: what it was sent was wrong, and the device may have made it. */
void slu_offload_refused(const struct slu_offload *o);

/* Closed already is fine. The SSL_CTX and its connections are gone by then. */
void slu_offload_close(struct slu_offload *o);

#endif
