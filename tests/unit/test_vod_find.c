/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "server/vod_find.h"
#include "vod_kit.h"

enum { MANY = 3000, GROUP = 50 }; /* frames */

static int steps; /* that the last search took */

static struct slu_vod_find find(uint32_t ms)
{
	struct slu_vod_find f;

	slu_vod_find_begin(&f, vod_fd, SLU_FLV_HEADER_SIZE, ms);
	for (steps = 1; !slu_vod_find_step(&f); steps++)
		assert_true(steps < 1000);
	return f;
}

static void put_configs(uint32_t timestamp, char which)
{
	char video[] = "\x17\0\0\0\0?", audio[] = "\xaf\0?";

	video[5] = audio[2] = which;
	VOD_PUT(9, timestamp, video);
	VOD_PUT(8, timestamp, audio);
}

/* The place of the last key frame up to ms, by what was written. */
static uint64_t place(uint32_t ms)
{
	uint64_t at = 0;

	for (size_t i = 0; i < vod_count; i++)
		if (vod_tags[i].type == 9 && vod_tags[i].timestamp <= ms && vod_tags[i].timestamp % (GROUP * 40) == 0 &&
		    vod_tags[i].size == 60)
			at = vod_tags[i].at;
	return at;
}

static void check_all(void)
{
	static const uint32_t asked[] = {0,         1,       1999,     2000, 2001, 77777, MANY * 40 - 2000,
					 MANY * 40, 4000000, INT32_MAX};

	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct slu_vod_find f = find(asked[i]);

		assert_true(f.landed);
		assert_int_equal(f.landing.at, place(asked[i]));
		assert_int_equal(f.landing.timestamp, asked[i] < MANY * 40 ? asked[i] / 2000 * 2000 : MANY * 40 - 2000);
		assert_int_equal(f.setup.nconfigs, 2);
		assert_int_equal(f.setup.configs[0].at, vod_tags[1].at);
		assert_int_equal(f.setup.configs[1].at, vod_tags[2].at);
		assert_int_equal(f.setup.metadata, vod_tags[0].at);
	}
}

static void make(const struct vod_entry *index, size_t count)
{
	vod_begin();
	vod_put_index(index, count);
	put_configs(0, 'A');
	vod_put_frames(0, MANY, GROUP);
}

static void scans(void **state)
{
	(void)state;
	make(NULL, 0);
	check_all();
	find(2001);
	assert_int_equal(steps, 1);
	find(4000000);
	assert_in_range(steps, 2 * MANY / 1000, 2 * MANY / 100); /* no step looks at all of it */
	close(vod_fd);
}

/* The places of an index do not depend on what is in it. */
static size_t true_index(struct vod_entry *index)
{
	size_t n = 0;

	for (size_t i = 0; i < MANY / GROUP; i++)
		index[i] = (struct vod_entry){0, 0};
	make(index, MANY / GROUP);
	for (size_t i = 0; i < vod_count; i++)
		if (place(vod_tags[i].timestamp) == vod_tags[i].at)
			index[n++] = (struct vod_entry){vod_tags[i].timestamp / 1000.0, (double)vod_tags[i].at};
	assert_int_equal(n, MANY / GROUP);
	close(vod_fd);
	return n;
}

static void uses_the_index(void **state)
{
	struct vod_entry index[MANY / GROUP];
	size_t n = true_index(index);

	(void)state;
	make(index, n);
	check_all();
	find(4000000);
	assert_int_equal(steps, 1); /* what is between has not been looked at */
	close(vod_fd);
}

/* As some write it: to the configuration before the key frame. */
static void uses_an_index_of_configurations(void **state)
{
	struct vod_entry index[1] = {{0, 0}};
	struct slu_vod_find f;

	(void)state;
	for (int again = 0; again < 2; again++) {
		vod_begin();
		vod_put_index(index, 1);
		put_configs(0, 'A');
		vod_put_frames(0, 2000, GROUP);
		index[0] = (struct vod_entry){80, (double)vod_size};
		put_configs(80000, 'B');
		vod_put_frames(80000, 100, GROUP);
		f = find(81000);
		assert_int_equal(f.landing.timestamp, 80000);
		assert_int_equal(f.setup.configs[0].at, index[0].position);
		assert_int_equal(steps, again ? 1 : 8);
		close(vod_fd);
	}
}

