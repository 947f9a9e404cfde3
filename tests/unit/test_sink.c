/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "flv_kit.h"
#include "tools/sink.h"

static const char metadata[] = "\x02\0\x0aonMetaData\x08\0\0\0\x01\0\x05width\0\x40\x84\0\0\0\0\0\0\0\0\x09";

static struct flv_kit kit;
static uint8_t got[4 << 20];
static char error[512];

static int put(struct slu_sink *s, uint8_t type, uint32_t ts, size_t size, unsigned seed)
{
	static uint8_t body[1 << 20];
	struct slu_flv_tag tag = {.type = type, .timestamp = ts, .body = body, .size = size};

	for (size_t i = 0; i < size; i++)
		body[i] = flv_byte(seed, i);
	return slu_sink_tag(s, &tag);
}

static struct slu_sink *open_new(const char **path)
{
	struct slu_sink *s;

	*path = flv_file("", 0);
	unlink(*path);
	s = slu_sink_open(*path, error, sizeof error);
	assert_non_null(s);
	return s;
}

static void writes_what_it_takes(void **state)
{
	static const size_t sizes[] = {3, 1000, 65000, 200000, 5, 65521, 65522, 30000, 0, 30000};
	struct slu_sink_stats stats;
	const char *path;
	struct slu_sink *s = open_new(&path);

	(void)state;
	flv_begin(&kit);
	for (unsigned i = 0; i < 10; i++) {
		flv_tag(&kit, i % 2 ? SLU_FLV_AUDIO : SLU_FLV_VIDEO, 40 * i, sizes[i], i);
		assert_int_equal(put(s, i % 2 ? SLU_FLV_AUDIO : SLU_FLV_VIDEO, 40 * i, sizes[i], i), 0);
	}
	assert_int_equal(slu_sink_finish(s), 0);
	slu_sink_stats(s, &stats);
	slu_sink_free(s);
	assert_int_equal(flv_slurp(path, got, sizeof got), kit.n);
	assert_memory_equal(got, kit.data, kit.n);
	assert_int_equal(stats.bytes, kit.n);
	assert_int_equal(stats.tags, 10);
	assert_int_equal(stats.duration_ms, 360);
	unlink(path);
}

static void one_write_a_flush(void **state)
{
	struct slu_sink_stats stats;
	const char *path;
	struct slu_sink *s = open_new(&path);

	(void)state;
	for (unsigned flushes = 1; flushes <= 5; flushes++) {
		for (unsigned i = 0; i < 20; i++)
			assert_int_equal(put(s, SLU_FLV_VIDEO, i, 500, i), 0);
		assert_int_equal(slu_sink_flush(s), 0);
		assert_int_equal(slu_sink_flush(s), 0); /* nothing more: no call */
		slu_sink_stats(s, &stats);
		assert_int_equal(stats.writes, flushes);
	}
	slu_sink_finish(s);
	slu_sink_free(s);
	unlink(path);
}

static void completes_the_header(void **state)
{
	struct slu_flv_tag tag = {
		.type = SLU_FLV_SCRIPT, .body = (const uint8_t *)metadata, .size = sizeof metadata - 1};
	const char *path;
	struct slu_sink *s = open_new(&path);
	size_t n;

	(void)state;
	assert_int_equal(slu_sink_tag(s, &tag), 0);
	put(s, SLU_FLV_VIDEO, 1000, 10, 1);
	put(s, SLU_FLV_VIDEO, 3500, 10, 2);
	assert_int_equal(slu_sink_finish(s), 0);
	slu_sink_free(s);
	n = flv_slurp(path, got, sizeof got);
	assert_int_equal(n, SLU_FLV_HEADER_SIZE + 3 * SLU_FLV_TAG_OVERHEAD + tag.size + 19 + 20);
	assert_int_equal(got[4], 1); /* video only */
	assert_int_equal(slu_be32(got + SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_HEADER_SIZE + 14), 2);
	assert_true(slu_be_double(got + SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_HEADER_SIZE + 18 + 11) == 2.5);
	unlink(path);
}

static void an_unused_output_is_left_alone(void **state)
{
	struct stat st;
	const char *path;
	struct slu_sink *s = open_new(&path);

	(void)state;
	assert_int_equal(slu_sink_finish(s), 0);
	slu_sink_free(s);
	assert_int_equal(stat(path, &st), -1); /* it was made, and for nothing */

	path = flv_file("precious", 8);
	s = slu_sink_open(path, error, sizeof error);
	assert_int_equal(slu_sink_finish(s), 0);
	slu_sink_free(s);
	assert_int_equal(flv_slurp(path, got, sizeof got), 8);

	s = slu_sink_open(path, error, sizeof error);
	put(s, SLU_FLV_AUDIO, 0, 1, 0);
	assert_int_equal(slu_sink_finish(s), 0);
	slu_sink_free(s);
	assert_int_equal(flv_slurp(path, got, sizeof got), SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_OVERHEAD + 1);
	assert_int_equal(got[4], 4);
	unlink(path);
}

