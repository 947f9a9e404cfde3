/* SPDX-License-Identifier: MIT */
/* Key stream ahead: the rule for nonces, the growth of requests, and that nothing of it stays behind. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "dc_kit.h"
#include "provider/keystream.h"

enum { RECORD = 1026 }; /* blocks: J0, 16 KiB and the type of TLS 1.3 */

static struct dc_kit kit;
static struct slu_dc_key key = {.algorithm = SLU_DC_ECB, .length = 16};
static struct slu_dc_gate gate;
static struct slu_dc_sequence sequence;
static struct slu_dc_keystream *ks;
static EVP_CIPHER_CTX *ecb;
static uint8_t first[SLU_DC_NONCE], soft[RECORD * 16];

static void open_stream(const char *faults, enum slu_dc_algorithm algorithm)
{
	dc_kit_device(&kit, faults);
	key.algorithm = algorithm;
	slu_dc_gate_init(&gate, kit.provider->device, &kit.provider->settings);
	sequence = (struct slu_dc_sequence){0};
	ks = slu_dc_keystream_new(&gate, ecb, &key);
	assert_non_null(ks);
}

static void close_stream(void)
{
	slu_dc_keystream_free(ks);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
}

/* ---- nonces ---- */

static void nth(enum slu_dc_nonces kind, uint8_t n, uint8_t nonce[SLU_DC_NONCE])
{
	memcpy(nonce, first, SLU_DC_NONCE);
	if (kind == SLU_DC_XORED)
		nonce[11] ^= n;
	else
		nonce[11] = (uint8_t)(nonce[11] + n);
}

static void note(struct slu_dc_sequence *s, enum slu_dc_nonces kind, uint8_t n)
{
	uint8_t nonce[SLU_DC_NONCE];

	nth(kind, n, nonce);
	slu_dc_sequence_note(s, kind, nonce);
}

static void test_foretelling(void **state)
{
	uint8_t nonce[SLU_DC_NONCE], foretold[SLU_DC_NONCE];

	(void)state;
	for (int kind = SLU_DC_COUNTED; kind <= SLU_DC_XORED; kind++) {
		struct slu_dc_sequence s = {0};

		for (uint8_t n = 0; n < 20; n++) {
			assert_int_equal(slu_dc_sequence_known(&s), n > 4);
			note(&s, (enum slu_dc_nonces)kind, n);
			for (uint8_t k = 0; k < 9; k++) {
				nth((enum slu_dc_nonces)kind, (uint8_t)(n + k), nonce);
				slu_dc_sequence_foretell(&s, k, foretold);
				assert_memory_equal(nonce, foretold, SLU_DC_NONCE);
			}
		}
	}
}

/* One nonce out of order, repeated, of the other kind, or outside TLS: no more of it. */
static void test_wrong_guess(void **state)
{
	static const struct {
		enum slu_dc_nonces kind;
		uint8_t n;
	} wrong[] = {{SLU_DC_XORED, 11}, {SLU_DC_XORED, 9}, {SLU_DC_COUNTED, 10}, {SLU_DC_NO_RECORD, 10}};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct slu_dc_sequence s = {0};

		for (uint8_t n = 0; n < 10; n++)
			note(&s, SLU_DC_XORED, n);
		assert_true(slu_dc_sequence_known(&s));
		note(&s, wrong[i].kind, wrong[i].n);
		assert_false(slu_dc_sequence_known(&s));
		for (uint8_t n = 11; n < 30; n++)
			note(&s, SLU_DC_XORED, n);
		assert_false(slu_dc_sequence_known(&s));
	}
}

/* The last eight bytes are one number. */
static void test_carry(void **state)
{
	static const uint8_t end[SLU_DC_NONCE] = {1, 2, 3, 4, 255, 255, 255, 255, 255, 255, 255, 255};
	static const uint8_t after[SLU_DC_NONCE] = {1, 2, 3, 4};
	struct slu_dc_sequence s = {0};
	uint8_t nonce[SLU_DC_NONCE];

	(void)state;
	slu_dc_sequence_note(&s, SLU_DC_COUNTED, end);
	slu_dc_sequence_foretell(&s, 1, nonce);
	assert_memory_equal(nonce, after, SLU_DC_NONCE);
}

/* ---- records ---- */

static void soft_stream(const uint8_t nonce[SLU_DC_NONCE], size_t blocks)
{
	uint8_t j0[16] = {[15] = 1};

	memcpy(j0, nonce, SLU_DC_NONCE);
	slu_dc_counters(soft, j0, 0, blocks);
	assert_true(slu_dc_blocks_software(ecb, soft, blocks));
}

