/* SPDX-License-Identifier: MIT */
/* A file over HTTP, from a server on loopback: what it is asked, every kind of answer, and what there is to say of
 * those that are none. HTTPS and its certificates are in tests/interop/test_swf_hash.py. */
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../alloc_fail.h"
#include "net/http_get.h"
#include "test_net.h"

enum { PATIENCE_S = 60, GAVE_UP = -77 };

/* ---- a server: a process, for what is under test blocks ---- */

/* What it does with each connection, once it has heard a request. */
struct plan {
	const char *answer;
	size_t step;    /* bytes at a time; 0: all */
	int pause_ms;   /* after each */
	bool says_more; /* never ends the connection itself */
};

struct web {
	pid_t pid;
	int requests; /* what was asked comes out here */
	uint16_t port;
};

/* False: the client went before it had asked. */
static bool hear(int fd, int requests)
{
	char request[2048];
	size_t n = 0;

	while (n < 4 || memcmp(request + n - 4, "\r\n\r\n", 4) != 0)
		if (n == sizeof request || recv(fd, request + n++, 1, 0) != 1)
			return false;
	return write(requests, request, n) == (ssize_t)n;
}

static void answer(int fd, const struct plan *plan)
{
	const size_t n = strlen(plan->answer), step = plan->step ? plan->step : n;

	for (size_t at = 0; at < n; at += step) {
		if (send(fd, plan->answer + at, n - at < step ? n - at : step, MSG_NOSIGNAL) < 0)
			return;
		if (plan->pause_ms)
			poll(NULL, 0, plan->pause_ms);
	}
	if (!plan->says_more)
		shutdown(fd, SHUT_WR);
}

static void serve(int listener, int requests, const struct plan *plan)
{
	char byte;

	alarm(PATIENCE_S);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && hear(fd, requests)) {
			answer(fd, plan);
			while (recv(fd, &byte, 1, 0) > 0)
				;
		}
		close(fd);
	}
}

static void web_open(struct web *w, const struct plan *plan)
{
	int listener = test_listen("127.0.0.1", 0, 16), ends[2];

	w->port = test_port(listener);
	assert_int_equal(pipe(ends), 0);
	w->pid = fork();
	assert_true(w->pid >= 0);
	if (!w->pid)
		serve(listener, ends[1], plan);
	close(ends[1]);
	close(listener);
	w->requests = ends[0];
}

static void web_close(struct web *w)
{
	kill(w->pid, SIGKILL);
	assert_int_equal(waitpid(w->pid, NULL, 0), w->pid);
	close(w->requests);
}

/* ---- what it is asked ---- */

struct got {
	int err;
	struct slu_http_answer answer;
	char body[256], error[512];
	size_t n;
	int give_up_with; /* at the first piece; 0: never */
};

static int keep(void *arg, const void *data, size_t n)
{
	struct got *got = arg;

	assert_true(n <= sizeof got->body - got->n);
	memcpy(got->body + got->n, data, n);
	got->n += n;
	return got->give_up_with;
}

static void fetch(struct got *got, struct slu_http_get get, uint16_t port, const char *path)
{
	char url[300];

	got->n = 0;
	get.piece = keep;
	get.arg = got;
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
	got->err = slu_http_get(&get, url, &got->answer, got->error, sizeof got->error);
}

/* From a server that gives this answer and ends. */
static void fetch_answer(struct got *got, struct slu_http_get get, const struct plan *plan)
{
	struct web w;

	memset(got, 0, sizeof *got);
	web_open(&w, plan);
	fetch(got, get, w.port, "/player.swf");
	web_close(&w);
}

static const struct slu_http_get simple = {.since = NULL};

static void asks(struct web *w, struct slu_http_get get, const char *path, const char *wanted_path,
		 const char *wanted_rest)
{
	char wanted[512], request[512] = "";
	struct got got = {.n = 0};

	fetch(&got, get, w->port, path);
	assert_string_equal(got.error, "");
	assert_int_equal(got.err, 0);
	snprintf(wanted, sizeof wanted,
		 "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: Mozilla/5.0\r\n"
		 "Referer: http://127.0.0.1:%u/\r\n%sConnection: close\r\n\r\n",
		 wanted_path, w->port, w->port, wanted_rest);
	assert_true(read(w->requests, request, sizeof request - 1) > 0);
	assert_string_equal(request, wanted);
}

