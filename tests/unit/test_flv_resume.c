/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "proto/flv_resume.h"

enum { PASS = SLU_FLV_RESUME_PASS, TAKE = SLU_FLV_RESUME_TAKE };

static const uint8_t key[] = "\x17\1\0\0\0key frame", inter[] = "\x27\1\0\0\0frame", config[] = "\x17\0\0\0\0avcC",
		     sound[] = "\xaf\1sound", sound_config[] = "\xaf\0\x12\x10", metadata[] = "\2\0\12onMetaData\3one",
		     other_metadata[] = "\2\0\12onMetaData\3two", text[] = "\2\0\12onTextData\3one";

#define TAG(kind, stamp, bytes)                                                                                        \
	((struct slu_flv_tag){.type = (kind), .timestamp = (stamp), .body = (bytes), .size = sizeof(bytes) - 1})

static struct slu_flv_resume at(uint32_t timestamp)
{
	return (struct slu_flv_resume){.frame = TAG(SLU_FLV_VIDEO, timestamp, key)};
}

static uint32_t out; /* the timestamp that the last one has now */

static enum slu_flv_resume_step step(struct slu_flv_resume *r, struct slu_flv_tag tag)
{
	enum slu_flv_resume_step s = slu_flv_resume_tag(r, &tag);

	out = tag.timestamp;
	return s;
}

#define VIDEO(stamp, bytes) step(&r, TAG(SLU_FLV_VIDEO, stamp, bytes))
#define AUDIO(stamp, bytes) step(&r, TAG(SLU_FLV_AUDIO, stamp, bytes))
#define DATA(stamp, bytes)  step(&r, TAG(SLU_FLV_SCRIPT, stamp, bytes))

static void clock_of_the_recording(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	assert_int_equal(DATA(0, metadata), PASS);
	assert_int_equal(VIDEO(0, config), PASS);
	assert_int_equal(AUDIO(4990, sound), PASS);
	assert_false(r.found);
	assert_int_equal(VIDEO(5000, key), PASS);
	assert_true(r.found);
	assert_int_equal(r.shift, 0);
	/* A track may be behind the other, and still be what follows in the file. */
	assert_int_equal(AUDIO(4999, sound), TAKE);
	assert_int_equal(AUDIO(5000, sound), TAKE);
	assert_int_equal(out, 5000);
	assert_int_equal(VIDEO(5040, inter), TAKE);
	assert_int_equal(out, 5040);
}

static void clock_that_begins_with_the_frame(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	assert_int_equal(VIDEO(0, key), PASS);
	assert_int_equal(r.shift, 5000);
	assert_int_equal(DATA(0, metadata), PASS);
	assert_int_equal(AUDIO(0, sound), PASS);
	assert_int_equal(VIDEO(0, key), PASS);
	assert_int_equal(AUDIO(7, sound), TAKE);
	assert_int_equal(out, 5007);
	assert_true(r.settled);
	assert_int_equal(AUDIO(0, sound), TAKE);
	assert_int_equal(out, 5000);
}

static void repeated_behind_the_frame(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	assert_int_equal(VIDEO(5000, key), PASS);
	assert_int_equal(VIDEO(5000, key), PASS);
	assert_int_equal(VIDEO(0, config), PASS);
	assert_int_equal(AUDIO(5000, sound_config), PASS);
	assert_int_equal(DATA(5000, metadata), PASS);
	assert_int_equal(DATA(5000, text), TAKE);
	assert_int_equal(DATA(5001, text), TAKE);
	assert_false(r.settled);
	assert_int_equal(VIDEO(5001, inter), TAKE);
	assert_true(r.settled);
	/* From here on it is the stream's own. */
	assert_int_equal(VIDEO(5001, config), TAKE);
	assert_int_equal(DATA(4000, metadata), TAKE);
	assert_int_equal(VIDEO(5001, key), TAKE);
}

static void same_bytes_at_another_time(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	assert_int_equal(VIDEO(4000, key), PASS);
	assert_int_equal(VIDEO(4999, key), PASS);
	assert_false(r.found);
	assert_int_equal(VIDEO(5000, inter), PASS);
	assert_int_equal(AUDIO(5000, key), PASS);
	assert_false(r.found);
	assert_int_equal(VIDEO(5000, key), PASS);
	assert_true(r.found);
}

