/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include "session_kit.h"

#define FLASH_VER "FMLE/3.0 (compatible; Sluice/" SLU_VERSION ")"
#define BEGIN     "Set Chunk Size 65536; Window Acknowledgement Size 2500000; "

static void connect_to_publish(void **state)
{
	static const uint8_t extra[] = {0x02, 0x00, 0x01, 'x'};
	const struct slu_session_config config = {.connect = {.app = "live/a",
							      .tc_url = "rtmp://h/live/a",
							      .flash_ver = "F",
							      .swf_url = "http://h/s",
							      .page_url = "http://h/p",
							      .extra = extra,
							      .extra_size = sizeof extra}};
	struct kit *k;

	(void)state;
	/* nothing asked yet: what a player says */
	k = kit_open(SLU_CLIENT, NULL);
	kit_expect_heard(k, BEGIN "connect@0 1 {app:\"live\",flashVer:\"" FLASH_VER
				  "\",fpad:false,capabilities:239,audioCodecs:4071,videoCodecs:252,videoFunction:1,"
				  "objectEncoding:0}; ");
	kit_close(k);
	k = kit_open(SLU_CLIENT, &config);
	kit_expect_heard(k, BEGIN "connect@0 1 {app:\"live/a\",flashVer:\"F\",swfUrl:\"http://h/s\",tcUrl:"
				  "\"rtmp://h/live/a\",fpad:false,capabilities:239,audioCodecs:4071,videoCodecs:252,"
				  "videoFunction:1,objectEncoding:0,pageUrl:\"http://h/p\"} \"x\"; ");
	kit_close(k);
}

/* What is asked before the handshake is known when connect goes out. */
static void connect_says_nonprivate(void **state)
{
	static const uint8_t handshake[1 + 2 * 1536] = {3};
	const struct slu_session_config config = {.role = SLU_CLIENT, .connect = {.app = "live"}, .chunk_size = 4096};
	struct slu_session *s = slu_session_new(&config);
	struct slu_vec vec[8];
	bool found = false;
	size_t n;

	(void)state;
	assert_int_equal(slu_session_publish(s, "key", SLU_PUBLISH_LIVE), 0);
	assert_int_equal(slu_session_in(s, handshake, sizeof handshake), sizeof handshake);
	n = slu_session_out(s, vec, 8);
	for (size_t i = 0; i < n; i++)
		found = found || memmem(vec[i].data, vec[i].size, "nonprivate", 10);
	assert_true(found);
	slu_session_free(s);
}

static void publish_kinds(void **state)
{
	static const char *const kinds[] = {"live", "record", "append"};
	char want[100];

	(void)state;
	for (int kind = SLU_PUBLISH_LIVE; kind <= SLU_PUBLISH_APPEND; kind++) {
		struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

		assert_int_equal(slu_session_publish(k->s, "key", (enum slu_publish_kind)kind), 0);
		kit_expect_heard(k, "releaseStream@0 2 null \"key\"; FCPublish@0 3 null \"key\"; "
				    "createStream@0 4 null; ");
		kit_say(k, 0, "_error", 2, "z(ks)", "code", "NetConnection.Call.Failed"); /* not known: no matter */
		kit_say(k, 0, "_result", 3, "z");
		kit_say(k, 0, "onFCPublish", 0, "z(ks)", "code", "NetStream.Publish.Start");
		kit_expect_events(k, "");
		kit_say(k, 0, "_result", 4, "zn", 7.0);
		snprintf(want, sizeof want, "publish@7 5 null \"key\" \"%s\"; ", kinds[kind]);
		kit_expect_heard(k, want);
		kit_status(k, 7, "status", "NetStream.Publish.Start", "");
		kit_expect_events(k, "PUBLISHING NetStream.Publish.Start; ");
		assert_int_equal(slu_session_stop(k->s), 0);
		kit_expect_heard(k, "FCUnpublish@0 6 null \"key\"; closeStream@7 0 null; deleteStream@0 0 null 7; ");
		assert_int_equal(slu_session_stop(k->s), SLU_ERR_STATE);
		assert_int_equal(slu_session_in_end(k->s), 0);
		kit_close(k);
	}
}

