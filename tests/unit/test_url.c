/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>
#include <sluice/url.h>

#include "../alloc_fail.h"

struct good {
	const char *text;
	bool tls;
	unsigned port;
	const char *host, *user, *password, *app, *stream, *tc_url, *redacted;
};

static const struct good goods[] = {
	{"rtmp://h/live/key", false, 1935, "h", "", "", "live", "key", "rtmp://h/live", "rtmp://h:1935/live/..."},
	{"RTMPS://Ingest.example.com/live/key", true, 443, "Ingest.example.com", "", "", "live", "key",
	 "rtmps://Ingest.example.com/live", "rtmps://Ingest.example.com:443/live/..."},
	{"rtmps://live-api-s.facebook.com:443/rtmp/FB-1-0-Ab?s_bl=1&s_ps=1&a=Ab", true, 443, "live-api-s.facebook.com",
	 "", "", "rtmp", "FB-1-0-Ab?s_bl=1&s_ps=1&a=Ab", "rtmps://live-api-s.facebook.com/rtmp",
	 "rtmps://live-api-s.facebook.com:443/rtmp/..."},
	{"rtmpe://h/live/key", false, 1935, "h", "", "", "live", "key", "rtmpe://h/live", "rtmpe://h:1935/live/..."},
	{"RTMPE://[::1]:443/live/key", false, 443, "::1", "", "", "live", "key", "rtmpe://[::1]:443/live",
	 "rtmpe://[::1]:443/live/..."},
	{"rtmpt://h/live/key", false, 80, "h", "", "", "live", "key", "rtmpt://h/live", "rtmpt://h:80/live/..."},
	{"RTMPTS://h/live/key", true, 443, "h", "", "", "live", "key", "rtmpts://h/live", "rtmpts://h:443/live/..."},
	{"rtmpte://[::1]:65535/live/key", false, 65535, "::1", "", "", "live", "key", "rtmpte://[::1]:65535/live",
	 "rtmpte://[::1]:65535/live/..."},
	{"rtmp://h:443/a/b/c/d?e=/f", false, 443, "h", "", "", "a/b", "c/d?e=/f", "rtmp://h:443/a/b",
	 "rtmp://h:443/a/b/..."},
	{"rtmps://h:1/a/k?u=http://x/y/z", true, 1, "h", "", "", "a", "k?u=http://x/y/z", "rtmps://h:1/a",
	 "rtmps://h:1/a/..."},
	{"rtmp://h/app?token=x/stream?q=1/2", false, 1935, "h", "", "", "app?token=x", "stream?q=1/2",
	 "rtmp://h/app?token=x", "rtmp://h:1935/app/..."},
	{"rtmp://h/app?token=x", false, 1935, "h", "", "", "app?token=x", "", "rtmp://h/app?token=x",
	 "rtmp://h:1935/app"},
	{"rtmp://h/vod/mp4:dir/file.mp4", false, 1935, "h", "", "", "vod", "mp4:dir/file.mp4", "rtmp://h/vod",
	 "rtmp://h:1935/vod/..."},
	{"rtmp://h/vod/inst/mp4:dir/file", false, 1935, "h", "", "", "vod/inst", "mp4:dir/file", "rtmp://h/vod/inst",
	 "rtmp://h:1935/vod/inst/..."},
	{"rtmp://h/app/", false, 1935, "h", "", "", "app", "", "rtmp://h/app", "rtmp://h:1935/app"},
	{"rtmp://h/app/key/", false, 1935, "h", "", "", "app", "key/", "rtmp://h/app", "rtmp://h:1935/app/..."},
	{"rtmp://h/app//key", false, 1935, "h", "", "", "app", "/key", "rtmp://h/app", "rtmp://h:1935/app/..."},
	{"rtmp://h/a%20b/c%2fd", false, 1935, "h", "", "", "a%20b", "c%2fd", "rtmp://h/a%20b",
	 "rtmp://h:1935/a%20b/..."},
	{"rtmp://h", false, 1935, "h", "", "", "", "", "rtmp://h", "rtmp://h:1935/"},
	{"rtmp://h/", false, 1935, "h", "", "", "", "", "rtmp://h", "rtmp://h:1935/"},
	{"rtmp://192.0.2.1:65535/a/b", false, 65535, "192.0.2.1", "", "", "a", "b", "rtmp://192.0.2.1:65535/a",
	 "rtmp://192.0.2.1:65535/a/..."},
	{"rtmps://[2001:db8::1]/a/b", true, 443, "2001:db8::1", "", "", "a", "b", "rtmps://[2001:db8::1]/a",
	 "rtmps://[2001:db8::1]:443/a/..."},
	{"rtmp://[::]:19350/a/b", false, 19350, "::", "", "", "a", "b", "rtmp://[::]:19350/a",
	 "rtmp://[::]:19350/a/..."},
	{"rtmp://u:p@h/a/b", false, 1935, "h", "u", "p", "a", "b", "rtmp://h/a", "rtmp://h:1935/a/..."},
	{"rtmp://u%40x:p%3a%2F%25@h:2/a/b@c", false, 2, "h", "u@x", "p:/%", "a", "b@c", "rtmp://h:2/a",
	 "rtmp://h:2/a/..."},
	{"rtmp://u:p@q:r@[::1]/a/b", false, 1935, "::1", "u", "p@q:r", "a", "b", "rtmp://[::1]/a",
	 "rtmp://[::1]:1935/a/..."},
	{"rtmp://u@h/a/b", false, 1935, "h", "u", "", "a", "b", "rtmp://h/a", "rtmp://h:1935/a/..."},
	{"rtmp://@h/a/b", false, 1935, "h", "", "", "a", "b", "rtmp://h/a", "rtmp://h:1935/a/..."},
};

