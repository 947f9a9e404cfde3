/* SPDX-License-Identifier: MIT */
#include "dc_tls.h"

#include "test.h"

#include <stdio.h>

#include <openssl/x509v3.h>

struct dc_kit kit;
static EVP_PKEY *pkeys[2];
static X509 *certs[2];

static X509 *make_cert(EVP_PKEY *pkey)
{
	X509 *cert = X509_new_ex(kit.libctx, "provider=default");
	X509_NAME *name = X509_NAME_new();

	assert_non_null(pkey);
	assert_non_null(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, pkey);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"live.example", -1, -1, 0);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, name);
	X509_NAME_free(name);
	assert_true(X509_sign(cert, pkey, EVP_sha256()) > 0);
	return cert;
}

int dc_tls_setup(void **state)
{
	dc_kit_open(&kit);
	pkeys[DC_EC] = EVP_PKEY_Q_keygen(kit.libctx, "provider=default", "EC", "P-256");
	pkeys[DC_RSA] = EVP_PKEY_Q_keygen(kit.libctx, "provider=default", "RSA", (size_t)2048);
	for (int key = DC_EC; key <= DC_RSA; key++)
		certs[key] = make_cert(pkeys[key]);
	*state = &kit;
	return 0;
}

int dc_tls_teardown(void **state)
{
	for (int key = DC_EC; key <= DC_RSA; key++) {
		X509_free(certs[key]);
		EVP_PKEY_free(pkeys[key]);
	}
	return dc_kit_teardown(state);
}

static SSL_CTX *make_ctx(const struct dc_suite *suite, bool ours, enum dc_end end)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(kit.libctx, ours ? "?provider=devcrypto" : "provider=default", TLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_min_proto_version(ctx, suite->version);
	SSL_CTX_set_max_proto_version(ctx, suite->version);
	SSL_CTX_set_security_level(ctx, suite->version < TLS1_2_VERSION ? 0 : 1);
	assert_int_equal(suite->version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(ctx, suite->name)
							  : SSL_CTX_set_cipher_list(ctx, suite->name),
			 1);
	if (end == DC_CLIENT)
		return ctx;
	assert_int_equal(SSL_CTX_use_certificate(ctx, certs[suite->key]), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pkeys[suite->key]), 1);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
	/* Tickets are AES-CBC outside records: the device's, were they as large as the least size. */
	if (ours)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return ctx;
}

void dc_tls_init(struct dc_tls *t, const struct dc_suite *suite, int ours, uint64_t options)
{
	memset(t, 0, sizeof *t);
	for (int end = DC_CLIENT; end <= DC_SERVER; end++) {
		t->ctx[end] =
			make_ctx(suite, ours & (end == DC_CLIENT ? DC_CLIENT_OURS : DC_SERVER_OURS), (enum dc_end)end);
		SSL_CTX_set_options(t->ctx[end], options);
	}
}

void dc_tls_clear(struct dc_tls *t)
{
	for (int end = DC_CLIENT; end <= DC_SERVER; end++)
		SSL_CTX_free(t->ctx[end]);
	SSL_SESSION_free(t->session);
}

static void shake(struct dc_tls *t)
{
	for (int i = 0; i < 20 && !(SSL_is_init_finished(t->ssl[DC_CLIENT]) && SSL_is_init_finished(t->ssl[DC_SERVER]));
	     i++) {
		SSL_do_handshake(t->ssl[DC_CLIENT]);
		SSL_do_handshake(t->ssl[DC_SERVER]);
	}
	assert_true(SSL_is_init_finished(t->ssl[DC_CLIENT]) && SSL_is_init_finished(t->ssl[DC_SERVER]));
}

void dc_tls_join(struct dc_tls *t)
{
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());

	for (int end = DC_CLIENT; end <= DC_SERVER; end++) {
		t->ssl[end] = SSL_new(t->ctx[end]);
		SSL_set_app_data(t->ssl[end], t);
	}
	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(t->ssl[DC_CLIENT], down, up);
	SSL_set_bio(t->ssl[DC_SERVER], up, down);
	SSL_set_connect_state(t->ssl[DC_CLIENT]);
	SSL_set_accept_state(t->ssl[DC_SERVER]);
	if (t->session)
		SSL_set_session(t->ssl[DC_CLIENT], t->session);
	shake(t);
}

void dc_tls_part(struct dc_tls *t)
{
	for (int end = DC_CLIENT; end <= DC_SERVER; end++)
		SSL_free(t->ssl[end]);
}

void dc_tls_open(struct dc_tls *t, const struct dc_suite *suite, int ours, uint64_t options)
{
	dc_tls_init(t, suite, ours, options);
	dc_tls_join(t);
}

void dc_tls_close(struct dc_tls *t)
{
	dc_tls_part(t);
	dc_tls_clear(t);
}

void dc_tls_send(struct dc_tls *t, enum dc_end from, unsigned records, size_t n)
{
	static uint8_t text[DC_TLS_FULL], got[DC_TLS_FULL];

	for (unsigned i = 0; i < records; i++) {
		size_t written, at = 0, length;

		memset(text, (int)(t->serial % 251), n);
		memcpy(text, &t->serial, n < sizeof t->serial ? n : sizeof t->serial);
		t->serial++;
		assert_int_equal(SSL_write_ex(t->ssl[from], text, n, &written), 1);
		for (; at < n; at += length)
			assert_int_equal(SSL_read_ex(t->ssl[!from], got + at, sizeof got - at, &length), 1);
		assert_memory_equal(got, text, n);
	}
}
