/* SPDX-License-Identifier: MIT */
#include "crypto/tls_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "crypto/estimate.h"
#include "crypto/policy.h"

static bool is_auto(const char *text)
{
	return text && strcmp(text, "auto") == 0;
}

bool slu_tls_choice_wanted(const struct slu_tls_config *c)
{
	return is_auto(c->offload) || is_auto(c->cipher_list);
}

bool slu_tls_choice_fixed(const struct slu_tls_config *c)
{
	return !is_auto(c->cipher_list) && (c->cipher_list || c->ciphersuites);
}

/* What would be offered without a choice. Below 0: an error, with the sentence. */
static int list_suites(const struct slu_tls_config *c, struct slu_suite out[SLU_SUITES_MOST], char *error, size_t size)
{
	struct slu_tls_config plain = *c;
	SSL_CTX *ctx = SSL_CTX_new(c->server ? TLS_server_method() : TLS_client_method());
	int n;

	if (is_auto(c->cipher_list))
		plain.cipher_list = NULL;
	if (!ctx) {
		snprintf(error, size, "OpenSSL cannot begin with TLS");
		return SLU_ERR_TLS;
	}
	n = slu_policy_apply(ctx, &plain, error, size);
	if (n == 0)
		n = slu_suites_of(ctx, out);
	if (n == -1) {
		snprintf(error, size, "out of memory");
		n = SLU_ERR_NOMEM;
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return n;
}

bool slu_tls_choice_costs(struct slu_kept *k, const char *path, char *why, size_t size)
{
	char reason[400];
	int r = slu_kept_read(k, path, reason, sizeof reason);

	if (r == 1 && slu_kept_fits(k, reason, sizeof reason))
		return true;
	if (r == 0)
		snprintf(why, size, "nothing is kept of what this device can do");
	else
		snprintf(why, size, "what is kept of this device cannot be used (%s)", reason);
	slu_estimate(k);
	return false;
}

int slu_tls_choice_make(const struct slu_tls_config *c, struct slu_choice *out, char *error, size_t size)
{
	struct slu_suite suites[SLU_SUITES_MOST];
	struct slu_kept *kept = calloc(1, sizeof *kept);
	char why[480];
	struct slu_choice_rules rules = {
		.server = c->server,
		.receives = c->receives,
		.allow_weak = c->allow_weak,
		.fixed = slu_tls_choice_fixed(c),
		.door = is_auto(c->offload) ? NULL
			: c->offload        ? c->offload
					    : "off",
		.why = why,
	};
	int n;

	if (!kept) {
		snprintf(error, size, "out of memory");
		return SLU_ERR_NOMEM;
	}
	n = list_suites(c, suites, error, size);
	if (n >= 0) {
		rules.estimated = !slu_tls_choice_costs(kept, c->measured, why, sizeof why);
		slu_choose(kept, suites, (size_t)n, &rules, out);
	}
	free(kept);
	return n < 0 ? n : 0;
}
