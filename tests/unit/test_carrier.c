/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "mem_transport.h"
#include "server/carrier.h"

enum { MAX_TUNNELS = 2 };

static struct mem_transport mem;
static uint64_t clock_ms;

/* Tunnels "t0" and "t1"; what they are given lies in heard. */
static struct {
	struct slu_tunnel *tunnel[MAX_TUNNELS];
	struct slu_transport *transport[MAX_TUNNELS];
	char heard[MAX_TUNNELS][64];
	int n, fed;
} server;

static uint64_t now(void)
{
	return clock_ms;
}

static struct slu_tunnel *open_tunnel(void *arg, const struct slu_transport_stats *stats, const char **id)
{
	static const char *const ids[] = {"t0", "t1"};
	struct slu_tunnel_config config = {.stats = *stats, .now_ms = now};

	assert_ptr_equal(arg, &server);
	assert_string_equal(stats->peer, "memory:1");
	if (server.n == MAX_TUNNELS)
		return NULL;
	*id = ids[server.n];
	server.tunnel[server.n] = slu_tunnel_new(&config);
	server.transport[server.n] = slu_tunnel_transport(server.tunnel[server.n]);
	return server.tunnel[server.n++];
}

static struct slu_tunnel *find_tunnel(void *arg, const char *id)
{
	(void)arg;
	for (int i = 0; i < server.n; i++)
		if (id[0] == 't' && id[1] == '0' + i && !id[2])
			return server.tunnel[i];
	return NULL;
}

static void fed(void *arg, struct slu_tunnel *tunnel)
{
	(void)arg;
	server.fed++;
	for (int i = 0; i < server.n; i++) {
		size_t have = strlen(server.heard[i]);

		if (server.tunnel[i] == tunnel)
			server.transport[i]->ops->recv(server.transport[i], server.heard[i] + have,
						       sizeof server.heard[i] - 1 - have);
	}
}

static struct slu_carrier *make(const char *read)
{
	static const struct slu_carrier_hooks hooks = {open_tunnel, find_tunnel, fed, NULL, &server};
	struct slu_vec vec = {read, strlen(read)};
	struct slu_carrier *c;

	memset(&server, 0, sizeof server);
	clock_ms = 50000;
	mem_init(&mem);
	c = slu_carrier_new(&mem.base, &vec, &hooks, 3000, clock_ms);
	assert_non_null(c);
	return c;
}

static void unmake(struct slu_carrier *c)
{
	slu_carrier_free(c);
	assert_true(mem.freed);
	for (int i = 0; i < server.n; i++) {
		server.transport[i]->ops->free(server.transport[i]);
		slu_tunnel_free(server.tunnel[i]);
	}
}

/* What it says to these bytes. */
static const char *ask(struct slu_carrier *c, const char *text)
{
	mem_say(&mem, text);
	slu_carrier_step(c, clock_ms);
	slu_carrier_answer(c, clock_ms);
	return mem_heard(&mem);
}

static void say(int i, const char *text)
{
	struct slu_vec vec = {text, strlen(text)};

	assert_int_equal(server.transport[i]->ops->send(server.transport[i], &vec, 1), vec.size);
}

#define OK(length)                                                                                                     \
	"HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nContent-Length: " #length                               \
	"\r\nConnection: Keep-Alive\r\nCache-Control: no-cache\r\n\r\n"
#define POST(path, length) "POST " path " HTTP/1.1\r\nContent-Length: " #length "\r\n\r\n"

