/* SPDX-License-Identifier: MIT */
/* Closing loses nothing, ends in time, and says what was not delivered. */
#include "conn_kit.h"

#include <poll.h>
#include <sys/ioctl.h>

#include "../unit/test_net.h"
#include "../unit/tls_kit.h"

enum { TIMES = 100, PIECES = 64, PIECE = 65536 };

static void queue_four_mb(struct loop *l, uint32_t *sum)
{
	for (uint32_t i = 0; i < PIECES; i++)
		assert_int_equal(loop_send(l->client.c, i, PIECE, sum), 0);
	assert_int_equal(slu_conn_flush(l->client.c), 0);
}

static uint64_t undelivered(struct loop *l)
{
	struct slu_conn_stats stats;

	slu_conn_stats(l->client.c, &stats);
	return stats.undelivered;
}

/* ---- nothing is lost ---- */

/* 4 MB and a close at once, against a server that closes, or lets go, as soon as it has seen the end of publishing. */
static void close_at_once(bool tls, bool drops)
{
	uint32_t sum = 0;
	struct loop l;

	loop_init(&l, tls);
	if (drops)
		l.server.drops_on = SLU_EVENT_UNPUBLISH;
	else
		l.server.closes_on = SLU_EVENT_UNPUBLISH;
	loop_publish(&l);
	queue_four_mb(&l, &sum);
	assert_int_equal(slu_conn_close(l.client.c), 0);
	assert_true(loop_run(&l, loop_all_over, 20000));
	assert_string_equal(slu_conn_error(l.client.c), "");
	assert_int_equal(l.client.err, 0);
	assert_int_equal(l.server.media, PIECES);
	assert_int_equal(l.server.bytes, PIECES * PIECE);
	assert_int_equal(l.server.sum, sum);
	assert_int_equal(undelivered(&l), 0);
	loop_clear(&l);
}

static void loses_nothing_over_tcp(void **state)
{
	(void)state;
	for (int i = 0; i < TIMES; i++)
		close_at_once(false, i % 2);
}

/* With TLS 1.3 the server's session tickets are on their way meanwhile. */
static void loses_nothing_over_tls(void **state)
{
	(void)state;
	for (int i = 0; i < TIMES; i++)
		close_at_once(true, i % 2);
}

/* ---- peers that do not do their part ---- */

static void peer_never_closes(void **state)
{
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, true);
	l.config[0].close_timeout_ms = 50;
	loop_publish(&l);
	l.server.hangs = true;
	assert_int_equal(loop_send(l.client.c, 0, 10000, &sum), 0);
	assert_int_equal(slu_conn_finish(l.client.c), 0);
	assert_int_equal(undelivered(&l), 0);
	loop_clear(&l);
}

static bool unpublished(struct loop *l)
{
	return l->server.events[SLU_EVENT_UNPUBLISH] > 0;
}

static uint64_t wire_in(struct slu_conn *c)
{
	struct slu_conn_stats stats;

	slu_conn_stats(c, &stats);
	return stats.wire_in;
}

