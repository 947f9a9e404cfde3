/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "net/tunnel.h"

static uint64_t clock_ms;

static uint64_t now(void)
{
	return clock_ms;
}

struct both {
	struct slu_tunnel *tunnel;
	struct slu_transport *t;
};

static struct both make(void)
{
	struct slu_tunnel_config config = {
		.stats = {.peer = "[::1]:7", .tls_version = "TLSv1.3", .tls_suite = "", .wire_in = 99},
		.timeout_ms = 5000,
		.now_ms = now,
	};
	struct both b;

	clock_ms = 100000;
	b.tunnel = slu_tunnel_new(&config);
	assert_non_null(b.tunnel);
	b.t = slu_tunnel_transport(b.tunnel);
	assert_int_equal(b.t->ops->open(b.t, clock_ms), 1);
	return b;
}

static void unmake(struct both *b)
{
	b->t->ops->free(b->t);
	slu_tunnel_free(b->tunnel);
}

static long send_text(struct both *b, const char *text)
{
	struct slu_vec vec = {text, strlen(text)};

	return b->t->ops->send(b->t, &vec, 1);
}

#define HEAD(length, connection)                                                                                       \
	"HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nContent-Length: " #length "\r\nConnection: " connection \
	"\r\nCache-Control: no-cache\r\n\r\n"

static void assert_answer(struct both *b, bool polled, bool keep, const char *text)
{
	struct slu_buffer *answer = slu_tunnel_answer(b->tunnel, polled, keep);

	assert_non_null(answer);
	assert_int_equal(slu_buffer_size(answer), strlen(text));
	assert_memory_equal(slu_buffer_data(answer), text, strlen(text));
	slu_buffer_put(answer);
}

static void carries_both_ways(void **state)
{
	struct both b = make();
	struct slu_transport_stats stats;
	char buf[16] = "";

	(void)state;
	assert_int_equal(b.t->ops->recv(b.t, buf, sizeof buf), 0);
	slu_tunnel_begin(b.tunnel, 1);
	assert_int_equal(slu_tunnel_put(b.tunnel, "hel", 3), 0);
	assert_int_equal(slu_tunnel_put(b.tunnel, "lo", 2), 0);
	assert_int_equal(b.t->ops->buffered(b.t), 5);
	assert_int_equal(b.t->ops->recv(b.t, buf, 4), 4);
	assert_int_equal(b.t->ops->recv(b.t, buf + 4, 4), 1);
	assert_string_equal(buf, "hello");
	assert_int_equal(send_text(&b, "good "), 5);
	assert_int_equal(send_text(&b, "bye"), 3);
	assert_int_equal(slu_tunnel_answer_by(b.tunnel), 0);
	assert_answer(&b, false, true, HEAD(9, "Keep-Alive") "\1good bye");
	b.t->ops->stats(b.t, &stats);
	assert_true(stats.http);
	assert_string_equal(stats.peer, "[::1]:7");
	assert_int_equal(stats.wire_in, 5);
	assert_int_equal(stats.wire_out, 8);
	slu_tunnel_begin(b.tunnel, 2);
	assert_answer(&b, true, false, HEAD(1, "close") "\1");
	assert_int_equal(b.t->ops->fd(b.t), -1);
	unmake(&b);
}

/* A client that does not know whether its request arrived sends it again. */
static void the_same_number_is_the_same_request(void **state)
{
	struct both b = make();

	(void)state;
	slu_tunnel_begin(b.tunnel, 0);
	assert_int_equal(send_text(&b, "x"), 1);
	assert_answer(&b, true, true, HEAD(2, "Keep-Alive") "\1x");
	assert_int_equal(send_text(&b, "later"), 5);
	slu_tunnel_begin(b.tunnel, 0);
	assert_int_equal(slu_tunnel_answer_by(b.tunnel), 0);
	assert_answer(&b, true, true, HEAD(2, "Keep-Alive") "\1x");
	slu_tunnel_begin(b.tunnel, 1);
	assert_answer(&b, true, true, HEAD(6, "Keep-Alive") "\1later");
	/* One that was not answered before gets an answer of its own, */
	slu_tunnel_begin(b.tunnel, 2);
	slu_tunnel_begin(b.tunnel, 2);
	assert_int_equal(slu_tunnel_answer_by(b.tunnel), clock_ms + 15);
	assert_int_equal(send_text(&b, "last"), 4);
	assert_answer(&b, true, true, HEAD(5, "Keep-Alive") "\1last");
	unmake(&b);
}