static void carries_a_tunnel(void **state)
{
	struct slu_carrier *c = make(POST("/op", 1) "x" POST("/open/1", 1)); /* read before, but for its last byte */

	(void)state;
	slu_carrier_step(c, clock_ms);
	assert_non_null(strstr(mem_heard(&mem), "HTTP/1.1 404 Not Found"));
	assert_string_equal(ask(c, "x"), OK(3) "t0\n");
	say(0, "welcome");
	assert_string_equal(ask(c, POST("/send/t0/0", 5) "hello"), OK(8) "\1welcome");
	assert_string_equal(server.heard[0], "hello");
	assert_string_equal(ask(c, POST("/close/t0/1", 1) "x"), OK(1) "\1");
	assert_true(slu_tunnel_over(server.tunnel[0]));
	assert_int_equal(server.transport[0]->ops->recv(server.transport[0], server.heard[0], 1), SLU_ERR_CLOSED);
	unmake(c);
}

static void serves_several_tunnels(void **state)
{
	struct slu_carrier *c = make("");

	(void)state;
	ask(c, POST("/open/1", 1) "x");
	assert_string_equal(ask(c, POST("/open/1", 1) "x"), OK(3) "t1\n");
	assert_non_null(strstr(ask(c, POST("/open/1", 1) "x"), "HTTP/1.1 503 Service Unavailable"));
	ask(c, POST("/send/t1/7", 3) "one");
	ask(c, POST("/send/t0/7", 3) "two");
	assert_string_equal(server.heard[1], "one");
	assert_string_equal(server.heard[0], "two");
	unmake(c);
}

static void holds_an_answer_back(void **state)
{
	struct slu_carrier *c = make(POST("/open/1", 1) "x");

	(void)state;
	slu_carrier_step(c, clock_ms);
	assert_string_equal(mem_heard(&mem), OK(3) "t0\n");
	assert_string_equal(ask(c, POST("/idle/t0/0", 1) "x"), "");
	assert_int_equal(slu_carrier_deadline(c), clock_ms + 15);
	assert_int_equal(slu_carrier_want(c), SLU_WANT_READ);
	clock_ms += 14;
	assert_string_equal(ask(c, ""), "");
	clock_ms += 1;
	assert_string_equal(ask(c, ""), OK(1) "\1");
	/* Until there is something, */
	assert_string_equal(ask(c, POST("/idle/t0/1", 1) "x"), "");
	say(0, "news");
	assert_string_equal(ask(c, ""), OK(5) "\1news");
	/* or the client goes on. */
	assert_string_equal(ask(c, POST("/idle/t0/2", 1) "x" POST("/send/t0/3", 1) "y"), OK(1) "\1");
	assert_int_equal(slu_carrier_deadline(c), 0);
	assert_string_equal(ask(c, ""), OK(1) "\1");
	assert_string_equal(server.heard[0], "y");
	unmake(c);
}

static void a_full_socket_gets_the_rest_later(void **state)
{
	static const char answer[] = OK(5) "\1much";
	struct slu_carrier *c = make(POST("/open/1", 1) "x");

	(void)state;
	slu_carrier_step(c, clock_ms);
	mem_heard(&mem);
	say(0, "much");
	mem.room = 10;
	assert_memory_equal(ask(c, POST("/idle/t0/0", 1) "x"), answer, 10);
	assert_int_equal(mem.room, 0);
	assert_int_equal(slu_carrier_want(c), SLU_WANT_WRITE);
	mem.room = SIZE_MAX;
	slu_carrier_step(c, clock_ms);
	assert_string_equal(mem_heard(&mem), &answer[10]);
	assert_int_equal(slu_carrier_want(c), SLU_WANT_READ);
	unmake(c);
}

static void the_tunnel_may_end_meanwhile(void **state)
{
	struct slu_carrier *c = make(POST("/open/1", 1) "x");

	(void)state;
	slu_carrier_step(c, clock_ms);
	mem_heard(&mem);
	assert_string_equal(ask(c, POST("/idle/t0/0", 1) "x"), "");
	server.fed = 0;
	assert_int_equal(server.transport[0]->ops->shutdown(server.transport[0]), 1);
	assert_non_null(strstr(ask(c, ""), "HTTP/1.1 404 Not Found"));
	assert_int_equal(server.fed, 1);
	assert_non_null(strstr(ask(c, POST("/send/t0/1", 4) "more"), "HTTP/1.1 404 Not Found"));
	assert_string_equal(server.heard[0], "");
	unmake(c);
}

