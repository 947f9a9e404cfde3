/* SPDX-License-Identifier: MIT */
/* AES-GCM suites of real TLS over the provider: one end has it, the other is OpenSSL's own, joined in memory. */
#include "test.h"

#include <openssl/ssl.h>

#include "dc_tls.h"

static const struct dc_suite suites[] = {
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", DC_EC},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", DC_EC},
	{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", DC_EC},
	{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", DC_EC},
};

enum { SUITES = sizeof suites / sizeof *suites };

/* One end has the provider. */
static void open_tls(struct dc_tls *t, const struct dc_suite *suite, enum dc_end ours)
{
	dc_tls_open(t, suite, ours == DC_CLIENT ? DC_CLIENT_OURS : DC_SERVER_OURS, 0);
}

static void close_tls(struct dc_tls *t)
{
	dc_tls_close(t);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
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
	struct dc_tls t;

	(void)state;
	for (size_t i = 0; i < SUITES; i++)
		for (int end = DC_CLIENT; end <= DC_SERVER; end++) {
			dc_kit_device(&kit, "");
			open_tls(&t, &suites[i], (enum dc_end)end);
			assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
			close_tls(&t);
		}
}

/* Each suite, each device, both directions: operations for so many full records. */
static void count(const char *faults, unsigned records, uint64_t most, uint64_t least)
{
	struct dc_tls t;

	for (size_t i = 0; i < SUITES; i++)
		for (int end = DC_CLIENT; end <= DC_SERVER; end++) {
			dc_kit_device(&kit, faults);
			open_tls(&t, &suites[i], (enum dc_end)end);
			dc_tls_send(&t, (enum dc_end)end, records, DC_TLS_FULL);
			if (operations() > most || operations() < least)
				fail_msg("%s, %s, end %d: %u records in %u operations", faults, suites[i].name, end,
					 records, (unsigned)operations());
			print_message("# %s, %s: %u records, %u operations, %u refused\n", faults, suites[i].name,
				      records, (unsigned)operations(), (unsigned)dc_kit_counters(&kit).errors);
			dc_tls_send(&t, !end, 20, DC_TLS_FULL); /* decryption is software's */
			assert_in_range(operations(), least, most);
			close_tls(&t);
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
	struct dc_tls t;

	(void)state;
	kit.provider->settings.min_size = 4096;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "");
		open_tls(&t, &suites[i], DC_CLIENT);
		dc_tls_send(&t, DC_CLIENT, 50, 4095 - (suites[i].version == TLS1_3_VERSION));
		assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
		dc_tls_send(&t, DC_CLIENT, 50, 4096);
		assert_int_equal(operations(), 50);
		close_tls(&t);
	}
	kit.provider->settings.min_size = 1;
}

/* The device is not for it. */
static void test_switched_off(void **state)
{
	struct dc_tls t;

	(void)state;
	kit.provider->settings.gcm = false;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "");
		open_tls(&t, &suites[i], DC_CLIENT);
		dc_tls_send(&t, DC_CLIENT, 50, DC_TLS_FULL);
		assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
		close_tls(&t);
	}
	kit.provider->settings.gcm = true;
}

/* Sizes as they come, with small ones among them that pass over their slots. */
static void test_mixed(void **state)
{
	uint32_t seed = 9;
	struct dc_tls t;

	(void)state;
	kit.provider->settings.min_size = 2048;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "ecb-only");
		open_tls(&t, &suites[i], DC_SERVER);
		for (int n = 0; n < 300; n++) {
			dc_tls_send(&t, DC_SERVER, 1, n % 3 ? DC_TLS_FULL : 1 + test_rand(&seed) % DC_TLS_FULL);
			if (n % 7 == 0)
				dc_tls_send(&t, DC_CLIENT, 1, 100);
		}
		assert_in_range(operations(), 300 / 16, 300 / 4);
		close_tls(&t);
	}
	kit.provider->settings.min_size = 1;
}

/* ---- keys that change ---- */

