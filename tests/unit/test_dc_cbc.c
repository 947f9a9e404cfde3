/* SPDX-License-Identifier: MIT */
/* AES-CBC of the provider over a device in the same process, against OpenSSL's own, by any means that EVP has. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

#include "dc_kit.h"
#include "in_child.h"

enum { BLOCK = 16, MOST = 300000 };

static struct dc_kit kit;
static uint8_t key[32], iv[BLOCK], text[MOST], buffer[2][MOST + 2 * BLOCK], cipher_text[MOST + BLOCK];

/* The same of each: ours, and OpenSSL's. */
struct pair {
	EVP_CIPHER_CTX *ctx[2];
};

static const char *const properties[2] = {"provider=devcrypto", "provider=default"};

static void open_pair(struct pair *p, int bits, int encrypt, int padding)
{
	char name[32];

	snprintf(name, sizeof name, "AES-%d-CBC", bits);
	for (int i = 0; i < 2; i++) {
		p->ctx[i] = dc_kit_cipher(&kit, name, properties[i]);
		assert_non_null(p->ctx[i]);
		assert_int_equal(EVP_CipherInit_ex2(p->ctx[i], NULL, key, iv, encrypt, NULL), 1);
		EVP_CIPHER_CTX_set_padding(p->ctx[i], padding);
	}
}

static void close_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_free(p->ctx[i]);
}

static void same_iv(const struct pair *p)
{
	uint8_t first[2][BLOCK], next[2][BLOCK];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(EVP_CIPHER_CTX_get_original_iv(p->ctx[i], first[i], BLOCK), 1);
		assert_int_equal(EVP_CIPHER_CTX_get_updated_iv(p->ctx[i], next[i], BLOCK), 1);
	}
	assert_memory_equal(first[0], first[1], BLOCK);
	assert_memory_equal(next[0], next[1], BLOCK);
}

/* One update of both, into what follows at. Returns how much came out. */
static size_t update(const struct pair *p, size_t at, const uint8_t *in, size_t n)
{
	int length[2] = {-1, -1}, ok[2];

	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherUpdate(p->ctx[i], buffer[i] + at, &length[i], in, (int)n);
	assert_int_equal(ok[0], 1);
	assert_int_equal(ok[1], 1);
	assert_int_equal(length[0], length[1]);
	assert_memory_equal(buffer[0] + at, buffer[1] + at, (size_t)length[0]);
	same_iv(p);
	return (size_t)length[0];
}

/* The end of both, which may fail in both, for the same reason. Returns the whole length. */
static size_t final(const struct pair *p, size_t at)
{
	unsigned long error[2];
	int length[2] = {0, 0}, ok[2];

	for (int i = 0; i < 2; i++) {
		ERR_clear_error();
		ok[i] = EVP_CipherFinal_ex(p->ctx[i], buffer[i] + at, &length[i]);
		error[i] = ERR_peek_error();
	}
	assert_int_equal(ok[0], ok[1]);
	assert_int_equal(ERR_GET_REASON(error[0]), ERR_GET_REASON(error[1]));
	ERR_clear_error();
	if (!ok[0])
		return at;
	assert_int_equal(length[0], length[1]);
	assert_memory_equal(buffer[0] + at, buffer[1] + at, (size_t)length[0]);
	return at + (size_t)length[0];
}

/* All of in, in pieces of at most piece bytes. */
static size_t run(const struct pair *p, const uint8_t *in, size_t n, size_t piece, uint32_t *seed)
{
	size_t at = 0;

	for (size_t size; n > 0; in += size, n -= size) {
		size = seed ? 1 + test_rand(seed) % piece : piece;
		size = size < n ? size : n;
		at += update(p, at, in, size);
	}
	return final(p, at);
}

/* There and back. */
static void round_trip(int bits, size_t n, int padding, size_t piece, uint32_t *seed)
{
	struct pair p;
	size_t length;

	open_pair(&p, bits, 1, padding);
	length = run(&p, text, n, piece, seed);
	memcpy(cipher_text, buffer[0], length);
	close_pair(&p);
	open_pair(&p, bits, 0, padding);
	assert_int_equal(run(&p, cipher_text, length, piece, seed), padding ? n : length);
	assert_memory_equal(buffer[0], text, padding ? n : length);
	close_pair(&p);
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
	struct pair p;
	int length;

	(void)state;
	for (int checked = 0; checked < 2; checked++)
		for (int encrypt = 0; encrypt < 2; encrypt++)
			for (size_t n = BLOCK; n < 40000; n = n * 2 + BLOCK) {
				kit.provider->settings.check_every = (uint32_t)checked;
				kit.provider->settings.decrypt = true;
				dc_kit_device(&kit, "");
				open_pair(&p, 128, encrypt, 0);
				for (int i = 0; i < 2; i++) {
					memcpy(buffer[i], text, n);
					assert_int_equal(
						EVP_CipherUpdate(p.ctx[i], buffer[i], &length, buffer[i], (int)n), 1);
					assert_int_equal(length, n);
				}
				assert_memory_equal(buffer[0], buffer[1], n);
				same_iv(&p);
				assert_true(dc_kit_counters(&kit).crypt > 0);
				assert_true(dc_kit_books(&kit).checks == (checked ? dc_kit_counters(&kit).crypt : 0) ||
					    n > 18432);
				close_pair(&p);
			}
	kit.provider->settings.check_every = 0;
	kit.provider->settings.decrypt = false;
}