/* What comes before the key frame that the index names has been looked at. */
static void knows_the_configuration_in_force(void **state)
{
	struct vod_entry index[1] = {{0, 0}};
	struct slu_vod_find f;
	uint64_t b;

	(void)state;
	for (int again = 0; again < 2; again++) {
		vod_begin();
		vod_put_index(index, 1);
		put_configs(0, 'A');
		vod_put_frames(0, 2000, GROUP);
		b = vod_size;
		VOD_PUT(18, 80000, "\2\0\x0aonMetaData\3\0\0\x09");
		put_configs(80000, 'B');
		VOD_PUT(8, 80000, "\xaf\1x");
		index[0] = (struct vod_entry){80, (double)vod_size};
		vod_put_frames(80000, 100, GROUP);
		put_configs(84000, 'C');
		f = find(81000);
		assert_int_equal(f.landing.at, index[0].position);
		assert_int_equal(f.setup.metadata, b);
		assert_int_equal(f.setup.nconfigs, 2);
		assert_in_range(f.setup.configs[0].at, b, f.landing.at);
		assert_in_range(f.setup.configs[1].at, b, f.landing.at);
		assert_int_equal(steps, again ? 1 : 8);
		f = find(79999); /* they are not in force yet */
		assert_int_equal(f.setup.configs[0].at, vod_tags[1].at);
		assert_int_equal(f.setup.metadata, vod_tags[0].at);
		close(vod_fd);
	}
}

/* Far from any place that the index leads to; what it tells is checked, too. */
static void knows_configurations_that_are_told(void **state)
{
	struct vod_entry index[1] = {{0, 0}};
	struct slu_vod_find f;
	uint64_t b = 0;

	(void)state;
	for (int again = 0; again < 3; again++) {
		vod_begin();
		vod_ntold = 2;
		vod_put_index(index, 1);
		put_configs(0, 'A');
		vod_put_frames(0, 500, GROUP);
		b = vod_size;
		put_configs(20000, 'B');
		vod_put_frames(20000, 1500, GROUP);
		index[0] = (struct vod_entry){80, (double)vod_size};
		vod_put_frames(80000, 100, GROUP);
		vod_told[0] = (double)b + again;
		vod_told[1] = (double)b + 21 + again;
		f = find(81000);
		assert_int_equal(f.landing.timestamp, 80000);
		assert_int_equal(f.setup.nconfigs, 2);
		/* Without an index, with one, and with one that is wrong by a byte. */
		assert_int_equal(f.setup.configs[0].at, again < 2 ? b : vod_tags[1].at);
		assert_int_equal(f.setup.configs[1].at, again < 2 ? b + 21 : vod_tags[2].at);
		assert_int_equal(steps, again ? 1 : 8);
		close(vod_fd);
	}
	vod_ntold = 0;
}

/* An entry that nothing can begin at, as yamdi's for the end of the sequence, does not spoil those before it. */
static void a_last_entry_of_the_end(void **state)
{
	struct vod_entry index[3] = {{0, 0}, {0, 0}, {0, 0}};
	struct slu_vod_find f;

	(void)state;
	for (int again = 0; again < 2; again++) {
		vod_begin();
		vod_put_index(index, 3);
		put_configs(0, 'A');
		vod_put_frames(0, MANY, GROUP);
		index[1] = (struct vod_entry){MANY * 0.04 - 2, (double)place(MANY * 40)};
		index[2] = (struct vod_entry){MANY * 0.04, (double)vod_size};
		VOD_PUT(9, MANY * 40, "\x17\2\0\0\0");
		f = find(MANY * 40 + 5);
		assert_int_equal(f.landing.at, place(MANY * 40 - 1));
		assert_int_equal(steps, again ? 1 : 12);
		close(vod_fd);
	}
}

/* It leads into bodies, to the tag before, beyond the end, and backwards; times are what they like. */
static void a_lying_index_does_no_harm(void **state)
{
	struct vod_entry truth[MANY / GROUP], lies[MANY / GROUP];
	size_t n = true_index(truth);

	(void)state;
	for (int kind = 0; kind < 8; kind++) {
		for (size_t i = 0; i < n; i++) {
			const double positions[] = {
				truth[i].position + 1,       truth[i].position - 35, truth[i].position + 75,
				truth[(i + 7) % n].position, truth[i].position * 99, 13,
				truth[n - 1 - i].position,   truth[i].position,
			};

			lies[i] = (struct vod_entry){kind == 7 ? 9 : truth[i].seconds, positions[kind]};
		}
		make(lies, n);
		check_all();
		close(vod_fd);
	}
}

/* A body may hold what looks like a key frame; what is around it does not. */
static void a_frame_within_a_frame_is_none(void **state)
{
	struct vod_entry index[1] = {{0, 0}};
	struct slu_flv_tag tag = {.type = 9, .timestamp = 30000, .size = 6};
	uint8_t body[400] = {0x27, 1};
	struct slu_vod_find f;

	(void)state;
	assert_int_equal(slu_flv_write_tag_header(body + 100, &tag), 0);
	body[111] = 0x17;
	body[112] = 1;
	body[99] = 40; /* a PreviousTagSize in front of it */
	for (int again = 0; again < 2; again++) {
		vod_begin();
		vod_put_index(index, 1);
		put_configs(0, 'A');
		vod_put_frames(0, 700, GROUP);
		index[0] = (struct vod_entry){28, (double)vod_size + 11 + 100};
		vod_put(9, 28000, body, sizeof body);
		vod_put_frames(30000, 100, GROUP);
		f = find(31999);
		assert_int_equal(f.landing.timestamp, 30000);
		assert_int_equal(f.landing.at, vod_tags[vod_count - 200].at);
		close(vod_fd);
	}
}

