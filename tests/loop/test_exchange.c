/* SPDX-License-Identifier: MIT */
/* Whole exchanges between both ends: publish, play, and what is asked meanwhile. All events are counted. */
#include "../unit/test.h"

#include "loop_kit.h"

/* Expects these counts and no event besides: type, count, ..., SLU_EVENT_NONE. */
static void expect_events(const struct loop_end *end, ...)
{
	unsigned want[LOOP_EVENTS] = {0};
	va_list ap;
	int type;

	va_start(ap, end);
	while ((type = va_arg(ap, int)) != SLU_EVENT_NONE)
		want[type] = va_arg(ap, unsigned);
	va_end(ap);
	for (int i = 0; i < LOOP_EVENTS; i++) {
		if (end->events[i] != want[i])
			fail_msg("%s: %u times, not %u", slu_event_name((enum slu_event_type)i), end->events[i],
				 want[i]);
	}
	assert_int_equal(end->err, 0);
}

static struct slu_msg media(uint8_t type, uint32_t timestamp, const void *data, size_t n)
{
	return (struct slu_msg){.type = type, .timestamp = timestamp, .data = data, .size = n};
}

static void expect_media(const struct loop_end *end, unsigned index, uint8_t type, uint32_t timestamp, const void *data,
			 size_t n)
{
	const struct slu_msg *m = &end->kept[index];

	assert_true(index < end->media);
	assert_int_equal(m->type, type);
	assert_int_equal(m->timestamp, timestamp);
	assert_int_equal(m->size, n);
	assert_memory_equal(m->data, data, n);
}

static void send_ok(struct slu_session *s, struct slu_msg m)
{
	assert_int_equal(slu_session_send(s, &m), 0);
}

