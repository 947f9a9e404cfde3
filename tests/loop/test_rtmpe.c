/* SPDX-License-Identifier: MIT */
/* Both ends of a session with RTMPE between them, in pieces of any size. */
#include "../unit/test.h"

#include <stdlib.h>

#include <sluice/error.h>

#include "crypto/ops.h"
#include "loop_kit.h"

enum { FRAMES = 30, FRAME = 30000 };

static uint8_t *make_frame(unsigned i)
{
	uint8_t *frame = malloc(FRAME);

	assert_non_null(frame);
	for (unsigned k = 0; k < FRAME; k++)
		frame[k] = (uint8_t)(k * 7 + i);
	return frame;
}

/* Frames without an owner are copied, others referenced: both go out. */
static void send_frames(struct slu_session *s, uint32_t stream_id)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		uint8_t *frame = make_frame(i);
		struct slu_msg msg = {.type = SLU_MSG_VIDEO,
				      .timestamp = i,
				      .stream_id = stream_id,
				      .data = frame,
				      .size = i % 3 ? FRAME : 10};

		if (i % 2) {
			msg.owner = slu_buffer_new(FRAME);
			memcpy(slu_buffer_data(msg.owner), frame, FRAME);
			msg.data = slu_buffer_data(msg.owner);
		}
		assert_int_equal(slu_session_send(s, &msg), 0);
		slu_buffer_put(msg.owner);
		free(frame);
	}
}

static void check_frames(const struct loop_end *end)
{
	assert_int_equal(end->media, FRAMES);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint8_t *frame = make_frame(i);

		assert_int_equal(end->kept[i].timestamp, i);
		assert_int_equal(end->kept[i].size, i % 3 ? FRAME : 10);
		assert_memory_equal(end->kept[i].data, frame, end->kept[i].size);
		free(frame);
	}
}

static void run(enum slu_handshake kind, enum loop_split split)
{
	const struct slu_cryptops *ops = slu_cryptops_openssl();
	const struct slu_session_config client = {.handshake = kind, .crypto = ops, .connect = {.app = "live"}};
	const struct slu_session_config server = {.crypto = ops};
	struct slu_session_stats there, here;
	struct loop l;

	assert_true(loop_open(&l, split, &client, &server));
	assert_int_equal(slu_session_publish(l.client.s, "key", SLU_PUBLISH_LIVE), 0);
	loop_run(&l);
	assert_int_equal(l.client.events[SLU_EVENT_PUBLISHING], 1);
	send_frames(l.client.s, 0);
	assert_int_equal(slu_session_ping(l.client.s), 0);
	loop_run(&l);
	check_frames(&l.server);
	slu_session_stats(l.client.s, &there);
	slu_session_stats(l.server.s, &here);
	assert_int_equal(there.handshake, kind);
	assert_int_equal(here.handshake, kind);
	assert_int_equal(there.bytes_out, here.bytes_in);
	assert_int_equal(there.bytes_in, here.bytes_out);
	assert_int_not_equal(there.ping_ms, UINT32_MAX);
	assert_int_equal(slu_session_queued(l.client.s), 0);
	/* A publisher is told no chunk size: see send_settings(). */
	assert_int_equal(there.chunk_size_in, 128);
	assert_int_equal(here.chunk_size_in, 65536);
	loop_close(&l);
}

static void plays(void **state)
{
	const struct slu_cryptops *ops = slu_cryptops_openssl();
	const struct slu_session_config client = {
		.handshake = SLU_HANDSHAKE_RTMPE9, .crypto = ops, .connect = {.app = "live"}};
	const struct slu_session_config server = {.crypto = ops};
	struct slu_session_stats stats;
	struct loop l;

	(void)state;
	assert_true(loop_open(&l, LOOP_RANDOM, &client, &server));
	assert_int_equal(slu_session_play(l.client.s, "key", NULL), 0);
	loop_run(&l);
	assert_int_equal(l.client.events[SLU_EVENT_PLAYING], 1);
	send_frames(l.server.s, 1);
	loop_run(&l);
	check_frames(&l.client);
	slu_session_stats(l.client.s, &stats);
	assert_int_equal(stats.chunk_size_in, 65536);
	loop_close(&l);
}

