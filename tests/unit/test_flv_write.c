/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>
#include <sluice/flv.h>

static void writes_the_header(void **state)
{
	static const uint8_t both[] = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0};
	uint8_t out[SLU_FLV_HEADER_SIZE];

	(void)state;
	slu_flv_write_header(out, true, true);
	assert_memory_equal(out, both, sizeof both);
	slu_flv_write_header(out, true, false);
	assert_int_equal(out[4], 4);
	slu_flv_write_header(out, false, true);
	assert_int_equal(out[4], 1);
}

static void writes_a_tag_header(void **state)
{
	static const uint8_t want[] = {9, 0xab, 0xcd, 0xef, 0xad, 0xbe, 0xef, 0xde, 0, 0, 0};
	struct slu_flv_tag tag = {.type = 9, .timestamp = 0xdeadbeef, .size = 0xabcdef};
	uint8_t out[SLU_FLV_TAG_HEADER_SIZE], prev[4];

	(void)state;
	assert_int_equal(slu_flv_write_tag_header(out, &tag), 0);
	assert_memory_equal(out, want, sizeof want);
	slu_flv_write_prev_size(prev, &tag);
	assert_memory_equal(prev, "\x00\xab\xcd\xfa", 4);
}

static void refuses_what_cannot_be_written(void **state)
{
	struct slu_flv_tag tag = {.type = 7, .size = 1};
	uint8_t out[SLU_FLV_TAG_HEADER_SIZE] = {0xee};

	(void)state;
	assert_int_equal(slu_flv_write_tag_header(out, &tag), SLU_ERR_INVALID);
	tag.type = 8;
	tag.size = SLU_FLV_MAX_BODY + 1;
	assert_int_equal(slu_flv_write_tag_header(out, &tag), SLU_ERR_INVALID);
	assert_int_equal(out[0], 0xee);
	tag.size = SLU_FLV_MAX_BODY;
	assert_int_equal(slu_flv_write_tag_header(out, &tag), 0);
}

/* A foreign writer's file, read and written again, is the same to the last byte. */
static void rewrites(const char *name)
{
	static uint8_t data[16384], out[16384];
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	size_t size, used, from = 0, to = SLU_FLV_HEADER_SIZE;
	char path[1024];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", getenv("SLU_TEST_VECTORS"), name);
	f = fopen(path, "rb");
	assert_non_null(f);
	size = fread(data, 1, sizeof data, f);
	fclose(f);
	slu_flv_write_header(out, true, true);
	slu_flv_reader_init(&r);
	while (slu_flv_read(&r, data + from, size - from, &used, &tag) == 1) {
		assert_int_equal(slu_flv_write_tag_header(out + to, &tag), 0);
		memcpy(out + to + SLU_FLV_TAG_HEADER_SIZE, tag.body, tag.size);
		to += SLU_FLV_TAG_HEADER_SIZE + tag.size;
		slu_flv_write_prev_size(out + to, &tag);
		to += 4;
		from += used;
	}
	assert_int_equal(to, size);
	assert_memory_equal(out, data, size);
}

static void rewrites_ffmpeg(void **state)
{
	(void)state;
	rewrites("ffmpeg.flv");
}

static void rewrites_gstreamer(void **state)
{
	(void)state;
	rewrites("gstreamer.flv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_header),
		cmocka_unit_test(writes_a_tag_header),
		cmocka_unit_test(refuses_what_cannot_be_written),
		cmocka_unit_test(rewrites_ffmpeg),
		cmocka_unit_test(rewrites_gstreamer),
	};

	return cmocka_run_group_tests_name("flv_write", tests, NULL, NULL);
}
