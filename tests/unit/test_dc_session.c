/* SPDX-License-Identifier: MIT */
/* Sessions: what the kernel is asked, and what becomes of its refusals. */
#include "test.h"

#include <errno.h>

#include "dc_session_kit.h"

/* ---- what the kernel is asked ---- */

static void test_lazy(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	slu_dc_session_free(session);
	slu_dc_session_free(NULL);
	for (int c = 0; c < FAKE_CALLS; c++)
		assert_int_equal(fake->calls[c], 0);
}

static void test_crypt(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	assert_string_equal(slu_dc_device_driver(fake_device(fake), SLU_DC_CBC), "?");
	assert_int_equal(do_crypt(session), 0);
	assert_transformed(out);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_CBC);
	assert_int_equal(fake->session.mac, 0);
	assert_int_equal(fake->session.keylen, 16);
	assert_int_equal(fake->key[15], 0x42);
	assert_int_equal(fake->crypt.ses, FAKE_SES);
	assert_int_equal(fake->crypt.op, SLU_DC_ENCRYPT);
	assert_int_equal(fake->crypt.flags, 0);
	assert_int_equal(fake->crypt.len, N);
	assert_memory_equal(fake->iv, iv, 16);
	/* Whole cache lines, and none of ours among them. */
	assert_int_equal((uintptr_t)fake->crypt.src % 128, 0);
	assert_ptr_equal(fake->crypt.dst, fake->crypt.src);
	assert_string_equal(slu_dc_device_driver(fake_device(fake), SLU_DC_CBC), "fake-aes");

	assert_int_equal(slu_dc_session_crypt(session, 0, iv, out, out, N), 0);
	assert_memory_equal(out, in, N);
	assert_int_equal(fake->crypt.op, SLU_DC_DECRYPT);
	slu_dc_session_free(session);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
	assert_int_equal(fake->calls[FAKE_SESSION], 1);
	assert_int_equal(fake->calls[FAKE_CRYPT], 2);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
	assert_int_equal(counters().operations, 2);
	assert_int_equal(counters().bytes, 2 * N);
	assert_int_equal(counters().sessions, 1);
}

/* A second session knows the driver; an algorithm without an IV has none. */
static void test_info_is_asked_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct slu_dc_session *session = new_session(SLU_DC_ECB);

		assert_int_equal(slu_dc_session_crypt(session, 1, NULL, in, out, N), 0);
		assert_null(fake->crypt.iv);
		slu_dc_session_free(session);
	}
	assert_int_equal(fake->session.cipher, SLU_DC_AES_ECB);
	assert_int_equal(fake->calls[FAKE_INFO], 1);
	assert_int_equal(counters().sessions, 3);
}

/* Only the name is lost. */
static void test_info_fails(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CTR);

	(void)state;
	fake->errors[FAKE_INFO] = -EINVAL;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_CTR);
	assert_string_equal(slu_dc_device_driver(fake_device(fake), SLU_DC_CTR), "?");
	slu_dc_session_free(session);
}

