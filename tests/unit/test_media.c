/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include "session/session_int.h"
#include "session_kit.h"

#define STRING(n, text) "\x02\x00" n text

static void accept_all(struct kit *k, const struct slu_event *ev)
{
	if (ev->type == SLU_EVENT_PUBLISH || ev->type == SLU_EVENT_PLAY)
		assert_int_equal(slu_session_accept(k->s), 0);
}

/* A server with a publisher on stream 1. */
static struct kit *ingest(void)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	k->act = accept_all;
	kit_say(k, 0, "createStream", 2, "z");
	kit_say(k, 1, "publish", 3, "zs", "key");
	kit_expect_events(k, "PUBLISH key; ");
	k->heard[0] = '\0';
	return k;
}

static struct kit *player(void)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	slu_session_play(k->s, "movie", NULL);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	kit_expect_events(k, "PLAYING NetStream.Play.Start; ");
	return k;
}

static void expect_media(struct kit *k, uint8_t type, uint32_t timestamp, const char *data, size_t n)
{
	kit_expect_events(k, "MEDIA; ");
	assert_int_equal(k->msg.type, type);
	assert_int_equal(k->msg.timestamp, timestamp);
	assert_int_equal(k->msg.size, n);
	assert_memory_equal(k->msg.data, data, n);
}

static void a_payload_can_be_kept(void **state)
{
	struct kit *k = ingest();
	struct slu_buffer *kept;
	const uint8_t *data;

	(void)state;
	kit_message(k, SLU_MSG_VIDEO, 1, 0xffffff00, "first", 5);
	expect_media(k, SLU_MSG_VIDEO, 0xffffff00, "first", 5);
	kept = slu_buffer_get(k->msg.owner);
	data = k->msg.data;
	kit_message(k, SLU_MSG_VIDEO, 1, 0x10, "other", 5);
	expect_media(k, SLU_MSG_VIDEO, 0x10, "other", 5);
	assert_memory_equal(data, "first", 5);
	slu_buffer_put(kept);
	kit_close(k);
}

static void data_messages(void **state)
{
	static const char meta[] = STRING("\x0a", "onMetaData") "\x05";
	static const char set[] = STRING("\x0d", "@setDataFrame") STRING("\x0a", "onMetaData") "\x05";
	static const char clear[] = STRING("\x0f", "@clearDataFrame") STRING("\x0a", "onMetaData");
	static const char set3[] = "\x00" STRING("\x0d", "@setDataFrame") STRING("\x0a", "onMetaData") "\x05";
	struct kit *k = ingest();

	(void)state;
	kit_message(k, SLU_MSG_DATA, 1, 5, set, sizeof set - 1);
	expect_media(k, SLU_MSG_DATA, 5, meta, sizeof meta - 1);
	kit_message(k, SLU_MSG_DATA, 1, 6, meta, sizeof meta - 1);
	expect_media(k, SLU_MSG_DATA, 6, meta, sizeof meta - 1);
	kit_message(k, SLU_MSG_DATA_AMF3, 1, 7, set3, sizeof set3 - 1);
	expect_media(k, SLU_MSG_DATA, 7, meta, sizeof meta - 1);
	kit_message(k, SLU_MSG_DATA_AMF3, 1, 7, set3 + 1, sizeof set3 - 2); /* without its zero byte */
	expect_media(k, SLU_MSG_DATA, 7, meta, sizeof meta - 1);
	kit_message(k, SLU_MSG_DATA_AMF3, 1, 7, meta, sizeof meta - 1);
	expect_media(k, SLU_MSG_DATA, 7, meta, sizeof meta - 1);
	kit_message(k, SLU_MSG_DATA, 1, 8, "\x02\x00", 2); /* no whole string: as it is */
	expect_media(k, SLU_MSG_DATA, 8, "\x02\x00", 2);
	kit_message(k, SLU_MSG_DATA, 1, 0, clear, sizeof clear - 1);
	kit_expect_events(k, "CLEAR_DATA onMetaData; ");
	kit_message(k, SLU_MSG_DATA, 1, 0, clear, 18);
	kit_expect_events(k, "CLEAR_DATA; ");
	kit_close(k);
}

