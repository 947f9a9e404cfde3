/* SPDX-License-Identifier: MIT */
#include "crypto/chain.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/log.h"
#include "crypto/tls_ctx.h"
#include "crypto/x509.h"

struct slu_trust {
	SSL_CTX *ctx; /* for its store, and the security level that OpenSSL is set up with */
	char *ca_file, *ca_path;
};

/* ---- the store ---- */

static bool copy(char **to, const char *from)
{
	*to = from && *from ? strdup(from) : NULL;
	return *to || !from || !*from;
}

struct slu_trust *slu_trust_new(const char *ca_file, const char *ca_path, char *error, size_t size)
{
	struct slu_trust *t = calloc(1, sizeof *t);
	char reason[128];

	if (!t || !copy(&t->ca_file, ca_file) || !copy(&t->ca_path, ca_path)) {
		snprintf(error, size, "out of memory");
		goto fail;
	}
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (!t->ctx) {
		snprintf(error, size, "OpenSSL cannot begin with TLS: %s; check its configuration file",
			 slu_tls_reason(reason, sizeof reason));
		goto fail;
	}
	if (slu_x509_trust(t->ctx, t->ca_file, t->ca_path, error, size) == 0)
		return t;
fail:
	slu_trust_free(t);
	return NULL;
}

void slu_trust_free(struct slu_trust *trust)
{
	if (!trust)
		return;
	SSL_CTX_free(trust->ctx);
	free(trust->ca_file);
	free(trust->ca_path);
	free(trust);
}

/* ---- one certificate ---- */

/* A time_t of 32 bits ends in 2038. */
static int64_t unix_time(const ASN1_TIME *date)
{
	const struct tm epoch = {.tm_year = 70, .tm_mday = 1};
	struct tm tm;
	int days, seconds;

	if (ASN1_TIME_to_tm(date, &tm) != 1 || OPENSSL_gmtime_diff(&days, &seconds, &epoch, &tm) != 1)
		return 0;
	return (int64_t)days * 86400 + seconds;
}

static void object_text(const ASN1_OBJECT *object, char *out, size_t size)
{
	char text[80];

	OBJ_obj2txt(text, sizeof text, object, 0);
	slu_escape(out, size, text, strlen(text));
}

/* RFC 5480, 2.1.1: the curve is the algorithm's parameter. */
static void curve_text(const X509_ALGOR *algorithm, char *out, size_t size)
{
	const void *parameter;
	const char *nist;
	char name[32];
	int type;

	X509_ALGOR_get0(NULL, &type, &parameter, algorithm);
	if (type != V_ASN1_OBJECT) {
		snprintf(out, size, "EC of a curve without a name");
		return;
	}
	nist = EC_curve_nid2nist(OBJ_obj2nid(parameter));
	object_text(parameter, name, sizeof name);
	snprintf(out, size, "EC %s", nist ? nist : name);
}

static void key_text(const X509 *cert, char *out, size_t size)
{
	/* The getter takes no const in OpenSSL 1.1.1, and changes nothing. */
	X509_PUBKEY *spki = (X509_PUBKEY *)(uintptr_t)X509_get_X509_PUBKEY(cert);
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const int bits = key ? EVP_PKEY_bits(key) : 0;
	ASN1_OBJECT *object;
	X509_ALGOR *algorithm;

	X509_PUBKEY_get0_param(&object, NULL, NULL, &algorithm, spki);
	switch (OBJ_obj2nid(object)) {
	case NID_rsaEncryption:
		snprintf(out, size, "RSA %d bits", bits);
		break;
	case NID_rsassaPss:
		snprintf(out, size, "RSA-PSS %d bits", bits);
		break;
	case NID_dsa:
		snprintf(out, size, "DSA %d bits", bits);
		break;
	case NID_X9_62_id_ecPublicKey:
		curve_text(algorithm, out, size);
		break;
	case NID_ED25519:
		snprintf(out, size, "Ed25519");
		break;
	case NID_ED448:
		snprintf(out, size, "Ed448");
		break;
	default:
		object_text(object, out, size);
	}
}

static void describe(const X509 *cert, struct slu_chain_link *out)
{
	const X509_NAME *subject = X509_get_subject_name(cert), *issuer = X509_get_issuer_name(cert);
	uint8_t digest[SLU_PIN_SIZE] = {0};
	const ASN1_OBJECT *signature;

	slu_x509_name(subject, out->subject, sizeof out->subject);
	slu_x509_name(issuer, out->issuer, sizeof out->issuer);
	slu_x509_names(cert, out->names, sizeof out->names);
	out->not_before = unix_time(X509_get0_notBefore(cert));
	out->not_after = unix_time(X509_get0_notAfter(cert));
	key_text(cert, out->key, sizeof out->key);
	X509_ALGOR_get0(&signature, NULL, NULL, X509_get0_tbs_sigalg(cert));
	object_text(signature, out->signature, sizeof out->signature);
	slu_x509_spki(cert, digest);
	slu_pin_format(out->spki, digest);
	out->self_issued = X509_NAME_cmp(subject, issuer) == 0;
}

