/* SPDX-License-Identifier: MIT */
/* Publishing over TCP and TLS: what arrives, and what it costs in writes and records. */
#include "conn_kit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unit/tls_kit.h"

enum { BIG = 300000 };

static uint64_t expected;

static bool all_arrived(struct loop *l)
{
	return l->server.media >= expected || loop_client_over(l);
}

/* ---- the socket ---- */

static unsigned user_timeout(struct slu_conn *c)
{
	unsigned value = 0;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(slu_conn_fd(c), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &len), 0);
	return value;
}

/* Somewhat above the stall deadline, whose sentence is the better one. */
static void the_kernel_gives_up_too(void **state)
{
	struct loop l;

	(void)state;
	loop_init(&l, false);
	l.config[1].stall_timeout_ms = 4000;
	loop_publish(&l);
	assert_int_equal(user_timeout(l.client.c), 16000);
	assert_int_equal(user_timeout(l.server.c), 5000);
	loop_clear(&l);
}

/* Connected, and then silent: with TLS and without, the server's deadline ends it. */
static void say_nothing(bool tls)
{
	struct loop l;

	loop_init(&l, tls);
	if (tls)
		l.config[1].tls_timeout_ms = 50;
	else
		l.config[1].session.handshake_timeout_ms = 50;
	loop_open(&l);
	l.client.hangs = true;
	slu_conn_process(l.client.c); /* its SYN */
	assert_true(loop_run(&l, loop_server_over, 5000));
	assert_int_equal(l.server.err, SLU_ERR_TIMEOUT);
	loop_clear(&l);
}

static void a_client_that_says_nothing(void **state)
{
	(void)state;
	say_nothing(false);
	say_nothing(true);
}

/* ---- what arrives ---- */

static void publish(bool tls)
{
	struct slu_conn_stats stats;
	struct loop l;
	uint32_t sum = 0;

	loop_init(&l, tls);
	loop_publish(&l);
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(loop_send(l.client.c, i * 40, i * 97 + 1, &sum), 0);
		assert_int_equal(slu_conn_flush(l.client.c), 0);
		loop_once(&l, 0);
	}
	expected = 200;
	assert_true(loop_run(&l, all_arrived, 10000));
	assert_int_equal(l.server.media, 200);
	assert_int_equal(l.server.sum, sum);
	slu_conn_close(l.client.c);
	assert_true(loop_run(&l, loop_all_over, 10000));
	assert_int_equal(l.client.err, 0);
	assert_int_equal(l.server.err, 0);
	assert_int_equal(l.server.events[SLU_EVENT_UNPUBLISH], 1);
	slu_conn_stats(l.client.c, &stats);
	assert_int_equal(stats.undelivered, 0);
	assert_int_equal(stats.session.media_out, 200);
	assert_int_equal(stats.tls, tls);
	assert_string_equal(slu_conn_error(l.client.c), "");
	loop_clear(&l);
}

static void publishes_over_tcp(void **state)
{
	(void)state;
	publish(false);
}

static void publishes_over_tls(void **state)
{
	(void)state;
	publish(true);
}

/* ---- what it costs ---- */

static void measure(bool tls, uint32_t chunk_size)
{
	struct slu_conn_stats before, after;
	struct loop l;
	uint64_t bytes;
	uint32_t sum = 0;

	loop_init(&l, tls);
	l.config[0].session.chunk_size = chunk_size;
	l.config[0].send_buffer = 4 << 20;
	loop_publish(&l);
	slu_conn_stats(l.client.c, &before);
	assert_int_equal(loop_send(l.client.c, 0, BIG, &sum), 0);
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	slu_conn_stats(l.client.c, &after);
	assert_int_equal(slu_conn_queued(l.client.c), 0);
	bytes = after.session.bytes_out - before.session.bytes_out;
	assert_true(bytes >= BIG + (BIG - 1) / chunk_size);
	assert_int_equal(after.flushes - before.flushes, 1);
	assert_int_equal(after.writes - before.writes, 1);
	if (tls) {
		assert_int_equal(after.records - before.records, (bytes + 16383) / 16384);
		assert_int_equal(after.short_records, before.short_records);
	} else {
		assert_int_equal(after.wire_out - before.wire_out, bytes);
	}
	expected = 1;
	assert_true(loop_run(&l, all_arrived, 10000));
	assert_int_equal(l.server.sum, sum);
	loop_clear(&l);
}

