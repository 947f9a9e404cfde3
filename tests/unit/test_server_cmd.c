/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <math.h>

#include "session_kit.h"

/* A server that accepts what is asked. */
static void accept_all(struct kit *k, const struct slu_event *ev)
{
	if (ev->type == SLU_EVENT_CONNECT || ev->type == SLU_EVENT_PUBLISH || ev->type == SLU_EVENT_PLAY)
		assert_int_equal(slu_session_accept(k->s), 0);
}

static struct kit *server(unsigned streams)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	k->act = accept_all;
	while (streams--)
		kit_say(k, 0, "createStream", 2, "z");
	k->heard[0] = '\0';
	return k;
}

static void encoder_preamble(void **state)
{
	struct kit *k = server(0);

	(void)state;
	kit_say(k, 0, "releaseStream", 2, "zs", "key");
	kit_say(k, 0, "FCPublish", 3, "zs", "key");
	kit_say(k, 0, "FCSubscribe", 4, "zs", "key");
	kit_say(k, 0, "_checkbw", 5, "z");
	kit_say(k, 0, "releaseStream", 0, "zs", "key"); /* 0: no answer wanted */
	kit_expect_heard(k,
			 "_result@0 2 null; _result@0 3 null; onFCPublish@0 0 null {code:"
			 "\"NetStream.Publish.Start\",description:\"Publishing may begin.\"}; _result@0 4 null; "
			 "onFCSubscribe@0 0 "
			 "null {code:\"NetStream.Play.Start\",description:\"Playing may begin.\"}; _result@0 5 null; ");
	kit_expect_events(k, "");
	kit_close(k);
}

static void a_token_is_answered_and_shown(void **state)
{
	struct kit *k = server(0);

	(void)state;
	kit_say(k, 0, "NetStream.Authenticate.UsherToken", 4, "zs", "t0ken");
	kit_expect_heard(k, "_result@0 4 null; ");
	kit_expect_events(k, "COMMAND NetStream.Authenticate.UsherToken; ");
	kit_close(k);
}

static void streams_are_bounded(void **state)
{
	struct kit *k = server(8);

	(void)state;
	for (int i = 0; i < 1000; i++)
		kit_say(k, 0, "createStream", 9, "z");
	assert_non_null(strstr(k->heard, "_error@0 9 null {level:\"error\",code:\"NetConnection.Call.Failed\""));
	assert_null(strstr(k->heard, "_result"));
	kit_say(k, 0, "deleteStream", 0, "zn", 5.0);
	kit_say(k, 0, "deleteStream", 0, "zn", 5.0);
	kit_say(k, 0, "deleteStream", 0, "zn", 99.0);
	kit_say(k, 0, "deleteStream", 0, "zn", -1e300);
	kit_say(k, 0, "deleteStream", 0, "zn", 4294967297.0); /* 1 in 32 bits */
	kit_say(k, 0, "deleteStream", 0, "z");
	k->heard[0] = '\0';
	kit_say(k, 0, "createStream", 10, "z");
	kit_expect_heard(k, "_result@0 10 null 5; ");
	assert_int_equal(k->err, 0);
	kit_close(k);
}

static void publish_kinds(void **state)
{
	static const struct {
		const char *text;
		enum slu_publish_kind kind;
	} kinds[] = {{"live", SLU_PUBLISH_LIVE}, {"append", SLU_PUBLISH_APPEND}, {"odd", SLU_PUBLISH_LIVE}};
	struct kit *k = server(3);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		kit_say(k, i + 1, "publish", 0, "zss", "key", kinds[i].text);
		assert_int_equal(k->last.kind, kinds[i].kind);
		assert_int_equal(k->last.stream_id, i + 1);
	}
	kit_expect_events(k, "PUBLISH key; PUBLISH key; PUBLISH key; ");
	kit_close(k);
}

