/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "inspect_kit.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tls_kit.h"

SSL_CTX *inspect_server(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, 0), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
	SSL_CTX_set_dh_auto(ctx, 1);
	assert_int_equal(SSL_CTX_use_certificate(ctx, kit_server.x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, kit_server.pkey), 1);
	return ctx;
}

void inspect_use_rsa(SSL_CTX *server)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;
	X509 *cert = X509_new();

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(server, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

SSL *inspect_accept(SSL_CTX *server)
{
	SSL *ssl = SSL_new(server);

	assert_non_null(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(ssl);
	return ssl;
}

/* False: it has failed. */
static bool serve(SSL *server)
{
	char data[64];
	int r = SSL_is_init_finished(server) ? SSL_read(server, data, sizeof data) : SSL_do_handshake(server);
	int why = SSL_get_error(server, r);

	ERR_clear_error();
	return r > 0 || why == SSL_ERROR_WANT_READ;
}

int inspect_talk(struct slu_inspect *i, SSL *server, size_t portion)
{
	uint8_t buf[4096];
	const uint8_t *data;
	bool well = true;
	int r = 0, n;

	for (int quiet = 0; quiet < 2 && r == 0;) {
		size_t out = slu_inspect_out(i, &data);

		quiet++;
		if (out > portion)
			out = portion;
		if (out && well) {
			assert_int_equal(BIO_write(SSL_get_rbio(server), data, (int)out), (int)out);
			quiet = 0;
		}
		slu_inspect_sent(i, out);
		well = well && serve(server);
		n = BIO_read(SSL_get_wbio(server), buf, (int)(portion < sizeof buf ? portion : sizeof buf));
		if (n > 0) {
			r = slu_inspect_in(i, buf, (size_t)n);
			quiet = 0;
		}
	}
	return r == 0 && !well ? slu_inspect_closed(i) : r;
}

struct slu_inspect *inspect(SSL_CTX *server, const struct slu_inspect_config *config)
{
	struct slu_inspect *i = slu_inspect_new(config);
	SSL *ssl = inspect_accept(server);

	assert_non_null(i);
	assert_int_equal(inspect_talk(i, ssl, 4096), 0);
	SSL_free(ssl);
	return i;
}
