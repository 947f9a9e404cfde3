/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>

#include "net/http1.h"

enum { HEAD_MAX = 512, BODY_MAX = 100000 };

struct feed {
	struct slu_http1 h;
	char body[4096];
	size_t nbody;
	size_t taken; /* of the text, when the message was done */
	int err;
};

/* Feeds text in runs of step bytes, until the message is done or fails. */
static void feed(struct feed *f, enum slu_http1_kind kind, const char *text, size_t n, size_t step)
{
	struct slu_vec body;
	long took = 0;

	memset(f, 0, sizeof *f);
	slu_http1_init(&f->h, kind, HEAD_MAX, BODY_MAX);
	while (f->taken < n && !f->h.done && took >= 0) {
		char *copy = malloc(step); /* so that reading behind it is seen */
		size_t k = n - f->taken < step ? n - f->taken : step;

		assert_non_null(copy);
		memcpy(copy, text + f->taken, k);
		took = slu_http1_in(&f->h, copy, k, &body);
		if (took >= 0) {
			assert_true(took > 0 && (size_t)took <= k);
			assert_true(f->nbody + body.size <= sizeof f->body);
			memcpy(f->body + f->nbody, body.data, body.size);
			f->nbody += body.size;
			f->taken += (size_t)took;
		}
		free(copy);
	}
	f->err = took < 0 ? (int)took : 0;
}

static const size_t steps[] = {1, 2, 3, 7, 4096};
#define EACH_STEP(i) (size_t i = 0; i < sizeof steps / sizeof *steps; i++)

static void response(struct feed *f, const char *text, size_t step)
{
	feed(f, SLU_HTTP1_RESPONSE, text, strlen(text), step);
}

static void request(struct feed *f, const char *text, size_t step)
{
	feed(f, SLU_HTTP1_REQUEST, text, strlen(text), step);
}

static void assert_body(const struct feed *f, const char *body)
{
	assert_int_equal(f->nbody, strlen(body));
	assert_memory_equal(f->body, body, f->nbody);
	assert_int_equal(f->h.body, f->nbody);
}

static void takes_a_response(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-LENGTH:  5 \t\r\n"
				   "X-Empty:\r\nVia: a\r\nvia: b\r\n\r\nhelloHTTP/1.1 404";
	struct feed f;

	(void)state;
	for
		EACH_STEP(i)
		{
			const char *via;

			response(&f, text, steps[i]);
			assert_int_equal(f.err, 0);
			assert_true(f.h.has_head && f.h.done && f.h.keep_alive && f.h.has_length);
			assert_int_equal(f.h.status, 200);
			assert_int_equal(f.h.minor, 1);
			assert_string_equal(f.h.reason, "OK");
			assert_int_equal(f.h.length, 5);
			assert_body(&f, "hello");
			assert_int_equal(f.taken, strstr(text, "HTTP/1.1 404") - text);
			assert_string_equal(slu_http1_field(&f.h, "Content-Length", NULL), "5");
			assert_string_equal(slu_http1_field(&f.h, "x-empty", NULL), "");
			assert_null(slu_http1_field(&f.h, "x-empty", slu_http1_field(&f.h, "x-empty", NULL)));
			via = slu_http1_field(&f.h, "VIA", NULL);
			assert_string_equal(via, "a");
			assert_string_equal(slu_http1_field(&f.h, "Via", via), "b");
			assert_null(slu_http1_field(&f.h, "HTTP/1.1 200 OK", NULL));
			assert_null(slu_http1_field(&f.h, "Serve", NULL));
			slu_http1_clear(&f.h);
		}
}

