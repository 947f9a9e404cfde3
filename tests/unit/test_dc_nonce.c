/* SPDX-License-Identifier: MIT */
/* A nonce is never used twice for different bytes, whatever fails; and every record given out is OpenSSL's. */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/bytes.h"
#include "dc_kit.h"

enum { RECORDS = 120, MOST = 17000, TAG = 16, EXPLICIT = 8, AAD = 13 };

static struct dc_kit kit;
static uint8_t key[16], fixed[4], plain[MOST];

/* All that was given out under one key. */
static struct given {
	uint8_t nonce[12];
	size_t n;
	uint8_t bytes[MOST];
} given[RECORDS];
static unsigned count;

static void give(const uint8_t nonce[12], const uint8_t *bytes, size_t n)
{
	for (unsigned i = 0; i < count; i++)
		if (memcmp(given[i].nonce, nonce, 12) == 0)
			fail_msg("record %u has the nonce of record %u", count, i);
	assert_in_range(n, 0, MOST);
	memcpy(given[count].nonce, nonce, 12);
	memcpy(given[count].bytes, bytes, n);
	given[count++].n = n;
}

static EVP_CIPHER_CTX *new_ctx(const char *properties)
{
	EVP_CIPHER_CTX *ctx = dc_kit_cipher(&kit, "AES-128-GCM", properties);

	assert_non_null(ctx);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, key, NULL, NULL), 1);
	return ctx;
}

/* Data and tag by OpenSSL's own, under this nonce. */
static void reference(const uint8_t nonce[12], const uint8_t *aad, size_t aad_length, size_t n, uint8_t *out)
{
	static EVP_CIPHER_CTX *theirs;
	int length;

	if (!theirs)
		theirs = new_ctx("provider=default");
	if (!nonce) {
		EVP_CIPHER_CTX_free(theirs);
		theirs = NULL;
		return;
	}
	assert_int_equal(EVP_EncryptInit_ex2(theirs, NULL, NULL, nonce, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(theirs, NULL, &length, aad, (int)aad_length), 1);
	if (n)
		assert_int_equal(EVP_EncryptUpdate(theirs, out, &length, plain, (int)n), 1);
	assert_int_equal(EVP_EncryptFinal_ex(theirs, out, &length), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(theirs, EVP_CTRL_AEAD_GET_TAG, TAG, out + n), 1);
}

/* ---- records as libssl has them made: false when the call failed ---- */

static bool tls12(EVP_CIPHER_CTX *ctx, unsigned number, size_t n)
{
	static uint8_t record[MOST], expected[MOST];
	uint8_t aad[AAD] = {0}, nonce[12];
	int length;

	slu_put_be32(aad + 4, number);
	aad[8] = number % 10 == 9 ? 22 : 23;
	slu_put_be16(aad + 9, 0x0303);
	slu_put_be16(aad + 11, (uint32_t)(n + EXPLICIT));
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_TLS1_AAD, AAD, aad), TAG);
	memcpy(record + EXPLICIT, plain, n);
	if (EVP_EncryptUpdate(ctx, record, &length, record, (int)(EXPLICIT + n + TAG)) <= 0)
		return false;
	assert_int_equal(length, EXPLICIT + n + TAG);
	memcpy(nonce, fixed, 4);
	memcpy(nonce + 4, record, EXPLICIT);
	slu_put_be16(aad + 11, (uint32_t)n);
	reference(nonce, aad, AAD, n, expected);
	assert_memory_equal(record + EXPLICIT, expected, n + TAG);
	give(nonce, record, (size_t)length);
	return true;
}

static bool tls13(EVP_CIPHER_CTX *ctx, unsigned number, size_t n)
{
	static uint8_t record[MOST], expected[MOST];
	uint8_t aad[5] = {23, 3, 3}, nonce[12];
	int length;

	memcpy(nonce, key, 12);
	nonce[10] ^= (uint8_t)(number >> 8);
	nonce[11] ^= (uint8_t)number;
	slu_put_be16(aad + 3, (uint32_t)(n + TAG));
	memcpy(record, plain, n);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &length, aad, sizeof aad), 1);
	if (EVP_EncryptUpdate(ctx, record, &length, record, (int)n) <= 0 ||
	    EVP_EncryptFinal_ex(ctx, record, &length) <= 0)
		return false;
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, record + n), 1);
	reference(nonce, aad, sizeof aad, n, expected);
	assert_memory_equal(record, expected, n + TAG);
	give(nonce, record, n + TAG);
	return true;
}