/* Each of these ends the publishing, once; what comes after is dropped. */
static void ends_of_publishing(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		struct kit *k = server(1);

		kit_say(k, 1, "publish", 0, "zs", "key");
		kit_expect_events(k, "PUBLISH key; ");
		k->heard[0] = '\0';
		if (way == 0)
			kit_say(k, 0, "FCUnpublish", 0, "zs", "key");
		else if (way == 1)
			kit_say(k, 1, "closeStream", 0, "z");
		else if (way == 2)
			kit_say(k, 0, "deleteStream", 0, "zn", 1.0);
		else
			kit_say(k, 1, "publish", 0, "zb", 0);
		kit_expect_events(k, "UNPUBLISH; ");
		assert_non_null(strstr(k->heard, "onStatus@1 0 null {level:\"status\",code:"
						 "\"NetStream.Unpublish.Success\""));
		kit_message(k, SLU_MSG_AUDIO, 1, 0, "x", 1);
		kit_say(k, 1, "closeStream", 0, "z");
		kit_say(k, 0, "deleteStream", 0, "zn", 1.0);
		kit_expect_events(k, "");
		assert_int_equal(slu_session_in_end(k->s), 0);
		kit_close(k);
	}
}

/* With two publishers FCUnpublish does not say which. */
static void fcunpublish_of_two(void **state)
{
	struct kit *k = server(2);

	(void)state;
	kit_say(k, 1, "publish", 0, "zs", "a");
	kit_say(k, 2, "publish", 0, "zs", "b");
	kit_say(k, 0, "FCUnpublish", 0, "zs", "a");
	kit_expect_events(k, "PUBLISH a; PUBLISH b; ");
	kit_message(k, SLU_MSG_AUDIO, 2, 0, "x", 1);
	kit_expect_events(k, "MEDIA; ");
	kit_close(k);
}

static void refused_by_the_session(void **state)
{
	struct kit *k = server(1);

	(void)state;
	kit_say(k, 2, "publish", 0, "zs", "key");
	kit_say(k, 0, "publish", 0, "zs", "key");
	kit_say(k, 1, "publish", 0, "z");
	kit_say(k, 1, "play", 0, "zs", "");
	kit_expect_events(k, "");
	assert_non_null(strstr(k->heard, "onStatus@2 0 null {level:\"error\",code:\"NetStream.Publish.BadName\""));
	assert_non_null(strstr(k->heard, "onStatus@1 0 null {level:\"error\",code:\"NetStream.Play.Failed\""));
	kit_say(k, 1, "publish", 0, "zs", "key");
	kit_expect_events(k, "PUBLISH key; ");
	k->heard[0] = '\0';
	kit_say(k, 1, "play", 0, "zs", "again");
	kit_expect_events(k, "");
	assert_non_null(strstr(k->heard, "The stream is in use"));
	kit_close(k);
}

/* The caller is asked again; what is published goes on, whatever it says. */
static void published_twice(void **state)
{
	struct kit *k = server(1);

	(void)state;
	kit_say(k, 1, "publish", 0, "zs", "key");
	assert_false(k->last.flag);
	kit_say(k, 1, "publish", 0, "zs", "key");
	assert_true(k->last.flag);
	kit_message(k, SLU_MSG_AUDIO, 1, 0, "x", 1);
	kit_expect_events(k, "PUBLISH key; PUBLISH key; MEDIA; ");
	k->act = NULL;
	k->heard[0] = '\0';
	kit_say(k, 1, "publish", 0, "zs", "other");
	assert_true(k->last.flag);
	assert_int_equal(slu_session_refuse(k->s, "NetStream.Publish.BadName", "no"), 0);
	kit_message(k, SLU_MSG_AUDIO, 1, 0, "x", 1);
	kit_say(k, 1, "publish", 0, "zs", "third");
	kit_say(k, 1, "closeStream", 0, "z"); /* and gave up */
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	kit_expect_events(k, "PUBLISH other; MEDIA; PUBLISH third; UNPUBLISH; ");
	assert_non_null(strstr(k->heard, "onStatus@1 0 null {level:\"error\",code:\"NetStream.Publish.BadName\""));
	kit_close(k);
}

