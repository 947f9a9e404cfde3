/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"

enum { MAX_TAGS = 32 };

/* What a reading of a whole stream yields: bodies are hashed, for they do not stay where they were. */
struct seen {
	struct {
		uint8_t type;
		uint32_t timestamp;
		size_t size;
		uint32_t hash;
	} tag[MAX_TAGS];
	size_t n;
	int err;
	int end;
};

static uint32_t hash(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static void see(struct seen *s, const struct slu_flv_tag *tag)
{
	assert_true(s->n < MAX_TAGS);
	s->tag[s->n].type = tag->type;
	s->tag[s->n].timestamp = tag->timestamp;
	s->tag[s->n].size = tag->size;
	s->tag[s->n].hash = hash(tag->body, tag->size);
	s->n++;
}

/* Reads data as it arrives in pieces: each as long as pieces says, 0: all at once, negative: of random lengths. What
 * is unread lies in storage of exactly its size, so that a sanitizer sees a read beyond it. */
static struct slu_flv_reader read_in(const uint8_t *data, size_t n, int pieces, uint32_t seed, struct seen *out)
{
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	size_t from = 0, to = 0, used;

	memset(out, 0, sizeof *out);
	slu_flv_reader_init(&r);
	do {
		uint8_t *copy;
		size_t more = pieces ? (pieces > 0 ? (size_t)pieces : 1 + test_rand(&seed) % 40) : n;

		to = more < n - to ? to + more : n;
		do {
			copy = malloc(to - from + 1);
			assert_non_null(copy);
			memcpy(copy + 1, data + from, to - from);
			out->err = slu_flv_read(&r, copy + 1, to - from, &used, &tag);
			assert_true(used <= to - from);
			if (out->err == 1)
				see(out, &tag);
			else if (out->err == 0)
				assert_true(r.need > to - from - used);
			free(copy);
			from += used;
			assert_int_equal(r.offset, from);
		} while (out->err == 1);
	} while (to < n && out->err == 0);
	out->end = slu_flv_reader_end(&r, to - from);
	return r;
}

/* All splits of a stream must give the same. */
static struct slu_flv_reader read_all(const uint8_t *data, size_t n, struct seen *whole)
{
	struct slu_flv_reader r = read_in(data, n, 0, 1, whole), other;
	struct seen split;

	for (int i = -20; i <= 20; i++) {
		other = read_in(data, n, i, (uint32_t)(i + 100), &split);
		assert_int_equal(split.n, whole->n);
		assert_memory_equal(split.tag, whole->tag, whole->n * sizeof whole->tag[0]);
		assert_int_equal(split.err, whole->err);
		assert_int_equal(split.end, whole->end);
		assert_int_equal(other.skipped, r.skipped);
		assert_int_equal(other.wrong_prev_size, r.wrong_prev_size);
		assert_string_equal(slu_flv_error(&other), slu_flv_error(&r));
	}
	return r;
}

/* A stream under construction. */
struct stream {
	uint8_t b[4096];
	size_t n;
};

static void bytes(struct stream *s, const void *data, size_t n)
{
	assert_true(s->n + n <= sizeof s->b);
	memcpy(s->b + s->n, data, n);
	s->n += n;
}

static void header(struct stream *s, uint8_t flags, size_t extra)
{
	uint8_t h[] = {'F', 'L', 'V', 1, flags, 0, 0, 0, (uint8_t)(9 + extra), 0, 0, 0, 0, 0, 0, 0, 0};

	assert_true(extra <= 4);
	s->n = 0;
	bytes(s, h, 13 + extra);
}

static void tag_as(struct stream *s, uint8_t first, uint32_t timestamp, size_t size, uint32_t prev_size)
{
	uint8_t h[11] = {first}, body[512], p[4];

	assert_true(size <= sizeof body);
	slu_put_be24(h + 1, (uint32_t)size);
	slu_put_be24(h + 4, timestamp & 0xffffff);
	h[7] = (uint8_t)(timestamp >> 24);
	bytes(s, h, sizeof h);
	memset(body, first, sizeof body);
	bytes(s, body, size);
	slu_put_be32(p, prev_size);
	bytes(s, p, sizeof p);
}

static void tag(struct stream *s, uint8_t first, uint32_t timestamp, size_t size)
{
	tag_as(s, first, timestamp, size, (uint32_t)size + 11);
}

static void reads_tags(void **state)
{
	struct stream s;
	struct seen seen;
	struct slu_flv_reader r;

	(void)state;
	header(&s, 5, 0);
	tag(&s, 18, 0, 30);
	tag(&s, 9, 0xfffffffe, 300);
	tag(&s, 8, 0x01000000, 0);
	r = read_all(s.b, s.n, &seen);
	assert_int_equal(seen.err, 0);
	assert_int_equal(seen.end, 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.tag[0].type, 18);
	assert_int_equal(seen.tag[1].timestamp, 0xfffffffe);
	assert_int_equal(seen.tag[1].size, 300);
	assert_int_equal(seen.tag[2].timestamp, 0x01000000);
	assert_int_equal(seen.tag[2].size, 0);
	assert_int_equal(r.tags, 3);
	assert_int_equal(r.wrong_prev_size, 0);
	assert_true(r.has_audio && r.has_video);
}

static void returns_a_tag_before_its_prev_size_is_there(void **state)
{
	struct stream s;
	struct seen seen;

	(void)state;
	header(&s, 4, 0);
	tag(&s, 8, 0, 10);
	for (size_t missing = 1; missing <= 4; missing++) {
		read_all(s.b, s.n - missing, &seen);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.end, 0);
	}
}

