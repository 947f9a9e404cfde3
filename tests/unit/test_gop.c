/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include "server/gop.h"

static int released;

static void release(void *arg, void *data)
{
	(void)arg;
	free(data);
	released++;
}

/* A message in a buffer of its own, whose only reference is the message's. */
static struct slu_msg make(uint8_t type, uint32_t timestamp, const char *body, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	struct slu_msg m = {.type = type, .timestamp = timestamp, .size = size};

	assert_non_null(data);
	memcpy(data, body, size);
	m.owner = slu_buffer_wrap(data, size, release, NULL);
	assert_non_null(m.owner);
	m.data = data;
	return m;
}

static void add(struct slu_gop *g, uint8_t type, uint32_t timestamp, const char *body, size_t size)
{
	struct slu_msg m = make(type, timestamp, body, size);

	assert_int_equal(slu_gop_add(g, slu_gop_see(g, &m), &m), 0);
	slu_buffer_put(m.owner);
}

#define ADD(g, type, timestamp, body) add(g, type, timestamp, body, sizeof body - 1)

#define METADATA   "\x02\x00\x0aonMetaData\x05"
#define AVC_CONFIG "\x17\x00\x00\x00\x00"
#define AVC_KEY    "\x17\x01\x00\x00\x00key"
#define AVC_INTER  "\x27\x01\x00\x00\x00inter"
#define AAC_CONFIG "\xaf\x00\x12\x10"
#define AAC        "\xaf\x01\x21"

static void begins_at_the_key_frame(void **state)
{
	struct slu_gop g;

	(void)state;
	released = 0;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 18, 0, METADATA);
	ADD(&g, 9, 0, AVC_CONFIG);
	ADD(&g, 8, 0, AAC_CONFIG);
	ADD(&g, 9, 0, AVC_INTER);
	assert_int_equal(g.nframes, 0);
	ADD(&g, 9, 40, AVC_KEY);
	ADD(&g, 8, 41, AAC);
	ADD(&g, 9, 80, AVC_INTER);
	assert_int_equal(g.nframes, 3);
	assert_int_equal(g.bytes, 8 + 3 + 10);
	assert_int_equal(g.frames[0].timestamp, 40);
	assert_int_equal(g.frames[1].type, 8);
	assert_int_equal(g.nconfigs, 2);
	assert_non_null(g.metadata.owner);
	ADD(&g, 9, 120, AVC_KEY);
	assert_int_equal(g.nframes, 1);
	assert_int_equal(g.frames[0].timestamp, 120);
	assert_int_equal(released, 4);
	slu_gop_clear(&g);
	assert_int_equal(released, 8);
}

static void keeps_nothing_of_audio_alone(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 8, 0, AAC_CONFIG);
	for (uint32_t i = 0; i < 10; i++)
		ADD(&g, 8, i, AAC);
	assert_int_equal(g.nframes, 0);
	assert_int_equal(g.nconfigs, 1);
	assert_false(g.waiting);
	slu_gop_clear(&g);
}

static void gives_up_a_group_that_is_too_large(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 30, 100);
	ADD(&g, 9, 0, AVC_KEY);
	ADD(&g, 9, 1, AVC_INTER);
	ADD(&g, 9, 2, AVC_INTER);
	assert_int_equal(g.nframes, 3);
	ADD(&g, 9, 3, AVC_INTER);
	assert_int_equal(g.nframes, 0);
	assert_true(g.waiting);
	ADD(&g, 8, 4, AAC);
	assert_int_equal(g.nframes, 0);
	ADD(&g, 9, 5, AVC_KEY);
	assert_int_equal(g.nframes, 1);
	slu_gop_clear(&g);
	slu_gop_init(&g, 1000, 2);
	ADD(&g, 9, 0, AVC_KEY);
	ADD(&g, 8, 0, AAC);
	assert_int_equal(g.nframes, 2);
	ADD(&g, 8, 0, AAC);
	assert_int_equal(g.nframes, 0);
	slu_gop_clear(&g);
}

static void replaces_configuration(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 9, 0, AVC_CONFIG);
	ADD(&g, 9, 0, AVC_KEY);
	ADD(&g, 9, 1, AVC_CONFIG);
	assert_int_equal(g.nconfigs, 1);
	assert_int_equal(g.nframes, 2);
	ADD(&g, 9, 2, AVC_CONFIG "other");
	assert_int_equal(g.nconfigs, 1);
	assert_int_equal(g.configs[0].size, 10);
	assert_int_equal(g.nframes, 0);
	/* Another codec, in Enhanced RTMP's way, replaces it too. */
	ADD(&g, 9, 3, "\x90hvc1\x01");
	assert_int_equal(g.nconfigs, 1);
	slu_gop_clear(&g);
}

