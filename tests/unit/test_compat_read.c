/* SPDX-License-Identifier: MIT */
/* RTMP_Read() over a stand-in for the connection: which bytes come of which messages. */
#include "test.h"

#include <errno.h>

#include <librtmp/rtmp.h>

#include "read_kit.h"

#include "media.h"

enum { AUDIO = RTMP_PACKET_TYPE_AUDIO, VIDEO = RTMP_PACKET_TYPE_VIDEO, INFO = RTMP_PACKET_TYPE_INFO };
enum { AGGREGATE = RTMP_PACKET_TYPE_FLASH_VIDEO, HEADER = 13 };

static uint8_t flv[1 << 20];
static size_t size;

static const char frame[400] = "\x17\1\0\0\0frame", sound[60] = "\xaf\1sound";
static char large[150000];

static void expect_header(uint8_t flags)
{
	memcpy(flv, "FLV\1\0\0\0\0\11\0\0\0", HEADER);
	flv[4] = flags;
	size = HEADER;
}

/* A message, and the tag that it is. */
static void add(uint8_t type, uint32_t timestamp, const void *body, size_t n)
{
	read_kit_add(type, timestamp, body, n);
	read_kit_expect(flv, &size, type, timestamp, body, n);
}

static void reads(int piece, int last)
{
	size_t n;
	int end;
	const uint8_t *all = read_kit_all(piece, &n, &end);

	assert_int_equal(n, size);
	assert_memory_equal(all, flv, size);
	assert_int_equal(end, last);
	assert_null(read_kit.m_read.buf);
}

/* Timestamps on both sides of 24, 31 and 32 bits, and messages of many sizes. */
static void stream(void)
{
	static const uint32_t stamps[] = {0, 40, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 3};

	expect_header(5);
	add(INFO, 0, "\2\0\12onMetaData\5", 14);
	for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
		add(VIDEO, stamps[i], frame, sizeof frame - i);
		add(AUDIO, stamps[i], sound, sizeof sound - i);
	}
	add(VIDEO, 50, large, sizeof large);
	add(AUDIO, 51, sound, 2);
	add(VIDEO, 52, frame, 6);
}

static void all_sizes_of_buffer(void **state)
{
	static const int pieces[] = {1, 2, 10, 13, 14, 100, 4096, 65536, 1 << 20};

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		read_kit_begin(state);
		stream();
		reads(pieces[i], 0);
		assert_int_equal(read_kit.m_read.status, RTMP_READ_EOF);
		assert_int_equal(read_kit.m_read.timestamp, 52);
		read_kit_end(state);
	}
}

/* The header, with what it had to wait for, and then a message a call. */
static void a_message_a_call(void **state)
{
	char buf[4096];

	(void)state;
	stream();
	assert_int_equal(RTMP_Read(&read_kit, buf, HEADER), HEADER);
	assert_int_equal(RTMP_Read(&read_kit, buf, 29), 29);
	assert_int_equal(RTMP_Read(&read_kit, buf, 415 + 75), 415 + 75);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), 399 + 15);
	assert_int_equal(read_kit.m_read.timestamp, 40);
	assert_int_equal(RTMP_Read(&read_kit, buf, 10), 10);
	assert_int_equal(read_kit.m_read.buflen, 59 + 15 - 10);
	assert_ptr_equal(read_kit.m_read.bufpos, read_kit.m_read.buf + 10);
	/* What was left, and the next one behind it. */
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), 64 + 398 + 15);
	assert_int_equal(RTMP_Read(&read_kit, buf, 0), 0);
}

static void the_header_of_one_kind(void **state)
{
	for (int video = 0; video < 2; video++) {
		read_kit_begin(state);
		expect_header(video ? 1 : 4);
		add(video ? VIDEO : AUDIO, 0, frame, 20);
		add(video ? VIDEO : AUDIO, 30, frame, 20);
		add(video ? VIDEO : AUDIO, 60, frame, 20);
		reads(64, 0);
		read_kit_end(state);
	}
}

