/* SPDX-License-Identifier: MIT */
/* What is said to proxies, byte by byte as curl says it (tests/interop/test_proxies.py compares them), and every
 * answer. */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "net/proxy_talk.h"

struct fixture {
	struct slu_proxy proxy;
	struct slu_proxy_talk talk;
};

static void begin(struct fixture *f, const char *url, const char *host, uint16_t port)
{
	const char *why = slu_proxy_parse(&f->proxy, url);

	if (why)
		fail_msg("%s: %s", url, why);
	slu_proxy_talk_clear(&f->talk);
	assert_true(slu_proxy_talk_init(&f->talk, &f->proxy, host, port));
	slu_proxy_talk_begin(&f->talk);
}

/* Exactly these bytes are to be sent; they are. */
static void says(struct fixture *f, const void *wanted, size_t n)
{
	assert_int_equal(f->talk.out_size, n);
	assert_memory_equal(f->talk.out, wanted, n);
	slu_proxy_talk_sent(&f->talk);
}
#define SAYS(f, text) says(f, text, sizeof(text) - 1)

/* In pieces of every size that a byte stream may come in: 1, or all at once. */
static int hears(struct fixture *f, const void *answer, size_t n, size_t piece)
{
	size_t at = 0, used;
	int r = 0;

	while (r == 0 && at < n) {
		const size_t left = n - at < piece ? n - at : piece;

		r = slu_proxy_talk_in(&f->talk, (const uint8_t *)answer + at, left, &used);
		assert_true(used <= left);
		at += used;
		if (f->talk.out_size || (r == 0 && used < left))
			break;
	}
	if (r >= 0)
		assert_int_equal(at, n);
	return r;
}
#define HEARS(f, text, piece) hears(f, text, sizeof(text) - 1, piece)

static void has(const struct fixture *f, const char *part)
{
	if (!strstr(f->talk.error, part))
		fail_msg("\"%s\" lacks \"%s\"", f->talk.error, part);
}

/* ---- URLs ---- */

static void urls(void **state)
{
	static const struct {
		const char *url;
		enum slu_proxy_kind kind;
		uint16_t port;
		const char *name;
	} goods[] = {
		{"socks4://h", SLU_PROXY_SOCKS4, 1080, "SOCKS4"},
		{"socks4://u@h:9", SLU_PROXY_SOCKS4, 9, "SOCKS4"},
		{"SOCKS4A://h/", SLU_PROXY_SOCKS4A, 1080, "SOCKS4a"},
		{"socks5://u:p@h", SLU_PROXY_SOCKS5, 1080, "SOCKS5"},
		{"socks5h://h", SLU_PROXY_SOCKS5, 1080, "SOCKS5"},
		{"http://[::1]:3128", SLU_PROXY_HTTP, 3128, "HTTP"},
		{"http://h", SLU_PROXY_HTTP, 80, "HTTP"},
	};
	static const struct {
		const char *url, *part;
	} bads[] = {
		{"https://h", "scheme"},       {"h:1080", "scheme"},     {"socks4://u:p@h", "SOCKS4"},
		{"socks5://h/x", "behind"},    {"http://h?x", "behind"}, {"socks5://:p@h", "no user"},
		{"socks5://h:99999", "65535"}, {"", "scheme"},
	};
	struct slu_proxy p;

	(void)state;
	for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
		assert_null(slu_proxy_parse(&p, goods[i].url));
		assert_int_equal(p.kind, goods[i].kind);
		assert_int_equal(p.at.port, goods[i].port);
		assert_string_equal(slu_proxy_name(p.kind), goods[i].name);
	}
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		const char *why = slu_proxy_parse(&p, bads[i].url);

		if (!why || !strstr(why, bads[i].part))
			fail_msg("%s: %s", bads[i].url, why ? why : "was taken");
		assert_string_equal(p.at.password, "");
	}
}

/* ---- SOCKS4 ---- */

