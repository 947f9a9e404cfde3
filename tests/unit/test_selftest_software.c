/* SPDX-License-Identifier: MIT */
/* What devices are compared with has the published answers itself, with any OpenSSL. */
#include "test.h"

#include "crypto/selftest/vectors.h"
#include "selftest_spoil.h"

static void software_gives_the_published_answers(void **state)
{
	unsigned of[SLU_DC_ALGORITHMS] = {0};

	(void)state;
	for (unsigned i = 0; i < slu_vectors_count; i++) {
		struct slu_software *s = slu_software_new(slu_vectors[i].algorithm);
		struct slu_known k;
		uint8_t out[sizeof k.sealed];

		assert_non_null(s);
		slu_vector_read(&slu_vectors[i], &k);
		assert_true(slu_software_encrypt(s, &k.plain, out));
		assert_memory_equal(out, k.sealed, k.sealed_length);
		k.key[k.plain.key_length - 1] ^= 1; /* and it looks at all of the key */
		assert_true(slu_software_encrypt(s, &k.plain, out));
		assert_memory_not_equal(out, k.sealed, k.sealed_length);
		slu_software_free(s);
		of[slu_vectors[i].algorithm]++;
	}
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		assert_int_equal(of[a], a == SLU_DC_GCM ? 4 : a < SLU_DC_GCM ? 3 : 1);
}

static void vectors_are_read_as_bytes(void **state)
{
	static const struct slu_vector v = {SLU_DC_GCM, "00ff10a5", NULL, "0102", "", "abcdef", "9f"};
	struct slu_known k;

	(void)state;
	slu_vector_read(&v, &k);
	assert_int_equal(k.plain.key_length, 4);
	assert_memory_equal(k.key, "\x00\xff\x10\xa5", 4);
	assert_int_equal(k.plain.mac_key_length + k.plain.aad_length, 0);
	assert_memory_equal(k.iv, "\x01\x02", 2);
	assert_int_equal(k.plain.n, 3);
	assert_memory_equal(k.plain.data, "\xab\xcd\xef", 3);
	assert_int_equal(k.sealed_length, 1);
}

/* Longer than one call of OpenSSL's takes here. */
static void software_encrypts_long_requests(void **state)
{
	enum { LONG = 2500000, AT = 1200016 };
	static uint8_t text[LONG], whole[LONG], rest[LONG - AT];
	struct slu_software *s = slu_software_new(SLU_DC_CBC);
	uint8_t key[16] = {1}, iv[16] = {2};
	struct slu_plain p = {.key = key, .key_length = 16, .iv = iv, .data = text, .n = LONG};

	(void)state;
	for (size_t i = 0; i < LONG; i++)
		text[i] = (uint8_t)(i * i >> 7);
	assert_true(slu_software_encrypt(s, &p, whole));
	p.data = text + AT;
	p.n = LONG - AT;
	p.iv = whole + AT - 16;
	assert_true(slu_software_encrypt(s, &p, rest));
	assert_memory_equal(rest, whole + AT, LONG - AT);
	slu_software_free(s);
}

/* Last: it is so for the rest of the process. */
static void software_is_openssls_own_whatever_is_configured(void **state)
{
	assert_true(spoil_openssl());
	software_gives_the_published_answers(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(software_gives_the_published_answers),
		cmocka_unit_test(vectors_are_read_as_bytes),
		cmocka_unit_test(software_encrypts_long_requests),
		cmocka_unit_test(software_is_openssls_own_whatever_is_configured),
	};

	return cmocka_run_group_tests_name("selftest software", tests, NULL, NULL);
}
