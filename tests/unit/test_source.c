/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "flv_kit.h"
#include "tools/source.h"

static struct flv_kit kit;
static char error[512];

static void check_tag(const struct slu_flv_tag *tag, struct slu_buffer *owner, unsigned seed, size_t size)
{
	assert_int_equal(tag->size, size);
	assert_int_equal(tag->timestamp, seed);
	assert_true(tag->body >= slu_buffer_data(owner));
	assert_true(tag->body + size <= slu_buffer_data(owner) + slu_buffer_size(owner));
	for (size_t i = 0; i < size; i++)
		if (tag->body[i] != flv_byte(seed, i))
			fail_msg("byte %zu of tag %u", i, seed);
}

/* Sizes that fall on all sides of a block's end, and beyond a block. */
static size_t size_of(unsigned seed)
{
	static const size_t sizes[] = {1, 700, 20000, 333, 65536 - 15, 5, 150000, 65000, 12, 40000, 300000, 8};

	return sizes[seed % 12];
}

static const char *many_tags(unsigned count)
{
	flv_begin(&kit);
	for (unsigned i = 0; i < count; i++)
		flv_tag(&kit, i % 2 ? SLU_FLV_AUDIO : SLU_FLV_VIDEO, i, size_of(i), i);
	return flv_file(kit.data, kit.n);
}

static void reads_a_file_in_place(void **state)
{
	const char *path = many_tags(60);
	struct slu_source *s = slu_source_open(path, error, sizeof error);
	struct slu_source_stats stats;
	struct slu_flv_tag tag;
	struct slu_buffer *owner;

	(void)state;
	assert_non_null(s);
	assert_false(slu_source_live(s));
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(slu_source_next(s, &tag, &owner), 1);
		check_tag(&tag, owner, i, size_of(i));
	}
	assert_int_equal(slu_source_next(s, &tag, &owner), SLU_ERR_CLOSED);
	assert_int_equal(slu_source_next(s, &tag, &owner), SLU_ERR_CLOSED);
	slu_source_stats(s, &stats);
	assert_int_equal(stats.bytes, kit.n);
	/* Blocks of the ring that a tag's tail alternates between, and three sizes of a larger one. */
	assert_in_range(stats.allocations, 1, 8);
	slu_source_close(s);
	unlink(path);
}

static void steady_reading_allocates_nothing(void **state)
{
	struct slu_source_stats before, after;
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	struct slu_source *s;
	const char *path;

	(void)state;
	flv_begin(&kit);
	for (unsigned i = 0; i < 500; i++)
		flv_tag(&kit, SLU_FLV_VIDEO, i, 7000, i);
	path = flv_file(kit.data, kit.n);
	s = slu_source_open(path, error, sizeof error);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(slu_source_next(s, &tag, &owner), 1);
	slu_source_stats(s, &before);
	for (unsigned i = 50; i < 500; i++) {
		assert_int_equal(slu_source_next(s, &tag, &owner), 1);
		check_tag(&tag, owner, i, 7000);
	}
	slu_source_stats(s, &after);
	assert_int_equal(before.allocations, after.allocations);
	assert_int_equal(slu_source_rewind(s), 0);
	assert_int_equal(slu_source_next(s, &tag, &owner), 1);
	check_tag(&tag, owner, 0, 7000);
	slu_source_close(s);
	unlink(path);
}

static void held_tags_stay_what_they_are(void **state)
{
	enum { COUNT = 200, HELD = 40 };
	struct slu_flv_tag tags[HELD];
	struct slu_buffer *owners[HELD] = {NULL};
	struct slu_source *s;
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	const char *path;

	(void)state;
	flv_begin(&kit);
	for (unsigned i = 0; i < COUNT; i++)
		flv_tag(&kit, SLU_FLV_VIDEO, i, 20000, i);
	path = flv_file(kit.data, kit.n);
	s = slu_source_open(path, error, sizeof error);
	/* 40 tags of 20 kB are more than the ring holds: what is held is never read over. */
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(slu_source_next(s, &tag, &owner), 1);
		if (i >= HELD)
			check_tag(&tags[i % HELD], owners[i % HELD], i - HELD, 20000);
		slu_buffer_put(owners[i % HELD]);
		owners[i % HELD] = slu_buffer_get(owner);
		tags[i % HELD] = tag;
	}
	slu_source_close(s);
	for (unsigned i = COUNT - HELD; i < COUNT; i++) {
		check_tag(&tags[i % HELD], owners[i % HELD], i, 20000);
		slu_buffer_put(owners[i % HELD]);
	}
	unlink(path);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void reads_a_pipe_when_woken(void **state)
{
	char path[64];
	struct slu_source *s;
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	unsigned tags = 0;
	uint32_t rand = 1;
	int fds[2], r;

	(void)state;
	flv_begin(&kit);
	for (unsigned i = 0; i < 24; i++)
		flv_tag(&kit, SLU_FLV_VIDEO, i, size_of(i), i);
	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", fds[0]);
	s = slu_source_open(path, error, sizeof error);
	assert_true(slu_source_live(s));
	assert_int_equal(slu_source_next(s, &tag, &owner), 0);
	for (size_t at = 0; at < kit.n;) {
		size_t n = 1 + test_rand(&rand) % 9000;

		n = n < kit.n - at ? n : kit.n - at;
		assert_int_equal(write(fds[1], kit.data + at, n), n);
		at += n;
		assert_true(readable(slu_source_fd(s)));
		slu_source_wake(s);
		while ((r = slu_source_next(s, &tag, &owner)) == 1) {
			check_tag(&tag, owner, tags, size_of(tags));
			tags++;
		}
		assert_int_equal(r, 0);
	}
	assert_int_equal(tags, 24);
	close(fds[1]);
	slu_source_wake(s);
	assert_int_equal(slu_source_next(s, &tag, &owner), SLU_ERR_CLOSED);
	assert_int_equal(slu_source_rewind(s), SLU_ERR_IO);
	slu_source_close(s);
	close(fds[0]);
}