static void test_gcm(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_GCM);
	uint8_t sealed[N];

	(void)state;
	assert_int_equal(do_gcm(session, 1, in), 0);
	assert_transformed(out);
	for (int i = 0; i < 16; i++)
		assert_int_equal(tag[i], FAKE_TAG);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_GCM);
	assert_int_equal(fake->auth.op, SLU_DC_ENCRYPT);
	assert_int_equal(fake->auth.flags, 0);
	assert_int_equal(fake->auth.len, N);
	assert_int_equal(fake->auth.tag_len, 16);
	assert_int_equal(fake->auth.iv_len, 12);
	assert_int_equal(fake->auth.auth_len, 13);
	assert_memory_equal(fake->aad, "thirteen byte", 13);
	assert_memory_equal(fake->iv, iv, 12);
	assert_ptr_equal(fake->auth.dst, fake->auth.src);
	/* The authenticated data keeps off the lines that are written. */
	assert_true(fake->auth.auth_src >= fake->auth.dst + N + 16);
	assert_int_equal((uintptr_t)fake->auth.auth_src % 128, 0);

	memcpy(sealed, out, N);
	assert_int_equal(do_gcm(session, 0, sealed), 0);
	assert_memory_equal(out, in, N);
	assert_int_equal(fake->auth.len, N + 16);

	memset(out, 0xaa, sizeof out);
	tag[3] ^= 1;
	assert_int_equal(do_gcm(session, 0, sealed), -EBADMSG);
	memset(tag, 0, sizeof tag);
	assert_untouched();
	assert_int_equal(counters().operations, 2);
	/* Nothing but a tag; and more than the kernel takes. */
	assert_int_equal(slu_dc_session_gcm(session, 1, iv, NULL, 0, NULL, NULL, 0, tag), 0);
	assert_null(fake->auth.auth_src);
	assert_int_equal(slu_dc_session_gcm(session, 1, iv, in, 4096, in, out, 16, tag), 0);
	assert_int_equal(slu_dc_session_gcm(session, 1, iv, in, 4097, in, out, 16, tag), -EMSGSIZE);
	assert_int_equal(fake->calls[FAKE_AUTH], 5);
	slu_dc_session_free(session);
}

static void test_tls(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC_SHA256), *sha1 = new_session(SLU_DC_CBC_SHA1);

	(void)state;
	assert_int_equal(do_tls(session), 0);
	assert_transformed(out);
	for (int i = 0; i < 48; i++)
		assert_int_equal(out[N + i], FAKE_TAG);
	assert_int_equal(out[N + 48], 0xaa);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_CBC);
	assert_int_equal(fake->session.mac, SLU_DC_SHA2_256_HMAC);
	assert_int_equal(fake->session.mackeylen, 32);
	assert_int_equal(fake->mac_key[31], 0x43);
	assert_int_equal(fake->auth.flags, SLU_DC_FLAG_AEAD_TLS);
	assert_int_equal(fake->auth.op, SLU_DC_ENCRYPT);
	assert_int_equal(fake->auth.len, N);
	assert_int_equal(fake->auth.tag_len, 32);
	assert_int_equal(fake->auth.auth_len, 13);
	assert_memory_equal(fake->aad, "thirteen byte", 13);
	assert_memory_equal(fake->iv, iv, 16);
	assert_ptr_equal(fake->auth.dst, fake->auth.src);
	assert_int_equal((uintptr_t)fake->auth.dst % 128, 0);

	/* The kernel pads as little as it can: no other total is possible. */
	assert_int_equal(slu_dc_session_tls(session, in, iv, in, N, out, N + 32), -EMSGSIZE);
	assert_int_equal(slu_dc_session_tls(session, in, iv, in, N, out, N + 64), -EMSGSIZE);
	assert_int_equal(slu_dc_session_tls(sha1, in, iv, in, 100, out, 128), 0);
	assert_int_equal(fake->session.mac, SLU_DC_SHA1_HMAC);
	assert_int_equal(fake->auth.tag_len, 20);
	assert_int_equal(fake->calls[FAKE_AUTH], 2);
	slu_dc_session_free(session);
	slu_dc_session_free(sha1);
}

/* ---- failures ---- */

static void test_errors_give_nothing_out(void **state)
{
	struct slu_dc_session *cbc = new_session(SLU_DC_CBC), *gcm = new_session(SLU_DC_GCM),
			      *tls = new_session(SLU_DC_CBC_SHA256);

	(void)state;
	fake->errors[FAKE_CRYPT] = fake->errors[FAKE_AUTH] = -EIO;
	assert_int_equal(do_crypt(cbc), -EIO);
	assert_int_equal(do_gcm(gcm, 1, in), -EIO);
	assert_int_equal(do_tls(tls), -EIO);
	assert_untouched();
	assert_int_equal(counters().operations, 0);
	assert_int_equal(counters().bytes, 0);
	/* And the session is as good as before. */
	fake->errors[FAKE_CRYPT] = 0;
	assert_int_equal(do_crypt(cbc), 0);
	assert_transformed(out);
	assert_int_equal(fake->calls[FAKE_OPEN], 3);
	assert_false(slu_dc_device_off(fake_device(fake)));
	slu_dc_session_free(cbc);
	slu_dc_session_free(gcm);
	slu_dc_session_free(tls);
}

