/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include "session/session_int.h"
#include "session_kit.h"

/* n bytes of messages that cause nothing: audio on a stream that takes none. */
static void feed(struct kit *k, size_t n)
{
	uint8_t *data = calloc(1, n);

	assert_non_null(data);
	kit_message(k, SLU_MSG_AUDIO, 0, 0, data, n);
	free(data);
}

/* The sequence number of the only acknowledgement that was heard, 0 if there was none. */
static unsigned heard_ack(struct kit *k)
{
	unsigned value = 0;
	const char *ack = strstr(k->heard, "Acknowledgement ");

	if (ack) {
		value = (unsigned)strtoul(ack + strlen("Acknowledgement "), NULL, 10);
		assert_null(strstr(ack + 1, "Acknowledgement "));
	}
	k->heard[0] = '\0';
	return value;
}

static void ack_after_half_the_window(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	struct slu_session_stats stats;

	(void)state;
	kit_control(k, SLU_MSG_WINDOW_ACK_SIZE, 0, 20000, 0);
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.peer_window, 20000);
	assert_int_equal(heard_ack(k), 0);
	feed(k, 9000);
	assert_int_equal(heard_ack(k), 0);
	feed(k, 1500);
	/* of what came after the handshake; the peer hands its chunks of 128 bytes over one by one */
	assert_in_range(heard_ack(k), 10000, 10000 + 128 + 16);
	feed(k, 9000);
	assert_int_equal(heard_ack(k), 0);
	kit_close(k);
}

/* A message larger than the window is acknowledged while it arrives: a peer that waits for that must not wait. */
static void ack_inside_a_message(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	k->piece = 1000;
	kit_control(k, SLU_MSG_WINDOW_ACK_SIZE, 0, 8000, 0);
	kit_control(k, SLU_MSG_SET_CHUNK_SIZE, 0, 100000, 0);
	feed(k, 50000);
	assert_non_null(strstr(strstr(k->heard, "Acknowledgement ") + 1, "Acknowledgement "));
	kit_close(k);
}

static void ack_without_a_window(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	feed(k, 200000);
	assert_int_equal(heard_ack(k), 0);
	feed(k, 60000);
	assert_in_range(heard_ack(k), 250000, 280000);
	kit_control(k, SLU_MSG_WINDOW_ACK_SIZE, 0, 0, 0); /* nonsense: as if it had said nothing */
	feed(k, 200000);
	assert_int_equal(heard_ack(k), 0);
	kit_close(k);
}

/* A publisher may be gone from its socket before we have read all: it must not be spoken to without need. */
static void no_ack_from_a_server_without_a_window(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	(void)state;
	feed(k, 3000000);
	assert_int_equal(heard_ack(k), 0);
	kit_control(k, SLU_MSG_WINDOW_ACK_SIZE, 0, 1000000, 0);
	assert_in_range(heard_ack(k), 3000000, 3100000);
	kit_close(k);
}

/* Our counter has 32 bits on the wire. It is set near the wrap by hand: nobody wants to feed 4 GiB here. */
static void ack_wraps(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	k->s->received = k->s->ack_sent = UINT32_MAX - 1000;
	feed(k, 240000);
	assert_int_equal(heard_ack(k), 0);
	feed(k, 20000);
	assert_in_range(heard_ack(k), 250000 - 1001, 250000 - 1001 + 200);
	assert_true(k->s->received > UINT32_MAX);
	kit_close(k);
}

/* The peer's counter, which may start anywhere and wraps, is followed forward only. */
static void acked_is_unwrapped(void **state)
{
	static const uint32_t seen[] = {1000, 0x70000000, 0xe0000000, 0x10, 0x5, 0x20};
	static const uint64_t want[] = {1000, 0x70000000, 0xe0000000, 0x100000010, 0x100000010, 0x100000020};
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	struct slu_session_stats stats;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		kit_control(k, SLU_MSG_ACK, 0, seen[i], 0);
		slu_session_stats(k->s, &stats);
		assert_true(stats.acked == want[i]);
	}
	kit_close(k);
}

static void bandwidth_limits(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 2500000, 2); /* what we sent already */
	kit_expect_heard(k, "");
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 5000000, 2); /* dynamic, and nothing hard before: ignored */
	kit_expect_heard(k, "");
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 5000000, 1); /* soft, and larger */
	kit_expect_heard(k, "");
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 1000000, 1);
	kit_expect_heard(k, "Window Acknowledgement Size 1000000; ");
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 5000000, 0);
	kit_expect_heard(k, "Window Acknowledgement Size 5000000; ");
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 6000000, 2); /* dynamic after hard is hard */
	kit_expect_heard(k, "Window Acknowledgement Size 6000000; ");
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 6000000, 0);
	kit_control(k, SLU_MSG_SET_PEER_BANDWIDTH, 0, 0, 0);
	kit_expect_heard(k, "");
	kit_close(k);
}

static void pings(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	struct slu_session_stats stats;

	(void)state;
	kit_control(k, SLU_MSG_USER_CONTROL, 6, 0xfedcba98, 0);
	kit_expect_heard(k, "Ping Response 4275878552; ");
	slu_session_tick(k->s, 0x100000005);
	assert_int_equal(slu_session_ping(k->s), 0);
	kit_expect_heard(k, "Ping Request 5; ");
	slu_session_tick(k->s, 0x100000005 + 42);
	kit_control(k, SLU_MSG_USER_CONTROL, 7, 4, 0); /* not ours */
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.ping_ms, UINT32_MAX);
	kit_control(k, SLU_MSG_USER_CONTROL, 7, 5, 0);
	slu_session_tick(k->s, 0x100000005 + 99);
	kit_control(k, SLU_MSG_USER_CONTROL, 7, 5, 0); /* twice */
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.ping_ms, 42);
	kit_close(k);
}

