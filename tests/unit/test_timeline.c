/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "tools/timeline.h"

static const uint8_t frame[] = {0x27, 1, 0, 0, 0}, config[] = {0x17, 0, 0, 0, 0}, sound[] = {0xaf, 1};

static uint32_t put(struct slu_timeline *t, uint8_t type, const uint8_t *body, size_t size, uint32_t ts)
{
	struct slu_flv_tag tag = {.type = type, .timestamp = ts, .body = body, .size = size};

	return slu_timeline_map(t, &tag);
}

static uint32_t video(struct slu_timeline *t, uint32_t ts)
{
	return put(t, SLU_FLV_VIDEO, frame, sizeof frame, ts);
}

static uint32_t audio(struct slu_timeline *t, uint32_t ts)
{
	return put(t, SLU_FLV_AUDIO, sound, sizeof sound, ts);
}

static uint32_t header(struct slu_timeline *t, uint32_t ts)
{
	return put(t, SLU_FLV_VIDEO, config, sizeof config, ts);
}

static uint32_t script(struct slu_timeline *t, uint32_t ts)
{
	return put(t, SLU_FLV_SCRIPT, sound, sizeof sound, ts);
}

static void starts_at_zero_and_keeps_distances(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	assert_int_equal(script(&t, 1000), 0);
	assert_int_equal(header(&t, 1000), 0);
	assert_int_equal(video(&t, 1023), 23);
	assert_int_equal(audio(&t, 1010), 10); /* tracks may be out of step */
	assert_int_equal(video(&t, 1063), 63);
	assert_int_equal(t.jumps, 0);
	assert_int_equal(t.played, 40);
	assert_int_equal(slu_timeline_position(&t, 63), 40);
	assert_int_equal(slu_timeline_position(&t, 43), 20);
	assert_int_equal(slu_timeline_position(&t, 0), 40); /* before the clock: at once */
}

static void joined_late_starts_with_the_first_frame(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	assert_int_equal(script(&t, 0), 0);
	assert_int_equal(header(&t, 0), 0);
	assert_int_equal(video(&t, 3000000000u), 0);
	assert_int_equal(audio(&t, 3000000020u), 20);
	assert_int_equal(t.played, 20);
}

static void survives_the_wrap(void **state)
{
	struct slu_timeline t = {0}, kept = {.keep = true};

	(void)state;
	assert_int_equal(video(&t, 0xfffffff0u), 0);
	assert_int_equal(video(&t, 0x00000018u), 40);
	assert_int_equal(t.jumps, 0);
	assert_int_equal(video(&kept, 0xfffffff0u), 0xfffffff0u);
	assert_int_equal(video(&kept, 0x00000018u), 0x18);
	assert_int_equal(kept.played, 40);
}

static void small_steps_back_are_held(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	video(&t, 0);
	video(&t, 600);
	assert_int_equal(video(&t, 100), 600);
	assert_int_equal(video(&t, 640), 640);
	assert_int_equal(t.jumps, 1);
}

static void large_steps_back_begin_a_new_run(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	video(&t, 0);
	audio(&t, 7);
	video(&t, 40);
	audio(&t, 30);
	video(&t, 5000);
	assert_int_equal(script(&t, 0), 5000); /* an encoder that begins again sends its metadata first */
	assert_int_equal(header(&t, 0), 5000);
	assert_int_equal(video(&t, 0), 9960); /* the last video frame had its time */
	assert_int_equal(audio(&t, 10), 9970);
	assert_int_equal(video(&t, 40), 10000);
	assert_int_equal(t.jumps, 1);
}

static void gaps_pass_and_pacing_does_not_wait(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	video(&t, 0);
	video(&t, 40);
	assert_int_equal(video(&t, 3600000), 3600000);
	assert_int_equal(t.played, 40);
	assert_int_equal(video(&t, 3600040), 3600040);
	assert_int_equal(t.played, 80);
	assert_int_equal(slu_timeline_position(&t, 3600040), 80);
}

static void tracks_stay_together(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	video(&t, 0);
	audio(&t, 0);
	assert_int_equal(video(&t, 3600000), 3600000); /* a gap, or one wild timestamp */
	assert_int_equal(audio(&t, 23), 3600000);      /* it was one: all goes on from there */
	assert_int_equal(video(&t, 40), 3600017);
	assert_int_equal(t.jumps, 1);
	assert_int_equal(video(&t, 0xc0000000u), 3600034); /* ahead by more than can be told from behind */
	assert_int_equal(audio(&t, 0xc0000005u), 3600039);
}

static void a_restart_goes_on(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	slu_timeline_restart(&t); /* of nothing */
	for (int round = 0; round < 3; round++) {
		uint32_t base = (uint32_t)round * 120;

		assert_int_equal(script(&t, 0), base);
		assert_int_equal(header(&t, 0), base);
		assert_int_equal(video(&t, 0), base);
		assert_int_equal(audio(&t, 5), base + 5);
		assert_int_equal(video(&t, 40), base + 40);
		assert_int_equal(audio(&t, 45), base + 45);
		assert_int_equal(video(&t, 80), base + 80);
		slu_timeline_restart(&t);
	}
	assert_int_equal(t.jumps, 0);
	assert_int_equal(t.played, 320);
}

static void a_run_of_no_duration_lasts_a_frame(void **state)
{
	struct slu_timeline t = {0}, kept = {.keep = true};

	(void)state;
	for (uint32_t round = 0; round < 5; round++) {
		assert_int_equal(header(&t, 7), round * SLU_TIMELINE_FRAME);
		assert_int_equal(video(&t, 7), round * SLU_TIMELINE_FRAME);
		assert_int_equal(slu_timeline_position(&t, round * SLU_TIMELINE_FRAME), round * SLU_TIMELINE_FRAME);
		slu_timeline_restart(&t);
		assert_int_equal(video(&kept, 7), 7);
		assert_int_equal(slu_timeline_position(&kept, 7), round * SLU_TIMELINE_FRAME);
		slu_timeline_restart(&kept);
	}
	assert_int_equal(t.jumps, 0);
}

static void standing_still_is_counted(void **state)
{
	struct slu_timeline t = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(video(&t, 77), 0);
	assert_int_equal(t.still, 99);
	assert_int_equal(t.jumps, 0);
	video(&t, 78);
	assert_int_equal(t.tracks[SLU_TRACK_VIDEO].still, 0);
}

static void kept_timestamps_are_untouched(void **state)
{
	struct slu_timeline t = {.keep = true};
	const uint32_t in[] = {70000, 70040, 10, 50, 4000000000u, 4000000040u};

	(void)state;
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
		assert_int_equal(video(&t, in[i]), in[i]);
	assert_int_equal(t.jumps, 0);
	assert_int_equal(t.played, 120);
	slu_timeline_restart(&t);
	assert_int_equal(video(&t, 70000), 70000);
	assert_int_equal(video(&t, 70040), 70040);
	assert_int_equal(t.played, 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_at_zero_and_keeps_distances),
		cmocka_unit_test(joined_late_starts_with_the_first_frame),
		cmocka_unit_test(survives_the_wrap),
		cmocka_unit_test(small_steps_back_are_held),
		cmocka_unit_test(large_steps_back_begin_a_new_run),
		cmocka_unit_test(gaps_pass_and_pacing_does_not_wait),
		cmocka_unit_test(tracks_stay_together),
		cmocka_unit_test(a_restart_goes_on),
		cmocka_unit_test(a_run_of_no_duration_lasts_a_frame),
		cmocka_unit_test(standing_still_is_counted),
		cmocka_unit_test(kept_timestamps_are_untouched),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