static void what_servers_say_beside_media(void **state)
{
	static const char access[] = STRING("\x11", "|RtmpSampleAccess") "\x01\x01\x01\x01";
	static const char status[] = STRING("\x08", "onStatus") "\x03\x00\x04"
								"code" STRING("\x03", "a.b") "\x00\x00\x09";
	struct kit *k = player();

	(void)state;
	kit_message(k, SLU_MSG_DATA, 1, 0, access, sizeof access - 1);
	kit_expect_events(k, "");
	kit_message(k, SLU_MSG_DATA, 1, 0, status, sizeof status - 1);
	kit_expect_events(k, "STATUS a.b; ");
	kit_message(k, SLU_MSG_DATA, 1, 0, status, 20); /* cut off */
	kit_expect_events(k, "STATUS; ");
	kit_close(k);
}

static void nobody_listens(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	struct slu_session_stats stats;

	(void)state;
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1);
	slu_session_publish(k->s, "key", SLU_PUBLISH_LIVE);
	kit_say(k, 0, "_result", 4, "zn", 1.0);
	kit_message(k, SLU_MSG_AUDIO, 1, 0, "x", 1);
	kit_expect_events(k, "");
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.media_in, 0);
	kit_close(k);
	k = ingest();
	kit_message(k, SLU_MSG_VIDEO, 2, 0, "x", 1); /* a stream that there is not */
	kit_message(k, SLU_MSG_VIDEO, 0xffffffff, 0, "x", 1);
	kit_expect_events(k, "");
	kit_close(k);
}

static struct kit *publisher(const struct slu_session_config *config)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, config);

	slu_session_publish(k->s, "key", SLU_PUBLISH_LIVE);
	kit_say(k, 0, "_result", 4, "zn", 3.0);
	kit_status(k, 3, "status", "NetStream.Publish.Start", "");
	kit_listen(k);
	k->heard[0] = '\0';
	return k;
}

static int send(struct kit *k, uint8_t type, uint32_t timestamp, const void *data, size_t n)
{
	const struct slu_msg m = {.type = type, .timestamp = timestamp, .data = data, .size = n};

	return slu_session_send(k->s, &m);
}

static void sending(void **state)
{
	static const char meta[] = STRING("\x0a", "onMetaData") "\x05";
	static const char cue[] = STRING("\x0a", "onCuePoint") "\x05";
	struct kit *k = publisher(NULL);

	(void)state;
	assert_int_equal(send(k, SLU_MSG_DATA, 0, meta, sizeof meta - 1), 0);
	assert_int_equal(send(k, SLU_MSG_DATA, 0, cue, sizeof cue - 1), 0);
	assert_int_equal(send(k, SLU_MSG_AUDIO, 20, "ab", 2), 0);
	assert_int_equal(send(k, SLU_MSG_VIDEO, 40, "abc", 3), 0);
	kit_expect_heard(k, "data @setDataFrame@3 \"onMetaData\" null; data onCuePoint@3 null; audio@3 20 2; "
			    "video@3 40 3; ");
	assert_int_equal(send(k, SLU_MSG_COMMAND, 0, "x", 1), SLU_ERR_INVALID);
	assert_int_equal(send(k, 0, 0, "x", 1), SLU_ERR_INVALID);
	assert_int_equal(send(k, SLU_MSG_VIDEO, 0, "x", 0x1000000), SLU_ERR_INVALID);
	assert_int_equal(send(k, SLU_MSG_VIDEO, 0, NULL, 1), SLU_ERR_INVALID);
	kit_expect_heard(k, "");
	kit_close(k);
}

/* The queue is full: the message is not queued, those before it are, and the session goes on. */
static void queue_limit(void **state)
{
	static uint8_t frame[4000];
	const struct slu_session_config config = {.max_queue = 10000, .connect = {.app = "live"}};
	struct kit *k = publisher(&config);
	struct slu_session_stats stats;

	(void)state;
	assert_int_equal(send(k, SLU_MSG_VIDEO, 0, frame, sizeof frame), 0);
	assert_int_equal(send(k, SLU_MSG_VIDEO, 40, frame, sizeof frame), 0);
	assert_int_equal(send(k, SLU_MSG_VIDEO, 80, frame, sizeof frame), SLU_ERR_LIMIT);
	assert_non_null(strstr(slu_session_error(k->s), "max_queue"));
	kit_expect_heard(k, "video@3 0 4000; video@3 40 4000; ");
	assert_int_equal(send(k, SLU_MSG_VIDEO, 120, frame, sizeof frame), 0);
	kit_expect_heard(k, "video@3 120 4000; ");
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.media_out, 3);
	assert_int_equal(stats.payload_out, 12000);
	kit_close(k);
}

