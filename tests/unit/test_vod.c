/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sys/stat.h>

#include "server/vod.h"
#include "vod_kit.h"

/* What came, but for script tags: those are counted. */
static struct vod_tag got[VOD_TAGS];
static size_t ngot, scripts, later;

static struct slu_vod *open_vod(int64_t start_ms, int64_t duration_ms)
{
	struct slu_vod *v = slu_vod_open(kit_dir, "s", start_ms, duration_ms);

	assert_non_null(v);
	return v;
}

/* All that comes; every third message is held for a while, as a slow player would. */
static void play(struct slu_vod *v)
{
	struct slu_buffer *held[3] = {NULL};
	struct slu_msg m;
	int what;

	ngot = scripts = later = 0;
	while ((what = slu_vod_next(v, &m)) != SLU_VOD_END) {
		later += what == SLU_VOD_LATER;
		assert_true(later < 1000);
		if (what == SLU_VOD_LATER)
			continue;
		assert_int_equal(what, SLU_VOD_MESSAGE);
		assert_non_null(m.owner);
		scripts += m.type == 18;
		if (m.type == 18)
			continue;
		got[ngot++] = (struct vod_tag){0, m.timestamp, m.type, m.data[m.size - 1], m.size};
		slu_buffer_put(held[ngot % 3]);
		held[ngot % 3] = ngot % 2 ? slu_buffer_get(m.owner) : NULL;
	}
	for (int i = 0; i < 3; i++)
		slu_buffer_put(held[i]);
}

/* The i-th that came is the n-th that was written, at that time. */
static void check_one(size_t i, size_t n, uint32_t timestamp)
{
	assert_true(i < ngot && n < vod_count);
	assert_int_equal(got[i].type, vod_tags[n].type);
	assert_int_equal(got[i].timestamp, timestamp);
	assert_int_equal(got[i].size, vod_tags[n].size);
	assert_int_equal(got[i].last, vod_tags[n].last);
}

/* From the i-th on, there came those from the n-th up to end, with that much taken off their times; and no more. */
static void check_rest(size_t i, size_t n, size_t end, uint32_t shift)
{
	assert_int_equal(ngot, i + end - n);
	for (; n < end; i++, n++)
		check_one(i, n, vod_tags[n].timestamp - shift);
}

static void check_configs(uint32_t timestamp)
{
	check_one(0, 1, timestamp);
	check_one(1, 2, timestamp);
}

/* Metadata and two configurations, and then from there on 100 pairs of video, every tenth a key frame, and audio. */
enum { FRAMES = 3, PAIRS = 100 };
static void make_from(uint32_t first)
{
	vod_begin();
	VOD_PUT(18, 0, "\2\0\x0aonMetaData\3\0\0\x09");
	VOD_PUT(9, first, "\x17\0\0\0\0?");
	VOD_PUT(8, first, "\xaf\0\x12\x10");
	vod_put_frames(first, PAIRS, 10);
	close(vod_fd);
}

static void plays_all_of_it(void **state)
{
	static uint8_t large[300000] = {0x17, 1};
	struct slu_vod *v;

	(void)state;
	vod_begin();
	vod_put_frames(0, 20, 10);
	vod_put(9, 800, large, sizeof large);
	vod_put_frames(840, 20, 10);
	close(vod_fd);
	v = open_vod(0, -1);
	assert_int_equal(slu_vod_length(v), 840 + 19 * 40 + 3);
	play(v);
	check_rest(0, 0, vod_count, 0);
	slu_vod_seek(v, 0); /* from the end */
	play(v);
	check_rest(0, 0, vod_count, 0);
	slu_vod_close(v);
}

static void begins_at_the_key_frame_before(void **state)
{
	static const uint32_t starts[] = {400, 401, 799};
	struct slu_vod *v;

	(void)state;
	make_from(0);
	for (int i = 0; i < 3; i++) {
		v = open_vod(starts[i], -1);
		play(v);
		assert_int_equal(scripts, 1);
		check_configs(0); /* the clock begins there */
		check_rest(2, FRAMES + 20, vod_count, 400);
		slu_vod_close(v);
	}
}

