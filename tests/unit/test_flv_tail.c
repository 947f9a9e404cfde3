/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "flv_kit.h"
#include "tools/flv_tail.h"
#include "tools/flv_walk.h"

int __real_slu_flv_walk_next(struct slu_flv_walk *w, struct slu_flv_walk_tag *tag);
int __wrap_slu_flv_walk_next(struct slu_flv_walk *w, struct slu_flv_walk_tag *tag);

static struct flv_kit kit;
static unsigned steps;

int __wrap_slu_flv_walk_next(struct slu_flv_walk *w, struct slu_flv_walk_tag *tag)
{
	steps++;
	return __real_slu_flv_walk_next(w, tag);
}

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

static char why[256];
static struct slu_flv_tail found;

/* The file's first n bytes; what was found is not there any more after the next. */
static bool look(size_t n, unsigned long skip)
{
	const char *path = flv_file(kit.data, n);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	assert_true(fd >= 0);
	slu_flv_tail_clear(&found);
	good = slu_flv_tail(fd, skip, &found, why, sizeof why);
	close(fd);
	unlink(path);
	assert_int_equal(!why[0], good);
	assert_true(!found.type || memcmp(found.frame, kit.data + found.body, found.size) == 0);
	return good;
}

static struct slu_flv_tail tail_of(size_t n)
{
	assert_true(look(n, 0));
	return found;
}

static int clear(void **state)
{
	(void)state;
	slu_flv_tail_clear(&found);
	return 0;
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
	for (size_t n = 0; n <= kit.n; n++) {
		t = tail_of(n);
		if (n < end[0]) {
			assert_int_equal(t.type, 0);
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

/* Nothing to lose, and nothing to go on from. */
static void cut_off_before_its_first_frame(void **state)
{
	(void)state;
	flv_begin(&kit);
	SOUND(20);
	SOUND(40);
	KEY(50);
	for (size_t n = 13 + 2 * 45 + 1; n < kit.n; n++)
		assert_int_equal(tail_of(n).type, 0);
	assert_int_equal(tail_of(13 + 2 * 45).type, SLU_FLV_AUDIO);
	slu_put_be32(kit.data + 5, 10000); /* the header is longer than what came of it */
	assert_int_equal(tail_of(kit.n).type, 0);
}

static void video_without_a_key_frame(void **state)
{
	(void)state;
	flv_begin(&kit);
	SOUND(0);
	CONFIG(0);
	assert_int_equal(tail_of(kit.n).type, 0);
	INTER(40);
	assert_false(look(kit.n, 0));
	assert_string_equal(why, "there is no key frame in it");
}

/* The first n tags say where they begin; each that is damaged is told apart from the end of the file. */
static void damage(void **state)
{
	size_t at[40], n = 0;
	char want[64];

	(void)state;
	flv_begin(&kit);
	for (; n < 40; n++) {
		at[n] = kit.n;
		if (n % 10)
			INTER((uint32_t)n * 40);
		else
			KEY((uint32_t)n * 40);
	}
	assert_int_equal(tail_of(kit.n).timestamp, 1200);
	for (size_t i = 0; i + 1 < n; i++) {
		size_t places[] = {at[i], at[i] + 1, at[i] + 2, at[i] + 3, at[i + 1] - 4, at[i + 1] - 1};

		snprintf(want, sizeof want, "it is damaged at byte %zu, ", at[i]);
		for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
			kit.data[places[k]] ^= 0xc1;
			assert_false(look(kit.n, 0));
			assert_memory_equal(why, want, strlen(want));
			assert_int_equal(found.type, 0);
			kit.data[places[k]] ^= 0xc1;
		}
	}
	/* As long as anything whole is behind it. */
	kit.data[at[37] + 1] = 1;
	assert_false(look(at[39], 0));
	assert_int_equal(tail_of(at[39] - 1).timestamp, 1200);
	/* In the last one, there is nothing behind it. */
	kit.data[at[37] + 1] = 0;
	kit.data[kit.n - 1]++;
	assert_int_equal(tail_of(kit.n).timestamp, 1200);
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
	assert_memory_equal(t.metadata, metadata, sizeof metadata - 1);
	assert_int_equal(t.metadata_size, sizeof metadata - 1);
}

/* Each tag is looked at once, however many are skipped. */
static void key_frames_before(void **state)
{
	(void)state;
	flv_begin(&kit);
	CONFIG(0);
	for (uint32_t at = 0; at < 200; at++) {
		SOUND(at * 100 + 5); /* of which none counts */
		KEY(at * 100 + 10);
	}
	for (unsigned long skip = 0; skip < 200; skip++) {
		steps = 0;
		assert_true(look(kit.n, skip));
		assert_int_equal(steps, 1 + 2 * 200 + 1);
		assert_int_equal(found.type, SLU_FLV_VIDEO);
		assert_int_equal(found.timestamp, (199 - skip) * 100 + 10);
		assert_int_equal(found.end, found.body + 204);
	}
	assert_false(look(kit.n, 200));
	assert_string_equal(why, "it has no more key frames to skip");
	assert_false(look(kit.n, INT32_MAX));
}

static void what_is_none(void **state)
{
	(void)state;
	flv_begin(&kit);
	SOUND(20);
	for (size_t n = 1; n <= 4; n++) {
		kit.data[n - 1]++;
		assert_false(look(n, 0));
		assert_false(look(kit.n, 0));
		assert_string_equal(why, "it is no FLV");
		kit.data[n - 1]--;
	}
	slu_put_be32(kit.data + 5, 3);
	assert_false(look(kit.n, 0));
	slu_put_be32(kit.data + 5, 9);
	assert_int_equal(tail_of(kit.n).timestamp, 20);
}

static void a_pipe(void **state)
{
	int fds[2];

	(void)state;
	slu_flv_tail_clear(&found);
	assert_int_equal(pipe(fds), 0);
	assert_false(slu_flv_tail(fds[0], 0, &found, why, sizeof why));
	assert_string_equal(why, "it is no file");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_whole_key_frame),
		cmocka_unit_test(audio_alone),
		cmocka_unit_test(cut_off_before_its_first_frame),
		cmocka_unit_test(video_without_a_key_frame),
		cmocka_unit_test(damage),
		cmocka_unit_test(where_the_duration_is),
		cmocka_unit_test(key_frames_before),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, clear);
}