static void what_it_asks(void **state)
{
	static const struct plan plan = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
	static const char date[] = "Mon, 01 Jan 2024 00:00:00 GMT";
	struct slu_http_get since = {.since = date}, no_date = {.since = ""};
	struct web w;

	(void)state;
	web_open(&w, &plan);
	asks(&w, simple, "", "/", "");
	asks(&w, simple, "/dir/player.swf?a=b&c=%20#fragment", "/dir/player.swf?a=b&c=%20", "");
	asks(&w, simple, "?query", "/?query", "");
	asks(&w, since, "/x", "/x", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n");
	asks(&w, no_date, "/x", "/x", "");
	web_close(&w);
}

/* ---- answers ---- */

#define DATE "Last-Modified: Tue, 02 Jan 2024 00:00:00 GMT\r\n"

static void takes_a_body(void **state)
{
	static const struct plan plans[] = {
		{.answer = "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 6\r\n\r\nplayer"},
		{.answer = "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 6\r\n\r\nplayer", .step = 1},
		{.answer = "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 6\r\n\r\nplayer", .says_more = true},
		{.answer =
			 "HTTP/1.1 206 \r\n" DATE "Transfer-Encoding: chunked\r\n\r\n2\r\npl\r\n4\r\nayer\r\n0\r\n\r\n",
		 .step = 3,
		 .says_more = true},
		{.answer = "HTTP/1.0 200 OK\r\n" DATE "\r\nplayer"}, /* up to the end */
		{.answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" DATE "\r\nplayer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
		struct got got;

		fetch_answer(&got, simple, &plans[i]);
		assert_string_equal(got.error, "");
		assert_int_equal(got.err, 0);
		assert_int_equal(got.answer.status, i == 3 ? 206 : 200);
		assert_int_equal(got.answer.size, 6);
		assert_int_equal(got.n, 6);
		assert_memory_equal(got.body, "player", 6);
		assert_string_equal(got.answer.last_modified, "Tue, 02 Jan 2024 00:00:00 GMT");
		assert_false(got.answer.no_http);
	}
}

static void a_date_that_is_too_long_is_none(void **state)
{
	static const struct plan plan = {.answer =
						 "HTTP/1.1 200 OK\r\nLast-Modified: "
						 "1234567890123456789012345678901234567890123456789012345678901234\r\n"
						 "Content-Length: 0\r\n\r\n"};
	struct got got;

	(void)state;
	fetch_answer(&got, simple, &plan);
	assert_int_equal(got.err, 0);
	assert_string_equal(got.answer.last_modified, "");
}

static void what_has_not_changed_is_not_sent(void **state)
{
	static const struct plan plan = {.answer = "HTTP/1.1 304 Not Modified\r\n" DATE "\r\n"};
	const struct slu_http_get since = {.since = "Mon, 01 Jan 2024 00:00:00 GMT"};
	struct got got;

	(void)state;
	fetch_answer(&got, since, &plan);
	assert_int_equal(got.err, 0);
	assert_int_equal(got.answer.status, 304);
	assert_int_equal(got.n, 0);
	assert_string_equal(got.answer.last_modified, "Tue, 02 Jan 2024 00:00:00 GMT");
	fetch_answer(&got, simple, &plan); /* nobody asked that */
	assert_int_equal(got.err, SLU_ERR_REDIRECT);
}

static void failed(const struct got *got, int err, const char *part)
{
	if (got->err != err || !strstr(got->error, part))
		fail_msg("%d, \"%s\" instead of %d, \"%s\"", got->err, got->error, err, part);
}

static void what_is_no_success(void **state)
{
	static const struct {
		const char *answer;
		unsigned status;
		int err;
		const char *part;
	} cases[] = {
		{"HTTP/1.1 301 Moved\r\nLocation: http://x/\r\nContent-Length: 3\r\n\r\nbye", 301, SLU_ERR_REDIRECT,
		 "sends to another place (HTTP status 301), where nobody follows"},
		{"HTTP/1.1 404 \r\n\r\nno", 404, SLU_ERR_REFUSED, "refuses (HTTP status 404, not found): check the"},
		{"HTTP/1.1 403 \r\n\r\nno", 403, SLU_ERR_REFUSED, "refuses (HTTP status 403, forbidden): check the"},
		{"HTTP/1.1 410 \r\n\r\nno", 410, SLU_ERR_REFUSED, "refuses (HTTP status 410): check the URL"},
		{"HTTP/1.1 503 \r\n\r\nno", 503, SLU_ERR_REFUSED, "refuses (HTTP status 503): try again later"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901", 200, SLU_ERR_HTTP, "a body of 11 bytes"},
		{"HTTP/1.0 200 OK\r\n\r\n12345678901", 200, SLU_ERR_HTTP, "a body of more than 10 bytes"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234", 200, SLU_ERR_RESET, "in the middle of a body"},
		{"HTTP/1.1 200 OK\r\nContent-Le", 0, SLU_ERR_RESET, "in the middle of a head"},
		{"", 0, SLU_ERR_CLOSED, "closed the connection without an answer"},
		{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", 0, SLU_ERR_HTTP,
		 "a Content-Length that is no number"},
		{"SSH-2.0-OpenSSH_9.2\r\n\r\n", 0, SLU_ERR_HTTP, "something that is not HTTP/1"},
	};
	const struct slu_http_get small = {.most = 10};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct plan plan = {.answer = cases[i].answer};
		struct got got;

		fetch_answer(&got, small, &plan);
		failed(&got, cases[i].err, cases[i].part);
		assert_int_equal(strncmp(got.error, "127.0.0.1:", 10), 0);
		assert_int_equal(got.answer.status, cases[i].status);
		assert_int_equal(got.answer.no_http, cases[i].err == SLU_ERR_HTTP && !cases[i].status);
		assert_true(got.n <= 10 && got.answer.size == got.n);
	}
}

static void the_caller_may_give_up(void **state)
{
	static const struct plan plan = {.answer = "HTTP/1.0 200 OK\r\n\r\n1", .says_more = true};
	struct got got = {.give_up_with = GAVE_UP};
	struct web w;

	(void)state;
	web_open(&w, &plan);
	fetch(&got, simple, w.port, "/");
	failed(&got, GAVE_UP, "given up");
	assert_int_equal(got.n, 1);
	web_close(&w);
}

static void patience_ends(void **state)
{
	static const struct plan silent = {.answer = "", .says_more = true},
				 stalled = {.answer = "HTTP/1.0 200 OK\r\n\r\n12", .says_more = true},
				 slow = {.answer =
						 "HTTP/1.0 200 OK\r\n\r\n123456789012345678901234567890123456789012345",
					 .step = 1,
					 .pause_ms = 20};
	const struct slu_http_get idle = {.idle_timeout_ms = 200, .total_timeout_ms = 4000},
				  total = {.total_timeout_ms = 500};
	struct got got;

	(void)state;
	fetch_answer(&got, idle, &silent);
	failed(&got, SLU_ERR_TIMEOUT, "no longer answers");
	assert_int_equal(got.answer.status, 0);
	fetch_answer(&got, idle, &stalled);
	failed(&got, SLU_ERR_TIMEOUT, "no longer answers");
	assert_int_equal(got.n, 2);
	fetch_answer(&got, total, &silent);
	failed(&got, SLU_ERR_TIMEOUT, "takes too long");
	fetch_answer(&got, total, &slow);
	failed(&got, SLU_ERR_TIMEOUT, "takes too long");
	assert_true(got.n < 45);
}

/* ---- no connection at all ---- */

static void urls_that_are_none(void **state)
{
	static const char *const urls[] = {"",           "ftp://127.0.0.1/", "127.0.0.1/x",
					   "http://",    "http:///x",        "http://127.0.0.1:99999",
					   "rtmp://h/a", "http://h:0x/",     "file:///etc"};
	struct slu_http_answer answer;
	char error[512];

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		memset(&answer, 0xff, sizeof answer);
		if (slu_http_get(&simple, urls[i], &answer, error, sizeof error) != SLU_ERR_URL)
			fail_msg("%s was taken", urls[i]);
		assert_non_null(strstr(error, "it is http:// or https://"));
		assert_int_equal(answer.status, 0);
		assert_int_equal(answer.size, 0);
		assert_false(answer.no_http);
	}
}

static void nobody_there(void **state)
{
	struct got got = {.n = 0};

	(void)state;
	fetch(&got, simple, test_unused_port(), "/");
	failed(&got, SLU_ERR_CONNECT, "cannot connect to 127.0.0.1:");
	assert_int_equal(got.answer.status, 0);
}

static void no_memory(void **state)
{
	static const struct plan plan = {.answer = "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
						   "2\r\npl\r\n4\r\nayer\r\n0\r\n\r\n"};
	struct got got = {.n = 0};
	bool failed = true;
	struct web w;
	long n;

	(void)state;
	web_open(&w, &plan);
	for (n = 0; failed; n++) {
		alloc_fail_at(n);
		fetch(&got, simple, w.port, "/");
		failed = alloc_fail_end();
		assert_int_equal(got.err, failed ? SLU_ERR_NOMEM : 0);
		if (failed && !*got.error)
			fail_msg("nothing is said of allocation %ld", n);
	}
	assert_true(n > 4);
	assert_memory_equal(got.body, "player", 6);
	web_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_asks),
		cmocka_unit_test(takes_a_body),
		cmocka_unit_test(a_date_that_is_too_long_is_none),
		cmocka_unit_test(what_has_not_changed_is_not_sent),
		cmocka_unit_test(what_is_no_success),
		cmocka_unit_test(the_caller_may_give_up),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(urls_that_are_none),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests_name("http_get", tests, NULL, NULL);
}
