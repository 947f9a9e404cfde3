/* SPDX-License-Identifier: MIT */
/* Players and their hashes. The hashes are those that Python's hmac gives; tests/interop/test_player.py compares others
 * with librtmp's own. */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "crypto/inflate.h"
#include "crypto/swf.h"

/* "FWS" 10, length 20, and "hello player": as it is, and by zlib. */
static const uint8_t plain[] = "FWS\x0a\x14\0\0\0hello player";
static const uint8_t packed[] = "CWS\x0a\x14\0\0\0"
				"\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\x28\xc8\x49\xac\x4c\x2d\x02\x00\x1e\x86\x04\xc2";
static const char wanted[] = "222e47dc25779e99670f219b7f64f0997e58b7df782a18d076b3fbeef0faf195";

static void check(struct slu_swf *s)
{
	uint8_t hash[SLU_SWF_HASH];
	char text[2 * SLU_SWF_HASH + 1];
	uint32_t size;

	assert_int_equal(slu_swf_end(s, hash, &size), 0);
	assert_string_equal(slu_swf_error(s), "");
	assert_int_equal(size, sizeof plain - 1);
	for (size_t i = 0; i < SLU_SWF_HASH; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(text, wanted);
	slu_swf_free(s);
}

static void feed(struct slu_swf *s, const uint8_t *data, size_t n, size_t piece)
{
	assert_non_null(s);
	for (size_t at = 0; at < n; at += piece)
		assert_int_equal(slu_swf_in(s, data + at, n - at < piece ? n - at : piece), 0);
}

static void hashes(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 30; piece++) {
		struct slu_swf *s = slu_swf_new();

		feed(s, plain, sizeof plain - 1, piece);
		check(s);
	}
}

static void hashes_what_is_compressed(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		struct slu_swf *s = slu_swf_new();

		feed(s, packed, sizeof packed - 1, piece);
		feed(s, (const uint8_t *)"what follows is nobody's", 24, piece);
		check(s);
	}
}

static void refused(const void *data, size_t n, int err, const char *part)
{
	struct slu_swf *s = slu_swf_new();
	uint8_t hash[SLU_SWF_HASH];
	uint32_t size;
	int r;

	assert_non_null(s);
	r = slu_swf_in(s, data, n);
	if (!r)
		r = slu_swf_end(s, hash, &size);
	assert_int_equal(r, err);
	if (!strstr(slu_swf_error(s), part))
		fail_msg("\"%s\" lacks \"%s\"", slu_swf_error(s), part);
	assert_int_equal(slu_swf_in(s, plain, sizeof plain - 1), err);
	assert_int_equal(slu_swf_end(s, hash, &size), err);
	slu_swf_free(s);
}

static void refuses(void **state)
{
	(void)state;
	refused("", 0, SLU_ERR_INVALID, "fewer than 8");
	refused("FWS\x0a\0\0\0", 7, SLU_ERR_INVALID, "fewer than 8");
	refused("GIF89a\0\0", 8, SLU_ERR_INVALID, "neither FWS nor CWS");
	refused("ZWS\x0d\0\0\0\0more", 12, SLU_ERR_INVALID, "ZWS");
	if (!slu_inflate_there()) {
		refused(packed, sizeof packed - 1, SLU_ERR_INVALID, "no zlib");
		return;
	}
	for (size_t n = 8; n < sizeof packed - 1; n++)
		refused(packed, n, SLU_ERR_INVALID, "is cut off");
	refused("CWS\x0a\0\0\0\0no zlib", 15, SLU_ERR_INVALID, "damaged");
}

static void is_bounded(void **state)
{
	static const uint8_t zeros[1 << 20];
	struct slu_swf *s = slu_swf_new();

	(void)state;
	feed(s, plain, 8, 8);
	for (int i = 0; i < 63; i++)
		assert_int_equal(slu_swf_in(s, zeros, sizeof zeros), 0);
	assert_int_equal(slu_swf_in(s, zeros, sizeof zeros - 8), 0); /* 64 MiB, all told */
	assert_int_equal(slu_swf_in(s, zeros, 1), SLU_ERR_LIMIT);
	assert_non_null(strstr(slu_swf_error(s), "64 MiB"));
	slu_swf_free(s);
}

/* OpenSSL's and zlib's own allocations are theirs. */
static void out_of_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 0; failed; n++) {
		struct slu_swf *s;
		int r = SLU_ERR_NOMEM;

		alloc_fail_at(n);
		s = slu_swf_new();
		if (s)
			r = slu_swf_in(s, packed, sizeof packed - 1);
		failed = alloc_fail_end();
		assert_int_equal(r, failed ? SLU_ERR_NOMEM : 0);
		assert_true(!s || !failed || strstr(slu_swf_error(s), "out of memory"));
		assert_true(failed || n == 2);
		slu_swf_free(s);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),        cmocka_unit_test(hashes_what_is_compressed),
		cmocka_unit_test(refuses),       cmocka_unit_test(is_bounded),
		cmocka_unit_test(out_of_memory),
	};

	if (!slu_inflate_there()) {
		LEAVE_OUT(tests, hashes_what_is_compressed, "this build has no zlib");
		LEAVE_OUT(tests, out_of_memory, "this build has no zlib");
	}
	return cmocka_run_group_tests_name("swf", tests, NULL, NULL);
}