/* Small updates cost no ioctl, and decryption none unless it is asked for. */
static void test_min_size(void **state)
{
	struct pair p;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.min_size = 1024;
	open_pair(&p, 128, 1, 1);
	update(&p, 0, text, 1023);
	update(&p, 0, text, 500);
	assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
	update(&p, 0, text, 1040);
	assert_int_equal(dc_kit_counters(&kit).crypt, 1);
	close_pair(&p);
	open_pair(&p, 128, 0, 1);
	update(&p, 0, text, 4096);
	assert_int_equal(dc_kit_counters(&kit).crypt, 1);
	close_pair(&p);
	kit.provider->settings.min_size = 1;
}

/* ---- requests ---- */

static void one_update(size_t n, uint64_t largest, uint64_t most)
{
	struct pair p;

	open_pair(&p, 256, 1, 0);
	update(&p, 0, text, n);
	close_pair(&p);
	if (dc_kit_counters(&kit).largest != largest || dc_kit_counters(&kit).crypt > most)
		fail_msg("%u requests, the largest %u", (unsigned)dc_kit_counters(&kit).crypt,
			 (unsigned)dc_kit_counters(&kit).largest);
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
	assert_false(slu_dc_device_off(kit.provider->device));
	assert_int_equal(kit.lines, 0);
}

/* As large as was found to be right, or as is set. */
static void test_requests(void **state)
{
	struct lab_counters before;

	(void)state;
	dc_kit_device(&kit, "");
	one_update(18432, 18432, 1);
	one_update(262144, 147456, 1 + 5);
	before = dc_kit_counters(&kit);
	one_update(262144, 262144, before.crypt + 1);
	dc_kit_device(&kit, "largest=38016");
	one_update(262144, 73728, 20); /* which it refused */
	before = dc_kit_counters(&kit);
	one_update(262144, 73728, before.crypt + 8); /* of 36864 */
	dc_kit_device(&kit, "wrong-above=65536");
	one_update(262144, 73728, 20);
	before = dc_kit_counters(&kit);
	one_update(262144, 73728, before.crypt + 8);
	dc_kit_device(&kit, "");
	kit.provider->settings.largest = 8200;
	one_update(262144, 8192, 32);
	kit.provider->settings.largest = 1;
	one_update(160, 8192, 32 + 10);
	kit.provider->settings.largest = 0;
}

/* ---- contexts ---- */

static void test_copies(void **state)
{
	struct pair p, copy;
	size_t at;

	(void)state;
	dc_kit_device(&kit, "");
	for (int encrypt = 0; encrypt < 2; encrypt++)
		for (size_t n = 0; n < 100; n += 7) {
			open_pair(&p, 192, encrypt, 1);
			at = update(&p, 0, text, n);
			for (int i = 0; i < 2; i++) {
				copy.ctx[i] = EVP_CIPHER_CTX_new();
				assert_int_equal(EVP_CIPHER_CTX_copy(copy.ctx[i], p.ctx[i]), 1);
			}
			final(&p, at + update(&p, at, text + 1, 2000));
			close_pair(&p);
			final(&copy, at + update(&copy, at, text + 9, 3000));
			close_pair(&copy);
		}
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
}

/* Again with all that init may leave out. */
static void test_again(void **state)
{
	struct pair p;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.decrypt = true;
	open_pair(&p, 128, 1, 1);
	update(&p, 0, text, 1001);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, NULL, NULL, -1, NULL), 1);
	same_iv(&p);
	update(&p, 0, text, 999);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, NULL, text, -1, NULL), 1);
	update(&p, 0, text, 500);
	assert_int_equal(dc_kit_counters(&kit).sessions, 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key, NULL, 1, NULL), 1);
	update(&p, 0, text, 500);
	assert_int_equal(dc_kit_counters(&kit).sessions, 1); /* the same key */
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key + 1, iv, 1, NULL), 1);
	final(&p, update(&p, 0, text, 500));
	assert_int_equal(dc_kit_counters(&kit).sessions, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key, iv, 0, NULL), 1);
	final(&p, update(&p, 0, text, 512));
	close_pair(&p);
	kit.provider->settings.decrypt = false;
}

