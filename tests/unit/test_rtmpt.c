/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "mem_transport.h"
#include "net/rtmpt.h"

static struct mem_transport mem;
static uint64_t clock_ms;
static char got[1 << 16];

static uint64_t now(void)
{
	return clock_ms;
}

static struct slu_transport *make(void)
{
	struct slu_rtmpt_config config = {.host = "live.example", .port = 8080, .timeout_ms = 2000, .now_ms = now};
	struct slu_transport *t;

	clock_ms = 1000;
	mem_init(&mem);
	t = slu_rtmpt_over(&mem.base, &config);
	assert_non_null(t);
	return t;
}

#define OK(length) "HTTP/1.1 200 OK\r\nContent-Length: " #length "\r\n\r\n"
#define HEAD(path, n)                                                                                                  \
	"POST " path " HTTP/1.1\r\nHost: live.example:8080\r\nContent-Type: application/x-fcs\r\n"                     \
	"User-Agent: Shockwave Flash\r\nConnection: Keep-Alive\r\nCache-Control: no-cache\r\nContent-Length: " #n      \
	"\r\n\r\n"

/* With a tunnel "T1". */
static struct slu_transport *make_open(void)
{
	struct slu_transport *t = make();

	assert_int_equal(t->ops->open(t, clock_ms), 0);
	mem_say(&mem, OK(3) "T1\n");
	assert_int_equal(t->ops->open(t, clock_ms), 1);
	mem_heard(&mem);
	mem.reads = mem.writes = 0;
	return t;
}

static long receive(struct slu_transport *t)
{
	memset(got, 0, sizeof got);
	return t->ops->recv(t, got, sizeof got);
}

static long send_text(struct slu_transport *t, const char *a, const char *b)
{
	struct slu_vec vec[] = {{a, strlen(a)}, {b, strlen(b)}};

	return t->ops->send(t, vec, 2);
}

static void opens_a_tunnel(void **state)
{
	struct slu_transport *t = make();

	(void)state;
	mem.is_open = false;
	assert_int_equal(t->ops->open(t, clock_ms), 0);
	assert_int_equal(t->ops->deadline(t), 77);
	assert_int_equal(mem.nsent, 0);
	mem.is_open = true;
	assert_int_equal(t->ops->open(t, clock_ms), 0);
	assert_int_equal(mem.writes, 1);
	assert_int_equal(mem.nsent, sizeof HEAD("/open/1", 1)); /* and the NUL is the body */
	assert_string_equal(mem_heard(&mem), HEAD("/open/1", 1));
	assert_int_equal(t->ops->want(t), SLU_WANT_READ);
	assert_int_equal(t->ops->deadline(t), 3000);
	mem.step = 1;
	mem_say(&mem, OK(6) "ab-12\n");
	assert_int_equal(t->ops->open(t, clock_ms), 1);
	assert_int_equal(t->ops->want(t), 0);
	assert_int_equal(send_text(t, "x", ""), 1);
	assert_string_equal(mem_heard(&mem), HEAD("/send/ab-12/1", 1) "x");
	t->ops->free(t);
	assert_true(mem.freed);
}

static void all_that_is_queued_is_one_request(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	assert_int_equal(send_text(t, "hello, ", "server"), 13);
	assert_int_equal(mem.writes, 1);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/1", 13) "hello, server");
	assert_true(t->ops->waits(t));
	assert_int_equal(send_text(t, "more", ""), 0);
	assert_int_equal(mem.nsent, 0);
	assert_int_equal(receive(t), 0);
	mem_say(&mem, OK(7) "\1answer");
	assert_int_equal(receive(t), 6);
	assert_memory_equal(got, "answer", 6);
	assert_false(t->ops->waits(t));
	assert_int_equal(send_text(t, "more", ""), 4);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/2", 4) "more");
	t->ops->free(t);
}

