/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <openssl/ssl.h>

#include <sluice/error.h>
#include <sluice/tls.h>

#include "../alloc_fail.h"
#include "base/bytes.h"
#include "probe/hello.h"
#include "probe/registry.h"
#include "tls_kit.h"

#define RANDOM                                                                                                         \
	{                                                                                                              \
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, \
			29, 30, 31, 32                                                                                 \
	}

static void encode(const struct slu_hello *h, struct slu_buf *out)
{
	slu_buf_init(out, 1 << 20);
	assert_int_equal(slu_hello_encode(h, out), 0);
}

static void assert_encoded(const struct slu_hello *h, const void *bytes, size_t n)
{
	struct slu_buf out;

	encode(h, &out);
	assert_int_equal(out.len, n);
	assert_memory_equal(out.data, bytes, n);
	slu_buf_clear(&out);
}

static const uint16_t two[] = {0xC02F, 0x002F};

static void ssl3_has_no_extensions(void **state)
{
	static const uint8_t bytes[] = "\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00"
				       "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
				       "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\0\0\4\xc0\x2f\x00\x2f\1\0";
	const struct slu_hello h = {.version = SLU_SSL_3_0,
				    .suites = two,
				    .nsuites = 2,
				    .server_name = "a",
				    .groups = two,
				    .ngroups = 1,
				    .random = RANDOM};

	(void)state;
	assert_encoded(&h, bytes, sizeof bytes - 1);
}

/* Nothing to extend with is no block of extensions; asked for none, it has none. */
static void tls_may_have_no_extensions(void **state)
{
	static const uint8_t bytes[] = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x02"
				       "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
				       "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\0\0\4\xc0\x2f\x00\x2f\1\0";
	struct slu_hello h = {.version = SLU_TLS_1_1, .suites = two, .nsuites = 2, .random = RANDOM};

	(void)state;
	assert_encoded(&h, bytes, sizeof bytes - 1);
	h.server_name = "a.example";
	h.with = SLU_WITHOUT_EXTENSIONS | SLU_WITH_EMS;
	assert_encoded(&h, bytes, sizeof bytes - 1);
}

static void tls12_byte_by_byte(void **state)
{
	static const uint8_t bytes[] =
		"\x16\x03\x01\x00\x89\x01\x00\x00\x85\x03\x03"
		"\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
		"\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\0\0\4\xc0\x2f\x00\x2f\1\0\0\x58"
		"\x00\x00\x00\x0e\x00\x0c\x00\x00\x09"
		"a.example"
		"\xff\x01\x00\x01\x00\x00\x17\x00\x00\x00\x16\x00\x00\x00\x23\x00\x00\x00\x01\x00\x01\x04"
		"\x00\x0b\x00\x02\x01\x00\x00\x05\x00\x05\x01\x00\x00\x00\x00"
		"\x00\x10\x00\x0b\x00\x09\x08http/"
		"1.1\x00\x0a\x00\x04\x00\x02\x00\x1d\x00\x0d\x00\x06\x00\x04\x08\x04\x04\x01";
	static const char *const alpn[] = {"http/1.1"};
	static const uint16_t groups[] = {29}, schemes[] = {0x0804, 0x0401};
	struct slu_hello h = {.version = SLU_TLS_1_2,
			      .suites = two,
			      .nsuites = 2,
			      .groups = groups,
			      .ngroups = 1,
			      .schemes = schemes,
			      .nschemes = 2,
			      .server_name = "a.example.",
			      .alpn = alpn,
			      .nalpn = 1,
			      .with = SLU_WITH_ETM | SLU_WITH_EMS | SLU_WITH_TICKET | SLU_WITH_RENEGOTIATION |
				      SLU_WITH_MAX_FRAGMENT | SLU_WITH_STATUS,
			      .random = RANDOM};

	(void)state;
	assert_encoded(&h, bytes, sizeof bytes - 1);
}

