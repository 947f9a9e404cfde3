/* SPDX-License-Identifier: MIT */
/* What is written of a recording, and what is left of it when that ends in the middle. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include <sluice/amf.h>
#include <sluice/error.h>

#include "base/bytes.h"
#include "record_kit.h"
#include "server/record_file.h"

enum { TAGS = 60, BODY_AT = SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_HEADER_SIZE };

static const uint8_t metadata[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01\x00\x01w\x00\0\0\0\0\0\0\0\0\x00\x00\x09";

static struct slu_record_file file;
static uint8_t *bytes;
static size_t nbytes;

static void load(void)
{
	free(bytes);
	bytes = kit_load("live/cam.flv", &nbytes);
}

static int setup(void **state)
{
	memset(&file, 0, sizeof file);
	strcpy(file.path, "live/cam.flv");
	return kit_setup(state);
}

static void begin(const struct slu_record_ops *ops)
{
	assert_int_equal(slu_record_file_open(&file, ops, kit_dir), 0);
}

static int put(uint8_t type, uint32_t timestamp, const void *body, size_t size)
{
	struct slu_msg m = {.type = type, .timestamp = timestamp, .data = body, .size = size};

	return slu_record_file_write(&file, &m, 1);
}

/* ---- what is in a file ---- */

/* Its whole tags; the last one in *last. Behind them there may be a part of one, if cut says so. */
static size_t count_tags(const uint8_t *data, size_t n, bool cut, struct slu_flv_tag *last)
{
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	size_t from = 0, used, tags = 0;

	slu_flv_reader_init(&r);
	while (slu_flv_read(&r, data + from, n - from, &used, &tag) == 1) {
		from += used;
		tags++;
		*last = tag;
	}
	from += used;
	assert_string_equal(slu_flv_error(&r), "");
	if (!cut)
		assert_int_equal(slu_flv_reader_end(&r, n - from), 0);
	assert_int_equal(r.wrong_prev_size, 0);
	return tags;
}

static double number(const struct slu_amf_value *m, const char *name)
{
	double d = -1;

	slu_amf_number(slu_amf_get(m, name), &d);
	return d;
}

/* What the first tag says; valid until the next call. */
static const struct slu_amf_value *meta(const uint8_t *data)
{
	static struct slu_amf_doc *doc;

	slu_amf_doc_free(doc);
	doc = NULL;
	if (!data)
		return NULL;
	doc = slu_amf_doc_new(NULL);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, data + BODY_AT, slu_be24(data + SLU_FLV_HEADER_SIZE + 1)), 0);
	return slu_amf_at(slu_amf_root(doc), 1);
}

static int teardown(void **state)
{
	free(bytes);
	bytes = NULL;
	meta(NULL);
	return kit_teardown(state);
}

static void records(void **state)
{
	struct slu_flv_tag last;

	(void)state;
	begin(&slu_record_ops_system);
	assert_int_equal(put(18, 0xfffffff0, metadata, sizeof metadata - 1), 0);
	assert_int_equal(put(9, 0xfffffff0, "\x17\x01key", 5), 0);
	assert_int_equal(put(8, 2484, "\xaf\x01", 2), 0);
	assert_int_equal(put(8, 2484, "", 0), 0);
	assert_int_equal(put(9, 2480, "\x27\x01x", 3), 0);
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	assert_int_equal(file.stored, nbytes);
	assert_int_equal(count_tags(bytes, nbytes, false, &last), 5);
	assert_int_equal(last.timestamp, 2480);
	assert_memory_equal(last.body, "\x27\x01x", 3);
	assert_int_equal(bytes[4], 5);
	/* From just before the wrap of 32 bits to 2484 ms after it: 2.5 s. */
	assert_true(number(meta(bytes), "duration") == 2.5);
	assert_true(number(meta(bytes), "lasttimestamp") == (4294967280.0 + 2500) / 1000);
	assert_true(number(meta(bytes), "filesize") == (double)nbytes);
	assert_true(number(meta(bytes), "videosize") == 11 + 5 + 11 + 3);
	assert_true(number(meta(bytes), "audiosize") == 11 + 2 + 11);
	assert_true(number(meta(bytes), "datasize") == 2 * 15 + 5 + 3 + 2 * 15 + 2);
	assert_true(number(meta(bytes), "w") == 0);
}

