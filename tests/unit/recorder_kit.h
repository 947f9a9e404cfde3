/* SPDX-License-Identifier: MIT */
/* Streams to record, a disk that takes its time or fails, and what becomes of it. */
#ifndef SLU_TESTS_UNIT_RECORDER_KIT_H
#define SLU_TESTS_UNIT_RECORDER_KIT_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "record_kit.h"
#include "server/record_file.h"
#include "server/recorder.h"

enum { PATIENCE_MS = 20000, REPORTS = 64 };

/* ---- what is reported ---- */

static struct {
	struct slu_server_report r;
	char text[256], file[256], app[64];
} reports[REPORTS];

static size_t nreports;

static inline void take_report(void *arg, const struct slu_server_report *r)
{
	(void)arg;
	assert_true(nreports < REPORTS);
	reports[nreports].r = *r;
	snprintf(reports[nreports].app, sizeof reports[0].app, "%s", r->app);
	snprintf(reports[nreports].text, sizeof reports[0].text, "%s", r->text);
	snprintf(reports[nreports++].file, sizeof reports[0].file, "%s", r->file);
}

static inline void reported(size_t i, enum slu_server_report_type type, const char *file)
{
	assert_true(i < nreports);
	assert_int_equal(reports[i].r.type, type);
	assert_string_equal(reports[i].file, file);
	assert_int_equal(reports[i].r.id, 7);
	assert_string_equal(reports[i].app, "live");
}

/* ---- a disk that takes its time, or is full ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool shut, full, broken;
	int why; /* it is full */
	unsigned waiting, closed;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static inline void set_disk(bool shut, bool full)
{
	pthread_mutex_lock(&disk.lock);
	disk.shut = shut;
	disk.full = full;
	disk.why = ENOSPC;
	disk.waiting = disk.closed = 0;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
}

static inline void wait_for_the_disk_to_stall(void)
{
	pthread_mutex_lock(&disk.lock);
	while (!disk.waiting)
		pthread_cond_wait(&disk.changed, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
}

static inline ssize_t disk_writev(int fd, const struct iovec *iov, int n)
{
	bool full;
	int why;

	pthread_mutex_lock(&disk.lock);
	disk.waiting++;
	pthread_cond_broadcast(&disk.changed);
	while (disk.shut)
		pthread_cond_wait(&disk.changed, &disk.lock);
	full = disk.full;
	why = disk.why;
	pthread_mutex_unlock(&disk.lock);
	errno = why;
	return full ? -1 : writev(fd, iov, n);
}

static inline void set_broken(bool broken)
{
	pthread_mutex_lock(&disk.lock);
	disk.broken = broken;
	pthread_mutex_unlock(&disk.lock);
}

static inline int disk_sync(int fd)
{
	bool broken;

	pthread_mutex_lock(&disk.lock);
	broken = disk.broken;
	pthread_mutex_unlock(&disk.lock);
	errno = EIO;
	return broken ? -1 : fdatasync(fd);
}

static inline int disk_close(int fd)
{
	int err = close(fd);

	pthread_mutex_lock(&disk.lock);
	disk.closed++;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
	return err;
}

/* ---- streams ---- */

static struct slu_recorders *all;
static struct slu_record_ops ops;
static uint64_t now_ms;

static inline void start(struct slu_recorders_config config)
{
	const struct slu_reporter reporter = {.fn = take_report};

	set_disk(false, false);
	set_broken(false);
	ops = slu_record_ops_system;
	ops.writev = disk_writev;
	ops.close = disk_close;
	ops.fdatasync = disk_sync;
	config.ops = &ops;
	nreports = 0;
	all = slu_recorders_new(kit_dir, &config, &reporter);
	assert_non_null(all);
}

static inline void stop(void)
{
	assert_true(slu_recorders_free(all, PATIENCE_MS));
	all = NULL;
}

static inline struct slu_recorder *stream(const char *key, bool named)
{
	const struct slu_record_who who = {.id = 7, .address = "a", .app = "live", .named = named};
	struct slu_recorder *r = slu_recorder_new(all, key, &who);

	assert_non_null(r);
	return r;
}

/* With storage of its own, as what comes from the network has. */
static inline void put(struct slu_recorder *r, uint8_t type, uint32_t timestamp, const char *head, size_t size)
{
	struct slu_buffer *b = slu_buffer_new(size);
	struct slu_msg m = {.type = type, .timestamp = timestamp, .size = size, .owner = b};

	assert_non_null(b);
	memset(slu_buffer_data(b), (int)timestamp & 0xff, size);
	memcpy(slu_buffer_data(b), head, 2);
	m.data = slu_buffer_data(b);
	slu_recorder_write(r, &m, now_ms);
	slu_buffer_put(b);
}

static inline void put_start(struct slu_recorder *r)
{
	static const uint8_t meta[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09";
	struct slu_msg m = {.type = 18, .data = meta, .size = sizeof meta - 1};

	slu_recorder_write(r, &m, now_ms);
	put(r, 9, 0, "\x17\x00", 40);
	put(r, 8, 0, "\xaf\x00", 4);
}

/* Ten pictures, one each 40 ms, and as many frames of audio. */
static inline void put_gop(struct slu_recorder *r, uint32_t timestamp, size_t size)
{
	for (uint32_t i = 0; i < 10; i++) {
		put(r, 9, timestamp + i * 40, i ? "\x27\x01" : "\x17\x01", size);
		put(r, 8, timestamp + i * 40 + 3, "\xaf\x01", 20);
	}
}

/* Until something was reported. */
static inline void wait_for_reports(size_t n)
{
	struct pollfd fd = {.fd = slu_recorders_fd(all), .events = POLLIN};

	while (nreports < n) {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		slu_recorders_take(all);
	}
}

/* ---- files ---- */

static struct {
	uint8_t type, head[2];
	uint32_t timestamp;
} tags[4096];

static size_t ntags;

/* Adds a file's tags, but for its first one; false when it is not there. */
static inline bool add_tags(const char *name)
{
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	size_t n, from = 0, used, i = 0;
	uint8_t *data;

	if (faccessat(kit_dir, name, F_OK, 0) != 0)
		return false;
	data = kit_load(name, &n);
	slu_flv_reader_init(&r);
	for (; slu_flv_read(&r, data + from, n - from, &used, &tag) == 1; i++) {
		from += used;
		if (i == 0)
			continue;
		tags[ntags].type = tag.type;
		tags[ntags].timestamp = tag.timestamp;
		memcpy(tags[ntags++].head, tag.body, 2);
	}
	assert_int_equal(slu_flv_reader_end(&r, n - from - used), 0);
	free(data);
	return true;
}

static inline void tag_is(size_t i, uint8_t type, uint32_t timestamp, const char *head)
{
	assert_true(i < ntags);
	assert_int_equal(tags[i].type, type);
	assert_int_equal(tags[i].timestamp, timestamp);
	assert_memory_equal(tags[i].head, head, 2);
}

/* The configurations, then whole groups from timestamp on; where the next tag is. */
static inline size_t has_configs(size_t at, uint32_t timestamp)
{
	tag_is(at, 9, timestamp, "\x17\x00");
	tag_is(at + 1, 8, timestamp, "\xaf\x00");
	return at + 2;
}

static inline size_t has_gops(size_t at, uint32_t timestamp, size_t n)
{
	for (uint32_t i = 0; i < n * 10; i++, at += 2) {
		tag_is(at, 9, timestamp + i * 40, i % 10 ? "\x27\x01" : "\x17\x01");
		tag_is(at + 1, 8, timestamp + i * 40 + 3, "\xaf\x01");
	}
	return at;
}

#endif
