/* SPDX-License-Identifier: MIT */
/* CBC and its TLS mode against OpenSSL's own functions: apart from the rest, for devices that have nothing else. */
#include "bench.h"

#include <errno.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* RFC 5246, 6.2.3.2, put together here from OpenSSL's own functions. */
static size_t tls_expected(const EVP_MD *digest, uint8_t *out, const uint8_t *plain, size_t n)
{
	static const uint8_t header[13] = {0, 0, 0, 0, 0, 0, 0, 1, 23, 3, 3, 0, 60};
	uint8_t text[512], mac_key[20];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned mac;
	size_t total;
	int done = 0;

	memset(mac_key, 0x0b, sizeof mac_key);
	memcpy(text, header, 13);
	memcpy(text + 13, plain, n);
	assert_non_null(HMAC(digest, mac_key, 20, text, 13 + n, text + 13 + n, &mac));
	for (total = n + mac + 1; total % 16 != 0; total++)
		;
	memset(text + 13 + n + mac, (int)(total - n - mac - 1), total - n - mac);
	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, nist_key, nist_cbc_iv));
	assert_true(EVP_CIPHER_CTX_set_padding(ctx, 0) && EVP_EncryptUpdate(ctx, out, &done, text + 13, (int)total));
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(done, total);
	return total;
}

static void makes_whole_tls_records(void **state)
{
	static const struct {
		uint32_t mac;
		const EVP_MD *(*digest)(void);
		enum lab_algorithm algorithm;
	} kinds[] = {{SLU_DC_SHA1_HMAC, EVP_sha1, LAB_TLS_SHA1}, {SLU_DC_SHA2_256_HMAC, EVP_sha256, LAB_TLS_SHA256}};
	struct bench *b = *state;
	uint8_t data[512], expected[512], plain[60];

	memcpy(plain, gcm_plain, 60);
	for (size_t i = 0; i < 2; i++) {
		uint32_t id = bench_session(b, SLU_DC_AES_CBC, kinds[i].mac, nist_key);

		for (size_t n = 0; n <= 60; n++) {
			size_t total = tls_expected(kinds[i].digest(), expected, plain, n);

			memcpy(data, plain, n);
			data[total] = 0x77; /* and not a byte further */
			assert_int_equal(bench_tls(b, id, SLU_DC_ENCRYPT, data, n), total);
			assert_memory_equal(data, expected, total);
			assert_int_equal(data[total], 0x77);
			assert_int_equal(bench_tls(b, id, SLU_DC_DECRYPT, data, total), n);
			assert_memory_equal(data, plain, n);
			expected[total - 1] ^= 1; /* the padding's length, or the MAC */
			assert_int_equal(bench_tls(b, id, SLU_DC_DECRYPT, expected, total), -EBADMSG);
		}
		assert_int_equal(bench_counters(b).by[kinds[i].algorithm].operations, 2 * 61);
	}
	assert_int_equal(bench_counters(b).authcrypt, 4 * 61);
}

/* As far as a request can go, and in pieces whose IVs the device hands on. */
static void encrypts_long_requests(void **state)
{
	enum { LONG = 200000, PIECE = 4000 };
	static uint8_t zeros[LONG], out[LONG], expected[LONG];
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_CBC, 0, nist_key);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[16];
	int done = 0;

	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, nist_key, nist_cbc_iv) &&
		    EVP_EncryptUpdate(ctx, expected, &done, zeros, LONG));
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(done, LONG);
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, nist_cbc_iv, zeros, out, LONG), 0);
	assert_memory_equal(out, expected, LONG);
	assert_int_equal(bench_crypt(b, id, SLU_DC_DECRYPT, nist_cbc_iv, expected, out, LONG), 0);
	assert_memory_equal(out, zeros, LONG);
	memcpy(iv, nist_cbc_iv, sizeof iv);
	for (int at = 0; at < LONG; at += PIECE)
		assert_int_equal(
			bench_crypt_flags(b, id, SLU_DC_ENCRYPT, SLU_DC_FLAG_WRITE_IV, iv, zeros, out + at, PIECE), 0);
	assert_memory_equal(out, expected, LONG);
	assert_int_equal(bench_counters(b).by[LAB_CBC].operations, 2 + LONG / PIECE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_whole_tls_records, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(encrypts_long_requests, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests_name("lab cbc", tests, NULL, NULL);
}
