/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <librtmp/log.h>

#include "base/bytes.h"
#include "flv_kit.h"
#include "tools/dump_file.h"

static const char metadata[] = "\2\0\12onMetaData\3\0\10duration\0\x40\x59\0\0\0\0\0\0\0\0\11"; /* 100 */

static struct flv_kit kit;
static struct slu_dump_file f;
static char heard[4096];
static uint8_t there[sizeof kit.data];

static void hear(int level, const char *format, va_list args)
{
	(void)level;
	vsnprintf(heard, sizeof heard, format, args);
}

static int begin(void **state)
{
	(void)state;
	heard[0] = '\0';
	RTMP_LogSetCallback(hear);
	RTMP_LogSetLevel(RTMP_LOGINFO);
	return 0;
}

static void begins_with(const char *bytes, size_t n, size_t at)
{
	memcpy(kit.data + at + SLU_FLV_TAG_HEADER_SIZE, bytes, n);
}

static void key(uint32_t timestamp)
{
	size_t at = kit.n;

	flv_tag(&kit, SLU_FLV_VIDEO, timestamp, 200, timestamp);
	begins_with("\x17\1\0\0\0", 5, at);
}

static void sound(uint32_t timestamp)
{
	size_t at = kit.n;

	flv_tag(&kit, SLU_FLV_AUDIO, timestamp, 30, timestamp);
	begins_with("\xaf\1", 2, at);
}

/* Metadata, three key frames, and a sound behind each; where the second ends. */
static size_t make(void)
{
	size_t end = 0;

	flv_begin(&kit);
	flv_tag(&kit, SLU_FLV_SCRIPT, 0, sizeof metadata - 1, 0);
	begins_with(metadata, sizeof metadata - 1, SLU_FLV_HEADER_SIZE);
	for (uint32_t at = 0; at < 3000; at += 1000) {
		key(at);
		end = at == 1000 ? kit.n : end;
		sound(at + 10);
	}
	return end;
}

static void check(const char *path, const void *data, size_t n)
{
	assert_int_equal(flv_slurp(path, there, sizeof there), n);
	assert_memory_equal(there, data, n);
}

static void a_file_is_replaced_by_the_first_byte(void **state)
{
	const char *path = flv_file("something", 9);

	(void)state;
	assert_true(slu_dump_file_open(&f, path));
	check(path, "something", 9);
	assert_true(slu_dump_file_write(&f, "ab", 2));
	check(path, "ab", 2);
	assert_true(slu_dump_file_write(&f, "c", 1));
	assert_int_equal(f.size, 3);
	assert_true(slu_dump_file_close(&f));
	check(path, "abc", 3);
	unlink(path);
}

static void what_is_resumed_ends_with_a_key_frame(void **state)
{
	const size_t end = make();
	const char *path = flv_file(kit.data, kit.n);

	(void)state;
	assert_true(slu_dump_file_open(&f, path));
	assert_true(slu_dump_file_resume(&f, 1));
	assert_int_equal(f.size, end);
	assert_int_equal(f.tail.timestamp, 1000);
	assert_int_equal(f.tail.size, 200);
	assert_memory_equal(f.tail.frame, kit.data + f.tail.body, 200);
	assert_memory_equal(f.tail.metadata, metadata, sizeof metadata - 1);
	assert_int_equal(f.tail.metadata_size, sizeof metadata - 1);
	assert_true(f.duration == 100);
	check(path, kit.data, kit.n);
	assert_true(slu_dump_file_write(&f, "next", 4));
	assert_true(slu_dump_file_close(&f));
	memcpy(kit.data + end, "next", 4);
	check(path, kit.data, end + 4);
	unlink(path);
}

/* The first frame is where it begins anyway. */
static void a_file_with_one_key_frame_is_begun_anew(void **state)
{
	const char *path;

	(void)state;
	make();
	path = flv_file(kit.data, kit.n);
	assert_true(slu_dump_file_open(&f, path));
	assert_true(slu_dump_file_resume(&f, 2));
	assert_int_equal(f.tail.type, 0);
	assert_true(slu_dump_file_write(&f, "new", 3));
	assert_true(slu_dump_file_close(&f));
	check(path, "new", 3);
	unlink(path);
}

