/* SPDX-License-Identifier: MIT */
/* Sessions over the model of the kernel's module: that what comes out is AES, and what the module's ways make of it. */
#include "test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "provider/session.h"
#include "tests/lab/device.h"

enum { MOST = 16384 };

static struct slu_dc_settings s;
static struct lab_device *model;
static struct slu_dc_device *d;
static struct slu_dc_key key;
static uint8_t in[MOST], out[MOST + 64], expected[MOST + 64];
static const uint8_t iv[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static int setup(void **state)
{
	static struct lab_device *all[20]; /* a leak checker finds them here */
	static unsigned made;

	(void)state;
	assert_true(made < sizeof all / sizeof *all);
	model = all[made++] = lab_device_new();
	assert_non_null(model);
	d = slu_dc_device_get(lab_device_kernel(model), "/dev/crypto");
	assert_non_null(d);
	slu_dc_settings_init(&s);
	s.log = NULL;
	s.deadline_ms = 60000;
	for (unsigned i = 0; i < MOST; i++)
		in[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned i = 0; i < sizeof key.key; i++)
		key.key[i] = (uint8_t)(200 - i);
	for (unsigned i = 0; i < sizeof key.mac_key; i++)
		key.mac_key[i] = (uint8_t)(100 + i);
	return 0;
}

static struct slu_dc_session *new_session(enum slu_dc_algorithm a, size_t length)
{
	struct slu_dc_session *session;

	key.algorithm = a;
	key.length = length;
	key.mac_length = a == SLU_DC_CBC_SHA1 ? 20 : 32;
	session = slu_dc_session_new(d, &s, &key);
	assert_non_null(session);
	return session;
}

static void fault(const char *spec)
{
	char error[200];

	assert_int_equal(lab_device_fault(model, spec, error, sizeof error), 0);
}

/* What OpenSSL makes of it. */
static void reference(const char *cipher, const uint8_t *start, const uint8_t *data, size_t n, uint8_t *to)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *type = EVP_CIPHER_fetch(NULL, cipher, NULL);
	int got;

	assert_true(EVP_EncryptInit_ex2(ctx, type, key.key, start, NULL));
	assert_true(EVP_CIPHER_CTX_set_padding(ctx, 0));
	assert_true(EVP_EncryptUpdate(ctx, to, &got, data, (int)n));
	assert_int_equal(got, n);
	EVP_CIPHER_free(type);
	EVP_CIPHER_CTX_free(ctx);
}

static const size_t sizes[] = {16, 32, 4080, 4096, 16384};

static void check_mode(enum slu_dc_algorithm a, const char *mode)
{
	for (size_t length = 16; length <= 32; length += 8) {
		struct slu_dc_session *session = new_session(a, length);
		const uint8_t *start = a == SLU_DC_ECB ? NULL : iv;
		char cipher[20];

		snprintf(cipher, sizeof cipher, "AES-%zu-%s", length * 8, mode);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			reference(cipher, start, in, sizes[i], expected);
			assert_int_equal(slu_dc_session_crypt(session, 1, start, in, out, sizes[i]), 0);
			assert_memory_equal(out, expected, sizes[i]);
			assert_int_equal(slu_dc_session_crypt(session, 0, start, out, out, sizes[i]), 0);
			assert_memory_equal(out, in, sizes[i]);
		}
		slu_dc_session_free(session);
	}
}

static void test_modes(void **state)
{
	(void)state;
	check_mode(SLU_DC_CBC, "CBC");
	check_mode(SLU_DC_ECB, "ECB");
	check_mode(SLU_DC_CTR, "CTR");
}

static void reference_gcm(size_t n, size_t aad, uint8_t tag[16])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got;

	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.key, iv));
	if (aad)
		assert_true(EVP_EncryptUpdate(ctx, NULL, &got, in, (int)aad));
	assert_true(EVP_EncryptUpdate(ctx, expected, &got, in, (int)n));
	assert_true(EVP_EncryptFinal_ex(ctx, expected + got, &got));
	assert_true(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag));
	EVP_CIPHER_CTX_free(ctx);
}

static void test_gcm(void **state)
{
	static const size_t lengths[] = {1, 15, 16, 17, 4096, 16384}, aads[] = {0, 5, 13, 4096};
	struct slu_dc_session *session = new_session(SLU_DC_GCM, 32);
	uint8_t tag[16], right[16];

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (size_t j = 0; j < sizeof aads / sizeof *aads; j++) {
			size_t n = lengths[i];

			reference_gcm(n, aads[j], right);
			assert_int_equal(slu_dc_session_gcm(session, 1, iv, in, aads[j], in, out, n, tag), 0);
			assert_memory_equal(out, expected, n);
			assert_memory_equal(tag, right, 16);
			assert_int_equal(slu_dc_session_gcm(session, 0, iv, in, aads[j], out, out, n, tag), 0);
			assert_memory_equal(out, in, n);
			tag[15] ^= 1;
			assert_int_equal(slu_dc_session_gcm(session, 0, iv, in, aads[j], expected, out, n, tag),
					 -EBADMSG);
		}
	slu_dc_session_free(session);
}