/* The next record's nonce; for the first ones, software's. */
static uint8_t number;

static void start_sequence(void)
{
	for (number = 0; number < 5; number++)
		note(&sequence, SLU_DC_XORED, number);
}

/* One record of that many blocks: what slu_dc_keystream_record() says, its bytes compared. */
static int record(size_t blocks)
{
	struct slu_dc_span span = {NULL, 0};
	uint8_t nonce[SLU_DC_NONCE];
	int error = slu_dc_keystream_record(ks, &sequence, blocks, &span);

	if (!error) {
		slu_dc_sequence_foretell(&sequence, 0, nonce);
		assert_true(span.blocks > 0);
		soft_stream(nonce, span.blocks < blocks ? span.blocks : blocks);
		assert_memory_equal(span.data, soft, (span.blocks < blocks ? span.blocks : blocks) * 16);
		slu_dc_keystream_used(ks);
		for (size_t i = 0; i < span.blocks * 16; i++)
			assert_int_equal(span.data[i], 0);
	}
	note(&sequence, SLU_DC_XORED, number++);
	return error;
}

/* How many requests n records take. */
static uint64_t requests(unsigned n, size_t blocks)
{
	const uint64_t before = dc_kit_counters(&kit).crypt;
	unsigned software = 0;

	for (unsigned i = 0; i < n; i++) {
		int error = record(blocks);

		assert_in_range(error, 0, SLU_DC_NOT_NOW);
		software += error == SLU_DC_NOT_NOW;
	}
	assert_true(software <= 6);
	return dc_kit_counters(&kit).crypt - before;
}

static void test_growth(void **state)
{
	(void)state;
	kit.provider->settings.ahead = 8;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	assert_int_equal(requests(1, RECORD), 1);
	assert_int_equal(requests(2, RECORD), 1);
	assert_int_equal(requests(4, RECORD), 1);
	assert_int_equal(requests(8, RECORD), 1);
	assert_int_equal(requests(80, RECORD), 10);
	assert_int_equal(dc_kit_counters(&kit).largest, 8 * RECORD * 16);
	close_stream();

	/* the next connection knows */
	sequence = (struct slu_dc_sequence){0};
	start_sequence();
	ks = slu_dc_keystream_new(&gate, ecb, &key);
	assert_int_equal(requests(80, RECORD), 10);
	close_stream();
}

/* Three records of 16416 bytes are more than 38016. */
static void test_limited(void **state)
{
	(void)state;
	open_stream("ecb-only largest=38016", SLU_DC_ECB);
	start_sequence();
	assert_int_equal(requests(1 + 2 + 2, RECORD), 2); /* and two that were refused: trials of four and of three */
	assert_int_equal(dc_kit_counters(&kit).errors, 2);
	assert_int_equal(requests(80, RECORD), 40);
	assert_int_equal(dc_kit_counters(&kit).errors, 2);
	assert_int_equal(kit.lines, 0);
	close_stream();
}

/* Wrong bytes above a size are a limit too, found before any of them is used. */
static void test_wrong_above(void **state)
{
	(void)state;
	open_stream("ecb-only wrong-above=65536", SLU_DC_ECB);
	start_sequence();
	requests(20, RECORD);
	assert_int_equal(requests(30, RECORD), 10);
	assert_int_equal(kit.lines, 1);
	assert_non_null(strstr(kit.log, "in a trial with"));
	assert_false(slu_dc_device_off(kit.provider->device));
	close_stream();
}

/* Wrong where it was right is another matter. */
static void test_wrong_again(void **state)
{
	int error = 0;

	(void)state;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(3, RECORD);
	dc_kit_fault(&kit, "wrong");
	for (int i = 0; i < 3 && error >= 0; i++)
		error = record(RECORD);
	assert_int_equal(error, -EBADMSG);
	assert_true(slu_dc_device_off(kit.provider->device));
	close_stream();
}

/* Not even one record: software's that one, then pieces. */
static void test_small_device(void **state)
{
	struct slu_dc_span span;
	uint8_t nonce[SLU_DC_NONCE], j0[16] = {0};

	(void)state;
	open_stream("ecb-only largest=8192", SLU_DC_ECB);
	start_sequence();
	assert_int_equal(record(RECORD), -EINVAL);
	assert_int_equal(record(RECORD), -EMSGSIZE);
	slu_dc_sequence_foretell(&sequence, 0, nonce);
	memcpy(j0, nonce, sizeof nonce);
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, RECORD, &span), -EINVAL); /* of 8208 bytes */
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, RECORD, &span), 0);
	assert_int_equal(span.blocks, 256);
	assert_false(slu_dc_device_off(kit.provider->device));
	close_stream();
}