/* At the byte that completes it, whatever comes between. */
static void what_is_sent_whole_is_counted(void **state)
{
	enum { FRAME = 3000, LAST = 0xee };
	struct kit *k = publisher(NULL);
	struct slu_session_stats stats;
	uint8_t frame[FRAME] = {0};
	unsigned whole = 0;
	struct slu_vec vec;

	(void)state;
	frame[FRAME - 1] = LAST;
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.media_sent, 0);
	for (uint8_t type = SLU_MSG_AUDIO; type <= SLU_MSG_VIDEO; type++)
		assert_int_equal(slu_session_send(k->s, &(struct slu_msg){.type = type, .data = frame, .size = FRAME}),
				 0);
	assert_int_equal(slu_session_call(k->s, 0, "other", "\x05", 1, NULL), 0);
	while (slu_session_out(k->s, &vec, 1)) {
		whole += *(const uint8_t *)vec.data == LAST;
		slu_session_sent(k->s, 1);
		slu_session_stats(k->s, &stats);
		assert_int_equal(stats.media_sent, whole);
		if (whole == 1 && stats.media_out < 5) { /* in the middle of the other one */
			assert_int_equal(slu_session_ping(k->s), 0);
			assert_int_equal(slu_session_send(k->s, &(struct slu_msg){.type = SLU_MSG_VIDEO,
										  .data = frame + 1,
										  .size = FRAME - 1}),
					 0);
		}
	}
	assert_int_equal(whole, 5);
	kit_close(k);
}

static unsigned released;

static void release(void *arg, void *data)
{
	(void)arg;
	(void)data;
	released++;
}

/* A payload with an owner is referenced until it has been sent, never copied. */
static void owner_is_held(void **state)
{
	static uint8_t frame[3000];
	struct slu_buffer *b = slu_buffer_wrap(frame, sizeof frame, release, NULL);
	const struct slu_msg m = {.type = SLU_MSG_VIDEO, .data = frame, .size = sizeof frame, .owner = b};
	struct kit *k = publisher(NULL);
	struct slu_vec vec[8];
	bool same = false;
	size_t n;

	(void)state;
	released = 0;
	assert_int_equal(slu_session_send(k->s, &m), 0);
	slu_buffer_put(b);
	assert_int_equal(released, 0);
	n = slu_session_out(k->s, vec, 8);
	for (size_t i = 0; i < n; i++)
		same = same || vec[i].data == frame;
	assert_true(same);
	kit_listen(k);
	assert_int_equal(released, 1);
	kit_close(k);
}

/* Each of a server's streams has chunk streams of its own, all of them in one-byte form, none of them another's. */
static void chunk_streams(void **state)
{
	static const enum slu_csid_kind kinds[] = {SLU_CSID_AUDIO, SLU_CSID_DATA, SLU_CSID_VIDEO,
						   SLU_CSID_STREAM_COMMAND};
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	bool seen[64] = {false};

	(void)state;
	for (uint32_t id = 1; id <= SLU_STREAMS; id++) {
		for (size_t i = 0; i < 4; i++) {
			uint32_t csid = slu_session_csid(k->s, id, kinds[i]);

			assert_in_range(csid, SLU_CSID_COMMAND + 1, 63);
			assert_false(seen[csid]);
			seen[csid] = true;
		}
	}
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payload_can_be_kept),
		cmocka_unit_test(data_messages),
		cmocka_unit_test(what_servers_say_beside_media),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(sending),
		cmocka_unit_test(queue_limit),
		cmocka_unit_test(what_is_sent_whole_is_counted),
		cmocka_unit_test(owner_is_held),
		cmocka_unit_test(chunk_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
