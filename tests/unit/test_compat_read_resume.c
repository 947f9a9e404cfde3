/* SPDX-License-Identifier: MIT */
/* RTMP_Read() with RTMP_READ_RESUME: what of the server's messages goes on with a file. */
#include "test.h"

#include <errno.h>

#include <librtmp/rtmp.h>

#include "read_kit.h"

enum { AUDIO = RTMP_PACKET_TYPE_AUDIO, VIDEO = RTMP_PACKET_TYPE_VIDEO, INFO = RTMP_PACKET_TYPE_INFO };
enum { AGGREGATE = RTMP_PACKET_TYPE_FLASH_VIDEO };

static char key[] = "\x17\1\0\0\0key", metadata[] = "\2\0\12onMetaData\3\0\0\11";
static const char config[] = "\x17\0\0\0\0avcC", inter[] = "\x27\1\0\0\0inter", sound[] = "\xaf\1sound",
		  other[] = "\2\0\12onMetaData\5";

static uint8_t flv[4096];
static size_t size;

#define BODY(text) text, sizeof text - 1

/* A file whose last key frame is at 5000. */
static int begin(void **state)
{
	RTMP_READ *m = &read_kit.m_read;

	read_kit_begin(state);
	m->flags = RTMP_READ_RESUME;
	m->initialFrameType = VIDEO;
	m->initialFrame = key;
	m->nInitialFrameSize = sizeof key - 1;
	m->metaHeader = metadata;
	m->nMetaHeaderSize = sizeof metadata - 1;
	m->nResumeTS = m->timestamp = 5000;
	size = 0;
	return 0;
}

static void expect(uint8_t type, uint32_t timestamp, const void *body, size_t n)
{
	read_kit_expect(flv, &size, type, timestamp, body, n);
}

static void reads(int last)
{
	size_t n;
	int end;
	const uint8_t *all = read_kit_all(50, &n, &end);

	assert_int_equal(n, size);
	assert_memory_equal(all, flv, size);
	assert_int_equal(end, last);
}

/* As Adobe's server plays from a place in the middle. */
static void clock_that_begins_with_the_frame(void **state)
{
	(void)state;
	read_kit_add(INFO, 0, BODY(metadata));
	read_kit_add(VIDEO, 0, BODY(config));
	read_kit_add(VIDEO, 0, BODY(key));
	read_kit_add(AUDIO, 0, BODY(sound));
	read_kit_add(VIDEO, 0, BODY(key));
	read_kit_add(AUDIO, 3, BODY(sound));
	read_kit_add(VIDEO, 40, BODY(inter));
	read_kit_add(AUDIO, 0, BODY(sound));
	expect(AUDIO, 5003, BODY(sound));
	expect(VIDEO, 5040, BODY(inter));
	expect(AUDIO, 5000, BODY(sound));
	reads(0);
	assert_int_equal(read_kit.m_read.nIgnoredFrameCounter, 2);
	assert_int_equal(read_kit.m_read.flags,
			 RTMP_READ_HEADER | RTMP_READ_RESUME | RTMP_READ_NO_IGNORE | RTMP_READ_GOTKF);
	assert_int_equal(read_kit.m_read.nResumeTS, 5000);
}

/* As all others do. */
static void clock_of_the_recording(void **state)
{
	(void)state;
	read_kit_add(INFO, 0, BODY(metadata));
	read_kit_add(VIDEO, 4960, BODY(inter));
	read_kit_add(VIDEO, 5000, BODY(key));
	read_kit_add(AUDIO, 4998, BODY(sound));
	read_kit_add(VIDEO, 5040, BODY(inter));
	expect(AUDIO, 4998, BODY(sound));
	expect(VIDEO, 5040, BODY(inter));
	reads(0);
	assert_int_equal(read_kit.m_read.nResumeTS, 0);
	assert_int_equal(read_kit.m_read.timestamp, 5040);
}

static void nothing_is_ignored_where_it_is_not_to_be(void **state)
{
	(void)state;
	read_kit.m_read.flags |= RTMP_READ_NO_IGNORE;
	read_kit_add(VIDEO, 0, BODY(key));
	read_kit_add(AUDIO, 0, BODY(sound));
	expect(AUDIO, 5000, BODY(sound));
	reads(0);
}

