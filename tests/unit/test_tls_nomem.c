/* SPDX-License-Identifier: MIT */
/* Each allocation of OpenSSL in a connection's life fails once: an error, no crash, no leak (the sanitizers look). */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "crypto/tls_ctx.h"
#include "net/tls.h"
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

/* A whole life; true when nothing failed. */
static bool live(struct slu_tls_ctx *c, struct slu_tls_ctx *s, long fail_at)
{
	struct slu_vec vec = {"some bytes", 10};
	struct kit_mem cm, sm;
	struct slu_transport *t[2];
	char got[16];
	long r[2] = {0, 0};

	kit_mem_pair(&cm, &sm);
	countdown = fail_at;
	t[0] = slu_tls_over(c, &cm.transport, "live.example", 0);
	t[1] = slu_tls_over(s, &sm.transport, NULL, 0);
	for (int i = 0; t[0] && t[1] && i < 20; i++)
		for (int k = 0; k < 2 && r[!k] >= 0; k++) {
			r[k] = t[k]->ops->open(t[k], (uint64_t)i);
			if (r[k] == 1 && i < 10)
				r[k] = t[k]->ops->send(t[k], &vec, 1);
			else if (r[k] == 1)
				r[k] = t[k]->ops->recv(t[k], got, sizeof got);
		}
	countdown = -1;
	for (int k = 0; k < 2; k++) {
		if (!t[k])
			continue;
		if (r[k] < 0) {
			assert_true(r[k] == SLU_ERR_NOMEM || slu_err_family((int)r[k]) == SLU_FAMILY_TLS ||
				    slu_err_family((int)r[k]) == SLU_FAMILY_IO);
			assert_true(t[k]->ops->error(t[k])[0] != '\0');
		}
		t[k]->ops->free(t[k]);
	}
	assert_true(cm.freed && sm.freed); /* also on failure */
	kit_mem_clear(&cm);
	kit_mem_clear(&sm);
	return t[0] && t[1] && r[0] >= 0 && r[1] >= 0;
}

static void a_connection_survives(void **state)
{
	struct slu_tls_ctx *c = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert});
	struct slu_tls_ctx *s = kit_ctx(
		&(struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key});
	unsigned failed = 0;

	(void)state;
	assert_true(live(c, s, -1));
	for (long n = 0; n < 6000; n += n < 100 ? 1 : 7)
		failed += !live(c, s, n);
	assert_true(failed > 100);
	/* What failed left nothing behind. */
	ERR_clear_error();
	assert_true(live(c, s, -1));
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static void a_context_survives(void **state)
{
	struct slu_tls_config config = {.server = true,
					.cert_file = kit_server.cert,
					.key_file = kit_server.key,
					.cipher_list = "ECDHE",
					.groups = "P-256"};
	unsigned failed = 0, made = 0;

	(void)state;
	for (long n = 0; n < 1500; n += n < 200 ? 1 : 7) {
		char error[600] = "";
		struct slu_tls_ctx *ctx;

		countdown = n;
		ctx = slu_tls_ctx_new(&config, error, sizeof error);
		countdown = -1;
		if (ctx)
			made++;
		else
			failed++;
		assert_int_equal(ctx == NULL, error[0] != '\0');
		slu_tls_ctx_free(ctx);
	}
	assert_true(failed > 20 && made > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_survives),
		cmocka_unit_test(a_context_survives),
	};

	/* Before OpenSSL's first allocation. */
	if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1)
		return 1;
	return cmocka_run_group_tests_name("tls_nomem", tests, kit_setup, kit_teardown);
}
