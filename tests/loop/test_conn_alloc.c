/* SPDX-License-Identifier: MIT */
/* Allocations of a connection: none in steady state, and any of them may fail. */
#include "conn_kit.h"

#include <openssl/crypto.h>

#include "../alloc_fail.h"
#include "../unit/test_net.h"
#include "../unit/tls_kit.h"

enum { FRAMES = 8, WARM_UP = 200, STEADY = 1000 };

static struct slu_buffer *frames[FRAMES];

static void make_frames(void)
{
	static const size_t sizes[FRAMES] = {60000, 300, 7000, 300, 9000, 250, 12000, 300};

	for (size_t i = 0; i < FRAMES; i++) {
		frames[i] = slu_buffer_new(sizes[i]);
		assert_non_null(frames[i]);
		memset(slu_buffer_data(frames[i]), (int)i, sizes[i]);
	}
}

static int send_frame(struct slu_conn *c, uint32_t i)
{
	struct slu_buffer *b = frames[i % FRAMES];
	struct slu_msg msg = {.type = i % 2 ? SLU_MSG_AUDIO : SLU_MSG_VIDEO,
			      .timestamp = i * 20,
			      .data = slu_buffer_data(b),
			      .size = slu_buffer_size(b),
			      .owner = b};

	return slu_conn_send(c, &msg);
}

/* A frame and a flush, as a live encoder would, and whatever else the loop has to do. */
static void publish(struct loop *l, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++) {
		assert_int_equal(send_frame(l->client.c, i), 0);
		assert_int_equal(slu_conn_flush(l->client.c), 0);
		loop_once(l, 0);
	}
}

static uint64_t expected;

static bool all_arrived(struct loop *l)
{
	return l->server.media >= expected || loop_client_over(l);
}

static void steady(bool tls, uint32_t chunk_size)
{
	struct slu_conn_stats before, after;
	struct loop l;

	loop_init(&l, tls);
	l.config[0].session.chunk_size = chunk_size;
	loop_publish(&l);
	publish(&l, 0, WARM_UP);
	slu_conn_stats(l.client.c, &before);
	alloc_fail_at(-1);
	publish(&l, WARM_UP, STEADY);
	expected = WARM_UP + STEADY;
	assert_true(loop_run(&l, all_arrived, 10000));
	assert_int_equal(alloc_fail_count(), 0);
	slu_conn_stats(l.client.c, &after);
	assert_int_equal(after.flushes - before.flushes, STEADY);
	loop_clear(&l);
}

static void none_in_steady_state_over_tcp(void **state)
{
	(void)state;
	steady(false, 65536);
	steady(false, 128);
}

/* Those of libssl are not counted. */
static void none_in_steady_state_over_tls(void **state)
{
	(void)state;
	steady(true, 65536);
	steady(true, 128);
}

/* ---- failing ---- */

/* The client's part of it, up to its end in order or by an error. */
static void exchange(struct loop *l)
{
	loop_run(l, loop_publishing, 10000);
	if (!loop_client_over(l)) {
		send_frame(l->client.c, 0);
		slu_conn_close(l->client.c);
	}
	assert_true(loop_run(l, loop_client_over, 10000));
	assert_true(loop_run(l, loop_server_over, 10000));
}

static void any_may_fail(void **state)
{
	char error[512];
	bool failed = true;
	long n = 0;

	(void)state;
	for (; failed; n++) {
		struct loop l;

		assert_in_range(n, 0, 500);
		loop_init(&l, false);
		l.quiet = true;
		alloc_fail_at(n);
		l.client.c = slu_conn_open(&l.config[0], l.url, NULL, error, sizeof error);
		if (l.client.c) {
			slu_session_publish(slu_conn_session(l.client.c), "key", SLU_PUBLISH_LIVE);
			exchange(&l);
		} else {
			assert_true(strlen(error) > 0);
		}
		failed = alloc_fail_end();
		if (!failed)
			assert_string_equal(slu_conn_error(l.client.c), "");
		loop_clear(&l);
	}
	assert_in_range(n, 20, 500);
}

static int set_up(void **state)
{
	(void)state;
	make_frames();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < FRAMES; i++)
		slu_buffer_put(frames[i]);
	kit_remove();
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(none_in_steady_state_over_tcp),
		cmocka_unit_test(none_in_steady_state_over_tls),
		cmocka_unit_test(any_may_fail),
	};

	if (!CRYPTO_set_mem_functions(alloc_spared, alloc_spared_again, alloc_spared_free))
		return 1;
	if (!test_has_tcp_info(1))
		LEAVE_OUT(tests, any_may_fail, TEST_NO_TCP_INFO);
	return cmocka_run_group_tests_name("conn_alloc", tests, set_up, tear_down);
}
