/* SPDX-License-Identifier: MIT */
/* The sentences about a certificate that a peer made up: bounded, and free of control characters. The first byte picks
 * what is wrong with it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "crypto/chain.h"
#include "crypto/x509.h"

static void check(const char *text, size_t size)
{
	if (strlen(text) >= size)
		abort();
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			abort();
}

static void explain(X509 *cert, int error)
{
	static const int errors[] = {X509_V_ERR_CERT_NOT_YET_VALID,
				     X509_V_ERR_CERT_HAS_EXPIRED,
				     X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
				     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				     X509_V_ERR_HOSTNAME_MISMATCH,
				     X509_V_ERR_EE_KEY_TOO_SMALL,
				     X509_V_ERR_CERT_REVOKED};
	const struct slu_x509_check of = {.host = "live.example", .ca_file = "ca", .now = (time_t)error << 24};
	X509_STORE_CTX *store_ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	char out[SLU_TLS_SENTENCE];

	if (store_ctx && store && X509_STORE_CTX_init(store_ctx, store, cert, NULL) == 1) {
		X509_STORE_CTX_set_error_depth(store_ctx, error & 1);
		slu_x509_explain(store_ctx, errors[(size_t)(error >> 1) % (sizeof errors / sizeof *errors)], &of, out,
				 sizeof out);
		check(out, sizeof out);
	}
	X509_STORE_CTX_free(store_ctx);
	X509_STORE_free(store);
}

static void look(const uint8_t *der, size_t n)
{
	struct slu_chain *chain = slu_chain_new(&(struct slu_chain_der){der, n}, 1, NULL, NULL, 0);

	if (!chain)
		return;
	if (chain->n + (chain->why_not[0] != '\0') != 1)
		abort();
	check(chain->why_not, sizeof chain->why_not);
	for (size_t i = 0; i < chain->n; i++) {
		const struct slu_chain_link *l = &chain->links[i];

		check(l->subject, sizeof l->subject);
		check(l->issuer, sizeof l->issuer);
		check(l->names, sizeof l->names);
		check(l->key, sizeof l->key);
		check(l->signature, sizeof l->signature);
	}
	slu_chain_free(chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *p = data + 1;
	uint8_t digest[SLU_PIN_SIZE];
	char names[200], small[8];
	X509 *cert;

	if (size < 2)
		return 0;
	cert = d2i_X509(NULL, &p, (long)(size - 1));
	if (cert) {
		check(slu_x509_names(cert, names, sizeof names), sizeof names);
		check(slu_x509_name(X509_get_subject_name(cert), small, sizeof small), sizeof small);
		slu_x509_spki(cert, digest);
		explain(cert, data[0]);
	}
	X509_free(cert);
	look(data + 1, size - 1);
	ERR_clear_error();
	return 0;
}
