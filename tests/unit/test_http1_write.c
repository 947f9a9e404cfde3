/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "net/http1.h"

static void writes_a_head(void **state)
{
	static const char head[] = "POST /send/abc/7 HTTP/1.1\r\nContent-Length: 42\r\n\r\n";
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 1024);
	assert_int_equal(slu_http1_line(&b, "POST /send/%s/%u HTTP/1.1", "abc", 7u), 0);
	assert_int_equal(slu_http1_line(&b, "Content-Length: %d", 42), 0);
	assert_int_equal(slu_http1_end_head(&b), 0);
	assert_int_equal(b.len, sizeof head - 1);
	assert_memory_equal(b.data, head, b.len);
	slu_buf_clear(&b);
}

/* A name or a path that a URL brought may not begin a line of its own. */
static void a_line_stays_one_line(void **state)
{
	static const char *const bad[] = {"a\r\nX: y", "a\nX: y", "a\rX", "\x01", "\x7f", "tab\t"};
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 64);
	assert_int_equal(slu_http1_line(&b, "Host: %s", "one"), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(slu_http1_line(&b, "Host: %s", bad[i]), SLU_ERR_INVALID);
		assert_int_equal(b.len, 11);
	}
	assert_int_equal(slu_http1_line(&b, "X: %060d", 1), SLU_ERR_LIMIT);
	assert_int_equal(b.len, 11);
	assert_memory_equal(b.data, "Host: one\r\n", 11);
	slu_buf_clear(&b);
}

static void names_the_host(void **state)
{
	char out[64], tiny[6];

	(void)state;
	assert_string_equal(slu_http1_host(out, sizeof out, "live.example", 80, 80), "live.example");
	assert_string_equal(slu_http1_host(out, sizeof out, "live.example", 8080, 80), "live.example:8080");
	assert_string_equal(slu_http1_host(out, sizeof out, "2001:db8::1", 443, 443), "[2001:db8::1]");
	assert_string_equal(slu_http1_host(out, sizeof out, "::1", 80, 443), "[::1]:80");
	assert_string_equal(slu_http1_host(tiny, sizeof tiny, "live.example", 1, 2), "live.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_head),
		cmocka_unit_test(a_line_stays_one_line),
		cmocka_unit_test(names_the_host),
	};

	return cmocka_run_group_tests_name("http1_write", tests, NULL, NULL);
}
