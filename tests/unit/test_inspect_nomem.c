/* SPDX-License-Identifier: MIT */
/* Each allocation in the life of a chain and of an inspection fails once, OpenSSL's and ours: an error, no crash, no
 * leak (the sanitizers look). */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "inspect_kit.h"
#include "tls_kit.h"

static long countdown = -1; /* allocations until one fails; negative: none does */

static int fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

static void *failing_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 || fails() ? NULL : malloc(n);
}

static void *failing_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : realloc(p, n);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* Ours, beside those that OpenSSL makes by the functions above. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

/* A whole life: what the server has to say, in one go. 1: all is known; 0: it failed otherwise; SLU_ERR_NOMEM. */
static int live(SSL_CTX *server, const struct slu_trust *trust, long fail_at)
{
	const uint16_t scheme = 0x0403;
	const char *const alpn = "rtmp";
	const struct slu_inspect_config config = {.host = "live.example",
						  .sni = true,
						  .version = TLS1_3_VERSION,
						  .suite = 0x1301,
						  .group = 23,
						  .schemes = &scheme,
						  .nschemes = 1,
						  .alpn = &alpn,
						  .nalpn = 1,
						  .trust = trust};
	struct slu_inspect *i;
	const uint8_t *data;
	uint8_t flight[8192];
	size_t n;
	SSL *ssl;
	int r = SLU_ERR_NOMEM;

	countdown = fail_at;
	i = slu_inspect_new(&config);
	countdown = countdown < 0 ? -1 : countdown;
	fail_at = countdown;
	countdown = -1;
	if (!i)
		return r;
	ssl = inspect_accept(server);
	n = slu_inspect_out(i, &data);
	BIO_write(SSL_get_rbio(ssl), data, (int)n);
	SSL_do_handshake(ssl);
	n = (size_t)BIO_read(SSL_get_wbio(ssl), flight, sizeof flight);
	countdown = fail_at;
	r = (int)n > 0 ? slu_inspect_in(i, flight, n) : 0;
	countdown = -1;
	if (r == 0) {
		const struct slu_inspect_result *result = slu_inspect_result(i);

		assert_int_equal(result->failed, result->sentence[0] != '\0');
		r = result->done && result->chain && result->chain->verified;
	}
	SSL_free(ssl);
	slu_inspect_free(i);
	ERR_clear_error();
	return r;
}

static void an_inspection_survives(void **state)
{
	char error[300];
	struct slu_trust *t = slu_trust_new(kit_ca.cert, NULL, error, sizeof error);
	SSL_CTX *s = inspect_server();
	unsigned short_of = 0;

	(void)state;
	assert_int_equal(live(s, t, -1), 1);
	for (long n = 0; n < 6000; n += n < 200 ? 1 : 7)
		short_of += live(s, t, n) == SLU_ERR_NOMEM;
	assert_true(short_of > 50);
	assert_int_equal(live(s, t, -1), 1);
	slu_trust_free(t);
	SSL_CTX_free(s);
}

static void a_chain_survives(void **state)
{
	unsigned char *der = NULL;
	const int n = i2d_X509(kit_server.x509, &der);
	char error[300];
	struct slu_trust *t = slu_trust_new(kit_ca.cert, NULL, error, sizeof error);
	unsigned none = 0, verified = 0;

	(void)state;
	for (long at = 0; at < 600; at++) {
		struct slu_chain *c;

		countdown = at;
		c = slu_chain_new(&(struct slu_chain_der){der, (size_t)n}, 1, t, "live.example", 0);
		countdown = -1;
		if (!c)
			none++;
		else
			verified += c->verified;
		assert_true(!c || c->verified == !c->why_not[0]);
		slu_chain_free(c);
	}
	/* OpenSSL does not tell all of them from a certificate that it cannot read. */
	assert_true(none > 20 && verified > 20);
	slu_trust_free(t);
	for (long at = 0; at < 600; at++) {
		countdown = at;
		error[0] = '\0';
		t = slu_trust_new(kit_ca.cert, NULL, error, sizeof error);
		countdown = -1;
		assert_int_equal(t == NULL, error[0] != '\0');
		slu_trust_free(t);
	}
	OPENSSL_free(der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inspection_survives),
		cmocka_unit_test(a_chain_survives),
	};

	/* Before OpenSSL's first allocation. */
	if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
		return 1;
	return cmocka_run_group_tests_name("inspect_nomem", tests, kit_setup, kit_teardown);
}
