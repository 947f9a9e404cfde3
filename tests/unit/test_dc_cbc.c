/* SPDX-License-Identifier: MIT */
/* AES-CBC of the provider over a device in the same process, against OpenSSL's own, by any means that EVP has. */
#include "test.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

#include "dc_pair.h"

/* All of in, in pieces of at most piece bytes. */
static size_t run(const struct dc_pair *p, const uint8_t *in, size_t n, size_t piece, uint32_t *seed)
{
	size_t at = 0;

	for (size_t size; n > 0; in += size, n -= size) {
		size = seed ? 1 + test_rand(seed) % piece : piece;
		size = size < n ? size : n;
		at += dc_pair_update(p, at, in, size);
	}
	return dc_pair_final(p, at);
}

/* There and back. */
static void round_trip(int bits, size_t n, int padding, size_t piece, uint32_t *seed)
{
	struct dc_pair p;
	size_t length;

	dc_pair_open(&p, bits, 1, padding);
	length = run(&p, text, n, piece, seed);
	memcpy(cipher_text, buffer[0], length);
	dc_pair_close(&p);
	dc_pair_open(&p, bits, 0, padding);
	assert_int_equal(run(&p, cipher_text, length, piece, seed), padding ? n : length);
	assert_memory_equal(buffer[0], text, padding ? n : length);
	dc_pair_close(&p);
}

/* ---- lengths and pieces ---- */

static void test_lengths(void **state)
{
	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.decrypt = true;
	for (int bits = 128; bits <= 256; bits += 64)
		for (int padding = 0; padding <= 1; padding++) {
			for (size_t n = 1; n <= 600; n++)
				round_trip(bits, n, padding, n, NULL);
			for (size_t n = 16384 - 33; n <= 16384 + 33; n++)
				round_trip(bits, n, padding, n, NULL);
		}
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
	assert_true(dc_kit_counters(&kit).by[LAB_CBC].operations > 6 * 600 * 2);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	kit.provider->settings.decrypt = false;
}

static void test_pieces(void **state)
{
	static const size_t pieces[] = {1, 3, 16, 17, 40, 100, 1000, 5000};
	uint32_t seed = 3;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.decrypt = true;
	for (int least = 0; least < 2; least++) {
		kit.provider->settings.min_size = least ? 200 : 0;
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
			for (int n = 0; n < 40; n++)
				round_trip(128 + 64 * (n % 3), 1 + test_rand(&seed) % 6000, n & 1, pieces[i], &seed);
	}
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
	kit.provider->settings.min_size = 1;
	kit.provider->settings.decrypt = false;
}

static void test_in_place(void **state)
{
	struct dc_pair p;
	int length;

	(void)state;
	for (int checked = 0; checked < 2; checked++)
		for (int encrypt = 0; encrypt < 2; encrypt++)
			for (size_t n = BLOCK; n < 40000; n = n * 2 + BLOCK) {
				kit.provider->settings.check_every = (uint32_t)checked;
				kit.provider->settings.decrypt = true;
				dc_kit_device(&kit, "");
				dc_pair_open(&p, 128, encrypt, 0);
				for (int i = 0; i < 2; i++) {
					memcpy(buffer[i], text, n);
					assert_int_equal(
						EVP_CipherUpdate(p.ctx[i], buffer[i], &length, buffer[i], (int)n), 1);
					assert_int_equal(length, n);
				}
				assert_memory_equal(buffer[0], buffer[1], n);
				dc_pair_same_iv(&p);
				assert_true(dc_kit_counters(&kit).crypt > 0);
				assert_true(dc_kit_books(&kit).checks == (checked ? dc_kit_counters(&kit).crypt : 0) ||
					    n > 18432);
				dc_pair_close(&p);
			}
	kit.provider->settings.check_every = 0;
	kit.provider->settings.decrypt = false;
}

/* Small updates cost no ioctl, and decryption none unless it is asked for. */
static void test_min_size(void **state)
{
	struct dc_pair p;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.min_size = 1024;
	dc_pair_open(&p, 128, 1, 1);
	dc_pair_update(&p, 0, text, 1023);
	dc_pair_update(&p, 0, text, 500);
	assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
	dc_pair_update(&p, 0, text, 1040);
	assert_int_equal(dc_kit_counters(&kit).crypt, 1);
	dc_pair_close(&p);
	dc_pair_open(&p, 128, 0, 1);
	dc_pair_update(&p, 0, text, 4096);
	assert_int_equal(dc_kit_counters(&kit).crypt, 1);
	dc_pair_close(&p);
	kit.provider->settings.min_size = 1;
}

/* ---- requests ---- */