/* The second kind comes too late: time has begun to pass. */
static void the_header_waits_no_longer(void **state)
{
	char buf[HEADER];

	expect_header(1);
	add(VIDEO, 0, frame, 20);
	add(VIDEO, 1, frame, 20);
	add(AUDIO, 2, frame, 20);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), HEADER);
	assert_int_equal(read_kit_left(), 1);
	assert_memory_equal(buf, flv, HEADER);
	read_kit_end(state);
	read_kit_begin(state);
	/* Nor for more memory than that. */
	for (int i = 0; i < 3; i++)
		read_kit_add(AUDIO, 0, large, sizeof large);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), HEADER);
	assert_int_equal(read_kit_left(), 2);
	assert_int_equal(buf[4], 4);
}

/* A timestamp from before, where a caller says where it starts, does not keep the header from waiting. */
static void a_start_is_no_time(void **state)
{
	(void)state;
	read_kit.m_read.timestamp = 10000;
	expect_header(5);
	add(AUDIO, 0, sound, 20);
	add(VIDEO, 0, frame, 20);
	reads(100, 0);
}

static void metadata_may_say_it(void **state)
{
	char buf[HEADER];

	(void)state;
	read_kit.m_read.dataType = 5; /* of onMetaData: RTMP_ClientPacket() */
	read_kit_add(INFO, 0, "\2\0\12onMetaData\5", 14);
	read_kit_add(AUDIO, 0, sound, 20);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), HEADER);
	assert_int_equal(buf[4], 5);
	assert_int_equal(read_kit_left(), 2);
}

static void empty_ones_are_left_out(void **state)
{
	char buf[100];

	(void)state;
	expect_header(5);
	read_kit_add(VIDEO, 0, "", 0);
	read_kit_add(AUDIO, 0, "", 0);
	add(VIDEO, 9, frame, 6);
	add(AUDIO, 5, sound, 1);
	add(VIDEO, 5, "\x17\2\0\0\0", 5);
	reads(50, 0);
	assert_int_equal(read_kit.m_read.timestamp, 9);
	add(INFO, 5, "\5", 1);
	read_kit.m_read.status = 0;
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), 16);
	assert_int_equal(read_kit.m_read.timestamp, 5);
}

/* ---- the end ---- */

static void over(void **state)
{
	(void)state;
	expect_header(4);
	add(AUDIO, 7, sound, 20);
	read_kit_add(READ_KIT_OVER, 8, "", 0);
	read_kit_add(AUDIO, 9, sound, 20);
	reads(1000, 0);
	assert_int_equal(read_kit.m_read.status, RTMP_READ_COMPLETE);
	assert_int_equal(read_kit_left(), 1);
}

/* Nothing came: that is no FLV, not even a header. It comes when something does. */
static void nothing_at_all(void **state)
{
	size_t n;
	int last;

	(void)state;
	read_kit.m_read.timestamp = 77;
	read_kit_all(100, &n, &last);
	assert_int_equal(n, 0);
	assert_int_equal(last, 0);
	assert_int_equal(read_kit.m_read.status, RTMP_READ_EOF);
	assert_int_equal(read_kit.m_read.timestamp, 77);
	read_kit.m_read.status = 0;
	expect_header(4);
	add(AUDIO, 7, sound, 20);
	reads(100, 0);
}

static void ended_while_the_header_waits(void **state)
{
	for (int closes = 0; closes < 2; closes++) {
		read_kit_begin(state);
		expect_header(4);
		add(AUDIO, 0, sound, 20);
		read_kit_closes = closes; /* as it does when the server says that playing is over */
		reads(5, 0);
		read_kit_end(state);
	}
}

static void an_error_says_so(void **state)
{
	char buf[100];

	(void)state;
	read_kit.m_read.status = RTMP_READ_ERROR;
	errno = 0;
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), -1);
	assert_int_equal(errno, EINVAL);
}