/* and of its body counts what had not come before the connection ended. */
static void what_came_again_counts_once(void **state)
{
	struct both b = make();
	char buf[16] = "";

	(void)state;
	slu_tunnel_begin(b.tunnel, 0);
	assert_int_equal(slu_tunnel_put(b.tunnel, "hel", 3), 0);
	assert_int_equal(b.t->ops->recv(b.t, buf, sizeof buf), 3);
	slu_tunnel_begin(b.tunnel, 0);
	assert_int_equal(slu_tunnel_put(b.tunnel, "he", 2), 0);
	assert_int_equal(slu_tunnel_put(b.tunnel, "llo", 3), 0);
	assert_answer(&b, false, true, HEAD(1, "Keep-Alive") "\1");
	slu_tunnel_begin(b.tunnel, 0);
	assert_int_equal(slu_tunnel_put(b.tunnel, "hello", 5), 0);
	assert_int_equal(b.t->ops->recv(b.t, buf + 3, sizeof buf - 3), 2);
	assert_string_equal(buf, "hello");
	slu_tunnel_begin(b.tunnel, 1);
	assert_int_equal(slu_tunnel_put(b.tunnel, "hello", 5), 0);
	assert_int_equal(b.t->ops->recv(b.t, buf, sizeof buf), 5);
	unmake(&b);
}

static void who_asks_too_soon_waits(void **state)
{
	static const unsigned char intervals[] = {1, 3, 5, 9, 17, 33, 33};
	struct both b = make();

	(void)state;
	for (uint64_t i = 0; i < 10 * sizeof intervals; i++) {
		unsigned interval = intervals[i / 10];
		uint64_t by;

		slu_tunnel_begin(b.tunnel, i);
		by = slu_tunnel_answer_by(b.tunnel);
		assert_int_equal(by, clock_ms + interval * 15);
		clock_ms = by;
		assert_int_equal(slu_tunnel_answer_by(b.tunnel), 0);
		slu_buffer_put(slu_tunnel_answer(b.tunnel, true, true));
	}
	/* Not when there is something to say, and then the next wait is short again. */
	slu_tunnel_begin(b.tunnel, 1000);
	assert_int_equal(send_text(&b, "x"), 1);
	assert_int_equal(slu_tunnel_answer_by(b.tunnel), 0);
	assert_answer(&b, true, true, HEAD(2, "Keep-Alive") "\1x");
	slu_tunnel_begin(b.tunnel, 1001);
	assert_int_equal(slu_tunnel_answer_by(b.tunnel), clock_ms + 15);
	unmake(&b);
}

static void takes_no_more_than_it_holds(void **state)
{
	static char much[1 << 20];
	struct slu_vec vec[] = {{much, 200000}, {much, 200000}};
	struct both b = make();

	(void)state;
	assert_int_equal(b.t->ops->send(b.t, vec, 2), 256 * 1024);
	assert_int_equal(b.t->ops->send(b.t, vec, 2), 0);
	assert_true(b.t->ops->waits(b.t));
	slu_tunnel_begin(b.tunnel, 1);
	slu_buffer_put(slu_tunnel_answer(b.tunnel, true, true));
	assert_int_equal(b.t->ops->send(b.t, vec, 1), 200000);
	assert_int_equal(slu_tunnel_put(b.tunnel, much, sizeof much), 0);
	assert_int_equal(slu_tunnel_put(b.tunnel, much, 1), SLU_ERR_LIMIT);
	unmake(&b);
}

static void ends_from_either_side(void **state)
{
	struct both b = make();
	char buf[4];

	(void)state;
	assert_int_equal(slu_tunnel_put(b.tunnel, "x", 1), 0);
	slu_tunnel_end(b.tunnel);
	assert_int_equal(b.t->ops->deadline(b.t), 0);
	assert_int_equal(b.t->ops->recv(b.t, buf, 4), 1); /* what came before that counts */
	assert_int_equal(b.t->ops->recv(b.t, buf, 4), SLU_ERR_CLOSED);
	assert_true(slu_tunnel_over(b.tunnel));
	unmake(&b);

	b = make();
	assert_int_equal(send_text(&b, "bye"), 3);
	assert_int_equal(b.t->ops->shutdown(b.t), 0);
	assert_false(slu_tunnel_over(b.tunnel));
	slu_tunnel_begin(b.tunnel, 1);
	assert_answer(&b, true, true, HEAD(4, "Keep-Alive") "\1bye");
	assert_int_equal(b.t->ops->shutdown(b.t), 1);
	assert_true(slu_tunnel_over(b.tunnel));
	unmake(&b);

	b = make();
	b.t->ops->free(b.t);
	assert_true(slu_tunnel_over(b.tunnel));
	slu_tunnel_free(b.tunnel);
}

static void who_does_not_ask_is_gone(void **state)
{
	struct both b = make();
	char buf[4];

	(void)state;
	clock_ms += 3000;
	slu_tunnel_begin(b.tunnel, 1);
	assert_int_equal(b.t->ops->deadline(b.t), clock_ms + 5000);
	clock_ms += 4999;
	assert_int_equal(b.t->ops->recv(b.t, buf, 4), 0);
	clock_ms += 1;
	assert_int_equal(b.t->ops->recv(b.t, buf, 4), SLU_ERR_RESET);
	assert_string_equal(b.t->ops->error(b.t), "the client does not ask for data any more: it may be gone");
	unmake(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_both_ways),           cmocka_unit_test(the_same_number_is_the_same_request),
		cmocka_unit_test(what_came_again_counts_once), cmocka_unit_test(who_asks_too_soon_waits),
		cmocka_unit_test(takes_no_more_than_it_holds), cmocka_unit_test(ends_from_either_side),
		cmocka_unit_test(who_does_not_ask_is_gone),
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
