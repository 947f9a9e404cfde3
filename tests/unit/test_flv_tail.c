/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "flv_kit.h"
#include "tools/flv_tail.h"

static struct flv_kit kit;

/* A tag that begins with these bytes. */
static void tag(uint8_t type, uint32_t timestamp, const char *begin, size_t n, size_t size)
{
	size_t at = kit.n + SLU_FLV_TAG_HEADER_SIZE;

	flv_tag(&kit, type, timestamp, size, timestamp);
	memcpy(kit.data + at, begin, n);
}

#define KEY(at)    tag(SLU_FLV_VIDEO, at, "\x17\1\0\0\0", 5, 200)
#define INTER(at)  tag(SLU_FLV_VIDEO, at, "\x27\1\0\0\0", 5, 100)
#define SOUND(at)  tag(SLU_FLV_AUDIO, at, "\xaf\1", 2, 30)
#define CONFIG(at) tag(SLU_FLV_VIDEO, at, "\x17\0\0\0\0", 5, 40)

static struct slu_flv_tail tail_of(size_t n)
{
	const char *path = flv_file(kit.data, n);
	struct slu_flv_tail tail;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(slu_flv_tail(fd, &tail), 0);
	close(fd);
	unlink(path);
	return tail;
}

/* At each place that a file may be cut off, it is the last frame before. */
static void the_last_whole_key_frame(void **state)
{
	size_t first, second, end[2];
	struct slu_flv_tail t;

	(void)state;
	flv_begin(&kit);
	CONFIG(0);
	SOUND(1000);
	first = kit.n;
	KEY(1010);
	end[0] = kit.n;
	INTER(1050);
	SOUND(1060);
	second = kit.n;
	KEY(0x1000001);
	end[1] = kit.n;
	SOUND(0x1000010);
	INTER(0x1000020);
	for (size_t n = 13; n <= kit.n; n++) {
		t = tail_of(n);
		assert_true(t.is_flv);
		if (n < end[0]) {
			assert_int_equal(t.type, n < first ? 0 : SLU_FLV_AUDIO);
			continue;
		}
		assert_int_equal(t.type, SLU_FLV_VIDEO);
		assert_true(t.has_audio && t.has_video);
		assert_int_equal(t.first, 1000);
		assert_int_equal(t.timestamp, n < end[1] ? 1010 : 0x1000001);
		assert_int_equal(t.body, (n < end[1] ? first : second) + 11);
		assert_int_equal(t.size, 200);
		assert_int_equal(t.end, n < end[1] ? end[0] : end[1]);
	}
}

static void audio_alone(void **state)
{
	struct slu_flv_tail t;

	(void)state;
	flv_begin(&kit);
	tag(SLU_FLV_AUDIO, 0, "\xaf\0\x12\x10", 4, 4);
	SOUND(20);
	SOUND(40);
	t = tail_of(kit.n - 1);
	assert_int_equal(t.type, SLU_FLV_AUDIO);
	assert_int_equal(t.timestamp, 20);
	assert_false(t.has_video);
	assert_int_equal(tail_of(kit.n).timestamp, 40);
}

static void video_without_a_key_frame(void **state)
{
	struct slu_flv_tail t;

	(void)state;
	flv_begin(&kit);
	SOUND(0);
	CONFIG(0);
	INTER(40);
	t = tail_of(kit.n);
	assert_int_equal(t.type, 0);
	assert_true(t.has_video && t.is_flv);
}

static void where_the_duration_is(void **state)
{
	static const char metadata[] = "\2\0\12onMetaData\3\0\10duration\0\0\0\0\0\0\0\0\0\0\0\11";
	struct slu_flv_tail t;

	(void)state;
	flv_begin(&kit);
	tag(SLU_FLV_SCRIPT, 0, "\2\0\1x\5", 5, 5);
	t = tail_of(kit.n);
	assert_int_equal(t.duration_at, 0);
	assert_int_equal(t.type, 0);
	tag(SLU_FLV_SCRIPT, 0, metadata, sizeof metadata - 1, sizeof metadata - 1);
	SOUND(0);
	tag(SLU_FLV_SCRIPT, 0, metadata, sizeof metadata - 1, sizeof metadata - 1);
	t = tail_of(kit.n);
	assert_int_equal(t.duration_at, 13 + 20 + 11 + 13 + 1 + 11);
	assert_int_equal(t.metadata, 13 + 20 + 11);
	assert_int_equal(t.metadata_size, sizeof metadata - 1);
}

/* What comes before the last key frame ends with the one before it. */
static void the_key_frame_before(void **state)
{
	struct slu_flv_tail t;
	const char *path;
	int fd;

	(void)state;
	flv_begin(&kit);
	for (uint32_t at = 0; at < 3; at++) {
		KEY(at * 100);
		SOUND(at * 100 + 10);
	}
	path = flv_file(kit.data, kit.n);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(slu_flv_tail(fd, &t), 0);
	for (uint32_t at = 3; at-- > 0;) {
		assert_int_equal(t.type, SLU_FLV_VIDEO);
		assert_int_equal(t.timestamp, at * 100);
		assert_int_equal(slu_flv_tail_within(fd, t.body - SLU_FLV_TAG_HEADER_SIZE, &t), 0);
	}
	assert_int_equal(t.type, 0);
	close(fd);
	unlink(path);
}

static void what_is_none(void **state)
{
	(void)state;
	flv_begin(&kit);
	SOUND(20);
	for (size_t n = 0; n < 9; n++)
		assert_false(tail_of(n).is_flv);
	SOUND(40);
	kit.data[13 + 45] = 0xff; /* no tag of any kind */
	assert_int_equal(tail_of(kit.n).timestamp, 20);
	slu_put_be32(kit.data + 5, 3);
	assert_false(tail_of(kit.n).is_flv);
	slu_put_be32(kit.data + 5, 9);
	kit.data[0] = 'f';
	assert_false(tail_of(kit.n).is_flv);
}

static void a_pipe(void **state)
{
	struct slu_flv_tail t;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(slu_flv_tail(fds[0], &t), SLU_ERR_IO);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_whole_key_frame),
		cmocka_unit_test(audio_alone),
		cmocka_unit_test(video_without_a_key_frame),
		cmocka_unit_test(where_the_duration_is),
		cmocka_unit_test(the_key_frame_before),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
