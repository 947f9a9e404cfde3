/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/flv.h>

#include "proto/flv_track.h"

enum { KEY = SLU_FLV_KEYFRAME, SEQ = SLU_FLV_SEQUENCE_HEADER, ENH = SLU_FLV_ENHANCED };

struct sample {
	const char *what;
	const char *body;
	size_t size;
	unsigned flags;
};

/* Exactly size bytes of heap, so that a sanitizer sees a read beyond them. */
static unsigned flags_of(uint8_t type, const char *body, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	unsigned flags;

	assert_non_null(copy);
	memcpy(copy, body, size);
	flags = slu_flv_flags(type, copy, size);
	free(copy);
	return flags;
}

static void check(uint8_t type, const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned flags = flags_of(type, s[i].body, s[i].size);

		if (flags != s[i].flags)
			fail_msg("%s: flags %u, wanted %u", s[i].what, flags, s[i].flags);
	}
}

#define BODY(what, bytes, flags)                                                                                       \
	{                                                                                                              \
		what, bytes, sizeof bytes - 1, flags                                                                   \
	}

static void video(void **state)
{
	static const struct sample samples[] = {
		BODY("nothing", "", 0),
		BODY("H.263 key", "\x12", KEY),
		BODY("H.263 inter", "\x22", 0),
		BODY("VP6 key", "\x14\x00", KEY),
		BODY("AVC sequence header", "\x17\x00\x00\x00\x00\x01", SEQ),
		BODY("AVC key", "\x17\x01\x00\x00\x00", KEY),
		BODY("AVC generated key", "\x47\x01\x00\x00\x00", KEY),
		BODY("AVC inter", "\x27\x01\x00\x00\x00", 0),
		BODY("AVC end of sequence", "\x17\x02\x00\x00\x00", 0),
		BODY("AVC cut off", "\x17", 0),
		BODY("HEVC in the old way, sequence header", "\x1c\x00\x00\x00\x00", SEQ),
		BODY("HEVC in the old way, key", "\x1c\x01\x00\x00\x00", KEY),
		BODY("video info", "\x57\x00", 0),
	};

	(void)state;
	check(SLU_FLV_VIDEO, samples, sizeof samples / sizeof samples[0]);
}

static void enhanced_video(void **state)
{
	static const struct sample samples[] = {
		BODY("SequenceStart", "\x90hvc1\x01", ENH | SEQ),
		BODY("CodedFrames, key", "\x91hvc1\x00\x00\x00", ENH | KEY),
		BODY("CodedFrames, inter", "\xa1hvc1\x00\x00\x00", ENH),
		BODY("CodedFramesX, key",
		     "\x93"
		     "av01",
		     ENH | KEY),
		BODY("SequenceEnd",
		     "\x92"
		     "av01",
		     ENH),
		BODY("Metadata", "\x94hvc1\x02", ENH),
		BODY("Metadata with a command's frame type", "\xd4hvc1\x02", ENH),
		BODY("MPEG2TSSequenceStart",
		     "\x95"
		     "av01",
		     ENH | SEQ),
		BODY("command", "\xd0\x00", ENH),
		BODY("Multitrack, one track, SequenceStart", "\x96\x00hvc1\x00", ENH | SEQ),
		BODY("Multitrack, many codecs, key", "\x96\x21\x00hvc1", ENH | KEY),
		BODY("Multitrack, inter", "\xa6\x11hvc1\x00", ENH),
		BODY("Multitrack, cut off", "\x96", ENH),
		BODY("ModEx, then CodedFramesX", "\x97\x02\x00\x00\x01\x03hvc1", ENH | KEY),
		BODY("two ModEx, then SequenceStart", "\x97\x00\x01\x07\x01\x00\x00\x10hvc1", ENH | SEQ),
		BODY("ModEx, then Multitrack, SequenceStart", "\x97\x00\x01\x06\x00hvc1\x00", ENH | SEQ),
		BODY("ModEx cut off in its size", "\x97", ENH),
		BODY("ModEx cut off in its data", "\x97\x10\x00\x00", ENH),
		BODY("ModEx cut off in its long size", "\x97\xff\x00", ENH),
		BODY("ModEx without a packet type", "\x97\x00\x00", ENH),
	};
	char long_modex[1 + 3 + 300 + 5] = "\x97\xff\x01\x2b", short_modex[1 + 1 + 255 + 5] = "\x97\xfe";

	(void)state;
	check(SLU_FLV_VIDEO, samples, sizeof samples / sizeof samples[0]);
	memset(long_modex + 4, 1, 300);
	memcpy(long_modex + 304, "\x00hvc1", 5);
	assert_int_equal(flags_of(SLU_FLV_VIDEO, long_modex, sizeof long_modex), ENH | SEQ);
	memset(short_modex + 2, 1, 255);
	memcpy(short_modex + 257, "\x00hvc1", 5);
	assert_int_equal(flags_of(SLU_FLV_VIDEO, short_modex, sizeof short_modex), ENH | SEQ);
}