/* RFC 5246, 6.2.3.2: MAC, padding, CBC. */
static size_t reference_tls(enum slu_dc_algorithm a, const uint8_t *header, size_t n)
{
	const EVP_MD *md = a == SLU_DC_CBC_SHA1 ? EVP_sha1() : EVP_sha256();
	uint8_t plain[13 + MOST + 64];
	unsigned mac;
	size_t total;

	memcpy(plain, header, 13);
	memcpy(plain + 13, in, n);
	assert_non_null(HMAC(md, key.mac_key, (int)key.mac_length, plain, 13 + n, plain + 13 + n, &mac));
	total = (n + mac + 16) / 16 * 16;
	memset(plain + 13 + n + mac, (int)(total - n - mac - 1), total - n - mac);
	reference("AES-128-CBC", iv, plain + 13, total, expected);
	return total;
}

static void check_tls(enum slu_dc_algorithm a)
{
	static const size_t lengths[] = {1, 11, 12, 15, 16, 1000, 16384};
	struct slu_dc_session *session = new_session(a, 16);
	uint8_t header[13] = "12345678\x17\x03\x03";

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t total;

		header[11] = (uint8_t)(lengths[i] >> 8);
		header[12] = (uint8_t)lengths[i];
		total = reference_tls(a, header, lengths[i]);
		assert_int_equal(slu_dc_session_tls(session, header, iv, in, lengths[i], out, total), 0);
		assert_memory_equal(out, expected, total);
	}
	slu_dc_session_free(session);
}

static void test_tls(void **state)
{
	(void)state;
	check_tls(SLU_DC_CBC_SHA1);
	check_tls(SLU_DC_CBC_SHA256);
}

static void test_one_ioctl_each(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC, 16);
	struct lab_counters before, after;

	(void)state;
	assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, 16), 0);
	lab_device_counters(model, &before);
	assert_int_equal(before.ioctls, 3); /* a session, its driver, and this */
	for (int i = 0; i < 10; i++)
		assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, MOST), 0);
	lab_device_counters(model, &after);
	assert_int_equal(after.ioctls - before.ioctls, 10);
	assert_string_not_equal(slu_dc_device_driver(d, SLU_DC_CBC), "?");
	slu_dc_session_free(session);
	lab_device_counters(model, &after);
	assert_int_equal(after.open_now, 0);
	assert_int_equal(after.sessions_now, 0);
}

static void test_no_authcrypt(void **state)
{
	struct slu_dc_session *gcm = new_session(SLU_DC_GCM, 16), *tls = new_session(SLU_DC_CBC_SHA1, 16);
	uint8_t tag[16];

	(void)state;
	fault("no-authcrypt");
	assert_int_equal(slu_dc_session_gcm(gcm, 1, iv, in, 5, in, out, 64, tag), -EOPNOTSUPP);
	assert_int_equal(slu_dc_session_tls(tls, in, iv, in, 64, out, 96), -EOPNOTSUPP);
	assert_false(slu_dc_device_may_have(d, SLU_DC_GCM));
	assert_false(slu_dc_device_may_have(d, SLU_DC_CBC_SHA1));
	assert_true(slu_dc_device_may_have(d, SLU_DC_CBC));
	slu_dc_session_free(gcm);
	slu_dc_session_free(tls);
}

static void test_vanishes(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC, 16), *next = new_session(SLU_DC_CBC, 16);

	(void)state;
	assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, 64), 0);
	fault("vanish");
	assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, 64), -ENODEV);
	assert_true(slu_dc_device_off(d));
	assert_int_equal(slu_dc_session_crypt(next, 1, iv, in, out, 64), -ENODEV);
	slu_dc_session_free(session);
	slu_dc_session_free(next);
}

static void test_hangs_and_writes_late(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC, 16);
	struct lab_counters c;

	(void)state;
	assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, 64), 0);
	fault("hang");
	fault("late-write");
	s.deadline_ms = 80;
	memset(out, 0xaa, sizeof out);
	assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, 4096), -ETIMEDOUT);
	lab_device_wait_hanging(model, 1);
	slu_dc_session_free(session);
	lab_device_release(model);
	do {
		usleep(1000);
		lab_device_counters(model, &c);
	} while (c.late_writes == 0);
	for (size_t i = 0; i < sizeof out; i++)
		assert_int_equal(out[i], 0xaa);
	assert_int_equal(c.open_now, 1); /* left to it */
}

static void test_ten_thousand_sessions(void **state)
{
	static const enum slu_dc_algorithm all[] = {SLU_DC_CBC, SLU_DC_ECB, SLU_DC_CTR};
	struct lab_counters c;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		struct slu_dc_session *session = new_session(all[i % 3], 16);

		assert_int_equal(slu_dc_session_crypt(session, 1, iv, in, out, 16), 0);
		slu_dc_session_free(session);
	}
	lab_device_counters(model, &c);
	assert_int_equal(c.opens, 10000);
	assert_int_equal(c.sessions, 10000);
	assert_int_equal(c.open_now, 0);
	assert_int_equal(c.sessions_now, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_modes, setup),
		cmocka_unit_test_setup(test_gcm, setup),
		cmocka_unit_test_setup(test_tls, setup),
		cmocka_unit_test_setup(test_one_ioctl_each, setup),
		cmocka_unit_test_setup(test_no_authcrypt, setup),
		cmocka_unit_test_setup(test_vanishes, setup),
		cmocka_unit_test_setup(test_hangs_and_writes_late, setup),
		cmocka_unit_test_setup(test_ten_thousand_sessions, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
