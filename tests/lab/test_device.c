/* SPDX-License-Identifier: MIT */
/* The model against published vectors: what is tested with it is only as right as it is. */
#include "bench.h"

#include <errno.h>

#include "base/bytes.h"

static void computes_the_published_vectors(void **state)
{
	static const struct {
		uint32_t cipher;
		const uint8_t *iv, *sealed;
	} vectors[] = {{SLU_DC_AES_ECB, NULL, nist_ecb},
		       {SLU_DC_AES_CBC, nist_cbc_iv, nist_cbc},
		       {SLU_DC_AES_CTR, nist_ctr_iv, nist_ctr}};
	struct bench *b = *state;
	struct lab_counters c;
	uint8_t out[32];

	for (size_t i = 0; i < 3; i++) {
		uint32_t id = bench_session(b, vectors[i].cipher, 0, nist_key);

		assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, vectors[i].iv, nist_plain, out, 32), 0);
		assert_memory_equal(out, vectors[i].sealed, 32);
		assert_int_equal(bench_crypt(b, id, SLU_DC_DECRYPT, vectors[i].iv, vectors[i].sealed, out, 32), 0);
		assert_memory_equal(out, nist_plain, 32);
	}
	c = bench_counters(b);
	assert_int_equal(c.crypt, 6);
	assert_int_equal(c.authcrypt, 0);
	assert_int_equal(c.bytes, 6 * 32);
	assert_int_equal(c.sessions, 3);
	assert_int_equal(c.ioctls, 9);
	assert_int_equal(c.errors, 0);
	assert_int_equal(c.faulty, 0);
	assert_int_equal(c.by[LAB_ECB].operations, 2);
	assert_int_equal(c.by[LAB_CBC].bytes, 64);
}

static void computes_gcm(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_GCM, 0, gcm_key);
	uint8_t out[76];

	assert_int_equal(bench_gcm(b, id, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), 0);
	assert_memory_equal(out, gcm_sealed, 76);
	assert_int_equal(bench_gcm(b, id, SLU_DC_DECRYPT, 20, gcm_sealed, out, 76), 0);
	assert_memory_equal(out, gcm_plain, 60);
	assert_int_equal(bench_gcm(b, id, SLU_DC_DECRYPT, 19, gcm_sealed, out, 76), -EBADMSG);
	assert_int_equal(bench_gcm(b, id, SLU_DC_DECRYPT, 20, gcm_sealed, out, 15), -EINVAL);
	assert_int_equal(bench_counters(b).authcrypt, 2);
	assert_int_equal(bench_counters(b).errors, 2);
	assert_int_equal(bench_counters(b).by[LAB_GCM].bytes, 120);
}

static void answers_errors_as_the_module_does(void **state)
{
	struct bench *b = *state;
	struct slu_dc_session_info info = {0};
	uint8_t buffer[64] = {0};
	struct slu_dc_auth_op a = {.len = 16, .src = buffer, .dst = buffer + 16, .flags = SLU_DC_FLAG_AEAD_TLS};
	uint32_t id, cbc = bench_session(b, SLU_DC_AES_CBC, 0, nist_key), none = cbc + 1;

	assert_int_equal(bench_try_session(b, 0, 0, nist_key, &id), -EINVAL);
	assert_int_equal(bench_try_session(b, 99, 0, nist_key, &id), -EINVAL);
	assert_int_equal(bench_try_session(b, SLU_DC_AES_CBC, 99, nist_key, &id), -EINVAL);
	assert_int_equal(bench_call(b, _IO('c', 1), buffer), -EINVAL);
	assert_int_equal(bench_crypt(b, none, SLU_DC_ENCRYPT, NULL, nist_plain, buffer, 16), -EINVAL);
	assert_int_equal(bench_crypt(b, cbc, SLU_DC_ENCRYPT, NULL, nist_plain, buffer, 17), -EINVAL);
	assert_int_equal(bench_crypt(b, cbc, 2, NULL, nist_plain, buffer, 16), -EINVAL);
	a.ses = bench_session(b, SLU_DC_AES_CBC, SLU_DC_SHA1_HMAC, nist_key);
	assert_int_equal(bench_call(b, SLU_DC_CIOCAUTHCRYPT, &a), -EINVAL); /* not in place */
	a.dst = buffer;
	a.auth_len = 4097;
	a.auth_src = buffer;
	assert_int_equal(bench_call(b, SLU_DC_CIOCAUTHCRYPT, &a), -EINVAL);
	a.auth_len = 13;
	assert_int_equal(bench_call(b, SLU_DC_CIOCAUTHCRYPT, &a), 0);
	assert_int_equal(a.len, 48);
	assert_int_equal(a.tag_len, 20);
	info.ses = none;
	assert_int_equal(bench_call(b, SLU_DC_CIOCGSESSINFO, &info), -EINVAL);
	info.ses = a.ses;
	assert_int_equal(bench_call(b, SLU_DC_CIOCGSESSINFO, &info), 0);
	assert_string_equal(info.cipher.name, "cbc(aes)");
	assert_string_equal(info.cipher.driver, "lab-cbc-aes");
	assert_string_equal(info.hash.name, "hmac(sha1)");
	assert_int_equal(info.flags, 1);
	assert_int_equal(bench_call(b, SLU_DC_CIOCFSESSION, &cbc), 0);
	assert_int_equal(bench_call(b, SLU_DC_CIOCFSESSION, &cbc), -ENOENT);
	assert_int_equal(bench_crypt(b, cbc, SLU_DC_ENCRYPT, NULL, nist_plain, buffer, 16), -EINVAL);
	assert_int_equal(b->kernel->ioctl(b->kernel->user, -1, SLU_DC_CIOCGSESSINFO, &info), -EBADF);
	assert_int_equal(bench_counters(b).sessions_now, 1);
}