/* What the worker and the session say of themselves is not taken from a driver. */
static void test_drivers_that_speak_as_we_do(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	fake->errors[FAKE_CRYPT] = -ETIMEDOUT;
	assert_int_equal(do_crypt(session), -EIO);
	fake->errors[FAKE_CRYPT] = -EAGAIN;
	assert_int_equal(do_crypt(session), -EBUSY);
	fake->errors[FAKE_CRYPT] = -ECHILD;
	assert_int_equal(do_crypt(session), -EIO);
	fake->errors[FAKE_CRYPT] = -EOPNOTSUPP;
	assert_int_equal(do_crypt(session), -EINVAL);
	assert_false(slu_dc_session_lost(session));
	assert_int_equal(counters().abandoned, 0);
	slu_dc_session_free(session);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
}

static void test_a_session_that_cannot_be_opened_now(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);
	int descriptors = fake_descriptors();

	(void)state;
	fake->errors[FAKE_OPEN] = -EMFILE;
	assert_int_equal(do_crypt(session), -EMFILE);
	fake->errors[FAKE_OPEN] = 0;
	fake->errors[FAKE_SESSION] = -ENOMEM;
	assert_int_equal(do_crypt(session), -ENOMEM);
	assert_int_equal(fake_descriptors(), descriptors);
	assert_int_equal(counters().sessions, 0);
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC));
	/* The key is still there for the next attempt. */
	fake->errors[FAKE_SESSION] = 0;
	memset(fake->key, 0, sizeof fake->key);
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(fake->key[15], 0x42);
	slu_dc_session_free(session);
	assert_int_equal(fake_descriptors(), descriptors);
}

static void test_unknown_algorithms_are_asked_for_once(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_GCM);

	(void)state;
	fake->errors[FAKE_SESSION] = -EINVAL;
	assert_int_equal(do_gcm(session, 1, in), -EOPNOTSUPP);
	assert_false(slu_dc_device_may_have(fake_device(fake), SLU_DC_GCM));
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_ECB));
	assert_int_equal(do_gcm(session, 1, in), -EOPNOTSUPP);
	slu_dc_session_free(session);
	session = new_session(SLU_DC_GCM);
	assert_int_equal(do_gcm(session, 1, in), -EOPNOTSUPP);
	slu_dc_session_free(session);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
	assert_untouched();
	assert_false(slu_dc_device_off(fake_device(fake)));
}

/* AES-192 alone is missing from some hardware. */
static void test_an_unknown_key_size(void **state)
{
	struct slu_dc_key key = {.algorithm = SLU_DC_CBC, .length = 24};
	struct slu_dc_session *session = slu_dc_session_new(fake_device(fake), &settings, &key);

	(void)state;
	fake->errors[FAKE_SESSION] = -EINVAL;
	assert_int_equal(do_crypt(session), -EOPNOTSUPP);
	assert_int_equal(do_crypt(session), -EOPNOTSUPP);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC));
	slu_dc_session_free(session);
}