/* Where the key frames are: their tags, and their times. */
static void finds_key_frames(void **state)
{
	const struct slu_amf_value *keys, *time, *position;
	double ms, at;
	size_t n = 0;

	(void)state;
	begin(&slu_record_ops_system);
	put(8, 1000, "\xaf\x01", 2);
	put(9, 1000, "\x17\x00", 2);
	for (uint32_t i = 0; i < 100; i++)
		put(9, 1000 + i * 40, i % 10 ? "\x27\x01" : "\x17\x01", 2);
	put(9, 5000, "\x17\x02", 2);
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	keys = slu_amf_get(meta(bytes), "keyframes");
	time = slu_amf_first(slu_amf_get(keys, "times"));
	position = slu_amf_first(slu_amf_get(keys, "filepositions"));
	for (; time && position; time = slu_amf_next(time), position = slu_amf_next(position), n++) {
		const uint8_t *tag;

		assert_true(slu_amf_number(time, &ms) && slu_amf_number(position, &at));
		assert_int_equal((int)(ms * 1000 + 0.5), 1000 + n * 400);
		tag = bytes + (size_t)at;
		assert_memory_equal(tag, "\x09\x00\x00\x02", 4);
		assert_int_equal(slu_be24(tag + 4), 1000 + n * 400);
		assert_memory_equal(tag + 11, "\x17\x01", 2);
	}
	assert_null(time);
	assert_null(position);
	assert_int_equal(n, 10);
	assert_true(number(meta(bytes), "lastkeyframetimestamp") == 4.6);
	assert_true(number(meta(bytes), "lastkeyframelocation") == at);
}

/* Those behind the first frame, the first of them, in order. */
static void finds_configurations(void **state)
{
	const struct slu_amf_value *told;
	double at;

	(void)state;
	begin(&slu_record_ops_system);
	put(9, 0, "\x17\x00", 2);
	put(8, 0, "\xaf\x00", 2);
	for (uint32_t i = 0; i < 100; i++) {
		put(9, i * 40, i % 10 ? "\x27\x01" : "\x17\x01", 2);
		if (i % 5 == 4)
			put(i % 2 ? 9 : 8, i * 40, i % 2 ? "\x17\x00" : "\xaf\x00", 2);
	}
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	told = slu_amf_get(slu_amf_get(meta(bytes), "keyframes"), "sequenceheaders");
	assert_int_equal(slu_amf_count(told), SLU_RECORD_META_CONFIGS);
	told = slu_amf_first(told);
	for (uint32_t n = 0; told; told = slu_amf_next(told), n++) {
		assert_true(slu_amf_number(told, &at));
		assert_int_equal(bytes[(size_t)at], n % 2 ? 9 : 8);
		assert_int_equal(slu_be24(bytes + (size_t)at + 4), (n * 5 + 4) * 40);
		assert_int_equal(bytes[(size_t)at + 12], 0);
	}
}

/* Enhanced RTMP v2: one track in each message, its number behind the codec. Those of the second begin groups too, which
 * nobody can begin at. */
static void finds_key_frames_of_one_track(void **state)
{
	const struct slu_amf_value *times;
	uint8_t body[] = "\x96\x01"
			 "avc1\x00...";
	double ms = 0;

	(void)state;
	begin(&slu_record_ops_system);
	for (uint32_t i = 0; i < 8; i++) {
		body[6] = i % 2;
		put(9, i * 1000, body, sizeof body - 1);
	}
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	times = slu_amf_get(slu_amf_get(meta(bytes), "keyframes"), "times");
	assert_int_equal(slu_amf_count(times), 4);
	assert_true(slu_amf_number(slu_amf_at(times, 3), &ms) && ms == 6);
	assert_true(number(meta(bytes), "lastkeyframetimestamp") == 6);
}

