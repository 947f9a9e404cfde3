/* SPDX-License-Identifier: MIT */
/* AES-CBC of the provider against OpenSSL's own: records of TLS, as libssl has them made. */
#include "test.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "dc_pair.h"

static void begin_records(const struct dc_pair *p, unsigned version, size_t mac_size)
{
	for (int i = 0; i < 2; i++)
		dc_kit_records(p->ctx[i], version, mac_size);
}

/* In place in both. Returns the length that both say, -1 when both refuse. */
static int record(const struct dc_pair *p, const uint8_t *in, size_t n)
{
	int length[2], ok[2];

	for (int i = 0; i < 2; i++) {
		memcpy(buffer[i], in, n);
		ok[i] = EVP_CipherUpdate(p->ctx[i], buffer[i], &length[i], buffer[i], (int)n);
	}
	ERR_clear_error();
	assert_int_equal(ok[0], ok[1]);
	if (!ok[0])
		return -1;
	assert_int_equal(length[0], length[1]);
	return length[0];
}

static const uint8_t *mac_of(EVP_CIPHER_CTX *ctx, size_t size)
{
	const uint8_t *mac = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC, (void **)&mac, size),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_CIPHER_CTX_get_params(ctx, params), 1);
	assert_non_null(mac);
	return mac;
}

static void test_records(void **state)
{
	static const size_t macs[] = {0, 20, 32, 48};
	struct dc_pair out, back;

	(void)state;
	kit.provider->settings.decrypt = true;
	for (unsigned version = 0x301; version <= 0x303; version++)
		for (size_t m = 0; m < sizeof macs / sizeof *macs; m++) {
			const size_t front = version > 0x301 ? BLOCK : 0;

			dc_kit_device(&kit, "");
			dc_pair_open(&out, 128, 1, 1);
			dc_pair_open(&back, 128, 0, 1);
			begin_records(&out, version, macs[m]);
			begin_records(&back, version, macs[m]);
			for (size_t n = front + macs[m]; n < 300; n++) {
				int length = record(&out, text, n);

				assert_int_equal(length, n / BLOCK * BLOCK + BLOCK);
				assert_memory_equal(buffer[0], buffer[1], (size_t)length);
				dc_pair_same_iv(&out);
				memcpy(cipher_text, buffer[0], (size_t)length);
				assert_int_equal(record(&back, cipher_text, (size_t)length), n - front - macs[m]);
				assert_memory_equal(buffer[0] + front, text + front, n - front - macs[m]);
				for (int i = 0; macs[m] && i < 2; i++)
					assert_memory_equal(mac_of(back.ctx[i], macs[m]), text + n - macs[m], macs[m]);
			}
			/* the first of each direction is the handshake's */
			assert_int_equal(dc_kit_counters(&kit).crypt, (300 - front - macs[m] - 1) * (macs[m] ? 1 : 2));
			dc_pair_close(&out);
			dc_pair_close(&back);
		}
	kit.provider->settings.decrypt = false;
}

/* The size of the MAC may change, and a new key begins with a handshake's record. */
static void test_other_records(void **state)
{
	struct dc_pair p;

	(void)state;
	dc_kit_device(&kit, "");
	dc_pair_open(&p, 128, 0, 1);
	for (size_t mac = 20; mac <= 48; mac += 14) {
		begin_records(&p, 0x303, mac);
		record(&p, text, 160); /* its padding is wrong, so the MAC is random, but not its size */
		record(&p, text, 48);
	}
	dc_pair_close(&p);
	dc_pair_open(&p, 128, 1, 1);
	begin_records(&p, 0x303, 0);
	for (uint64_t keys = 1; keys < 4; keys++) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key, iv, 1, NULL), 1);
		for (int n = 0; n < 3; n++)
			record(&p, text, 1000);
		assert_int_equal(dc_kit_counters(&kit).crypt, 2 * keys);
	}
	dc_pair_close(&p);
}

/* Padding that is too long, or not all alike; and what is no record. */
static void test_bad_records(void **state)
{
	struct dc_pair p;
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.decrypt = true;
	for (unsigned version = 0x301; version <= 0x302; version++)
		for (unsigned last = 0; last < 256; last++)
			for (int alike = 0; alike < 2; alike++) {
				memset(cipher_text, (int)last, 64);
				cipher_text[62] ^= !alike;
				dc_pair_open(&p, 128, 1, 0);
				dc_pair_update(&p, 0, cipher_text, 64);
				dc_pair_close(&p);
				memcpy(cipher_text, buffer[0], 64);
				dc_pair_open(&p, 128, 0, 1);
				begin_records(&p, version, 0);
				length = record(&p, cipher_text, 64);
				assert_int_equal(length >= 0, last < (version > 0x301 ? 48 : 64) && (alike || !last));
				dc_pair_close(&p);
			}
	dc_pair_open(&p, 128, 0, 1);
	begin_records(&p, 0x303, 0);
	assert_int_equal(record(&p, text, 0), -1);
	assert_int_equal(record(&p, text, 16), -1);
	assert_int_equal(record(&p, text, 33), -1);
	assert_int_equal(EVP_CipherFinal_ex(p.ctx[0], buffer[0], &length), 0);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 64), 0); /* not in place */
	dc_pair_close(&p);
	dc_pair_open(&p, 128, 1, 1);
	begin_records(&p, 0x303, 0);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 64), 0);
	ERR_clear_error();
	dc_pair_close(&p);
	kit.provider->settings.decrypt = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_other_records),
		cmocka_unit_test(test_bad_records),
	};

	return cmocka_run_group_tests(tests, dc_pair_setup, dc_kit_teardown);
}
