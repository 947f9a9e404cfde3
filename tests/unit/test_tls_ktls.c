/* SPDX-License-Identifier: MIT */
/* The kernel's TLS as far as it can be tested without: why a connection does not get it, and that it goes on all the
 * same; how its sealer counts; and when the sealer wants the connection made anew. The rest is in tests/lab/guest. */
#include "test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "crypto/tls_ctx.h"
#include "net/seal_ktls.h"
#include "tls_kit.h"

enum { BYTES = 200000 };

static uint8_t payload[BYTES];

/* ---- the kernel's answer to TCP_ULP: the linker puts this in the other's place, in our code, not in libssl's ---- */

static int answer; /* errno; 0: yes */
static unsigned asked;

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t n);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n);

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	if (level != IPPROTO_TCP || n != sizeof "tls" || memcmp(value, "tls", n) != 0 || fd < 0)
		return __real_setsockopt(fd, level, name, value, n);
	asked++;
	errno = answer;
	return answer ? -1 : 0;
}

/* ---- connections ---- */

struct lines {
	unsigned warnings, others;
	char last[SLU_LOG_LINE];
};

static void keep(void *arg, enum slu_log_level level, const char *line)
{
	struct lines *l = arg;

	if (level == SLU_LOG_WARN)
		l->warnings++;
	else
		l->others += strstr(line, "not by the kernel") != NULL;
	if (level == SLU_LOG_WARN)
		snprintf(l->last, sizeof l->last, "%s", line);
}

static struct slu_tls_ctx *client(const char *offload, enum slu_tls_version version, const char *ciphers,
				  struct lines *lines)
{
	return kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert,
						.offload = offload,
						.min_version = version,
						.max_version = version,
						.cipher_list = ciphers,
						.log = {.fn = keep, .arg = lines, .level = SLU_LOG_DEBUG}});
}

static struct slu_tls_ctx *server(void)
{
	return kit_ctx(&(struct slu_tls_config){.server = true,
						.cert_file = kit_server.cert,
						.key_file = kit_server.key,
						.min_version = SLU_TLS_1_0,
						.cipher_list = "ALL"});
}

static void handshake(struct kit_pair *p, struct slu_tls_ctx *c, struct slu_tls_ctx *s, int socket)
{
	kit_pair_init(p, c, s, "live.example");
	p->cm.socket = socket;
	kit_handshake(p);
	assert_int_equal(p->cr, 1);
	assert_int_equal(p->sr, 1);
}

