/* SPDX-License-Identifier: MIT */
/* AES-GCM suites of real TLS over the provider: one end has it, the other is OpenSSL's own, joined in memory. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "dc_kit.h"

enum { FULL = 16384 };

static struct dc_kit kit;
static EVP_PKEY *pkey;
static X509 *cert;
static uint8_t text[FULL], got[FULL];

static const struct suite {
	int version;
	const char *name;
} suites[] = {
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
	{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
};

enum { SUITES = sizeof suites / sizeof *suites };

/* Who has the provider. */
enum end { CLIENT, SERVER };

struct pair {
	SSL_CTX *ctx[2];
	SSL *ssl[2];
	SSL_SESSION *session; /* the client's last */
};

static void make_cert(void)
{
	X509_NAME *name;

	pkey = EVP_PKEY_Q_keygen(kit.libctx, "provider=default", "EC", "P-256");
	cert = X509_new_ex(kit.libctx, "provider=default");
	assert_non_null(pkey);
	assert_non_null(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, pkey);
	name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"live.example", -1, -1, 0);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, name);
	X509_NAME_free(name);
	assert_true(X509_sign(cert, pkey, EVP_sha256()) > 0);
}

static SSL_CTX *make_ctx(const struct suite *suite, bool ours, enum end end)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(kit.libctx, ours ? "?provider=devcrypto" : "provider=default", TLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_min_proto_version(ctx, suite->version);
	SSL_CTX_set_max_proto_version(ctx, suite->version);
	assert_int_equal(suite->version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(ctx, suite->name)
							  : SSL_CTX_set_cipher_list(ctx, suite->name),
			 1);
	if (end == SERVER) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pkey), 1);
		SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
		/* Tickets are AES-CBC outside records: the device's, were they as large as the least size. */
		if (ours)
			SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	}
	return ctx;
}

static void join(struct pair *p)
{
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());

	for (int end = CLIENT; end <= SERVER; end++)
		p->ssl[end] = SSL_new(p->ctx[end]);
	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(p->ssl[CLIENT], down, up);
	SSL_set_bio(p->ssl[SERVER], up, down);
	SSL_set_connect_state(p->ssl[CLIENT]);
	SSL_set_accept_state(p->ssl[SERVER]);
	if (p->session)
		SSL_set_session(p->ssl[CLIENT], p->session);
}

static void shake(struct pair *p)
{
	for (int i = 0; i < 20 && !(SSL_is_init_finished(p->ssl[CLIENT]) && SSL_is_init_finished(p->ssl[SERVER]));
	     i++) {
		SSL_do_handshake(p->ssl[CLIENT]);
		SSL_do_handshake(p->ssl[SERVER]);
	}
	assert_true(SSL_is_init_finished(p->ssl[CLIENT]) && SSL_is_init_finished(p->ssl[SERVER]));
}

static void open_pair(struct pair *p, const struct suite *suite, enum end ours)
{
	memset(p, 0, sizeof *p);
	for (int end = CLIENT; end <= SERVER; end++)
		p->ctx[end] = make_ctx(suite, end == (int)ours, (enum end)end);
	join(p);
	shake(p);
}

static void part(struct pair *p)
{
	for (int end = CLIENT; end <= SERVER; end++)
		SSL_free(p->ssl[end]);
}

static void close_pair(struct pair *p)
{
	part(p);
	for (int end = CLIENT; end <= SERVER; end++)
		SSL_CTX_free(p->ctx[end]);
	SSL_SESSION_free(p->session);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
}

/* Records of n bytes from one end to the other, each compared; no two alike. */
static void send(struct pair *p, enum end from, unsigned records, size_t n)
{
	static uint32_t serial;

	for (unsigned i = 0; i < records; i++) {
		size_t written, at = 0, length;

		memcpy(text, &serial, sizeof serial);
		serial++;
		assert_int_equal(SSL_write_ex(p->ssl[from], text, n, &written), 1);
		for (; at < n; at += length)
			assert_int_equal(SSL_read_ex(p->ssl[!from], got + at, sizeof got - at, &length), 1);
		assert_memory_equal(got, text, n);
	}
}