static void check(const struct slu_url *url, const struct good *g)
{
	char redacted[256];

	assert_int_equal(url->tls, g->tls);
	assert_int_equal(url->rtmpe, strncmp(g->tc_url, "rtmpe:", 6) == 0 || strncmp(g->tc_url, "rtmpte:", 7) == 0);
	assert_int_equal(url->http, g->tc_url[4] == 't');
	assert_int_equal(url->port, g->port);
	assert_string_equal(url->host, g->host);
	assert_string_equal(url->user, g->user);
	assert_string_equal(url->password, g->password);
	assert_string_equal(url->app, g->app);
	assert_string_equal(url->stream, g->stream);
	assert_string_equal(url->tc_url, g->tc_url);
	assert_string_equal(slu_url_redact(url, redacted, sizeof redacted), g->redacted);
}

static void takes_urls_apart(void **state)
{
	struct slu_url url;

	(void)state;
	for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
		const char *why = NULL;

		assert_int_equal(slu_url_parse(&url, goods[i].text, &why), 0);
		assert_null(why);
		check(&url, &goods[i]);
		slu_url_clear(&url);
		assert_null(url.storage);
		assert_null(url.host);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *says;
	} bads[] = {
		{"", "rtmp://"},
		{"http://h/SECRET", "rtmp://"},
		{"rtmpx://h/a/SECRET", "rtmp://"},
		{"rtmpes://h/a/SECRET", "rtmp://"},
		{"rtmp:/h/a/SECRET", "rtmp://"},
		{"rtmp://", "host"},
		{"rtmp:///a/SECRET", "host"},
		{"rtmp://u:SECRET@/a", "host"},
		{"rtmp://:1935/a/SECRET", "host"},
		{"rtmp://h:/a/SECRET", "port"},
		{"rtmp://h:0/a/SECRET", "port"},
		{"rtmp://h:00/a/SECRET", "port"},
		{"rtmp://h:65536/a/SECRET", "65535"},
		{"rtmp://h:99999999999999999999999/a/SECRET", "65535"},
		{"rtmp://h:1935x/a/SECRET", "number"},
		{"rtmp://h:-1/a/SECRET", "number"},
		{"rtmp://2001:db8::1/a/SECRET", "brackets"},
		{"rtmp://[2001:db8::1/a/SECRET", "']'"},
		{"rtmp://[2001:db8::1]x/a/SECRET", "port"},
		{"rtmp://[fe80::1%25eth0]/a/SECRET", "zone"},
		{"rtmp://[fe80::1%eth0]/a/SECRET", "zone"},
		{"rtmp://[]/a/SECRET", "IPv6"},
		{"rtmp://[1.2.3.4]/a/SECRET", "IPv6"},
		{"rtmp://[h]/a/SECRET", "IPv6"},
		{"rtmp://h h/a/SECRET", "space"},
		{"rtmp://h/a/SECRET b", "space"},
		{"rtmp://h/a/SECRET\n", "control"},
		{"rtmp://h/a/SECRET\x7f", "control"},
		{"rtmp://h?x/a/SECRET", "host"},
		{"rtmp://h_\xc3\xa4/a/SECRET", "xn--"},
		{"rtmp://u:SECRET%@h/a", "%25"},
		{"rtmp://u:SECRET%4@h/a", "%25"},
		{"rtmp://u:SECRET%zz@h/a", "%25"},
		{"rtmp://u%0a:SECRET@h/a", "control"},
		{"rtmp://u:SECRET%00@h/a", "control"},
		{"rtmp://h//SECRET", "app"},
		{"rtmp://h/?SECRET", "app"},
	};
	struct slu_url url;

	(void)state;
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		const char *why = NULL;

		assert_int_equal(slu_url_parse(&url, bads[i].text, &why), SLU_ERR_URL);
		assert_null(url.storage);
		assert_non_null(why);
		assert_non_null(strstr(why, bads[i].says));
		assert_null(strstr(why, "SECRET"));
		assert_int_equal(slu_url_parse(&url, bads[i].text, NULL), SLU_ERR_URL);
	}
	assert_int_equal(slu_url_parse(&url, NULL, NULL), SLU_ERR_URL);
}