static bool stream_is_shut(struct loop *l)
{
	struct pollfd p = {.fd = slu_conn_fd(l->server.c), .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1;
}

/* A peer that does not read for a while and goes on speaking is read all the while: when we still have some of the
 * stream (more than the socket takes), and when only the kernel has. */
static void reads_while_closing(unsigned pieces, int send_buffer, bool all_written)
{
	uint32_t sum = 0;
	uint64_t before;
	struct loop l;

	loop_init(&l, false);
	l.config[0].send_buffer = send_buffer;
	loop_publish(&l);
	l.server.hangs = true;
	for (uint32_t i = 0; i < pieces; i++)
		assert_int_equal(loop_send(l.client.c, i, PIECE, &sum), 0);
	slu_conn_close(l.client.c);
	for (int i = 0; i < 20; i++)
		loop_once(&l, 1);
	assert_int_equal(slu_conn_queued(l.client.c) == 0, all_written);
	assert_false(stream_is_shut(&l));
	before = wire_in(l.client.c);
	assert_int_equal(slu_session_ping(slu_conn_session(l.server.c)), 0);
	assert_int_equal(slu_conn_flush(l.server.c), 0);
	for (int i = 0; i < 20; i++)
		loop_once(&l, 1);
	assert_int_equal(wire_in(l.client.c) - before, 18); /* a chunk header of 12 bytes, and the ping's 6 */
	l.server.hangs = false;
	assert_true(loop_run(&l, loop_all_over, 10000));
	assert_int_equal(l.client.err, 0);
	assert_int_equal(l.server.media, pieces);
	assert_int_equal(l.server.sum, sum);
	loop_clear(&l);
}

static void reads_while_it_drains(void **state)
{
	(void)state;
	reads_while_closing(PIECES, 65536, false);
}

static void reads_until_all_is_acknowledged(void **state)
{
	(void)state;
	reads_while_closing(4, 4 << 20, true);
}

/* Its own end is not the end: the peer's is awaited, a second at most whatever was asked for. */
static void waits_for_the_peers_end(void **state)
{
	struct loop l;

	(void)state;
	loop_init(&l, true);
	l.config[0].close_timeout_ms = 60000;
	loop_publish(&l);
	l.server.hangs = true;
	slu_conn_close(l.client.c);
	assert_true(loop_run(&l, stream_is_shut, 5000));
	assert_false(slu_conn_closed(l.client.c));
	assert_true(slu_conn_want(l.client.c) & SLU_WANT_READ);
	assert_in_range(slu_conn_timeout(l.client.c), 0, 1000);
	l.server.hangs = false;
	assert_true(loop_run(&l, loop_all_over, 5000));
	assert_int_equal(l.client.err, 0);
	assert_int_equal(l.server.err, 0);
	loop_clear(&l);
}

static void peer_resets_having_all(void **state)
{
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, false);
	loop_publish(&l);
	assert_int_equal(loop_send(l.client.c, 0, 10000, &sum), 0);
	slu_conn_close(l.client.c);
	assert_int_equal(slu_conn_process(l.client.c), 0);
	l.client.hangs = true; /* it is in the middle of closing when the reset comes */
	assert_true(loop_run(&l, unpublished, 5000));
	loop_reset(&l);
	l.client.hangs = false;
	assert_true(loop_run(&l, loop_client_over, 5000));
	assert_int_equal(l.client.err, 0);
	assert_int_equal(undelivered(&l), 0);
	loop_clear(&l);
}

static void peer_resets_missing_some(void **state)
{
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	for (int round = 0; round < 2; round++) {
		loop_init(&l, round == 1);
		loop_publish(&l);
		l.server.hangs = true;
		for (int i = 0; i < 4; i++)
			queue_four_mb(&l, &sum);
		slu_conn_close(l.client.c);
		for (int i = 0; i < 10; i++)
			loop_once(&l, 5);
		assert_false(loop_client_over(&l));
		loop_reset(&l);
		assert_true(loop_run(&l, loop_client_over, 5000));
		assert_int_equal(l.client.err, SLU_ERR_UNDELIVERED);
		assert_in_range(undelivered(&l), 1, 4 * PIECES * (PIECE + 500));
		assert_non_null(strstr(slu_conn_error(l.client.c), "bytes are not delivered"));
		loop_clear(&l);
	}
}

/* All is written, and closing waits for the peer's kernel, when the reset comes: what it has not acknowledged is lost.
 */
static void peer_resets_before_it_acknowledged(void **state)
{
	enum { SIZE = 300000 };
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, false);
	l.config[0].send_buffer = 4 << 20;
	loop_publish(&l);
	l.server.hangs = true; /* its window is some 64 KB, and stays so */
	assert_int_equal(loop_send(l.client.c, 0, SIZE, &sum), 0);
	slu_conn_close(l.client.c);
	for (int i = 0; i < 10; i++)
		loop_once(&l, 5);
	assert_false(loop_client_over(&l));
	assert_int_equal(slu_conn_queued(l.client.c), 0);
	loop_reset(&l);
	assert_true(loop_run(&l, loop_client_over, 5000));
	assert_int_equal(l.client.err, SLU_ERR_UNDELIVERED);
	assert_in_range(undelivered(&l), 1000, SIZE + 1000);
	loop_clear(&l);
}

static void reset_in_mid_stream(void **state)
{
	struct loop l;

	(void)state;
	loop_init(&l, false);
	loop_publish(&l);
	loop_reset(&l);
	assert_true(loop_run(&l, loop_client_over, 5000));
	assert_int_equal(l.client.err, SLU_ERR_RESET);
	assert_non_null(strstr(slu_conn_error(l.client.c), "hung up in mid-stream"));
	assert_int_equal(slu_conn_finish(l.client.c), SLU_ERR_RESET);
	loop_clear(&l);
}

/* ---- a peer that stops reading ---- */

/* What of the client's bytes the server's kernel never had. */
static uint64_t missing(struct loop *l)
{
	struct slu_conn_stats stats;
	int unread = 0;

	slu_conn_stats(l->client.c, &stats);
	assert_int_equal(ioctl(slu_conn_fd(l->server.c), FIONREAD, &unread), 0);
	return slu_conn_queued(l->client.c) + stats.wire_out - wire_in(l->server.c) - (unsigned)unread;
}

