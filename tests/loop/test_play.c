/* SPDX-License-Identifier: MIT */
/* Playing over TCP and TLS: a server that queues more than the socket takes, and its end in order. */
#include "conn_kit.h"

#include <sys/socket.h>

#include "../unit/tls_kit.h"

enum { MESSAGES = 200, SIZE = 50000 };

static bool playing(struct loop *l)
{
	return l->client.events[SLU_EVENT_PLAYING] || loop_client_over(l);
}

static void open_and_play(struct loop *l)
{
	struct slu_play live = {.start = -1, .duration = -1};

	loop_open(l);
	assert_int_equal(slu_session_play(slu_conn_session(l->client.c), slu_conn_stream(l->client.c), &live), 0);
	assert_true(loop_run(l, playing, 10000));
	assert_string_equal(slu_conn_error(l->client.c), "");
}

static void play(bool tls)
{
	struct slu_conn_stats stats;
	uint32_t sum = 0;
	struct loop l;

	loop_init(&l, tls);
	open_and_play(&l);
	for (uint32_t i = 0; i < MESSAGES; i++)
		assert_int_equal(loop_send_on(l.server.c, 1, i, SIZE, &sum), 0);
	assert_int_equal(slu_session_eof(slu_conn_session(l.server.c), 1), 0);
	assert_int_equal(slu_conn_flush(l.server.c), 0);
	assert_true(slu_conn_queued(l.server.c) > 0);
	assert_int_equal(slu_conn_close(l.server.c), 0);
	assert_true(loop_run(&l, loop_all_over, 20000));
	assert_string_equal(slu_conn_error(l.client.c), "");
	assert_string_equal(slu_conn_error(l.server.c), "");
	assert_int_equal(l.client.events[SLU_EVENT_STREAM_EOF], 1);
	assert_int_equal(l.client.media, MESSAGES);
	assert_int_equal(l.client.sum, sum);
	slu_conn_stats(l.server.c, &stats);
	assert_int_equal(stats.undelivered, 0);
	assert_in_range(stats.writes, 1, MESSAGES);
	loop_clear(&l);
}

static void plays_over_tcp(void **state)
{
	(void)state;
	play(false);
}

static void plays_over_tls(void **state)
{
	(void)state;
	play(true);
}

/* A player that goes without a word is no failure of the server's. */
static void player_goes(void **state)
{
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, false);
	open_and_play(&l);
	for (uint32_t i = 0; i < MESSAGES; i++)
		assert_int_equal(loop_send_on(l.server.c, 1, i, SIZE, &sum), 0);
	assert_int_equal(slu_conn_flush(l.server.c), 0);
	slu_conn_free(l.client.c);
	l.client.c = NULL;
	assert_true(loop_run(&l, loop_server_over, 5000));
	assert_int_equal(l.server.err, 0);
	loop_clear(&l);
}

/* Nor is one that says that it ends, and takes nothing of what is under way. */
static void player_leaves_in_order(void **state)
{
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, false);
	open_and_play(&l);
	for (uint32_t i = 0; i < 400; i++)
		assert_int_equal(loop_send_on(l.server.c, 1, i, 65536, &sum), 0);
	l.client.hangs = true;
	assert_int_equal(slu_conn_flush(l.server.c), 0);
	assert_true(slu_conn_queued(l.server.c) > 0);
	assert_int_equal(shutdown(slu_conn_fd(l.client.c), SHUT_WR), 0);
	for (int i = 0; i < 20; i++)
		loop_once(&l, 1);
	slu_conn_free(l.client.c); /* with unread data: a reset */
	l.client.c = NULL;
	assert_true(loop_run(&l, loop_server_over, 5000));
	assert_int_equal(l.server.err, 0);
	loop_clear(&l);
}

static int teardown(void **state)
{
	(void)state;
	kit_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plays_over_tcp),
		cmocka_unit_test(plays_over_tls),
		cmocka_unit_test(player_goes),
		cmocka_unit_test(player_leaves_in_order),
	};

	return cmocka_run_group_tests_name("play", tests, NULL, teardown);
}
