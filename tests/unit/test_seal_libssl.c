/* SPDX-License-Identifier: MIT */
/* Records and write calls are counted on the wire, not taken from the sealer's word. */
#include "test.h"

#include <stdlib.h>

#include <openssl/ssl.h>

#include "crypto/tls_ctx.h"
#include "net/seal_libssl.h"
#include "net/tls_bio.h"
#include "tls_kit.h"

enum { BYTES = 5 << 20 };

static uint8_t *data, *got;

static int setup(void **state)
{
	uint32_t seed = 1;

	data = malloc(BYTES);
	got = malloc(BYTES);
	for (size_t i = 0; i < BYTES; i++)
		data[i] = (uint8_t)test_rand(&seed);
	return kit_setup(state);
}

static int teardown(void **state)
{
	free(data);
	free(got);
	return kit_teardown(state);
}

struct link {
	struct kit_pair p;
	struct slu_tls_ctx *c, *s;
	struct slu_buf tap;
};

static void link_open(struct link *l, enum slu_tls_version version, const char *ciphers)
{
	memset(l, 0, sizeof *l);
	l->c = kit_ctx(&(struct slu_tls_config){
		.ca_file = kit_ca.cert, .min_version = version, .max_version = version, .cipher_list = ciphers});
	l->s = kit_ctx(&(struct slu_tls_config){.server = true,
						.cert_file = kit_server.cert,
						.key_file = kit_server.key,
						.min_version = SLU_TLS_1_0,
						.cipher_list = "ALL"});
	kit_opened(&l->p, l->c, l->s, "live.example");
	slu_buf_init(&l->tap, 64 << 20);
	l->p.cm.tap = &l->tap;
}

static void link_close(struct link *l)
{
	kit_pair_clear(&l->p);
	slu_buf_clear(&l->tap);
	slu_tls_ctx_free(l->c);
	slu_tls_ctx_free(l->s);
}

static struct slu_transport_stats stats_of(const struct slu_transport *t)
{
	struct slu_transport_stats s;

	t->ops->stats(t, &s);
	return s;
}

static void receive(struct link *l, size_t n)
{
	size_t have = 0;

	while (have < n) {
		long r = l->p.s->ops->recv(l->p.s, got + have, n - have);

		assert_true(r > 0);
		have += (size_t)r;
	}
	assert_memory_equal(got, data, n);
}

/* One flush of n bytes: ceil(n / 16384) records and one write call. */
static void flush_of(struct link *l, const struct slu_vec *vec, size_t nvec, size_t n)
{
	uint64_t records = stats_of(l->p.c).records, short_records = stats_of(l->p.c).short_records;
	unsigned writes = l->p.cm.writes;

	l->tap.len = 0;
	assert_int_equal(l->p.c->ops->send(l->p.c, vec, nvec), n);
	assert_int_equal(l->p.cm.writes - writes, 1);
	assert_int_equal(l->p.c->ops->pending(l->p.c), 0);
	assert_int_equal(kit_records(l->tap.data, l->tap.len, 23), (n + 16383) / 16384);
	assert_int_equal(stats_of(l->p.c).records - records, (n + 16383) / 16384);
	assert_int_equal(stats_of(l->p.c).short_records - short_records, n % 16384 > 0 && n % 16384 < 16);
	receive(l, n);
}

static void fills_records(enum slu_tls_version version, const char *ciphers, size_t step)
{
	struct link l;

	link_open(&l, version, ciphers);
	for (size_t n = 1; n <= 100000; n += step) {
		struct slu_vec vec = {data, n};

		flush_of(&l, &vec, 1, n);
	}
	for (size_t k = 1; k <= 6; k++)
		for (size_t n = k * 16384 - 2; n <= k * 16384 + 16; n++) {
			struct slu_vec vec = {data, n};

			flush_of(&l, &vec, 1, n);
		}
	link_close(&l);
}

static void fills_records_of_tls13(void **state)
{
	(void)state;
	fills_records(SLU_TLS_1_3, NULL, 97);
}

