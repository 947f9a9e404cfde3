/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "recorder_kit.h"

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
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