static void needs_no_metadata(void **state)
{
	struct slu_flv_tag last;

	(void)state;
	begin(&slu_record_ops_system);
	for (uint32_t t = 0; t <= 300; t++)
		assert_int_equal(put(8, t * 10, "\xaf\x01", 2), 0);
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	assert_int_equal(count_tags(bytes, nbytes, false, &last), 302);
	assert_int_equal(bytes[4], 4);
	assert_true(number(meta(bytes), "duration") == 3.0);
	/* Without video there is a place to begin each second. */
	assert_int_equal(slu_amf_count(slu_amf_get(slu_amf_get(meta(bytes), "keyframes"), "times")), 4);
}

static void keeps_metadata_that_is_no_amf(void **state)
{
	struct slu_flv_tag last;

	(void)state;
	begin(&slu_record_ops_system);
	assert_int_equal(put(18, 0, metadata, 16), 0);
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	assert_int_equal(count_tags(bytes, nbytes, false, &last), 2);
	assert_int_equal(last.size, 16);
	assert_memory_equal(last.body, metadata, 16);
}

static void nothing_sent_is_no_file(void **state)
{
	struct stat st;

	(void)state;
	begin(&slu_record_ops_system);
	assert_int_equal(fstatat(kit_dir, file.path, &st, 0), 0);
	assert_int_equal(slu_record_file_finish(&file), 0);
	assert_int_equal(fstatat(kit_dir, file.path, &st, 0), -1);
	assert_int_equal(file.stored, 0);
}

static void says_why_there_is_none(void **state)
{
	(void)state;
	assert_int_equal(slu_record_file_open(&file, &slu_record_ops_system, -1), SLU_ERR_IO);
	assert_int_equal(file.why, EBADF);
	assert_int_equal(put(9, 0, "x", 1), SLU_ERR_IO);
	assert_int_equal(slu_record_file_finish(&file), SLU_ERR_IO);
}

/* ---- disks that are full, or fail ---- */

/* A limit on file sizes stands for a full disk: the write that crosses it is cut short, the next one fails. */
static void keeps_what_was_stored_when_the_disk_is_full(void **state)
{
	static uint8_t body[1000];
	struct slu_msg batch[SLU_RECORD_BATCH];
	struct rlimit old, small;
	struct slu_flv_tag last;
	int err = 0;

	(void)state;
	for (int i = 0; i < SLU_RECORD_BATCH; i++)
		batch[i] = (struct slu_msg){.type = 9, .timestamp = (uint32_t)i, .data = body, .size = sizeof body};
	begin(&slu_record_ops_system);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 600000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 10 && err == 0; i++)
		err = slu_record_file_write(&file, batch, SLU_RECORD_BATCH);
	assert_int_equal(err, SLU_ERR_IO);
	assert_int_equal(file.why, EFBIG);
	assert_int_equal(put(9, 0, body, 1), SLU_ERR_IO);
	assert_int_equal(slu_record_file_finish(&file), SLU_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	load();
	/* All the whole tags that fit: 13 bytes, 15 of the first tag and its body, then 1015 each. */
	assert_int_equal(count_tags(bytes, nbytes, false, &last),
			 1 + (600000 - 13 - 15 - 18 - SLU_RECORD_META_ROOM) / 1015);
	assert_int_equal(file.stored, nbytes);
	assert_true(number(meta(bytes), "filesize") == (double)nbytes);
	assert_int_equal(bytes[4], 1);
}

