/* SPDX-License-Identifier: MIT */
#include "crypto/policy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>

static const struct {
	enum slu_tls_version version;
	const char *text;
} versions[] = {
	{SLU_TLS_1_0, "1.0"},
	{SLU_TLS_1_1, "1.1"},
	{SLU_TLS_1_2, "1.2"},
	{SLU_TLS_1_3, "1.3"},
};

bool slu_tls_version_parse(const char *text, enum slu_tls_version *out)
{
	static const char *const prefixes[] = {"TLSv", "TLS ", "TLS"};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncasecmp(text, prefixes[i], strlen(prefixes[i])) == 0) {
			text += strlen(prefixes[i]);
			break;
		}
	if (strcmp(text, "1") == 0)
		text = "1.0";
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (strcmp(text, versions[i].text) == 0) {
			*out = versions[i].version;
			return true;
		}
	return false;
}

const char *slu_tls_version_text(int version)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if ((int)versions[i].version == version)
			return versions[i].text;
	return "?";
}

char *slu_policy_offer(const SSL *ssl, char *out, size_t size)
{
	/* The getters and SSL_get1_supported_ciphers() take no const in OpenSSL 1.1.1, and change nothing. */
	SSL *s = (SSL *)(uintptr_t)ssl;
	STACK_OF(SSL_CIPHER) *suites = SSL_get1_supported_ciphers(s);
	int min = (int)SSL_get_min_proto_version(s), max = (int)SSL_get_max_proto_version(s);
	int n = suites ? sk_SSL_CIPHER_num(suites) : 0;

	if (max == 0)
		max = SLU_TLS_1_3;
	if (min == max)
		snprintf(out, size, "TLS %s with %d suites", slu_tls_version_text(min), n);
	else
		snprintf(out, size, "TLS %s to %s with %d suites", slu_tls_version_text(min), slu_tls_version_text(max),
			 n);
	sk_SSL_CIPHER_free(suites);
	return out;
}

static int refuse(char *error, size_t size, const char *what, const char *value, const char *hint)
{
	ERR_clear_error();
	snprintf(error, size, "%s does not take the %s \"%.100s\": %s", slu_tls_library(), what, value, hint);
	return SLU_ERR_INVALID;
}

/* OpenSSL skips names that it does not know. A name mistyped would silently weaken or widen what is offered. */
static int suites_known(SSL_CTX *ctx, const char *names, char *error, size_t size)
{
	STACK_OF(SSL_CIPHER) *have = SSL_CTX_get_ciphers(ctx);

	while (*names) {
		size_t n = strcspn(names, ":");
		char name[64];
		bool found = false;

		snprintf(name, sizeof name, "%.*s", (int)(n < 63 ? n : 63), names);
		for (int i = 0; i < sk_SSL_CIPHER_num(have) && !found; i++)
			found = strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(have, i)), name) == 0;
		if (!found)
			return refuse(error, size, "TLS 1.3 suite", name, "see 'openssl ciphers -s -tls1_3'");
		names += n + (names[n] == ':');
	}
	return 0;
}

static int set_suites(SSL_CTX *ctx, const struct slu_tls_config *c, char *error, size_t size)
{
	if (c->cipher_list && SSL_CTX_set_cipher_list(ctx, c->cipher_list) != 1)
		return refuse(error, size, "cipher list", c->cipher_list, "see 'openssl ciphers -s -tls1_2'");
	if (c->ciphersuites) {
		if (SSL_CTX_set_ciphersuites(ctx, c->ciphersuites) != 1)
			return refuse(error, size, "TLS 1.3 suites", c->ciphersuites,
				      "see 'openssl ciphers -s -tls1_3'");
		if (suites_known(ctx, c->ciphersuites, error, size) != 0)
			return SLU_ERR_INVALID;
	}
	if (c->groups && SSL_CTX_set1_groups_list(ctx, c->groups) != 1)
		return refuse(error, size, "groups", c->groups, "for example X25519:P-256");
	return 0;
}

static int set_versions(SSL_CTX *ctx, const struct slu_tls_config *c, char *error, size_t size)
{
	int min = c->min_version ? (int)c->min_version : TLS1_2_VERSION;
	int max = (int)c->max_version;

	if (!c->min_version && max && max < min)
		min = max;
	if (max && min > max) {
		snprintf(error, size, "the minimum TLS version %s is above the maximum %s", slu_tls_version_text(min),
			 slu_tls_version_text(max));
		return SLU_ERR_INVALID;
	}
	if (SSL_CTX_set_min_proto_version(ctx, min) != 1 || SSL_CTX_set_max_proto_version(ctx, max) != 1)
		return refuse(error, size, "TLS version", slu_tls_version_text(min), "this build of OpenSSL lacks it");
	return 0;
}

/* TLS 1.0 and 1.1 sign with MD5 and SHA-1, which OpenSSL 3 takes at level 0 only: a caller who asks for these versions
 * would never get them otherwise. */
static void set_level(SSL_CTX *ctx, const struct slu_tls_config *c)
{
	bool old = (c->min_version && c->min_version < SLU_TLS_1_2) || (c->max_version && c->max_version < SLU_TLS_1_2);

	if (c->security_level > 0)
		SSL_CTX_set_security_level(ctx, c->security_level);
	else if (c->security_level < 0 || old)
		SSL_CTX_set_security_level(ctx, 0);
}

static void set_options(SSL_CTX *ctx, const struct slu_tls_config *c)
{
	/* One record per write also with TLS 1.0 and CBC: what the empty fragments guard against needs an attacker who
	 * chooses plaintext next to a secret in the same direction, as a browser allows and a stream does not. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
	if (c->no_resumption)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	/* Read ahead: one read call fetches two records, not a header and a body each. Larger blocks cost more in moves
	 * inside libssl's buffer than they save in calls. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, 2 * (16384 + 5 + 256));
}

int slu_policy_apply(SSL_CTX *ctx, const struct slu_tls_config *config, char *error, size_t size)
{
	int r = set_versions(ctx, config, error, size);

	if (r != 0)
		return r;
	if (config->security_level < -1 || config->security_level > 5) {
		snprintf(error, size, "the security level is %d, and goes from 0 to 5", config->security_level);
		return SLU_ERR_INVALID;
	}
	set_level(ctx, config);
	set_options(ctx, config);
	return set_suites(ctx, config, error, size);
}