static void audio(void **state)
{
	static const struct sample samples[] = {
		BODY("nothing", "", 0),
		BODY("MP3", "\x2f\x00", 0),
		BODY("AAC sequence header", "\xaf\x00\x12\x10", SEQ),
		BODY("AAC frame", "\xaf\x01\x21", 0),
		BODY("AAC cut off", "\xaf", 0),
		BODY("enhanced SequenceStart", "\x90Opus", ENH | SEQ),
		BODY("enhanced CodedFrames", "\x91Opus", ENH),
		BODY("enhanced SequenceEnd", "\x92Opus", ENH),
		BODY("MultichannelConfig", "\x94Opus\x01", ENH),
		BODY("Multitrack SequenceStart", "\x95\x00Opus\x00", ENH | SEQ),
		BODY("Multitrack CodedFrames", "\x95\x11Opus\x00", ENH),
		BODY("Multitrack cut off", "\x95", ENH),
		BODY("ModEx, then SequenceStart", "\x97\x02\x00\x00\x01\x00Opus", ENH | SEQ),
		BODY("ModEx cut off", "\x97\x02\x00", ENH),
	};

	(void)state;
	check(SLU_FLV_AUDIO, samples, sizeof samples / sizeof samples[0]);
}

static void script(void **state)
{
	(void)state;
	assert_int_equal(flags_of(SLU_FLV_SCRIPT, "\x17\x00", 2), 0);
	assert_int_equal(flags_of(7, "\x17\x00", 2), 0);
}

#define TRACK(type, bytes) track_of(type, bytes, sizeof bytes - 1)

static unsigned track_of(uint8_t type, const char *body, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	unsigned track;

	assert_non_null(copy);
	memcpy(copy, body, size);
	track = slu_flv_track(type, copy, size);
	free(copy);
	return track;
}

/* One track, many of one codec, many of many: the number stands at the same place. */
static void tracks(void **state)
{
	unsigned video = TRACK(9, "\x17\0\0\0\0"), audio = TRACK(8, "\xaf\0");

	(void)state;
	assert_int_not_equal(video, audio);
	assert_int_equal(TRACK(9, "\x90hvc1\1"), video);
	assert_int_equal(TRACK(8, "\x90Opus"), audio);
	for (int kind = 0; kind < 3; kind++) {
		char body[] = "\x96\0av01\2config";

		body[1] = (char)(kind << 4);
		assert_int_equal(TRACK(9, body), TRACK(9, "\x96\0hvc1\2other"));
		assert_int_not_equal(TRACK(9, body), TRACK(9, "\x96\0av01\1config"));
		assert_int_not_equal(TRACK(9, body), video);
	}
	assert_int_equal(TRACK(9, "\x97\1\0\0\x06\0av01\2"), TRACK(9, "\x96\0av01\2")); /* behind a ModEx */
	assert_int_equal(TRACK(8, "\x95\0Opus\2"), TRACK(8, "\x97\0\0\x05\0Opus\2"));
	assert_int_not_equal(TRACK(8, "\x95\0Opus\2"), TRACK(9, "\x96\0av01\2"));
	assert_int_not_equal(TRACK(8, "\x95\0Opus\2"), audio);
	assert_int_equal(TRACK(8, "\xaf\5\0abcd\2"),
			 audio);                         /* AAC's second byte is no packet type of Enhanced RTMP's */
	assert_int_equal(TRACK(9, "\x96\0av01"), video); /* cut off */
	assert_int_equal(TRACK(9, "\x97\xff"), video);
	assert_int_equal(TRACK(9, ""), video);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(video), cmocka_unit_test(tracks), cmocka_unit_test(enhanced_video),
		cmocka_unit_test(audio), cmocka_unit_test(script),
	};

	return cmocka_run_group_tests_name("flv_flags", tests, NULL, NULL);
}