static uint64_t operations(void)
{
	const struct lab_counters c = dc_kit_counters(&kit);

	return c.crypt + c.authcrypt;
}

/* ---- ioctls per record ---- */

/* None for a handshake, whatever the least size; not even a session. */
static void test_handshake(void **state)
{
	struct pair p;

	(void)state;
	for (size_t i = 0; i < SUITES; i++)
		for (int end = CLIENT; end <= SERVER; end++) {
			dc_kit_device(&kit, "");
			open_pair(&p, &suites[i], (enum end)end);
			assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
			close_pair(&p);
		}
}

/* Each suite, each device, both directions: operations for so many full records. */
static void count(const char *faults, unsigned records, uint64_t most, uint64_t least)
{
	struct pair p;

	for (size_t i = 0; i < SUITES; i++)
		for (int end = CLIENT; end <= SERVER; end++) {
			dc_kit_device(&kit, faults);
			open_pair(&p, &suites[i], (enum end)end);
			send(&p, (enum end)end, records, FULL);
			if (operations() > most || operations() < least)
				fail_msg("%s, %s, end %d: %u records in %u operations", faults, suites[i].name, end,
					 records, (unsigned)operations());
			print_message("# %s, %s: %u records, %u operations, %u refused\n", faults, suites[i].name,
				      records, (unsigned)operations(), (unsigned)dc_kit_counters(&kit).errors);
			send(&p, end == CLIENT ? SERVER : CLIENT, 20, FULL); /* decryption is software's */
			assert_in_range(operations(), least, most);
			close_pair(&p);
		}
}

static void test_counts(void **state)
{
	(void)state;
	count("", 300, 300, 300);
	count("ctr-only", 300, 300, 296); /* which waits for ECB before it knows that there is none */
	count("cbc-only", 300, 0, 0);
	count("ecb-only", 64, 64 / 8, 4);
	count("ecb-only", 300, 300 / 8, 300 / 16);
	count("ecb-only largest=38016", 300, 300 / 2, 300 / 2 - 10);
}

/* Small records stay in software, and so do alerts and tickets. */
static void test_small(void **state)
{
	struct pair p;

	(void)state;
	kit.provider->settings.min_size = 4096;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "");
		open_pair(&p, &suites[i], CLIENT);
		send(&p, CLIENT, 50, 4095 - (suites[i].version == TLS1_3_VERSION));
		assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
		send(&p, CLIENT, 50, 4096);
		assert_int_equal(operations(), 50);
		close_pair(&p);
	}
	kit.provider->settings.min_size = 1;
}

/* Sizes as they come, with small ones among them that pass over their slots. */
static void test_mixed(void **state)
{
	uint32_t seed = 9;
	struct pair p;

	(void)state;
	kit.provider->settings.min_size = 2048;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "ecb-only");
		open_pair(&p, &suites[i], SERVER);
		for (int n = 0; n < 300; n++) {
			send(&p, SERVER, 1, n % 3 ? FULL : 1 + test_rand(&seed) % FULL);
			if (n % 7 == 0)
				send(&p, CLIENT, 1, 100);
		}
		assert_in_range(operations(), 300 / 16, 300 / 4);
		close_pair(&p);
	}
	kit.provider->settings.min_size = 1;
}

/* ---- keys that change ---- */

static void test_key_update(void **state)
{
	struct pair p;

	(void)state;
	for (size_t i = 2; i < SUITES; i++)
		for (int end = CLIENT; end <= SERVER; end++) {
			uint64_t before;

			dc_kit_device(&kit, "ecb-only");
			open_pair(&p, &suites[i], (enum end)end);
			send(&p, (enum end)end, 40, FULL);
			for (int update = 0; update < 5; update++) {
				assert_int_equal(SSL_key_update(p.ssl[end], SSL_KEY_UPDATE_REQUESTED), 1);
				send(&p, (enum end)end, 11, FULL);
				send(&p, (enum end) !end, 2, 100);
			}
			before = operations();
			send(&p, (enum end)end, 80, FULL);
			assert_in_range(operations() - before, 80 / 16, 80 / 8);
			assert_int_equal(dc_kit_counters(&kit).sessions, 1 + 5);
			close_pair(&p);
		}
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct pair *p = SSL_get_app_data(ssl);

	SSL_SESSION_free(p->session);
	p->session = session;
	return 1;
}