/* Forward, back, at any time and from the end: with configurations, and the recording's own times. */
static void seeks(void **state)
{
	struct slu_vod *v;
	struct slu_msg m;

	(void)state;
	make_from(0);
	v = open_vod(1200, -1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(slu_vod_next(v, &m), SLU_VOD_MESSAGE);
	for (int again = 0; again < 2; again++) {
		slu_vod_seek(v, 2399);
		play(v);
		assert_int_equal(scripts, 0);
		check_configs(2000);
		check_rest(2, FRAMES + 100, vod_count, 0);
		slu_vod_seek(v, 400);
		play(v);
		check_configs(400);
		check_rest(2, FRAMES + 20, vod_count, 0);
	}
	slu_vod_seek(v, 1000000); /* the last key frame */
	play(v);
	check_rest(2, FRAMES + 180, vod_count, 0);
	slu_vod_seek(v, 0); /* all of it, in its own words */
	play(v);
	assert_int_equal(scripts, 1);
	check_rest(0, 1, vod_count, 0);
	slu_vod_close(v);
}

/* Metadata that has changed comes again. */
static void new_metadata(void **state)
{
	struct slu_vod *v;

	(void)state;
	vod_begin();
	VOD_PUT(18, 0, "\2\0\x0aonMetaData\3\0\0\x09");
	vod_put_frames(0, 20, 10);
	VOD_PUT(18, 800, "\2\0\x0aonMetaData\3\0\0\x09");
	vod_put_frames(800, 20, 10);
	close(vod_fd);
	v = open_vod(100, -1);
	play(v);
	assert_int_equal(scripts, 2);
	slu_vod_seek(v, 100);
	play(v);
	assert_int_equal(scripts, 2);
	slu_vod_seek(v, 900);
	play(v);
	assert_int_equal(scripts, 0);
	slu_vod_close(v);
}

/* What is asked for ends there, wherever it had to begin. */
static void plays_as_long_as_asked(void **state)
{
	static const struct {
		int64_t start, duration;
		size_t from, to;
		uint32_t shift;
	} cases[] = {
		{0, 80, 0, 5, 0},
		{0, 79, 0, 4, 0},
		{0, 83, 0, 6, 0},
		{500, 300, 20, 41, 400},
		{400, 400, 20, 41, 400},
		{400, 399, 20, 40, 400},
		{440, 0, 20, 23, 400}, /* the frame of that time, and those that it needs */
		{400, 1 << 30, 20, 200, 400},
	};

	(void)state;
	make_from(0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slu_vod *v = open_vod(cases[i].start, cases[i].duration);

		play(v);
		check_rest(2, FRAMES + cases[i].from, FRAMES + cases[i].to, cases[i].shift);
		slu_vod_seek(v, 400); /* the end stays where it was */
		play(v);
		check_rest(2, FRAMES + 20, FRAMES + (cases[i].to > 20 ? cases[i].to : 20), 0);
		slu_vod_close(v);
	}
}

/* A publisher's clock need not begin at 0, nor end below 2^32. */
static void a_clock_of_its_own(void **state)
{
	static const uint32_t firsts[] = {1000000, UINT32_MAX - 999};

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint32_t first = firsts[i];
		struct slu_vod *v;

		make_from(first);
		v = open_vod(0, 800);
		assert_int_equal(slu_vod_length(v), 99 * 40 + 3);
		play(v);
		check_rest(0, 1, FRAMES + 41, 0);
		slu_vod_seek(v, first + 700);
		play(v);
		check_configs(first + 400);
		check_rest(2, FRAMES + 20, FRAMES + 41, 0);
		slu_vod_close(v);
		if (first > INT32_MAX)
			continue;
		v = open_vod(first + 700, 80);
		play(v);
		check_rest(2, FRAMES + 20, FRAMES + 39 + 1, first + 400);
		slu_vod_close(v);
		v = open_vod(700, 40); /* before its first: the beginning, and the clock begins with it */
		play(v);
		check_rest(0, 1, FRAMES + 3, first);
		slu_vod_close(v);
	}
}

/* Audio that is behind a key frame and before it in time does not come at 0, where players have it already. */
static void audio_from_before(void **state)
{
	struct slu_vod *v;

	(void)state;
	vod_begin();
	vod_put_frames(0, 10, 10);
	VOD_PUT(9, 400, "\x17\1\0\0\0k");
	VOD_PUT(8, 390, "\xaf\1a");
	VOD_PUT(8, 400, "\xaf\1b");
	VOD_PUT(8, 413, "\xaf\1c");
	close(vod_fd);
	v = open_vod(400, -1);
	play(v);
	assert_int_equal(ngot, 4);
	check_one(0, 20, 0);
	check_one(1, 21, 1);
	check_one(2, 22, 1);
	check_one(3, 23, 13);
	slu_vod_seek(v, 400);
	play(v);
	check_rest(0, 20, 24, 0);
	slu_vod_close(v);
}