/* Two connections, neither of which gets it: both carry all, and the first one says why. */
static void refused(enum slu_tls_version version, const char *ciphers, int socket, const char *why)
{
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("ktls", version, ciphers, &lines), *s = server();
	struct slu_tls_offload_stats stats;
	struct slu_transport_stats t;

	for (int i = 0; i < 2; i++) {
		struct kit_pair p;

		handshake(&p, c, s, socket);
		kit_carry(p.c, p.s, payload, sizeof payload);
		kit_carry(p.s, p.c, payload, sizeof payload);
		p.c->ops->stats(p.c, &t);
		assert_false(t.tls_kernel);
		assert_int_equal(t.records, BYTES / SLU_TLS_RECORD + 1);
		kit_pair_clear(&p);
	}
	assert_int_equal(lines.warnings, 1);
	assert_int_equal(lines.others, 1);
	if (!strstr(lines.last, why))
		fail_msg("\"%s\" lacks \"%s\"", lines.last, why);
	slu_tls_offload(c, &stats);
	assert_string_equal(stats.door, "ktls");
	assert_int_equal(stats.connections, 0);
	assert_int_equal(stats.fallbacks, 2);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

static const char gcm[] = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256";
static const char cbc[] = "ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA";

static void wants_a_socket(void **state)
{
	(void)state;
	answer = 0;
	refused(SLU_TLS_1_2, gcm, -1, "does not go over a TCP socket");
	assert_int_equal(asked, 0);
}

static void wants_the_module(void **state)
{
	(void)state;
	asked = 0;
	answer = ENOENT;
	refused(SLU_TLS_1_2, gcm, 0, "modprobe tls");
	answer = ENOPROTOOPT;
	refused(SLU_TLS_1_2, gcm, 0, "modprobe tls");
	assert_int_equal(asked, 4);
}

static void wants_a_suite_of_the_kernels(void **state)
{
	(void)state;
	answer = 0;
	refused(SLU_TLS_1_2, cbc, 0, "no such suite");
}

/* What libssl asks of a pipe fails. */
static void tells_what_the_kernel_said(void **state)
{
	int fds[2];

	(void)state;
	answer = 0;
	assert_int_equal(pipe(fds), 0);
	refused(SLU_TLS_1_2, gcm, fds[0], "refused the keys");
	close(fds[0]);
	close(fds[1]);
}

static void withholds_tls13(void **state)
{
	(void)state;
	answer = 0;
	if (OpenSSL_version_num() < 0x30500000L)
		refused(SLU_TLS_1_3, NULL, 0, "OpenSSL before 3.5");
	else if (access("/proc/net/tls_stat", R_OK) != 0)
		refused(SLU_TLS_1_3, NULL, 0, "this kernel cannot");
	else
		skip(); /* it depends on the kernel: tests/lab/guest/test_ktls.py */
}

static void is_not_tried_unless_asked_for(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("off", SLU_TLS_1_2, gcm, &lines), *s = server();
	struct kit_pair p;

	(void)state;
	asked = 0;
	handshake(&p, c, s, 0);
	assert_int_equal(asked + lines.warnings + lines.others, 0);
	kit_pair_clear(&p);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

/* ---- the sealer, over memory in the socket's place ---- */

struct rig {
	struct slu_tls_ctx *ctx, *server;
	struct kit_mem near, far;
	struct slu_tls_peer peer;
	struct slu_tls_bio collector;
	struct slu_tls_ktls k;
	struct slu_sealer *sealer;
	SSL *other;
};

static int take_any(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

static void rig_open(struct rig *r, enum slu_tls_version version)
{
	BIO *near, *far;

	memset(r, 0, sizeof *r);
	r->ctx = kit_ctx(&(struct slu_tls_config){
		.ca_file = kit_ca.cert, .no_resumption = true, .min_version = version, .max_version = version});
	r->server = server();
	SSL_CTX_set_cert_verify_callback(r->ctx->ssl, take_any, NULL);
	assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
	r->peer.ctx = r->ctx;
	r->peer.ssl = SSL_new(r->ctx->ssl);
	r->other = SSL_new(r->server->ssl);
	SSL_set_bio(r->peer.ssl, near, near);
	SSL_set_bio(r->other, far, far);
	SSL_set_connect_state(r->peer.ssl);
	SSL_set_accept_state(r->other);
	for (int i = 0; i < 4; i++) {
		SSL_do_handshake(r->peer.ssl);
		SSL_do_handshake(r->other);
	}
	assert_true(SSL_is_init_finished(r->peer.ssl) && SSL_is_init_finished(r->other));
	kit_mem_pair(&r->near, &r->far);
	r->collector.inner = &r->near.transport;
	r->k.collector = &r->collector;
	r->k.peer = &r->peer;
	r->sealer = slu_seal_ktls(&r->k);
	assert_non_null(r->sealer);
}

static void rig_close(struct rig *r)
{
	r->sealer->ops->free(r->sealer);
	SSL_free(r->peer.ssl);
	SSL_free(r->other);
	kit_mem_clear(&r->near);
	kit_mem_clear(&r->far);
	slu_tls_ctx_free(r->ctx);
	slu_tls_ctx_free(r->server);
}

static long seal(struct rig *r, size_t n)
{
	/* As messages lie: in pieces. */
	struct slu_vec vec[2] = {{payload, n / 3}, {payload + n / 3, n - n / 3}};

	return r->sealer->ops->send(r->sealer, vec, 2);
}

static struct slu_transport_stats counted(const struct rig *r)
{
	struct slu_transport_stats s;

	r->near.transport.ops->stats(&r->near.transport, &s);
	r->sealer->ops->stats(r->sealer, &s);
	return s;
}

static void counts_what_the_kernel_makes(void **state)
{
	struct slu_transport_stats s;
	struct rig r;

	(void)state;
	rig_open(&r, SLU_TLS_1_3);
	assert_int_equal(seal(&r, 70000), 70000);
	assert_int_equal(seal(&r, 2 * SLU_TLS_RECORD), 2 * SLU_TLS_RECORD);
	assert_int_equal(seal(&r, 3), 3);
	r.near.write_max = SLU_TLS_RECORD; /* takes a part of what follows, as a socket that is full */
	assert_int_equal(seal(&r, 70000), SLU_TLS_RECORD);
	s = counted(&r);
	assert_true(s.tls_kernel);
	assert_int_equal(s.records, 5 + 2 + 1 + 1);
	assert_int_equal(s.short_records, 1);
	assert_int_equal(s.writes, 4);
	assert_int_equal(s.wire_out, 70000 + 3 * SLU_TLS_RECORD + 3 + 9 * 22);
	assert_int_equal(r.far.in.len, 70000 + 3 * SLU_TLS_RECORD + 3);
	assert_memory_equal(r.far.in.data, payload, 70000);
	rig_close(&r);
}

static void takes_nothing_while_a_record_of_libssls_waits(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SLU_TLS_1_2);
	r.k.refused = 2;
	assert_int_equal(r.sealer->ops->pending(r.sealer), 2);
	rig_close(&r);
}

static void wants_a_new_connection_when_the_key_is_used_up(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SLU_TLS_1_3);
	slu_seal_ktls_rekey_after(r.sealer, 7);
	assert_int_equal(seal(&r, 70000), 70000);
	assert_int_equal(seal(&r, 70000), 70000);
	assert_int_equal(seal(&r, 70000), SLU_ERR_RENEW);
	assert_int_equal(seal(&r, 70000), SLU_ERR_RENEW);
	assert_int_equal(counted(&r).records, 10);
	rig_close(&r);
	rig_open(&r, SLU_TLS_1_2); /* which cannot change keys, and has no need to so soon */
	slu_seal_ktls_rekey_after(r.sealer, 7);
	for (int i = 0; i < 4; i++)
		assert_int_equal(seal(&r, 70000), 70000);
	rig_close(&r);
}

static void wants_a_new_connection_when_the_other_end_asks_for_keys(void **state)
{
	char byte;
	struct rig r;

	(void)state;
	rig_open(&r, SLU_TLS_1_3);
	assert_int_equal(seal(&r, 1000), 1000);
	assert_int_equal(SSL_key_update(r.other, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
	assert_int_equal(SSL_do_handshake(r.other), 1);
	assert_int_equal(SSL_read(r.peer.ssl, &byte, 1), -1);
	assert_int_equal(seal(&r, 1000), 1000); /* that was about its own */
	assert_int_equal(SSL_key_update(r.other, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_do_handshake(r.other), 1);
	assert_int_equal(SSL_read(r.peer.ssl, &byte, 1), -1);
	assert_int_equal(seal(&r, 1000), SLU_ERR_RENEW);
	rig_close(&r);
}

static void passes_failures_on(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SLU_TLS_1_2);
	r.near.lost = true;
	assert_int_equal(seal(&r, 1000), SLU_ERR_RESET);
	assert_int_equal(r.sealer->ops->flush(r.sealer), SLU_ERR_RESET);
	assert_int_equal(counted(&r).records, 0);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wants_a_socket),
		cmocka_unit_test(wants_the_module),
		cmocka_unit_test(wants_a_suite_of_the_kernels),
		cmocka_unit_test(tells_what_the_kernel_said),
		cmocka_unit_test(withholds_tls13),
		cmocka_unit_test(is_not_tried_unless_asked_for),
		cmocka_unit_test(counts_what_the_kernel_makes),
		cmocka_unit_test(takes_nothing_while_a_record_of_libssls_waits),
		cmocka_unit_test(wants_a_new_connection_when_the_key_is_used_up),
		cmocka_unit_test(wants_a_new_connection_when_the_other_end_asks_for_keys),
		cmocka_unit_test(passes_failures_on),
	};

	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7 + i / 251);
	return cmocka_run_group_tests_name("tls_ktls", tests, kit_setup, kit_teardown);
}