static void metadata_of_another_stream(void **state)
{
	(void)state;
	read_kit_add(INFO, 0, BODY(other));
	read_kit_add(VIDEO, 0, BODY(key));
	errno = 0;
	reads(-1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(read_kit.m_read.status, RTMP_READ_ERROR);
	assert_int_equal(read_kit_left(), 1);
	assert_non_null(strstr(read_kit_said(), "metadata differ"));
}

static void fifty_before_the_frame(void **state)
{
	for (int more = 0; more < 2; more++) {
		begin(state);
		for (int i = 0; i < 50 + more; i++)
			read_kit_add(VIDEO, 9000, BODY(inter));
		read_kit_add(VIDEO, 0, BODY(key));
		read_kit_add(VIDEO, 40, BODY(inter));
		if (!more)
			expect(VIDEO, 5040, BODY(inter));
		reads(more ? -1 : 0);
		assert_int_equal(read_kit.m_read.nIgnoredFrameCounter, 50 + more);
		assert_int_equal(strstr(read_kit_said(), "first 50 messages") != NULL, more);
		read_kit_end(state);
	}
}

/* The caller reads again after a 0: only then it is told. */
static void an_error_comes_behind_a_nothing(void **state)
{
	char buf[50];

	(void)state;
	read_kit_add(INFO, 0, BODY(other));
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), 0);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), -1);
}

/* ---- aggregates ---- */

static void part(struct read_kit_parts *p, uint8_t type, uint32_t timestamp, const void *body, size_t n)
{
	read_kit_part(p, type, timestamp, body, n);
	read_kit_trailer(p, (uint32_t)n + 11);
}

/* The frame as a message, and once more in the aggregate, with its own timestamp. */
static void in_the_middle_of_an_aggregate(void **state)
{
	struct read_kit_parts p = {.n = 0}, q = {.n = 0};

	(void)state;
	part(&p, AUDIO, 4990, BODY(sound));
	part(&p, VIDEO, 5000, BODY(key));
	part(&p, AUDIO, 5000, BODY(sound));
	part(&p, VIDEO, 5040, BODY(inter));
	part(&q, VIDEO, 5080, BODY(inter));
	read_kit_add(VIDEO, 0, BODY(key));
	read_kit_add(AGGREGATE, 0, p.data, p.n);
	read_kit_add(AGGREGATE, 80, q.data, q.n);
	read_kit_add(AUDIO, 90, BODY(sound));
	expect(AUDIO, 5000, BODY(sound));
	expect(VIDEO, 5040, BODY(inter));
	expect(VIDEO, 5080, BODY(inter));
	expect(AUDIO, 5090, BODY(sound));
	reads(0);
	assert_int_equal(read_kit.m_read.nIgnoredFlvFrameCounter, 0);
}

static void an_aggregate_by_the_recordings_clock(void **state)
{
	struct read_kit_parts p = {.n = 0};

	(void)state;
	part(&p, VIDEO, 4960, BODY(inter));
	part(&p, VIDEO, 5000, BODY(key));
	part(&p, AUDIO, 5003, BODY(sound));
	read_kit_add(AGGREGATE, 4960, p.data, p.n);
	read_kit_add(AUDIO, 5010, BODY(sound));
	expect(AUDIO, 5003, BODY(sound));
	expect(AUDIO, 5010, BODY(sound));
	reads(0);
}

static void only_the_frame_in_an_aggregate(void **state)
{
	struct read_kit_parts p = {.n = 0}, q = {.n = 0};

	(void)state;
	part(&p, VIDEO, 5000, BODY(key));
	part(&q, AUDIO, 5020, BODY(sound));
	read_kit_add(AGGREGATE, 0, p.data, p.n);
	read_kit_add(AGGREGATE, 20, q.data, q.n);
	expect(AUDIO, 5020, BODY(sound));
	reads(0);
}

/* From messages to aggregates in mid-stream. */
static void aggregates_later_on(void **state)
{
	struct read_kit_parts p = {.n = 0};

	(void)state;
	part(&p, AUDIO, 77, BODY(sound));
	read_kit_add(VIDEO, 0, BODY(key));
	read_kit_add(AGGREGATE, 0, p.data, p.n);
	read_kit_add(AGGREGATE, 60, p.data, p.n);
	expect(AUDIO, 5060, BODY(sound));
	reads(0);
	assert_int_equal(read_kit.m_read.nIgnoredFlvFrameCounter, 1);
}

static void fifty_aggregates_without_it(void **state)
{
	struct read_kit_parts p = {.n = 0};

	(void)state;
	part(&p, VIDEO, 5000, BODY(inter));
	for (int i = 0; i < 60; i++)
		read_kit_add(AGGREGATE, 0, p.data, p.n);
	reads(-1);
	assert_int_equal(read_kit.m_read.nIgnoredFlvFrameCounter, 51);
	assert_int_equal(read_kit_left(), 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, read_kit_end)
	const struct CMUnitTest tests[] = {
		TEST(clock_that_begins_with_the_frame),
		TEST(clock_of_the_recording),
		TEST(nothing_is_ignored_where_it_is_not_to_be),
		TEST(metadata_of_another_stream),
		cmocka_unit_test(fifty_before_the_frame),
		TEST(an_error_comes_behind_a_nothing),
		TEST(in_the_middle_of_an_aggregate),
		TEST(an_aggregate_by_the_recordings_clock),
		TEST(only_the_frame_in_an_aggregate),
		TEST(aggregates_later_on),
		TEST(fifty_aggregates_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