/* ---- under every fault ---- */

static const char *const devices[] = {"", "ecb-only", "ctr-only"};
static const char *const faults[] = {
	"flip",        "wrong=every:3", "wrong=at:9",     "wrong-above=40000", "leak-aad",       "eio",
	"eio=every:2", "eio=after:5",   "enospc=every:3", "einval=every:2",    "einval=after:7", "largest=20000",
	"vanish=at:6", "ctr16",         "largest=100",    "leak-session",      "hang=at:8",
};

enum { FAULTS = sizeof faults / sizeof *faults };

/* Lengths of full records, short ones and others. */
static size_t length_of(unsigned number)
{
	return number % 7 == 3 ? 1 + number : number % 5 == 4 ? 1000 * (number % 16) + 1 : 16384;
}

static unsigned stream(bool (*seal)(EVP_CIPHER_CTX *ctx, unsigned number, size_t n), const char *device,
		       const char *fault)
{
	EVP_CIPHER_CTX *ctx;
	unsigned failed = 0;

	dc_kit_device(&kit, device);
	dc_kit_fault(&kit, fault);
	ctx = new_ctx("provider=devcrypto");
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IV_FIXED, sizeof fixed, fixed), 1);
	EVP_EncryptInit_ex2(ctx, NULL, NULL, NULL, NULL);
	count = 0;
	for (unsigned number = 0; number < RECORDS; number++)
		failed += !seal(ctx, number, length_of(number));
	EVP_CIPHER_CTX_free(ctx);
	dc_kit_release(&kit);
	ERR_clear_error();
	return failed;
}

static void each_fault(bool (*seal)(EVP_CIPHER_CTX *ctx, unsigned number, size_t n), bool fallback)
{
	unsigned failed = 0;

	kit.provider->settings.fallback = fallback;
	for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
		for (size_t f = 0; f < FAULTS; f++)
			failed += stream(seal, devices[d], faults[f]);
	kit.provider->settings.fallback = true;
	/* Without fallback records fail, and their nonces are gone; with it none does. */
	assert_int_equal(failed > 0, !fallback);
}

static void test_tls12(void **state)
{
	(void)state;
	each_fault(tls12, true);
}

static void test_tls12_failing(void **state)
{
	(void)state;
	each_fault(tls12, false);
}

static void test_tls13(void **state)
{
	(void)state;
	each_fault(tls13, true);
}

static void test_tls13_failing(void **state)
{
	(void)state;
	each_fault(tls13, false);
}

/* One on from record to record, failed ones too. */
static void test_counter(void **state)
{
	EVP_CIPHER_CTX *ctx;
	uint64_t first;

	(void)state;
	kit.provider->settings.fallback = false;
	dc_kit_device(&kit, "eio=every:2");
	ctx = new_ctx("provider=devcrypto");
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IV_FIXED, sizeof fixed, fixed), 1);
	count = 0;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(tls12(ctx, i, 16384), i % 2 == 0);
	first = slu_be64(given[0].nonce + 4);
	for (unsigned i = 1; i < count; i++)
		assert_int_equal(slu_be64(given[i].nonce + 4), first + 2 * i);
	EVP_CIPHER_CTX_free(ctx);
	kit.provider->settings.fallback = true;
}

/* A new key on the same context, the nonces going on as foretold: nothing made under the old one is used. */
static void test_new_key(void **state)
{
	EVP_CIPHER_CTX *ctx;

	(void)state;
	dc_kit_device(&kit, "ecb-only");
	kit.provider->settings.check_every = 0;
	kit.provider->settings.check_first = 0;
	ctx = new_ctx("provider=devcrypto");
	count = 0;
	for (unsigned number = 0; number < 8; number++)
		assert_true(tls13(ctx, number, 16384));
	key[15] ^= 1;
	reference(NULL, NULL, 0, 0, NULL);
	assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, key, NULL, NULL), 1);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	for (unsigned number = 8; number < 40; number++)
		assert_true(tls13(ctx, number, 16384));
	EVP_CIPHER_CTX_free(ctx);
	kit.provider->settings.check_every = 1;
}

