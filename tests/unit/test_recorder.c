/* SPDX-License-Identifier: MIT */
#include "test.h"

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

static void take_report(void *arg, const struct slu_server_report *r)
{
	(void)arg;
	assert_true(nreports < REPORTS);
	reports[nreports].r = *r;
	snprintf(reports[nreports].app, sizeof reports[0].app, "%s", r->app);
	snprintf(reports[nreports].text, sizeof reports[0].text, "%s", r->text);
	snprintf(reports[nreports++].file, sizeof reports[0].file, "%s", r->file);
}

static void reported(size_t i, enum slu_server_report_type type, const char *file)
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
	bool shut, full;
	unsigned waiting, closed;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_disk(bool shut, bool full)
{
	pthread_mutex_lock(&disk.lock);
	disk.shut = shut;
	disk.full = full;
	disk.waiting = disk.closed = 0;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
}

static void wait_for_the_disk_to_stall(void)
{
	pthread_mutex_lock(&disk.lock);
	while (!disk.waiting)
		pthread_cond_wait(&disk.changed, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
}

static ssize_t disk_writev(int fd, const struct iovec *iov, int n)
{
	bool full;

	pthread_mutex_lock(&disk.lock);
	disk.waiting++;
	pthread_cond_broadcast(&disk.changed);
	while (disk.shut)
		pthread_cond_wait(&disk.changed, &disk.lock);
	full = disk.full;
	pthread_mutex_unlock(&disk.lock);
	errno = ENOSPC;
	return full ? -1 : writev(fd, iov, n);
}

static int disk_close(int fd)
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

static void start(struct slu_recorders_config config)
{
	const struct slu_reporter reporter = {.fn = take_report};

	set_disk(false, false);
	ops = slu_record_ops_system;
	ops.writev = disk_writev;
	ops.close = disk_close;
	config.ops = &ops;
	nreports = 0;
	all = slu_recorders_new(kit_dir, &config, &reporter);
	assert_non_null(all);
}

static void stop(void)
{
	assert_true(slu_recorders_free(all, PATIENCE_MS));
	all = NULL;
}

static struct slu_recorder *stream(const char *key, bool named)
{
	const struct slu_record_who who = {.id = 7, .address = "a", .app = "live", .named = named};
	struct slu_recorder *r = slu_recorder_new(all, key, &who);

	assert_non_null(r);
	return r;
}

/* With storage of its own, as what comes from the network has. */
static void put(struct slu_recorder *r, uint8_t type, uint32_t timestamp, const char *head, size_t size)
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

static void put_start(struct slu_recorder *r)
{
	static const uint8_t meta[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09";
	struct slu_msg m = {.type = 18, .data = meta, .size = sizeof meta - 1};

	slu_recorder_write(r, &m, now_ms);
	put(r, 9, 0, "\x17\x00", 40);
	put(r, 8, 0, "\xaf\x00", 4);
}

/* Ten pictures, one each 40 ms, and as many frames of audio. */
static void put_gop(struct slu_recorder *r, uint32_t timestamp, size_t size)
{
	for (uint32_t i = 0; i < 10; i++) {
		put(r, 9, timestamp + i * 40, i ? "\x27\x01" : "\x17\x01", size);
		put(r, 8, timestamp + i * 40 + 3, "\xaf\x01", 20);
	}
}

/* Until something was reported. */
static void wait_for_reports(size_t n)
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
static bool add_tags(const char *name)
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

static void tag_is(size_t i, uint8_t type, uint32_t timestamp, const char *head)
{
	assert_true(i < ntags);
	assert_int_equal(tags[i].type, type);
	assert_int_equal(tags[i].timestamp, timestamp);
	assert_memory_equal(tags[i].head, head, 2);
}

/* The configurations, then whole groups from timestamp on; where the next tag is. */
static size_t has_configs(size_t at, uint32_t timestamp)
{
	tag_is(at, 9, timestamp, "\x17\x00");
	tag_is(at + 1, 8, timestamp, "\xaf\x00");
	return at + 2;
}

static size_t has_gops(size_t at, uint32_t timestamp, size_t n)
{
	for (uint32_t i = 0; i < n * 10; i++, at += 2) {
		tag_is(at, 9, timestamp + i * 40, i % 10 ? "\x27\x01" : "\x17\x01");
		tag_is(at + 1, 8, timestamp + i * 40 + 3, "\xaf\x01");
	}
	return at;
}

/* ---- */

static void records_a_stream(void **state)
{
	struct slu_recorder *r;
	struct stat st;

	(void)state;
	start((struct slu_recorders_config){0});
	r = stream("live/cam", true);
	assert_int_equal(faccessat(kit_dir, "live", F_OK, 0), -1); /* nothing came yet */
	put_start(r);
	put(r, 20, 0, "command", 7);
	put_gop(r, 1000, 3000);
	slu_recorder_end(r);
	wait_for_reports(2);
	reported(0, SLU_REPORT_RECORD, "live/cam.flv");
	reported(1, SLU_REPORT_RECORDED, "live/cam.flv");
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_int_equal(reports[1].r.stored, st.st_size);
	assert_true(reports[1].r.seconds == 1.363);
	assert_int_equal(slu_recorders_queued(all), 0);
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(has_gops(has_configs(0, 0), 1000, 1), ntags);
	/* Nothing more comes. */
	stop();
	assert_int_equal(nreports, 2);
}

static void names_no_secret(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){.file_name = "in/%k-x.flv"});
	for (int i = 0; i < 2; i++) {
		r = stream("live/cam", false);
		put_start(r);
		slu_recorder_end(r);
		wait_for_reports(2 * (size_t)i + 2);
	}
	reported(0, SLU_REPORT_RECORD, "in/*-x.flv");
	reported(3, SLU_REPORT_RECORDED, "in/*-x.1.flv");
	assert_int_equal(faccessat(kit_dir, "in/live/cam-x.1.flv", F_OK, 0), 0);
	stop();
}