/* Stream 0 is none. What comes on it is for what is published, where that is one stream. */
static void media_of_no_stream(void **state)
{
	struct kit *k = server(2);

	(void)state;
	kit_message(k, SLU_MSG_AUDIO, 0, 0, "x", 1);
	kit_say(k, 2, "publish", 0, "zs", "b");
	kit_message(k, SLU_MSG_AUDIO, 0, 0, "x", 1);
	assert_int_equal(k->last.stream_id, 2);
	assert_int_equal(k->msg.stream_id, 2);
	kit_message(k, SLU_MSG_DATA, 0, 0, "\x02\x00\x01y", 4);
	assert_int_equal(k->last.stream_id, 2);
	kit_message(k, SLU_MSG_AUDIO, 1, 0, "x", 1);
	kit_message(k, SLU_MSG_AUDIO, 9, 0, "x", 1);
	kit_expect_events(k, "PUBLISH b; MEDIA; MEDIA; ");
	kit_say(k, 1, "publish", 0, "zs", "a");
	kit_message(k, SLU_MSG_AUDIO, 0, 0, "x", 1);
	kit_expect_events(k, "PUBLISH a; ");
	kit_close(k);
}

/* While the caller thinks about one request, another gets its answer from the session. */
static void one_request_at_a_time(void **state)
{
	struct kit *k = server(2);

	(void)state;
	k->act = NULL;
	kit_say(k, 1, "publish", 0, "zs", "a");
	kit_say(k, 2, "play", 0, "zs", "b");
	kit_expect_events(k, "PUBLISH a; ");
	assert_non_null(strstr(k->heard, "One request at a time."));
	k->heard[0] = '\0';
	kit_say(k, 1, "closeStream", 0, "z"); /* and gave up */
	assert_int_equal(slu_session_accept(k->s), SLU_ERR_STATE);
	kit_say(k, 2, "play", 0, "zs", "b");
	kit_expect_events(k, "PLAY b; ");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_close(k);
}

static void play_arguments(void **state)
{
	struct kit *k = server(1);

	(void)state;
	kit_say(k, 1, "play", 0, "zs", "m");
	assert_true(k->last.start == -2 && k->last.duration == -1 && k->last.flag);
	/* playing something else ends what played */
	kit_say(k, 1, "play", 0, "zsnnb", "m", -1000.0, 2500.0, 0);
	kit_expect_events(k, "PLAY m; STOP; PLAY m; ");
	assert_true(k->last.start == -1 && k->last.duration == 2.5 && !k->last.flag);
	kit_say(k, 1, "play", 0, "zsnnn", "m", 1500.0, -1.0, 0.0);
	assert_true(k->last.start == 1.5 && k->last.duration == -1 && !k->last.flag);
	kit_say(k, 1, "play", 0, "zsnnn", "m", -2.0, -1000.0, 1.0);
	assert_true(k->last.start == -2 && k->last.duration == -1 && k->last.flag);
	kit_say(k, 1, "play", 0, "zsnn", "m", (double)NAN, -77.0);
	assert_true(k->last.start == -2 && k->last.duration == -1);
	kit_say(k, 1, "play", 0, "zb", 0);
	assert_int_equal(k->last.type, SLU_EVENT_STOP);
	kit_close(k);
}