static void stall(bool closing)
{
	uint32_t sum = 0;
	struct loop l;

	loop_init(&l, closing);
	l.config[0].stall_timeout_ms = 200;
	loop_publish(&l);
	l.server.hangs = true;
	for (int i = 0; i < 4; i++)
		queue_four_mb(&l, &sum);
	if (closing)
		slu_conn_close(l.client.c);
	assert_true(loop_run(&l, loop_client_over, 10000));
	assert_int_equal(l.client.err, closing ? SLU_ERR_UNDELIVERED : SLU_ERR_STALLED);
	assert_non_null(strstr(slu_conn_error(l.client.c), "took no data for 200 ms"));
	assert_true(undelivered(&l) > 0);
	if (!closing && test_has_tcp_info(1))
		assert_int_equal(undelivered(&l), missing(&l));
	loop_clear(&l);
}

static void stall_while_publishing(void **state)
{
	(void)state;
	stall(false);
}

static void stall_while_closing(void **state)
{
	(void)state;
	stall(true);
}

static bool never(struct loop *l)
{
	(void)l;
	return false;
}

/* What the peer's kernel has acknowledged is no stall, and an idle connection is none either. */
static void no_stall_without_data(void **state)
{
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, false);
	l.config[0].stall_timeout_ms = 600; /* more than a delayed acknowledgement takes */
	loop_publish(&l);
	l.server.hangs = true;
	assert_int_equal(loop_send(l.client.c, 0, 10000, &sum), 0);
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	loop_run(&l, never, 1500);
	assert_false(loop_client_over(&l));
	assert_int_equal(slu_conn_timeout(l.client.c), -1);
	loop_clear(&l);
}

/* ---- servers that hang up ---- */

static void server_hangs_up(void **state)
{
	static const struct {
		enum slu_event_type on;
		const char *hint;
	} cases[] = {
		{SLU_EVENT_HANDSHAKE, "hung up when told the application"},
		{SLU_EVENT_PUBLISH, "hung up when asked to publish or play"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct loop l;

		loop_init(&l, i % 2);
		l.server.closes_on = cases[i].on;
		loop_open(&l);
		slu_session_publish(slu_conn_session(l.client.c), slu_conn_stream(l.client.c), SLU_PUBLISH_LIVE);
		assert_true(loop_run(&l, loop_client_over, 5000));
		assert_int_equal(slu_err_family(l.client.err), SLU_FAMILY_IO);
		if (!strstr(slu_conn_error(l.client.c), cases[i].hint))
			fail_msg("%s", slu_conn_error(l.client.c));
		loop_clear(&l);
	}
}

/* TLS on one side only: both are told. */
static void the_wrong_scheme(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		const char *error;
		struct loop l;

		loop_init(&l, true);
		if (tls) {
			slu_tls_ctx_free(l.config[1].tls);
			l.config[1].tls = NULL;
		} else { /* rtmps:// loses its s */
			memmove(l.url + 4, l.url + 5, strlen(l.url + 4));
		}
		loop_open(&l);
		assert_true(loop_run(&l, loop_client_over, 5000));
		error = slu_conn_error(l.client.c);
		if (!strstr(error, tls ? "rtmp://" : "rtmps"))
			fail_msg("%s", error);
		loop_clear(&l);
	}
}

static int teardown(void **state)
{
	(void)state;
	kit_remove();
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_nothing_over_tcp),
		cmocka_unit_test(loses_nothing_over_tls),
		cmocka_unit_test(peer_never_closes),
		cmocka_unit_test(waits_for_the_peers_end),
		cmocka_unit_test(reads_while_it_drains),
		cmocka_unit_test(reads_until_all_is_acknowledged),
		cmocka_unit_test(peer_resets_having_all),
		cmocka_unit_test(peer_resets_missing_some),
		cmocka_unit_test(peer_resets_before_it_acknowledged),
		cmocka_unit_test(reset_in_mid_stream),
		cmocka_unit_test(stall_while_publishing),
		cmocka_unit_test(stall_while_closing),
		cmocka_unit_test(no_stall_without_data),
		cmocka_unit_test(server_hangs_up),
		cmocka_unit_test(the_wrong_scheme),
	};

	if (!test_has_tcp_info(1)) {
		LEAVE_OUT(tests, reads_until_all_is_acknowledged, TEST_NO_TCP_INFO);
		LEAVE_OUT(tests, peer_resets_before_it_acknowledged, TEST_NO_TCP_INFO);
	}
	return cmocka_run_group_tests_name("close", tests, NULL, teardown);
}
