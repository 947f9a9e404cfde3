/* SPDX-License-Identifier: MIT */
/* AES-GCM of the provider against OpenSSL's own, over devices that have GCM, ECB, CTR or none of them. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "dc_kit.h"
#include "in_child.h"

enum { MOST = 70000, TAG = 16 };

static struct dc_kit kit;
static uint8_t key[32], iv[128], aad[5000], text[MOST], ours_out[MOST + TAG], theirs_out[MOST + TAG], back[MOST];

struct shape {
	int bits;
	size_t iv_length, aad_length, n;
	size_t piece, aad_piece; /* 0: all at once */
	bool in_place;
};

static EVP_CIPHER_CTX *new_ctx(const char *properties, int bits)
{
	EVP_CIPHER_CTX *ctx;
	char name[16];

	snprintf(name, sizeof name, "AES-%d-GCM", bits);
	ctx = dc_kit_cipher(&kit, name, properties);
	assert_non_null(ctx);
	return ctx;
}

static void begin(EVP_CIPHER_CTX *ctx, const struct shape *s, int encrypt)
{
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)s->iv_length, NULL), 1);
	assert_int_equal(EVP_CipherInit_ex2(ctx, NULL, key, iv, encrypt, NULL), 1);
}

static void pieces(EVP_CIPHER_CTX *ctx, const uint8_t *in, uint8_t *out, size_t n, size_t piece)
{
	int length;

	for (size_t at = 0; at < n; at += piece) {
		if (piece == 0 || piece > n - at)
			piece = n - at;
		assert_int_equal(EVP_CipherUpdate(ctx, out ? out + at : NULL, &length, in + at, (int)piece), 1);
		assert_int_equal(length, (int)piece);
	}
}

static void encrypt_with(EVP_CIPHER_CTX *ctx, const struct shape *s, uint8_t *out)
{
	int length;

	begin(ctx, s, 1);
	pieces(ctx, aad, NULL, s->aad_length, s->aad_piece);
	if (s->in_place)
		memcpy(out, text, s->n);
	pieces(ctx, s->in_place ? out : text, out, s->n, s->piece);
	assert_int_equal(EVP_CipherFinal_ex(ctx, out, &length), 1);
	assert_int_equal(length, 0);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + s->n), 1);
}

/* What final() says. */
static int decrypt_with(EVP_CIPHER_CTX *ctx, const struct shape *s, const uint8_t *in, uint8_t *out, bool tag_first)
{
	uint8_t tag[TAG];
	int length;

	memcpy(tag, in + s->n, TAG);
	begin(ctx, s, 0);
	if (tag_first)
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag), 1);
	pieces(ctx, aad, NULL, s->aad_length, s->aad_piece);
	if (s->in_place)
		memcpy(out, in, s->n);
	pieces(ctx, s->in_place ? out : in, out, s->n, s->piece);
	if (!tag_first)
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag), 1);
	return EVP_CipherFinal_ex(ctx, out, &length);
}

static EVP_CIPHER_CTX *ours, *theirs;

static void both(int bits)
{
	EVP_CIPHER_CTX_free(ours);
	EVP_CIPHER_CTX_free(theirs);
	ours = bits ? new_ctx("provider=devcrypto", bits) : NULL;
	theirs = bits ? new_ctx("provider=default", bits) : NULL;
}

static void same(const struct shape *s)
{
	encrypt_with(ours, s, ours_out);
	encrypt_with(theirs, s, theirs_out);
	if (memcmp(ours_out, theirs_out, s->n + TAG) != 0)
		fail_msg("differs: %d bits, IV %zu, AAD %zu, %zu bytes in pieces of %zu", s->bits, s->iv_length,
			 s->aad_length, s->n, s->piece);
}

static void opens(const struct shape *s, bool tag_first)
{
	memset(back, 0, s->n);
	assert_int_equal(decrypt_with(ours, s, theirs_out, back, tag_first), 1);
	assert_memory_equal(back, text, s->n);
}

/* A wrong tag gives what OpenSSL gives: the data, and an error at the end. */
static void refuses(const struct shape *s)
{
	memset(back, 0, s->n);
	theirs_out[s->n + 3] ^= 1;
	assert_true(decrypt_with(ours, s, theirs_out, back, true) <= 0);
	assert_memory_equal(back, text, s->n);
	theirs_out[s->n + 3] ^= 1;
}