/* ---- seeking ---- */

static void seeking_drops_what_was_there(void **state)
{
	char buf[200];

	(void)state;
	expect_header(5);
	add(VIDEO, 0, frame, 100);
	add(AUDIO, 0, frame, 100);
	assert_int_equal(RTMP_Read(&read_kit, buf, 20), 20);
	assert_non_null(read_kit.m_read.buf);
	read_kit.m_read.flags |= RTMP_READ_SEEKING;
	read_kit_add(VIDEO, 40, frame, 100);
	assert_int_equal(RTMP_Read(&read_kit, buf, 20), 0);
	assert_int_equal(read_kit_left(), 0);
	assert_null(read_kit.m_read.buf);
	read_kit.m_read.flags &= (uint8_t)~RTMP_READ_SEEKING;
	read_kit.m_read.status = 0;
	read_kit_add(VIDEO, 9000, frame, 10);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), 25);
	assert_int_equal(read_kit.m_read.timestamp, 9000);
}

/* ---- timestamps ---- */

static void shifted(void **state)
{
	uint8_t tag[100];
	char buf[100];
	size_t n = 0;

	(void)state;
	read_kit.m_read.flags = RTMP_READ_HEADER;
	read_kit.m_read.nResumeTS = 0xffffff00;
	read_kit_add(AUDIO, 0x180, sound, 20);
	read_kit_expect(tag, &n, AUDIO, 0x80, sound, 20);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), n);
	assert_memory_equal(buf, tag, n);
	assert_int_equal(read_kit.m_read.timestamp, 0x80);
	/* Of a live stream, the server's is told. */
	read_kit.Link.lFlags = RTMP_LF_LIVE;
	read_kit_add(AUDIO, 0x190, sound, 20);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), n);
	assert_int_equal(read_kit.m_read.timestamp, 0x190);
}

/* ---- aggregates ---- */

static void parts_are_tags(void **state)
{
	struct read_kit_parts p = {.n = 0};

	(void)state;
	expect_header(1); /* it waited for the first message alone */
	add(VIDEO, 900, frame, 10);
	read_kit_part(&p, AUDIO, 50, sound, 20);
	read_kit_trailer(&p, 31);
	read_kit_part(&p, VIDEO, 60, frame, 30);
	read_kit_trailer(&p, 999); /* wrong */
	read_kit_part(&p, INFO, 55, "\5", 1);
	read_kit_trailer(&p, 12);
	read_kit_part(&p, 0xff, 56, "?", 1); /* no tag of any kind */
	read_kit_trailer(&p, 12);
	read_kit_part(&p, VIDEO | 0x20, 57, frame, 7); /* encrypted */
	read_kit_trailer(&p, 18);
	read_kit_part(&p, AUDIO, 70, sound, 1); /* and none behind it */
	read_kit_add(AGGREGATE, 1000, p.data, p.n);
	read_kit_expect(flv, &size, AUDIO, 1000, sound, 20);
	read_kit_expect(flv, &size, VIDEO, 1010, frame, 30);
	read_kit_expect(flv, &size, INFO, 1005, "\5", 1);
	read_kit_expect(flv, &size, VIDEO | 0x20, 1007, frame, 7);
	read_kit_expect(flv, &size, AUDIO, 1020, sound, 1);
	reads(17, 0);
	assert_int_equal(read_kit.m_read.timestamp, 1020);
	assert_int_equal(read_kit.m_read.dataType, 5);
}

static void metadata_among_the_parts(void **state)
{
	static const char body[] = "\2\0\12onMetaData\3\0\10duration\0\100\51\0\0\0\0\0\0\0\0\11";
	struct read_kit_parts p = {.n = 0};
	char buf[HEADER];

	(void)state;
	read_kit_part(&p, INFO, 0, body, sizeof body - 1);
	read_kit_add(AGGREGATE, 0, p.data, p.n);
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), HEADER);
	assert_true(read_kit.m_fDuration == 12.5);
}