static void keeps_one_configuration_a_track(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 9, 0, "\x90hvc1\x01");
	ADD(&g, 9, 0,
	    "\x96\x00hvc1\x01"
	    "a");
	ADD(&g, 9, 0,
	    "\x96\x00hvc1\x02"
	    "b");
	ADD(&g, 9, 0,
	    "\x96\x00hvc1\x01"
	    "c");
	ADD(&g, 8, 0, "\x95\x00Opus\x01");
	ADD(&g, 8, 0, "\x90Opus\x01");
	assert_int_equal(g.nconfigs, 5);
	assert_int_equal(g.configs[1].data[7], 'c');
	for (int i = 0; i < 40; i++) {
		char body[] = "\x96\x00hvc1\x00";

		body[6] = (char)i;
		ADD(&g, 9, 0, body);
	}
	assert_int_equal(g.nconfigs, SLU_GOP_CONFIGS);
	slu_gop_clear(&g);
}

static void copies_what_would_hold_large_storage(void **state)
{
	struct slu_buffer *large = slu_buffer_new(100000);
	struct slu_msg m = {.type = 9, .size = sizeof AVC_KEY - 1, .owner = large};
	struct slu_gop g;

	(void)state;
	assert_non_null(large);
	memcpy(slu_buffer_data(large), AVC_KEY, sizeof AVC_KEY - 1);
	m.data = slu_buffer_data(large);
	slu_gop_init(&g, 1000, 100);
	assert_int_equal(slu_gop_add(&g, slu_gop_kind(&m), &m), 0);
	assert_true(slu_buffer_unique(large));
	slu_buffer_put(large);
	assert_memory_equal(g.frames[0].data, AVC_KEY, sizeof AVC_KEY - 1);
	slu_gop_clear(&g);
}

static void tells_kinds_apart(void **state)
{
	struct slu_msg m = {.type = SLU_MSG_DATA, .data = (const uint8_t *)METADATA, .size = sizeof METADATA - 1};

	(void)state;
	assert_int_equal(slu_gop_kind(&m), SLU_GOP_METADATA);
	m.size = 12;
	assert_int_equal(slu_gop_kind(&m), SLU_GOP_FRAME);
	m.size = 0;
	m.data = NULL;
	assert_int_equal(slu_gop_kind(&m), SLU_GOP_FRAME);
}

#define HEVC "hvc1"

/* In each of Enhanced RTMP's codecs: what begins a group is a key frame with or without a composition time, behind a
 * ModEx, and of one track alone or beside others. */
static void knows_the_enhanced_kinds(void **state)
{
	static const char *const codecs[] = {"hvc1", "av01", "vp09", "vp08", "avc1", "vvc1"};
	static const struct {
		const char *head;
		size_t size;
		enum slu_gop_kind kind;
	} heads[] = {
		{"\x90", 1, SLU_GOP_CONFIG},
		{"\x91", 1, SLU_GOP_KEYFRAME},
		{"\xa1", 1, SLU_GOP_FRAME},
		{"\x93", 1, SLU_GOP_KEYFRAME},
		{"\xa3", 1, SLU_GOP_FRAME},
		{"\x92", 1, SLU_GOP_FRAME},
		{"\x94", 1, SLU_GOP_CONFIG},
		{"\x95", 1, SLU_GOP_CONFIG},
		{"\xd4", 1, SLU_GOP_CONFIG},
		{"\x97\x02nan\x00", 6, SLU_GOP_CONFIG},
		{"\x97\x02nan\x03", 6, SLU_GOP_KEYFRAME},
		{"\xa7\x02nan\x03", 6, SLU_GOP_FRAME},
		{"\x97\x02nan\x04", 6, SLU_GOP_CONFIG},
		{"\x96\x00", 2, SLU_GOP_CONFIG},
		{"\x96\x03", 2, SLU_GOP_KEYFRAME},
		{"\x96\x04", 2, SLU_GOP_CONFIG},
		{"\xa6\x03", 2, SLU_GOP_FRAME},
	};
	char body[32];

	(void)state;
	for (size_t c = 0; c < sizeof codecs / sizeof codecs[0]; c++) {
		for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
			struct slu_msg m = {.type = 9, .data = (const uint8_t *)body, .size = heads[i].size + 6};

			memcpy(body, heads[i].head, heads[i].size);
			memcpy(body + heads[i].size, codecs[c], 4);
			memcpy(body + heads[i].size + 4, "\x00z", 2);
			assert_int_equal(slu_gop_kind(&m), heads[i].kind);
		}
	}
}

static void groups_of_enhanced_streams(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 9, 0, "\x90" HEVC "config");
	ADD(&g, 8, 0, "\x90Opusconfig");
	ADD(&g, 9, 0, "\x93" HEVC "key");
	ADD(&g, 8, 10, "\x91Opussound");
	ADD(&g, 9, 40, "\xa1" HEVC "\x00\x00\x00inter");
	assert_int_equal(g.nconfigs, 2);
	assert_int_equal(g.nframes, 3);
	/* The end of a sequence ends no group: what is seen of it can be seen still. */
	ADD(&g, 9, 80, "\x92" HEVC);
	assert_int_equal(g.nframes, 4);
	ADD(&g, 9, 80, "\x91" HEVC "\x00\x00\x00key");
	assert_int_equal(g.nframes, 1);
	assert_int_equal(g.frames[0].timestamp, 80);
	slu_gop_clear(&g);
}