/* All that was given is in files, whether or not its time has come. */
static void wait_for_the_disk(void)
{
	struct pollfd fd = {.fd = slu_recorders_fd(all), .events = POLLIN};

	while (slu_recorders_queued(all)) {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		slu_recorders_take(all);
	}
}

static void hands_on_what_is_a_second_old(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){0});
	r = stream("live/cam", true);
	now_ms = 5000;
	assert_true(slu_recorders_deadline(all) == UINT64_MAX);
	put_start(r);
	assert_int_equal(slu_recorders_deadline(all), 6000);
	wait_for_reports(1); /* there is a file */
	slu_recorders_on_time(all, 5999);
	assert_int_not_equal(slu_recorders_queued(all), 0);
	slu_recorders_on_time(all, 6000);
	assert_true(slu_recorders_deadline(all) == UINT64_MAX);
	wait_for_the_disk();
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(has_configs(0, 0), ntags);
	slu_recorder_end(r);
	stop();
}

/* Whoever looks, or whatever ends the process, finds no file without its beginning. */
static void begins_files_at_once(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){.rotate_ms = 1000});
	r = stream("live/cam", true);
	put(r, 9, 0, "\x17\x00", 40);
	wait_for_the_disk();
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(ntags, 1);
	put(r, 9, 0, "\x17\x01", 500);
	put(r, 9, 1000, "\x17\x01", 500);
	wait_for_the_disk();
	assert_true(add_tags("live/cam.1.flv"));
	assert_int_equal(ntags, 3);
	tag_is(1, 9, 1000, "\x17\x00");
	tag_is(2, 9, 1000, "\x17\x01");
	slu_recorder_end(r);
	stop();
}

/* By time: three groups of 400 ms are the first to be over a second. */
static void begins_other_files(void **state)
{
	static const char *const names[] = {"live/cam.flv", "live/cam.1.flv", "live/cam.2.flv", "live/cam.3.flv"};
	struct slu_recorder *r;
	size_t at = 0;

	(void)state;
	start((struct slu_recorders_config){.rotate_ms = 1000});
	r = stream("live/cam", true);
	put_start(r);
	for (uint32_t i = 0; i < 10; i++)
		put_gop(r, i * 400, 500);
	slu_recorder_end(r);
	wait_for_reports(8);
	ntags = 0;
	for (uint32_t i = 0; i < 4; i++) {
		reported(2 * i, SLU_REPORT_RECORD, names[i]);
		reported(2 * i + 1, SLU_REPORT_RECORDED, names[i]);
		assert_true(add_tags(names[i]));
		at = has_configs(at, i * 1200);
		at = has_gops(at, i * 1200, i < 3 ? 3 : 1);
		assert_int_equal(at, ntags);
	}
	stop();
}