static void keeps_sessions_to_their_file(void **state)
{
	struct bench *b = *state;
	struct bench other = *b;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);
	uint8_t out[16];

	other.fd = bench_open(b);
	assert_int_not_equal(other.fd, b->fd);
	assert_int_equal(bench_crypt(&other, id, SLU_DC_ENCRYPT, NULL, nist_plain, out, 16), -EINVAL);
	assert_int_not_equal(bench_session(&other, SLU_DC_AES_ECB, 0, nist_key), id);
	assert_int_equal(bench_counters(b).sessions_now, 2);
	b->kernel->close(b->kernel->user, other.fd);
	bench_wait_open(b, 1);
	assert_int_equal(bench_counters(b).sessions_now, 1);
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, nist_plain, out, 16), 0);
}

static void chains_ivs(void **state)
{
	struct bench *b = *state;
	uint32_t cbc = bench_session(b, SLU_DC_AES_CBC, 0, nist_key),
		 ctr = bench_session(b, SLU_DC_AES_CTR, 0, nist_key);
	uint8_t out[32], iv[16];

	for (int broken = 0; broken < 2; broken++) {
		memcpy(iv, nist_cbc_iv, 16);
		assert_int_equal(bench_crypt_flags(b, cbc, 0, SLU_DC_FLAG_WRITE_IV, iv, nist_plain, out, 16), 0);
		assert_memory_equal(iv, broken ? nist_cbc_iv : nist_cbc, 16);
		assert_int_equal(bench_crypt(b, cbc, 0, NULL, nist_plain + 16, out, 16), 0); /* the session's own */
		assert_int_equal(memcmp(out, nist_cbc + 16, 16) == 0, !broken);
		memcpy(iv, nist_ctr_iv, 16);
		assert_int_equal(bench_crypt_flags(b, ctr, 0, SLU_DC_FLAG_WRITE_IV, iv, nist_plain, out, 16), 0);
		assert_int_equal(slu_be16(iv + 14), broken ? 0xfeff : 0xff00);
		memcpy(iv, nist_cbc_iv, 16);
		assert_int_equal(bench_crypt_flags(b, cbc, 1, SLU_DC_FLAG_WRITE_IV, iv, nist_cbc, out, 32), 0);
		assert_memory_equal(out, nist_plain, 32);
		assert_memory_equal(iv, broken ? nist_cbc_iv : nist_cbc + 16, 16);
		/* A part of a block, which a stream cipher takes. */
		assert_int_equal(bench_crypt(b, ctr, 0, nist_ctr_iv, nist_plain, out, 17), 0);
		assert_memory_equal(out, nist_ctr, 17);
		bench_fault(b, "iv-not-chained");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(computes_the_published_vectors, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(computes_gcm, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(answers_errors_as_the_module_does, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(keeps_sessions_to_their_file, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(chains_ivs, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests_name("lab device", tests, NULL, NULL);
}