/* A copy has none of what was made ahead: the same records of both are the same, each asked for anew. */
static void test_copy(void **state)
{
	EVP_CIPHER_CTX *ctx, *copy;
	uint64_t before;

	(void)state;
	dc_kit_device(&kit, "ecb-only");
	ctx = new_ctx("provider=devcrypto");
	count = 0;
	for (unsigned number = 0; number < 14; number++)
		assert_true(tls13(ctx, number, 16384));
	copy = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_CIPHER_CTX_copy(copy, ctx), 1);
	before = dc_kit_counters(&kit).crypt;
	assert_true(tls13(ctx, 14, 16384));
	assert_int_equal(dc_kit_counters(&kit).crypt, before); /* made before the copy */
	count = 0;
	for (unsigned number = 14; number < 20; number++)
		assert_true(tls13(copy, number, 16384));
	/* it does not begin with record 0, so the third one is a wrong guess, and nothing is made ahead from there on
	 */
	assert_int_equal(dc_kit_counters(&kit).crypt, before + 4);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_CTX_free(copy);
}

/* ---- threads ---- */

struct sealer {
	pthread_t thread;
	EVP_CIPHER_CTX *ours, *theirs;
	unsigned wrong;
};

/* Records as TLS 1.3 has them, without cmocka, which is the main thread's. */
static void *seal_many(void *arg)
{
	static const uint8_t aad[5] = {23, 3, 3, 0x40, 0x10};
	struct sealer *s = arg;
	uint8_t *made[2] = {malloc(16400), malloc(16400)}, nonce[12] = {0};
	int length;

	for (unsigned number = 0; number < 100; number++) {
		nonce[11] = (uint8_t)number;
		for (int i = 0; i < 2; i++) {
			EVP_CIPHER_CTX *ctx = i ? s->theirs : s->ours;

			if (EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) <= 0 ||
			    EVP_EncryptUpdate(ctx, NULL, &length, aad, sizeof aad) <= 0 ||
			    EVP_EncryptUpdate(ctx, made[i], &length, plain, 16384) <= 0 ||
			    EVP_EncryptFinal_ex(ctx, made[i] + 16384, &length) <= 0 ||
			    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, made[i] + 16384) <= 0)
				s->wrong++;
		}
		s->wrong += memcmp(made[0], made[1], 16384 + TAG) != 0;
	}
	free(made[0]);
	free(made[1]);
	return NULL;
}

/* Many at once on one device, which goes wrong in the middle for all of them. */
static void test_threads(void **state)
{
	struct sealer sealers[4] = {0};

	(void)state;
	dc_kit_device(&kit, "ecb-only eio=every:5 wrong=after:20");
	for (int i = 0; i < 4; i++) {
		sealers[i].ours = new_ctx("provider=devcrypto");
		sealers[i].theirs = new_ctx("provider=default");
		assert_int_equal(pthread_create(&sealers[i].thread, NULL, seal_many, &sealers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(sealers[i].thread, NULL), 0);
		assert_int_equal(sealers[i].wrong, 0);
		EVP_CIPHER_CTX_free(sealers[i].ours);
		EVP_CIPHER_CTX_free(sealers[i].theirs);
	}
	assert_true(slu_dc_device_off(kit.provider->device));
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
}

/* The counter begins where chance says, each time anew. */
static void test_drawn(void **state)
{
	uint8_t seen[8][12];
	EVP_CIPHER_CTX *ctx;

	(void)state;
	dc_kit_device(&kit, "");
	ctx = new_ctx("provider=devcrypto");
	for (int i = 0; i < 8; i++) {
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IV_FIXED, sizeof fixed, fixed), 1);
		assert_int_equal(EVP_CIPHER_CTX_get_updated_iv(ctx, seen[i], 12), 1);
		assert_memory_equal(seen[i], fixed, 4);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(seen[i] + 4, seen[j] + 4, 8);
	}
	EVP_CIPHER_CTX_free(ctx);
}

static int setup(void **state)
{
	(void)state;
	dc_kit_open(&kit);
	kit.provider->settings.min_size = 16;
	kit.provider->settings.check_every = 1;
	kit.provider->settings.deadline_ms = 50;
	dc_kit_fill(key, sizeof key, 1);
	dc_kit_fill(fixed, sizeof fixed, 2);
	dc_kit_fill(plain, sizeof plain, 3);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	reference(NULL, NULL, 0, 0, NULL);
	dc_kit_close(&kit);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls12),   cmocka_unit_test(test_tls12_failing),
		cmocka_unit_test(test_tls13),   cmocka_unit_test(test_tls13_failing),
		cmocka_unit_test(test_counter), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_drawn),   cmocka_unit_test(test_new_key),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