static void takes_a_request(void **state)
{
	struct feed f;

	(void)state;
	for
		EACH_STEP(i)
		{
			request(&f,
				"\r\n\nPOST /send/a/1?b HTTP/1.1\nHost: h\nExpect: 100-Continue\nContent-Length: "
				"2\n\nhiPOST",
				steps[i]);
			assert_int_equal(f.err, 0);
			assert_true(f.h.done && f.h.keep_alive && f.h.expects_continue);
			assert_string_equal(f.h.method, "POST");
			assert_string_equal(f.h.target, "/send/a/1?b");
			assert_string_equal(slu_http1_field(&f.h, "host", NULL), "h");
			assert_body(&f, "hi");
			slu_http1_clear(&f.h);
		}
	request(&f, "GET / HTTP/1.0\r\n\r\n", 64); /* without a length: no body */
	assert_true(f.h.done && !f.h.has_length && !f.h.keep_alive);
	slu_http1_clear(&f.h);
}

static void says_who_keeps_the_connection(void **state)
{
	static const struct {
		const char *head;
		bool kept;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x,  close;q=1\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x\r\nConnection: close\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: closed, not-close\r\n\r\n", true},
		{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
		{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", true},
	};
	struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		response(&f, cases[i].head, 4096);
		assert_true(f.h.done);
		assert_int_equal(f.h.keep_alive, cases[i].kept);
		assert_body(&f, "");
		slu_http1_clear(&f.h);
	}
}

static void a_body_without_length_ends_with_the_stream(void **state)
{
	struct feed f;

	(void)state;
	for
		EACH_STEP(i)
		{
			response(&f, "HTTP/1.0 200\r\n\r\nall of it", steps[i]);
			assert_false(f.h.done || f.h.keep_alive || f.h.has_length);
			assert_string_equal(f.h.reason, "");
			assert_int_equal(slu_http1_end(&f.h), 0);
			assert_true(f.h.done);
			assert_body(&f, "all of it");
			slu_http1_clear(&f.h);
		}
}

static void takes_chunks(void **state)
{
	struct feed f;

	(void)state;
	for
		EACH_STEP(i)
		{
			response(&f,
				 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				 "5\r\nhello\r\n00C;a=\"b\"\r\n, and more: \r\n1 \nx\n0\r\nX: y\r\n\r\nHTTP",
				 steps[i]);
			assert_int_equal(f.err, 0);
			assert_true(f.h.done && f.h.keep_alive);
			assert_body(&f, "hello, and more: x");
			slu_http1_clear(&f.h);
		}
}

static void some_responses_have_no_body(void **state)
{
	static const struct {
		enum slu_http1_kind kind;
		const char *head;
		bool done;
	} cases[] = {
		{SLU_HTTP1_RESPONSE, "HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n", true},
		{SLU_HTTP1_RESPONSE, "HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n", true},
		{SLU_HTTP1_RESPONSE, "HTTP/1.1 200 No\r\nContent-Length: 7\r\n\r\n", false},
		{SLU_HTTP1_TO_HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true},
		{SLU_HTTP1_TO_CONNECT, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true},
		{SLU_HTTP1_TO_CONNECT, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", true},
		{SLU_HTTP1_TO_CONNECT, "HTTP/1.1 407 No\r\nContent-Length: 7\r\n\r\n", false},
	};
	struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		feed(&f, cases[i].kind, cases[i].head, strlen(cases[i].head), 4096);
		assert_int_equal(f.err, 0);
		assert_true(f.h.has_head);
		assert_int_equal(f.h.done, cases[i].done);
		if (cases[i].kind == SLU_HTTP1_TO_HEAD)
			assert_int_equal(f.h.length, 7);
		slu_http1_clear(&f.h);
	}
}

static void interim_responses_are_skipped(void **state)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n";
	char text[1024] = "";
	struct feed f;

	(void)state;
	for
		EACH_STEP(i)
		{
			response(&f,
				 "HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
				 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!",
				 steps[i]);
			assert_true(f.h.done);
			assert_int_equal(f.h.status, 200);
			assert_null(slu_http1_field(&f.h, "Link", NULL));
			assert_body(&f, "!");
			slu_http1_clear(&f.h);
		}
	for (int i = 0; i < 9; i++)
		strcat(text, interim);
	response(&f, text, 4096);
	assert_int_equal(f.err, SLU_ERR_HTTP);
	assert_string_equal(slu_http1_error(&f.h), "sent interim responses without end");
	slu_http1_clear(&f.h);
	response(&f, "HTTP/1.1 101 Switching\r\n\r\n", 4096);
	assert_int_equal(f.err, SLU_ERR_HTTP);
	slu_http1_clear(&f.h);
}