static void what_is_refused_is_the_last(void **state)
{
	struct slu_carrier *c = make("POST /open/1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n" POST("/open/1", 1) "x");
	const char *said;

	(void)state;
	slu_carrier_step(c, clock_ms);
	said = mem_heard(&mem);
	assert_non_null(strstr(said, "HTTP/1.1 400 Bad Request"));
	assert_non_null(strstr(said, "Connection: close"));
	assert_int_equal(server.n, 0);
	/* What still comes is taken and dropped, for a second at most. */
	assert_string_equal(ask(c, POST("/open/1", 1) "x"), "");
	assert_int_equal(mem.at, mem.nsays);
	assert_false(slu_carrier_over(c));
	assert_int_equal(slu_carrier_deadline(c), clock_ms + 1000);
	clock_ms += 1000;
	slu_carrier_step(c, clock_ms);
	assert_true(slu_carrier_over(c));
	unmake(c);
}

static void silence_is_bounded(void **state)
{
	struct slu_carrier *c = make("POST /op");

	(void)state;
	slu_carrier_step(c, clock_ms);
	assert_int_equal(slu_carrier_deadline(c), clock_ms + 3000);
	clock_ms += 2999;
	assert_string_equal(ask(c, "e"), ""); /* a byte now and then buys no time */
	assert_false(slu_carrier_over(c));
	clock_ms += 1;
	slu_carrier_step(c, clock_ms);
	assert_true(slu_carrier_over(c));
	unmake(c);
	c = make("");
	mem.ends = true;
	slu_carrier_step(c, clock_ms);
	assert_true(slu_carrier_over(c));
	unmake(c);
}

/* Nor does asking for what there is not. */
static void refusals_buy_no_time(void **state)
{
	static const char *const asked[] = {POST("/send/t9/1", 1) "x", POST("/fcs/ident2", 1) "x",
					    "GET / HTTP/1.1\r\n\r\n"};
	struct slu_carrier *c = make(POST("/open/1", 1) "x");

	(void)state;
	clock_ms += 1000;
	slu_carrier_step(c, clock_ms);
	mem_heard(&mem);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		assert_int_equal(slu_carrier_deadline(c), 54000);
		clock_ms += 900;
		assert_non_null(strstr(ask(c, asked[i]), "HTTP/1.1 40"));
		assert_false(slu_carrier_over(c));
	}
	assert_int_equal(slu_carrier_deadline(c), 54000);
	/* What a tunnel has a part in does. */
	assert_non_null(strstr(ask(c, POST("/send/t0/1", 1) "x"), "HTTP/1.1 200 OK"));
	assert_int_equal(slu_carrier_deadline(c), clock_ms + 3000);
	unmake(c);
}

static void what_is_dropped_is_bounded(void **state)
{
	struct slu_carrier *c = make("no request\r\n\r\n");

	(void)state;
	slu_carrier_step(c, clock_ms);
	assert_non_null(strstr(mem_heard(&mem), "HTTP/1.1 400 Bad Request"));
	mem.step = 1;
	mem.reads = 0;
	for (int i = 0; i < 1000; i++)
		mem_say(&mem, "x");
	slu_carrier_step(c, clock_ms);
	assert_in_range(mem.reads, 1, 16); /* others have their turn */
	assert_int_equal(slu_carrier_deadline(c), 0);
	for (int i = 0; i < 1000; i++)
		slu_carrier_step(c, clock_ms);
	assert_int_equal(mem.at, mem.nsays);
	assert_int_equal(slu_carrier_deadline(c), clock_ms + 1000);
	unmake(c);
}