/* refused: trials that failed; said: lines of the log. */
static void one_update_refused(size_t n, uint64_t largest, uint64_t most, uint64_t refused, unsigned said)
{
	struct dc_pair p;

	dc_pair_open(&p, 256, 1, 0);
	dc_pair_update(&p, 0, text, n);
	dc_pair_close(&p);
	if (dc_kit_counters(&kit).largest != largest || dc_kit_counters(&kit).crypt > most)
		fail_msg("%u requests, the largest %u", (unsigned)dc_kit_counters(&kit).crypt,
			 (unsigned)dc_kit_counters(&kit).largest);
	assert_int_equal(dc_kit_books(&kit).fallbacks, refused);
	assert_false(slu_dc_device_off(kit.provider->device));
	assert_int_equal(kit.lines, said);
}

static void one_update(size_t n, uint64_t largest, uint64_t most)
{
	one_update_refused(n, largest, most, 0, 0);
}

/* As large as was found to be right, or as is set, up to 128 KiB. */
static void test_requests(void **state)
{
	struct lab_counters before;

	(void)state;
	dc_kit_device(&kit, "");
	one_update(18432, 18432, 1);
	one_update(262144, 131072, 1 + 4);
	before = dc_kit_counters(&kit);
	one_update(262144, 131072, before.crypt + 2);
	dc_kit_device(&kit, "largest=38016");
	one_update_refused(262144, 73728, 20, 1, 0);
	before = dc_kit_counters(&kit);
	one_update_refused(262144, 73728, before.crypt + 8, 1, 0); /* of 36864 */
	dc_kit_device(&kit, "wrong-above=65536");
	one_update_refused(262144, 73728, 20, 1, 1);
	assert_non_null(strstr(kit.log, "in a trial with 73728 bytes"));
	before = dc_kit_counters(&kit);
	one_update_refused(262144, 73728, before.crypt + 8, 1, 1);
	dc_kit_device(&kit, "");
	kit.provider->settings.largest = 8200;
	one_update(262144, 8192, 32);
	kit.provider->settings.largest = 1;
	one_update(160, 8192, 32 + 10);
	kit.provider->settings.largest = 0;
}

/* What takes less than a record says so once, and gets it in pieces. */
static void test_small_device(void **state)
{
	struct lab_counters before;

	(void)state;
	dc_kit_device(&kit, "largest=8192");
	one_update_refused(16400, 16400, 20, 1, 1);
	before = dc_kit_counters(&kit);
	for (int i = 1; i <= 20; i++)
		one_update_refused(16400, 16400, before.crypt + 3 * (unsigned)i, 1, 1);
	assert_true(dc_kit_counters(&kit).crypt >= before.crypt + 3 * 20);
}

/* An error that may pass is no limit; one that comes again is. */
static void test_trials(void **state)
{
	(void)state;
	dc_kit_device(&kit, "");
	one_update(18432, 18432, 1);
	dc_kit_fault(&kit, "eio=at:1");
	one_update_refused(36864, 36864, 3, 1, 0);
	one_update_refused(36864, 36864, 4, 1, 0);
	assert_int_equal(slu_dc_device_limit(kit.provider->device, SLU_DC_CBC).good, 36864);
	dc_kit_fault(&kit, "eio=at:1");
	one_update_refused(73728, 73728, 5, 2, 0);
	dc_kit_fault(&kit, "eio=at:1");
	one_update_refused(73728, 73728, 6, 3, 0);
	assert_int_equal(slu_dc_device_limit(kit.provider->device, SLU_DC_CBC).bad, 73728);
}

/* Two trials that contradict each other: a limit that is no multiple of the block. */
static void test_odd_limit(void **state)
{
	struct slu_dc_device *d;

	(void)state;
	dc_kit_device(&kit, "");
	d = kit.provider->device;
	slu_dc_device_learn(d, SLU_DC_CBC, 36528, true);
	slu_dc_device_learn(d, SLU_DC_CBC, 24000, false);
	assert_int_equal(slu_dc_device_limit(d, SLU_DC_CBC).good, 23999);
	one_update(30000 / 16 * 16, 23984, 2);
}

/* What OpenSSL forbids makes garbage, and nobody blames the device for it. */
static void test_overlap(void **state)
{
	static uint8_t bytes[2048];
	EVP_CIPHER_CTX *ctx;
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.check_every = 1;
	ctx = dc_kit_cipher(&kit, "AES-128-CBC", "provider=devcrypto");
	assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, text, text, NULL), 1);
	EVP_EncryptUpdate(ctx, bytes + 16, &length, bytes, 1024);
	EVP_EncryptUpdate(ctx, bytes, &length, bytes + 16, 1024);
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(dc_kit_counters(&kit).crypt, 0);
	assert_int_equal(kit.lines, 0);
	kit.provider->settings.check_every = 0;
}

