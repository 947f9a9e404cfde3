/* SPDX-License-Identifier: MIT */
#include "crypto/sni.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/log.h"
#include "crypto/identity.h"

enum { NAME_MAX_BYTES = 255, HOST_NAME = 0 /* RFC 6066, 3: the one type of name */ };

/* Hangs off the first SSL_CTX. */
struct sni {
	SSL_CTX **ctx; /* the first, which is not owned, and the others */
	size_t n;
};

/* ---- which goes with which ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int place = -1; /* among what hangs off an SSL_CTX */

static void free_sni(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	struct sni *s = ptr;

	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	for (size_t i = 1; s && i < s->n; i++)
		SSL_CTX_free(s->ctx[i]);
	if (s)
		free(s->ctx);
	free(s);
}

static void take_place(void)
{
	place = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_sni);
}

static struct sni *sni_of(const SSL_CTX *first)
{
	pthread_once(&once, take_place);
	return place < 0 ? NULL : SSL_CTX_get_ex_data(first, place);
}

/* ---- names ---- */

static bool has_name(const X509 *cert, const char *name, size_t n, unsigned flags)
{
	/* X509_check_host() takes a name that begins with a dot for a pattern of its own. */
	return n && n <= NAME_MAX_BYTES && *name != '.' &&
	       X509_check_host((X509 *)(uintptr_t)cert, name, n, flags, NULL) == 1;
}

/* Whether all names of b, if there are any, are among those of a. */
static bool covers(const X509 *a, const X509 *b)
{
	GENERAL_NAMES *names = X509_get_ext_d2i((X509 *)(uintptr_t)b, NID_subject_alt_name, NULL, NULL);
	bool all = sk_GENERAL_NAME_num(names) > 0;

	for (int i = 0; all && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type == GEN_DNS)
			all = has_name(a, (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s),
				       X509_CHECK_FLAG_NO_WILDCARDS);
	}
	GENERAL_NAMES_free(names);
	return all;
}

/* Whether one of ctx's certificates has a key of this kind: OpenSSL keeps one of each, and chooses by what the client
 * takes. */
static bool has_kind(SSL_CTX *ctx, int kind)
{
	for (long r = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_FIRST); r == 1;
	     r = SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT))
		if (EVP_PKEY_base_id(X509_get0_pubkey(SSL_CTX_get0_certificate(ctx))) == kind)
			return true;
	return false;
}

/* ---- choosing ---- */

static SSL_CTX *find(const struct sni *s, const char *name, size_t n, unsigned flags)
{
	for (size_t i = 0; i < s->n; i++)
		if (has_name(SSL_CTX_get0_certificate(s->ctx[i]), name, n, flags))
			return s->ctx[i];
	return NULL;
}

SSL_CTX *slu_sni_find(SSL_CTX *first, const char *name, size_t n)
{
	const struct sni *s = sni_of(first);
	SSL_CTX *found = NULL;

	if (n && name[n - 1] == '.')
		n--;
	if (s)
		found = find(s, name, n, X509_CHECK_FLAG_NO_WILDCARDS);
	if (s && !found)
		found = find(s, name, n, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return found ? found : first;
}

static size_t u16(const unsigned char *p)
{
	return (size_t)(p[0] << 8 | p[1]);
}

const char *slu_sni_name(const unsigned char *p, size_t n, size_t *length)
{
	if (n < 5 || u16(p) != n - 2 || p[2] != HOST_NAME || u16(p + 3) > n - 5)
		return NULL;
	*length = u16(p + 3);
	return (const char *)p + 5;
}

/* Before OpenSSL looks for a session to resume: one of another certificate is not taken then. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
	const unsigned char *list;
	const char *name;
	size_t n;

	(void)alert;
	(void)arg;
	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &list, &n))
		return SSL_CLIENT_HELLO_SUCCESS;
	/* One that is malformed names nobody: OpenSSL ends the handshake over it. */
	name = slu_sni_name(list, n, &n);
	if (name)
		SSL_set_SSL_CTX(ssl, slu_sni_find(SSL_get_SSL_CTX(ssl), name, n));
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* ---- adding ---- */

static struct sni *begin(SSL_CTX *first)
{
	struct sni *s = calloc(1, sizeof *s);

	if (s)
		s->ctx = malloc(sizeof *s->ctx);
	if (!s || !s->ctx || place < 0 || SSL_CTX_set_ex_data(first, place, s) != 1) {
		if (s)
			free(s->ctx);
		free(s);
		return NULL;
	}
	s->ctx[s->n++] = first;
	SSL_CTX_set_client_hello_cb(first, on_hello, NULL);
	return s;
}

/* The one that has just the names of cert, or NULL. */
static SSL_CTX *find_twin(const struct sni *s, const X509 *cert)
{
	for (size_t i = 0; i < s->n; i++) {
		const X509 *other = SSL_CTX_get0_certificate(s->ctx[i]);

		if (covers(other, cert) && covers(cert, other))
			return s->ctx[i];
	}
	return NULL;
}

static int append(struct sni *s, SSL_CTX *ssl)
{
	SSL_CTX **more = realloc(s->ctx, (s->n + 1) * sizeof *more);

	if (!more)
		return SLU_ERR_NOMEM;
	s->ctx = more;
	s->ctx[s->n++] = ssl;
	return 0;
}

static int no_memory(char *error, size_t size)
{
	snprintf(error, size, "out of memory");
	return SLU_ERR_NOMEM;
}

int slu_sni_add(SSL_CTX *first, SSL_CTX *ssl, const struct slu_tls_identity *id, const struct slu_log *log, char *error,
		size_t size)
{
	struct sni *s = sni_of(first);
	const X509 *cert = SSL_CTX_get0_certificate(ssl);
	SSL_CTX *twin;
	int r = 0;

	if (!s)
		s = begin(first);
	twin = s ? find_twin(s, cert) : NULL;
	if (s && !twin && append(s, ssl) == 0)
		return 0;
	if (!twin)
		r = no_memory(error, size);
	else if (!has_kind(twin, EVP_PKEY_base_id(X509_get0_pubkey(cert))))
		r = slu_identity_load(twin, id, true, error, size);
	else
		slu_log(log, SLU_LOG_WARN,
			"the certificate %s is never used: one that was given before it has the same names and a key "
			"of "
			"the same kind",
			id->cert_file);
	SSL_CTX_free(ssl);
	return r;
}
