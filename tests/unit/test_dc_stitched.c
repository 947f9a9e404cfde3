/* SPDX-License-Identifier: MIT */
/*
 * AES-CBC with HMAC of the provider, over a device in the same process: records against what is right, and on x86
 * against OpenSSL's stitched ciphers, which it has there.
 */
#include "test.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "dc_stream.h"

static const struct {
	const char *faults;
	enum lab_algorithm sha1, sha256; /* who carries the records; LAB_ALGORITHMS: nobody */
} devices[] = {
	{"", LAB_TLS_SHA1, LAB_TLS_SHA256},
	{"no-tls", LAB_CBC, LAB_CBC},
	{"no-authcrypt", LAB_CBC, LAB_CBC},
	{"ecb-only", LAB_ALGORITHMS, LAB_ALGORITHMS},
};

static void test_lengths(void **state)
{
	struct dc_trio t;

	(void)state;
	for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
		for (size_t k = 0; k < DC_KINDS; k++)
			for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
				const enum lab_algorithm a =
					dc_kinds[k].mac == 20 ? devices[d].sha1 : devices[d].sha256;
				unsigned records = 0;

				dc_kit_device(&kit, devices[d].faults);
				dc_trio_open(&t, &dc_kinds[k], version);
				for (size_t n = 1; n <= 600; n++, records++)
					dc_trio_record(&t, DATA, n);
				for (size_t n = FULL - 20; n <= FULL; n++, records++)
					dc_trio_record(&t, DATA, n);
				assert_int_equal(dc_kit_counters(&kit).crypt + dc_kit_counters(&kit).authcrypt,
						 a == LAB_ALGORITHMS ? 0 : records);
				if (a != LAB_ALGORITHMS)
					assert_int_equal(dc_kit_counters(&kit).by[a].operations, records);
				assert_false(slu_dc_device_off(kit.provider->device));
				dc_trio_close(&t);
				assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
			}
}

/* Handshake and alerts cost no ioctl, nor does what is small or empty, or not for the device. */
static void test_software(void **state)
{
	struct dc_trio t;

	(void)state;
	for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
		dc_kit_device(&kit, "");
		dc_trio_open(&t, &dc_kinds[0], version);
		for (uint8_t type = 20; type <= 22; type++)
			dc_trio_record(&t, type, FULL);
		kit.provider->settings.min_size = 1000;
		for (size_t n = 0; n < 1000; n += 111)
			dc_trio_record(&t, DATA, n);
		kit.provider->settings.min_size = 0;
		dc_trio_record(&t, DATA, 0);
		kit.provider->settings.cbc = false;
		dc_trio_record(&t, DATA, FULL);
		kit.provider->settings.cbc = true;
		assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
		kit.provider->settings.min_size = 1000;
		dc_trio_record(&t, DATA, 1000);
		assert_int_equal(dc_kit_counters(&kit).authcrypt, 1);
		dc_trio_record(&t, 40, 1000); /* no type that there is */
		assert_int_equal(dc_kit_counters(&kit).authcrypt, 2);
		dc_trio_close(&t);
		dc_kit_device(&kit, "no-tls"); /* where the size of what is encrypted would do */
		dc_trio_open(&t, &dc_kinds[0], version);
		dc_trio_record(&t, DATA, 1000);
		dc_trio_record(&t, DATA, 999);
		assert_int_equal(dc_kit_counters(&kit).crypt, 1);
		kit.provider->settings.min_size = 1;
		dc_trio_close(&t);
	}
}

/* Where no request may be as large as a record, the MAC is made here, and CBC goes in pieces. */
static void test_largest(void **state)
{
	struct dc_trio t;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.largest = 8192;
	dc_trio_open(&t, &dc_kinds[0], TLS1_2_VERSION);
	dc_trio_record(&t, DATA, FULL);
	assert_int_equal(dc_kit_counters(&kit).crypt, 3);
	dc_trio_record(&t, DATA, 4000);
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 1);
	assert_in_range(dc_kit_counters(&kit).largest, 1, 8192);
	kit.provider->settings.largest = 0;
	dc_trio_close(&t);
}

/* OpenSSL's own, where it has them, agree in both directions, apart from in and out of place. */
static void test_theirs(void **state)
{
	static uint8_t a[ROOM], b[ROOM];

	(void)state;
	dc_kit_device(&kit, "");
	for (size_t k = 0; k < DC_KINDS; k++)
		for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
			struct dc_stream ours, theirs, back;

			assert_true(dc_stream_open(&theirs, &dc_kinds[k], version, "provider=default", 1));
			assert_true(dc_stream_open(&ours, &dc_kinds[k], version, "provider=devcrypto", 1));
			assert_true(dc_stream_open(&back, &dc_kinds[k], version, "provider=default", 0));
			for (size_t n = 1; n < FULL; n = n * 3 / 2 + 1) {
				size_t length;

				memcpy(a, text, dc_stream_front(&ours) + n);
				memcpy(b, text, dc_stream_front(&ours) + n);
				length = dc_stream_seal(&ours, DATA, a, n);
				assert_int_equal(length, dc_stream_seal(&theirs, DATA, b, n));
				assert_memory_equal(a, b, length);
				assert_int_equal(dc_stream_unseal(&back, DATA, a, length), n);
			}
			dc_stream_close(&ours);
			dc_stream_close(&theirs);
			dc_stream_close(&back);
		}
}