static void clocks_of_parts_wrap(void **state)
{
	struct read_kit_parts p = {.n = 0};

	(void)state;
	expect_header(4);
	read_kit_part(&p, AUDIO, 0xfffffff0, sound, 20);
	read_kit_trailer(&p, 31);
	read_kit_part(&p, AUDIO, 0x10, sound, 20);
	read_kit_trailer(&p, 31);
	read_kit_add(AGGREGATE, 0xffffff, p.data, p.n);
	read_kit_expect(flv, &size, AUDIO, 0xffffff, sound, 20);
	read_kit_expect(flv, &size, AUDIO, 0x100001f, sound, 20);
	reads(1000, 0);
}

/* Parts before the place where it is cut off are whole. */
static void cut_off(void **state)
{
	struct read_kit_parts p = {.n = 0};
	size_t whole;

	for (size_t less = 0; less <= 50; less++) {
		read_kit_begin(state);
		p.n = 0;
		expect_header(4);
		read_kit_part(&p, AUDIO, 5, sound, 20);
		whole = p.n;
		read_kit_trailer(&p, 31);
		read_kit_part(&p, AUDIO, 6, sound, 20);
		read_kit_trailer(&p, 31);
		read_kit_add(AGGREGATE, 5, p.data, p.n - less);
		if (p.n - less >= whole)
			read_kit_expect(flv, &size, AUDIO, 5, sound, 20);
		if (less <= 4)
			read_kit_expect(flv, &size, AUDIO, 6, sound, 20);
		if (p.n - less < whole)
			size = 0; /* nothing came of it */
		reads(64, 0);
		read_kit_end(state);
	}
}

/* ---- closing ---- */

static void closing_frees_and_forgets(void **state)
{
	char buf[10], lent[4];

	(void)state;
	stream();
	assert_int_equal(RTMP_Read(&read_kit, buf, sizeof buf), sizeof buf);
	assert_non_null(read_kit.m_read.buf);
	read_kit.m_read.metaHeader = lent;
	read_kit.m_read.initialFrame = lent;
	read_kit.m_read.nIgnoredFrameCounter = read_kit.m_read.nIgnoredFlvFrameCounter = read_kit.m_read.nResumeTS = 9;
	read_kit.m_read.status = RTMP_READ_EOF;
	slu_compat_read_close(&read_kit);
	assert_null(read_kit.m_read.buf);
	assert_int_equal(read_kit.m_read.buflen, 0);
	assert_int_equal(read_kit.m_read.flags + read_kit.m_read.dataType, 0);
	assert_int_equal(read_kit.m_read.status, 0);
	assert_int_equal(read_kit.m_read.nIgnoredFrameCounter + read_kit.m_read.nIgnoredFlvFrameCounter, 0);
	assert_int_equal(read_kit.m_read.nResumeTS, 0);
	assert_ptr_equal(read_kit.m_read.metaHeader, lent);
	assert_ptr_equal(read_kit.m_read.initialFrame, lent);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, read_kit_begin, read_kit_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sizes_of_buffer),
		TEST(a_message_a_call),
		cmocka_unit_test(the_header_of_one_kind),
		TEST(the_header_waits_no_longer),
		TEST(a_start_is_no_time),
		TEST(metadata_may_say_it),
		TEST(empty_ones_are_left_out),
		TEST(over),
		TEST(nothing_at_all),
		cmocka_unit_test(ended_while_the_header_waits),
		TEST(an_error_says_so),
		TEST(seeking_drops_what_was_there),
		TEST(shifted),
		TEST(parts_are_tags),
		TEST(metadata_among_the_parts),
		TEST(clocks_of_parts_wrap),
		cmocka_unit_test(cut_off),
		TEST(closing_frees_and_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