static void long_lines_go_on(void **state)
{
	struct feed f;

	(void)state;
	for
		EACH_STEP(i)
		{
			response(&f,
				 "HTTP/1.1 200 OK\r\nA: one\r\n  two \r\n\tthree\r\nB: c\r\nContent-Length: 0\r\n\r\n",
				 steps[i]);
			assert_true(f.h.done);
			assert_string_equal(slu_http1_field(&f.h, "a", NULL), "one    two   \tthree");
			assert_string_equal(slu_http1_field(&f.h, "b", NULL), "c");
			slu_http1_clear(&f.h);
		}
}

static void one_message_follows_another(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: 1\r\n\r\noneHTTP/1.1 404 Gone\r\n"
				   "Content-Length: 0\r\n\r\n";
	struct slu_vec body;
	struct slu_http1 h;
	size_t at = 0;

	(void)state;
	slu_http1_init(&h, SLU_HTTP1_RESPONSE, HEAD_MAX, 3);
	while (!h.done)
		at += (size_t)slu_http1_in(&h, text + at, sizeof text - 1 - at, &body);
	assert_int_equal(slu_http1_in(&h, text + at, sizeof text - 1 - at, &body), 0);
	slu_http1_next(&h);
	assert_false(h.has_head || h.done);
	assert_null(slu_http1_field(&h, "A", NULL));
	while (!h.done)
		at += (size_t)slu_http1_in(&h, text + at, sizeof text - 1 - at, &body);
	assert_int_equal(h.status, 404);
	assert_int_equal(h.body, 0);
	assert_int_equal(at, sizeof text - 1);
	slu_http1_clear(&h);
}

static void malformed_responses_are_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"HTTP/2 200 OK\r\n\r\n", "answered with something that is not HTTP/1"},
		{"HTTP/1.x 200 OK\r\n\r\n", "answered with something that is not HTTP/1"},
		{"HTTP/1.10 200 OK\r\n\r\n", "answered with something that is not HTTP/1"},
		{"ICY 200 OK\r\n\r\n", "answered with something that is not HTTP/1"},
		{"HTTP/1.1 20 OK\r\n\r\n", "answered with something that is not HTTP/1"},
		{"HTTP/1.1 2000\r\n\r\n", "answered with something that is not HTTP/1"},
		{"HTTP/1.1 099 Low\r\n\r\n", "answered with something that is not HTTP/1"},
		{"HTTP/1.1\r\n\r\n", "answered with something that is not HTTP/1"},
		{"\n\n\n\n\n", "sent empty lines instead of HTTP"},
		{"HTTP/1.1 200 OK\r\nA\x01: b\r\n\r\n", "sent a head with a control character"},
		{"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "sent a head with a control character"},
		{"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "sent a head with a line that is no field"},
		{"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "sent a head with a line that is no field"},
		{"HTTP/1.1 200 OK\r\nnothing\r\n\r\n", "sent a head with a line that is no field"},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		 "sent a head with a Content-Length that is no number"},
		{"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
		 "sent a head with a Content-Length that is no number"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
		 "sent a head with a Content-Length that is no number"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n",
		 "sent a head with a Content-Length that is no number"},
		{"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "sent a head with an empty Content-Length"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n",
		 "sent a head with a Content-Length that is no possible number"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		 "sent a head with two different lengths"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n",
		 "announced a body of 100001 bytes, where at most 100000 are taken"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		 "sent a head with a Transfer-Encoding other than chunked"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		 "sent a head with a Transfer-Encoding other than chunked"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "sent a chunk without a size"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "sent a chunk without a size"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n", "sent a chunk without a size"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
		 "announced a chunk that is too long"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
		 "sent more of a chunk than it had announced"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\r\n",
		 "sent more of a chunk than it had announced"},
	};
	struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for
			EACH_STEP(k)
			{
				response(&f, cases[i].text, steps[k]);
				assert_int_equal(f.err, SLU_ERR_HTTP);
				assert_string_equal(slu_http1_error(&f.h), cases[i].error);
				slu_http1_clear(&f.h);
			}
}