static void test_out_of_place(void **state)
{
	static uint8_t a[ROOM], b[ROOM];
	struct dc_stream ours, right;
	uint8_t header[HEADER];
	int growth, length;

	(void)state;
	dc_kit_device(&kit, "");
	dc_stream_open(&ours, &dc_kinds[1], TLS1_2_VERSION, "provider=devcrypto", 1);
	dc_stream_open_by_hand(&right, &dc_kinds[1], TLS1_2_VERSION);
	dc_stream_header(&ours, DATA, BLOCK + 1000, header);
	growth = EVP_CIPHER_CTX_ctrl(ours.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header);
	assert_int_equal(EVP_CipherUpdate(ours.ctx, a, &length, text, BLOCK + 1000 + growth), 1);
	memcpy(b, text, BLOCK + 1000);
	assert_int_equal(dc_stream_by_hand(&right, DATA, b, 1000, 0, false), length);
	assert_memory_equal(a, b, (size_t)length);
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 1);
	dc_stream_close(&ours);
	dc_stream_close(&right);
}

/* Outside records: CBC of whole blocks. */
static void test_plain(void **state)
{
	static uint8_t a[ROOM], b[ROOM];
	struct dc_stream ours, right;
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	dc_stream_open(&ours, &dc_kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
	dc_stream_open_by_hand(&right, &dc_kinds[0], TLS1_2_VERSION);
	for (int n = BLOCK; n < FULL; n *= 2) {
		assert_int_equal(EVP_CipherUpdate(ours.ctx, a, &length, text, n), 1);
		assert_int_equal(length, n);
		assert_int_equal(EVP_CipherUpdate(right.ctx, b, &length, text, n), 1);
		assert_memory_equal(a, b, (size_t)n);
	}
	assert_int_equal(EVP_CipherUpdate(ours.ctx, a, &length, text, 17), 0);
	assert_int_equal(EVP_CipherFinal_ex(ours.ctx, a, &length), 1);
	assert_int_equal(length, 0);
	ERR_clear_error();
	dc_stream_close(&ours);
	dc_stream_close(&right);
}

/* What libssl never does. */
static void test_refused(void **state)
{
	static uint8_t record[ROOM];
	struct dc_stream s;
	uint8_t header[HEADER];
	size_t twenty = 20;
	const OSSL_PARAM mac_size[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &twenty), OSSL_PARAM_END};
	int length;

	(void)state;
	dc_stream_open(&s, &dc_kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
	dc_stream_header(&s, DATA, BLOCK - 1, header);
	assert_true(EVP_CIPHER_CTX_ctrl(s.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header) <= 0);
	assert_true(EVP_CIPHER_CTX_ctrl(s.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER - 1, header) <= 0);
	assert_int_equal(EVP_CIPHER_CTX_set_params(s.ctx, mac_size), 0);
	dc_stream_header(&s, DATA, BLOCK + 100, header);
	assert_true(EVP_CIPHER_CTX_ctrl(s.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header) > 0);
	assert_int_equal(EVP_CipherUpdate(s.ctx, record, &length, record, 512), 0);
	assert_int_equal(EVP_CipherUpdate(s.ctx, NULL, &length, header, HEADER), 0);
	ERR_clear_error();
	dc_stream_close(&s);
}

/* ---- contexts ---- */

static void test_copies(void **state)
{
	struct dc_trio t, copy;

	(void)state;
	dc_kit_device(&kit, "");
	for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
		dc_trio_open(&t, &dc_kinds[2], version);
		dc_trio_record(&t, DATA, 4000);
		copy = t;
		copy.ours.ctx = EVP_CIPHER_CTX_new();
		copy.right.ctx = EVP_CIPHER_CTX_new();
		copy.reader.ctx = EVP_CIPHER_CTX_new();
		assert_int_equal(EVP_CIPHER_CTX_copy(copy.ours.ctx, t.ours.ctx), 1);
		assert_int_equal(EVP_CIPHER_CTX_copy(copy.right.ctx, t.right.ctx), 1);
		assert_int_equal(EVP_CIPHER_CTX_copy(copy.reader.ctx, t.reader.ctx), 1);
		dc_trio_record(&t, DATA, 3000);
		dc_trio_close(&t);
		dc_trio_record(&copy, DATA, 5000);
		dc_trio_close(&copy);
	}
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 3 * 3);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
}

static void test_many(void **state)
{
	struct dc_stream s;
	static uint8_t record[ROOM];

	(void)state;
	dc_kit_device(&kit, "");
	for (int n = 0; n < 10000; n++) {
		dc_stream_open(&s, &dc_kinds[n % DC_KINDS], TLS1_2_VERSION, "provider=devcrypto", n % 3 != 0);
		if (n % 3 == 1)
			assert_true(dc_stream_seal(&s, DATA, record, 100) > 0);
		dc_stream_close(&s);
	}
	assert_int_equal(dc_kit_counters(&kit).sessions, 3333);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	assert_int_equal(dc_kit_counters(&kit).open_now, 0);
}

static bool openssl_has_them(void)
{
	bool all = true;

	for (size_t k = 0; k < DC_KINDS; k++) {
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, dc_kinds[k].name, "provider=default");

		all = all && cipher;
		EVP_CIPHER_free(cipher);
	}
	ERR_clear_error();
	return all;
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths), cmocka_unit_test(test_software),     cmocka_unit_test(test_largest),
		cmocka_unit_test(test_theirs),  cmocka_unit_test(test_out_of_place), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_copies),       cmocka_unit_test(test_many),
	};

	if (!openssl_has_them())
		LEAVE_OUT(tests, test_theirs, "OpenSSL has the stitched ciphers for x86 with AES instructions only");
	return cmocka_run_group_tests(tests, dc_stream_setup, dc_kit_teardown);
}