/* A 64-bit kernel opens sessions for 32-bit programs that it then cannot serve. */
static void test_first_request_refused(void **state)
{
	static const int errors[] = {-EINVAL, -ENOTTY, -EOPNOTSUPP};

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct slu_dc_session *gcm, *tls;

		setup(state);
		gcm = new_session(SLU_DC_GCM);
		tls = new_session(SLU_DC_CBC_SHA256);
		fake->errors[FAKE_AUTH] = errors[i];
		assert_int_equal(do_gcm(gcm, 1, in), -EOPNOTSUPP);
		assert_int_equal(fake->lines, 1);
		assert_non_null(strstr(fake->line, "AES-GCM"));
		assert_non_null(strstr(fake->line, "fake-aes"));
		assert_int_equal(do_gcm(gcm, 1, in), -EOPNOTSUPP);
		assert_int_equal(fake->calls[FAKE_AUTH], 1);
		assert_int_equal(do_tls(tls), -EOPNOTSUPP);
		assert_int_equal(fake->lines, 2);
		assert_false(slu_dc_device_may_have(fake_device(fake), SLU_DC_GCM));
		assert_false(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC_SHA256));
		assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC));
		assert_untouched();
		slu_dc_session_free(gcm);
		slu_dc_session_free(tls);
	}
}

/* One that it has served is refused for its size or its luck. */
static void test_later_request_refused(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_GCM);

	(void)state;
	assert_int_equal(do_gcm(session, 1, in), 0);
	fake->errors[FAKE_AUTH] = -EINVAL;
	assert_int_equal(do_gcm(session, 1, in), -EINVAL);
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_GCM));
	assert_int_equal(fake->lines, 0);
	slu_dc_session_free(session);
}

static void test_gone(void **state)
{
	static const struct {
		enum fake_call call;
		int error, returned;
		const char *says;
	} all[] = {
		{FAKE_OPEN, -ENOENT, -ENOENT, "load the kernel's module"},
		{FAKE_OPEN, -ENXIO, -ENXIO, "load the kernel's module"},
		{FAKE_OPEN, -ENODEV, -ENODEV, "load the kernel's module"},
		{FAKE_OPEN, -EACCES, -EACCES, "the right to read and write"},
		{FAKE_OPEN, -EISDIR, -EISDIR, "it is no crypto device"},
		{FAKE_SESSION, -ENOTTY, -ENOTTY, "it is no crypto device"},
		{FAKE_SESSION, -ENODEV, -ENODEV, "opening a session for AES-CBC"},
		{FAKE_CRYPT, -ENODEV, -ENODEV, "an operation for AES-CBC"},
		{FAKE_CRYPT, -ENOTCONN, -ENODEV, "an operation for AES-CBC"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct slu_dc_session *session;

		setup(state);
		session = new_session(SLU_DC_CBC);
		fake->errors[all[i].call] = all[i].error;
		assert_int_equal(do_crypt(session), all[i].returned);
		assert_true(slu_dc_device_off(fake_device(fake)));
		assert_int_equal(fake->lines, 1);
		assert_non_null(strstr(fake->line, fake->path));
		assert_non_null(strstr(fake->line, all[i].says));
		/* Nothing is asked of it any more. */
		fake->errors[all[i].call] = 0;
		assert_int_equal(do_crypt(session), -ENODEV);
		assert_int_equal(fake->calls[all[i].call], 1);
		assert_int_equal(fake->lines, 1);
		assert_untouched();
		slu_dc_session_free(session);
		assert_int_equal(fake->calls[FAKE_CLOSE], all[i].call != FAKE_OPEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lazy, setup),
		cmocka_unit_test_setup(test_crypt, setup),
		cmocka_unit_test_setup(test_info_is_asked_once, setup),
		cmocka_unit_test_setup(test_info_fails, setup),
		cmocka_unit_test_setup(test_gcm, setup),
		cmocka_unit_test_setup(test_tls, setup),
		cmocka_unit_test_setup(test_errors_give_nothing_out, setup),
		cmocka_unit_test_setup(test_drivers_that_speak_as_we_do, setup),
		cmocka_unit_test_setup(test_a_session_that_cannot_be_opened_now, setup),
		cmocka_unit_test_setup(test_unknown_algorithms_are_asked_for_once, setup),
		cmocka_unit_test_setup(test_an_unknown_key_size, setup),
		cmocka_unit_test(test_first_request_refused),
		cmocka_unit_test_setup(test_later_request_refused, setup),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