/* Cut within any part of a tag, all whole ones are there, and all of it can be gone to. */
static void ends_with_the_last_whole_tag(void **state)
{
	(void)state;
	for (uint64_t cut = 1; cut < 15 + 20 + 15 + 60; cut++) {
		struct slu_vod *v;
		size_t whole;
		int fd;

		make_from(0);
		whole = cut <= 4 ? vod_count : cut <= 35 + 4 ? vod_count - 1 : vod_count - 2;
		fd = openat(kit_dir, "s.flv", O_RDWR);
		assert_int_equal(ftruncate(fd, (off_t)(vod_size - cut)), 0);
		close(fd);
		v = open_vod(0, -1);
		play(v);
		check_rest(0, 1, whole, 0);
		slu_vod_seek(v, 3999);
		play(v);
		check_rest(2, FRAMES + 180, whole, 0);
		slu_vod_close(v);
	}
}

/* While it is recorded: what is there when its end is reached, and more when it is gone back in. */
static void grows(void **state)
{
	struct slu_vod *v;

	(void)state;
	vod_begin();
	vod_put_frames(0, 15, 10);
	v = open_vod(0, -1);
	play(v);
	check_rest(0, 0, 30, 0);
	vod_put_frames(600, 15, 10);
	vod_write("\x09\0\1", 3); /* the next one */
	slu_vod_seek(v, 500);
	play(v);
	check_rest(0, 20, 60, 0);
	close(vod_fd);
	slu_vod_close(v);
}

/* A tag that announces more than the file has gets no room; one that nobody plays is passed over, in turns. */
static void reads_no_more_than_there_is(void **state)
{
	static uint8_t other[1 << 20] = {1};
	struct slu_vod *v;

	(void)state;
	vod_begin();
	vod_put_frames(0, 1, 10);
	for (int i = 0; i < 8; i++) {
		vod_write("\x10\x10\0\0\0\0\0\0\0\0\0", 11);
		vod_write(other, sizeof other);
		vod_write("\0\x10\0\x0b", 4);
	}
	vod_put_frames(40, 1, 10);
	vod_write("\x09\xff\xff\xff\0\0\0\0\0\0\0\x17\1", 13);
	close(vod_fd);
	v = open_vod(0, -1);
	play(v);
	check_rest(0, 0, 4, 0);
	assert_true(later >= 2);
	assert_int_equal(slu_vod_length(v), 0);
	slu_vod_seek(v, 40);
	play(v);
	check_rest(0, 2, 4, 0);
	slu_vod_close(v);
}

static void write_file(const char *name, const char *bytes, size_t n)
{
	int fd = openat(kit_dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void finds_only_recordings(void **state)
{
	(void)state;
	assert_null(slu_vod_open(kit_dir, "cam", 0, -1));
	assert_null(slu_vod_open(kit_dir, "live/cam", 0, -1));
	assert_int_equal(faccessat(kit_dir, "live", F_OK, 0), -1); /* looking makes nothing */
	assert_null(slu_vod_open(kit_dir, "../cam", 0, -1));
	write_file("text.flv", "this is a text", 14);
	assert_null(slu_vod_open(kit_dir, "text", 0, -1));
	write_file("empty.flv", "", 0);
	assert_null(slu_vod_open(kit_dir, "empty", 0, -1));
	write_file("short.flv", "FLV\1\5\0\0\0\x08\0\0\0\0", 13);
	assert_null(slu_vod_open(kit_dir, "short", 0, -1));
	assert_int_equal(mkfifoat(kit_dir, "fifo.flv", 0600), 0);
	assert_null(slu_vod_open(kit_dir, "fifo", 0, -1));
}

/* Not even to a recording: what is in the folder decides, not where it leads. */
static void follows_no_link(void **state)
{
	(void)state;
	make_from(0);
	slu_vod_close(open_vod(0, -1));
	assert_int_equal(symlinkat("s.flv", kit_dir, "link.flv"), 0);
	assert_null(slu_vod_open(kit_dir, "link", 0, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(plays_all_of_it),
		KIT_TEST(begins_at_the_key_frame_before),
		KIT_TEST(seeks),
		KIT_TEST(new_metadata),
		KIT_TEST(plays_as_long_as_asked),
		KIT_TEST(a_clock_of_its_own),
		KIT_TEST(audio_from_before),
		KIT_TEST(ends_with_the_last_whole_tag),
		KIT_TEST(grows),
		KIT_TEST(reads_no_more_than_there_is),
		KIT_TEST(finds_only_recordings),
		KIT_TEST(follows_no_link),
	};

	return cmocka_run_group_tests_name("vod", tests, NULL, NULL);
}
