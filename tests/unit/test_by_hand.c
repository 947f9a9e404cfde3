/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session_kit.h"

static const struct slu_session_config by_hand = {.by_hand = true};

/* connect 1 null, as a caller would encode it */
static const uint8_t connect[] = "\x02\x00\x07"
				 "connect\x00\x3f\xf0\0\0\0\0\0\0\x05";

static struct slu_msg message(uint8_t type, const void *data, size_t n)
{
	return (struct slu_msg){.type = type, .data = data, .size = n};
}

static void say(struct kit *k, uint8_t type, const void *data, size_t n)
{
	struct slu_msg msg = message(type, data, n);

	assert_int_equal(slu_session_send_message(k->s, 3, &msg), 0);
	kit_listen(k);
}

/* Every message is shown to the session that is to handle it. */
static void handle(struct kit *k, const struct slu_event *ev)
{
	if (ev->type == SLU_EVENT_MESSAGE)
		assert_int_equal(slu_session_handle(k->s, &ev->msg), 0);
}

static void nothing_is_said_unasked(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	kit_listen(k);
	kit_expect_heard(k, "");
	assert_true(slu_session_deadline(k->s) == UINT64_MAX);
	kit_control(k, SLU_MSG_USER_CONTROL, 6, 77, 0);
	kit_say(k, 0, "onBWDone", 0, "z");
	kit_expect_events(k, "MESSAGE; MESSAGE; ");
	kit_expect_heard(k, "");
	kit_close(k);
	k = kit_open(SLU_SERVER, &by_hand);
	assert_true(slu_session_deadline(k->s) == UINT64_MAX);
	kit_say(k, 0, "connect", 1, "(ks)", "app", "live");
	kit_expect_events(k, "MESSAGE; ");
	kit_close(k);
}

/* Who handles nothing leaves it to nobody to know what a peer owes when it closes; but half a message is half. */
static void an_end_to_what_was_not_handled(void **state)
{
	static const uint8_t half[] = {0x03, 0, 0, 0, 0, 0, 9, 20, 0, 0, 0, 0, 2};
	struct kit *k = kit_open(SLU_SERVER, &by_hand);

	(void)state;
	kit_say(k, 0, "connect", 1, "(ks)", "app", "live");
	kit_expect_events(k, "MESSAGE; ");
	assert_int_equal(slu_session_in_end(k->s), 0);
	kit_close(k);

	k = kit_open(SLU_CLIENT, &by_hand);
	say(k, SLU_MSG_COMMAND, connect, sizeof connect - 1);
	assert_int_equal(slu_session_in_end(k->s), 0);
	assert_true(slu_session_in(k->s, half, sizeof half) == sizeof half);
	assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
	kit_close(k);
}

static void what_a_message_is(void **state)
{
	/* type 20 on chunk stream 70, message stream 5, timestamp 258 */
	static const uint8_t chunk[] = {0x00, 6, 0, 1, 2, 0, 0, 1, 20, 5, 0, 0, 0, 0x05};
	struct kit *k = kit_open(SLU_SERVER, &by_hand);
	struct slu_event ev;

	(void)state;
	assert_true(slu_session_in(k->s, chunk, sizeof chunk) == sizeof chunk);
	assert_true(slu_session_event(k->s, &ev));
	assert_int_equal(ev.type, SLU_EVENT_MESSAGE);
	assert_int_equal(ev.chunk_stream, 70);
	assert_int_equal(ev.stream_id, 5);
	assert_int_equal(ev.msg.type, 20);
	assert_int_equal(ev.msg.timestamp, 258);
	assert_int_equal(ev.msg.size, 1);
	assert_int_equal(ev.msg.data[0], 5);
	assert_false(slu_session_event(k->s, &ev));
	kit_close(k);
}

static void handled_it_is_as_ever(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	k->act = handle;
	assert_int_equal(slu_session_play(k->s, "movie", NULL), 0);
	kit_listen(k);
	kit_expect_heard(k, "");
	say(k, SLU_MSG_COMMAND, connect, sizeof connect - 1);
	kit_expect_heard(k, "connect@0 1 null; ");
	kit_say(k, 0, "_result", 1, "z(ks)", "code", "NetConnection.Connect.Success");
	kit_expect_heard(k, "createStream@0 2 null; ");
	kit_say(k, 0, "_result", 2, "zn", 4.0);
	kit_status(k, 4, "status", "NetStream.Play.Start", "");
	kit_message(k, SLU_MSG_VIDEO, 4, 40, "abc", 3);
	kit_expect_events(k, "MESSAGE; CONNECTED NetConnection.Connect.Success; MESSAGE; MESSAGE; "
			     "PLAYING NetStream.Play.Start; MESSAGE; MEDIA; ");
	assert_int_equal(k->last.stream_id, 4);
	assert_int_equal(k->last.msg.timestamp, 40);
	kit_close(k);
}