static void one_write_a_flush(void **state)
{
	static const uint32_t sizes[] = {128, 4096, 65536};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		measure(false, sizes[i]);
		measure(true, sizes[i]);
	}
}

/* More than one write call is offered at a time is still cut at the ends of records. */
static void full_records_however_much_is_queued(void **state)
{
	enum { MESSAGES = 30 };
	struct slu_conn_stats before, after;
	struct loop l;
	uint64_t bytes;
	uint32_t sum = 0;

	(void)state;
	loop_init(&l, true);
	loop_publish(&l);
	slu_conn_stats(l.client.c, &before);
	for (uint32_t i = 0; i < MESSAGES; i++)
		assert_int_equal(loop_send(l.client.c, i, 100001, &sum), 0);
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	expected = MESSAGES;
	assert_true(loop_run(&l, all_arrived, 10000));
	slu_conn_stats(l.client.c, &after);
	bytes = after.session.bytes_out - before.session.bytes_out;
	assert_int_equal(after.records - before.records, (bytes + 16383) / 16384);
	assert_int_equal(l.server.sum, sum);
	loop_clear(&l);
}

/* Several messages that are queued together share records and the write. */
static void one_write_for_several(void **state)
{
	struct slu_conn_stats before, after;
	struct loop l;
	uint32_t sum = 0;

	(void)state;
	loop_init(&l, true);
	loop_publish(&l);
	slu_conn_stats(l.client.c, &before);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(loop_send(l.client.c, i, 1000, &sum), 0);
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	slu_conn_stats(l.client.c, &after);
	assert_int_equal(after.writes - before.writes, 1);
	assert_int_equal(after.records - before.records, 2);
	loop_clear(&l);
}

/* With more to come, only full records go out, and nothing stays behind at the end. */
static void keeps_back_what_fills_no_record(void **state)
{
	enum { MESSAGES = 100, SIZE = 7000 };
	struct slu_conn_stats before, after;
	struct loop l;
	uint64_t bytes;
	uint32_t sum = 0;

	(void)state;
	loop_init(&l, true);
	l.config[0].send_buffer = 4 << 20;
	loop_publish(&l);
	slu_conn_stats(l.client.c, &before);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		assert_int_equal(loop_send(l.client.c, i, SIZE, &sum), 0);
		assert_int_equal(slu_conn_flush_more(l.client.c), 0);
		assert_true(slu_conn_queued(l.client.c) < 16384);
	}
	assert_true(slu_conn_queued(l.client.c) > 0);
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	assert_int_equal(slu_conn_queued(l.client.c), 0);
	slu_conn_stats(l.client.c, &after);
	bytes = after.session.bytes_out - before.session.bytes_out;
	assert_int_equal(after.records - before.records, (bytes + 16383) / 16384);
	assert_int_equal(after.writes - before.writes, (bytes + 16383) / 16384);
	expected = MESSAGES;
	assert_true(loop_run(&l, all_arrived, 10000));
	assert_int_equal(l.server.sum, sum);
	loop_clear(&l);
}

/* ---- while publishing ---- */

static bool ponged(struct loop *l)
{
	struct slu_conn_stats stats;

	slu_conn_stats(l->server.c, &stats);
	return stats.session.ping_ms != UINT32_MAX;
}

static bool acked(struct loop *l)
{
	struct slu_conn_stats stats;

	slu_conn_stats(l->client.c, &stats);
	return stats.session.acked > 0;
}

