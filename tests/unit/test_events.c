/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session/secret.h"
#include "session_kit.h"

static void accept_all(struct kit *k, const struct slu_event *ev)
{
	if (ev->type == SLU_EVENT_PUBLISH)
		assert_int_equal(slu_session_accept(k->s), 0);
}

static struct kit *ingest(void)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	k->act = accept_all;
	kit_say(k, 0, "createStream", 2, "z");
	kit_say(k, 1, "publish", 3, "zs", "key");
	kit_expect_events(k, "PUBLISH key; ");
	k->act = NULL;
	return k;
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(slu_event_name(SLU_EVENT_NONE), "SLU_EVENT_NONE");
	assert_string_equal(slu_event_name(SLU_EVENT_CLOSE), "SLU_EVENT_CLOSE");
	for (int t = SLU_EVENT_NONE; t <= SLU_EVENT_MESSAGE; t++)
		assert_memory_equal(slu_event_name((enum slu_event_type)t), "SLU_EVENT_", 10);
	assert_string_equal(slu_event_name((enum slu_event_type)(SLU_EVENT_MESSAGE + 1)), "SLU_EVENT_?");
	assert_string_equal(slu_event_name((enum slu_event_type) - 1), "SLU_EVENT_?");
}

/* slu_session_in() stops at an event, and takes nothing until it is pulled. */
static void stops_at_each(void **state)
{
	/* two Stream Begin in one go */
	static const uint8_t two[] = {2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
				      2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	struct slu_event ev;

	(void)state;
	assert_false(slu_session_event(k->s, &ev));
	assert_int_equal(ev.type, SLU_EVENT_NONE);
	assert_string_equal(ev.name, "");
	assert_int_equal(slu_session_in(k->s, two, sizeof two), 18);
	assert_int_equal(slu_session_in(k->s, two + 18, 18), 0);
	assert_true(slu_session_event(k->s, &ev));
	assert_int_equal(ev.stream_id, 1);
	assert_int_equal(slu_session_in(k->s, two + 18, 18), 18);
	assert_true(slu_session_event(k->s, &ev));
	assert_int_equal(ev.stream_id, 2);
	assert_false(slu_session_event(k->s, &ev));
	kit_close(k);
}

/* A part of an aggregate: an FLV tag with its back pointer. */
static size_t put_part(uint8_t *p, uint8_t type, uint32_t timestamp, uint8_t size)
{
	const uint8_t header[11] = {type,
				    0,
				    0,
				    size,
				    (uint8_t)(timestamp >> 16),
				    (uint8_t)(timestamp >> 8),
				    (uint8_t)timestamp,
				    (uint8_t)(timestamp >> 24)};
	const uint8_t trailer[4] = {0, 0, 0, (uint8_t)(size + 11)};

	memcpy(p, header, 11);
	memset(p + 11, 'a' + size, size);
	memcpy(p + 11 + size, trailer, 4);
	return 15 + (size_t)size;
}

static void expect_part(struct slu_session *s, uint8_t type, uint32_t timestamp, size_t size)
{
	struct slu_event ev;

	assert_true(slu_session_event(s, &ev));
	assert_int_equal(ev.type, SLU_EVENT_MEDIA);
	assert_int_equal(ev.stream_id, 1);
	assert_int_equal(ev.msg.type, type);
	assert_int_equal(ev.msg.timestamp, timestamp);
	assert_int_equal(ev.msg.size, size);
	assert_non_null(ev.msg.owner);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(ev.msg.data[i], 'a' + size);
}

static void collect(struct kit *k, const struct slu_event *ev)
{
	static const struct {
		uint8_t type;
		uint32_t timestamp;
		size_t size;
	} rest[] = {{SLU_MSG_AUDIO, 5, 3}, {SLU_MSG_VIDEO, 0xffffffff, 0}, {SLU_MSG_VIDEO, 100, 4}};

	assert_int_equal(ev->msg.timestamp, 0xfffffff0);
	assert_int_equal(ev->msg.size, 2);
	k->act = NULL;
	for (size_t i = 0; i < 3; i++)
		expect_part(k->s, rest[i].type, rest[i].timestamp, rest[i].size);
}

/* Timestamps are moved so that the first is the aggregate's, across 2^32 and backwards; parts that are no media are
 * left out; the last back pointer may be missing. */
static void aggregate(void **state)
{
	struct kit *k = ingest();
	uint8_t body[200];
	size_t n = 0;

	(void)state;
	n += put_part(body + n, SLU_MSG_VIDEO, 0x01000010, 2);
	n += put_part(body + n, SLU_MSG_COMMAND, 0x01000020, 9);
	n += put_part(body + n, SLU_MSG_AUDIO, 0x01000025, 3);
	n += put_part(body + n, SLU_MSG_VIDEO, 0x0100001f, 0);
	n += put_part(body + n, SLU_MSG_AGGREGATE, 0, 9);
	n += put_part(body + n, 0x20 | SLU_MSG_VIDEO, 0x01000030, 6); /* encrypted */
	n += put_part(body + n, SLU_MSG_VIDEO, 0x01000084, 4);
	k->act = collect;
	kit_message(k, SLU_MSG_AGGREGATE, 1, 0xfffffff0, body, n - 4);
	kit_expect_events(k, "MEDIA; ");
	assert_int_equal(k->err, 0);
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1);
	kit_expect_events(k, "MEDIA; ");
	kit_close(k);
}