static void tls13_byte_by_byte(void **state)
{
	static const uint8_t bytes[] = "\x16\x03\x01\x00\x72\x01\x00\x00\x6e\x03\x03"
				       "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
				       "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x20\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d"
				       "\x0e\x0f\x10\x11\x12\x13\x14"
				       "\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\0\2\x13\x01\1\0\0\x23"
				       "\x00\x2b\x00\x03\x02\x03\x04\x00\x2d\x00\x02\x01\x01\x00\x33\x00\x02\x00\x00"
				       "\x00\x0a\x00\x04\x00\x02\x00\x1d\x00\x0d\x00\x04\x00\x02\x08\x04";
	static const uint16_t suites[] = {0x1301}, groups[] = {29}, schemes[] = {0x0804};
	/* The address is no name, and of the extensions of TLS 1.2 none remains. */
	struct slu_hello h = {.version = SLU_TLS_1_3,
			      .suites = suites,
			      .nsuites = 1,
			      .groups = groups,
			      .ngroups = 1,
			      .schemes = schemes,
			      .nschemes = 1,
			      .server_name = "192.0.2.1",
			      .with = SLU_WITH_ETM | SLU_WITH_EMS | SLU_WITH_TICKET | SLU_WITH_RENEGOTIATION |
				      SLU_WITH_MAX_FRAGMENT,
			      .random = RANDOM};

	(void)state;
	assert_encoded(&h, bytes, sizeof bytes - 1);
	h.server_name = "2001:db8::1";
	assert_encoded(&h, bytes, sizeof bytes - 1);
	h.server_name = "fe80::1%eth0";
	assert_encoded(&h, bytes, sizeof bytes - 1);
	h.server_name = "";
	assert_encoded(&h, bytes, sizeof bytes - 1);
}

/* Groups that are no curves have no points. */
static void primes_have_no_points(void **state)
{
	static const uint8_t extensions[] = "\0\x08\0\x0a\0\4\0\2\1\0";
	static const uint16_t groups[] = {256};
	const struct slu_hello h = {
		.version = SLU_TLS_1_2, .suites = two, .nsuites = 2, .groups = groups, .ngroups = 1};
	struct slu_buf out;

	(void)state;
	encode(&h, &out);
	assert_int_equal(out.len, 5 + 47 + sizeof extensions - 1);
	assert_memory_equal(out.data + 5 + 47, extensions, sizeof extensions - 1);
	slu_buf_clear(&out);
}

/* No message has 256 to 511 bytes, whatever the number of suites. */
static void pads(void **state)
{
	static uint16_t suites[400];
	struct slu_hello h = {.version = SLU_TLS_1_2, .suites = suites, .with = SLU_WITH_EMS};
	unsigned padded = 0;

	(void)state;
	for (h.nsuites = 1; h.nsuites <= 400; h.nsuites++) {
		const size_t bare = 4 + 2 + 32 + 1 + 2 + 2 * h.nsuites + 2 + 2 + 4;
		struct slu_buf out;

		encode(&h, &out);
		assert_int_equal(slu_be16(out.data + 3), out.len - 5);
		assert_int_equal(slu_be24(out.data + 6), out.len - 9);
		if (bare < 256 || bare >= 512) {
			assert_int_equal(out.len - 5, bare);
		} else {
			assert_int_equal(out.len - 5, bare >= 508 ? bare + 5 : 512);
			padded++;
		}
		slu_buf_clear(&out);
	}
	assert_int_equal(padded, 128);
}

static void refuses_what_does_not_fit(void **state)
{
	static uint16_t suites[32768];
	static char name[300], protocol[300];
	static const char *many[2000];
	const char *const alpn[] = {protocol};
	struct slu_hello h = {.version = SLU_TLS_1_2, .suites = suites, .nsuites = 1};
	struct slu_buf out;

	(void)state;
	memset(name, 'a', 256);
	memset(protocol, 'a', 256);
	slu_buf_init(&out, 1 << 20);
	assert_int_equal(slu_buf_append(&out, "x", 1), 0);
#define REFUSED(field, value)                                                                                          \
	h = (struct slu_hello){.version = SLU_TLS_1_2, .suites = suites, .nsuites = 1};                                \
	h.field = (value);                                                                                             \
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_INVALID)
	REFUSED(nsuites, 0);
	REFUSED(nsuites, 32768);
	REFUSED(version, 0x0305);
	REFUSED(version, 0x0002);
	REFUSED(server_name, name);
	REFUSED(server_name, ".");
	h = (struct slu_hello){.version = SLU_TLS_1_3, .suites = suites, .nsuites = 1, .with = SLU_WITHOUT_EXTENSIONS};
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_INVALID);
	h = (struct slu_hello){.version = SLU_TLS_1_2, .suites = suites, .nsuites = 1, .alpn = alpn, .nalpn = 1};
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_INVALID);
	protocol[0] = 0;
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_INVALID);
	memset(protocol, 'a', 255);
	protocol[255] = 0;
	for (size_t i = 0; i < 2000; i++)
		many[i] = protocol;
	h.alpn = many;
	h.nalpn = 2000;
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_INVALID);
	h.nalpn = 0;
	h.groups = suites;
	h.ngroups = 32767; /* the list fits, the extension does not */
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_INVALID);
	assert_int_equal(out.len, 1);
	slu_buf_clear(&out);
}

