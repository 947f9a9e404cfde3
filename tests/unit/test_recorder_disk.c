/* SPDX-License-Identifier: MIT */
/* What a recorder does while the disk is slow, full or broken. */
#include "test.h"

#include "recorder_kit.h"

static bool is_there(const char *name)
{
	return faccessat(kit_dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void wait_for_no_file(const char *name)
{
	for (int ms = 0; is_there(name) && ms < PATIENCE_MS; ms += 10)
		usleep(10000);
	assert_false(is_there(name));
}

/* Until the thread has answered all but what it is handed later. */
static void wait_for_the_thread(void)
{
	struct pollfd fd = {.fd = slu_recorders_fd(all), .events = POLLIN};

	slu_recorders_on_time(all, UINT64_MAX - 1);
	while (slu_recorders_queued(all)) {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		slu_recorders_take(all);
	}
}

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
	wait_for_the_thread();
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

/* A stream with one group stored, and then the disk takes no more for this reason. */
static struct slu_recorder *stop_recording(int why)
{
	struct slu_recorder *r;

	start((struct slu_recorders_config){0});
	now_ms = 1000;
	r = stream("live/cam", true);
	put_start(r);
	put_gop(r, 0, 30000); /* more than a block */
	wait_for_the_thread();
	assert_int_equal(nreports, 1);
	reported(0, SLU_REPORT_RECORD, "live/cam.flv");
	set_disk(false, true);
	disk.why = why;
	put_gop(r, 400, 30000);
	wait_for_reports(3);
	reported(1, SLU_REPORT_RECORDING, "live/cam.flv");
	reported(2, SLU_REPORT_RECORDED, "live/cam.flv");
	return r;
}

static void keeps_what_was_stored_when_the_disk_is_full(void **state)
{
	struct slu_recorder *r = stop_recording(ENOSPC);
	char wanted[256];
	struct stat st;

	(void)state;
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_int_equal(reports[2].r.stored, st.st_size);
	assert_int_equal(reports[1].r.stored, st.st_size);
	snprintf(wanted, sizeof wanted,
		 "recording stopped: No space left on device; the %lld bytes stored before are kept in live/cam.flv, "
		 "make "
		 "room: another file is tried every 10 s",
		 (long long)st.st_size);
	assert_string_equal(reports[1].text, wanted);
	slu_recorder_end(r);
	stop();
	ntags = 0;
	assert_true(add_tags("live/cam.flv"));
	assert_int_equal(has_gops(has_configs(0, 0), 0, 1), ntags);
}

/* At a key frame, ten seconds later at the soonest, each time. What failed leaves no file, and is not told again. */
static void goes_on_once_there_is_room(void **state)
{
	struct slu_recorder *r = stop_recording(ENOSPC);
	size_t tried;

	(void)state;
	wait_for_the_thread();
	put_gop(r, 800, 100); /* from here on ten seconds are counted */
	now_ms += 9999;
	disk.waiting = 0;
	put_gop(r, 1200, 100);
	assert_int_equal(slu_recorders_queued(all), 0);
	now_ms++;
	put(r, 9, 1600, "\x27\x01", 100);
	assert_int_equal(slu_recorders_queued(all), 0);
	put_gop(r, 1640, 100); /* 20 messages, tried, and lost */
	wait_for_the_thread();
	tried = disk.waiting;
	assert_int_equal(tried, 1);
	wait_for_no_file("live/cam.1.flv");
	set_disk(false, false);
	put_gop(r, 2040, 100);
	assert_int_equal(slu_recorders_queued(all), 0);
	assert_int_equal(nreports, 3);
	now_ms += 10000;
	put(r, 9, 2440, "\x17\x00", 44); /* a new configuration */
	put_gop(r, 2440, 100);
	wait_for_the_thread();
	slu_recorder_end(r);
	stop();
	assert_int_equal(nreports, 6);
	reported(3, SLU_REPORT_RECORDING, "");
	/* Three were not handed on yet when the first file failed. */
	assert_int_equal(reports[3].r.dropped, 3 + 20 + 20 + 1 + 20 + 20);
	assert_string_equal(
		reports[3].text,
		"it is recorded again; the 84 messages, 34940 bytes, that came in the 20 s before are in no file");
	reported(4, SLU_REPORT_RECORD, "live/cam.1.flv");
	reported(5, SLU_REPORT_RECORDED, "live/cam.1.flv");
	ntags = 0;
	assert_true(add_tags("live/cam.1.flv"));
	assert_int_equal(has_gops(has_configs(0, 2440), 2440, 1), ntags);
}

/* What has recovered may fail again, and says so. */
static void tells_each_trouble(void **state)
{
	struct slu_recorder *r = stop_recording(ENOSPC);

	(void)state;
	wait_for_the_thread();
	for (uint32_t turn = 0; turn < 2; turn++) {
		uint32_t at = 800 + turn * 800;

		put(r, 9, at, "\x27\x01", 100);
		now_ms += 10000;
		set_disk(false, false);
		put_gop(r, at, 30000);
		wait_for_the_thread();
		assert_int_equal(nreports, 5 + turn * 4);
		assert_non_null(strstr(reports[3 + turn * 4].text, "came in the 10 s before"));
		reported(4 + turn * 4, SLU_REPORT_RECORD, turn ? "live/cam.2.flv" : "live/cam.1.flv");
		set_disk(false, true);
		put_gop(r, at + 400, 30000);
		wait_for_reports(7 + turn * 4);
		assert_non_null(strstr(reports[5 + turn * 4].text, "recording stopped: No space left on device"));
	}
	slu_recorder_end(r);
	stop();
}

/* There is room, only not in that file: a FAT file system's end at 4 GiB. */
static void goes_on_at_once_where_files_cannot_be_larger(void **state)
{
	struct slu_recorder *r = stop_recording(EFBIG);

	(void)state;
	wait_for_the_thread();
	assert_non_null(strstr(reports[1].text, "File too large"));
	/* Where not even an empty one can be written it has to wait. */
	put_gop(r, 400, 30000);
	wait_for_the_thread();
	set_disk(false, false);
	put_gop(r, 600, 100);
	wait_for_the_thread();
	assert_int_equal(nreports, 3);
	now_ms += 10000;
	put_gop(r, 800, 100);
	wait_for_the_thread();
	slu_recorder_end(r);
	stop();
	assert_int_equal(nreports, 6);
	reported(4, SLU_REPORT_RECORD, "live/cam.1.flv");
	ntags = 0;
	assert_true(add_tags("live/cam.1.flv"));
	assert_int_equal(has_gops(has_configs(0, 800), 800, 1), ntags);
}

/* Its stream has ended by then, so no other file is tried. */
static void fails_after_the_end(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){0});
	set_disk(true, true);
	r = stream("live/cam", true);
	put_start(r);
	wait_for_the_disk_to_stall();
	slu_recorder_end(r);
	set_disk(false, true);
	stop();
	assert_int_equal(nreports, 1);
	assert_string_equal(reports[0].text,
			    "not recorded: live/cam.flv cannot be written: No space left on device; make room");
}

