/* SPDX-License-Identifier: MIT */
#include "crypto/have.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "crypto/openssl_facts.h"
#include "crypto/policy.h"
#include "crypto/tls_ctx.h"

/* RFC 8446, B.4: OpenSSL offers three of these by itself. */
static const char tls13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
			    "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256";

static const struct slu_tls_config usual = {.cipher_list = "ALL:COMPLEMENTOFALL:!aNULL:!eNULL:!PSK:!SRP"},
				   old = {.cipher_list = "ALL:COMPLEMENTOFALL:!aNULL:!eNULL:!PSK:!SRP",
					  .min_version = SLU_TLS_1_0,
					  .max_version = SLU_TLS_1_1};

/* config: NULL for none at all. */
static int list(const struct slu_tls_config *config, struct slu_suite out[SLU_SUITES_MOST], size_t *n, char *error,
		size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int r = ctx ? 0 : SLU_ERR_TLS;
	char reason[128];

	*n = 0;
	if (!ctx)
		snprintf(error, size, "OpenSSL cannot begin with TLS: %s", slu_tls_reason(reason, sizeof reason));
	if (r == 0 && config)
		r = slu_policy_apply(ctx, config, error, size);
	if (r == 0 && config)
		SSL_CTX_set_ciphersuites(ctx, tls13);
	if (r == 0) {
		const int found = slu_suites_of(ctx, out);

		if (found < 0)
			snprintf(error, size, "out of memory");
		r = found < 0 ? SLU_ERR_NOMEM : 0;
		*n = found < 0 ? 0 : (size_t)found;
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return r;
}

/* From OpenSSL 3.0 on, TLS 1.0 and 1.1 are there at level 0 alone: they sign with MD5 and SHA-1. */
static int standard_versions(struct slu_have *out, char *error, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx) {
		snprintf(error, size, "out of memory");
		return SLU_ERR_NOMEM;
	}
	out->standard_min = (uint16_t)SSL_CTX_get_min_proto_version(ctx);
	out->standard_max = (uint16_t)SSL_CTX_get_max_proto_version(ctx);
	if (!out->standard_min)
		out->standard_min = TLS1_VERSION;
	if (!out->standard_max)
		out->standard_max = TLS1_3_VERSION;
	if (OPENSSL_VERSION_NUMBER >= 0x30000000L && SSL_CTX_get_security_level(ctx) > 0 &&
	    out->standard_min < TLS1_2_VERSION)
		out->standard_min = TLS1_2_VERSION;
	SSL_CTX_free(ctx);
	return 0;
}

int slu_have(struct slu_have *out, char *error, size_t size)
{
	struct slu_openssl_facts facts;
	int r = list(&usual, out->usual, &out->nusual, error, size);
	char none[200];

	if (r == 0)
		r = list(NULL, out->standard, &out->nstandard, error, size);
	slu_openssl_facts(&facts);
	out->ktls = facts.ktls;
	if (r == 0)
		r = standard_versions(out, error, size);
	/* An OpenSSL without these versions has no suites for them. */
	if (r == 0 && list(&old, out->old, &out->nold, none, sizeof none) == SLU_ERR_NOMEM) {
		snprintf(error, size, "out of memory");
		r = SLU_ERR_NOMEM;
	}
	return r;
}