static void a_named_pipe_without_a_writer_does_not_block(void **state)
{
	char path[] = "/tmp/sluice-fifo-XXXXXX";
	struct slu_source *s;
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(path));
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	s = slu_source_open(path, error, sizeof error);
	assert_non_null(s);
	assert_false(readable(slu_source_fd(s)));
	assert_int_equal(slu_source_next(s, &tag, &owner), 0);
	fd = open(path, O_WRONLY);
	flv_begin(&kit);
	flv_tag(&kit, SLU_FLV_VIDEO, 0, 100, 0);
	assert_int_equal(write(fd, kit.data, kit.n), kit.n);
	assert_true(readable(slu_source_fd(s)));
	slu_source_wake(s);
	assert_int_equal(slu_source_next(s, &tag, &owner), 1);
	close(fd);
	slu_source_close(s);
	unlink(path);
}

static void a_lying_size_reserves_little(void **state)
{
	static uint8_t lie[300000];
	struct slu_source *s;
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	const char *path;

	(void)state;
	slu_flv_write_header(lie, true, true);
	memcpy(lie + SLU_FLV_HEADER_SIZE, "\x09\xff\xff\xff\0\0\0\0\0\0\0", 11);
	path = flv_file(lie, sizeof lie);
	s = slu_source_open(path, error, sizeof error);
	assert_int_equal(slu_source_next(s, &tag, &owner), SLU_ERR_FLV);
	assert_non_null(strstr(slu_source_error(s), path));
	slu_source_close(s);
	unlink(path);
}

static void expect(const void *data, size_t n, int err, const char *part)
{
	const char *path = flv_file(data, n);
	struct slu_source *s = slu_source_open(path, error, sizeof error);
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	int r;

	assert_non_null(s);
	while ((r = slu_source_next(s, &tag, &owner)) == 1)
		;
	assert_int_equal(r, err);
	if (!strstr(slu_source_error(s), part))
		fail_msg("\"%s\" lacks \"%s\"", slu_source_error(s), part);
	slu_source_close(s);
	unlink(path);
}

static void bad_inputs_are_told_apart(void **state)
{
	(void)state;
	expect("", 0, SLU_ERR_FLV, "is empty");
	flv_begin(&kit);
	expect(kit.data, kit.n, SLU_ERR_FLV, "without any tags");
	expect(kit.data, 5, SLU_ERR_FLV, "");
	flv_tag(&kit, SLU_FLV_VIDEO, 0, 1000, 0);
	expect(kit.data, kit.n, SLU_ERR_CLOSED, "has ended");
	expect(kit.data, kit.n - 4, SLU_ERR_CLOSED, "has ended");
	expect(kit.data, kit.n - 10, SLU_ERR_FLV, "");
	flv_tag(&kit, SLU_FLV_VIDEO, 40, 1000, 1);
	expect(kit.data, kit.n - 10, SLU_ERR_FLV, "all before that was sent");
	kit.data[SLU_FLV_HEADER_SIZE + 1000 + SLU_FLV_TAG_OVERHEAD] = 0xff;
	expect(kit.data, kit.n, SLU_ERR_FLV, "corrupt");
	expect("\0\0\0\x18"
	       "ftypisom\0\0\0\0",
	       16, SLU_ERR_FLV, "is an MP4 or MOV file and no FLV");
	expect("something else", 14, SLU_ERR_FLV, "not an FLV");
}

static void what_cannot_be_opened(void **state)
{
	struct slu_flv_tag tag;
	struct slu_buffer *owner;
	struct slu_source *s;

	(void)state;
	assert_null(slu_source_open("/nonexistent/file.flv", error, sizeof error));
	assert_string_equal(error, "cannot open /nonexistent/file.flv: No such file or directory");
	s = slu_source_open("/tmp", error, sizeof error);
	assert_int_equal(slu_source_next(s, &tag, &owner), SLU_ERR_IO);
	assert_string_equal(slu_source_error(s), "cannot read /tmp: Is a directory");
	slu_source_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_file_in_place),
		cmocka_unit_test(steady_reading_allocates_nothing),
		cmocka_unit_test(held_tags_stay_what_they_are),
		cmocka_unit_test(reads_a_pipe_when_woken),
		cmocka_unit_test(a_named_pipe_without_a_writer_does_not_block),
		cmocka_unit_test(a_lying_size_reserves_little),
		cmocka_unit_test(bad_inputs_are_told_apart),
		cmocka_unit_test(what_cannot_be_opened),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