static ssize_t short_writev(int fd, const struct iovec *iov, int n)
{
	static unsigned turn;
	size_t size = iov[0].iov_len;

	(void)n;
	if (turn++ % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	return write(fd, iov[0].iov_base, size > 5 ? turn % size + 1 : size);
}

static void goes_on_after_short_writes(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;
	struct slu_flv_tag last;
	struct slu_msg batch[20];

	(void)state;
	ops.writev = short_writev;
	begin(&ops);
	for (uint32_t i = 0; i < 20; i++)
		batch[i] = (struct slu_msg){.type = 9, .timestamp = i, .data = metadata, .size = i};
	assert_int_equal(slu_record_file_write(&file, batch, 20), 0);
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
	assert_int_equal(file.stored, nbytes);
	assert_int_equal(count_tags(bytes, nbytes, false, &last), 21);
	assert_int_equal(last.size, 19);
	assert_memory_equal(last.body, metadata, 19);
}

static int failing(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static int close_and_fail(int fd)
{
	close(fd);
	return failing(fd);
}

static void says_what_the_disk_says(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;

	(void)state;
	ops.fdatasync = failing;
	begin(&ops);
	assert_int_equal(slu_record_file_sync(&file), 0); /* nothing was written */
	assert_int_equal(put(9, 0, "x", 1), 0);
	assert_int_equal(slu_record_file_sync(&file), SLU_ERR_IO);
	assert_int_equal(file.why, EIO);
	assert_int_equal(put(9, 0, "x", 1), SLU_ERR_IO);
	assert_int_equal(slu_record_file_finish(&file), SLU_ERR_IO);
	memset(&file, 0, sizeof file);
	strcpy(file.path, "live/b.flv");
	ops = slu_record_ops_system;
	ops.close = close_and_fail;
	begin(&ops);
	assert_int_equal(put(9, 0, "x", 1), 0);
	assert_int_equal(slu_record_file_finish(&file), SLU_ERR_IO);
	assert_int_equal(file.why, EIO);
}

/* ---- the end of all at any time ---- */

enum { OPS = 256 };

/* All that was done to the file, in order. */
static struct {
	enum { WRITE, SYNC } what;
	off_t at;
	size_t n;
	uint8_t *data;
} ops_done[OPS];

static size_t nops;
static off_t appended;

static void note(off_t at, const void *data, size_t n)
{
	assert_true(nops < OPS);
	ops_done[nops].what = WRITE;
	ops_done[nops].at = at;
	ops_done[nops].n = n;
	ops_done[nops].data = malloc(n + 1);
	memcpy(ops_done[nops++].data, data, n);
}

static ssize_t noted_writev(int fd, const struct iovec *iov, int n)
{
	ssize_t total = 0;

	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len)
			note(appended, iov[i].iov_base, iov[i].iov_len);
		appended += (off_t)iov[i].iov_len;
		total += (ssize_t)iov[i].iov_len;
	}
	assert_int_equal(writev(fd, iov, n), total);
	return total;
}

static ssize_t noted_pwrite(int fd, const void *data, size_t n, off_t at)
{
	note(at, data, n);
	return pwrite(fd, data, n, at);
}

static int noted_fdatasync(int fd)
{
	assert_true(nops < OPS);
	ops_done[nops++].what = SYNC;
	return fdatasync(fd);
}

static void make_noted(void)
{
	struct slu_record_ops ops = slu_record_ops_system;

	nops = 0;
	appended = 0;
	ops.writev = noted_writev;
	ops.pwrite = noted_pwrite;
	ops.fdatasync = noted_fdatasync;
	begin(&ops);
	assert_int_equal(put(18, 0, metadata, sizeof metadata - 1), 0);
	for (uint32_t i = 0; i < TAGS; i++) {
		uint8_t body[300] = {i % 10 ? 0x27 : 0x17, 1};

		memset(body + 2, (int)i, sizeof body - 2);
		assert_int_equal(put(9, i * 40, body, i % 7 ? sizeof body - i : 2), 0);
		if (i % 20 == 19)
			assert_int_equal(slu_record_file_sync(&file), 0);
	}
	assert_int_equal(slu_record_file_finish(&file), 0);
	load();
}

static void forget_ops(void)
{
	for (size_t i = 0; i < nops; i++) {
		free(ops_done[i].data);
		ops_done[i].data = NULL;
	}
}

/* What is left, of n bytes, must be readable, and no other than what was sent; and its metadata, once there is a whole
 * tag, must be what was said at first, or all that is said at the end. */
