/* SPDX-License-Identifier: MIT */
/* AES-CBC suites of real TLS over the provider, with and without encrypt-then-MAC. */
#include "test.h"

#include <openssl/ssl.h>

#include "dc_tls.h"

static const struct dc_suite suites[] = {
	{TLS1_VERSION, "AES128-SHA", DC_RSA},
	{TLS1_VERSION, "ECDHE-ECDSA-AES256-SHA", DC_EC},
	{TLS1_1_VERSION, "AES256-SHA", DC_RSA},
	{TLS1_1_VERSION, "ECDHE-RSA-AES128-SHA", DC_RSA},
	{TLS1_2_VERSION, "AES128-SHA", DC_RSA},
	{TLS1_2_VERSION, "AES256-SHA", DC_RSA},
	{TLS1_2_VERSION, "AES128-SHA256", DC_RSA},
	{TLS1_2_VERSION, "AES256-SHA256", DC_RSA},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", DC_EC},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA", DC_EC},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", DC_EC},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", DC_EC}, /* there is no stitched cipher of it */
};

enum { SUITES = sizeof suites / sizeof *suites };

static bool is_stitched(const struct dc_suite *suite, uint64_t options)
{
	return (options & SSL_OP_NO_ENCRYPT_THEN_MAC) && !strstr(suite->name, "SHA384");
}

/* Each suite with encrypt-then-MAC and without, over each of these devices. */
static const char *const devices[] = {"", "no-tls", "no-authcrypt", "cbc-only", "ecb-only"};

enum { DEVICES = sizeof devices / sizeof *devices };

static void each(void (*test)(const struct dc_suite *suite, uint64_t options, size_t device), size_t count)
{
	for (size_t d = 0; d < count; d++)
		for (size_t i = 0; i < SUITES; i++)
			for (int etm = 0; etm < 2; etm++) {
				dc_kit_device(&kit, devices[d]);
				test(&suites[i], etm ? 0 : SSL_OP_NO_ENCRYPT_THEN_MAC, d);
				assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
				assert_int_equal(dc_kit_counters(&kit).open_now, 0);
			}
}

/* ---- ioctls per record ---- */

/* None for a handshake, whatever the least size; not even a session. */
static void handshake(const struct dc_suite *suite, uint64_t options, size_t device)
{
	struct dc_tls t;

	(void)device;
	dc_tls_open(&t, suite, DC_BOTH_OURS, options);
	assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
	dc_tls_close(&t);
}

static void test_handshake(void **state)
{
	(void)state;
	each(handshake, 1);
}