static void a_full_socket_gets_the_rest_later(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	mem.room = 20;
	assert_int_equal(send_text(t, "hello", ""), 5);
	assert_int_equal(t->ops->want(t), SLU_WANT_WRITE);
	assert_false(t->ops->waits(t));
	assert_int_equal(t->ops->pending(t), strlen(HEAD("/send/T1/1", 5) "hello") - 20);
	assert_int_equal(t->ops->flush(t), 0);
	mem.room = SIZE_MAX;
	assert_int_equal(t->ops->flush(t), 1);
	assert_int_equal(t->ops->pending(t), 0);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/1", 5) "hello");
	t->ops->free(t);
}

static void a_request_is_not_without_end(void **state)
{
	static char much[700000];
	struct slu_vec vec = {much, sizeof much};
	struct slu_transport *t = make_open();

	(void)state;
	assert_int_equal(t->ops->send(t, &vec, 1), 512 * 1024);
	assert_non_null(strstr(mem_heard(&mem), "Content-Length: 524288\r\n"));
	t->ops->free(t);
}

static void waits_longer_while_nothing_comes(void **state)
{
	static const unsigned steps[] = {10, 20, 40, 80, 160, 320, 500, 500};
	unsigned wait = 0;

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		assert_int_equal(wait = slu_rtmpt_wait(0, 0, wait), steps[i]);
	assert_int_equal(slu_rtmpt_wait(0, 1, 500), 10);
	assert_int_equal(slu_rtmpt_wait(-1, 0, 500), 500);
	assert_int_equal(slu_rtmpt_wait(0, 4096, 500), 0);
	assert_int_equal(slu_rtmpt_wait(1, 0, 0), 15);
	assert_int_equal(slu_rtmpt_wait(9, 100, 10), 135);
	assert_int_equal(slu_rtmpt_wait(33, 0, 10), 495);
	assert_int_equal(slu_rtmpt_wait(255, 0, 10), 500);
}

/* An idle minute with a server that answers at once and asks for no wait at all: so many requests, and no look at the
 * socket but for them. */
static void an_idle_tunnel_is_quiet(void **state)
{
	struct slu_transport *t = make_open();
	unsigned polls = 0;

	(void)state;
	for (uint64_t end = clock_ms + 60000; clock_ms < end;) {
		assert_int_equal(t->ops->want(t), 0);
		assert_true(t->ops->deadline(t) > clock_ms);
		clock_ms = t->ops->deadline(t);
		assert_int_equal(receive(t), 0);
		if (!mem.nsent)
			continue;
		polls++;
		mem_heard(&mem);
		mem_say_bytes(&mem, OK(1), sizeof OK(1)); /* with the NUL */
		assert_int_equal(receive(t), 0);
	}
	assert_in_range(polls, 120, 126);
	assert_int_equal(mem.reads, 2 * polls);
	assert_int_equal(mem.writes, polls);
	t->ops->free(t);
}

static void asks_with_the_next_number(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	assert_int_equal(t->ops->deadline(t), clock_ms + 10);
	assert_int_equal(receive(t), 0);
	assert_int_equal(mem.nsent, 0);
	clock_ms += 10;
	assert_int_equal(receive(t), 0);
	assert_string_equal(mem_heard(&mem), HEAD("/idle/T1/1", 1));
	mem_say(&mem, OK(2) "\1x");
	assert_int_equal(receive(t), 1);
	assert_int_equal(t->ops->deadline(t), clock_ms + 15);
	/* What is to be sent goes first. */
	assert_int_equal(send_text(t, "y", ""), 1);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/2", 1) "y");
	t->ops->free(t);
}