/* What is heard before the stream is there, and then. */
static void expect_asked(const struct slu_play *play, const char *before, const char *heard)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	assert_int_equal(slu_session_play(k->s, "movie", play), 0);
	kit_expect_heard(k, before);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_expect_heard(k, heard);
	kit_status(k, 1, "status", "NetStream.Play.Reset", "");
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	kit_expect_events(k, "STATUS NetStream.Play.Reset; PLAYING NetStream.Play.Start; ");
	kit_close(k);
}

static void expect_play(const struct slu_play *play, const char *heard)
{
	expect_asked(play, "createStream@0 2 null; ", heard);
}

static void play_arguments(void **state)
{
	const struct slu_play live = {.start = -1, .duration = -1, .reset = true, .buffer_ms = 100};
	const struct slu_play part = {.start = 1.5, .duration = 10, .reset = true};
	const struct slu_play keep = {.start = 0, .duration = -1, .reset = false};

	(void)state;
	expect_play(NULL, "Set Buffer Length 1 3000; play@1 3 null \"movie\" -2000; ");
	expect_asked(&live, "createStream@0 2 null; FCSubscribe@0 3 null \"movie\"; ",
		     "Set Buffer Length 1 100; play@1 4 null \"movie\" -1000; ");
	expect_play(&part, "Set Buffer Length 1 3000; play@1 3 null \"movie\" 1500 10000; ");
	expect_play(&keep, "Set Buffer Length 1 3000; play@1 3 null \"movie\" 0 -1000 false; ");
}

/* As librtmp asks, and in its order; answers that say no do no harm. */
static void what_is_said_before_play(void **state)
{
	const struct slu_play all = {.start = -2,
				     .duration = -1,
				     .reset = true,
				     .usher_token = "t0ken",
				     .subscribe = "other",
				     .playlist = true};
	const struct slu_play live = {.start = -1, .duration = -1, .reset = true, .subscribe = "other"};
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	expect_asked(&all,
		     "createStream@0 2 null; NetStream.Authenticate.UsherToken@0 3 null \"t0ken\"; "
		     "FCSubscribe@0 4 null \"other\"; ",
		     "set_playlist@1 0 null ECMA array; Set Buffer Length 1 3000; play@1 5 null \"movie\" -2000; ");
	expect_asked(&live, "createStream@0 2 null; FCSubscribe@0 3 null \"other\"; ",
		     "Set Buffer Length 1 3000; play@1 4 null \"movie\" -1000; ");
	assert_int_equal(slu_session_play(k->s, "movie", &all), 0);
	kit_say(k, 0, "_error", 3, "z(ks)", "code", "NetConnection.Call.Failed");
	kit_say(k, 0, "_error", 4, "z(ks)", "code", "NetConnection.Call.Failed");
	kit_say(k, 1, "playlist_ready", 0, "z");
	kit_expect_events(k, "");
	kit_status(k, 0, "status", "t0ken is fine", "t0ken");
	assert_null(strstr(k->log, "t0ken"));
	kit_close(k);
}

/* Seconds as doubles are often a little less than what was meant. */
static void milliseconds_are_whole(void **state)
{
	static const struct {
		double start, duration;
		const char *said;
	} cases[] = {
		{0.29, 0.57, "290 570"},
		{1.1, 4.35, "1100 4350"},
		{0.0004, 0.0005, "0 1"},
		{1.001, 4294966, "1001 4294966000"},
	};
	char want[120];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct slu_play play = {
			.start = cases[i].start, .duration = cases[i].duration, .reset = true, .buffer_ms = 1};

		snprintf(want, sizeof want, "Set Buffer Length 1 1; play@1 3 null \"movie\" %s; ", cases[i].said);
		expect_play(&play, want);
	}
}

