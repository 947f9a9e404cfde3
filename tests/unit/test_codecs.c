/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/amf.h>

#include "server/codecs.h"

static struct slu_gop gop;

static void add(uint8_t type, const void *body, size_t size)
{
	struct slu_msg m = {.type = type, .data = body, .size = size};

	assert_int_equal(slu_gop_add(&gop, slu_gop_see(&gop, &m), &m), 0);
}

static void start(void)
{
	slu_gop_clear(&gop);
	slu_gop_init(&gop, 1 << 20, 100);
}

static void check(const char *video, const char *audio)
{
	struct slu_codecs c;

	slu_codecs_find(&c, &gop);
	assert_string_equal(c.video, video);
	assert_string_equal(c.audio, audio);
}

static void knows_codecs_by_their_configuration(void **state)
{
	(void)state;
	start();
	check("", "");
	add(9, "\x17\x00\x00\x00\x00", 5);
	check("avc1", "");
	add(8, "\xaf\x00\x12\x10", 4);
	check("avc1", "mp4a");
	start();
	add(9, "\x90hvc1\x01", 6); /* Enhanced: a sequence header */
	add(8, "\x90Opus\x01", 6);
	check("hvc1", "Opus");
	start();
	add(9,
	    "\x96\x00"
	    "av01\x00",
	    7); /* Multitrack, of one */
	check("av01", "");
}

/* What has no configuration is known by its frames; what is none of either stays unknown. */
static void knows_codecs_by_their_frames(void **state)
{
	(void)state;
	start();
	add(9, "\x12xxxxx", 6);
	add(8, "\x2fxxxxx", 6);
	check("flv1", ".mp3");
	start();
	add(9, "\x1f\x01xxxx", 6);
	check("", "");
	start();
	add(9, "\x91\x1b[2J", 5); /* no FourCC, whatever it is to a terminal */
	check("", "");
	start();
	add(9, "\x90", 1);
	add(9, "\x90hv", 3);
	check("", "");
}

static void put(struct slu_amf_writer *w, const char *name, double value)
{
	slu_amf_put_name(w, name);
	slu_amf_put_number(w, value);
}

static void describe(double width, double height, double rate)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 0);
	const uint8_t *data;
	size_t n;

	slu_amf_put_string(w, "onMetaData");
	slu_amf_begin_ecma_array(w, 3);
	put(w, "width", width);
	put(w, "height", height);
	put(w, "framerate", rate);
	slu_amf_end(w);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	add(18, data, n);
	slu_amf_writer_free(w);
}

static void reads_the_metadata(void **state)
{
	struct slu_codecs c;

	(void)state;
	start();
	describe(1280, 720, 29.97);
	slu_codecs_find(&c, &gop);
	assert_int_equal(c.width, 1280);
	assert_int_equal(c.height, 720);
	assert_true(c.frame_rate == 29.97);
	/* Numbers that cannot be, and values that are no numbers, are none. */
	describe(-1, 1e300, 0.0 / 0.0);
	slu_codecs_find(&c, &gop);
	assert_int_equal(c.width, 0);
	assert_int_equal(c.height, 0);
	assert_true(c.frame_rate == 0);
	start();
	add(18, "\x02\x00\x0aonMetaData\x08\xff\xff\xff\xff", 18);
	slu_codecs_find(&c, &gop);
	assert_int_equal(c.width, 0);
	slu_gop_clear(&gop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_codecs_by_their_configuration),
		cmocka_unit_test(knows_codecs_by_their_frames),
		cmocka_unit_test(reads_the_metadata),
	};

	return cmocka_run_group_tests_name("codecs", tests, NULL, NULL);
}
