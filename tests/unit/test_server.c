/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session_kit.h"

static void connect_accepted(void **state)
{
	const struct slu_session_config config = {.chunk_size = 4096, .window_ack_size = 1000000};
	struct kit *k = kit_open(SLU_SERVER, &config);

	(void)state;
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	kit_say(k, 0, "connect", 1, "(ksksks)", "app", "live", "tcUrl", "rtmp://h/live", "flashVer", "x");
	kit_expect_events(k, "CONNECT live; ");
	assert_string_equal(k->tc_url, "rtmp://h/live");
	kit_expect_heard(k, "");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_expect_heard(k, "Window Acknowledgement Size 1000000; Set Peer Bandwidth 1000000 2; Stream Begin 0; "
			    "Set Chunk Size 4096; _result@0 1 {fmsVer:\"FMS/3,5,7,7009\",capabilities:31,mode:1} "
			    "{level:\"status\",code:\"NetConnection.Connect.Success\",description:"
			    "\"Connection succeeded.\",objectEncoding:0}; ");
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	kit_close(k);
}

static void chunk_size_set_before_the_answer(void **state)
{
	struct kit *k = kit_open(SLU_SERVER, NULL);

	(void)state;
	assert_int_equal(slu_session_set_chunk_size(k->s, 5000), 0);
	kit_say(k, 0, "connect", 1, "(ks)", "app", "live");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	assert_non_null(strstr(k->heard, "Stream Begin 0; Set Chunk Size 5000; _result"));
	kit_close(k);
}

static void object_encoding_is_echoed(void **state)
{
	struct kit *k = kit_open(SLU_SERVER, NULL);

	(void)state;
	kit_say(k, 0, "connect", 1, "(kskn)", "app", "live", "objectEncoding", 3.0);
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	assert_non_null(strstr(k->heard, "objectEncoding:3}"));
	kit_close(k);
}

/* The session ends when the refusal has been written, and not before. */
static void connect_refused(void **state)
{
	struct kit *k = kit_open(SLU_SERVER, NULL);

	(void)state;
	kit_say(k, 0, "connect", 1, "(ks)", "app", "nothing");
	assert_int_equal(slu_session_refuse(k->s, NULL, NULL), SLU_ERR_INVALID);
	assert_int_equal(slu_session_refuse(k->s, "NetConnection.Connect.InvalidApp", "no such app"), 0);
	assert_int_equal(slu_session_tick(k->s, 10), 0);
	kit_expect_heard(k, "_error@0 1 null {level:\"error\",code:\"NetConnection.Connect.InvalidApp\",description:"
			    "\"no such app\"}; ");
	assert_int_equal(slu_session_tick(k->s, 10), SLU_ERR_CLOSED);
	assert_int_equal(slu_session_deadline(k->s), 10); /* at once, so that it is noticed */
	kit_close(k);
}

static struct kit *with_stream(void)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	kit_say(k, 0, "createStream", 2, "z");
	kit_expect_heard(k, "_result@0 2 null 1; ");
	return k;
}

static void publish_accepted(void **state)
{
	struct kit *k = with_stream();

	(void)state;
	kit_say(k, 1, "publish", 3, "zss", "key", "record");
	kit_expect_events(k, "PUBLISH key; ");
	assert_int_equal(k->last.kind, SLU_PUBLISH_RECORD);
	assert_int_equal(k->last.stream_id, 1);
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1); /* too early: dropped */
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_expect_heard(k, "Stream Begin 1; onStatus@1 0 null {level:\"status\",code:\"NetStream.Publish.Start\","
			    "description:\"Publishing.\"}; ");
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1);
	kit_expect_events(k, "MEDIA; ");
	assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
	kit_close(k);
}

static void publish_refused(void **state)
{
	struct kit *k = with_stream();

	(void)state;
	kit_say(k, 1, "publish", 3, "zs", "key");
	assert_int_equal(slu_session_refuse(k->s, "NetStream.Publish.Denied", NULL), 0);
	kit_expect_heard(k, "onStatus@1 0 null {level:\"error\",code:\"NetStream.Publish.Denied\",description:\"\"}; ");
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1);
	/* the stream is free again */
	kit_say(k, 1, "publish", 4, "zs", "other");
	kit_expect_events(k, "PUBLISH key; PUBLISH other; ");
	kit_close(k);
}