static void publishes(void **state)
{
	static const enum loop_split splits[] = {LOOP_WHOLE, LOOP_BYTES, LOOP_RANDOM};

	(void)state;
	for (int kind = SLU_HANDSHAKE_RTMPE6; kind <= SLU_HANDSHAKE_RTMPE9; kind++)
		run((enum slu_handshake)kind, splits[kind - SLU_HANDSHAKE_RTMPE6]);
	run(SLU_HANDSHAKE_RTMPE6, LOOP_RANDOM);
}

static bool contains(const uint8_t *data, size_t n, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= n; i++) {
		if (memcmp(data + i, text, size) == 0)
			return true;
	}
	return false;
}

/* Behind C2 nothing of what the client says can be read; without RTMPE all of it can. */
static void hides_what_is_said(void **state)
{
	(void)state;
	for (int kind = SLU_HANDSHAKE_DIGEST; kind <= SLU_HANDSHAKE_RTMPE6; kind++) {
		const struct slu_cryptops *ops = slu_cryptops_openssl();
		const struct slu_session_config client = {
			.handshake = (enum slu_handshake)kind, .crypto = ops, .connect = {.app = "secretapp"}};
		const struct slu_session_config server = {.role = SLU_SERVER, .crypto = ops};
		struct slu_session *c = slu_session_new(&client), *s = slu_session_new(&server);
		struct slu_vec vec[8];
		size_t n, total = 0;
		bool seen = false;

		assert_int_equal(slu_session_out(c, vec, 8), 1);
		assert_int_equal(slu_session_in(s, vec[0].data, vec[0].size), 1537);
		slu_session_sent(c, 1537);
		n = slu_session_out(s, vec, 8);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(slu_session_in(c, vec[i].data, vec[i].size), vec[i].size);
		n = slu_session_out(c, vec, 8);
		for (size_t i = 0; i < n; i++) {
			seen = seen || contains(vec[i].data, vec[i].size, "secretapp");
			total += vec[i].size;
		}
		assert_in_range(total, 1536 + 100, 1536 + 400);
		assert_int_equal(seen, kind == SLU_HANDSHAKE_DIGEST);
		slu_session_free(c);
		slu_session_free(s);
	}
}

/* All that from has, to the other's session. */
static void hand_over(struct slu_session *from, struct slu_session *to)
{
	struct slu_vec vec[8];
	size_t n = slu_session_out(from, vec, 8), total = 0;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(slu_session_in(to, vec[i].data, vec[i].size), vec[i].size);
		total += vec[i].size;
	}
	slu_session_sent(from, total);
}

/* The session of a refused client ends once all is sent, what is encrypted already too. */
static void a_refused_client_hears_of_it(void **state)
{
	const struct slu_cryptops *ops = slu_cryptops_openssl();
	const struct slu_session_config client = {.handshake = SLU_HANDSHAKE_RTMPE6, .crypto = ops};
	const struct slu_session_config server = {.role = SLU_SERVER, .crypto = ops};
	struct slu_session *c = slu_session_new(&client), *s = slu_session_new(&server);
	struct slu_event ev;
	struct slu_vec vec;
	long got = 0;

	(void)state;
	hand_over(c, s);
	hand_over(s, c);
	while (slu_session_event(c, &ev))
		;
	slu_session_out(c, &vec, 1);
	for (size_t at = 0; at < vec.size; at += (size_t)got) {
		got = slu_session_in(s, (const uint8_t *)vec.data + at, vec.size - at);
		assert_true(got >= 0);
		while (slu_session_event(s, &ev))
			;
	}
	assert_int_equal(slu_session_refuse(s, "NetConnection.Connect.Rejected", "not here"), 0);
	while (slu_session_out(s, &vec, 1)) {
		assert_int_equal(slu_session_tick(s, 0), 0);
		got = slu_session_in(c, vec.data, 1);
		slu_session_sent(s, 1);
	}
	assert_int_equal(slu_session_tick(s, 0), SLU_ERR_CLOSED);
	assert_int_equal(got, SLU_ERR_REFUSED);
	assert_non_null(strstr(slu_session_error(c), "not here"));
	slu_session_free(c);
	slu_session_free(s);
}

static void wants_crypto(void **state)
{
	const struct slu_session_config client = {.handshake = SLU_HANDSHAKE_RTMPE6};

	(void)state;
	assert_null(slu_session_new(&client));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publishes),          cmocka_unit_test(plays),
		cmocka_unit_test(hides_what_is_said), cmocka_unit_test(a_refused_client_hears_of_it),
		cmocka_unit_test(wants_crypto),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