static void audio_alone(void **state)
{
	struct slu_vod_find f;

	(void)state;
	vod_begin();
	VOD_PUT(8, 0, "\xaf\0\x12\x10");
	for (uint32_t i = 0; i < 100; i++)
		VOD_PUT(8, i * 23, "\xaf\1x");
	f = find(1000);
	assert_int_equal(f.landing.timestamp, 1000 / 23 * 23);
	assert_int_equal(f.setup.nconfigs, 1);
	close(vod_fd);
}

/* An index of sound, where there is nothing else; where there is, it is as if it were not there. */
static void an_index_of_sound(void **state)
{
	struct vod_entry index[2] = {{0, 0}, {0, 0}};
	struct slu_vod_find f;

	(void)state;
	for (int again = 0; again < 2; again++) {
		vod_begin();
		vod_put_index(index, 2);
		VOD_PUT(8, 0, "\xaf\0\x12\x10");
		for (uint32_t i = 0; i < 3000; i++) {
			if (i % 1000 == 0 && i)
				index[i / 1000 - 1] = (struct vod_entry){i / 50.0, (double)vod_size};
			VOD_PUT(8, i * 20, "\xaf\1x");
		}
		f = find(40001);
		assert_int_equal(f.landing.timestamp, 40000);
		assert_int_equal(f.setup.nconfigs, 1);
		assert_int_equal(steps, again ? 1 : 4);
		close(vod_fd);
	}
	memset(index, 0, sizeof index);
	for (int again = 0; again < 2; again++) {
		vod_begin();
		vod_put_index(index, 2);
		VOD_PUT(8, 0, "\xaf\1x");
		put_configs(0, 'A');
		vod_put_frames(0, MANY, GROUP);
		f = find(40001);
		assert_int_equal(f.landing.at, place(40001));
		assert_int_equal(f.landing.type, 9);
		assert_int_equal(f.setup.nconfigs, 2);
		index[1] = (struct vod_entry){39, (double)vod_tags[4 + 39 * 50 + 1].at};
		assert_int_equal(vod_tags[4 + 39 * 50 + 1].type, 8);
		close(vod_fd);
	}
}

static void nowhere_to_land(void **state)
{
	(void)state;
	vod_begin();
	assert_false(find(1000).landed); /* nothing there */
	put_configs(0, 'A');
	assert_false(find(1000).landed);
	vod_put_frames(5000, 10, 5);
	assert_false(find(4999).landed); /* before the first */
	assert_true(find(5000).landed);
	assert_int_equal(ftruncate(vod_fd, (off_t)vod_tags[2].at + 70), 0);
	assert_false(find(5000).landed); /* half a frame */
	assert_int_equal(ftruncate(vod_fd, (off_t)vod_tags[2].at + 71), 0);
	assert_true(find(5000).landed);
	close(vod_fd);
}

/* Each has a configuration of its own, whatever is in front of it. */
static void many_tracks(void **state)
{
	struct slu_vod_find f;

	(void)state;
	vod_begin();
	VOD_PUT(9, 0, "\x96\0av01\0old");
	VOD_PUT(9, 0, "\x96\0av01\1one");
	VOD_PUT(9, 0, "\x97\1\0\0\x06\0av01\0new");
	VOD_PUT(8, 0, "\x90Opus1");
	VOD_PUT(8, 0, "\x95\0Opus\1two");
	VOD_PUT(9, 0, "\x96\1av01\0frame");
	VOD_PUT(9, 40, "\xa6\1av01\0frame");
	VOD_PUT(9, 80, "\x97\1\0\0\x06\1av01\0frame");
	f = find(100);
	assert_int_equal(f.landing.timestamp, 80);
	assert_int_equal(f.setup.nconfigs, 4);
	assert_int_equal(f.setup.configs[0].at, vod_tags[2].at);
	assert_int_equal(f.setup.configs[1].at, vod_tags[1].at);
	close(vod_fd);
}

static void across_the_end_of_time(void **state)
{
	struct slu_vod_find f;

	(void)state;
	vod_begin();
	vod_put_frames(UINT32_MAX - 999, 50, 5);
	f = find(250);
	assert_int_equal(f.landing.timestamp, 200);
	f = find(UINT32_MAX);
	assert_int_equal(f.landing.timestamp, UINT32_MAX - 199);
	close(vod_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(scans),
		KIT_TEST(uses_the_index),
		KIT_TEST(uses_an_index_of_configurations),
		KIT_TEST(knows_the_configuration_in_force),
		KIT_TEST(knows_configurations_that_are_told),
		KIT_TEST(a_last_entry_of_the_end),
		KIT_TEST(a_lying_index_does_no_harm),
		KIT_TEST(a_frame_within_a_frame_is_none),
		KIT_TEST(audio_alone),
		KIT_TEST(an_index_of_sound),
		KIT_TEST(nowhere_to_land),
		KIT_TEST(many_tracks),
		KIT_TEST(across_the_end_of_time),
	};

	return cmocka_run_group_tests_name("vod_find", tests, NULL, NULL);
}