/* A publisher's clock that is set back is no reason for a file to have no end. */
static void begins_other_files_whatever_the_clock(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){.rotate_ms = 1000});
	r = stream("live/cam", true);
	put_start(r);
	put_gop(r, 100000000, 500);
	for (uint32_t i = 0; i < 6; i++)
		put_gop(r, i * 400, 500);
	slu_recorder_end(r);
	stop();
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(has_gops(has_gops(has_configs(0, 0), 100000000, 1), 0, 2), ntags);
	ntags = 0;
	assert_true(add_tags("live/cam.1.flv"));
	assert_int_equal(has_gops(has_configs(0, 800), 800, 3), ntags);
	ntags = 0;
	assert_true(add_tags("live/cam.2.flv"));
	assert_int_equal(has_gops(has_configs(0, 2000), 2000, 1), ntags);
}

static void begins_other_files_by_size(void **state)
{
	struct slu_recorder *r;
	size_t at = 0;

	(void)state;
	start((struct slu_recorders_config){.rotate_bytes = 200000});
	r = stream("live/cam", true);
	put_start(r);
	/* 134000 bytes beside the room, and 50,500 each. */
	for (uint32_t i = 0; i < 7; i++)
		put_gop(r, i * 400, 5000);
	slu_recorder_end(r);
	stop();
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	at = has_gops(has_configs(0, 0), 0, 3);
	assert_int_equal(at, ntags);
	assert_true(add_tags("live/cam.1.flv"));
	at = has_gops(has_configs(at, 1200), 1200, 3);
	assert_int_equal(at, ntags);
	assert_true(add_tags("live/cam.2.flv"));
	at = has_gops(has_configs(at, 2400), 2400, 1);
	assert_int_equal(at, ntags);
	assert_false(add_tags("live/cam.3.flv"));
}

/* Without pictures, any frame begins a file. */
static void begins_other_files_of_audio(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){.rotate_ms = 1000});
	r = stream("live/cam", true);
	put(r, 8, 0, "\xaf\x00", 4);
	for (uint32_t i = 0; i < 150; i++)
		put(r, 8, i * 20, "\xaf\x01", 20);
	slu_recorder_end(r);
	stop();
	for (uint32_t i = 0; i < 3; i++) {
		static const char *const names[] = {"live/cam.flv", "live/cam.1.flv", "live/cam.2.flv"};

		ntags = 0;
		assert_true(add_tags(names[i]));
		tag_is(0, 8, i * 1000, "\xaf\x00");
		tag_is(1, 8, i * 1000, "\xaf\x01");
		assert_int_equal(ntags, 1 + 50);
	}
}

/* ---- disks ---- */

/* What does not fit into the queue while the disk stalls is lost by groups; smaller streams find room all the same. */
static void loses_whole_groups_while_the_disk_stalls(void **state)
{
	enum { QUEUE = 1 << 20, FRAME = 10000, GOPS = 30 };
	struct slu_recorder *large, *small;
	size_t at, kept = 0;

	(void)state;
	start((struct slu_recorders_config){.max_queue = QUEUE});
	set_disk(true, false);
	large = stream("live/large", true);
	small = stream("live/small", true);
	put_start(large);
	put_start(small);
	for (uint32_t i = 0; i < GOPS; i++) {
		put_gop(large, i * 400, FRAME);
		put_gop(small, i * 400, 100);
		assert_true(slu_recorders_queued(all) <= QUEUE);
	}
	wait_for_the_disk_to_stall();
	/* Half of the queue is for one that is alone, and somewhat less for one that is not. */
	assert_true(slu_recorders_queued(all) > QUEUE / 3);
	assert_int_equal(nreports, 0);
	set_disk(false, false);
	wait_for_reports(2);
	for (struct pollfd fd = {.fd = slu_recorders_fd(all), .events = POLLIN};
	     slu_recorders_queued(all) > 100000 && poll(&fd, 1, PATIENCE_MS) == 1;)
		slu_recorders_take(all);
	/* A new configuration, of which there was no room for the old one's group, is there before the key frame. */
	put_gop(large, GOPS * 400, FRAME);
	put_gop(large, GOPS * 400 + 400, FRAME);
	put_gop(small, GOPS * 400, 100);
	slu_recorder_end(large);
	slu_recorder_end(small);
	stop();
	ntags = 0;
	assert_true(add_tags("live/small.flv"));
	assert_int_equal(has_gops(has_configs(0, 0), 0, GOPS + 1), ntags);
	ntags = 0;
	assert_true(add_tags("live/large.flv"));
	at = has_configs(0, 0);
	for (; tags[at].timestamp < GOPS * 400; at++)
		kept++;
	assert_true(kept > 60 && kept < 20 * GOPS);
	/* Behind the gap: metadata and configurations, at the time of the key frame. */
	tag_is(at, 18, GOPS * 400, "\x02\x00");
	at = has_gops(has_configs(at + 1, GOPS * 400), GOPS * 400, 2);
	assert_int_equal(at, ntags);
	/* Once, when it was over. */
	assert_int_equal(nreports, 5);
	reported(2, SLU_REPORT_RECORDING, "");
	assert_int_equal(reports[2].r.dropped, 20 * GOPS - kept);
	assert_true(reports[2].r.bytes > 0);
	assert_non_null(strstr(reports[2].text, "messages"));
}