static void leaves_bodies_where_they_are(void **state)
{
	struct slu_flv_reader r;
	struct slu_flv_tag t;
	struct stream s;
	size_t used;

	(void)state;
	header(&s, 1, 0);
	tag(&s, 9, 7, 20);
	slu_flv_reader_init(&r);
	assert_int_equal(slu_flv_read(&r, s.b, s.n, &used, &t), 1);
	assert_ptr_equal(t.body, s.b + 13 + 11);
	assert_int_equal(used, 13 + 11 + 20);
}

static void asks_for_what_is_missing(void **state)
{
	struct slu_flv_reader r;
	struct slu_flv_tag t;
	struct stream s;
	size_t used;

	(void)state;
	header(&s, 1, 0);
	tag(&s, 9, 7, 300);
	slu_flv_reader_init(&r);
	assert_int_equal(r.need, 9);
	assert_int_equal(slu_flv_read(&r, s.b, 5, &used, &t), 0);
	assert_int_equal(r.need, 9);
	assert_int_equal(slu_flv_read(&r, s.b, 13, &used, &t), 0);
	assert_int_equal(used, 13);
	assert_int_equal(r.need, 11);
	assert_int_equal(slu_flv_read(&r, s.b + 13, 100, &used, &t), 0);
	assert_int_equal(used, 0);
	assert_int_equal(r.need, 311);
	assert_int_equal(slu_flv_read(&r, s.b + 13, 311, &used, &t), 1);
}

static void skips_unknown_and_encrypted_tags(void **state)
{
	struct stream s;
	struct seen seen;
	struct slu_flv_reader r;

	(void)state;
	header(&s, 5, 4);
	tag(&s, 7, 0, 50);
	tag(&s, 9 | 0x20, 0, 70);
	tag(&s, 9, 40, 5);
	r = read_all(s.b, s.n, &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.tag[0].timestamp, 40);
	assert_int_equal(r.skipped, 2);
	assert_int_equal(r.wrong_prev_size, 0);
	assert_int_equal(seen.end, 0);
	/* Cut off in a skipped tag. */
	read_all(s.b, 17 + 11 + 20, &seen);
	assert_int_equal(seen.end, SLU_ERR_FLV);
}

static void counts_wrong_prev_sizes(void **state)
{
	struct stream s;
	struct seen seen;
	struct slu_flv_reader r;

	(void)state;
	header(&s, 5, 0);
	tag_as(&s, 9, 0, 5, 0);
	tag_as(&s, 8, 0, 5, 5);
	tag(&s, 9, 0, 5);
	r = read_all(s.b, s.n, &seen);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.err, 0);
	assert_int_equal(r.wrong_prev_size, 2);
}

static void refuses_noise(void **state)
{
	struct stream s;
	struct seen seen;
	struct slu_flv_reader r;

	(void)state;
	header(&s, 5, 0);
	tag(&s, 9, 0, 5);
	tag(&s, 9 | 0x40, 0, 5);
	r = read_all(s.b, s.n, &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.err, SLU_ERR_FLV);
	assert_int_equal(seen.end, SLU_ERR_FLV);
	assert_non_null(strstr(slu_flv_error(&r), "corrupt at byte 33, after 1 good tags"));
	/* A damaged length: the reader looks into the middle of a body. */
	header(&s, 5, 0);
	tag(&s, 9, 0, 100);
	tag(&s, 7, 0, 100);
	s.b[13 + 3] = 50;
	r = read_all(s.b, s.n, &seen);
	assert_int_equal(seen.err, SLU_ERR_FLV);
	assert_int_equal(r.wrong_prev_size, 1);
}

static void refuses_what_is_no_flv(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *error;
	} bad[] = {
		{"", 0, "the input is empty"},
		{"FL", 2, "cut off in its header, after 2 bytes"},
		{"FLV\1\5\0\0\0", 8, "cut off in its header, after 8 bytes"},
		{"F4V\1\5\0\0\0\11\0\0\0\0", 13, "not an FLV"},
		{"\0\0\0\x18"
		 "ftypmp42",
		 12, "not an FLV"},
		{"FLV\1\5\0\0\0\10\0\0\0\0", 13, "header is corrupt"},
	};
	struct slu_flv_reader r;
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		r = read_all((const uint8_t *)bad[i].bytes, bad[i].n, &seen);
		assert_int_equal(seen.n, 0);
		assert_int_equal(seen.end, SLU_ERR_FLV);
		assert_non_null(strstr(slu_flv_error(&r), bad[i].error));
	}
}