static void what_players_ask(void **state)
{
	struct kit *k = server(1);

	(void)state;
	kit_say(k, 1, "pause", 0, "zbn", 1, 1.0); /* nothing plays: no event */
	kit_say(k, 1, "seek", 0, "zn", 1.0);
	kit_say(k, 1, "play", 0, "zs", "m");
	kit_say(k, 1, "pauseRaw", 0, "zbn", 1, (double)INFINITY);
	assert_true(k->last.flag && k->last.number == 0);
	kit_say(k, 1, "receiveAudio", 0, "zb", 0);
	assert_false(k->last.flag);
	kit_say(k, 1, "receiveVideo", 0, "zb", 1);
	assert_true(k->last.flag);
	kit_say(k, 0, "getStreamLength", 8, "zs", "m");
	assert_true(k->last.transaction == 8);
	kit_control(k, SLU_MSG_USER_CONTROL, 3, 1, 700);
	assert_true(k->last.number == 700 && k->last.stream_id == 1);
	kit_say(k, 0, "close", 0, "z");
	kit_expect_events(k, "PLAY m; PAUSE; RECEIVE_AUDIO; RECEIVE_VIDEO; GET_STREAM_LENGTH m; SET_BUFFER_LENGTH; "
			     "CLOSE; ");
	kit_close(k);
}

static void before_connect(void **state)
{
	static const char *const commands[] = {"publish", "createStream", "deleteStream", "whatever"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct kit *k = kit_open(SLU_SERVER, NULL);

		kit_say(k, 0, commands[i], 1, "z");
		kit_expect_failed(k, SLU_ERR_MESSAGE, "before its connect was accepted");
		kit_expect_events(k, "");
		kit_close(k);
	}
}

static void media_before_connect(void **state)
{
	struct kit *k = kit_open(SLU_SERVER, NULL);

	(void)state;
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1);
	kit_message(k, SLU_MSG_DATA, 0, 0, "", 0);
	kit_message(k, SLU_MSG_AGGREGATE, 1, 0, "", 0);
	kit_say(k, 0, "connect", 1, "z"); /* without an object */
	kit_expect_events(k, "CONNECT; ");
	kit_close(k);
}

static void connect_twice(void **state)
{
	struct kit *k = server(0);

	(void)state;
	kit_say(k, 0, "connect", 2, "(ks)", "app", "other");
	kit_expect_events(k, "");
	assert_int_equal(k->err, 0);
	kit_close(k);
}

/* A name is cut at a NUL, as in every C program, and one that is too long is not asked about. */
static void odd_names(void **state)
{
	static char longer[5000];
	struct kit *k = server(1);

	(void)state;
	memset(longer, 'a', sizeof longer - 1);
	kit_say(k, 1, "publish", 0, "zs", longer);
	kit_expect_events(k, "");
	assert_non_null(strstr(k->heard, "too long"));
	k->act = NULL;
	kit_message(k, SLU_MSG_COMMAND, 1, 0,
		    "\x02\x00\x07publish\x00\0\0\0\0\0\0\0\0\x05\x02\x00\x05"
		    "ke\0yx",
		    3 + 7 + 9 + 1 + 3 + 5);
	kit_expect_events(k, "PUBLISH ke; ");
	kit_close(k);
}

/* As a number, 0 and 2 keep what is playing. */
static void play_reset_as_a_number(void **state)
{
	struct kit *k = server(1);

	(void)state;
	for (int n = 0; n < 4; n++) {
		kit_say(k, 1, "play", 0, "zsnnn", "movie", -2.0, -1.0, (double)n);
		assert_int_equal(k->last.type, SLU_EVENT_PLAY);
		assert_int_equal(k->last.flag, n == 1 || n == 3);
	}
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoder_preamble),       cmocka_unit_test(a_token_is_answered_and_shown),
		cmocka_unit_test(streams_are_bounded),    cmocka_unit_test(publish_kinds),
		cmocka_unit_test(ends_of_publishing),     cmocka_unit_test(fcunpublish_of_two),
		cmocka_unit_test(refused_by_the_session), cmocka_unit_test(one_request_at_a_time),
		cmocka_unit_test(play_arguments),         cmocka_unit_test(what_players_ask),
		cmocka_unit_test(before_connect),         cmocka_unit_test(media_before_connect),
		cmocka_unit_test(connect_twice),          cmocka_unit_test(odd_names),
		cmocka_unit_test(play_reset_as_a_number), cmocka_unit_test(published_twice),
		cmocka_unit_test(media_of_no_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
