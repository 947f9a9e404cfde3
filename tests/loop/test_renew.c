/* SPDX-License-Identifier: MIT */
/* A connection that can carry no more data, as when the keys of its encryption by the kernel are used up. */
#include "conn_kit.h"

#include <sys/socket.h>

#include "../unit/test_net.h"
#include "conn/conn_impl.h"

enum { FRAME = 10000, FRAMES = 400, LITTLE = 65536 };

static long no_more(struct slu_transport *t, const struct slu_vec *vec, size_t nvec)
{
	(void)t;
	(void)vec;
	(void)nvec;
	return SLU_ERR_RENEW;
}

static struct slu_transport_ops used_up;

static void use_up(struct slu_conn *c)
{
	used_up = *c->transport->ops;
	used_up.send = no_more;
	c->transport->ops = &used_up;
}

static struct slu_conn_stats stats(struct slu_conn *c)
{
	struct slu_conn_stats s;

	slu_conn_stats(c, &s);
	return s;
}

/* Some frames are on their way to a server that reads nothing, one is cut, and some are still queued. */
static void begin(struct loop *l, unsigned stall_timeout_ms)
{
	int little = LITTLE;
	uint32_t sum = 0;

	loop_init(l, false);
	l->config[0].send_buffer = LITTLE;
	l->config[0].stall_timeout_ms = stall_timeout_ms;
	(void)setsockopt(l->listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	loop_publish(l);
	l->server.hangs = true;
	for (uint32_t i = 0; i < FRAMES; i++)
		assert_int_equal(loop_send(l->client.c, i, FRAME, &sum), 0);
	assert_int_equal(slu_conn_flush(l->client.c), 0);
	for (int i = 0; i < 5; i++)
		loop_once(l, 10);
	use_up(l->client.c);
}

static bool never(struct loop *l)
{
	(void)l;
	return false;
}

static void what_was_sent_arrives(void **state)
{
	struct slu_conn_stats s;
	struct loop l;

	(void)state;
	begin(&l, 10000);
	s = stats(l.client.c);
	assert_true(s.session.media_sent > 0 && s.session.media_sent < FRAMES);
	/* Nothing more is taken, but the server is given all the time that it needs. */
	l.client.c->blocked = false;
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	assert_false(loop_run(&l, never, 1500));
	assert_false(slu_conn_closed(l.client.c));
	l.server.hangs = false;
	assert_true(loop_run(&l, loop_all_over, 10000));
	assert_int_equal(l.client.err, SLU_ERR_RENEW);
	assert_int_equal(stats(l.client.c).session.media_sent, s.session.media_sent);
	assert_int_equal(l.server.media, s.session.media_sent);
	assert_int_equal(stats(l.client.c).undelivered, slu_conn_queued(l.client.c)); /* that, and no more */
	assert_true(slu_conn_queued(l.client.c) > FRAME);
	loop_clear(&l);
}

static void a_server_that_hangs_is_not_waited_for(void **state)
{
	struct loop l;

	(void)state;
	begin(&l, 300);
	l.client.c->blocked = false;
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	assert_true(loop_run(&l, loop_client_over, 5000));
	assert_int_equal(l.client.err, SLU_ERR_UNDELIVERED);
	assert_true(stats(l.client.c).undelivered > slu_conn_queued(l.client.c));
	loop_clear(&l);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sent_arrives),
		cmocka_unit_test(a_server_that_hangs_is_not_waited_for),
	};

	if (!test_has_tcp_info(1)) {
		LEAVE_OUT(tests, what_was_sent_arrives, TEST_NO_TCP_INFO);
		LEAVE_OUT(tests, a_server_that_hangs_is_not_waited_for, TEST_NO_TCP_INFO);
	}
	return cmocka_run_group_tests_name("renew", tests, NULL, NULL);
}