static void a_closed_connection_is_made_anew(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	mem.ends = true; /* in an idle moment */
	assert_int_equal(receive(t), 0);
	assert_int_equal(t->ops->fd(t), -1);
	assert_int_equal(mem.opens, 1);
	assert_int_equal(send_text(t, "one", ""), 3);
	assert_int_equal(mem.opens, 2);
	assert_int_equal(t->ops->fd(t), 1000);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/1", 3) "one");
	/* The server says that it closes. */
	mem_say(&mem, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n\1a");
	assert_int_equal(receive(t), 1);
	assert_int_equal(t->ops->fd(t), -1);
	assert_int_equal(send_text(t, "two", ""), 3);
	assert_int_equal(mem.opens, 3);
	/* An answer without length. */
	mem_heard(&mem);
	mem_say(&mem, "HTTP/1.0 200 OK\r\n\r\n\1bc");
	assert_int_equal(receive(t), 2);
	mem.ends = true;
	assert_int_equal(receive(t), 0);
	assert_int_equal(t->ops->fd(t), -1);
	assert_false(t->ops->want(t) & SLU_WANT_WRITE);
	clock_ms = t->ops->deadline(t);
	assert_int_equal(receive(t), 0);
	assert_string_equal(mem_heard(&mem), HEAD("/idle/T1/3", 1));
	assert_int_equal(mem.opens, 4);
	t->ops->free(t);
}

/* The server closes while the request is on its way: it goes again, with the same number and the same bytes. */
static void a_request_that_crossed_the_end_is_sent_again(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	assert_int_equal(send_text(t, "one", ""), 3);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/1", 3) "one");
	mem.ends = true;
	mem.fails = SLU_ERR_RESET;
	assert_int_equal(receive(t), 0);
	assert_int_equal(mem.opens, 2);
	assert_int_equal(receive(t), 0);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T1/1", 3) "one");
	mem_say(&mem, OK(2) "\1z");
	assert_int_equal(receive(t), 1);
	/* But not for ever: the new connection has to bring something. */
	assert_int_equal(send_text(t, "two", ""), 3);
	mem.ends = true;
	assert_int_equal(receive(t), 0);
	mem.ends = true;
	assert_int_equal(receive(t), SLU_ERR_HTTP);
	assert_string_equal(t->ops->error(t),
			    "live.example:8080 closed the connection without an answer: it may speak no RTMPT");
	t->ops->free(t);
}

static void a_given_socket_cannot_be_made_anew(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	mem.reopens = false;
	mem.ends = true;
	assert_int_equal(receive(t), 0);
	clock_ms += 10;
	assert_int_equal(receive(t), SLU_ERR_CLOSED);
	assert_non_null(strstr(t->ops->error(t), "closed the HTTP connection, and this one cannot be opened again"));
	t->ops->free(t);
}

static void answers_come_in_any_pieces(void **state)
{
	static const size_t steps[] = {1, 2, 5, 17};

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct slu_transport *t = make_open();
		char all[32] = "";
		size_t n = 0;

		mem.step = steps[i];
		assert_int_equal(send_text(t, "x", ""), 1);
		mem_say(&mem,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\1ab\r\n5\r\ncdefg\r\n0\r\n\r\n");
		for (int k = 0; k < 200 && n < 7; k++) {
			long r = t->ops->recv(t, all + n, 3); /* into little room */

			assert_true(r >= 0 && r <= 3);
			n += (size_t)r;
		}
		assert_string_equal(all, "abcdefg");
		for (int k = 0; k < 20 && t->ops->waits(t); k++)
			assert_int_equal(receive(t), 0);
		assert_int_equal(send_text(t, "y", ""), 1);
		t->ops->free(t);
	}
}

static void the_tunnel_is_closed_in_order(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	assert_int_equal(send_text(t, "x", ""), 1);
	assert_int_equal(t->ops->shutdown(t), 0);
	assert_true(t->ops->waits(t));
	mem_heard(&mem);
	mem_say(&mem, OK(1) "\1");
	assert_int_equal(receive(t), 0);
	assert_int_equal(t->ops->shutdown(t), 1);
	assert_string_equal(mem_heard(&mem), HEAD("/close/T1/2", 1));
	assert_int_equal(t->ops->shutdown(t), 1);
	assert_int_equal(mem.nsent, 0);
	assert_int_equal(send_text(t, "y", ""), SLU_ERR_STATE);
	mem_say(&mem, OK(1) "\1");
	assert_int_equal(receive(t), SLU_ERR_CLOSED);
	t->ops->free(t);
}

static void what_servers_do_wrong_is_said(void **state)
{
	static const struct {
		const char *says;
		bool ends;
		int err;
		const char *error;
	} cases[] = {
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false, SLU_ERR_CLOSED,
		 "live.example:8080 ended the tunnel: it answered 404 Not Found; connect again"},
		{"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", false, SLU_ERR_RESET,
		 "live.example:8080 ended the tunnel: it answered 500 Oops; connect again"},
		{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", false, SLU_ERR_HTTP,
		 "live.example:8080 sent a head with a Content-Length that is no number: connect again"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", false, SLU_ERR_HTTP,
		 "live.example:8080 announced a body of 99999999999 bytes, where at most 67108864 are taken: connect "
		 "again"},
		{"\3 this is RTMP, or what", false, 0, ""},
		{"\3 this is RTMP, or what\r\n\r\n", false, SLU_ERR_HTTP,
		 "live.example:8080 sent a head with a control character: connect again"},
		{"HTTP/1.1 200 OK\r\nContent-Le", true, SLU_ERR_HTTP,
		 "live.example:8080 closed the connection in the middle of a head: connect again"},
		{OK(5) "\1x", true, SLU_ERR_HTTP,
		 "live.example:8080 closed the connection in the middle of a body: connect again"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_transport *t = make_open();
		long r = 0;

		assert_int_equal(send_text(t, "x", ""), 1);
		mem_say(&mem, cases[i].says);
		mem.ends = cases[i].ends;
		for (int k = 0; k < 3 && r >= 0; k++)
			r = receive(t);
		assert_int_equal(r, cases[i].err);
		assert_string_equal(t->ops->error(t), cases[i].error);
		if (r < 0) {
			assert_int_equal(receive(t), r); /* and stays so */
			assert_int_equal(t->ops->want(t), 0);
			assert_int_equal(t->ops->deadline(t), UINT64_MAX);
		}
		t->ops->free(t);
	}
}

static void answers_that_nobody_asked_for_are_refused(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	mem_say(&mem, OK(1) "\1");
	assert_int_equal(receive(t), SLU_ERR_HTTP);
	assert_non_null(strstr(t->ops->error(t), "sent an answer that nobody asked for"));
	t->ops->free(t);
}

static void openings_that_fail_are_told(void **state)
{
	static const struct {
		const char *says;
		bool ends;
		int err;
		const char *part;
	} cases[] = {
		{"HTTP/1.1 404 Not Found\r\n\r\n", false, SLU_ERR_REFUSED,
		 "opens no tunnel: it answered 404 Not Found"},
		{"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", false, SLU_ERR_REFUSED, "it answered 301 Moved"},
		{OK(0), false, SLU_ERR_HTTP, "opened a tunnel without a name that could be used"},
		{OK(1) "\n", false, SLU_ERR_HTTP, "opened a tunnel without a name that could be used"},
		{OK(5) "a/../", false, SLU_ERR_HTTP, "opened a tunnel without a name that could be used"},
		{OK(3) "a\rb", false, SLU_ERR_HTTP, "opened a tunnel without a name that could be used"},
		{OK(3) "a b", false, SLU_ERR_HTTP, "opened a tunnel without a name that could be used"},
		{"", true, SLU_ERR_HTTP, "closed the connection without an answer: it may speak no RTMPT"},
		{"SSH-2.0-x\r\n\r\n", false, SLU_ERR_HTTP, "answered with something that is not HTTP/1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_transport *t = make();

		assert_int_equal(t->ops->open(t, clock_ms), 0);
		mem_say(&mem, cases[i].says);
		mem.ends = cases[i].ends;
		assert_int_equal(t->ops->open(t, clock_ms), cases[i].err);
		if (!strstr(t->ops->error(t), cases[i].part))
			fail_msg("%s", t->ops->error(t));
		assert_int_equal(mem.opens, 1);
		t->ops->free(t);
	}
}

static void a_name_too_long_is_refused(void **state)
{
	struct slu_transport *t = make();
	char text[600];

	(void)state;
	assert_int_equal(t->ops->open(t, clock_ms), 0);
	snprintf(text, sizeof text, OK(500) "%0500d", 7);
	mem_say(&mem, text);
	assert_int_equal(t->ops->open(t, clock_ms), SLU_ERR_HTTP);
	t->ops->free(t);
}

static void answers_have_a_deadline(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	assert_int_equal(send_text(t, "x", ""), 1);
	assert_int_equal(t->ops->deadline(t), clock_ms + 2000);
	mem_say(&mem, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\1ab\r\n");
	assert_int_equal(receive(t), 2); /* an answer that never ends has it too */
	clock_ms += 1999;
	assert_int_equal(receive(t), 0);
	clock_ms += 1;
	assert_int_equal(receive(t), SLU_ERR_TIMEOUT);
	assert_non_null(strstr(t->ops->error(t), "did not answer a request of the tunnel within 2000 ms"));
	t->ops->free(t);
	t = make();
	assert_int_equal(t->ops->open(t, clock_ms), 0);
	/* Below, a TLS handshake took time since the caller looked at the clock. */
	assert_int_equal(t->ops->open(t, clock_ms - 30), 0);
	assert_int_equal(t->ops->open(t, clock_ms + 2000), SLU_ERR_TIMEOUT);
	t->ops->free(t);
}

/* As when a server wants to know who publishes. */
static void another_tunnel_is_opened(void **state)
{
	struct slu_transport *t = make();

	(void)state;
	assert_int_equal(t->ops->again(t, clock_ms), SLU_ERR_STATE);
	t->ops->free(t);
	t = make_open();
	assert_int_equal(send_text(t, "x", ""), 1);
	mem_say(&mem, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(receive(t), SLU_ERR_CLOSED);
	mem_heard(&mem);
	assert_int_equal(t->ops->again(t, clock_ms), 0);
	assert_int_equal(mem.opens, 2);
	assert_string_equal(t->ops->error(t), "");
	assert_int_equal(t->ops->open(t, clock_ms), 0);
	assert_string_equal(mem_heard(&mem), HEAD("/open/1", 1));
	mem_say(&mem, OK(3) "T2\n");
	assert_int_equal(t->ops->open(t, clock_ms), 1);
	assert_int_equal(send_text(t, "y", ""), 1);
	assert_string_equal(mem_heard(&mem), HEAD("/send/T2/1", 1) "y");
	mem.reopens = false;
	assert_int_equal(t->ops->again(t, clock_ms), SLU_ERR_CLOSED);
	t->ops->free(t);
}

static void failures_below_are_told(void **state)
{
	struct slu_transport *t = make_open();

	(void)state;
	mem.ends = true;
	mem.fails = SLU_ERR_TLS;
	assert_int_equal(receive(t), SLU_ERR_TLS);
	assert_string_equal(t->ops->error(t), "the memory failed; try another one");
	t->ops->free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_a_tunnel),
		cmocka_unit_test(all_that_is_queued_is_one_request),
		cmocka_unit_test(a_full_socket_gets_the_rest_later),
		cmocka_unit_test(a_request_is_not_without_end),
		cmocka_unit_test(waits_longer_while_nothing_comes),
		cmocka_unit_test(an_idle_tunnel_is_quiet),
		cmocka_unit_test(asks_with_the_next_number),
		cmocka_unit_test(a_closed_connection_is_made_anew),
		cmocka_unit_test(a_request_that_crossed_the_end_is_sent_again),
		cmocka_unit_test(a_given_socket_cannot_be_made_anew),
		cmocka_unit_test(answers_come_in_any_pieces),
		cmocka_unit_test(the_tunnel_is_closed_in_order),
		cmocka_unit_test(what_servers_do_wrong_is_said),
		cmocka_unit_test(answers_that_nobody_asked_for_are_refused),
		cmocka_unit_test(openings_that_fail_are_told),
		cmocka_unit_test(a_name_too_long_is_refused),
		cmocka_unit_test(answers_have_a_deadline),
		cmocka_unit_test(another_tunnel_is_opened),
		cmocka_unit_test(failures_below_are_told),
	};

	return cmocka_run_group_tests_name("rtmpt", tests, NULL, NULL);
}