/* Turned round without a key, in software: it is still the same key. (OpenSSL's own computes something else.) */
static void test_turn(void **state)
{
	struct pair p;
	int length;

	(void)state;
	dc_kit_device(&kit, "ecb-only");
	open_pair(&p, 256, 1, 0);
	update(&p, 0, text, 160);
	memcpy(cipher_text, buffer[0], 160);
	assert_int_equal(EVP_CipherInit_ex2(p.ctx[0], NULL, NULL, iv, 0, NULL), 1);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, cipher_text, 160), 1);
	assert_int_equal(length, 160);
	assert_memory_equal(buffer[0], text, 160);
	close_pair(&p);
}

static bool lists(const OSSL_PARAM *list, const char *name)
{
	return OSSL_PARAM_locate_const(list, name) != NULL;
}

/* What OpenSSL's has, but use-bits: it means nothing in CBC. */
static void test_parameters(void **state)
{
	struct pair p;
	unsigned number = 7, got = 0;
	const OSSL_PARAM set[] = {OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, &number), OSSL_PARAM_END};
	OSSL_PARAM get[] = {OSSL_PARAM_uint(OSSL_CIPHER_PARAM_NUM, &got), OSSL_PARAM_END};

	(void)state;
	open_pair(&p, 256, 1, 1);
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
	close_pair(&p);
}

/* Each of the names that OpenSSL's has finds ours. */
static void see_name(const char *name, void *arg)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(kit.libctx, name, properties[0]);

	(void)arg;
	if (!cipher)
		fail_msg("%s is not found", name);
	EVP_CIPHER_free(cipher);
}

static void test_names(void **state)
{
	struct pair p;

	(void)state;
	for (int bits = 128; bits <= 256; bits += 64) {
		open_pair(&p, bits, 1, 1);
		EVP_CIPHER_names_do_all(EVP_CIPHER_CTX_get0_cipher(p.ctx[1]), see_name, NULL);
		close_pair(&p);
	}
}

/* ---- records of TLS, as libssl has them made ---- */

static void begin_records(const struct pair *p, unsigned version, size_t mac_size)
{
	for (int i = 0; i < 2; i++)
		dc_kit_records(p->ctx[i], version, mac_size);
}

/* In place in both. Returns the length that both say, -1 when both refuse. */
static int record(const struct pair *p, const uint8_t *in, size_t n)
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
	struct pair out, back;

	(void)state;
	kit.provider->settings.decrypt = true;
	for (unsigned version = 0x301; version <= 0x303; version++)
		for (size_t m = 0; m < sizeof macs / sizeof *macs; m++) {
			const size_t front = version > 0x301 ? BLOCK : 0;

			dc_kit_device(&kit, "");
			open_pair(&out, 128, 1, 1);
			open_pair(&back, 128, 0, 1);
			begin_records(&out, version, macs[m]);
			begin_records(&back, version, macs[m]);
			for (size_t n = front + macs[m]; n < 300; n++) {
				int length = record(&out, text, n);

				assert_int_equal(length, n / BLOCK * BLOCK + BLOCK);
				assert_memory_equal(buffer[0], buffer[1], (size_t)length);
				same_iv(&out);
				memcpy(cipher_text, buffer[0], (size_t)length);
				assert_int_equal(record(&back, cipher_text, (size_t)length), n - front - macs[m]);
				assert_memory_equal(buffer[0] + front, text + front, n - front - macs[m]);
				for (int i = 0; macs[m] && i < 2; i++)
					assert_memory_equal(mac_of(back.ctx[i], macs[m]), text + n - macs[m], macs[m]);
			}
			/* the first of each direction is the handshake's */
			assert_int_equal(dc_kit_counters(&kit).crypt, (300 - front - macs[m] - 1) * (macs[m] ? 1 : 2));
			close_pair(&out);
			close_pair(&back);
		}
	kit.provider->settings.decrypt = false;
}