static void is_spread_over_records(void **state)
{
	static uint16_t suites[32767];
	const struct slu_hello h = {.version = SLU_TLS_1_0, .suites = suites, .nsuites = 32767};
	struct slu_buf out;
	size_t at = 0, records = 0;

	(void)state;
	encode(&h, &out);
	for (; at < out.len; records++) {
		assert_memory_equal(out.data + at, "\x16\x03\x01", 3);
		assert_true(slu_be16(out.data + at + 3) <= 16384);
		at += 5u + slu_be16(out.data + at + 3);
	}
	assert_int_equal(at, out.len);
	assert_int_equal(records, 5);
	assert_int_equal(slu_be24(out.data + 6) + 4, out.len - 5 * 5);
	slu_buf_clear(&out);
	out.max = 100;
	assert_int_equal(slu_hello_encode(&h, &out), SLU_ERR_LIMIT);
	assert_int_equal(out.len, 0);
}

static void survives_without_memory(void **state)
{
	static uint16_t suites[200];
	const struct slu_hello h = {.version = SLU_TLS_1_2, .suites = suites, .nsuites = 200, .server_name = "a"};

	(void)state;
	for (long n = 0, failed = 1; failed; n++) {
		struct slu_buf out;
		int err;

		slu_buf_init(&out, 4096);
		alloc_fail_at(n);
		err = slu_hello_encode(&h, &out);
		failed = alloc_fail_end();
		assert_int_equal(err, failed ? SLU_ERR_NOMEM : 0);
		assert_true(failed ? out.len == 0 : out.len == 5 + 512);
		slu_buf_clear(&out);
	}
}

/* What OpenSSL answers to h: the type of its record and of its message. */
static void assert_taken(const struct slu_hello *h, uint16_t version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	struct slu_buf hello;
	uint8_t answer[128];

	encode(h, &hello);
	SSL_set_security_level(ssl, 0);
	assert_int_equal(SSL_use_certificate(ssl, kit_server.x509), 1);
	assert_int_equal(SSL_use_PrivateKey(ssl, kit_server.pkey), 1);
	SSL_set_bio(ssl, in, out);
	assert_int_equal(BIO_write(in, hello.data, (int)hello.len), (int)hello.len);
	assert_int_equal(SSL_accept(ssl), -1);
	assert_int_equal(SSL_get_error(ssl, -1), SSL_ERROR_WANT_READ);
	assert_true(BIO_read(out, answer, sizeof answer) > 50);
	assert_int_equal(answer[0], 22);
	assert_int_equal(answer[5], 2);
	assert_int_equal(SSL_version(ssl), version);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	slu_buf_clear(&hello);
}

/* All of the registry in one hello, in the eyes of a TLS library. */
static void a_server_takes_all_of_the_registry(void **state)
{
	static const char *const alpn[] = {"h2", "http/1.1"};
	uint16_t ids[SLU_REG_SUITES];
	struct slu_hello h = {.suites = ids,
			      .server_name = "a.example",
			      .alpn = alpn,
			      .nalpn = 2,
			      .random = RANDOM,
			      .with = SLU_WITH_ETM | SLU_WITH_EMS | SLU_WITH_TICKET | SLU_WITH_RENEGOTIATION |
				      SLU_WITH_MAX_FRAGMENT | SLU_WITH_STATUS};
	const struct slu_reg_suite *all = slu_reg_suites(&h.nsuites);

	(void)state;
	for (size_t i = 0; i < h.nsuites; i++)
		ids[i] = all[i].id;
	h.groups = slu_reg_groups(&h.ngroups);
	h.schemes = slu_reg_schemes(&h.nschemes);
	h.version = SLU_TLS_1_2;
	assert_taken(&h, SLU_TLS_1_2);
	h.version = SLU_TLS_1_3;
	assert_taken(&h, SLU_TLS_1_3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ssl3_has_no_extensions),    cmocka_unit_test(tls_may_have_no_extensions),
		cmocka_unit_test(tls12_byte_by_byte),        cmocka_unit_test(tls13_byte_by_byte),
		cmocka_unit_test(primes_have_no_points),     cmocka_unit_test(pads),
		cmocka_unit_test(refuses_what_does_not_fit), cmocka_unit_test(is_spread_over_records),
		cmocka_unit_test(survives_without_memory),   cmocka_unit_test(a_server_takes_all_of_the_registry),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