/* Behind all that is queued, where a ping is in front of it; and no answer to an earlier one counts. */
static void marks(void **state)
{
	static const uint8_t frame[] = {0x17, 1, 0};
	struct slu_msg video = {.type = SLU_MSG_VIDEO, .stream_id = 1, .data = frame, .size = sizeof frame};
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	(void)state;
	kit_say(k, 0, "createStream", 0, "z");
	kit_say(k, 1, "play", 3, "zs", "movie");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	k->heard[0] = k->events[0] = '\0';
	slu_session_tick(k->s, 0x100000005);
	assert_int_equal(slu_session_send(k->s, &video), 0);
	assert_int_equal(slu_session_mark(k->s), 0);
	kit_expect_heard(k, "video@1 0 3; Ping Request 5; ");
	assert_int_equal(slu_session_mark(k->s), 0);
	kit_expect_heard(k, "Ping Request 6; ");
	kit_control(k, SLU_MSG_USER_CONTROL, 7, 5, 0);
	kit_expect_events(k, "");
	kit_control(k, SLU_MSG_USER_CONTROL, 7, 6, 0);
	kit_expect_events(k, "MARKED; ");
	kit_control(k, SLU_MSG_USER_CONTROL, 7, 6, 0); /* twice */
	kit_expect_events(k, "");
	kit_close(k);
}

static void user_control_events(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	kit_control(k, SLU_MSG_USER_CONTROL, 0, 3, 0);
	assert_int_equal(k->last.stream_id, 3);
	kit_control(k, SLU_MSG_USER_CONTROL, 2, 3, 0);
	kit_control(k, SLU_MSG_USER_CONTROL, 4, 3, 0);
	kit_control(k, SLU_MSG_USER_CONTROL, 1, 3, 0);
	kit_control(k, SLU_MSG_USER_CONTROL, 3, 3, 9);                       /* not for a client */
	kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, "\x00\x1f\0\0\0\x01", 6); /* buffer empty: unknown */
	kit_expect_events(k, "STREAM_BEGIN; STREAM_DRY; STREAM_IS_RECORDED; STREAM_EOF; ");
	kit_expect_heard(k, "");
	kit_close(k);
	k = kit_open_connected(SLU_SERVER, NULL);
	kit_control(k, SLU_MSG_USER_CONTROL, 0, 3, 0); /* not for a server */
	kit_control(k, SLU_MSG_USER_CONTROL, 3, 3, 9);
	kit_expect_events(k, "SET_BUFFER_LENGTH; ");
	kit_close(k);
}

static void too_short(void **state)
{
	static const uint8_t types[] = {SLU_MSG_ACK, SLU_MSG_USER_CONTROL, SLU_MSG_WINDOW_ACK_SIZE,
					SLU_MSG_SET_PEER_BANDWIDTH};

	(void)state;
	for (size_t i = 0; i < sizeof types; i++) {
		struct kit *k = kit_open_connected(SLU_SERVER, NULL);

		kit_message(k, types[i], 0, 0, "\0", 1);
		kit_expect_failed(k, SLU_ERR_MESSAGE, "with only 1 bytes");
		kit_close(k);
	}
}

static void chunk_sizes(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	struct slu_session_stats stats;

	(void)state;
	kit_control(k, SLU_MSG_SET_CHUNK_SIZE, 0, 4096, 0);
	assert_int_equal(slu_session_set_chunk_size(k->s, 0), SLU_ERR_INVALID);
	assert_int_equal(slu_session_set_chunk_size(k->s, 0x1000000), SLU_ERR_INVALID);
	assert_int_equal(slu_session_set_chunk_size(k->s, 1), 0);
	kit_expect_heard(k, "Set Chunk Size 1; ");
	slu_session_stats(k->s, &stats);
	assert_int_equal(stats.chunk_size_in, 4096);
	assert_int_equal(stats.chunk_size_out, 1);
	kit_bytes(k, "\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\0\0", 16);
	kit_expect_failed(k, SLU_ERR_CHUNK, "");
	kit_close(k);
}

/* A peer that asks without end and never reads: bounded, and ended. */
static void deaf_peer(void **state)
{
	static const uint8_t ping[] = {2, 0, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 6, 1, 2, 3, 4};
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	long err = 0;
	unsigned n;

	(void)state;
	for (n = 0; n < 1000000 && err >= 0; n++)
		err = slu_session_in(k->s, ping, sizeof ping);
	assert_int_equal(err, SLU_ERR_MEMORY_CAP);
	assert_non_null(strstr(slu_session_error(k->s), "does not read"));
	assert_true(n < 100000);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ack_after_half_the_window),
		cmocka_unit_test(ack_inside_a_message),
		cmocka_unit_test(ack_without_a_window),
		cmocka_unit_test(no_ack_from_a_server_without_a_window),
		cmocka_unit_test(ack_wraps),
		cmocka_unit_test(acked_is_unwrapped),
		cmocka_unit_test(bandwidth_limits),
		cmocka_unit_test(pings),
		cmocka_unit_test(marks),
		cmocka_unit_test(user_control_events),
		cmocka_unit_test(too_short),
		cmocka_unit_test(chunk_sizes),
		cmocka_unit_test(deaf_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
