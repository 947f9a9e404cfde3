/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "index_kit.h"
#include "server/vod_index.h"

static const struct vod_entry entries[] = {{0, 100}, {2.0, 2000}, {4.1, 4000}, {6.0331, 6000}};

/* Exactly n bytes of heap, so that a sanitizer sees a read beyond them. */
static uint64_t find(const uint8_t *body, size_t n, uint32_t ms)
{
	uint8_t *copy = malloc(n ? n : 1);
	uint64_t at;

	assert_non_null(copy);
	memcpy(copy, body, n);
	at = slu_vod_index_find(copy, n, ms, 0);
	free(copy);
	return at;
}

/* A script tag's body that a foreign program has written. */
static size_t read_vector(const char *program, uint8_t *out, size_t size)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-keyframes.amf0", getenv("SLU_TEST_VECTORS"), program);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

/* Of one and the same clip, with a key frame each two seconds, and before it metadata of different lengths. */
static void reads_what_others_write(void **state)
{
	static const struct {
		const char *program;
		uint64_t first;
	} programs[] = {{"yamdi", 817}, {"ffmpeg", 768}, {"flvmeta", 859}};
	static const uint64_t places[] = {0, 105267, 213496, 311919, 415629};
	uint8_t body[1024];

	(void)state;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		size_t n = read_vector(programs[i].program, body, sizeof body);

		for (uint32_t ms = 0; ms < 9960; ms += 20)
			assert_int_equal(find(body, n, ms), programs[i].first + places[ms / 2000]);
	}
}

static void tells_of_configurations(void **state)
{
	uint64_t told[3] = {0};
	uint8_t body[1024];
	size_t n = sizeof body;

	(void)state;
	vod_metadata(body, &n, entries, 4);
	assert_int_equal(slu_vod_index_configs(body, n, told, 3), 0);
	memcpy(vod_told, (const double[]){700, -1, 900, 1000}, sizeof vod_told);
	vod_ntold = 4;
	n = sizeof body;
	vod_metadata(body, &n, entries, 4);
	vod_ntold = 0;
	assert_int_equal(slu_vod_index_configs(body, n, told, 3), 3);
	assert_int_equal(told[0], 700);
	assert_int_equal(told[1], 0);
	assert_int_equal(told[2], 900);
}

static void goes_back(void **state)
{
	uint8_t body[1024];
	size_t n = sizeof body;

	(void)state;
	vod_metadata(body, &n, entries, 4);
	assert_int_equal(slu_vod_index_find(body, n, 5000, 1), 2000);
	assert_int_equal(slu_vod_index_find(body, n, 5000, 2), 100);
	assert_int_equal(slu_vod_index_find(body, n, 5000, 3), 0);
	assert_int_equal(slu_vod_index_find(body, n, 5000, UINT32_MAX), 0);
}

static void finds_the_last_up_to_the_time(void **state)
{
	static const uint32_t asked[] = {0, 1, 1999, 2000, 4099, 4100, 6032, 6033, UINT32_MAX};
	static const uint64_t wanted[] = {100, 100, 100, 2000, 2000, 4000, 4000, 6000, 6000};
	uint8_t body[1024];
	size_t n = sizeof body;

	(void)state;
	vod_metadata(body, &n, entries, 4);
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		assert_int_equal(find(body, n, asked[i]), wanted[i]);
}

static void knows_nothing(void **state)
{
	uint8_t body[1024];
	size_t n = sizeof body;

	(void)state;
	vod_metadata(body, &n, entries + 1, 3);
	assert_int_equal(find(body, n, 1999), 0); /* before its first */
	n = sizeof body;
	vod_metadata(body, &n, NULL, 0);
	assert_int_equal(find(body, n, 5000), 0);
	assert_int_equal(find((const uint8_t *)"\x02\0\x0aonMetaData\x08\0\0\0\0\0\0\x09", 21, 5000), 0);
	assert_int_equal(find((const uint8_t *)"\x02\0\x0aonMetaData\x05", 14, 5000), 0);
	assert_int_equal(find((const uint8_t *)"\x05", 1, 5000), 0);
}

/* Cut anywhere, it knows as much as before, or nothing. */
static void survives_a_cut(void **state)
{
	uint8_t body[1024];
	size_t n = sizeof body;

	(void)state;
	vod_metadata(body, &n, entries, 4);
	for (size_t cut = 0; cut < n; cut++) {
		uint64_t at = find(body, cut, 4500);

		assert_true(at == 0 || at == 4000);
	}
}

static void no_position_is_beyond_belief(void **state)
{
	const double bad[] = {-1, 0, NAN, INFINITY, 1e300};
	uint8_t body[1024];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct vod_entry e[] = {{1, bad[i]}};
		size_t n = sizeof body;

		vod_metadata(body, &n, e, 1);
		assert_int_equal(find(body, n, 5000), 0);
		e[0] = (struct vod_entry){NAN, 100};
		n = sizeof body;
		vod_metadata(body, &n, e, 1);
		assert_int_equal(find(body, n, 5000), 0);
	}
}

/* Arrays of different lengths, of what is no number, and with a count beyond all. */
static void broken_arrays(void **state)
{
	static const char head[] = "\x02\0\x0aonMetaData\x03\0\x09keyframes\x03";
	static const struct {
		const char *rest;
		size_t n;
		uint64_t at;
	} cases[] = {
#define REST(bytes, at) {bytes, sizeof bytes - 1, at}
		REST("\0\x05times\x0a\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		     "\0\x0d"
		     "filepositions\x0a\0\0\0\1\0\x40\x59\0\0\0\0\0\0\0\0\x09",
		     100),
		REST("\0\x0d"
		     "filepositions\x0a\0\0\0\1\0\x40\x59\0\0\0\0\0\0"
		     "\0\x05times\x0a\0\0\0\1\1\0\0\0\0\0\0\0\0\0\0\x09",
		     100),
		REST("\0\x0d"
		     "filepositions\x0a\0\0\0\1\1\x40\x59\0\0\0\0\0\0"
		     "\0\x05times\x0a\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\x09",
		     0),
		REST("\0\x0d"
		     "filepositions\x0a\xff\xff\xff\xff\0\x40\x59\0\0\0\0\0\0"
		     "\0\x05times\x0a\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\x09",
		     0),
		REST("\0\x0d"
		     "filepositions\x02\0\1x\0\x05times\x05\0\0\x09",
		     0),
	};
	uint8_t body[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memcpy(body, head, sizeof head - 1);
		memcpy(body + sizeof head - 1, cases[i].rest, cases[i].n);
		assert_int_equal(find(body, sizeof head - 1 + cases[i].n, 5000), cases[i].at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_others_write),
		cmocka_unit_test(goes_back),
		cmocka_unit_test(tells_of_configurations),
		cmocka_unit_test(finds_the_last_up_to_the_time),
		cmocka_unit_test(knows_nothing),
		cmocka_unit_test(survives_a_cut),
		cmocka_unit_test(no_position_is_beyond_belief),
		cmocka_unit_test(broken_arrays),
	};

	return cmocka_run_group_tests_name("vod_index", tests, NULL, NULL);
}
