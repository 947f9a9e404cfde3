/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "session/auth.h"
#include "session_kit.h"

enum { HANDSHAKE = 1 + 2 * 1536 };

#define TOLD "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "

static void refuse(struct kit *k, const char *description)
{
	kit_say(k, 0, "_error", 1, "z(ksksks)", "level", "error", "code", "NetConnection.Connect.Rejected",
		"description", description);
	assert_int_equal(k->err, SLU_ERR_REFUSED);
}

/* The other end of a new connection: past its handshake. */
static void meet_again(struct kit *k)
{
	static const struct slu_chunk_in_config limits = {
		.max_message = 1 << 24, .max_memory = 1 << 26, .max_chunk_streams = 100};
	static const uint8_t handshake[HANDSHAKE] = {3};

	slu_chunk_in_free(k->in);
	slu_chunk_out_free(k->out);
	k->in = slu_chunk_in_new(&limits);
	k->out = slu_chunk_out_new(128, 1 << 26);
	k->raw = HANDSHAKE;
	k->err = 0;
	k->heard[0] = k->events[0] = '\0';
	kit_bytes(k, handshake, sizeof handshake);
}

static struct kit *open_refused(const struct slu_session_config *config)
{
	struct kit *k = kit_open(SLU_CLIENT, config);

	assert_int_equal(slu_session_publish(k->s, "authmod", SLU_PUBLISH_LIVE), 0);
	refuse(k, TOLD);
	return k;
}

/* What was asked for goes on by itself; the query goes behind app and tcUrl, and replaces the last. */
static void goes_on(void **state)
{
	const struct slu_session_config c = {.chunk_size = 4096,
					     .connect = {.app = "live", .tc_url = "rtmp://h/live?x=1"}};
	struct kit *k = open_refused(&c);

	(void)state;
	assert_string_equal(slu_session_refusal_told(k->s), TOLD); /* the stream's name in it, too */
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(slu_session_again(k->s, 77, i == 1 ? "one=1" : "two=2"), 0);
		assert_string_equal(slu_session_error(k->s), "");
		assert_string_equal(slu_session_refusal_told(k->s), "");
		meet_again(k);
		kit_expect_events(k, "HANDSHAKE; ");
		assert_non_null(strstr(k->heard, "Set Chunk Size 4096; "));
		assert_non_null(strstr(k->heard, i == 1 ? "connect@0 1 {app:\"live?one=1\"" : "app:\"live?two=2\""));
		assert_non_null(strstr(k->heard, i == 1 ? "tcUrl:\"rtmp://h/live?x=1&one=1\""
							: "tcUrl:\"rtmp://h/live?x=1&two=2\""));
		if (i == 1)
			refuse(k, TOLD);
	}
	k->heard[0] = '\0';
	kit_say(k, 0, "_result", 1, "(ks)(ksks)", "fmsVer", "x", "level", "status", "code",
		"NetConnection.Connect.Success");
	kit_expect_heard(k, "releaseStream@0 2 null \"authmod\"; FCPublish@0 3 null \"authmod\"; "
			    "createStream@0 4 null; ");
	kit_say(k, 0, "_result", 4, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Publish.Start", "");
	kit_expect_events(k, "CONNECTED NetConnection.Connect.Success; PUBLISHING NetStream.Publish.Start; ");
	kit_close(k);
}

/* Half a message, events and calls of the last connection are nothing to the next. */
static void forgets_its_peer(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	struct slu_session_stats stats;
	uint64_t in;

	(void)state;
	assert_int_equal(slu_session_play(k->s, "a", NULL), 0);
	kit_control(k, SLU_MSG_WINDOW_ACK_SIZE, 0, 100000, 0);
	kit_bytes(k, "\x06\0\0\0\0\0\x20\x09", 8);
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.peer_window, 100000);
	in = stats.bytes_in;
	assert_int_equal(slu_session_again(k->s, 1, NULL), 0);
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.peer_window, 0);
	assert_int_equal(stats.bytes_in, in);
	assert_int_equal(stats.memory, 0);
	meet_again(k);
	assert_non_null(strstr(k->heard, "connect@0 1 {app:\"live\","));
	k->heard[0] = '\0';
	kit_say(k, 0, "_result", 2, "zn", 1.0); /* to what was asked before */
	kit_expect_heard(k, "");
	kit_say(k, 0, "_result", 1, "(ks)(ksks)", "fmsVer", "x", "level", "status", "code",
		"NetConnection.Connect.Success");
	kit_expect_heard(k, "createStream@0 2 null; ");
	kit_close(k);
}

/* A session that could not begin anew has failed, and can still be asked, and freed. */
static void out_of_memory(void **state)
{
	struct slu_session_stats stats;
	bool failed = true;
	long n = 0;

	(void)state;
	for (; failed; n++) {
		struct kit *k = open_refused(NULL);
		struct slu_vec vec;
		int err;

		alloc_fail_at(n);
		err = slu_session_again(k->s, 1, "a=1");
		failed = alloc_fail_end();
		assert_int_equal(err, failed ? SLU_ERR_NOMEM : 0);
		assert_int_equal(slu_session_tick(k->s, 2), err);
		slu_session_stats(k->s, &stats);
		slu_session_queued(k->s);
		slu_session_out(k->s, &vec, 1);
		slu_session_in_end(k->s);
		kit_close(k);
	}
	assert_in_range(n, 6, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on),
		cmocka_unit_test(forgets_its_peer),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests_name("again", tests, NULL, NULL);
}