/* ---- devices ---- */

static const struct {
	const char *faults;
	enum lab_algorithm algorithm; /* that does it, LAB_ALGORITHMS: none */
} devices[] = {
	{"", LAB_GCM},
	{"ecb-only", LAB_ECB},
	{"ctr-only", LAB_CTR},
	{"cbc-only", LAB_ALGORITHMS},
	{"no-authcrypt", LAB_ECB},
};

static uint64_t operations(enum lab_algorithm a)
{
	const struct lab_counters c = dc_kit_counters(&kit);

	assert_int_equal(c.crypt + c.authcrypt, a == LAB_ALGORITHMS ? 0 : c.by[a].operations);
	return c.crypt + c.authcrypt;
}

static void on_each_device(void (*test)(int bits, enum lab_algorithm a))
{
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		for (int bits = 128; bits <= 256; bits += 128) {
			dc_kit_device(&kit, devices[i].faults);
			both(bits);
			test(bits, devices[i].algorithm);
			both(0);
			assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
		}
}

/* One request a message, and none for an empty one. */
static void lengths(int bits, enum lab_algorithm a)
{
	uint64_t messages = 0;

	for (size_t n = 0; n < 20000; n += n < 300 ? 1 : 977) {
		same(&(struct shape){.bits = bits, .iv_length = 12, .aad_length = n % 40, .n = n, .in_place = n % 2});
		messages += n > 0;
	}
	assert_int_equal(operations(a), a == LAB_ALGORITHMS ? 0 : messages);
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
}

static void test_lengths(void **state)
{
	(void)state;
	on_each_device(lengths);
}

/* The kernel's GCM takes IVs of twelve bytes alone: the other shapes go by its ECB. */
static void ivs(int bits, enum lab_algorithm a)
{
	const struct lab_counters before = dc_kit_counters(&kit);
	struct lab_counters now;

	for (size_t n = 1; n <= sizeof iv; n++)
		same(&(struct shape){.bits = bits, .iv_length = n, .aad_length = 13, .n = 100 + n});
	now = dc_kit_counters(&kit);
	assert_int_equal(now.crypt + now.authcrypt - before.crypt - before.authcrypt,
			 a == LAB_ALGORITHMS ? 0 : sizeof iv);
	if (a == LAB_GCM) {
		assert_int_equal(now.by[LAB_GCM].operations, 1);
		assert_int_equal(now.by[LAB_ECB].operations, sizeof iv - 1);
	}
}

static void test_ivs(void **state)
{
	(void)state;
	on_each_device(ivs);
}

/* AAD of more than a page is software's. */
static void aads(int bits, enum lab_algorithm a)
{
	static const size_t few[] = {0, 1, 15, 16, 17, 4095, 4096}, many[] = {4097, 5000};

	for (size_t i = 0; i < sizeof few / sizeof *few; i++)
		for (size_t piece = 0; piece < 40; piece += 13)
			same(&(struct shape){bits, 12, few[i], 500, 0, piece, false});
	assert_int_equal(operations(a), a == LAB_ALGORITHMS ? 0 : 28);
	for (size_t i = 0; i < sizeof many / sizeof *many; i++)
		same(&(struct shape){bits, 12, many[i], 500, 0, 1000, false});
	assert_int_equal(operations(a), a == LAB_ALGORITHMS ? 0 : 28);
}

static void test_aads(void **state)
{
	(void)state;
	on_each_device(aads);
}

/* The device does the first piece, software begins again with it when a second comes; and goes on so with the context,
 * without a word. */
static void splits(int bits, enum lab_algorithm a)
{
	uint32_t seed = (uint32_t)bits + a;
	uint64_t split = 0;

	for (int i = 0; i < 200; i++) {
		const uint64_t before = operations(a);
		struct shape s = {.bits = bits, .iv_length = 12, .aad_length = test_rand(&seed) % 60};

		s.n = 1 + test_rand(&seed) % 3000;
		s.piece = 1 + test_rand(&seed) % 400;
		s.in_place = i % 2;
		both(bits);
		same(&s);
		assert_int_equal(operations(a), before + (a != LAB_ALGORITHMS));
		split += s.piece < s.n;
		same(&s);
		assert_int_equal(operations(a), before + (a == LAB_ALGORITHMS ? 0 : s.piece < s.n ? 1 : 2));
	}
	assert_in_range(split, 100, 200);
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
}