/* TLS has to say that it ends, and the socket may take no more. */
static void an_end_that_cannot_be_sent_is_not_waited_for(void **state)
{
	struct slu_carrier *c = make("no request\r\n\r\n");

	(void)state;
	mem.stays = true;
	slu_carrier_step(c, clock_ms);
	assert_int_equal(slu_carrier_deadline(c), clock_ms + 3000);
	clock_ms += 2999;
	slu_carrier_step(c, clock_ms);
	assert_false(slu_carrier_over(c));
	clock_ms += 1;
	slu_carrier_step(c, clock_ms);
	assert_true(slu_carrier_over(c));
	unmake(c);
}

/* What the first connection did not bring to its end is said again on another. */
static void a_tunnel_outlives_its_connection(void **state)
{
	struct slu_carrier *c = make(POST("/open/1", 1) "x"), *other;
	static const struct slu_carrier_hooks hooks = {open_tunnel, find_tunnel, fed, NULL, &server};
	static struct mem_transport second;
	struct slu_vec again = {POST("/send/t0/1", 5) "hello", sizeof(POST("/send/t0/1", 5) "hello") - 1};

	(void)state;
	slu_carrier_step(c, clock_ms);
	mem_heard(&mem);
	say(0, "before");
	assert_string_equal(ask(c, POST("/idle/t0/0", 1) "x"), OK(7) "\1before");
	assert_string_equal(ask(c, POST("/send/t0/1", 5) "he"), "");
	mem.ends = true;
	slu_carrier_step(c, clock_ms);
	assert_true(slu_carrier_over(c));
	mem_init(&second);
	other = slu_carrier_new(&second.base, &again, &hooks, 3000, clock_ms);
	assert_non_null(other);
	slu_carrier_step(other, clock_ms);
	slu_carrier_answer(other, clock_ms);
	assert_string_equal(mem_heard(&second), OK(1) "\1");
	assert_string_equal(server.heard[0], "hello");
	slu_carrier_free(other);
	unmake(c);
}

/* Nobody is let in: that is the answer to whatever is asked, and the end. */
static void is_full(void **state)
{
	static const struct slu_carrier_hooks hooks = {open_tunnel, find_tunnel, fed, "All are here.", &server};
	static const char *const asked[] = {POST("/open/1", 1) "x", POST("/send/t0/1", 5), "GET / HTTP/1.0\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct slu_vec vec = {asked[i], strlen(asked[i])};
		struct slu_carrier *c;

		memset(&server, 0, sizeof server);
		clock_ms = 50000;
		mem_init(&mem);
		c = slu_carrier_new(&mem.base, &vec, &hooks, 1000, clock_ms);
		assert_non_null(c);
		assert_string_equal(
			ask(c, ""),
			"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n"
			"Connection: close\r\nCache-Control: no-cache\r\nRetry-After: 10\r\n\r\nAll are here.\n");
		assert_int_equal(server.n, 0);
		assert_string_equal(ask(c, POST("/open/1", 1) "x"), "");
		clock_ms += 1000;
		slu_carrier_step(c, clock_ms);
		assert_true(slu_carrier_over(c));
		unmake(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_a_tunnel),
		cmocka_unit_test(serves_several_tunnels),
		cmocka_unit_test(holds_an_answer_back),
		cmocka_unit_test(a_full_socket_gets_the_rest_later),
		cmocka_unit_test(the_tunnel_may_end_meanwhile),
		cmocka_unit_test(what_is_refused_is_the_last),
		cmocka_unit_test(silence_is_bounded),
		cmocka_unit_test(refusals_buy_no_time),
		cmocka_unit_test(what_is_dropped_is_bounded),
		cmocka_unit_test(an_end_that_cannot_be_sent_is_not_waited_for),
		cmocka_unit_test(a_tunnel_outlives_its_connection),
		cmocka_unit_test(is_full),
	};

	return cmocka_run_group_tests_name("carrier", tests, NULL, NULL);
}
