/* SPDX-License-Identifier: MIT */
/*
 * AES-CBC with HMAC of the provider: records of a peer, wrong ones among them. On x86 OpenSSL's stitched ciphers have
 * to say the same of them.
 */
#include "test.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "dc_stream.h"

/* Who reads, from the record given on. Also OpenSSL's own, where there is one. */
static int read_record(const struct dc_kind *kind, unsigned version, const char *properties, const uint8_t *record,
		       size_t n)
{
	static uint8_t copy[ROOM];
	struct dc_stream reader;
	int length;

	if (!dc_stream_open(&reader, kind, version, properties, 0))
		return -2;
	memcpy(copy, record, n);
	length = dc_stream_unseal(&reader, DATA, copy, n);
	dc_stream_close(&reader);
	ERR_clear_error();
	return length;
}

static void both_say(const struct dc_kind *kind, unsigned version, const uint8_t *record, size_t n, int length)
{
	int theirs = read_record(kind, version, "provider=default", record, n);

	assert_int_equal(read_record(kind, version, "provider=devcrypto", record, n), length);
	if (theirs != -2)
		assert_int_equal(theirs, length);
}

static size_t make_record(const struct dc_kind *kind, unsigned version, uint8_t *record, size_t n, unsigned more,
			  bool wrong_mac)
{
	struct dc_stream s;
	size_t length;

	dc_stream_open_by_hand(&s, kind, version);
	memcpy(record, text, dc_stream_front(&s) + n);
	length = dc_stream_by_hand(&s, DATA, record, n, more, wrong_mac);
	dc_stream_close(&s);
	return length;
}

/* Each byte of a record, but those of the explicit IV, whose bits are those of the first block. */
static void test_tampered(void **state)
{
	static uint8_t record[ROOM];

	(void)state;
	for (size_t k = 0; k < DC_KINDS; k++)
		for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
			size_t length = make_record(&dc_kinds[k], version, record, 100, 0, false);

			both_say(&dc_kinds[k], version, record, length, 100);
			for (size_t i = 0; i < length; i++) {
				record[i] ^= 0x80;
				both_say(&dc_kinds[k], version, record, length, -1);
				record[i] ^= 0x80;
			}
			for (size_t cut = BLOCK; cut < length; cut += BLOCK)
				both_say(&dc_kinds[k], version, record, length - cut, -1);
		}
}

/* Padding of any length is right; a MAC that is not is found behind any. */
static void test_padding(void **state)
{
	static uint8_t record[ROOM];

	(void)state;
	for (size_t k = 0; k < DC_KINDS; k++)
		for (unsigned more = 0; more < 15; more++)
			for (size_t n = 0; n < 300; n += 37) {
				size_t length = make_record(&dc_kinds[k], TLS1_2_VERSION, record, n, more, false);

				both_say(&dc_kinds[k], TLS1_2_VERSION, record, length, (int)n);
				length = make_record(&dc_kinds[k], TLS1_2_VERSION, record, n, more, true);
				both_say(&dc_kinds[k], TLS1_2_VERSION, record, length, -1);
			}
}

/* A record that is wrong in its MAC alone: its data is not given out. */
static void test_nothing_out(void **state)
{
	static uint8_t record[ROOM];
	size_t length = make_record(&dc_kinds[0], TLS1_2_VERSION, record, 1000, 0, true);
	struct dc_stream reader;

	(void)state;
	dc_stream_open(&reader, &dc_kinds[0], TLS1_2_VERSION, "provider=devcrypto", 0);
	assert_int_equal(dc_stream_unseal(&reader, DATA, record, length), -1);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(record[i], 0);
	ERR_clear_error();
	dc_stream_close(&reader);
}

/* What is set for the MAC: the linker puts this in the other's place. */
int __real_EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[]);
int __wrap_EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[]);

static size_t tls_data_size;

int __wrap_EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_TLS_DATA_SIZE);

	assert_non_null(p);
	assert_int_equal(OSSL_PARAM_get_size_t(p, &tls_data_size), 1);
	return __real_EVP_MAC_CTX_set_params(ctx, params);
}

/* OpenSSL's way of making a MAC in a time that does not tell the padding is asked for, with the size that shows. */
static void test_constant_time(void **state)
{
	static uint8_t record[ROOM];

	(void)state;
	for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++)
		for (unsigned more = 0; more < 10; more++) {
			size_t length = make_record(&dc_kinds[0], version, record, 500, more, false);

			tls_data_size = 0;
			assert_int_equal(read_record(&dc_kinds[0], version, "provider=devcrypto", record, length), 500);
			assert_int_equal(tls_data_size, length - (version > TLS1_VERSION ? BLOCK : 0));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_nothing_out),
		cmocka_unit_test(test_constant_time),
	};

	return cmocka_run_group_tests(tests, dc_stream_setup, dc_kit_teardown);
}