static void tells_what_was_lost_at_the_end(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){.max_queue = 50000});
	set_disk(true, false);
	r = stream("live/cam", true);
	put_start(r);
	put_gop(r, 0, 10000);
	slu_recorder_end(r);
	assert_int_equal(nreports, 1);
	reported(0, SLU_REPORT_RECORDING, "");
	set_disk(false, false);
	stop();
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(reports[0].r.dropped, 2 + 20 - ntags);
}

static void keeps_what_was_stored_when_the_disk_is_full(void **state)
{
	struct slu_recorder *r;
	struct stat st;

	(void)state;
	start((struct slu_recorders_config){0});
	r = stream("live/cam", true);
	put_start(r);
	put_gop(r, 0, 30000); /* more than a block */
	wait_for_reports(1);
	for (struct pollfd fd = {.fd = slu_recorders_fd(all), .events = POLLIN};
	     slu_recorders_queued(all) > 200000 && poll(&fd, 1, PATIENCE_MS) == 1;)
		slu_recorders_take(all);
	set_disk(false, true);
	put_gop(r, 400, 30000);
	wait_for_reports(3);
	reported(1, SLU_REPORT_RECORDING, "");
	assert_non_null(strstr(reports[1].text, "recording stopped: No space left on device; the "));
	assert_null(strstr(reports[1].text, "cam"));
	reported(2, SLU_REPORT_RECORDED, "live/cam.flv");
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_int_equal(reports[2].r.stored, st.st_size);
	assert_int_equal(reports[1].r.stored, st.st_size);
	/* The stream goes on, and is not recorded, though there were room again. */
	set_disk(false, false);
	put_gop(r, 800, 30000);
	assert_int_equal(slu_recorders_queued(all), 0);
	slu_recorder_end(r);
	stop();
	assert_int_equal(nreports, 3);
}

static void says_why_not(void **state)
{
	struct slu_recorder *r;
	int fd = openat(kit_dir, "live", O_WRONLY | O_CREAT, 0600);
	char wide[300];

	(void)state;
	close(fd);
	start((struct slu_recorders_config){0});
	r = stream("live/cam", true);
	put_start(r);
	wait_for_reports(1);
	reported(0, SLU_REPORT_RECORDING, "");
	assert_string_equal(reports[0].text, "not recorded: no file can be made in the folder: Not a directory");
	put_gop(r, 0, 100);
	slu_recorder_end(r);
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	r = stream(wide, true);
	put_start(r);
	put_start(r);
	assert_int_equal(nreports, 2);
	assert_non_null(strstr(reports[1].text, "not recorded: the stream's name is too long"));
	slu_recorder_end(r);
	stop();
	assert_int_equal(nreports, 2);
}

/* Who waits no longer is told; the thread goes on by itself, and closes its file. */
static void waits_for_no_disk_for_ever(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){0});
	set_disk(true, false);
	r = stream("live/cam", true);
	put_start(r);
	put_gop(r, 0, 100);
	assert_false(slu_recorders_free(all, 1));
	set_disk(false, false);
	pthread_mutex_lock(&disk.lock);
	while (!disk.closed)
		pthread_cond_wait(&disk.changed, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(has_gops(has_configs(0, 0), 0, 1), ntags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(records_a_stream),
		KIT_TEST(names_no_secret),
		KIT_TEST(hands_on_what_is_a_second_old),
		KIT_TEST(begins_files_at_once),
		KIT_TEST(begins_other_files),
		KIT_TEST(begins_other_files_whatever_the_clock),
		KIT_TEST(begins_other_files_by_size),
		KIT_TEST(begins_other_files_of_audio),
		KIT_TEST(loses_whole_groups_while_the_disk_stalls),
		KIT_TEST(tells_what_was_lost_at_the_end),
		KIT_TEST(keeps_what_was_stored_when_the_disk_is_full),
		KIT_TEST(says_why_not),
		KIT_TEST(waits_for_no_disk_for_ever),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