/* ---- contexts ---- */

static void test_copies(void **state)
{
	struct dc_pair p, copy;
	size_t at;

	(void)state;
	dc_kit_device(&kit, "");
	for (int encrypt = 0; encrypt < 2; encrypt++)
		for (size_t n = 0; n < 100; n += 7) {
			dc_pair_open(&p, 192, encrypt, 1);
			at = dc_pair_update(&p, 0, text, n);
			for (int i = 0; i < 2; i++) {
				copy.ctx[i] = EVP_CIPHER_CTX_new();
				assert_int_equal(EVP_CIPHER_CTX_copy(copy.ctx[i], p.ctx[i]), 1);
			}
			dc_pair_final(&p, at + dc_pair_update(&p, at, text + 1, 2000));
			dc_pair_close(&p);
			dc_pair_final(&copy, at + dc_pair_update(&copy, at, text + 9, 3000));
			dc_pair_close(&copy);
		}
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
}

/* Again with all that init may leave out. */
static void test_again(void **state)
{
	struct dc_pair p;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.decrypt = true;
	dc_pair_open(&p, 128, 1, 1);
	dc_pair_update(&p, 0, text, 1001);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, NULL, NULL, -1, NULL), 1);
	dc_pair_same_iv(&p);
	dc_pair_update(&p, 0, text, 999);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, NULL, text, -1, NULL), 1);
	dc_pair_update(&p, 0, text, 500);
	assert_int_equal(dc_kit_counters(&kit).sessions, 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key, NULL, 1, NULL), 1);
	dc_pair_update(&p, 0, text, 500);
	assert_int_equal(dc_kit_counters(&kit).sessions, 1); /* the same key */
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key + 1, iv, 1, NULL), 1);
	dc_pair_final(&p, dc_pair_update(&p, 0, text, 500));
	assert_int_equal(dc_kit_counters(&kit).sessions, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key, iv, 0, NULL), 1);
	dc_pair_final(&p, dc_pair_update(&p, 0, text, 512));
	dc_pair_close(&p);
	kit.provider->settings.decrypt = false;
}

/* Turned round without a key, in software: it is still the same key. (OpenSSL's own computes something else.) */
static void test_turn(void **state)
{
	struct dc_pair p;
	int length;

	(void)state;
	dc_kit_device(&kit, "ecb-only");
	dc_pair_open(&p, 256, 1, 0);
	dc_pair_update(&p, 0, text, 160);
	memcpy(cipher_text, buffer[0], 160);
	assert_int_equal(EVP_CipherInit_ex2(p.ctx[0], NULL, NULL, iv, 0, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, cipher_text, 160), 1);
	assert_int_equal(length, 160);
	assert_memory_equal(buffer[0], text, 160);
	dc_pair_close(&p);
}

static bool lists(const OSSL_PARAM *list, const char *name)
{
	return OSSL_PARAM_locate_const(list, name) != NULL;
}

/* What OpenSSL's has, but use-bits: it means nothing in CBC. */
static void test_parameters(void **state)
{
	struct dc_pair p;
	unsigned number = 7, got = 0;
	const OSSL_PARAM set[] = {OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, &number), OSSL_PARAM_END};
	OSSL_PARAM get[] = {OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, &got), OSSL_PARAM_END};

	(void)state;
	dc_pair_open(&p, 256, 1, 1);
	for (const OSSL_PARAM *a = EVP_CIPHER_CTX_gettable_params(p.ctx[1]); a && a->key; a++)
		if (!lists(EVP_CIPHER_CTX_gettable_params(p.ctx[0]), a->key))
			fail_msg("%s is not gettable", a->key);
	for (const OSSL_PARAM *a = EVP_CIPHER_CTX_settable_params(p.ctx[1]); a && a->key; a++)
		if (!lists(EVP_CIPHER_CTX_settable_params(p.ctx[0]), a->key) &&
		    strcmp(a->key, OSSL_CIPHER_PARAM_USE_BITS) != 0)
			fail_msg("%s is not settable", a->key);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(EVP_CIPHER_CTX_set_params(p.ctx[i], set), 1);
		assert_int_equal(EVP_CIPHER_CTX_get_params(p.ctx[i], get), 1);
		assert_int_equal(got, 7);
		assert_int_equal(EVP_CIPHER_CTX_get_key_length(p.ctx[i]), 32);
		assert_int_equal(EVP_CIPHER_CTX_get_iv_length(p.ctx[i]), BLOCK);
		assert_int_equal(EVP_CIPHER_get_mode(EVP_CIPHER_CTX_get0_cipher(p.ctx[i])), EVP_CIPH_CBC_MODE);
		assert_int_equal(EVP_CIPHER_CTX_get_block_size(p.ctx[i]), BLOCK);
	}
	number = 16;
	assert_int_equal(EVP_CIPHER_CTX_set_params(p.ctx[0], set), 0);
	assert_int_equal(EVP_CIPHER_get_flags(EVP_CIPHER_CTX_get0_cipher(p.ctx[0])),
			 EVP_CIPHER_get_flags(EVP_CIPHER_CTX_get0_cipher(p.ctx[1])));
	assert_int_equal(EVP_CIPHER_get_nid(EVP_CIPHER_CTX_get0_cipher(p.ctx[0])), NID_aes_256_cbc);
	dc_pair_close(&p);
}