/* One for a full record, from either end: in TLS mode for the stitched ciphers, where there is one. */
static void count(const struct dc_suite *suite, uint64_t options, size_t device)
{
	const bool tls_mode = is_stitched(suite, options) && (device == 0 || device == 3);
	const unsigned records = 40;

	for (int ours = DC_CLIENT_OURS; ours <= DC_SERVER_OURS; ours++) {
		const enum dc_end end = ours == DC_CLIENT_OURS ? DC_CLIENT : DC_SERVER;
		struct lab_counters before = dc_kit_counters(&kit), after;
		struct dc_tls t;

		dc_tls_open(&t, suite, ours, options | SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
		dc_tls_send(&t, end, records, DC_TLS_FULL);
		after = dc_kit_counters(&kit);
		if (device == 4)
			assert_int_equal(after.crypt + after.authcrypt, 0);
		else if (tls_mode)
			assert_int_equal(after.authcrypt - before.authcrypt, records);
		else
			assert_int_equal(after.crypt - before.crypt, records);
		if (tls_mode)
			assert_int_equal(after.crypt, before.crypt);
		before = after;
		dc_tls_send(&t, !end, records, DC_TLS_FULL); /* decryption is software's */
		after = dc_kit_counters(&kit);
		assert_int_equal(after.ioctls, before.ioctls);
		assert_in_range(dc_kit_books(&kit).fallbacks, 0, device == 4); /* before it is known to lack CBC */
		dc_tls_close(&t);
	}
}

static void test_counts(void **state)
{
	(void)state;
	each(count, DEVICES);
}

/* Every size, both directions at once, ours at both ends, and many connections. */
static void sizes(const struct dc_suite *suite, uint64_t options, size_t device)
{
	uint32_t seed = 5;
	struct dc_tls t;

	(void)device;
	dc_tls_init(&t, suite, DC_BOTH_OURS, options);
	for (int n = 0; n < 2; n++) {
		dc_tls_join(&t);
		for (size_t size = 1; size <= 300; size++) {
			dc_tls_send(&t, DC_CLIENT, 1, size);
			dc_tls_send(&t, DC_SERVER, 1, 1 + test_rand(&seed) % DC_TLS_FULL);
		}
		for (size_t size = DC_TLS_FULL - 20; size <= DC_TLS_FULL; size++)
			dc_tls_send(&t, DC_CLIENT, 1, size);
		dc_tls_part(&t);
	}
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
	assert_int_equal(slu_dc_device_off(kit.provider->device), false);
	dc_tls_clear(&t);
}

static void test_sizes(void **state)
{
	(void)state;
	each(sizes, 2);
}

/* With encrypt-then-MAC decryption may be the device's; with the MAC inside it stays in software. */
static void decrypt(const struct dc_suite *suite, uint64_t options, size_t device)
{
	struct dc_tls t;

	(void)device;
	dc_tls_open(&t, suite, DC_CLIENT_OURS, options | SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
	assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
	dc_tls_send(&t, DC_SERVER, 10, 10000);
	assert_int_equal(dc_kit_counters(&kit).crypt, options & SSL_OP_NO_ENCRYPT_THEN_MAC ? 0 : 10);
	dc_tls_close(&t);
}

static void test_decrypt(void **state)
{
	(void)state;
	kit.provider->settings.decrypt = true;
	each(decrypt, 1);
	kit.provider->settings.decrypt = false;
}

/* With the least size as it comes, nothing but full records costs an ioctl: no ticket, no alert. */
static void test_defaults(void **state)
{
	struct slu_dc_settings kept = kit.provider->settings;
	struct dc_tls t;

	(void)state;
	dc_kit_device(&kit, "");
	slu_dc_settings_init(&kit.provider->settings);
	dc_tls_init(&t, &suites[6], DC_BOTH_OURS, SSL_OP_NO_ENCRYPT_THEN_MAC);
	SSL_CTX_clear_options(t.ctx[DC_SERVER], SSL_OP_NO_TICKET);
	dc_tls_join(&t);
	dc_tls_send(&t, DC_CLIENT, 3, 1000);
	assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
	dc_tls_send(&t, DC_CLIENT, 20, DC_TLS_FULL);
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 20);
	assert_int_equal(dc_kit_books(&kit).checks, kit.provider->settings.check_first);
	SSL_shutdown(t.ssl[DC_CLIENT]);
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 20);
	dc_tls_close(&t);
	kit.provider->settings = kept;
}

/* ---- faults in mid-stream ---- */

static void strike(const struct dc_fault *fault, const struct dc_suite *suite, uint64_t options, const char *device)
{
	struct dc_tls t;

	dc_kit_device(&kit, device);
	dc_tls_open(&t, suite, DC_CLIENT_OURS, options);
	dc_tls_send(&t, DC_CLIENT, 12, DC_TLS_FULL);
	dc_kit_fault(&kit, fault->fault);
	dc_tls_send(&t, DC_CLIENT, 30, DC_TLS_FULL);
	dc_tls_send(&t, DC_SERVER, 3, DC_TLS_FULL);
	dc_kit_expect(&kit, fault, device);
	dc_tls_close(&t);
}

static void strike_with_each(const struct dc_suite *suite, uint64_t options, size_t device)
{
	static const struct dc_fault far = {"flip=16000", DC_SAID_WRONG, true}, hang = {"hang", DC_SAID_LATE, true};

	for (size_t f = 0; f < DC_TLS_FAULTS; f++)
		strike(&dc_faults[f], suite, options, devices[device]);
	strike(&far, suite, options, devices[device]);
	kit.provider->settings.deadline_ms = 50;
	strike(&hang, suite, options, devices[device]);
	dc_kit_release(&kit);
	kit.provider->settings.deadline_ms = 0;
	dc_kit_device(&kit, "");
}

static void test_faults(void **state)
{
	(void)state;
	kit.provider->settings.check_every = 1;
	each(strike_with_each, 2);
	kit.provider->settings.check_every = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake), cmocka_unit_test(test_counts),   cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_decrypt),   cmocka_unit_test(test_defaults), cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, dc_tls_setup, dc_tls_teardown);
}