/* One after the other on one connection, of whichever kind. */
static void another_after_a_stop(void **state)
{
	const struct slu_play again = {.start = 5, .duration = -1, .reset = true, .usher_token = "x"};
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_play(k->s, "a", &again), 0);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	assert_int_equal(slu_session_play(k->s, "b", NULL), SLU_ERR_STATE);
	assert_int_equal(slu_session_stop(k->s), 0);
	kit_listen(k);
	k->heard[0] = k->events[0] = '\0';
	assert_int_equal(slu_session_play(k->s, "b", NULL), 0);
	kit_expect_heard(k, "createStream@0 5 null; ");
	/* What was under way for the last stream is nothing to this one. */
	kit_status(k, 1, "status", "NetStream.Play.Stop", "");
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "xxx", 3);
	kit_expect_events(k, "STATUS NetStream.Play.Stop; ");
	kit_say(k, 0, "_result", 5, "zn", 1.0);
	kit_expect_heard(k, "Set Buffer Length 1 3000; play@1 6 null \"b\" -2000; ");
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "xxx", 3);
	kit_expect_events(k, "PLAYING NetStream.Play.Start; MEDIA; ");
	assert_int_equal(slu_session_stop(k->s), 0);
	kit_listen(k);
	k->heard[0] = '\0';
	assert_int_equal(slu_session_publish(k->s, "c", SLU_PUBLISH_LIVE), 0);
	kit_expect_heard(k, "releaseStream@0 7 null \"c\"; FCPublish@0 8 null \"c\"; createStream@0 9 null; ");
	kit_say(k, 0, "_result", 9, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Publish.Start", "");
	kit_expect_events(k, "PUBLISHING NetStream.Publish.Start; ");
	kit_close(k);
}

/* The stream of before comes late: it is given back, and the one that is awaited is not taken for it. */
static void another_while_the_last_is_made(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_play(k->s, "a", NULL), 0);
	assert_int_equal(slu_session_stop(k->s), 0);
	assert_int_equal(slu_session_play(k->s, "b", NULL), 0);
	kit_expect_heard(k, "createStream@0 2 null; createStream@0 3 null; ");
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_expect_heard(k, "deleteStream@0 0 null 1; ");
	kit_say(k, 0, "_result", 3, "zn", 2.0);
	kit_expect_heard(k, "Set Buffer Length 2 3000; play@2 4 null \"b\" -2000; ");
	kit_close(k);
	k = kit_open(SLU_CLIENT, NULL);
	assert_int_equal(slu_session_stop(k->s), 0);
	assert_int_equal(slu_session_play(k->s, "b", NULL), SLU_ERR_STATE); /* its connect is forgotten */
	kit_close(k);
}

static void while_playing(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_pause(k->s, true, 0), SLU_ERR_STATE);
	assert_int_equal(slu_session_set_buffer_length(k->s, 1), SLU_ERR_STATE);
	assert_int_equal(slu_session_play(k->s, "movie", NULL), 0);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	k->heard[0] = '\0';
	assert_int_equal(slu_session_pause(k->s, true, 1234), 0);
	assert_int_equal(slu_session_seek(k->s, 5000), 0);
	assert_int_equal(slu_session_receive_audio(k->s, false), 0);
	assert_int_equal(slu_session_receive_video(k->s, true), 0);
	assert_int_equal(slu_session_get_stream_length(k->s, "movie"), 0);
	assert_int_equal(slu_session_set_buffer_length(k->s, 4000), 0);
	kit_expect_heard(k, "pause@1 0 null true 1234; seek@1 0 null 5000; receiveAudio@1 0 null false; "
			    "receiveVideo@1 0 null true; getStreamLength@0 4 null \"movie\"; "
			    "Set Buffer Length 1 4000; ");
	assert_int_equal(slu_session_stop(k->s), 0);
	kit_expect_heard(k, "closeStream@1 0 null; deleteStream@0 0 null 1; ");
	kit_close(k);
}

static void one_stream_a_session(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_publish(k->s, NULL, SLU_PUBLISH_LIVE), SLU_ERR_INVALID);
	assert_int_equal(slu_session_publish(k->s, "a", (enum slu_publish_kind)3), SLU_ERR_INVALID);
	assert_int_equal(slu_session_publish(k->s, "a", SLU_PUBLISH_LIVE), 0);
	assert_int_equal(slu_session_publish(k->s, "b", SLU_PUBLISH_LIVE), SLU_ERR_STATE);
	assert_int_equal(slu_session_play(k->s, "b", NULL), SLU_ERR_STATE);
	assert_non_null(strstr(slu_session_error(k->s), "one stream"));
	kit_close(k);
}