static void socks4(void **state)
{
	static const uint8_t resolved[4] = {192, 0, 2, 9};
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (size_t piece = 1; piece < 10; piece++) {
		begin(&f, "socks4://h", "192.0.2.77", 8443);
		SAYS(&f, "\4\1\x20\xfb\xc0\0\2\x4d\0");
		assert_int_equal(HEARS(&f, "\0\x5a\0\0\0\0\0\0", piece), 1);
	}
	begin(&f, "socks4://me@h", "live.example", 1935);
	SAYS(&f, "\4\1\7\x8f\0\0\0\1me\0live.example\0");
	slu_proxy_talk_resolved(&f.talk, resolved);
	slu_proxy_talk_begin(&f.talk);
	SAYS(&f, "\4\1\7\x8f\xc0\0\2\x9me\0");
	begin(&f, "socks4a://h", "live.example", 1935);
	SAYS(&f, "\4\1\7\x8f\0\0\0\1\0live.example\0");
	assert_int_equal(HEARS(&f, "\0\x5a\1\2\3\4\5\6", 8), 1);
}

static void socks4_refusals(void **state)
{
	static const struct {
		uint8_t code;
		const char *part;
	} codes[] = {{91, "91, request rejected or failed"},
		     {92, "92, identd not reached"},
		     {93, "93, another user by identd"},
		     {0, "reply 0, which has no name"},
		     {255, "reply 255, which has no name"}};
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		const uint8_t answer[8] = {0, codes[i].code};

		begin(&f, "socks4://proxy.example:9", "192.0.2.1", 1935);
		slu_proxy_talk_sent(&f.talk);
		assert_int_equal(hears(&f, answer, 8, 3), SLU_ERR_CONNECT);
		has(&f, codes[i].part);
		has(&f, "the proxy proxy.example:9 made no connection to 192.0.2.1:1935 (SOCKS4 reply ");
	}
	begin(&f, "socks4://h", "192.0.2.1", 1935);
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(HEARS(&f, "\5\x5a\0\0\0\0\0\0", 8), SLU_ERR_CONNECT);
	has(&f, "does not answer in SOCKS4");
}

static void no_ipv6_in_socks4(void **state)
{
	struct fixture f = {.talk.port = 0};

	(void)state;
	assert_null(slu_proxy_parse(&f.proxy, "socks4://h"));
	assert_false(slu_proxy_talk_init(&f.talk, &f.proxy, "::1", 1));
	has(&f, "IPv6");
	assert_null(slu_proxy_parse(&f.proxy, "socks4a://h"));
	assert_false(slu_proxy_talk_init(&f.talk, &f.proxy, "2001:db8::1", 1));
}

/* ---- SOCKS5 ---- */

#define GRANTED_IPV4 "\5\0\0\1\1\2\3\4\5\6"
#define GRANTED_NAME "\5\0\0\3\4name\5\6"
#define GRANTED_IPV6                                                                                                   \
	"\5\0\0\4"                                                                                                     \
	"0123456789abcdef"                                                                                             \
	"\5\6"

static void socks5(void **state)
{
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (size_t piece = 1; piece < 24; piece++) {
		begin(&f, "socks5://h", "live.example", 1935);
		SAYS(&f, "\5\1\0");
		assert_int_equal(HEARS(&f, "\5\0", piece), 0);
		SAYS(&f, "\5\1\0\3\x0clive.example\7\x8f");
		assert_int_equal(HEARS(&f, GRANTED_IPV4, piece), 1);

		begin(&f, "socks5://us:pass@h", "192.0.2.77", 8443);
		SAYS(&f, "\5\2\0\2");
		assert_int_equal(HEARS(&f, "\5\2", piece), 0);
		SAYS(&f, "\1\2us\4pass");
		assert_int_equal(HEARS(&f, "\1\0", piece), 0);
		SAYS(&f, "\5\1\0\1\xc0\0\2\x4d\x20\xfb");
		assert_int_equal(HEARS(&f, GRANTED_NAME, piece), 1);

		begin(&f, "socks5://us@h", "2001:db8::7", 8443);
		SAYS(&f, "\5\2\0\2");
		assert_int_equal(HEARS(&f, "\5\0", piece), 0);
		SAYS(&f, "\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7\x20\xfb");
		assert_int_equal(HEARS(&f, GRANTED_IPV6, piece), 1);
	}
	begin(&f, "socks5://us@h", "a", 1);
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(HEARS(&f, "\5\2", 2), 0);
	SAYS(&f, "\1\2us\0");
	assert_int_equal(HEARS(&f, "\5\0", 2), 0); /* some proxies give SOCKS' version there */
	SAYS(&f, "\5\1\0\3\1a\0\1");
}