static void play_accepted(void **state)
{
	struct kit *k = with_stream();
	const struct slu_msg video = {.type = SLU_MSG_VIDEO, .timestamp = 5, .data = (const uint8_t *)"abc", .size = 3};
	const struct slu_msg other = {.type = SLU_MSG_VIDEO, .stream_id = 2};

	(void)state;
	assert_int_equal(slu_session_send(k->s, &video), SLU_ERR_STATE);
	kit_say(k, 1, "play", 3, "zs", "movie");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_expect_heard(k, "Stream Begin 1; "
			    "onStatus@1 0 null {level:\"status\",code:\"NetStream.Play.Reset\",description:"
			    "\"Playing and resetting.\"}; "
			    "onStatus@1 0 null {level:\"status\",code:\"NetStream.Play.Start\",description:"
			    "\"Started playing.\"}; "
			    "data |RtmpSampleAccess@1 true true; ");
	assert_int_equal(slu_session_send(k->s, &video), 0);
	assert_int_equal(slu_session_send(k->s, &other), SLU_ERR_STATE);
	assert_int_equal(slu_session_eof(k->s, 1), 0);
	kit_expect_heard(k, "video@1 5 3; Stream EOF 1; onStatus@1 0 null {level:\"status\",code:"
			    "\"NetStream.Play.Stop\",description:\"Stopped playing.\"}; ");
	assert_int_equal(slu_session_eof(k->s, 1), SLU_ERR_STATE);
	assert_int_equal(slu_session_send(k->s, &video), SLU_ERR_STATE);
	kit_close(k);
}

static void play_refused(void **state)
{
	struct kit *k = with_stream();

	(void)state;
	kit_say(k, 1, "play", 3, "zs", "movie");
	assert_int_equal(slu_session_refuse(k->s, "NetStream.Play.StreamNotFound", "none"), 0);
	kit_expect_heard(k, "onStatus@1 0 null {level:\"error\",code:\"NetStream.Play.StreamNotFound\",description:"
			    "\"none\"}; ");
	kit_close(k);
}

static struct kit *with_player(void)
{
	struct kit *k = with_stream();

	kit_say(k, 1, "play", 3, "zs", "movie");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	k->heard[0] = '\0';
	k->events[0] = '\0';
	return k;
}

static void pause_and_seek(void **state)
{
	struct kit *k = with_player();

	(void)state;
	kit_say(k, 1, "pause", 0, "zbn", 1, 100.0);
	assert_true(k->last.flag && k->last.number == 100);
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_say(k, 1, "pause", 0, "zbn", 0, 100.0);
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_say(k, 1, "seek", 0, "zn", 2000.0);
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_say(k, 1, "seek", 0, "zn", -1.0);
	assert_int_equal(slu_session_refuse(k->s, "NetStream.Seek.Failed", "live"), 0);
	kit_say(k, 1, "pause", 0, "zbn", 1, 100.0); /* may stay without an answer */
	kit_expect_events(k, "PAUSE; PAUSE; SEEK; SEEK; PAUSE; ");
	kit_expect_heard(k,
			 "onStatus@1 0 null {level:\"status\",code:\"NetStream.Pause.Notify\",description:"
			 "\"Paused.\"}; "
			 "onStatus@1 0 null {level:\"status\",code:\"NetStream.Unpause.Notify\",description:"
			 "\"Resumed.\"}; "
			 "onStatus@1 0 null {level:\"status\",code:\"NetStream.Seek.Notify\",description:"
			 "\"Seeking.\"}; "
			 "onStatus@1 0 null {level:\"error\",code:\"NetStream.Seek.Failed\",description:\"live\"}; ");
	kit_close(k);
}

#define STATUS(code, text) "onStatus@1 0 null {level:\"status\",code:\"" code "\",description:\"" text "\"}; "
#define STOPPED            "Stream EOF 1; " STATUS("NetStream.Play.Stop", "Stopped playing.")

/* What has been played out may be gone back in, any number of times. */
static void a_recording_has_no_last_end(void **state)
{
	static const uint8_t frame[] = {0x17, 1, 0};
	struct slu_msg video = {.type = SLU_MSG_VIDEO, .stream_id = 1, .data = frame, .size = sizeof frame};
	struct kit *k = with_stream();

	(void)state;
	assert_int_equal(slu_session_sought(k->s, 1), SLU_ERR_STATE);
	assert_int_equal(slu_session_played_out(k->s, 1), SLU_ERR_STATE);
	kit_say(k, 1, "play", 3, "zs", "movie");
	assert_int_equal(slu_session_recorded(k->s, 1), 0);
	kit_expect_heard(k, "Stream Is Recorded 1; ");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	k->heard[0] = '\0';
	assert_int_equal(slu_session_played_out(k->s, 1), 0);
	kit_expect_heard(k, STOPPED);
	k->events[0] = '\0';
	kit_say(k, 1, "pause", 0, "zbn", 1, 100.0);
	kit_say(k, 1, "seek", 0, "zn", 2000.0);
	kit_expect_events(k, "PAUSE; SEEK; ");
	assert_int_equal(slu_session_sought(k->s, 1), 0);
	assert_int_equal(slu_session_send(k->s, &video), 0);
	assert_int_equal(slu_session_eof(k->s, 1), 0);
	kit_expect_heard(
		k, "Stream EOF 1; Stream Is Recorded 1; Stream Begin 1; " STATUS("NetStream.Seek.Notify", "Seeking.")
			   STATUS("NetStream.Play.Start", "Started playing.") "video@1 0 3; " STOPPED);
	assert_int_equal(slu_session_sought(k->s, 1), SLU_ERR_STATE);
	kit_close(k);
}