static void tells_a_cut_from_an_end(void **state)
{
	struct stream s;
	struct seen seen;
	struct slu_flv_reader r;

	(void)state;
	header(&s, 5, 0);
	read_all(s.b, s.n, &seen);
	assert_int_equal(seen.end, 0);
	tag(&s, 9, 0, 60);
	tag(&s, 9, 40, 60);
	for (size_t n = 13 + 75 + 1; n < 13 + 75 + 11 + 60; n++) {
		r = read_all(s.b, n, &seen);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.end, SLU_ERR_FLV);
		assert_non_null(strstr(slu_flv_error(&r), "cut off in the tag at byte 88, after 1 whole tags"));
	}
}

static void takes_the_largest_tag(void **state)
{
	size_t size = SLU_FLV_MAX_BODY, used, n = 13 + 11 + size;
	uint8_t *b = calloc(n, 1);
	struct slu_flv_reader r;
	struct slu_flv_tag t;
	struct stream s;

	(void)state;
	assert_non_null(b);
	header(&s, 1, 0);
	memcpy(b, s.b, 13);
	memcpy(b + 13, "\11\xff\xff\xff", 4);
	b[n - 1] = 0x5a;
	slu_flv_reader_init(&r);
	assert_int_equal(slu_flv_read(&r, b, n - 1, &used, &t), 0);
	assert_int_equal(r.need, n - 13);
	assert_int_equal(slu_flv_read(&r, b + used, n - used, &used, &t), 1);
	assert_int_equal(t.size, size);
	assert_int_equal(t.body[size - 1], 0x5a);
	free(b);
}

/* What two foreign writers make. The figures come from the files' own bytes, read by another parser. */
struct expected {
	uint8_t type;
	uint32_t timestamp;
	size_t size;
};

static void read_golden(const char *name, const struct expected *want, size_t n)
{
	static uint8_t data[16384];
	char path[1024];
	struct slu_flv_reader r;
	struct seen seen;
	size_t size;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", getenv("SLU_TEST_VECTORS"), name);
	f = fopen(path, "rb");
	assert_non_null(f);
	size = fread(data, 1, sizeof data, f);
	fclose(f);
	r = read_all(data, size, &seen);
	assert_int_equal(seen.err, 0);
	assert_int_equal(seen.end, 0);
	assert_int_equal(seen.n, n);
	assert_int_equal(r.offset, size);
	assert_int_equal(r.wrong_prev_size, 0);
	assert_true(r.has_audio && r.has_video);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(seen.tag[i].type, want[i].type);
		assert_int_equal(seen.tag[i].timestamp, want[i].timestamp);
		assert_int_equal(seen.tag[i].size, want[i].size);
	}
}

static void reads_ffmpeg(void **state)
{
	/* Its timestamps pass 2^24 between the fifth and the sixth tag after the sequence headers. */
	static const struct expected want[] = {
		{18, 0, 293},        {9, 0, 41},         {8, 0, 7},          {8, 16776972, 224}, {9, 16777100, 2906},
		{8, 16777100, 227},  {9, 16777200, 78},  {8, 16777228, 125}, {9, 16777300, 109}, {8, 16777356, 135},
		{9, 16777400, 2287}, {8, 16777484, 173}, {9, 16777500, 60},  {9, 16777500, 5},
	};

	(void)state;
	read_golden("ffmpeg.flv", want, sizeof want / sizeof want[0]);
}

static void reads_gstreamer(void **state)
{
	static const struct expected want[] = {
		{18, 0, 2732}, {9, 0, 33},    {8, 0, 4},     {9, 0, 615},   {8, 0, 130},   {9, 100, 174}, {8, 128, 153},
		{9, 200, 170}, {8, 256, 164}, {9, 300, 619}, {8, 384, 161}, {9, 400, 220}, {9, 400, 5},
	};

	(void)state;
	read_golden("gstreamer.flv", want, sizeof want / sizeof want[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tags),
		cmocka_unit_test(returns_a_tag_before_its_prev_size_is_there),
		cmocka_unit_test(leaves_bodies_where_they_are),
		cmocka_unit_test(asks_for_what_is_missing),
		cmocka_unit_test(skips_unknown_and_encrypted_tags),
		cmocka_unit_test(counts_wrong_prev_sizes),
		cmocka_unit_test(refuses_noise),
		cmocka_unit_test(refuses_what_is_no_flv),
		cmocka_unit_test(tells_a_cut_from_an_end),
		cmocka_unit_test(takes_the_largest_tag),
		cmocka_unit_test(reads_ffmpeg),
		cmocka_unit_test(reads_gstreamer),
	};

	return cmocka_run_group_tests_name("flv_read", tests, NULL, NULL);
}