/* What belongs to the tunnel is not taken. */
static void leaves_the_tunnels_bytes(void **state)
{
	static const uint8_t replies[] = GRANTED_NAME "tunnel";
	struct fixture f = {.talk.port = 0};
	size_t used;

	(void)state;
	begin(&f, "socks5://h", "a", 1);
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(slu_proxy_talk_in(&f.talk, (const uint8_t *)"\5\0\5\0", 4, &used), 0);
	assert_int_equal(used, 2); /* there is something to say first */
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(slu_proxy_talk_in(&f.talk, replies, sizeof replies - 1, &used), 1);
	assert_int_equal(used, sizeof replies - 1 - 6);
	begin(&f, "http://h", "a", 1);
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(slu_proxy_talk_in(&f.talk, (const uint8_t *)"HTTP/1.0 200 OK\r\n\r\ntunnel", 25, &used), 1);
	assert_int_equal(used, 19);
	begin(&f, "socks4://h", "1.2.3.4", 1);
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(slu_proxy_talk_in(&f.talk, (const uint8_t *)"\0\x5a\0\0\0\0\0\0tunnel", 14, &used), 1);
	assert_int_equal(used, 8);
}

static void socks5_refusals(void **state)
{
	static const char *const names[] = {
		NULL,
		"1, general failure",
		"2, not allowed by its rules",
		"3, network unreachable",
		"4, host unreachable",
		"5, connection refused",
		"6, TTL expired",
		"7, command not supported",
		"8, address type not supported",
		"9, which has no name",
	};
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (uint8_t i = 1; i < sizeof names / sizeof names[0]; i++) {
		const uint8_t answer[2] = {5, i};

		begin(&f, "socks5://h", "a", 1);
		slu_proxy_talk_sent(&f.talk);
		assert_int_equal(HEARS(&f, "\5\0", 2), 0);
		slu_proxy_talk_sent(&f.talk);
		assert_int_equal(hears(&f, answer, 2, 1), SLU_ERR_CONNECT);
		has(&f, names[i]);
		has(&f, "made no connection to a:1 (SOCKS5 reply ");
	}
}

static void socks5_nonsense(void **state)
{
	static const struct {
		const char *url, *answer;
		size_t n;
		const char *part;
	} answers[] = {
		{"socks5://h", "\4\0", 2, "does not answer in SOCKS5"},
		{"socks5://h", "\5\2", 2, "does not answer in SOCKS5"}, /* which was not offered */
		{"socks5://h", "\5\1", 2, "does not answer in SOCKS5"},
		{"socks5://h", "\5\xff", 2, "wants to know who asks"},
		{"socks5://u:p@h", "\5\xff", 2, "takes neither"},
		{"socks5://u:p@h", "\5\2\2\0", 4, "does not answer in SOCKS5"},
		{"socks5://u:p@h", "\5\2\1\1", 4, "does not take this user and password"},
		{"socks5://h", "\5\0\4\0", 4, "does not answer in SOCKS5"},
		{"socks5://h", "\5\0\5\0\0\2\0", 7, "does not answer in SOCKS5"},
	};
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		size_t at = 0, used;
		int r = 0;

		begin(&f, answers[i].url, "a", 1);
		while (r == 0 && at < answers[i].n) {
			slu_proxy_talk_sent(&f.talk);
			r = slu_proxy_talk_in(&f.talk, (const uint8_t *)answers[i].answer + at, answers[i].n - at,
					      &used);
			at += used;
		}
		assert_int_equal(r, SLU_ERR_CONNECT);
		has(&f, answers[i].part);
	}
}

/* ---- HTTP ---- */