static void test_setting_largest(void **state)
{
	(void)state;
	kit.provider->settings.largest = 40000;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(3, RECORD);
	assert_int_equal(requests(40, RECORD), 20);
	assert_int_equal(dc_kit_counters(&kit).largest, 2 * RECORD * 16);
	assert_int_equal(requests(1, RECORD), 1);
	kit.provider->settings.largest = 1000;    /* not even one record */
	assert_int_equal(requests(1, RECORD), 0); /* it was there */
	assert_int_equal(record(RECORD), -EMSGSIZE);
	close_stream();
	kit.provider->settings.largest = 0;
}

/* Slots follow the sizes: longer records get what there is, or all anew when that is not half. */
static void test_sizes(void **state)
{
	(void)state;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(7, RECORD);
	assert_int_equal(requests(8, RECORD), 1);
	assert_int_equal(requests(8, 100), 1); /* as long as the longest of late */
	assert_int_equal(requests(8, 100), 1);
	assert_int_equal(dc_kit_counters(&kit).largest, 8 * RECORD * 16);
	assert_int_equal(requests(1, 100), 1);
	assert_int_equal(requests(1, 150), 0); /* two thirds of it are there */
	assert_int_equal(requests(1, RECORD), 1);
	close_stream();
}

/* Records that went another way are passed over, and their key stream with them. */
static void test_passed_over(void **state)
{
	struct slu_dc_span span;
	const uint8_t *area;

	(void)state;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(15, RECORD);
	assert_int_equal(slu_dc_keystream_record(ks, &sequence, RECORD, &span), 0);
	area = span.data;
	assert_int_not_equal(area[RECORD * 16 + 5], 0); /* the next one's */
	note(&sequence, SLU_DC_XORED, number++);
	note(&sequence, SLU_DC_XORED, number++);
	assert_int_equal(slu_dc_keystream_record(ks, &sequence, RECORD, &span), 0);
	assert_ptr_equal(span.data, area + 2 * RECORD * 16);
	for (size_t i = 0; i < 2 * RECORD * 16; i++)
		assert_int_equal(area[i], 0);
	slu_dc_keystream_drop(ks);
	for (size_t i = 0; i < 8 * RECORD * 16; i++)
		assert_int_equal(area[i], 0);
	close_stream();
}

/* A slot is given out once: the same nonce again is asked for again. */
static void test_once(void **state)
{
	struct slu_dc_span span;
	uint64_t before;

	(void)state;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(16, RECORD);
	before = dc_kit_counters(&kit).crypt;
	assert_int_equal(slu_dc_keystream_record(ks, &sequence, RECORD, &span), 0);
	assert_int_equal(slu_dc_keystream_record(ks, &sequence, RECORD, &span), 0);
	assert_int_equal(dc_kit_counters(&kit).crypt - before, 1);
	close_stream();
}

static size_t lockable = SIZE_MAX;
int __wrap_mlock(const void *at, size_t n);
int __real_mlock(const void *at, size_t n);

int __wrap_mlock(const void *at, size_t n)
{
	if (n <= lockable)
		return __real_mlock(at, n);
	errno = ENOMEM;
	return -1;
}

/* With little locked memory there is less ahead; without any, none. */
static void test_unlocked(void **state)
{
	(void)state;
	lockable = 70000;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	assert_int_equal(requests(7, RECORD), 3);
	assert_int_equal(requests(40, RECORD), 10);
	assert_int_equal(kit.lines, 1);
	assert_non_null(strstr(kit.log, "ulimit -l"));
	close_stream();
	lockable = 0;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(7, RECORD);
	assert_int_equal(requests(40, RECORD), 40);
	assert_int_equal(kit.lines, 1);
	close_stream();
	lockable = SIZE_MAX;
}

/* ---- the message at hand ---- */

/* inc32: the four last bytes wrap by themselves; and hardware whose counter carries no further than 16 or 32 bits never
 * has to. */