/* Colours and channels hold until they come again, beside a track's configuration, and not for another one. */
static void keeps_descriptions(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 9, 0, "\x90" HEVC "one");
	ADD(&g, 9, 0, "\x94" HEVC "colours");
	ADD(&g, 8, 0, "\x90Opusone");
	ADD(&g, 8, 0, "\x94Opuschannels");
	ADD(&g, 9, 0,
	    "\x96\x00" HEVC "\x01"
	    "two");
	ADD(&g, 9, 0,
	    "\x96\x04" HEVC "\x01"
	    "colours too");
	assert_int_equal(g.nconfigs, 6);
	ADD(&g, 9, 0, "\x93" HEVC "key");
	ADD(&g, 9, 40, "\x94" HEVC "others");
	assert_int_equal(g.nconfigs, 6);
	assert_int_equal(g.nframes, 2);
	assert_memory_equal(g.configs[1].data + 5, "others", 6);
	ADD(&g, 9, 80, "\x90" HEVC "new");
	assert_int_equal(g.nconfigs, 5);
	assert_int_equal(g.nframes, 0);
	assert_memory_equal(g.configs[0].data + 5, "new", 3);
	assert_int_equal(g.configs[1].type, 8);
	assert_memory_equal(g.configs[4].data + 7, "colours too", 11);
	ADD(&g, 8, 80, "\x90Opusnew");
	assert_int_equal(g.nconfigs, 4);
	slu_gop_clear(&g);
}

static void groups_are_of_one_track(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 1000, 100);
	ADD(&g, 9, 0,
	    "\x96\x00" HEVC "\x01"
	    "two");
	ADD(&g, 9, 0, "\x90" HEVC "one");
	ADD(&g, 9, 0, "\x96\x03" HEVC "\x01key");
	assert_int_equal(g.nframes, 0);
	ADD(&g, 9, 0, "\x93" HEVC "key");
	ADD(&g, 9, 0, "\x96\x03" HEVC "\x01key");
	ADD(&g, 9, 40, "\xa3" HEVC "inter");
	ADD(&g, 9, 40, "\x96\x03" HEVC "\x01key");
	assert_int_equal(g.nframes, 4);
	ADD(&g, 9, 80, "\x93" HEVC "key");
	assert_int_equal(g.nframes, 1);
	slu_gop_clear(&g);
	/* Without one that is alone, they are those of the first track. */
	ADD(&g, 9, 0,
	    "\x96\x00" HEVC "\x02"
	    "two");
	ADD(&g, 9, 0, "\x96\x03" HEVC "\x02key");
	ADD(&g, 9, 0, "\x96\x03" HEVC "\x03key");
	assert_int_equal(g.nframes, 2);
	slu_gop_clear(&g);
}

static void takes_a_stream_without_key_frames_as_it_is(void **state)
{
	struct slu_gop g;

	(void)state;
	slu_gop_init(&g, 100000, 10000);
	ADD(&g, 8, 0, AAC);
	assert_false(slu_gop_is_keyless(&g, 100000));
	ADD(&g, 9, 50000, AVC_CONFIG);
	ADD(&g, 9, 50000, AVC_INTER);
	assert_false(slu_gop_is_keyless(&g, 50000 + SLU_GOP_PATIENCE_MS));
	assert_true(slu_gop_is_keyless(&g, 50001 + SLU_GOP_PATIENCE_MS));
	/* One whose groups are long is waited for longer. */
	ADD(&g, 9, 100000, AVC_KEY);
	assert_false(slu_gop_is_keyless(&g, 100001 + SLU_GOP_PATIENCE_MS));
	assert_true(slu_gop_is_keyless(&g, 200001));
	/* A clock that is set back is no reason to wait for ever. */
	ADD(&g, 9, 0, AVC_INTER);
	assert_false(slu_gop_is_keyless(&g, 100000));
	assert_true(slu_gop_is_keyless(&g, 100001));
	slu_gop_clear(&g);
	assert_false(slu_gop_is_keyless(&g, 200001));
	/* Across the end of all timestamps. */
	ADD(&g, 9, UINT32_MAX - 10, AVC_KEY);
	assert_false(slu_gop_is_keyless(&g, SLU_GOP_PATIENCE_MS - 20));
	assert_true(slu_gop_is_keyless(&g, SLU_GOP_PATIENCE_MS));
	slu_gop_clear(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_at_the_key_frame),
		cmocka_unit_test(keeps_nothing_of_audio_alone),
		cmocka_unit_test(gives_up_a_group_that_is_too_large),
		cmocka_unit_test(replaces_configuration),
		cmocka_unit_test(keeps_one_configuration_a_track),
		cmocka_unit_test(copies_what_would_hold_large_storage),
		cmocka_unit_test(tells_kinds_apart),
		cmocka_unit_test(knows_the_enhanced_kinds),
		cmocka_unit_test(groups_of_enhanced_streams),
		cmocka_unit_test(keeps_descriptions),
		cmocka_unit_test(groups_are_of_one_track),
		cmocka_unit_test(takes_a_stream_without_key_frames_as_it_is),
	};

	return cmocka_run_group_tests_name("gop", tests, NULL, NULL);
}