/* Stopped before the answer came: the stream is given back, nothing fails, nothing times out. */
static void stop_while_creating(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_publish(k->s, "a", SLU_PUBLISH_LIVE), 0);
	assert_int_equal(slu_session_stop(k->s), 0);
	k->heard[0] = '\0';
	kit_say(k, 0, "_result", 4, "zn", 3.0);
	kit_expect_heard(k, "releaseStream@0 2 null \"a\"; FCPublish@0 3 null \"a\"; createStream@0 4 null; "
			    "deleteStream@0 0 null 3; ");
	kit_expect_events(k, "");
	slu_session_tick(k->s, 1);
	assert_int_equal(slu_session_tick(k->s, 1000000), 0);
	assert_int_equal(slu_session_deadline(k->s), UINT64_MAX);
	kit_close(k);
}

static void stream_number_missing(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	slu_session_play(k->s, "a", NULL);
	kit_say(k, 0, "_result", 2, "zs", "no number");
	kit_expect_failed(k, SLU_ERR_MESSAGE, "createStream without a stream number");
	kit_close(k);
	k = kit_open_connected(SLU_CLIENT, NULL);
	slu_session_play(k->s, "a", NULL);
	kit_say(k, 0, "_result", 2, "zn", -1.0);
	kit_expect_failed(k, SLU_ERR_MESSAGE, "createStream");
	kit_close(k);
	k = kit_open_connected(SLU_CLIENT, NULL);
	slu_session_play(k->s, "a", NULL);
	kit_say(k, 0, "_result", 2, "zn", 4294967296.0);
	kit_expect_failed(k, SLU_ERR_MESSAGE, "createStream");
	kit_close(k);
}

/* Stopped, and no answer ever comes: that is no failure. */
static void stop_and_silence(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_play(k->s, "a", NULL), 0);
	slu_session_tick(k->s, 1);
	assert_int_equal(slu_session_stop(k->s), 0);
	assert_int_equal(slu_session_tick(k->s, 1000000), 0);
	assert_int_equal(slu_session_deadline(k->s), UINT64_MAX);
	kit_close(k);
}

/* Stopped in the handshake: nothing is said but what the handshake still needs. */
static void stop_in_the_handshake(void **state)
{
	static const uint8_t handshake[1 + 2 * 1536] = {3};
	const struct slu_session_config config = {.role = SLU_CLIENT, .connect = {.app = "live"}};
	struct slu_session *s = slu_session_new(&config);

	(void)state;
	assert_int_equal(slu_session_in(s, handshake, 100), 100);
	assert_int_equal(slu_session_stop(s), 0);
	assert_int_equal(slu_session_ping(s), SLU_ERR_STATE);
	assert_int_equal(slu_session_set_chunk_size(s, 1000), 0);
	assert_int_equal(slu_session_queued(s), 1 + 1536);
	assert_int_equal(slu_session_in(s, handshake + 100, sizeof handshake - 100), sizeof handshake - 100);
	assert_int_equal(slu_session_queued(s), 1 + 2 * 1536);
	slu_session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_to_publish),
		cmocka_unit_test(connect_says_nonprivate),
		cmocka_unit_test(publish_kinds),
		cmocka_unit_test(play_arguments),
		cmocka_unit_test(what_is_said_before_play),
		cmocka_unit_test(milliseconds_are_whole),
		cmocka_unit_test(another_after_a_stop),
		cmocka_unit_test(another_while_the_last_is_made),
		cmocka_unit_test(while_playing),
		cmocka_unit_test(one_stream_a_session),
		cmocka_unit_test(stop_while_creating),
		cmocka_unit_test(stream_number_missing),
		cmocka_unit_test(stop_and_silence),
		cmocka_unit_test(stop_in_the_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