/* The size of the MAC may change, and a new key begins with a handshake's record. */
static void test_other_records(void **state)
{
	struct pair p;

	(void)state;
	dc_kit_device(&kit, "");
	open_pair(&p, 128, 0, 1);
	for (size_t mac = 20; mac <= 48; mac += 14) {
		begin_records(&p, 0x303, mac);
		record(&p, text, 160); /* its padding is wrong, so the MAC is random, but not its size */
		record(&p, text, 48);
	}
	close_pair(&p);
	open_pair(&p, 128, 1, 1);
	begin_records(&p, 0x303, 0);
	for (uint64_t keys = 1; keys < 4; keys++) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, key, iv, 1, NULL), 1);
		for (int n = 0; n < 3; n++)
			record(&p, text, 1000);
		assert_int_equal(dc_kit_counters(&kit).crypt, 2 * keys);
	}
	close_pair(&p);
}

/* Padding that is too long, or not all alike; and what is no record. */
static void test_bad_records(void **state)
{
	struct pair p;
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.decrypt = true;
	for (unsigned version = 0x301; version <= 0x302; version++)
		for (unsigned last = 0; last < 256; last++)
			for (int alike = 0; alike < 2; alike++) {
				memset(cipher_text, (int)last, 64);
				cipher_text[62] ^= !alike;
				open_pair(&p, 128, 1, 0);
				update(&p, 0, cipher_text, 64);
				close_pair(&p);
				memcpy(cipher_text, buffer[0], 64);
				open_pair(&p, 128, 0, 1);
				begin_records(&p, version, 0);
				length = record(&p, cipher_text, 64);
				assert_int_equal(length >= 0, last < (version > 0x301 ? 48 : 64) && (alike || !last));
				close_pair(&p);
			}
	open_pair(&p, 128, 0, 1);
	begin_records(&p, 0x303, 0);
	assert_int_equal(record(&p, text, 0), -1);
	assert_int_equal(record(&p, text, 16), -1);
	assert_int_equal(record(&p, text, 33), -1);
	assert_int_equal(EVP_CipherFinal_ex(p.ctx[0], buffer[0], &length), 0);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 64), 0); /* not in place */
	close_pair(&p);
	open_pair(&p, 128, 1, 1);
	begin_records(&p, 0x303, 0);
	assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 64), 0);
	ERR_clear_error();
	close_pair(&p);
	kit.provider->settings.decrypt = false;
}

/* ---- what is refused ---- */

static void test_bad_padding(void **state)
{
	struct pair p;
	size_t whole;

	(void)state;
	dc_kit_device(&kit, "");
	for (unsigned last = 0; last < 256; last++) { /* each last byte, before it 15 bytes that fit only some */
		open_pair(&p, 128, 1, 0);
		memset(buffer[0], 5, BLOCK);
		buffer[0][BLOCK - 1] = (uint8_t)last;
		memcpy(cipher_text, buffer[0], BLOCK);
		whole = update(&p, 0, cipher_text, BLOCK);
		close_pair(&p);
		memcpy(cipher_text, buffer[0], whole);
		open_pair(&p, 128, 0, 1);
		final(&p, update(&p, 0, cipher_text, whole));
		close_pair(&p);
	}
	open_pair(&p, 128, 0, 1);
	final(&p, update(&p, 0, text, 20));
	close_pair(&p);
	open_pair(&p, 128, 1, 0);
	final(&p, update(&p, 0, text, 20));
	close_pair(&p);
	open_pair(&p, 128, 0, 1);
	final(&p, 0);
	close_pair(&p);
}

static void test_no_key(void **state)
{
	struct pair p;
	int length;

	(void)state;
	for (int i = 0; i < 2; i++) {
		p.ctx[i] = dc_kit_cipher(&kit, "AES-128-CBC", properties[i]);
		assert_int_equal(EVP_CipherInit_ex2(p.ctx[i], NULL, NULL, iv, 1, NULL), 1);
		assert_int_equal(EVP_CipherUpdate(p.ctx[i], buffer[i], &length, text, 32), 0);
		assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), PROV_R_NO_KEY_SET);
		assert_int_equal(EVP_CipherFinal_ex(p.ctx[i], buffer[i], &length), 0);
		assert_int_equal(EVP_CIPHER_CTX_set_key_length(p.ctx[i], 24), 0);
		ERR_clear_error();
	}
	close_pair(&p);
}

/* Without software to stand in, what the device cannot do fails, and says so. */
static void test_strict(void **state)
{
	static const char *const faults[] = {"eio", "ecb-only", "vanish", "wrong"};
	struct pair p;
	int length;

	(void)state;
	kit.provider->settings.fallback = false;
	kit.provider->settings.check_every = 1;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		for (int n = 0; n < 2; n++) {
			dc_kit_device(&kit, "");
			open_pair(&p, 128, 1, 1);
			assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 160), 1);
			if (n) {
				close_pair(&p);
				open_pair(&p, 128, 1, 1);
			}
			dc_kit_fault(&kit, faults[i]);
			if (!n && strcmp(faults[i], "ecb-only") == 0) { /* its session lives on */
				close_pair(&p);
				continue;
			}
			assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 160), 0);
			assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SLU_DC_R_DEVICE);
			ERR_clear_error();
			assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
			close_pair(&p);
		}
	kit.provider->settings.check_every = 0;
	kit.provider->settings.fallback = true;
}

