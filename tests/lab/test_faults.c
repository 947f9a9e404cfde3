/* SPDX-License-Identifier: MIT */
/* Each fault does what its name says, and nothing beyond it. */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <time.h>

#include "base/bytes.h"

/* One block of ECB: 0 it is right, 1 it is wrong, or -errno. */
static int ecb(struct bench *b, uint32_t id)
{
	uint8_t out[16];
	int error = bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, nist_plain, out, 16);

	return error ? error : memcmp(out, nist_ecb, 16) != 0;
}

/* What n operations come to, one digit each: 0 right, 1 wrong, E an error, which is to be expected. */
static const char *run_of(struct bench *b, uint32_t id, int n, int expected)
{
	static char text[32];

	for (int i = 0; i < n; i++) {
		int result = ecb(b, id);

		if (result < 0)
			assert_int_equal(result, expected);
		text[i] = result < 0 ? 'E' : (char)('0' + result);
	}
	text[n] = '\0';
	return text;
}

static void refuses_what_is_no_fault(void **state)
{
	static const char *const bad[] = {
		"",
		"flop",
		"no-gcm=1",
		"largest",
		"largest=",
		"largest=x",
		"largest=-1",
		"largest=1-2",
		"wrong=3",
		"wrong=after:",
		"wrong=every:0",
		"wrong=at:0",
		"wrong-length",
		"wrong-length=9-8",
		"wrong-length=1-",
		"slow=99999999999999999999",
	};
	static const char *const good[] = {"no-gcm",         "flip",          "flip=31",
					   "wrong",          "wrong=after:0", "wrong=every:3",
					   "wrong-length=5", "largest=38016", "slow=off"};
	struct bench *b = *state;
	char error[200];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		error[0] = '\0';
		assert_int_equal(bench_try_fault(b, bad[i], error, sizeof error), -1);
		assert_string_not_equal(error, "");
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(bench_try_fault(b, good[i], error, sizeof error), 0);
}

static void lacks_algorithms(void **state)
{
	static const struct {
		const char *fault, *has;
	} cases[] = {
		{"none", "cbc ctr ecb gcm tls "},
		{"no-gcm", "cbc ctr ecb tls "},
		{"no-tls", "cbc ctr ecb gcm "},
		{"ecb-only", "ecb "},
		{"ctr-only", "ctr "},
		{"cbc-only", "cbc tls "},
	};
	static const struct {
		const char *name;
		uint32_t cipher, mac;
	} kinds[] = {{"cbc ", SLU_DC_AES_CBC, 0},
		     {"ctr ", SLU_DC_AES_CTR, 0},
		     {"ecb ", SLU_DC_AES_ECB, 0},
		     {"gcm ", SLU_DC_AES_GCM, 0},
		     {"tls ", SLU_DC_AES_CBC, SLU_DC_SHA1_HMAC}};
	struct bench *b = *state;
	uint32_t id;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char has[64] = "";

		bench_fault(b, "none");
		bench_fault(b, cases[i].fault);
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			int error = bench_try_session(b, kinds[k].cipher, kinds[k].mac, nist_key, &id);

			assert_true(error == 0 || error == -EINVAL);
			if (!error)
				strcat(has, kinds[k].name);
		}
		assert_string_equal(has, cases[i].has);
	}
}

static void serves_32_bit_programs_no_authcrypt(void **state)
{
	struct bench *b = *state;
	uint32_t gcm = bench_session(b, SLU_DC_AES_GCM, 0, gcm_key),
		 tls = bench_session(b, SLU_DC_AES_CBC, SLU_DC_SHA1_HMAC, nist_key);
	uint8_t out[76];

	bench_fault(b, "no-authcrypt");
	assert_int_equal(bench_gcm(b, gcm, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), -EINVAL);
	assert_int_equal(bench_tls(b, tls, SLU_DC_ENCRYPT, out, 16), -EINVAL);
	assert_int_equal(ecb(b, bench_session(b, SLU_DC_AES_ECB, 0, nist_key)), 0);
	bench_fault(b, "no-authcrypt=off");
	assert_int_equal(bench_gcm(b, gcm, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), 0);
}

static void flips_one_bit_of_each_result(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_CBC, 0, nist_key);
	uint8_t out[76];

	bench_fault(b, "flip");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, nist_cbc_iv, nist_plain, out, 32), 0);
		assert_int_equal(out[0], nist_cbc[0] ^ 1);
		assert_memory_equal(out + 1, nist_cbc + 1, 31);
	}
	bench_fault(b, "flip=63"); /* the tag's */
	id = bench_session(b, SLU_DC_AES_GCM, 0, gcm_key);
	assert_int_equal(bench_gcm(b, id, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), 0);
	assert_int_equal(out[63], gcm_sealed[63] ^ 1);
	out[63] ^= 1;
	assert_memory_equal(out, gcm_sealed, 76);
	assert_int_equal(bench_counters(b).faulty, 4);
}