/* A file that may not grow beyond limit, as on a full disk: what is in it then are whole tags. */
static void fill_up(size_t limit, size_t tag_size)
{
	struct rlimit old, new;
	struct slu_flv_reader reader;
	struct slu_flv_tag tag;
	const char *path;
	struct slu_sink *s = open_new(&path);
	size_t n, fit, used, at = 0;
	unsigned put_tags = 0;
	int err = 0, r;

	getrlimit(RLIMIT_FSIZE, &old);
	new = (struct rlimit){.rlim_cur = limit, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &new);
	while (!err && put_tags < 1000) {
		err = put(s, SLU_FLV_VIDEO, put_tags, tag_size, put_tags);
		if (!err && put_tags % 7 == 6)
			err = slu_sink_flush(s);
		put_tags++;
	}
	assert_int_equal(err, SLU_ERR_IO);
	assert_int_equal(put(s, SLU_FLV_VIDEO, 0, 1, 0), SLU_ERR_IO);
	assert_int_equal(slu_sink_finish(s), SLU_ERR_IO);
	assert_non_null(strstr(slu_sink_error(s), "File too large"));
	slu_sink_free(s);
	setrlimit(RLIMIT_FSIZE, &old);

	if (limit < SLU_FLV_HEADER_SIZE) {
		assert_int_equal(access(path, F_OK), -1); /* nothing was kept */
		return;
	}
	n = flv_slurp(path, got, sizeof got);
	fit = (limit - SLU_FLV_HEADER_SIZE) / (tag_size + SLU_FLV_TAG_OVERHEAD);
	assert_int_equal(n, SLU_FLV_HEADER_SIZE + fit * (tag_size + SLU_FLV_TAG_OVERHEAD));
	slu_flv_reader_init(&reader);
	while ((r = slu_flv_read(&reader, got + at, n - at, &used, &tag)) >= 0) {
		at += used;
		if (r == 0)
			break;
	}
	assert_int_equal(slu_flv_reader_end(&reader, n - at), 0);
	assert_int_equal(reader.tags, fit);
	if (fit)
		assert_int_equal(got[4], 1); /* the header is right nevertheless */
	unlink(path);
}

static void a_full_disk_keeps_whole_tags(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	fill_up(5, 100);
	fill_up(13, 100);
	fill_up(100, 1000);
	fill_up(5000, 100);
	fill_up(5000, 1000);
	fill_up(100000, 9000);
	fill_up(1000000, 150000);
	fill_up(13 + 5 * 150015, 150000);
	fill_up(13 + 5 * 1015, 1000);
}

static void a_pipe_gets_a_stream(void **state)
{
	int fds[2];
	char path[64];
	struct slu_sink *s;
	struct slu_flv_tag tag = {
		.type = SLU_FLV_SCRIPT, .body = (const uint8_t *)metadata, .size = sizeof metadata - 1};

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", fds[1]);
	s = slu_sink_open(path, error, sizeof error);
	assert_non_null(s);
	assert_int_equal(slu_sink_tag(s, &tag), 0); /* unaltered: nobody could patch it */
	assert_int_equal(slu_sink_flush(s), 0);
	assert_int_equal(read(fds[0], got, sizeof got), SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_OVERHEAD + tag.size);
	assert_int_equal(got[4], 5);
	close(fds[0]);
	assert_int_equal(put(s, SLU_FLV_AUDIO, 0, 100, 1), 0);
	assert_int_equal(slu_sink_finish(s), SLU_ERR_IO);
	assert_non_null(strstr(slu_sink_error(s), "Broken pipe"));
	slu_sink_free(s);
	close(fds[1]);
}

/* Nothing of a longer file shows behind a shorter one. */
static void replaces_what_was_there(void **state)
{
	static const char old[100000];
	const char *path = flv_file(old, sizeof old);
	struct slu_sink *s = slu_sink_open(path, error, sizeof error);
	struct slu_sink_stats stats;
	struct stat st;

	(void)state;
	assert_non_null(s);
	assert_int_equal(put(s, SLU_FLV_VIDEO, 0, 100, 1), 0);
	assert_int_equal(slu_sink_finish(s), 0);
	slu_sink_stats(s, &stats);
	slu_sink_free(s);
	assert_int_equal(stats.bytes, SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_OVERHEAD + 100);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, stats.bytes);
}

static void what_cannot_be_opened(void **state)
{
	(void)state;
	assert_null(slu_sink_open("/nonexistent/out.flv", error, sizeof error));
	assert_string_equal(error, "cannot open /nonexistent/out.flv for writing: No such file or directory");
	assert_null(slu_sink_open("/tmp", error, sizeof error));
	assert_string_equal(error, "cannot open /tmp for writing: Is a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_it_takes),         cmocka_unit_test(one_write_a_flush),
		cmocka_unit_test(completes_the_header),         cmocka_unit_test(an_unused_output_is_left_alone),
		cmocka_unit_test(a_full_disk_keeps_whole_tags), cmocka_unit_test(a_pipe_gets_a_stream),
		cmocka_unit_test(replaces_what_was_there),      cmocka_unit_test(what_cannot_be_opened),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