/* What was whole is delivered before the cut is an error. */
static void aggregate_cut_off(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < 16; cut++) {
		struct kit *k = ingest();
		uint8_t body[100];
		size_t n = put_part(body, SLU_MSG_VIDEO, 7, 5);

		put_part(body + n, SLU_MSG_AUDIO, 8, 5);
		kit_message(k, SLU_MSG_AGGREGATE, 1, 7, body, n + cut);
		kit_expect_events(k, "MEDIA; ");
		k->err = (int)slu_session_in(k->s, "", 1);
		kit_expect_failed(k, SLU_ERR_MESSAGE, "aggregate message that ends in the middle");
		kit_close(k);
	}
}

/* Shared objects and types that nobody knows reach the caller as they are. */
static void unknown_types(void **state)
{
	static const uint8_t types[] = {SLU_MSG_SHARED_OBJECT, SLU_MSG_SHARED_OBJECT_AMF3, 7, 0, 99, 255};
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof types; i++) {
		kit_message(k, types[i], 5, 0, "abc", 3);
		kit_expect_events(k, "COMMAND; ");
		assert_int_equal(k->msg.type, types[i]);
		assert_int_equal(k->msg.size, 3);
		assert_int_equal(k->last.stream_id, 5);
	}
	kit_close(k);
}

static struct {
	size_t tc_url_size;
	const char *name, *tc_url, *sent; /* where they were while the event was there */
} seen;

static void see(struct kit *k, const struct slu_event *ev)
{
	struct slu_amf_str text = {"", 0};

	(void)k;
	if (ev->type != SLU_EVENT_CONNECT)
		return;
	slu_amf_string(slu_amf_get(slu_amf_at(ev->amf, 2), "tcUrl"), &text);
	assert_memory_equal(text.s, ev->tc_url, strlen(ev->tc_url));
	seen.tc_url_size = strlen(ev->tc_url);
	seen.name = ev->name;
	seen.tc_url = ev->tc_url;
	seen.sent = text.s;
}

/* Strings of events are cut where they would cost memory. */
static void long_strings(void **state)
{
	static char text[10000];
	struct kit *k = kit_open(SLU_SERVER, NULL);

	(void)state;
	memset(text, 'x', sizeof text - 1);
	k->act = see;
	kit_say(k, 0, "connect", 1, "(ksks)", "app", "live", "tcUrl", text);
	kit_expect_events(k, "CONNECT live; ");
	assert_int_equal(seen.tc_url_size, 4096);
	kit_close(k);
}

/* A client's commands have stream keys and tokens in them: once their events are over, nothing of them is left, in the
 * strings or in the message. */
static void secrets_are_overwritten(void **state)
{
	struct kit *k = kit_open(SLU_SERVER, NULL);

	(void)state;
	slu_session_took_secret(k->s);
	k->act = see;
	kit_say(k, 0, "connect", 1, "(ksks)", "app", "live?s3cret", "tcUrl", "s3cret");
	kit_expect_events(k, "CONNECT live?s3cret; ");
	assert_string_equal(seen.name, "");
	assert_string_equal(seen.tc_url, "");
	assert_memory_equal(seen.sent, "\0\0\0\0\0\0", 6); /* which is kept for the next message of that size */
	assert_true(slu_session_took_secret(k->s));
	assert_false(slu_session_took_secret(k->s));
	kit_close(k);
}

/* When its event was pulled and there is no other, a message is the caller's alone: an idle peer's last one, which may
 * have 16 MB, is not held. */
static void lets_go_of_the_last_message(void **state)
{
	static uint8_t large[1000000];
	struct kit *k = ingest();

	(void)state;
	kit_message(k, SLU_MSG_VIDEO, 1, 0, large, sizeof large);
	kit_expect_events(k, "MEDIA; ");
	assert_true(slu_buffer_unique(k->msg.owner));
	kit_message(k, SLU_MSG_VIDEO, 1, 1, "x", 1);
	kit_expect_events(k, "MEDIA; ");
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(stops_at_each),
		cmocka_unit_test(aggregate),
		cmocka_unit_test(aggregate_cut_off),
		cmocka_unit_test(unknown_types),
		cmocka_unit_test(long_strings),
		cmocka_unit_test(secrets_are_overwritten),
		cmocka_unit_test(lets_go_of_the_last_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