static bool is_host(const char *address)
{
	char text[128];
	struct slu_url url;
	int err;

	snprintf(text, sizeof text, "rtmp://[%s]/a", address);
	err = slu_url_parse(&url, text, NULL);
	if (!err)
		assert_string_equal(url.host, address);
	slu_url_clear(&url);
	return !err;
}

static void knows_ipv6(void **state)
{
	static const char *const yes[] = {
		"::",
		"::1",
		"1::",
		"1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7::",
		"::2:3:4:5:6:7:8",
		"fe80::a:B:c:d",
		"::ffff:192.0.2.1",
		"1:2:3:4:5:6:1.2.3.4",
		"64:ff9b::255.255.255.255",
	};
	static const char *const no[] = {
		"1",           ":",         ":::",         "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",     "1::2::3",
		":1::2",       "12345::",   "g::",         "::1:",          "1:2:3:4:5:6:7:8::",     "::1.2.3",
		"::1.2.3.256", "1.2.3.4::", "::1.2.3.4.5", "::1..2.3",      "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5",
	};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(is_host(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(is_host(no[i]));
}

static void holds_lengths(void **state)
{
	static char text[9000];
	const char *why = NULL;
	struct slu_url url;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	memcpy(text, "rtmp://h/a/", 11);
	text[8192] = 0;
	assert_int_equal(slu_url_parse(&url, text, &why), 0);
	assert_int_equal(strlen(url.stream), 8192 - 11);
	slu_url_clear(&url);
	text[8192] = 'a';
	text[8193] = 0;
	assert_int_equal(slu_url_parse(&url, text, &why), SLU_ERR_URL);
	assert_non_null(strstr(why, "8192"));
	memset(text, 'a', 1000);
	memcpy(text, "rtmp://", 7);
	text[7 + 254] = 0;
	assert_int_equal(slu_url_parse(&url, text, &why), SLU_ERR_URL);
	assert_non_null(strstr(why, "253"));
	text[7 + 253] = 0;
	assert_int_equal(slu_url_parse(&url, text, &why), 0);
	slu_url_clear(&url);
}

static void a_stream_apart_makes_the_path_the_app(void **state)
{
	static const struct {
		const char *text;
		struct good g;
	} cases[] = {
		{"rtmps://live.example/rtmp/",
		 {NULL, true, 443, "live.example", "", "", "rtmp", "k/1?x=y", "rtmps://live.example/rtmp",
		  "rtmps://live.example:443/rtmp/..."}},
		{"rtmp://u%40:p%25@[::1]:9/a/b/c?q=/",
		 {NULL, false, 9, "::1", "u@", "p%", "a/b/c?q=/", "k/1?x=y", "rtmp://[::1]:9/a/b/c?q=/",
		  "rtmp://[::1]:9/a/b/c/..."}},
		{"rtmp://h", {NULL, false, 1935, "h", "", "", "", "k/1?x=y", "rtmp://h", "rtmp://h:1935/..."}},
		{"rtmpe://h/a",
		 {NULL, false, 1935, "h", "", "", "a", "k/1?x=y", "rtmpe://h/a", "rtmpe://h:1935/a/..."}},
	};
	struct slu_url url;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(slu_url_parse(&url, cases[i].text, NULL), 0);
		assert_int_equal(slu_url_set_stream(&url, "first"), 0);
		assert_string_equal(url.stream, "first");
		assert_int_equal(slu_url_set_stream(&url, NULL), SLU_ERR_INVALID);
		assert_int_equal(slu_url_set_stream(&url, "a\nb"), SLU_ERR_INVALID);
		assert_string_equal(url.stream, "first");
		assert_int_equal(slu_url_set_stream(&url, "k/1?x=y"), 0);
		check(&url, &cases[i].g);
		assert_int_equal(slu_url_set_stream(&url, url.host), 0);
		assert_string_equal(url.stream, cases[i].g.host);
		slu_url_clear(&url);
	}
	assert_int_equal(slu_url_set_stream(&url, "x"), SLU_ERR_INVALID);
}

static void redacts_into_any_room(void **state)
{
	static const char whole[] = "rtmps://[::1]:443/app/...";
	struct slu_url url;
	char out[64];

	(void)state;
	assert_int_equal(slu_url_parse(&url, "rtmps://u:p@[::1]/app/key", NULL), 0);
	for (size_t n = 0; n < sizeof out; n++) {
		memset(out, '#', sizeof out);
		assert_ptr_equal(slu_url_redact(&url, out, n), out);
		if (n) {
			assert_memory_equal(out, whole, n - 1 < strlen(whole) ? n - 1 : strlen(whole));
			assert_int_equal(strlen(out), n - 1 < strlen(whole) ? n - 1 : strlen(whole));
		}
		assert_int_equal(out[n], '#');
	}
	slu_url_clear(&url);
	assert_string_equal(slu_url_redact(&url, out, sizeof out), "");
}

static void memory_runs_out(void **state)
{
	struct slu_url url;
	int err;

	(void)state;
	for (long k = 0, failed = 1; failed; k++) {
		alloc_fail_at(k);
		err = slu_url_parse(&url, "rtmp://u:p@h/app/key", NULL);
		if (err)
			assert_null(url.storage);
		else
			err = slu_url_set_stream(&url, "other");
		failed = alloc_fail_end();
		assert_int_equal(err, failed ? SLU_ERR_NOMEM : 0);
		if (failed && k == 1)
			assert_string_equal(url.stream, "key");
		if (!failed)
			assert_int_equal(k, 2);
		slu_url_clear(&url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_urls_apart),
		cmocka_unit_test(refuses),
		cmocka_unit_test(knows_ipv6),
		cmocka_unit_test(holds_lengths),
		cmocka_unit_test(a_stream_apart_makes_the_path_the_app),
		cmocka_unit_test(redacts_into_any_room),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