static void fills_records_of_tls12(void **state)
{
	(void)state;
	fills_records(SLU_TLS_1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", 331);
	fills_records(SLU_TLS_1_2, "ECDHE-ECDSA-AES128-SHA", 331);
	fills_records(SLU_TLS_1_2, "ECDHE-ECDSA-CHACHA20-POLY1305", 331);
}

static void splits_none_of_tls10(void **state)
{
	(void)state;
	fills_records(SLU_TLS_1_0, "ECDHE-ECDSA-AES128-SHA", 1009);
}

static void gathers_runs(void **state)
{
	struct slu_vec vec[40];
	uint32_t seed = 7;
	struct link l;

	(void)state;
	link_open(&l, SLU_TLS_1_3, NULL);
	for (int round = 0; round < 300; round++) {
		size_t n = 0, nvec = 1 + test_rand(&seed) % 40;

		for (size_t i = 0; i < nvec; i++) {
			uint32_t kind = test_rand(&seed) % 4;

			vec[i].data = data + n;
			vec[i].size = kind == 0 ? 0 : test_rand(&seed) % (kind == 1 ? 20 : kind == 2 ? 5000 : 40000);
			n += vec[i].size;
		}
		if (n)
			flush_of(&l, vec, nvec, n);
	}
	link_close(&l);
}

static void sends_nothing_for_nothing(void **state)
{
	struct slu_vec vec[2] = {{data, 0}, {NULL, 0}};
	unsigned writes;
	struct link l;

	(void)state;
	link_open(&l, SLU_TLS_1_3, NULL);
	writes = l.p.cm.writes;
	assert_int_equal(l.p.c->ops->send(l.p.c, vec, 2), 0);
	assert_int_equal(l.p.c->ops->send(l.p.c, NULL, 0), 0);
	assert_int_equal(l.p.cm.writes, writes);
	link_close(&l);
}

static void a_large_flush_is_one_write(void **state)
{
	struct slu_vec vec = {data, BYTES};
	struct link l;
	long taken;

	(void)state;
	link_open(&l, SLU_TLS_1_3, NULL);
	vec.size = 3 << 20;
	flush_of(&l, &vec, 1, 3 << 20);
	/* Above the cap: whole records, and the rest another time. */
	vec.size = BYTES;
	taken = l.p.c->ops->send(l.p.c, &vec, 1);
	assert_true(taken > 4000000 && taken < SLU_TLS_COLLECT_MAX);
	assert_int_equal(taken % 16384, 0);
	receive(&l, (size_t)taken);
	link_close(&l);
}

/* The socket takes a little at a time: nothing is lost, doubled or reordered, and all records stay full. */
static void outlives_short_writes(void **state)
{
	static const size_t windows[] = {1, 7, 1000, 16406, 16407, 40000};
	struct link l;

	(void)state;
	for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
		size_t n = windows[i] < 1000 ? 20000 : 300000, have = 0;
		struct slu_vec vec = {data, n};

		link_open(&l, SLU_TLS_1_3, NULL);
		l.p.cm.window = windows[i];
		assert_int_equal(l.p.c->ops->send(l.p.c, &vec, 1), n);
		while (have < n) {
			long r = l.p.s->ops->recv(l.p.s, got + have, n - have);

			assert_true(r >= 0);
			have += (size_t)r;
			assert_true(l.p.c->ops->flush(l.p.c) >= 0);
		}
		assert_memory_equal(got, data, n);
		assert_int_equal(kit_records(l.tap.data, l.tap.len, 23), (n + 16383) / 16384);
		assert_int_equal(l.p.c->ops->flush(l.p.c), 1);
		link_close(&l);
	}
}

static void collector_shrinks_when_calm(void **state)
{
	struct slu_tls_bio bio;
	struct kit_mem a, b;
	struct bio_st *under;

	(void)state;
	kit_mem_pair(&a, &b);
	under = slu_tls_bio_open(&bio, &a.transport);
	assert_non_null(under);
	assert_int_equal(BIO_write(under, data, 1 << 20), 1 << 20);
	assert_int_equal(slu_tls_bio_flush(&bio), 1);
	assert_true(bio.out.cap >= 1 << 20);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(BIO_write(under, data, 1000), 1000);
		assert_int_equal(slu_tls_bio_flush(&bio), 1);
	}
	assert_true(bio.out.cap >= 1 << 20);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(BIO_write(under, data, 1000), 1000);
		assert_int_equal(slu_tls_bio_flush(&bio), 1);
	}
	assert_true(bio.out.cap <= SLU_TLS_COLLECT_KEEP);
	assert_int_equal(b.in.len, (1 << 20) + 70 * 1000);
	BIO_free(under);
	slu_tls_bio_close(&bio);
	kit_mem_clear(&a);
	kit_mem_clear(&b);
}