static void http(void **state)
{
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (size_t piece = 1; piece < 60; piece++) {
		begin(&f, "http://h", "live.example", 443);
		SAYS(&f, "CONNECT live.example:443 HTTP/1.1\r\nHost: live.example:443\r\n\r\n");
		assert_int_equal(HEARS(&f, "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n", piece), 1);
		begin(&f, "http://h", "2001:db8::7", 1);
		SAYS(&f, "CONNECT [2001:db8::7]:1 HTTP/1.1\r\nHost: [2001:db8::7]:1\r\n\r\n");
		assert_int_equal(HEARS(&f, "HTTP/1.0 299\nContent-Length: 7\n\n", piece), 1);
		begin(&f, "http://h", "a", 1);
		slu_proxy_talk_sent(&f.talk);
		assert_int_equal(
			HEARS(&f, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 \r\nA: b\r\n\r\nHTTP/1.1 200 \r\n\r\n",
			      piece),
			1);
	}
	slu_proxy_talk_clear(&f.talk);
}

static void http_passwords(void **state)
{
	static const struct {
		const char *url, *base64;
	} cases[] = {/* RFC 7617, 2 and 2.1 */
		     {"http://Aladdin:open%20sesame@h", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		     {"http://test:123%c2%a3@h", "dGVzdDoxMjPCow=="},
		     {"http://u@h", "dTo="},
		     {"http://user:p%40ss%3aword@h", "dXNlcjpwQHNzOndvcmQ="},
		     {"http://ab:cde@h", "YWI6Y2Rl"}};
	struct fixture f = {.talk.port = 0};
	char wanted[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(wanted, sizeof wanted,
			 "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nProxy-Authorization: Basic %s\r\n\r\n", cases[i].base64);
		begin(&f, cases[i].url, "a", 1);
		says(&f, wanted, strlen(wanted));
	}
	slu_proxy_talk_clear(&f.talk);
}

static void http_refusals(void **state)
{
	static const struct {
		const char *url, *answer, *part;
	} answers[] = {
		{"http://h", "HTTP/1.1 400 \n\n", "(HTTP status 400, bad request)"},
		{"http://h", "HTTP/1.1 403 Filtered\nX: y\n\n", "(HTTP status 403, forbidden)"},
		{"http://h", "HTTP/1.1 404 \n\n", "404, not found"},
		{"http://h", "HTTP/1.1 405 \n\n", "405, method not allowed"},
		{"http://h", "HTTP/1.1 500 \n\n", "500, internal error"},
		{"http://h", "HTTP/1.1 501 \n\n", "501, not implemented"},
		{"http://h", "HTTP/1.1 502 \n\n", "502, bad gateway"},
		{"http://h", "HTTP/1.1 503 \n\n", "503, service unavailable"},
		{"http://h", "HTTP/1.1 504 \n\n", "504, gateway timeout"},
		{"http://h", "HTTP/1.1 302 \n\n", "302, which has no name"},
		{"http://h", "HTTP/1.1 999 \n\n", "999, which has no name"},
		{"http://h", "HTTP/1.1 407 \n\n", "wants to know who asks"},
		{"http://u:p@h", "HTTP/1.1 407 \n\n", "does not take this user and password"},
		{"http://h", "HTTP/2.0 200 OK\n\n", "check its port, and which protocol it speaks"},
		{"http://h", "HTTP/1.1 20\n\n", "check its port, and which protocol it speaks"},
		{"http://h", "HTTP/1.1 -20\n\n", "check its port, and which protocol it speaks"},
		{"http://h", "HTTP/1.1 099 \n\n", "check its port, and which protocol it speaks"},
		{"http://h", "HTTP/1.1\n\n", "check its port, and which protocol it speaks"},
		{"http://h", "\n\n\n\n\n\n", "check its port, and which protocol it speaks"},
		{"http://h", "HTTP/1.1 100 \n\nx\n\n", "check its port, and which protocol it speaks"},
	};
	struct fixture f = {.talk.port = 0};

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		int r;

		begin(&f, answers[i].url, "a", 1);
		slu_proxy_talk_sent(&f.talk);
		r = hears(&f, answers[i].answer, strlen(answers[i].answer), 5);
		if (r != SLU_ERR_CONNECT)
			fail_msg("%s: %d", answers[i].answer, r);
		has(&f, answers[i].part);
		has(&f, "the proxy h:80 ");
	}
	slu_proxy_talk_clear(&f.talk);
}