static void now_across(const uint8_t j0[16], enum slu_dc_algorithm algorithm, const char *faults)
{
	struct slu_dc_span span;
	size_t blocks = RECORD, at = 0;

	open_stream(faults, algorithm);
	slu_dc_counters(soft, j0, 0, blocks);
	assert_true(slu_dc_blocks_software(ecb, soft, blocks));
	while (at < blocks) {
		assert_int_equal(slu_dc_keystream_now(ks, j0, (uint32_t)at, blocks - at, &span), 0);
		assert_in_range(span.blocks, 1, blocks - at);
		assert_memory_equal(span.data, soft + at * 16, span.blocks * 16);
		slu_dc_keystream_used(ks);
		at += span.blocks;
	}
	assert_int_equal(dc_kit_counters(&kit).crypt, algorithm == SLU_DC_CTR ? 2 : 1);
	close_stream();
}

static void test_carries(void **state)
{
	static const uint8_t ends[][4] = {{0, 0, 0xff, 0xf0}, {0xff, 0xff, 0xff, 0xff}, {0x12, 0xff, 0xff, 0x00}};
	uint8_t j0[16];

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		dc_kit_fill(j0, sizeof j0, 77);
		memcpy(j0 + 12, ends[i], 4);
		now_across(j0, SLU_DC_ECB, "ecb-only");
		now_across(j0, SLU_DC_CTR, "ctr-only");
		now_across(j0, SLU_DC_CTR, "ctr-only ctr16");
		now_across(j0, SLU_DC_CTR, "ctr-only ctr32");
	}
}

/* What is refused once for its size is asked for in smaller pieces from then on. */
static void test_now_limited(void **state)
{
	struct slu_dc_span span;
	uint8_t j0[16] = {0};

	(void)state;
	open_stream("ecb-only largest=38016", SLU_DC_ECB);
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, 100000, &span), -EINVAL);
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, 100000, &span), 0);
	assert_int_equal(span.blocks, 2048);
	close_stream();
}

/* The last block of each request is looked at though nothing else is checked, unless checks are off. */
static void probed(enum slu_dc_algorithm algorithm, const char *faults)
{
	struct slu_dc_span span;
	uint8_t j0[16] = {0};

	kit.provider->settings.check_every = 1000;
	open_stream(faults, algorithm);
	dc_kit_fault(&kit, "wrong-above=64");
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, 4, &span), 0);
	assert_false(slu_dc_device_off(kit.provider->device));
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, 5, &span), -EBADMSG);
	assert_true(slu_dc_device_off(kit.provider->device));
	assert_int_equal(kit.lines, 1);
	assert_non_null(strstr(kit.log, "of 80 bytes, from byte 64 on"));
	close_stream();

	kit.provider->settings.check_every = 0;
	open_stream(faults, algorithm);
	dc_kit_fault(&kit, "wrong-above=64");
	assert_int_equal(slu_dc_keystream_now(ks, j0, 0, 5, &span), 0);
	close_stream();
}

static void test_probe(void **state)
{
	(void)state;
	probed(SLU_DC_ECB, "ecb-only");
	probed(SLU_DC_CTR, "ctr-only");

	kit.provider->settings.check_every = 1000;
	open_stream("ecb-only", SLU_DC_ECB);
	start_sequence();
	requests(1 + 2 + 4 + 8, RECORD);
	slu_dc_keystream_drop(ks);
	dc_kit_fault(&kit, "wrong-above=64");
	assert_int_equal(record(RECORD), -EBADMSG);
	assert_true(slu_dc_device_off(kit.provider->device));
	close_stream();
	kit.provider->settings.check_every = 0;
}

static int setup(void **state)
{
	(void)state;
	dc_kit_open(&kit);
	dc_kit_fill(key.key, key.length, 5);
	dc_kit_fill(first, sizeof first, 6);
	ecb = slu_dc_twin_new(kit.provider, SLU_DC_TWIN_AES_128_ECB);
	assert_non_null(ecb);
	assert_true(slu_dc_twin_init(ecb, true, key.key, NULL, NULL));
	EVP_CIPHER_CTX_set_padding(ecb, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_CIPHER_CTX_free(ecb);
	dc_kit_close(&kit);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foretelling),  cmocka_unit_test(test_wrong_guess),
		cmocka_unit_test(test_carry),        cmocka_unit_test(test_growth),
		cmocka_unit_test(test_limited),      cmocka_unit_test(test_wrong_above),
		cmocka_unit_test(test_wrong_again),  cmocka_unit_test(test_setting_largest),
		cmocka_unit_test(test_small_device), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_passed_over),  cmocka_unit_test(test_once),
		cmocka_unit_test(test_unlocked),     cmocka_unit_test(test_carries),
		cmocka_unit_test(test_now_limited),  cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