static void test_splits(void **state)
{
	(void)state;
	on_each_device(splits);
}

static void decrypting(int bits, enum lab_algorithm a)
{
	uint64_t n = 0;

	for (size_t i = 1; i < 3000; i += 271)
		for (int in_place = 0; in_place < 2; in_place++, n++) {
			const struct shape s = {bits, 12, 20, i, 0, 0, in_place};

			same(&s);
			opens(&s, true);
		}
	assert_int_equal(operations(a), a == LAB_ALGORITHMS ? 0 : n);
	kit.provider->settings.decrypt = true;
	for (size_t i = 1; i < 3000; i += 271)
		for (int in_place = 0; in_place < 2; in_place++) {
			const struct shape s = {bits, 12, 20, i, 0, 0, in_place};

			same(&s);
			opens(&s, true);
			opens(&s, false); /* without its tag the device cannot */
			refuses(&s);
		}
	kit.provider->settings.decrypt = false;
	/* the kernel's own refusal of a wrong tag is no operation carried out */
	assert_int_equal(operations(a), a == LAB_ALGORITHMS ? 0 : a == LAB_GCM ? 3 * n : 4 * n);
	assert_false(slu_dc_device_off(kit.provider->device));
}

static void test_decrypting(void **state)
{
	(void)state;
	on_each_device(decrypting);
}

/* ---- copies ---- */

static EVP_CIPHER_CTX *copy_of(EVP_CIPHER_CTX *ctx)
{
	EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();

	assert_int_equal(EVP_CIPHER_CTX_copy(copy, ctx), 1);
	return copy;
}

/* Copies taken at each step, and freed or gone on with after the one they were taken of. */
static void copies(int bits, enum lab_algorithm a)
{
	const struct shape s = {.bits = bits, .iv_length = 12, .aad_length = 20, .n = 300};
	uint8_t tag[TAG];
	int length;

	(void)a;
	encrypt_with(theirs, &s, theirs_out);
	for (int when = 0; when < 4; when++) {
		EVP_CIPHER_CTX *at[2] = {ours, NULL};

		begin(ours, &s, 1);
		for (int step = 0; step < 4; step++) {
			if (step == when)
				at[1] = copy_of(ours);
			for (int i = 0; i < 1 + (step >= when); i++) {
				uint8_t *out = i ? back : ours_out;

				if (step == 0)
					pieces(at[i], aad, NULL, 20, 0);
				else if (step == 1)
					pieces(at[i], text, out, 200, 0);
				else if (step == 2)
					pieces(at[i], text + 200, out + 200, 100, 0);
				else
					assert_int_equal(EVP_CipherFinal_ex(at[i], out, &length), 1);
			}
		}
		for (int i = 0; i < 2; i++) {
			assert_int_equal(EVP_CIPHER_CTX_ctrl(at[i], EVP_CTRL_AEAD_GET_TAG, TAG, tag), 1);
			assert_memory_equal(tag, theirs_out + s.n, TAG);
		}
		assert_memory_equal(ours_out, theirs_out, s.n);
		if (when < 2)
			assert_memory_equal(back, theirs_out, s.n);
		else
			assert_memory_equal(back + 200, theirs_out + 200, when == 2 ? 100 : 0);
		EVP_CIPHER_CTX_free(at[1]);
	}
}

static void test_copies(void **state)
{
	(void)state;
	on_each_device(copies);
}

/* ---- what is not to be ---- */

/* An IV is spent with its message, whatever OpenSSL's own says about the rest. */
static void test_iv_is_spent(void **state)
{
	const struct shape s = {.bits = 128, .iv_length = 12, .n = 100};
	uint8_t out[100];
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	both(128);
	same(&s);
	assert_int_equal(EVP_EncryptUpdate(ours, out, &length, text, 100), 0);
	assert_int_equal(EVP_EncryptFinal_ex(ours, out, &length), 0);
	both(0);
}