/* ---- faults ---- */

static void strike(const struct dc_fault *fault)
{
	for (int encrypt = 0; encrypt < 2; encrypt++) {
		struct pair p;

		dc_kit_device(&kit, "");
		open_pair(&p, 256, encrypt, 0);
		update(&p, 0, text, 4096);
		dc_kit_fault(&kit, fault->fault);
		for (size_t n = 0; n < 40; n++)
			update(&p, 0, text + n, 3072);
		dc_kit_expect(&kit, fault, "");
		close_pair(&p);
	}
}

static void test_faults(void **state)
{
	static const struct dc_fault more[] = {
		{"flip=200", "gave wrong bytes", true},
		{"wrong-length=3000-3100", "gave wrong bytes", true},
		{"wrong-align=0", "gave wrong bytes", true},
		{"leak-session", NULL, false}, /* there is one session */
		{"iv-not-chained", NULL, false},
		{"largest=2000", "Invalid argument", true},
		{"slow=1", NULL, false},
	};

	(void)state;
	kit.provider->settings.check_every = 1;
	kit.provider->settings.decrypt = true;
	for (size_t f = 0; f < DC_FAULTS; f++)
		strike(&dc_faults[f]);
	for (size_t f = 0; f < sizeof more / sizeof *more; f++)
		strike(&more[f]);
	kit.provider->settings.check_every = 0;
	kit.provider->settings.decrypt = false;
}

static void test_hang(void **state)
{
	struct pair p;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.deadline_ms = 100;
	open_pair(&p, 128, 1, 1);
	update(&p, 0, text, 4000);
	dc_kit_fault(&kit, "hang");
	for (int n = 0; n < 5; n++)
		update(&p, 0, text, 4000);
	close_pair(&p);
	assert_true(slu_dc_device_off(kit.provider->device));
	assert_int_equal(dc_kit_books(&kit).abandoned, 1);
	assert_int_equal(kit.lines, 1);
	lab_device_release(kit.device);
	kit.provider->settings.deadline_ms = 0;
}

/* A child goes on in software, and leaves its parent's session alone. */
static int child_goes_on(void *pair)
{
	const uint64_t before = dc_kit_counters(&kit).crypt;

	update(pair, 0, text, 4000);
	close_pair(pair);
	return dc_kit_counters(&kit).crypt == before ? 0 : 1;
}

static void test_fork(void **state)
{
	struct pair p;

	(void)state;
	dc_kit_device(&kit, "");
	open_pair(&p, 128, 1, 1);
	update(&p, 0, text, 4000);
	assert_int_equal(in_child(child_goes_on, &p), 0);
	update(&p, 0, text, 4000);
	assert_int_equal(dc_kit_counters(&kit).crypt, 2);
	close_pair(&p);
}

static void test_many(void **state)
{
	(void)state;
	dc_kit_device(&kit, "");
	for (int n = 0; n < 10000; n++) {
		struct pair p;

		open_pair(&p, 128, 1, 1);
		update(&p, 0, text, n % 2 ? 64 : 0);
		close_pair(&p);
	}
	assert_int_equal(dc_kit_counters(&kit).sessions, 5000);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	assert_int_equal(dc_kit_counters(&kit).open_now, 0);
}

static int setup(void **state)
{
	dc_kit_open(&kit);
	*state = &kit;
	dc_kit_fill(key, sizeof key, 1);
	dc_kit_fill(iv, sizeof iv, 2);
	dc_kit_fill(text, sizeof text, 3);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),     cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_in_place),    cmocka_unit_test(test_min_size),
		cmocka_unit_test(test_requests),    cmocka_unit_test(test_copies),
		cmocka_unit_test(test_again),       cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_names),       cmocka_unit_test(test_records),
		cmocka_unit_test(test_bad_records), cmocka_unit_test(test_other_records),
		cmocka_unit_test(test_turn),        cmocka_unit_test(test_bad_padding),
		cmocka_unit_test(test_no_key),      cmocka_unit_test(test_strict),
		cmocka_unit_test(test_faults),      cmocka_unit_test(test_hang),
		cmocka_unit_test(test_fork),        cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, dc_kit_teardown);
}
