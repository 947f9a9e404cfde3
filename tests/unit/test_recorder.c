/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <signal.h>
#include <sys/resource.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"
#include "record_kit.h"
#include "server/record_meta.h"
#include "server/recorder.h"

static uint8_t file[4 << 20];
static size_t file_size;

static void load(const char *name)
{
	int fd = openat(kit_dir, name, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, file, sizeof file);
	assert_true(n >= 0 && (size_t)n < sizeof file);
	file_size = (size_t)n;
	close(fd);
}

/* The file's tags, all whole; the last one in *last. */
static size_t count_tags(struct slu_flv_tag *last)
{
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	size_t from = 0, used, n = 0;

	slu_flv_reader_init(&r);
	while (slu_flv_read(&r, file + from, file_size - from, &used, &tag) == 1) {
		from += used;
		n++;
		*last = tag;
	}
	from += used;
	assert_int_equal(slu_flv_reader_end(&r, file_size - from), 0);
	assert_int_equal(r.wrong_prev_size, 0);
	return n;
}

static double patched(size_t at)
{
	return slu_be_double(file + SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_HEADER_SIZE + at);
}

static struct slu_recorder *record(void)
{
	char error[256];
	struct slu_recorder *r = slu_recorder_open(kit_dir, "live/cam", error, sizeof error);

	assert_non_null(r);
	assert_string_equal(slu_recorder_path(r), "live/cam.flv");
	return r;
}

static int put(struct slu_recorder *r, uint8_t type, uint32_t timestamp, const void *body, size_t size)
{
	struct slu_msg m = {.type = type, .timestamp = timestamp, .data = body, .size = size};

	return slu_recorder_write(r, &m);
}

static void records(void **state)
{
	static const uint8_t meta[] =
		"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01\x00\x01w\x00\0\0\0\0\0\0\0\0\x00\x00\x09";
	struct slu_recorder *r = record();
	struct slu_flv_tag last;

	(void)state;
	assert_int_equal(put(r, 18, 0xfffffff0, meta, sizeof meta - 1), 0);
	assert_int_equal(put(r, 9, 0xfffffff0, "\x17\x01key", 5), 0);
	assert_int_equal(put(r, 20, 0, "command", 7), 0);
	assert_int_equal(put(r, 8, 2484, "\xaf\x01", 2), 0);
	assert_int_equal(put(r, 9, 2480, "\x27\x01x", 3), 0);
	assert_int_equal(slu_recorder_finish(r), 0);
	assert_string_equal(slu_recorder_error(r), "");
	load("live/cam.flv");
	assert_int_equal(slu_recorder_size(r), file_size);
	assert_int_equal(count_tags(&last), 4);
	assert_int_equal(last.timestamp, 2480);
	assert_memory_equal(last.body, "\x27\x01x", 3);
	assert_int_equal(file[4], 5);
	/* From just before the wrap of 32 bits to 2484 ms after it: 2.5 s. */
	assert_true(patched(SLU_RECORD_META_DURATION) == 2.5);
	assert_true(patched(SLU_RECORD_META_FILESIZE) == (double)file_size);
	slu_recorder_free(r);
}

static void needs_no_metadata(void **state)
{
	struct slu_recorder *r = record();
	struct slu_flv_tag last;

	(void)state;
	for (uint32_t t = 0; t <= 100; t++)
		assert_int_equal(put(r, 8, t * 10, "\xaf\x01", 2), 0);
	slu_recorder_free(r);
	load("live/cam.flv");
	assert_int_equal(count_tags(&last), 102);
	assert_int_equal(file[4], 4);
	assert_true(patched(SLU_RECORD_META_DURATION) == 1.0);
	assert_true(patched(SLU_RECORD_META_FILESIZE) == (double)file_size);
}

static void keeps_metadata_that_is_no_amf(void **state)
{
	static const uint8_t meta[] = "\x02\x00\x0aonMetaData\x08\x00\x00";
	struct slu_recorder *r = record();
	struct slu_flv_tag last;

	(void)state;
	assert_int_equal(put(r, 18, 0, meta, sizeof meta - 1), 0);
	slu_recorder_free(r);
	load("live/cam.flv");
	assert_int_equal(count_tags(&last), 2);
	assert_int_equal(last.size, sizeof meta - 1);
	assert_memory_equal(last.body, meta, sizeof meta - 1);
}

static void nothing_sent_is_an_empty_file(void **state)
{
	struct slu_recorder *r = record();

	(void)state;
	assert_int_equal(slu_recorder_finish(r), 0);
	assert_int_equal(slu_recorder_finish(r), 0);
	slu_recorder_free(r);
	load("live/cam.flv");
	assert_int_equal(file_size, 0);
}

static void writes_in_blocks(void **state)
{
	static uint8_t body[100000];
	struct slu_recorder *r = record();
	struct slu_flv_tag last;

	(void)state;
	for (uint32_t t = 0; t < 3; t++) {
		load("live/cam.flv");
		assert_int_equal(file_size, 0);
		assert_int_equal(put(r, 9, t, body, sizeof body), 0);
	}
	load("live/cam.flv");
	assert_true(file_size > 300000);
	assert_int_equal(put(r, 9, 4, body, 10), 0);
	assert_int_equal(slu_recorder_flush(r), 0);
	load("live/cam.flv");
	assert_int_equal(count_tags(&last), 5);
	slu_recorder_free(r);
}

/* A limit on file sizes stands for a full disk: the write that crosses it is cut short, the next one fails. */
static void keeps_what_was_stored_when_the_disk_is_full(void **state)
{
	static uint8_t body[1000];
	struct rlimit old, small;
	struct slu_recorder *r = record();
	struct slu_flv_tag last;
	int err = 0;
	uint32_t t;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 600000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (t = 0; t < 5000 && err == 0; t++)
		err = put(r, 9, t * 10, body, sizeof body);
	assert_int_equal(err, SLU_ERR_IO);
	assert_int_equal(put(r, 9, 0, body, 1), SLU_ERR_IO);
	assert_int_equal(slu_recorder_finish(r), SLU_ERR_IO);
	assert_non_null(strstr(slu_recorder_error(r), "recording stopped: File too large"));
	assert_null(strstr(slu_recorder_error(r), "cam"));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	load("live/cam.flv");
	/* All the whole tags that fit: 13 and 71 + 15 bytes, then 1015 each. */
	assert_int_equal(count_tags(&last), 1 + (600000 - 13 - 74) / 1015);
	assert_int_equal(slu_recorder_size(r), file_size);
	assert_true(patched(SLU_RECORD_META_FILESIZE) == (double)file_size);
	assert_int_equal(file[4], 1);
	slu_recorder_free(r);
}

static void says_why_not(void **state)
{
	char error[256];

	(void)state;
	assert_null(slu_recorder_open(kit_dir, "live/../cam", error, sizeof error));
	assert_non_null(strstr(error, "not recorded: the stream's name"));
	assert_null(slu_recorder_open(-1, "live/cam", error, sizeof error));
	assert_non_null(strstr(error, "not recorded: no file can be made in the folder: Bad file descriptor"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(records),
		KIT_TEST(needs_no_metadata),
		KIT_TEST(keeps_metadata_that_is_no_amf),
		KIT_TEST(nothing_sent_is_an_empty_file),
		KIT_TEST(writes_in_blocks),
		KIT_TEST(keeps_what_was_stored_when_the_disk_is_full),
		KIT_TEST(says_why_not),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