static void strikes_when_it_is_told_to(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);

	bench_fault(b, "wrong");
	assert_string_equal(run_of(b, id, 3, 0), "111");
	bench_fault(b, "wrong=after:2");
	assert_string_equal(run_of(b, id, 5, 0), "00111");
	bench_fault(b, "wrong=every:3");
	assert_string_equal(run_of(b, id, 7, 0), "0010010");
	bench_fault(b, "wrong=at:2");
	assert_string_equal(run_of(b, id, 5, 0), "01000");
	bench_fault(b, "wrong=off");
	assert_string_equal(run_of(b, id, 3, 0), "000");
}

static void answers_with_errors(void **state)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {{"eio", -EIO}, {"enospc", -ENOSPC}, {"einval", -EINVAL}};
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);
	char spec[32];

	for (size_t i = 0; i < 3; i++) {
		bench_fault(b, "none");
		bench_fault(b, errors[i].name);
		assert_string_equal(run_of(b, id, 2, errors[i].error), "EE");
		snprintf(spec, sizeof spec, "%s=every:2", errors[i].name);
		bench_fault(b, spec);
		bench_fault(b, "wrong=after:3");
		assert_string_equal(run_of(b, id, 6, errors[i].error), "0E0E1E");
	}
	assert_int_equal(bench_counters(b).crypt, 9);
	assert_int_equal(bench_counters(b).errors, 15);
}

static void fails_at_lengths_and_alignments(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);
	uint8_t zeros[288] = {0}, right[288], out[288];
	alignas(64) uint8_t area[128];

	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, right, 288), 0);
	bench_fault(b, "wrong-length=240-255"); /* AM6x SA2UL's */
	for (size_t n = 16; n <= 288; n += 16) {
		assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, out, n), 0);
		assert_int_equal(memcmp(out, right, n) != 0, n == 240);
	}
	bench_fault(b, "none");
	bench_fault(b, "wrong-align=1-15");
	for (size_t at = 0; at < 64; at++) {
		assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, area + at, 16), 0);
		assert_int_equal(memcmp(area + at, right, 16) != 0, at >= 1 && at <= 15);
	}
}

static void has_a_largest_request(void **state)
{
	static uint8_t zeros[200000], right[200000], out[200000];
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);

	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, right, sizeof zeros), 0);
	bench_fault(b, "largest=38016");
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, out, 38016), 0);
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, out, 38032), -EINVAL);
	bench_fault(b, "none");
	bench_fault(b, "wrong-above=65536");
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, out, 65536), 0);
	assert_memory_equal(out, right, 65536);
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, out, 65552), 0);
	assert_memory_not_equal(out, right, 65552);
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, NULL, zeros, out, sizeof out), 0);
	assert_memory_equal(out, right, sizeof out - 1);
	assert_int_equal(bench_counters(b).largest, sizeof out);
}

/* CTR over zeros, four blocks from a counter whose last bytes are low: the key stream. */
static void key_stream(struct bench *b, uint32_t id, uint32_t high, uint32_t low, uint8_t out[64])
{
	static const uint8_t zeros[64];
	uint8_t iv[16] = {0};

	slu_put_be32(iv + 8, high);
	slu_put_be32(iv + 12, low);
	assert_int_equal(bench_crypt(b, id, SLU_DC_ENCRYPT, iv, zeros, out, 64), 0);
}

static void carries_counters_too_short(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_CTR, 0, nist_key);
	uint8_t at_wrap[64], after[64], from[64];

	key_stream(b, id, 7, 0x0001fffe, at_wrap);
	key_stream(b, id, 7, 0x00020000, after);
	assert_memory_equal(at_wrap + 32, after, 32);
	bench_fault(b, "ctr16");
	key_stream(b, id, 7, 0x00010000, after); /* where sixteen bits lead to */
	key_stream(b, id, 7, 0x0001fffe, from);
	assert_memory_equal(from, at_wrap, 32);
	assert_memory_equal(from + 32, after, 32);
	bench_fault(b, "none");
	key_stream(b, id, 7, 0xfffffffe, at_wrap);
	key_stream(b, id, 8, 0, after);
	assert_memory_equal(at_wrap + 32, after, 32);
	bench_fault(b, "ctr32");
	key_stream(b, id, 7, 0, after);
	key_stream(b, id, 7, 0xfffffffe, from);
	assert_memory_equal(from, at_wrap, 32);
	assert_memory_equal(from + 32, after, 32);
	key_stream(b, id, 7, 0x0001fffe, from);
	key_stream(b, id, 7, 0x00020000, after);
	assert_memory_equal(from + 32, after, 32);
}