static void test_key_update(void **state)
{
	struct dc_tls t;

	(void)state;
	for (size_t i = 2; i < SUITES; i++)
		for (int end = DC_CLIENT; end <= DC_SERVER; end++) {
			uint64_t before;

			dc_kit_device(&kit, "ecb-only");
			open_tls(&t, &suites[i], (enum dc_end)end);
			dc_tls_send(&t, (enum dc_end)end, 40, DC_TLS_FULL);
			for (int update = 0; update < 5; update++) {
				assert_int_equal(SSL_key_update(t.ssl[end], SSL_KEY_UPDATE_REQUESTED), 1);
				dc_tls_send(&t, (enum dc_end)end, 11, DC_TLS_FULL);
				dc_tls_send(&t, (enum dc_end) !end, 2, 100);
			}
			before = operations();
			dc_tls_send(&t, (enum dc_end)end, 80, DC_TLS_FULL);
			assert_in_range(operations() - before, 80 / 16, 80 / 8);
			assert_int_equal(dc_kit_counters(&kit).sessions, 1 + 5);
			close_tls(&t);
		}
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct dc_tls *t = SSL_get_app_data(ssl);

	SSL_SESSION_free(t->session);
	t->session = session;
	return 1;
}

static void test_resumption(void **state)
{
	struct dc_tls t;

	(void)state;
	for (size_t i = 0; i < SUITES; i++) {
		dc_kit_device(&kit, "ecb-only");
		open_tls(&t, &suites[i], DC_CLIENT);
		dc_tls_part(&t);
		SSL_CTX_set_session_cache_mode(t.ctx[DC_CLIENT], SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(t.ctx[DC_CLIENT], keep_session);
		for (int n = 0; n < 4; n++) {
			dc_tls_join(&t);
			assert_int_equal(SSL_session_reused(t.ssl[DC_CLIENT]), n > 0);
			dc_tls_send(&t, DC_SERVER, 1, 100);
			dc_tls_send(&t, DC_CLIENT, 50, DC_TLS_FULL);
			SSL_shutdown(t.ssl[DC_CLIENT]);
			if (n < 3)
				dc_tls_part(&t);
		}
		assert_in_range(operations(), 4 * 50 / 16, 4 * 50 / 8 + 4);
		close_tls(&t);
	}
}

/* ---- the other direction ---- */

/* Asked for, decryption goes to the device too: by the same means, after the sequence is known. */
static void test_decrypt(void **state)
{
	static const char *const devices[] = {"", "ecb-only", "ctr-only"};
	struct dc_tls t;

	(void)state;
	kit.provider->settings.decrypt = true;
	for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
		for (size_t i = 0; i < SUITES; i++) {
			dc_kit_device(&kit, devices[d]);
			open_tls(&t, &suites[i], DC_CLIENT);
			assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
			dc_tls_send(&t, DC_SERVER, 100, DC_TLS_FULL);
			assert_in_range(operations(), d == 1 ? 100 / 16 : 90, d == 1 ? 100 / 8 + 2 : 100);
			dc_tls_send(&t, DC_CLIENT, 20, DC_TLS_FULL);
			close_tls(&t);
		}
	kit.provider->settings.decrypt = false;
}

/* ---- faults in mid-stream ---- */

static void strike(const struct dc_fault *fault)
{
	static const char *const devices[] = {"", "ecb-only", "ctr-only"};
	struct dc_tls t;

	for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
		for (size_t i = 0; i < SUITES; i++) {
			dc_kit_device(&kit, devices[d]);
			open_tls(&t, &suites[i], DC_CLIENT);
			dc_tls_send(&t, DC_CLIENT, 12, DC_TLS_FULL);
			dc_kit_fault(&kit, fault->fault);
			dc_tls_send(&t, DC_CLIENT, 200, DC_TLS_FULL);
			dc_kit_expect(&kit, fault, devices[d]);
			close_tls(&t);
		}
}

static void test_faults(void **state)
{
	static const struct dc_fault far = {"flip=16000", DC_SAID_WRONG, true}, late = {"no-gcm", 0, false};

	(void)state;
	kit.provider->settings.check_every = 1;
	for (size_t f = 0; f < DC_TLS_FAULTS; f++)
		strike(&dc_faults[f]);
	strike(&far);
	strike(&late);
	kit.provider->settings.check_every = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),    cmocka_unit_test(test_counts),  cmocka_unit_test(test_small),
		cmocka_unit_test(test_switched_off), cmocka_unit_test(test_mixed),   cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_resumption),   cmocka_unit_test(test_decrypt), cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, dc_tls_setup, dc_tls_teardown);
}