static void numbers_go_on_from_the_callers(void **state)
{
	static const uint8_t ask[] = "\x02\x00\x03"
				     "ask\x00\x40\x24\0\0\0\0\0\0\x05"; /* 10 */
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	k->act = handle;
	say(k, SLU_MSG_COMMAND, connect, sizeof connect - 1);
	assert_true(slu_session_transaction(k->s) == 1);
	say(k, SLU_MSG_COMMAND, ask, sizeof ask - 1);
	assert_true(slu_session_transaction(k->s) == 10);
	kit_say(k, 0, "_result", 1, "z(ks)", "code", "NetConnection.Connect.Success");
	k->heard[0] = '\0';
	assert_int_equal(slu_session_play(k->s, "movie", NULL), 0);
	kit_listen(k);
	kit_expect_heard(k, "createStream@0 11 null; ");
	kit_close(k);
}

static void a_refusal_of_the_callers_connect(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	say(k, SLU_MSG_COMMAND, connect, sizeof connect - 1);
	kit_say(k, 0, "_error", 1, "z(ks)", "code", "NetConnection.Connect.Rejected");
	assert_int_equal(k->err, 0);
	assert_int_equal(slu_session_handle(k->s, &k->msg), SLU_ERR_REFUSED);
	kit_close(k);
}

static void acknowledgements(void **state)
{
	static uint8_t body[2000];
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	k->act = handle;
	kit_control(k, SLU_MSG_WINDOW_ACK_SIZE, 0, 2000, 0);
	k->heard[0] = '\0';
	kit_message(k, SLU_MSG_VIDEO, 1, 0, body, sizeof body);
	assert_non_null(strstr(k->heard, "Acknowledgement"));
	slu_session_acknowledge(k->s, false);
	k->heard[0] = '\0';
	kit_message(k, SLU_MSG_VIDEO, 1, 0, body, sizeof body);
	kit_expect_heard(k, "");
	kit_close(k);
}

static void chunks_as_they_are(void **state)
{
	static const uint8_t chunk[] = {0x03, 0, 0, 9, 0, 0, 2, 9, 1, 0, 0, 0, 'a', 'b'};
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	assert_int_equal(slu_session_send_chunk(k->s, chunk, sizeof chunk), 0);
	kit_listen(k);
	kit_expect_heard(k, "video@1 9 2; ");
	kit_close(k);
}

static void usage(void **state)
{
	struct slu_session_config config = {.role = SLU_CLIENT, .by_hand = true};
	struct slu_msg msg = message(SLU_MSG_VIDEO, "x", 1), none = message(SLU_MSG_VIDEO, NULL, 1);
	struct slu_session *s = slu_session_new(&config);
	struct kit *k;

	(void)state;
	assert_int_equal(slu_session_send_message(s, 3, &msg), SLU_ERR_STATE);
	assert_int_equal(slu_session_send_chunk(s, "x", 1), SLU_ERR_STATE);
	assert_int_equal(slu_session_handle(s, &msg), SLU_ERR_STATE);
	slu_session_free(s);
	k = kit_open(SLU_CLIENT, &by_hand);
	assert_int_equal(slu_session_send_message(k->s, 3, &none), SLU_ERR_INVALID);
	assert_int_equal(slu_session_send_message(k->s, 1, &msg), SLU_ERR_INVALID);
	kit_close(k);
	k = kit_open_connected(SLU_CLIENT, NULL);
	assert_int_equal(slu_session_handle(k->s, &msg), SLU_ERR_STATE);
	kit_close(k);
}

/* Before connect is answered, which is the caller's to handle. */
static void another_stream_before_there_is_one(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, &by_hand);

	(void)state;
	k->act = handle;
	say(k, SLU_MSG_COMMAND, connect, sizeof connect - 1);
	assert_int_equal(slu_session_play(k->s, "a", NULL), 0);
	assert_int_equal(slu_session_stop(k->s), 0);
	assert_int_equal(slu_session_stop(k->s), 0);
	assert_int_equal(slu_session_publish(k->s, "b", SLU_PUBLISH_LIVE), 0);
	assert_int_equal(slu_session_play(k->s, "c", NULL), SLU_ERR_STATE);
	kit_listen(k);
	k->heard[0] = '\0';
	kit_say(k, 0, "_result", 1, "z(ks)", "code", "NetConnection.Connect.Success");
	kit_expect_heard(k, "releaseStream@0 2 null \"b\"; FCPublish@0 3 null \"b\"; createStream@0 4 null; ");
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_unasked),
		cmocka_unit_test(an_end_to_what_was_not_handled),
		cmocka_unit_test(what_a_message_is),
		cmocka_unit_test(handled_it_is_as_ever),
		cmocka_unit_test(numbers_go_on_from_the_callers),
		cmocka_unit_test(a_refusal_of_the_callers_connect),
		cmocka_unit_test(acknowledgements),
		cmocka_unit_test(chunks_as_they_are),
		cmocka_unit_test(another_stream_before_there_is_one),
		cmocka_unit_test(usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