static void answers_while_publishing(void **state)
{
	struct loop l;
	uint32_t sum = 0;

	(void)state;
	loop_init(&l, true);
	loop_publish(&l);
	assert_int_equal(slu_session_ping(slu_conn_session(l.server.c)), 0);
	assert_int_equal(slu_conn_flush(l.server.c), 0);
	for (uint32_t i = 0; i < 40; i++) {
		assert_int_equal(loop_send(l.client.c, i * 40, 100000, &sum), 0);
		assert_int_equal(slu_conn_flush(l.client.c), 0);
		loop_once(&l, 0);
	}
	assert_true(loop_run(&l, ponged, 5000));
	assert_true(loop_run(&l, acked, 5000));
	loop_clear(&l);
}

static void refuse(enum slu_event_type what, const char *sentence)
{
	struct loop l;
	const char *error;

	loop_init(&l, false);
	l.server.refuses = what;
	loop_open(&l);
	slu_session_publish(slu_conn_session(l.client.c), slu_conn_stream(l.client.c), SLU_PUBLISH_LIVE);
	assert_true(loop_run(&l, loop_client_over, 5000));
	assert_int_equal(l.client.err, SLU_ERR_REFUSED);
	error = slu_conn_error(l.client.c);
	assert_non_null(strstr(error, "rtmp://127.0.0.1:"));
	assert_non_null(strstr(error, sentence));
	assert_null(strstr(error, "secret"));
	assert_true(loop_run(&l, loop_server_over, 5000));
	assert_int_equal(l.server.err, 0);
	loop_clear(&l);
}

static void refusals_are_told(void **state)
{
	(void)state;
	refuse(SLU_EVENT_CONNECT, "refused connect: NetConnection.Connect.Rejected (*** is in use)");
	refuse(SLU_EVENT_PUBLISH, "refused publish: NetStream.Publish.BadName (*** is in use)");
}

/* ---- a foreign loop ---- */

static void foreign_wait(int ep, struct end *e)
{
	unsigned want = slu_conn_want(e->c);
	struct epoll_event ev = {.events = (want & SLU_WANT_READ ? EPOLLIN : 0u) |
					   (want & SLU_WANT_WRITE ? EPOLLOUT : 0u)};
	int fd = slu_conn_fd(e->c), timeout = slu_conn_timeout(e->c);

	if (fd >= 0)
		assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
	epoll_wait(ep, &ev, 1, timeout < 0 || timeout > 20 ? 20 : timeout);
	if (fd >= 0)
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
	e->err = slu_conn_process(e->c);
}

static void foreign_loop(void **state)
{
	struct slu_event ev;
	struct loop l;
	uint32_t sum = 0;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	(void)state;
	loop_init(&l, true);
	loop_open(&l);
	slu_session_publish(slu_conn_session(l.client.c), slu_conn_stream(l.client.c), SLU_PUBLISH_LIVE);
	l.client.hangs = true; /* the loop's own driver leaves it alone */
	for (int i = 0; i < 2000 && !slu_conn_closed(l.client.c); i++) {
		foreign_wait(ep, &l.client);
		while (slu_conn_event(l.client.c, &ev)) {
			if (ev.type != SLU_EVENT_PUBLISHING)
				continue;
			for (uint32_t k = 0; k < 50; k++)
				assert_int_equal(loop_send(l.client.c, k, 50000, &sum), 0);
			slu_conn_flush(l.client.c);
			slu_conn_close(l.client.c);
		}
		loop_once(&l, 0);
	}
	assert_true(slu_conn_closed(l.client.c));
	assert_string_equal(slu_conn_error(l.client.c), "");
	assert_true(loop_run(&l, loop_server_over, 5000));
	assert_int_equal(l.server.media, 50);
	assert_int_equal(l.server.sum, sum);
	close(ep);
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
		cmocka_unit_test(the_kernel_gives_up_too),
		cmocka_unit_test(a_client_that_says_nothing),
		cmocka_unit_test(publishes_over_tcp),
		cmocka_unit_test(publishes_over_tls),
		cmocka_unit_test(one_write_a_flush),
		cmocka_unit_test(full_records_however_much_is_queued),
		cmocka_unit_test(one_write_for_several),
		cmocka_unit_test(keeps_back_what_fills_no_record),
		cmocka_unit_test(answers_while_publishing),
		cmocka_unit_test(refusals_are_told),
		cmocka_unit_test(foreign_loop),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, teardown);
}