static void status_and_number(void **state)
{
	struct kit *k = with_stream();

	(void)state;
	assert_int_equal(slu_session_status(k->s, 1, "warning", "X.Y", NULL), 0);
	assert_int_equal(slu_session_status(k->s, 1, NULL, "X.Y", NULL), SLU_ERR_INVALID);
	assert_int_equal(slu_session_answer_number(k->s, 9, 2.5), 0);
	kit_expect_heard(k, "onStatus@1 0 null {level:\"warning\",code:\"X.Y\",description:\"\"}; "
			    "_result@0 9 null 2.5; ");
	kit_close(k);
}

static void not_for_clients(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	assert_int_equal(slu_session_refuse(k->s, "x", "y"), SLU_ERR_STATE);
	assert_int_equal(slu_session_eof(k->s, 1), SLU_ERR_STATE);
	assert_int_equal(slu_session_status(k->s, 1, "a", "b", "c"), SLU_ERR_STATE);
	assert_int_equal(slu_session_answer_number(k->s, 1, 1), SLU_ERR_STATE);
	kit_close(k);
}

/* Only what was pulled can be answered: the caller has not seen the rest. */
static void not_pulled(void **state)
{
	static const char connect[] = "\x03\0\0\0\0\0\x23\x14\0\0\0\0"
				      "\x02\x00\x07"
				      "connect\x00\x3f\xf0\0\0\0\0\0\0\x03\x00\x03"
				      "app\x02\x00\x04"
				      "live\x00\x00\x09";
	struct kit *k = kit_open(SLU_SERVER, NULL);
	struct slu_event ev;

	(void)state;
	assert_int_equal(slu_session_in(k->s, connect, sizeof connect - 1), sizeof connect - 1);
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	assert_true(slu_session_event(k->s, &ev));
	assert_string_equal(ev.name, "live");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_close(k);
}

/* A pause, which may stay without an answer, does not take the place of a publish that waits for one. */
static void pause_beside_a_request(void **state)
{
	struct kit *k = with_player();

	(void)state;
	kit_say(k, 0, "createStream", 0, "z");
	kit_say(k, 2, "publish", 0, "zs", "key");
	kit_say(k, 1, "pause", 0, "zbn", 1, 100.0);
	kit_say(k, 1, "seek", 0, "zn", 100.0);
	kit_expect_events(k, "PUBLISH key; PAUSE; SEEK; ");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	assert_non_null(strstr(k->heard, "onStatus@2 0 null {level:\"status\",code:\"NetStream.Publish.Start\""));
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	kit_close(k);
}

/* A client whose connect was refused is not listened to, and the end waits for the last byte of the refusal. */
static void after_the_refusal(void **state)
{
	struct kit *k = kit_open(SLU_SERVER, NULL);
	size_t left;

	(void)state;
	kit_say(k, 0, "connect", 1, "(ks)", "app", "nothing");
	kit_listen(k);
	kit_expect_events(k, "CONNECT nothing; ");
	assert_int_equal(slu_session_refuse(k->s, "NetConnection.Connect.Rejected", ""), 0);
	left = slu_session_queued(k->s);
	for (; left > 1; left--) {
		struct slu_vec vec[8];

		assert_true(slu_session_out(k->s, vec, 8) > 0);
		slu_session_sent(k->s, 1);
		assert_int_equal(slu_session_in(k->s, "", 0), 0);
	}
	assert_int_equal(slu_session_in(k->s, "\x03\0\0\0\0\0\x04\x14\0\0\0\0\x02\0\1x", 16), 16);
	kit_expect_events(k, "");
	kit_listen(k);
	assert_int_equal(slu_session_in(k->s, "", 1), SLU_ERR_CLOSED);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_accepted),
		cmocka_unit_test(chunk_size_set_before_the_answer),
		cmocka_unit_test(object_encoding_is_echoed),
		cmocka_unit_test(connect_refused),
		cmocka_unit_test(publish_accepted),
		cmocka_unit_test(publish_refused),
		cmocka_unit_test(play_accepted),
		cmocka_unit_test(play_refused),
		cmocka_unit_test(pause_and_seek),
		cmocka_unit_test(a_recording_has_no_last_end),
		cmocka_unit_test(status_and_number),
		cmocka_unit_test(not_for_clients),
		cmocka_unit_test(not_pulled),
		cmocka_unit_test(pause_beside_a_request),
		cmocka_unit_test(after_the_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