/* That a file's end fails is no reason to end the next one. */
static void an_end_that_fails_ends_no_other_file(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){.rotate_ms = 400});
	r = stream("live/cam", true);
	put_start(r);
	put_gop(r, 0, 100);
	wait_for_the_thread();
	set_broken(true);
	put_gop(r, 400, 100);
	wait_for_reports(4);
	set_broken(false);
	reported(1, SLU_REPORT_RECORDING, "live/cam.flv");
	assert_string_equal(reports[1].text,
			    "the end of live/cam.flv could not be written: Input/output error; its duration "
			    "and index may be missing, see to the disk");
	reported(2, SLU_REPORT_RECORDED, "live/cam.flv");
	reported(3, SLU_REPORT_RECORD, "live/cam.1.flv");
	slu_recorder_end(r);
	stop();
	assert_int_equal(nreports, 5);
	for (unsigned take = 0; take < 2; take++) {
		ntags = 0;
		assert_true(add_tags(take ? "live/cam.1.flv" : "live/cam.flv"));
		assert_int_equal(has_gops(has_configs(0, take * 400), take * 400, 1), ntags);
	}
}

static void a_file_that_is_another_is_left_alone(void **state)
{
	struct slu_recorder *r;
	int fd;

	(void)state;
	start((struct slu_recorders_config){0});
	set_disk(true, true);
	r = stream("live/cam", true);
	put_start(r);
	wait_for_the_disk_to_stall();
	assert_int_equal(unlinkat(kit_dir, "live/cam.flv", 0), 0);
	fd = openat(kit_dir, "live/cam.flv", O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	close(fd);
	set_disk(false, true);
	wait_for_reports(1);
	reported(0, SLU_REPORT_RECORDING, "live/cam.flv");
	assert_string_equal(reports[0].text,
			    "not recorded: live/cam.flv cannot be written: No space left on device; make "
			    "room: another file is tried every 10 s");
	slu_recorder_end(r);
	stop();
	assert_true(is_there("live/cam.flv"));
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
	reported(0, SLU_REPORT_RECORDING, "live/cam.flv");
	assert_string_equal(reports[0].text,
			    "not recorded: live/cam.flv cannot be made: Not a directory; remove what is in "
			    "its way: another file is tried every 10 s");
	put_gop(r, 0, 100);
	slu_recorder_end(r);
	reported(1, SLU_REPORT_RECORDING, "");
	assert_string_equal(reports[1].text,
			    "20 messages, 1200 bytes, were not recorded: no file could be written, see above");
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	r = stream(wide, true);
	put_start(r);
	put_start(r);
	assert_int_equal(nreports, 3);
	assert_non_null(strstr(reports[2].text, "not recorded: the stream's name is too long"));
	slu_recorder_end(r);
	stop();
	assert_int_equal(nreports, 3);
}

static void names_no_secret_where_it_fails(void **state)
{
	struct slu_recorder *r;

	(void)state;
	start((struct slu_recorders_config){0});
	set_disk(false, true);
	r = stream("live/secret", false);
	put_start(r);
	wait_for_reports(1);
	reported(0, SLU_REPORT_RECORDING, "*.flv");
	assert_null(strstr(reports[0].text, "secret"));
	assert_non_null(strstr(reports[0].text, "not recorded: *.flv cannot be written: "));
	slu_recorder_end(r);
	stop();
}

/* Only who is far ahead of the time is, and only while the disk is behind; a clock that jumps is not. */
static void tells_a_film_from_a_live_stream(void **state)
{
	static const struct {
		uint32_t media_ms, ms, step;
		bool full, ahead;
	} cases[] = {
		{5000, 0, 9999, true, false},
		{5001, 0, 9999, true, true},
		{5001, 0, 9999, false, false},
		{9000, 4000, 9999, true, false},
		{1700000 + 5000, 1600000, 9999, true, false},
		{1700000 + 5001, 1600000, 9999, true, true},
		{100000, 0, 10000, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slu_recorder *r;
		uint32_t at = 0;

		start((struct slu_recorders_config){.max_queue = cases[i].full ? 3000000 : 6000000});
		set_disk(true, false);
		now_ms = 77;
		r = stream("live/cam", true);
		put(r, 9, 0, "\x17\x01", 1200000);
		while (at < cases[i].media_ms) {
			at = at + cases[i].step < cases[i].media_ms ? at + cases[i].step : cases[i].media_ms;
			put(r, 8, at, "\xaf\x01", 4);
		}
		assert_int_equal(slu_recorder_is_ahead(r, now_ms + cases[i].ms), cases[i].ahead);
		set_disk(false, false);
		slu_recorder_end(r);
		stop();
	}
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
		KIT_TEST(loses_whole_groups_while_the_disk_stalls),
		KIT_TEST(tells_what_was_lost_at_the_end),
		KIT_TEST(keeps_what_was_stored_when_the_disk_is_full),
		KIT_TEST(goes_on_once_there_is_room),
		KIT_TEST(tells_each_trouble),
		KIT_TEST(goes_on_at_once_where_files_cannot_be_larger),
		KIT_TEST(fails_after_the_end),
		KIT_TEST(an_end_that_fails_ends_no_other_file),
		KIT_TEST(a_file_that_is_another_is_left_alone),
		KIT_TEST(says_why_not),
		KIT_TEST(names_no_secret_where_it_fails),
		KIT_TEST(tells_a_film_from_a_live_stream),
		KIT_TEST(waits_for_no_disk_for_ever),
	};

	return cmocka_run_group_tests_name("recorder_disk", tests, NULL, NULL);
}