static void test_random_iv(void **state)
{
	uint8_t out[100], drawn[12], back_out[100], tag[TAG];
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	both(128);
	assert_int_equal(EVP_EncryptInit_ex2(ours, NULL, key, NULL, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ours, out, &length, text, 100), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ours, out, &length), 1);
	assert_int_equal(EVP_CIPHER_CTX_get_original_iv(ours, drawn, sizeof drawn), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ours, EVP_CTRL_AEAD_GET_TAG, TAG, tag), 1);
	assert_int_equal(EVP_DecryptInit_ex2(theirs, NULL, key, drawn, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(theirs, EVP_CTRL_AEAD_SET_TAG, TAG, tag), 1);
	assert_int_equal(EVP_DecryptUpdate(theirs, back_out, &length, out, 100), 1);
	assert_int_equal(EVP_DecryptFinal_ex(theirs, back_out, &length), 1);
	assert_memory_equal(back_out, text, 100);
	both(0);
}

/* Longer than CTR's 16 bits last, on hardware that carries no further: the counter of block 65535 would carry. */
static void test_sixteen_bits(void **state)
{
	enum { LONG = 1 << 20 };
	uint8_t *in = calloc(1, LONG), *a = malloc(LONG + TAG), *b = malloc(LONG + TAG);
	const uint64_t chunks = (LONG / 16 + 1 + 4095) / 4096;
	EVP_CIPHER_CTX *each[2];
	int length;

	(void)state;
	dc_kit_device(&kit, "ctr-only ctr16");
	both(128);
	each[0] = ours;
	each[1] = theirs;
	for (int i = 0; i < 2; i++) {
		uint8_t *out = i ? b : a;

		assert_int_equal(EVP_EncryptInit_ex2(each[i], NULL, key, iv, NULL), 1);
		assert_int_equal(EVP_EncryptUpdate(each[i], out, &length, in, LONG), 1);
		assert_int_equal(EVP_EncryptFinal_ex(each[i], out, &length), 1);
		assert_int_equal(EVP_CIPHER_CTX_ctrl(each[i], EVP_CTRL_AEAD_GET_TAG, TAG, out + LONG), 1);
	}
	assert_memory_equal(a, b, LONG + TAG);
	assert_in_range(operations(LAB_CTR), chunks, chunks + 1);
	both(0);
	free(in);
	free(a);
	free(b);
}

/* It is the device's work that is given out: one wrong bit of it shows when nothing is checked. */
static void test_flip(void **state)
{
	static const char *const faults[] = {"flip", "ecb-only flip", "ctr-only flip"};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t iv_length = 8; iv_length <= 16; iv_length += 4) {
			const struct shape s = {.bits = 128, .iv_length = iv_length, .aad_length = 20, .n = 1000};

			dc_kit_device(&kit, faults[i]);
			both(128);
			encrypt_with(ours, &s, ours_out);
			encrypt_with(theirs, &s, theirs_out);
			assert_memory_not_equal(ours_out, theirs_out, s.n + TAG);
			both(0);
		}
}

/* A device that refuses a right tag, which only software can know. It does not stand in where it is not to. */
static void test_refused_wrongly(void **state)
{
	static const char *const faults[] = {"ecb-only flip", "ctr-only flip"};
	const struct shape s = {.bits = 128, .iv_length = 12, .aad_length = 20, .n = 1000};

	(void)state;
	kit.provider->settings.decrypt = true;
	for (size_t i = 0; i < 2; i++)
		for (int fallback = 0; fallback < 2; fallback++) {
			kit.provider->settings.fallback = fallback;
			dc_kit_device(&kit, faults[i]);
			both(128);
			encrypt_with(theirs, &s, theirs_out);
			assert_int_equal(decrypt_with(ours, &s, theirs_out, back, true), fallback);
			assert_memory_equal(back, text, fallback ? s.n : 0);
			assert_int_equal(dc_kit_counters(&kit).crypt, 1);
			assert_int_equal(dc_kit_books(&kit).mismatches, 1);
			assert_true(slu_dc_device_off(kit.provider->device));
			assert_int_equal(kit.lines, 1);
			assert_non_null(strstr(kit.log, "refused a right tag"));
			both(0);
		}
	kit.provider->settings.decrypt = false;
}