static void test_resumption(void **state)
{
	struct pair p;

	(void)state;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "ecb-only");
		open_pair(&p, &suites[i], CLIENT);
		part(&p);
		SSL_CTX_set_session_cache_mode(p.ctx[CLIENT], SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(p.ctx[CLIENT], keep_session);
		for (int n = 0; n < 4; n++) {
			join(&p);
			SSL_set_app_data(p.ssl[CLIENT], &p);
			shake(&p);
			assert_int_equal(SSL_session_reused(p.ssl[CLIENT]), n > 0);
			send(&p, SERVER, 1, 100);
			send(&p, CLIENT, 50, FULL);
			SSL_shutdown(p.ssl[CLIENT]);
			if (n < 3)
				part(&p);
		}
		assert_in_range(operations(), 4 * 50 / 16, 4 * 50 / 8 + 4);
		close_pair(&p);
	}
}

/* ---- the other direction ---- */

/* Asked for, decryption goes to the device too: by the same means, after the sequence is known. */
static void test_decrypt(void **state)
{
	static const char *const devices[] = {"", "ecb-only", "ctr-only"};
	struct pair p;

	(void)state;
	kit.provider->settings.decrypt = true;
	for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
		for (size_t i = 0; i < SUITES; i++) {
			dc_kit_device(&kit, devices[d]);
			open_pair(&p, &suites[i], CLIENT);
			assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
			send(&p, SERVER, 100, FULL);
			assert_in_range(operations(), d == 1 ? 100 / 16 : 90, d == 1 ? 100 / 8 + 2 : 100);
			send(&p, CLIENT, 20, FULL);
			close_pair(&p);
		}
	kit.provider->settings.decrypt = false;
}

/* ---- faults in mid-stream ---- */

static void test_faults(void **state)
{
	static const char *const devices[] = {"", "ecb-only", "ctr-only"};
	static const struct {
		const char *fault;
		const char *said; /* in the only line logged; NULL: nothing is said */
		bool off;
	} faults[] = {
		{"flip", "gave wrong bytes", true},
		{"flip=16000", "gave wrong bytes", true},
		{"wrong=after:3", "gave wrong bytes", true},
		{"eio=every:3", "Input/output error", false},
		{"eio", "Input/output error", true},
		{"enospc=every:2", "No space", false},
		{"einval=at:3", "Invalid argument", false},
		{"vanish", "No such device", true},
		{"no-gcm", NULL, false},
	};
	struct pair p;

	(void)state;
	kit.provider->settings.check_every = 1;
	for (size_t d = 0; d < 3; d++)
		for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
			for (size_t i = 0; i < SUITES; i++) {
				dc_kit_device(&kit, devices[d]);
				open_pair(&p, &suites[i], CLIENT);
				send(&p, CLIENT, 12, FULL);
				dc_kit_fault(&kit, faults[f].fault);
				send(&p, CLIENT, 200, FULL);
				if (slu_dc_device_off(kit.provider->device) != faults[f].off ||
				    (faults[f].said && !strstr(kit.log, faults[f].said)))
					fail_msg("%s, %s, %s: off %d, said %s", devices[d], faults[f].fault,
						 suites[i].name, slu_dc_device_off(kit.provider->device), kit.log);
				/* once each: what failed, and that it is off */
				assert_in_range(kit.lines, faults[f].said != NULL, 2);
				close_pair(&p);
			}
	kit.provider->settings.check_every = 0;
}

static int setup(void **state)
{
	(void)state;
	dc_kit_open(&kit);
	dc_kit_fill(text, sizeof text, 8);
	make_cert();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	X509_free(cert);
	EVP_PKEY_free(pkey);
	dc_kit_close(&kit);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake), cmocka_unit_test(test_counts),     cmocka_unit_test(test_small),
		cmocka_unit_test(test_mixed),     cmocka_unit_test(test_key_update), cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_decrypt),   cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