static void leaks_state(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_GCM, 0, gcm_key), one, two;
	uint8_t out[76];

	bench_fault(b, "leak-aad");
	assert_int_equal(bench_gcm(b, id, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), 0);
	assert_memory_equal(out, gcm_sealed, 76);
	assert_int_equal(bench_gcm(b, id, SLU_DC_ENCRYPT, 0, gcm_plain, out, 60), 0);
	assert_int_equal(bench_gcm(b, id, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), 0);
	assert_memory_equal(out, gcm_sealed, 60);
	assert_memory_not_equal(out + 60, gcm_sealed + 60, 16);
	bench_fault(b, "none");
	one = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);
	two = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);
	assert_string_equal(run_of(b, one, 2, 0), "00");
	bench_fault(b, "leak-session");
	assert_string_equal(run_of(b, one, 2, 0), "00");
	assert_string_equal(run_of(b, two, 2, 0), "10");
	assert_string_equal(run_of(b, one, 2, 0), "10");
}

static void vanishes(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key), other;

	bench_fault(b, "vanish=at:3");
	assert_string_equal(run_of(b, id, 5, -ENODEV), "00EEE");
	assert_int_equal(bench_try_session(b, SLU_DC_AES_ECB, 0, nist_key, &other), -ENODEV);
	assert_int_equal(bench_open(b), -ENODEV);
	bench_fault(b, "none");
	assert_string_equal(run_of(b, id, 1, 0), "0");
}

static void calls_itself_software(void **state)
{
	struct bench *b = *state;
	struct slu_dc_session_info info = {.ses = bench_session(b, SLU_DC_AES_ECB, 0, nist_key)};

	bench_fault(b, "unflagged");
	assert_int_equal(bench_call(b, SLU_DC_CIOCGSESSINFO, &info), 0);
	assert_int_equal(info.flags, 0);
}

struct stuck {
	struct bench *bench;
	uint32_t id;
	uint8_t buffer[64];
	int result;
};

static void *stuck_run(void *arg)
{
	struct stuck *s = arg;
	struct slu_dc_crypt_op op = {.ses = s->id, .len = 32, .src = s->buffer, .dst = s->buffer};

	s->result = bench_call(s->bench, SLU_DC_CIOCCRYPT, &op);
	return NULL;
}

static void hangs_until_released(void **state)
{
	struct bench *b = *state, second = *b;
	struct stuck s = {.bench = b, .id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key)};
	uint8_t zeros[64] = {0};
	pthread_t thread;
	uint32_t other;

	second.fd = bench_open(b);
	other = bench_session(&second, SLU_DC_AES_ECB, 0, nist_key);
	bench_fault(b, "hang=at:2");
	assert_int_equal(ecb(b, s.id), 0);
	assert_int_equal(pthread_create(&thread, NULL, stuck_run, &s), 0);
	bench_wait_hanging(b, 1);
	assert_int_equal(ecb(&second, other), 0); /* others are served */
	/* The operation keeps its file and session. */
	b->kernel->close(b->kernel->user, b->fd);
	assert_int_equal(bench_counters(b).open_now, 2);
	assert_int_equal(bench_counters(b).sessions_now, 2);
	bench_release(b);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(s.result, -EIO);
	assert_memory_equal(s.buffer, zeros, 64);
	assert_int_equal(bench_counters(b).hanging, 0);
	assert_int_equal(bench_counters(b).hung, 1);
	bench_wait_open(b, 1);
	*b = second;
}

static void writes_late(void **state)
{
	struct bench *b = *state;
	uint8_t expected[64] = {0};

	memset(expected, 0xa5, 32);
	for (int timed = 0; timed < 2; timed++) {
		struct stuck s = {.bench = b, .id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key)};
		pthread_t thread;

		bench_fault(b, "hang");
		bench_fault(b, timed ? "late-write=1" : "late-write");
		assert_int_equal(pthread_create(&thread, NULL, stuck_run, &s), 0);
		bench_wait_hanging(b, 1);
		while (timed && bench_counters(b).late_writes < 2)
			assert_int_equal(bench_counters(b).hanging, 1);
		bench_release(b);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(s.result, -EIO);
		assert_memory_equal(s.buffer, expected, 64);
		assert_int_equal(bench_counters(b).late_writes, timed + 1);
	}
}

static void takes_its_time(void **state)
{
	struct bench *b = *state;
	uint32_t id = bench_session(b, SLU_DC_AES_ECB, 0, nist_key);
	struct timespec before, after;

	bench_fault(b, "slow=20");
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(ecb(b, id), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 19);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_what_is_no_fault),
		TEST(lacks_algorithms),
		TEST(serves_32_bit_programs_no_authcrypt),
		TEST(flips_one_bit_of_each_result),
		TEST(strikes_when_it_is_told_to),
		TEST(answers_with_errors),
		TEST(fails_at_lengths_and_alignments),
		TEST(has_a_largest_request),
		TEST(carries_counters_too_short),
		TEST(leaks_state),
		TEST(vanishes),
		TEST(calls_itself_software),
		TEST(hangs_until_released),
		TEST(writes_late),
		TEST(takes_its_time),
	};

	return cmocka_run_group_tests_name("lab faults", tests, NULL, NULL);
}
