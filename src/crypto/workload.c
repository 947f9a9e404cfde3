/* SPDX-License-Identifier: MIT */
#include "crypto/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "crypto/offload.h"
#include "crypto/policy.h"
#include "crypto/tls_ctx.h"

enum { RECORD_MOST = 16384, TURNS_MOST = 20 };

struct slu_workload {
	struct slu_offload offload;
	SSL_CTX *ctx[2];
	SSL *client, *server;
	const char *passed_over;
	BIO *dropped; /* what the client's records go to after the handshake; the client's own */
	uint8_t payload[RECORD_MOST];
};

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) > 0 &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) > 0)
		EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* One that nobody verifies. */
static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, 2) && X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), 3600) && X509_set_pubkey(cert, key) &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static SSL_CTX *make_server(const struct slu_tls_config *config, char *error, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = make_key();
	X509 *cert = key ? make_certificate(key) : NULL;
	bool ok = ctx && cert && SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;

	X509_free(cert);
	EVP_PKEY_free(key);
	if (ok && slu_policy_apply(ctx, config, error, size) == 0)
		return ctx;
	if (!ok)
		snprintf(error, size, "OpenSSL cannot make a key to measure with");
	SSL_CTX_free(ctx);
	return NULL;
}

static SSL_CTX *make_client(const struct slu_offload *offload, const struct slu_tls_config *config, bool etm,
			    char *error, size_t size)
{
	SSL_CTX *ctx = slu_offload_ssl_ctx(offload, TLS_client_method());

	if (!ctx)
		snprintf(error, size, "OpenSSL cannot begin with TLS");
	else if (slu_policy_apply(ctx, config, error, size) == 0) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
		if (!etm)
			SSL_CTX_set_options(ctx, SSL_OP_NO_ENCRYPT_THEN_MAC);
		return ctx;
	}
	SSL_CTX_free(ctx);
	return NULL;
}

static SSL *make_end(SSL_CTX *ctx, BIO *in, BIO *out)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl && BIO_up_ref(in) && BIO_up_ref(out))
		SSL_set_bio(ssl, in, out);
	return ssl;
}

/* 1: done, 0: waits for the other end, -1: failed. */
static int step(SSL *ssl)
{
	const int r = SSL_do_handshake(ssl);

	if (r == 1)
		return 1;
	return SSL_get_error(ssl, r) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* Both ends take turns until both are done. */
static bool shake_hands(struct slu_workload *w)
{
	SSL_set_connect_state(w->client);
	SSL_set_accept_state(w->server);
	for (int i = 0; i < TURNS_MOST; i++) {
		const int client = step(w->client), server = client < 0 ? -1 : step(w->server);

		if (client < 0 || server < 0)
			return false;
		if (client && server)
			return true;
	}
	return false;
}

static int connect_ends(struct slu_workload *w, const char *suite, char *error, size_t size)
{
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
	char reason[200];
	int r = SLU_ERR_NOMEM;

	if (up && down) {
		w->client = make_end(w->ctx[0], down, up);
		w->server = make_end(w->ctx[1], up, down);
	}
	BIO_free(up);
	BIO_free(down);
	if (w->client && w->server)
		r = shake_hands(w) ? 0 : SLU_ERR_TLS;
	if (r)
		snprintf(error, size, "%s cannot be measured: %s", suite, slu_tls_reason(reason, sizeof reason));
	return r;
}

/* From here on the client's records go nowhere: what a memory BIO does with them would be measured too, which clears
 * and copies as many bytes as they have, and more than once. */
static bool drop_records(struct slu_workload *w, char *error, size_t size)
{
	w->dropped = BIO_new(BIO_s_null());
	if (w->dropped)
		SSL_set0_wbio(w->client, w->dropped);
	else
		snprintf(error, size, "out of memory");
	return w->dropped;
}

/* OpenSSL has AES-CBC and an HMAC in one for processors with instructions for AES, and takes that for MAC-then-encrypt
 * whatever engine there is (ssl_cipher_get_evp() in ssl/ssl_ciph.c). */
static bool is_in_one(const SSL *ssl)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);
	const int nid = SSL_CIPHER_get_cipher_nid(suite), hash = SSL_CIPHER_get_digest_nid(suite);
	char name[40];

	if ((nid != NID_aes_128_cbc && nid != NID_aes_256_cbc) || (hash != NID_sha1 && hash != NID_sha256))
		return false;
	snprintf(name, sizeof name, "AES-%d-CBC-HMAC-SHA%s", nid == NID_aes_128_cbc ? 128 : 256,
		 hash == NID_sha1 ? "1" : "256");
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);

	ERR_clear_error();
	EVP_CIPHER_free(cipher);
	return cipher != NULL;
#else
	return EVP_get_cipherbyname(name) != NULL;
#endif
}

static const char *why_passed_over(const struct slu_workload *w, bool etm)
{
	if (slu_offload_lacks(&w->offload, w->client))
		return "the engine has no cipher for it";
	if (w->offload.engine && !etm && is_in_one(w->client))
		return "OpenSSL does it in software, together with its MAC";
	return NULL;
}

struct slu_workload *slu_workload_new(enum slu_tls_version version, const char *suite, bool etm, const char *offload,
				      const struct slu_log *log, char *error, size_t size)
{
	struct slu_workload *w = calloc(1, sizeof *w);
	struct slu_tls_config config = {.min_version = version, .max_version = version, .insecure = true};

	if (!w) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	*(version == SLU_TLS_1_3 ? &config.ciphersuites : &config.cipher_list) = suite;
	if (slu_offload_open(&w->offload, offload, log, error, size) == 0) {
		w->ctx[0] = make_client(&w->offload, &config, etm, error, size);
		if (w->ctx[0])
			w->ctx[1] = make_server(&config, error, size);
		if (w->ctx[1] && connect_ends(w, suite, error, size) == 0 && drop_records(w, error, size)) {
			w->passed_over = why_passed_over(w, etm);
			return w;
		}
	}
	slu_workload_free(w);
	ERR_clear_error();
	return NULL;
}

int slu_workload_seal(struct slu_workload *w, size_t n)
{
	ERR_clear_error();
	return n <= RECORD_MOST && SSL_write(w->client, w->payload, (int)n) == (int)n ? 0 : SLU_ERR_TLS;
}

uint64_t slu_workload_wire_bytes(const struct slu_workload *w)
{
	return BIO_number_written(w->dropped);
}

const char *slu_workload_passed_over(const struct slu_workload *w)
{
	return w->passed_over;
}

void slu_workload_offload(const struct slu_workload *w, struct slu_tls_offload_stats *out)
{
	slu_offload_stats(&w->offload, out);
}

void slu_workload_free(struct slu_workload *w)
{
	if (!w)
		return;
	SSL_free(w->client);
	SSL_free(w->server);
	SSL_CTX_free(w->ctx[0]);
	SSL_CTX_free(w->ctx[1]);
	slu_offload_close(&w->offload);
	free(w);
}