/* ---- bounds ---- */

static void answers_are_bounded(void **state)
{
	static uint8_t line[SLU_HTTP1_MAX_HEAD + 1];
	struct fixture f = {.talk.port = 0};
	size_t used;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "HTTP/1.1 200 ", 13);
	begin(&f, "http://h", "a", 1);
	slu_proxy_talk_sent(&f.talk);
	assert_int_equal(slu_proxy_talk_in(&f.talk, line, sizeof line, &used), SLU_ERR_CONNECT);
	has(&f, "check its port, and which protocol it speaks");
	slu_proxy_talk_clear(&f.talk);
	begin(&f, "http://h", "a", 1);
	slu_proxy_talk_sent(&f.talk);
	for (int i = 0; i < 100; i++) {
		int r = slu_proxy_talk_in(&f.talk, (const uint8_t *)"HTTP/1.1 100 \r\n\r\n", 17, &used);

		if (r == 0)
			continue;
		assert_int_equal(r, SLU_ERR_CONNECT);
		has(&f, "interim responses without end");
		slu_proxy_talk_clear(&f.talk);
		return;
	}
	fail();
}

/* The longest that may stand in URLs fits into what is said. */
static void the_longest(void **state)
{
	char url[1600], name[254], *at = url;
	struct fixture f = {.talk.port = 0};

	(void)state;
	memset(name, 'n', 253);
	name[253] = '\0';
	at += sprintf(at, "http://");
	memset(at, 'u', 255);
	at += 255;
	*at++ = ':';
	memset(at, 'p', 255);
	strcpy(at + 255, "@h");
	begin(&f, url, name, 65535);
	assert_int_equal(f.talk.out_size, 8 + 259 + 9 + 2 + 6 + 259 + 2 + 27 + 684 + 2 + 2);
	assert_memory_equal(f.talk.out + f.talk.out_size - 4, "\r\n\r\n", 4);
	assert_true(f.talk.out_size < SLU_PROXY_OUT);
	memcpy(url, "socks5", 6);
	memmove(url + 9, url + 7, strlen(url + 7) + 1);
	memcpy(url + 6, "://", 3);
	begin(&f, url, name, 65535);
	SAYS(&f, "\5\2\0\2");
	assert_int_equal(HEARS(&f, "\5\2", 2), 0);
	assert_int_equal(f.talk.out_size, 1 + 256 + 256);
	slu_proxy_talk_sent(&f.talk);
	for (size_t i = 0; i < 512; i++)
		assert_int_equal(f.talk.out[i], 0);
}

static void names_are_bounded(void **state)
{
	char name[300];
	struct fixture f = {.talk.port = 0};

	(void)state;
	memset(name, 'n', 256);
	name[256] = '\0';
	assert_null(slu_proxy_parse(&f.proxy, "socks5://h"));
	assert_false(slu_proxy_talk_init(&f.talk, &f.proxy, name, 1));
	has(&f, "255");
	name[255] = '\0';
	assert_true(slu_proxy_talk_init(&f.talk, &f.proxy, name, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(socks4),
		cmocka_unit_test(socks4_refusals),
		cmocka_unit_test(no_ipv6_in_socks4),
		cmocka_unit_test(socks5),
		cmocka_unit_test(leaves_the_tunnels_bytes),
		cmocka_unit_test(socks5_refusals),
		cmocka_unit_test(socks5_nonsense),
		cmocka_unit_test(http),
		cmocka_unit_test(http_passwords),
		cmocka_unit_test(http_refusals),
		cmocka_unit_test(answers_are_bounded),
		cmocka_unit_test(the_longest),
		cmocka_unit_test(names_are_bounded),
	};

	return cmocka_run_group_tests_name("proxy_talk", tests, NULL, NULL);
}