/* Without a number to go by, the timestamps tell. */
static void the_frame_does_not_come(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	for (uint32_t i = 0; i <= 5000; i++)
		assert_int_equal(VIDEO(i, inter), PASS);
	assert_int_equal(AUDIO(9000, sound), PASS);
	assert_int_equal(VIDEO(9000, config), PASS);
	assert_int_equal(VIDEO(5001, inter), SLU_FLV_RESUME_NOT_FOUND);
}

static void patience(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	r.patience = 3;
	assert_int_equal(VIDEO(9000, inter), PASS);
	assert_int_equal(DATA(9000, text), PASS);
	assert_int_equal(VIDEO(9000, inter), PASS);
	assert_int_equal(r.passed, 3);
	assert_int_equal(VIDEO(9000, inter), SLU_FLV_RESUME_NOT_FOUND);
	r = at(5000);
	r.patience = 1;
	assert_int_equal(VIDEO(1, inter), PASS);
	assert_int_equal(VIDEO(0, key), PASS);
	assert_int_equal(VIDEO(40, inter), TAKE);
}

static void metadata_of_another_stream(void **state)
{
	struct slu_flv_resume r = at(5000);

	(void)state;
	assert_int_equal(DATA(0, other_metadata), PASS);
	r.metadata = metadata;
	r.metadata_size = sizeof metadata - 1;
	assert_int_equal(DATA(0, metadata), PASS);
	assert_int_equal(DATA(0, text), PASS);
	assert_int_equal(DATA(0, other_metadata), SLU_FLV_RESUME_OTHER);
}

/* 24 bits, 32 bits, and the halves of them. */
static void clocks_that_wrap(void **state)
{
	static const uint32_t stamps[] = {1, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
		struct slu_flv_resume r = at(stamps[i]);

		assert_int_equal(VIDEO(stamps[i] - 1 ? stamps[i] - 1 : 0, inter), PASS);
		assert_int_equal(VIDEO(stamps[i], key), PASS);
		assert_int_equal(VIDEO(stamps[i] + 1, inter), TAKE);
		assert_int_equal(out, stamps[i] + 1);
		assert_true(r.settled);
		r = at(stamps[i]);
		assert_int_equal(VIDEO(0, key), PASS);
		assert_int_equal(VIDEO(1, inter), TAKE);
		assert_int_equal(out, stamps[i] + 1);
	}
}

static void the_first_frame_of_all(void **state)
{
	struct slu_flv_resume r = at(0);

	(void)state;
	assert_int_equal(DATA(0, metadata), PASS);
	assert_int_equal(VIDEO(0, key), PASS);
	assert_int_equal(AUDIO(0, sound), TAKE);
	assert_int_equal(VIDEO(40, inter), TAKE);
}

static void audio_only(void **state)
{
	struct slu_flv_resume r = {.frame = TAG(SLU_FLV_AUDIO, 300, sound)};

	(void)state;
	assert_int_equal(AUDIO(280, sound), PASS); /* silence looks the same all over */
	assert_int_equal(AUDIO(300, sound), PASS);
	assert_int_equal(AUDIO(320, sound), TAKE);
	assert_int_equal(out, 320);
}

static void nothing_to_look_for(void **state)
{
	struct slu_flv_resume r = {.patience = 2};
	struct slu_flv_tag empty = {.type = 0};

	(void)state;
	assert_int_equal(step(&r, empty), PASS);
	assert_int_equal(step(&r, empty), PASS);
	assert_int_equal(step(&r, empty), SLU_FLV_RESUME_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_of_the_recording),     cmocka_unit_test(clock_that_begins_with_the_frame),
		cmocka_unit_test(repeated_behind_the_frame),  cmocka_unit_test(same_bytes_at_another_time),
		cmocka_unit_test(the_frame_does_not_come),    cmocka_unit_test(patience),
		cmocka_unit_test(metadata_of_another_stream), cmocka_unit_test(clocks_that_wrap),
		cmocka_unit_test(the_first_frame_of_all),     cmocka_unit_test(audio_only),
		cmocka_unit_test(nothing_to_look_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
