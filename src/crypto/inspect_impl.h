/* SPDX-License-Identifier: MIT */
/* Inside of an inspection. Includes OpenSSL's header. */
#ifndef SLU_CRYPTO_INSPECT_IMPL_H
#define SLU_CRYPTO_INSPECT_IMPL_H

#include <openssl/ssl.h>

#include "crypto/inspect.h"
#include "crypto/x509.h"

struct slu_inspect {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out; /* ssl owns them */
	const struct slu_trust *trust;
	char host[SLU_X509_HOST]; /* "": none that can be used */
	bool ip;
	uint16_t asked_version;
	bool answered; /* a Certificate was sent, without one in it */
	bool nomem;    /* in a callback, which cannot say it */
	struct slu_chain *chain;
	struct slu_inspect_result result;
};

/* Sets up ctx and ssl for what config asks for. 0; SLU_ERR_INVALID: this OpenSSL lacks it, and the result's sentence
 * says what; SLU_ERR_NOMEM. */
int slu_inspect_ask(struct slu_inspect *i, const struct slu_inspect_config *config);

/* For SSL_set_msg_callback(), with the inspection: takes from the messages what the result is about. */
void slu_inspect_heard(int sent, int version, int type, const void *data, size_t n, SSL *ssl, void *arg);

#endif