static const char metadata[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09";

static void run_publish(enum loop_split split)
{
	static uint8_t big[200000];
	struct loop l;
	struct slu_session_stats in, out;

	memset(big, 0x5a, sizeof big);
	assert_true(loop_open(&l, split, NULL, NULL));
	assert_int_equal(slu_session_publish(l.client.s, "key?token=1", SLU_PUBLISH_LIVE), 0);
	loop_run(&l);
	expect_events(&l.client, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECTED, 1, SLU_EVENT_STREAM_BEGIN, 2,
		      SLU_EVENT_PUBLISHING, 1, SLU_EVENT_NONE);
	expect_events(&l.server, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECT, 1, SLU_EVENT_PUBLISH, 1, SLU_EVENT_NONE);
	assert_string_equal(l.server.name, "key?token=1");

	send_ok(l.client.s, media(SLU_MSG_DATA, 0, metadata, sizeof metadata - 1));
	send_ok(l.client.s, media(SLU_MSG_AUDIO, 0, "\xaf\x00", 2));
	send_ok(l.client.s, media(SLU_MSG_VIDEO, 40, big, sizeof big));
	send_ok(l.client.s, media(SLU_MSG_VIDEO, 0xfffffff0, big, 1));
	send_ok(l.client.s, media(SLU_MSG_VIDEO, 0x10, NULL, 0));
	loop_run(&l);
	assert_int_equal(l.server.media, 5);
	expect_media(&l.server, 0, SLU_MSG_DATA, 0, metadata, sizeof metadata - 1);
	expect_media(&l.server, 1, SLU_MSG_AUDIO, 0, "\xaf\x00", 2);
	expect_media(&l.server, 2, SLU_MSG_VIDEO, 40, big, sizeof big);
	expect_media(&l.server, 3, SLU_MSG_VIDEO, 0xfffffff0, big, 1);
	assert_int_equal(l.server.kept[4].timestamp, 0x10);
	assert_int_equal(l.server.kept[4].size, 0);

	assert_int_equal(slu_session_stop(l.client.s), 0);
	loop_run(&l);
	expect_events(&l.client, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECTED, 1, SLU_EVENT_STREAM_BEGIN, 2,
		      SLU_EVENT_PUBLISHING, 1, SLU_EVENT_STATUS, 1, SLU_EVENT_NONE);
	assert_string_equal(l.client.code, "NetStream.Unpublish.Success");
	expect_events(&l.server, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECT, 1, SLU_EVENT_PUBLISH, 1, SLU_EVENT_MEDIA, 5,
		      SLU_EVENT_UNPUBLISH, 1, SLU_EVENT_NONE);
	assert_int_equal(slu_session_in_end(l.client.s), 0);
	assert_int_equal(slu_session_in_end(l.server.s), 0);

	slu_session_stats(l.client.s, &out);
	slu_session_stats(l.server.s, &in);
	assert_int_equal(out.media_out, 5);
	assert_int_equal(in.media_in, 5);
	assert_int_equal(out.bytes_out, in.bytes_in);
	assert_int_equal(in.bytes_out, out.bytes_in);
	assert_int_equal(out.messages_out, in.messages_in);
	assert_int_equal(in.messages_out, out.messages_in);
	assert_int_equal(in.chunk_size_in, 65536);
	assert_int_equal(out.chunk_size_out, 65536);
	assert_int_equal(in.payload_in, sizeof metadata - 1 + 2 + sizeof big + 1);
	assert_int_equal(out.peer_window, 2500000);
	loop_close(&l);
}

static void publish_whole(void **state)
{
	(void)state;
	run_publish(LOOP_WHOLE);
}

static void publish_bytes(void **state)
{
	(void)state;
	run_publish(LOOP_BYTES);
}

static void publish_random(void **state)
{
	(void)state;
	run_publish(LOOP_RANDOM);
}

static void run_play(enum loop_split split)
{
	const struct slu_play play = {.start = -1, .duration = 7.5, .reset = true, .buffer_ms = 500};
	struct loop l;

	assert_true(loop_open(&l, split, NULL, NULL));
	loop_run(&l);
	/* asked late, once connect was accepted */
	assert_int_equal(slu_session_play(l.client.s, "movie", &play), 0);
	loop_run(&l);
	expect_events(&l.client, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECTED, 1, SLU_EVENT_STREAM_BEGIN, 2,
		      SLU_EVENT_STATUS, 1, SLU_EVENT_PLAYING, 1, SLU_EVENT_NONE);
	expect_events(&l.server, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECT, 1, SLU_EVENT_SET_BUFFER_LENGTH, 1,
		      SLU_EVENT_PLAY, 1, SLU_EVENT_NONE);
	assert_true(l.server.last.start == -1 && l.server.last.duration == 7.5 && l.server.last.flag);
	assert_string_equal(l.server.name, "movie");

	send_ok(l.server.s, media(SLU_MSG_VIDEO, 16777300, "\x17\x01", 2));
	assert_int_equal(slu_session_pause(l.client.s, true, 100), 0);
	assert_int_equal(slu_session_pause(l.client.s, false, 100), 0);
	assert_int_equal(slu_session_seek(l.client.s, 4000), 0);
	assert_int_equal(slu_session_receive_audio(l.client.s, false), 0);
	assert_int_equal(slu_session_receive_video(l.client.s, true), 0);
	assert_int_equal(slu_session_set_buffer_length(l.client.s, 900), 0);
	assert_int_equal(slu_session_get_stream_length(l.client.s, "movie"), 0);
	assert_int_equal(slu_session_ping(l.client.s), 0);
	loop_run(&l);
	expect_media(&l.client, 0, SLU_MSG_VIDEO, 16777300, "\x17\x01", 2);
	assert_int_equal(slu_session_eof(l.server.s, 1), 0);
	loop_run(&l);
	assert_int_equal(slu_session_in_end(l.client.s), 0);
	assert_int_equal(slu_session_stop(l.client.s), 0);
	loop_run(&l);
	expect_events(&l.client, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECTED, 1, SLU_EVENT_STREAM_BEGIN, 2,
		      SLU_EVENT_STATUS, 5, SLU_EVENT_PLAYING, 1, SLU_EVENT_MEDIA, 1, SLU_EVENT_RESULT, 1,
		      SLU_EVENT_STREAM_EOF, 1, SLU_EVENT_NONE);
	expect_events(&l.server, SLU_EVENT_HANDSHAKE, 1, SLU_EVENT_CONNECT, 1, SLU_EVENT_SET_BUFFER_LENGTH, 2,
		      SLU_EVENT_PLAY, 1, SLU_EVENT_PAUSE, 2, SLU_EVENT_SEEK, 1, SLU_EVENT_RECEIVE_AUDIO, 1,
		      SLU_EVENT_RECEIVE_VIDEO, 1, SLU_EVENT_GET_STREAM_LENGTH, 1, SLU_EVENT_NONE);
	loop_close(&l);
}

static void play_whole(void **state)
{
	(void)state;
	run_play(LOOP_WHOLE);
}

static void play_bytes(void **state)
{
	(void)state;
	run_play(LOOP_BYTES);
}

static void play_random(void **state)
{
	(void)state;
	run_play(LOOP_RANDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publish_whole), cmocka_unit_test(publish_bytes), cmocka_unit_test(publish_random),
		cmocka_unit_test(play_whole),    cmocka_unit_test(play_bytes),    cmocka_unit_test(play_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