static void malformed_requests_are_refused(void **state)
{
	static const char *const cases[] = {
		"POST\r\n\r\n",
		"POST HTTP/1.1\r\n\r\n",
		"POST  HTTP/1.1\r\n\r\n",
		" / HTTP/1.1\r\n\r\n",
		"POST / /x HTTP/1.1\r\n\r\n",
		"POST /\tx HTTP/1.1\r\n\r\n",
		"PO(ST / HTTP/1.1\r\n\r\n",
		"POST / HTTP/2.0\r\n\r\n",
		"POST / HTTP/1.1x\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"\x03\x01\x02\n\n",
	};
	struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for
			EACH_STEP(k)
			{
				request(&f, cases[i], steps[k]);
				assert_int_equal(f.err, SLU_ERR_HTTP);
				assert_true(strlen(slu_http1_error(&f.h)) > 10);
				slu_http1_clear(&f.h);
			}
}

/* At the byte after which nothing can make a request of it: who speaks another protocol need not wait to be told. */
static void what_begins_as_no_request_is_refused_at_once(void **state)
{
	static const struct {
		const char *text;
		size_t good; /* bytes that a request may begin with */
	} cases[] = {
		{"\x03", 0},
		{"\x16\x03\x01", 0},
		{" GET", 0},
		{"\r\n\n\rGET", 4},
		{"PO(ST", 2},
		{"GET\t", 3},
		{"GET\r\n", 4},
		{"GET /\x01", 5},
		{"GET /\x7f", 5},
		{"GET /\rx", 6},
		{"GET /\r\n", 6},
		{"GET / \n", 6},
		{"GET / HTTP/2.0\r\n", 15},
		{"GET / HTTP/1.1x\n", 15},
		{" HTTP/1.1\n", 0},
		{"12345678901234567890123456789012/", 32},
		{"123456789012345678901234567890123", 32},
	};
	struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		request(&f, cases[i].text, 1);
		assert_int_equal(f.err, SLU_ERR_HTTP);
		assert_int_equal(f.taken, cases[i].good);
		assert_string_equal(slu_http1_error(&f.h), "sent no request of HTTP/1");
		slu_http1_clear(&f.h);
	}
	for
		EACH_STEP(k)
		{
			request(&f, "12345678901234567890123456789012 /\xff HTTP/1.1 \t\r\n\r\n", steps[k]);
			assert_int_equal(f.err, 0);
			assert_true(f.h.done);
			slu_http1_clear(&f.h);
		}
}

/* The same n bytes of filler again and again, until it fails; returns after how many. */
static size_t endless(struct feed *f, const char *start, const char *filler)
{
	struct slu_vec body;
	size_t total = 0;
	long n = 0;

	response(f, start, 4096);
	assert_int_equal(f->err, 0);
	for (; n >= 0 && total < 10 * BODY_MAX; total += strlen(filler)) {
		for (size_t at = 0; at < strlen(filler) && n >= 0; at += (size_t)n)
			n = slu_http1_in(&f->h, filler + at, strlen(filler) - at, &body);
	}
	assert_int_equal(n, SLU_ERR_HTTP);
	return total;
}