static void check_left(const uint8_t *data, size_t n, size_t at_least)
{
	struct slu_flv_tag last = {0};
	size_t tags = count_tags(data, n, true, &last), end;

	assert_true(tags >= at_least);
	if (!tags)
		return;
	assert_true(number(meta(data), "w") == 0);
	if (slu_amf_get(meta(data), "duration")) {
		assert_true(number(meta(data), "duration") == (TAGS - 1) * 0.04);
		assert_true(number(meta(data), "filesize") == (double)nbytes);
	}
	/* Tags behind the first are as they are at last, byte by byte. */
	end = BODY_AT + slu_be24(data + SLU_FLV_HEADER_SIZE + 1);
	assert_memory_equal(data + end, bytes + end, n - end);
}

static void apply(uint8_t *image, size_t *n, size_t op, size_t part)
{
	size_t at = (size_t)ops_done[op].at;

	memcpy(image + at, ops_done[op].data, part);
	if (part && at + part > *n)
		*n = at + part;
}

/* A process that is killed has done all up to some byte of some write, in order. */
static void any_beginning_can_be_read(void **state)
{
	uint8_t *image;
	size_t n = 0, cuts = 0;

	(void)state;
	make_noted();
	image = calloc(1, nbytes + 1);
	for (size_t op = 0; op < nops; op++) {
		if (ops_done[op].what == SYNC)
			continue;
		/* In the room, most of whose 64 KB are blank, not each byte is worth a look. */
		for (size_t part = 0; part <= ops_done[op].n; part += part > 2000 ? 997 : 1, cuts++) {
			size_t now = n;

			apply(image, &now, op, part);
			check_left(image, now, 0);
		}
		apply(image, &n, op, ops_done[op].n);
	}
	assert_true(cuts > 10000);
	assert_int_equal(n, nbytes);
	assert_memory_equal(image, bytes, n);
	free(image);
	forget_ops();
}

/* The writes from `from` on that come before the next sync. */
static size_t until_sync(size_t from)
{
	size_t op = from;

	while (op < nops && ops_done[op].what == WRITE)
		op++;
	return op;
}

/* With the power, writes since the last sync are lost, any of them. Those that make the file longer are not found out
 * of order: there is a file system for that. */
static void any_loss_of_what_was_not_synced_can_be_read(void **state)
{
	uint8_t *image, *lossy;
	size_t n = 0, first = 0, last, losses = 0, tags;
	struct slu_flv_tag tag;

	(void)state;
	make_noted();
	image = calloc(1, nbytes + 1);
	lossy = calloc(1, nbytes + 1);
	for (; first < nops; first = last + 1) {
		last = until_sync(first);
		tags = n ? count_tags(image, n, false, &tag) : 0;
		assert_true(last - first < 10 || (size_t)ops_done[first].at == n);
		for (unsigned lost = 0; last - first < 10 && lost < 1u << (last - first); lost++, losses++) {
			size_t now = n;

			memcpy(lossy, image, nbytes);
			for (size_t op = first; op < last; op++)
				if (!(lost & 1u << (op - first)))
					apply(lossy, &now, op, ops_done[op].n);
			check_left(lossy, now, tags);
		}
		for (size_t op = first; op < last; op++)
			apply(image, &n, op, ops_done[op].n);
	}
	/* Of the room's filling, which is alone before its sync, and of the three that follow it. */
	assert_int_equal(losses, 2 + 8);
	free(image);
	free(lossy);
	forget_ops();
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(records),
		FILE_TEST(finds_key_frames),
		FILE_TEST(finds_configurations),
		FILE_TEST(finds_key_frames_of_one_track),
		FILE_TEST(needs_no_metadata),
		FILE_TEST(keeps_metadata_that_is_no_amf),
		FILE_TEST(nothing_sent_is_no_file),
		FILE_TEST(says_why_there_is_none),
		FILE_TEST(keeps_what_was_stored_when_the_disk_is_full),
		FILE_TEST(goes_on_after_short_writes),
		FILE_TEST(says_what_the_disk_says),
		FILE_TEST(any_beginning_can_be_read),
		FILE_TEST(any_loss_of_what_was_not_synced_can_be_read),
	};

	return cmocka_run_group_tests_name("record_file", tests, NULL, NULL);
}