/* Each of the names that OpenSSL's has finds ours. */
static void see_name(const char *name, void *arg)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(kit.libctx, name, dc_pair_properties[0]);

	(void)arg;
	if (!cipher)
		fail_msg("%s is not found", name);
	EVP_CIPHER_free(cipher);
}

static void test_names(void **state)
{
	struct dc_pair p;

	(void)state;
	for (int bits = 128; bits <= 256; bits += 64) {
		dc_pair_open(&p, bits, 1, 1);
		EVP_CIPHER_names_do_all(EVP_CIPHER_CTX_get0_cipher(p.ctx[1]), see_name, NULL);
		dc_pair_close(&p);
	}
}

/* ---- what is refused ---- */

static void test_bad_padding(void **state)
{
	struct dc_pair p;
	size_t whole;

	(void)state;
	dc_kit_device(&kit, "");
	for (unsigned last = 0; last < 256; last++) { /* each last byte, before it 15 bytes that fit only some */
		dc_pair_open(&p, 128, 1, 0);
		memset(buffer[0], 5, BLOCK);
		buffer[0][BLOCK - 1] = (uint8_t)last;
		memcpy(cipher_text, buffer[0], BLOCK);
		whole = dc_pair_update(&p, 0, cipher_text, BLOCK);
		dc_pair_close(&p);
		memcpy(cipher_text, buffer[0], whole);
		dc_pair_open(&p, 128, 0, 1);
		dc_pair_final(&p, dc_pair_update(&p, 0, cipher_text, whole));
		dc_pair_close(&p);
	}
	dc_pair_open(&p, 128, 0, 1);
	dc_pair_final(&p, dc_pair_update(&p, 0, text, 20));
	dc_pair_close(&p);
	dc_pair_open(&p, 128, 1, 0);
	dc_pair_final(&p, dc_pair_update(&p, 0, text, 20));
	dc_pair_close(&p);
	dc_pair_open(&p, 128, 0, 1);
	dc_pair_final(&p, 0);
	dc_pair_close(&p);
}

static void test_no_key(void **state)
{
	struct dc_pair p;
	int length;

	(void)state;
	for (int i = 0; i < 2; i++) {
		p.ctx[i] = dc_kit_cipher(&kit, "AES-128-CBC", dc_pair_properties[i]);
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, NULL, iv, 1, NULL), 1);
		assert_int_equal(EVP_CipherUpdate(p.ctx[i], buffer[i], &length, text, 32), 0);
		assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), PROV_R_NO_KEY_SET);
		assert_int_equal(EVP_CipherFinal_ex(p.ctx[i], buffer[i], &length), 0);
		assert_int_equal(EVP_CIPHER_CTX_set_key_length(p.ctx[i], 24), 0);
		ERR_clear_error();
	}
	dc_pair_close(&p);
}

static void test_many(void **state)
{
	(void)state;
	dc_kit_device(&kit, "");
	for (int n = 0; n < 10000; n++) {
		struct dc_pair p;

		dc_pair_open(&p, 128, 1, 1);
		dc_pair_update(&p, 0, text, n % 2 ? 64 : 0);
		dc_pair_close(&p);
	}
	assert_int_equal(dc_kit_counters(&kit).sessions, 5000);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	assert_int_equal(dc_kit_counters(&kit).open_now, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),     cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_in_place),    cmocka_unit_test(test_min_size),
		cmocka_unit_test(test_requests),    cmocka_unit_test(test_small_device),
		cmocka_unit_test(test_trials),      cmocka_unit_test(test_odd_limit),
		cmocka_unit_test(test_overlap),     cmocka_unit_test(test_copies),
		cmocka_unit_test(test_again),       cmocka_unit_test(test_turn),
		cmocka_unit_test(test_parameters),  cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_padding), cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, dc_pair_setup, dc_kit_teardown);
}