static void nothing_goes_on_for_ever(void **state)
{
	static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	char start[128];
	struct feed f;

	(void)state;
	assert_in_range(endless(&f, "HTTP/1.1 200 OK\r\n", "A: b\r\n"), HEAD_MAX - 32, HEAD_MAX + 8);
	assert_true(f.h.head.cap <= HEAD_MAX);
	slu_http1_clear(&f.h);
	assert_in_range(endless(&f, "HTTP/1.1 200 OK\r\nA: ", "b"), HEAD_MAX - 32, HEAD_MAX + 8);
	slu_http1_clear(&f.h);
	assert_in_range(endless(&f, "HTTP/1.1 200 OK\r\n\r\n", "body"), BODY_MAX, BODY_MAX + 8);
	slu_http1_clear(&f.h);
	assert_in_range(endless(&f, chunked, "4\r\nbody\r\n"), BODY_MAX, BODY_MAX / 4 * 9 + 9);
	assert_int_equal(f.h.body, BODY_MAX);
	slu_http1_clear(&f.h);
	snprintf(start, sizeof start, "%s1;", chunked);
	assert_in_range(endless(&f, start, "x"), 250, 260);
	slu_http1_clear(&f.h);
	snprintf(start, sizeof start, "%s0\r\n", chunked);
	assert_in_range(endless(&f, start, "X: y\r\n"), HEAD_MAX - 8, HEAD_MAX + 8);
	slu_http1_clear(&f.h);
}

static void failures_stay(void **state)
{
	struct slu_vec body;
	struct feed f;

	(void)state;
	response(&f, "nonsense\r\n\r\n", 4096);
	assert_int_equal(f.err, SLU_ERR_HTTP);
	assert_int_equal(slu_http1_in(&f.h, "HTTP/1.1 200 OK\r\n\r\n", 19, &body), SLU_ERR_HTTP);
	assert_int_equal(slu_http1_end(&f.h), SLU_ERR_HTTP);
	assert_string_equal(slu_http1_error(&f.h), "answered with something that is not HTTP/1");
	slu_http1_clear(&f.h);
}

static void the_stream_ends(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *error;
	} cases[] = {
		{"", SLU_ERR_CLOSED, "closed the connection without an answer"},
		{"\r\n", SLU_ERR_CLOSED, "closed the connection without an answer"},
		{"HTTP/1.1 2", SLU_ERR_HTTP, "closed the connection in the middle of a head"},
		{"HTTP/1.1 100 Continue\r\n\r\n", SLU_ERR_HTTP, "closed the connection in the middle of a head"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx", SLU_ERR_HTTP,
		 "closed the connection in the middle of a body"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", SLU_ERR_HTTP,
		 "closed the connection in the middle of a body"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 0, ""},
	};
	struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		response(&f, cases[i].text, 4096);
		assert_int_equal(slu_http1_end(&f.h), cases[i].err);
		assert_string_equal(slu_http1_error(&f.h), cases[i].error);
		slu_http1_clear(&f.h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_response),
		cmocka_unit_test(takes_a_request),
		cmocka_unit_test(says_who_keeps_the_connection),
		cmocka_unit_test(a_body_without_length_ends_with_the_stream),
		cmocka_unit_test(takes_chunks),
		cmocka_unit_test(some_responses_have_no_body),
		cmocka_unit_test(interim_responses_are_skipped),
		cmocka_unit_test(long_lines_go_on),
		cmocka_unit_test(one_message_follows_another),
		cmocka_unit_test(malformed_responses_are_refused),
		cmocka_unit_test(malformed_requests_are_refused),
		cmocka_unit_test(what_begins_as_no_request_is_refused_at_once),
		cmocka_unit_test(nothing_goes_on_for_ever),
		cmocka_unit_test(failures_stay),
		cmocka_unit_test(the_stream_ends),
	};

	return cmocka_run_group_tests_name("http1", tests, NULL, NULL);
}
