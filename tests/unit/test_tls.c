/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include "net/tls.h"
#include "tls_kit.h"

static struct kit_cert ca, cert;

static int setup(void **state)
{
	(void)state;
	kit_make(&ca, "ca", &(struct kit_request){.cn = "Test CA", .ca = true});
	kit_make(&cert, "cert",
		 &(struct kit_request){
			 .cn = "live.example", .san = "DNS:live.example,IP:127.0.0.1,IP:::1", .issuer = &ca});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(&ca);
	kit_free(&cert);
	kit_remove();
	return 0;
}

static struct slu_tls_ctx *server_ctx(void)
{
	return kit_ctx(&(struct slu_tls_config){.server = true, .cert_file = cert.cert, .key_file = cert.key});
}

static struct slu_tls_ctx *client_ctx(void)
{
	return kit_ctx(&(struct slu_tls_config){.ca_file = ca.cert});
}

static void open_pair(struct kit_pair *p, struct slu_tls_ctx *c, struct slu_tls_ctx *s, const char *host)
{
	kit_pair_init(p, c, s, host);
	kit_handshake(p);
	assert_string_equal(p->c->ops->error(p->c), "");
	assert_string_equal(p->s->ops->error(p->s), "");
	assert_int_equal(p->cr, 1);
	assert_int_equal(p->sr, 1);
}

static void carries_both_ways(void **state)
{
	static const char *const hosts[] = {"live.example", "LIVE.example.", "127.0.0.1", "::1", "[::1]"};
	struct slu_tls_ctx *c = client_ctx(), *s = server_ctx();
	uint8_t data[50000];
	struct kit_pair p;

	(void)state;
	memset(data, 'x', sizeof data);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		open_pair(&p, c, s, hosts[i]);
		kit_carry(p.c, p.s, data, sizeof data);
		kit_carry(p.s, p.c, data, 1);
		kit_pair_clear(&p);
	}
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_both_ways),
	};

	return cmocka_run_group_tests_name("tls", tests, setup, teardown);
}
