/* SPDX-License-Identifier: MIT */
/* A server's look at its clients' certificates. */
#include "crypto/x509.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/log.h"

enum { SUBJECT_BYTES = 512 };

char *slu_x509_subject(const X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char line[SUBJECT_BYTES];
	int n = -1;

	/* As it is written in RFC 2253, but for what is beyond ASCII, which is escaped once. */
	if (bio &&
	    X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, line, sizeof line);
	BIO_free(bio);
	return n > 0 ? slu_escape(out, size, line, (size_t)n) : slu_escape(out, size, "(no name)", 9);
}

static void explain(X509_STORE_CTX *store, const struct slu_tls_config *c, char *out, size_t size)
{
	const X509 *shown = X509_STORE_CTX_get0_cert(store);
	int why = X509_STORE_CTX_get_error(store);
	char who[SLU_TLS_SENTENCE / 4], issuer[SLU_TLS_SENTENCE / 6];

	slu_x509_subject(shown, who, sizeof who);
	slu_x509_name(X509_get_issuer_name(shown), issuer, sizeof issuer);
	switch (why) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		snprintf(out, size,
			 "the client's certificate, \"%s\", was issued by \"%s\", which %.200s does not have: it must "
			 "be another one, or come with its whole chain",
			 who, issuer, c->ca_file ? c->ca_file : c->ca_path);
		break;
	default:
		snprintf(out, size, "the client's certificate, \"%s\", is not accepted: %s", who,
			 X509_verify_cert_error_string(why));
	}
}

int slu_x509_verify_client(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct slu_tls_peer *p = SSL_get_app_data(ssl);

	(void)arg;
	if (p->ctx->fixed_time)
		X509_STORE_CTX_set_time(store, 0, p->ctx->fixed_time);
	if (X509_verify_cert(store) > 0)
		return 1;
	explain(store, &p->ctx->config, p->verdict, sizeof p->verdict);
	return 0;
}