static void what_cannot_be_resumed(void **state)
{
	const char *path;

	(void)state;
	make();
	path = flv_file(kit.data, kit.n);
	assert_true(slu_dump_file_open(&f, path));
	assert_false(slu_dump_file_resume(&f, 3));
	assert_non_null(strstr(heard, "no more key frames"));
	slu_dump_file_close(&f);
	check(path, kit.data, kit.n);
	unlink(path);
	path = flv_file("no FLV, but long enough", 23);
	assert_true(slu_dump_file_open(&f, path));
	assert_false(slu_dump_file_resume(&f, 0));
	assert_non_null(strstr(heard, "no FLV"));
	slu_dump_file_close(&f);
	unlink(path);
	assert_true(slu_dump_file_open(&f, "/dev/null"));
	assert_false(slu_dump_file_resume(&f, 0));
	assert_non_null(strstr(heard, "no file"));
	slu_dump_file_close(&f);
}

static void a_damaged_file_stays_as_it_is(void **state)
{
	const char *path;

	(void)state;
	make();
	kit.data[SLU_FLV_HEADER_SIZE + 3]++;
	path = flv_file(kit.data, kit.n);
	assert_true(slu_dump_file_open(&f, path));
	assert_false(slu_dump_file_resume(&f, 0));
	assert_non_null(strstr(
		heard, " cannot be gone on with: it is damaged at byte 13, and what comes behind would be lost"));
	slu_dump_file_close(&f);
	check(path, kit.data, kit.n);
	unlink(path);
}

/* Wherever that was: it has nothing that will not come again. */
static void a_file_cut_off_before_its_first_key_frame_is_begun(void **state)
{
	(void)state;
	make();
	for (size_t n = 1; n < SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_OVERHEAD + sizeof metadata - 1 + 200; n += 7) {
		const char *path = flv_file(kit.data, n);

		assert_true(slu_dump_file_open(&f, path));
		assert_true(slu_dump_file_resume(&f, 0));
		assert_int_equal(f.tail.type, 0);
		assert_int_equal(f.size, 0);
		assert_non_null(strstr(heard, "it is begun anew"));
		check(path, kit.data, n);
		slu_dump_file_close(&f);
		unlink(path);
	}
}

static void an_empty_file_is_begun(void **state)
{
	const char *path = flv_file("", 0);

	(void)state;
	assert_true(slu_dump_file_open(&f, path));
	assert_true(slu_dump_file_resume(&f, 5));
	assert_int_equal(f.tail.type, 0);
	assert_int_equal(f.size, 0);
	assert_true(slu_dump_file_close(&f));
	unlink(path);
}

static void what_cannot_be_opened_or_written(void **state)
{
	(void)state;
	assert_false(slu_dump_file_open(&f, "/nowhere/file"));
	assert_non_null(strstr(heard, "/nowhere/file cannot be opened: No such file"));
	slu_dump_file_close(&f);
	assert_true(slu_dump_file_open(&f, "/dev/full"));
	assert_false(slu_dump_file_write(&f, "x", 1));
	assert_non_null(strstr(heard, "/dev/full cannot be written after 0 bytes: No space left"));
	slu_dump_file_close(&f);
}

static void a_pipe_is_written_as_it_is(void **state)
{
	char path[64], got[8];
	int reader;

	(void)state;
	snprintf(path, sizeof path, "/tmp/dump-pipe-%d", (int)getpid());
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(slu_dump_file_open(&f, path));
	assert_true(slu_dump_file_write(&f, "flv", 3));
	assert_true(slu_dump_file_close(&f));
	assert_int_equal(read(reader, got, sizeof got), 3);
	assert_memory_equal(got, "flv", 3);
	close(reader);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_file_is_replaced_by_the_first_byte, begin),
		cmocka_unit_test_setup(what_is_resumed_ends_with_a_key_frame, begin),
		cmocka_unit_test_setup(a_file_with_one_key_frame_is_begun_anew, begin),
		cmocka_unit_test_setup(what_cannot_be_resumed, begin),
		cmocka_unit_test_setup(a_damaged_file_stays_as_it_is, begin),
		cmocka_unit_test_setup(a_file_cut_off_before_its_first_key_frame_is_begun, begin),
		cmocka_unit_test_setup(an_empty_file_is_begun, begin),
		cmocka_unit_test_setup(what_cannot_be_opened_or_written, begin),
		cmocka_unit_test_setup(a_pipe_is_written_as_it_is, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