static SSL *raw_ssl(struct slu_tls_ctx *ctx, struct slu_tls_bio *bio, struct kit_mem *mem, bool server)
{
	SSL *ssl = SSL_new(ctx->ssl);
	BIO *under = slu_tls_bio_open(bio, &mem->transport);

	assert_true(ssl && under);
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	SSL_set_bio(ssl, under, under);
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

static void raw_handshake(SSL *c, struct slu_tls_bio *cb, SSL *s, struct slu_tls_bio *sb)
{
	for (int i = 0; i < 10; i++) {
		SSL_do_handshake(c);
		slu_tls_bio_flush(cb);
		SSL_do_handshake(s);
		slu_tls_bio_flush(sb);
	}
	assert_true(SSL_is_init_finished(c) && SSL_is_init_finished(s));
}

/* Both ends as bare SSL over our BIO, to reach what the transport does not set. */
struct raw {
	struct slu_tls_ctx *cc, *sc;
	struct kit_mem cm, sm;
	struct slu_tls_bio cb, sb;
	SSL *c, *s;
	struct slu_buf tap;
};

static int take_any(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

static void raw_open(struct raw *r)
{
	memset(r, 0, sizeof *r);
	r->cc = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert, .no_resumption = true});
	r->sc = kit_ctx(&(struct slu_tls_config){
		.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key, .no_resumption = true});
	SSL_CTX_set_cert_verify_callback(r->cc->ssl, take_any, NULL);
	kit_mem_pair(&r->cm, &r->sm);
	slu_buf_init(&r->tap, 64 << 20);
	r->c = raw_ssl(r->cc, &r->cb, &r->cm, false);
	r->s = raw_ssl(r->sc, &r->sb, &r->sm, true);
}

static void raw_close(struct raw *r)
{
	SSL_free(r->c);
	SSL_free(r->s);
	slu_tls_bio_close(&r->cb);
	slu_tls_bio_close(&r->sb);
	kit_mem_clear(&r->cm);
	kit_mem_clear(&r->sm);
	slu_buf_clear(&r->tap);
	slu_tls_ctx_free(r->cc);
	slu_tls_ctx_free(r->sc);
}

static void read_all(SSL *ssl, size_t n)
{
	size_t have = 0, k;

	while (have < n && SSL_read_ex(ssl, got + have, n - have, &k) == 1)
		have += k;
	assert_int_equal(have, n);
	assert_memory_equal(got, data, n);
}

static void keys_change_in_time(void **state)
{
	struct slu_vec vec = {data, 70000};
	struct slu_sealer *sealer;
	struct slu_transport_stats stats;
	unsigned writes;
	struct raw r;

	(void)state;
	raw_open(&r);
	raw_handshake(r.c, &r.cb, r.s, &r.sb);
	sealer = slu_seal_libssl(r.c, &r.cb);
	slu_seal_libssl_rekey_after(sealer, 7);
	r.cm.tap = &r.tap;
	writes = r.cm.writes;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(sealer->ops->send(sealer, &vec, 1), 70000);
		read_all(r.s, 70000);
	}
	sealer->ops->stats(sealer, &stats);
	assert_int_equal(stats.records, 20);
	assert_int_equal(stats.short_records, 0);
	assert_int_equal(r.cm.writes - writes, 4);
	assert_int_equal(kit_records(r.tap.data, r.tap.len, 23), 22); /* two KeyUpdates, encrypted like data */
	sealer->ops->free(sealer);
	raw_close(&r);
}

static void honours_max_fragment_length(void **state)
{
	struct slu_vec vec = {data, 5000};
	struct slu_sealer *sealer;
	struct slu_transport_stats stats;
	unsigned writes;
	struct raw r;

	(void)state;
	raw_open(&r);
	SSL_set_tlsext_max_fragment_length(r.c, TLSEXT_max_fragment_length_1024);
	raw_handshake(r.c, &r.cb, r.s, &r.sb);
	sealer = slu_seal_libssl(r.s, &r.sb);
	r.sm.tap = &r.tap;
	writes = r.sm.writes;
	assert_int_equal(sealer->ops->send(sealer, &vec, 1), 5000);
	assert_int_equal(r.sm.writes - writes, 1);
	sealer->ops->stats(sealer, &stats);
	assert_int_equal(stats.records, 5);
	assert_int_equal(kit_records(r.tap.data, r.tap.len, 23), 5);
	vec.size = BYTES;
	assert_true(sealer->ops->send(sealer, &vec, 1) > 3000000);
	sealer->ops->free(sealer);
	raw_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_records_of_tls13),    cmocka_unit_test(fills_records_of_tls12),
		cmocka_unit_test(splits_none_of_tls10),      cmocka_unit_test(gathers_runs),
		cmocka_unit_test(sends_nothing_for_nothing), cmocka_unit_test(a_large_flush_is_one_write),
		cmocka_unit_test(outlives_short_writes),     cmocka_unit_test(collector_shrinks_when_calm),
		cmocka_unit_test(keys_change_in_time),       cmocka_unit_test(honours_max_fragment_length),
	};

	return cmocka_run_group_tests_name("seal_libssl", tests, setup, teardown);
}