/* A child's context that it inherited stays in software, under a new key too; one of its own does not. */
static int child_rekeys(void *arg)
{
	const struct shape s = {.bits = 128, .iv_length = 12, .n = 1000};
	const uint64_t before = operations(LAB_GCM);

	(void)arg;
	encrypt_with(ours, &s, ours_out);
	assert_int_equal(EVP_CipherInit_ex2(ours, NULL, text, iv, 1, NULL), 1);
	encrypt_with(ours, &s, ours_out);
	if (operations(LAB_GCM) != before)
		return 1;
	EVP_CIPHER_CTX_free(ours);
	ours = new_ctx("provider=devcrypto", 128);
	encrypt_with(ours, &s, ours_out);
	return operations(LAB_GCM) == before + 1 ? 0 : 2;
}

static void test_fork(void **state)
{
	const struct shape s = {.bits = 128, .iv_length = 12, .n = 1000};

	(void)state;
	dc_kit_device(&kit, "");
	both(128);
	same(&s);
	assert_int_equal(in_child(child_rekeys, NULL), 0);
	same(&s);
	assert_int_equal(operations(LAB_GCM), 2);
	both(0);
}

static void test_nothing_for_it(void **state)
{
	const struct shape s = {.bits = 128, .iv_length = 12, .n = 1000};

	(void)state;
	dc_kit_device(&kit, "cbc-only");
	for (int i = 0; i < 2; i++) {
		both(128);
		same(&s);
		same(&s);
	}
	both(0);
	assert_int_equal(kit.lines, 1);
	assert_non_null(strstr(kit.log, "it has no AES-GCM, nor AES-ECB or AES-CTR to make it with"));
	assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
	assert_false(slu_dc_device_off(kit.provider->device));
}

static void test_overlap(void **state)
{
	static uint8_t buffer[2048];
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.check_every = 1;
	both(128);
	assert_int_equal(EVP_EncryptInit_ex2(ours, NULL, key, iv, NULL), 1);
	EVP_EncryptUpdate(ours, buffer + 1, &length, buffer, 1024);
	both(0);
	assert_int_equal(operations(LAB_GCM), 0);
	assert_int_equal(kit.lines, 0);
	kit.provider->settings.check_every = 0;
}

/* What OpenSSL asks before there is a context, and of a new one. */
static void test_told(void **state)
{
	for (int bits = 128; bits <= 256; bits += 128) {
		const EVP_CIPHER *a, *b;

		both(bits);
		a = EVP_CIPHER_CTX_get0_cipher(ours);
		b = EVP_CIPHER_CTX_get0_cipher(theirs);
		assert_int_equal(EVP_CIPHER_get_mode(a), EVP_CIPHER_get_mode(b));
		assert_int_equal(EVP_CIPHER_get_flags(a), EVP_CIPHER_get_flags(b));
		assert_int_equal(EVP_CIPHER_get_key_length(a), EVP_CIPHER_get_key_length(b));
		assert_int_equal(EVP_CIPHER_get_iv_length(a), EVP_CIPHER_get_iv_length(b));
		assert_int_equal(EVP_CIPHER_get_block_size(a), EVP_CIPHER_get_block_size(b));
		assert_int_equal(EVP_CIPHER_get_nid(a), EVP_CIPHER_get_nid(b));
		assert_int_equal(EVP_CIPHER_CTX_get_tag_length(ours), EVP_CIPHER_CTX_get_tag_length(theirs));
		assert_int_equal(EVP_CIPHER_CTX_get_iv_length(ours), EVP_CIPHER_CTX_get_iv_length(theirs));
	}
	both(0);
	(void)state;
}

static int setup(void **state)
{
	dc_kit_open(&kit);
	*state = &kit;
	dc_kit_fill(key, sizeof key, 1);
	dc_kit_fill(iv, sizeof iv, 2);
	dc_kit_fill(aad, sizeof aad, 3);
	dc_kit_fill(text, sizeof text, 4);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_ivs),
		cmocka_unit_test(test_aads),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_decrypting),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_iv_is_spent),
		cmocka_unit_test(test_random_iv),
		cmocka_unit_test(test_sixteen_bits),
		cmocka_unit_test(test_flip),
		cmocka_unit_test(test_refused_wrongly),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_nothing_for_it),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, setup, dc_kit_teardown);
}