/* ---- all of them ---- */

static void unreadable(struct slu_chain *chain, size_t at, const char *host)
{
	char reason[128];

	slu_tls_reason(reason, sizeof reason);
	snprintf(chain->why_not, sizeof chain->why_not,
		 "certificate %zu of %zu%s%.255s cannot be read (%s): the server's owner must replace it", at + 1,
		 chain->sent, host ? " of " : "", host ? host : "", reason);
}

static X509 *read_one(const struct slu_chain_der *from)
{
	const unsigned char *p = from->der;
	X509 *cert = from->len <= LONG_MAX ? d2i_X509(NULL, &p, (long)from->len) : NULL;

	if (cert && p == from->der + from->len)
		return cert;
	X509_free(cert);
	return NULL;
}

/* 1: all are read; 0: one is not, which is said; SLU_ERR_NOMEM. */
static int read_all(struct slu_chain *chain, const struct slu_chain_der *certs, STACK_OF(X509) * out, const char *host)
{
	for (size_t i = 0; i < chain->sent; i++) {
		X509 *cert = read_one(&certs[i]);

		if (!cert && slu_tls_nomem())
			return SLU_ERR_NOMEM;
		if (!cert) {
			unreadable(chain, i, host);
			return 0;
		}
		if (sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			return SLU_ERR_NOMEM;
		}
		if (chain->n == SLU_CHAIN_LINKS)
			continue;
		describe(cert, &chain->links[chain->n]);
		EVP_Digest(certs[i].der, certs[i].len, chain->links[chain->n++].digest, NULL, EVP_sha256(), NULL);
	}
	return 1;
}

/* As libssl sets it up for a client's connection. */
static int set_up(X509_STORE_CTX *store, const struct slu_trust *trust, STACK_OF(X509) * certs, const char *host,
		  bool ip, int64_t now)
{
	X509_VERIFY_PARAM *param;

	if (X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(trust->ctx), sk_X509_value(certs, 0), certs) != 1 ||
	    X509_STORE_CTX_set_default(store, "ssl_server") != 1)
		return SLU_ERR_NOMEM;
	param = X509_STORE_CTX_get0_param(store);
	X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(trust->ctx));
	if (now)
		X509_STORE_CTX_set_time(store, 0, (time_t)now);
	return slu_x509_expect(param, host, ip);
}

static int verify(struct slu_chain *chain, const struct slu_trust *trust, STACK_OF(X509) * certs, const char *host,
		  int64_t now)
{
	struct slu_x509_check check = {.ca_file = trust->ca_file, .ca_path = trust->ca_path};
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	char name[SLU_X509_HOST];
	int r = SLU_ERR_NOMEM;
	bool ip;

	chain->looked_at = true;
	check.host = name;
	check.now = now ? (time_t)now : time(NULL);
	if (!slu_x509_host(host, name, &ip)) {
		snprintf(chain->why_not, sizeof chain->why_not, "there is no name to verify the certificate with");
		r = 0;
	} else if (store && set_up(store, trust, certs, name, ip, now) == 0) {
		chain->verified = X509_verify_cert(store) == 1;
		r = slu_tls_nomem() || X509_STORE_CTX_get_error(store) == X509_V_ERR_OUT_OF_MEM ? SLU_ERR_NOMEM : 0;
		if (r == 0 && !chain->verified)
			slu_x509_explain(store, X509_STORE_CTX_get_error(store), &check, chain->why_not,
					 sizeof chain->why_not);
	}
	X509_STORE_CTX_free(store);
	return r;
}

struct slu_chain *slu_chain_new(const struct slu_chain_der *certs, size_t n, const struct slu_trust *trust,
				const char *host, int64_t now)
{
	struct slu_chain *chain = calloc(1, sizeof *chain);
	STACK_OF(X509) *stack = sk_X509_new_null();
	int r = SLU_ERR_NOMEM;

	ERR_clear_error();
	if (chain && stack) {
		chain->sent = n;
		chain->looked_at = trust != NULL;
		r = read_all(chain, certs, stack, trust ? host : NULL);
	}
	if (r == 1 && trust && n)
		r = verify(chain, trust, stack, host, now);
	else if (r == 1 && trust)
		snprintf(chain->why_not, sizeof chain->why_not, "the server has sent no certificate");
	sk_X509_pop_free(stack, X509_free);
	ERR_clear_error();
	if (r >= 0)
		return chain;
	slu_chain_free(chain);
	return NULL;
}

void slu_chain_free(struct slu_chain *chain)
{
	free(chain);
}
