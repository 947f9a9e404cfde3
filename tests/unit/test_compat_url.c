/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "../alloc_fail.h"

static const struct url_case {
	const char *url;
	int protocol;
	unsigned port;
	const char *host, *app, *playpath;
} cases[] = {
	{"rtmp://host/app/play", RTMP_PROTOCOL_RTMP, 0, "host", "app", "play"},
	{"RtmpTE://host:81/app/inst/play", RTMP_PROTOCOL_RTMPTE, 81, "host", "app/inst", "play"},
	{"rtmps://host/a/b/c/d/e", RTMP_PROTOCOL_RTMPS, 0, "host", "a/b/c", "d/e"},
	{"rtmpe://host/only", RTMP_PROTOCOL_RTMPE, 0, "host", "only", ""},
	{"rtmpt://host/", RTMP_PROTOCOL_RTMPT, 0, "host", "", ""},
	{"rtmpts://host", RTMP_PROTOCOL_RTMPTS, 0, "host", "", ""},
	{"rtmfp://host/a/b", RTMP_PROTOCOL_RTMFP, 0, "host", "a", "b"},
	{"gopher://host/a/b", RTMP_PROTOCOL_RTMP, 0, "host", "a", "b"},
	{"rtmp://host/ondemand/dir/file.mp4", RTMP_PROTOCOL_RTMP, 0, "host", "ondemand", "mp4:dir/file"},
	{"rtmp://host/app/x?slist=dir/f.mp3&y", RTMP_PROTOCOL_RTMP, 0, "host", "app/x?slist=dir/f.mp3&y", "mp3:dir/f"},
	{"rtmp://host:65536/a/b", RTMP_PROTOCOL_RTMP, 0, "host", "a", "b"},
	{"rtmp://host:-5/a/b", RTMP_PROTOCOL_RTMP, 0, "host", "a", "b"},
	{"rtmp://[::1]:1936/a/b", RTMP_PROTOCOL_RTMP, 1936, "::1", "a", "b"},
	{"rtmp://[2001:db8::2]/a/b", RTMP_PROTOCOL_RTMP, 0, "2001:db8::2", "a", "b"},
	{"rtmp://[::1/a/b", RTMP_PROTOCOL_RTMP, 0, "[", "a", "b"},
};

static void assert_text(const AVal *v, const char *text)
{
	assert_int_equal(v->av_len, strlen(text));
	assert_memory_equal(v->av_val ? v->av_val : "", text, strlen(text));
}

static void takes_urls_apart(void **state)
{
	AVal host, playpath, app;
	unsigned port;
	int protocol;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct url_case *c = &cases[i];

		assert_true(RTMP_ParseURL(c->url, &protocol, &host, &port, &playpath, &app));
		assert_int_equal(protocol, c->protocol);
		assert_int_equal(port, c->port);
		assert_text(&host, c->host);
		assert_text(&app, c->app);
		assert_text(&playpath, c->playpath);
		assert_true(host.av_val > c->url && host.av_val <= c->url + strlen(c->url)); /* not copied */
		free(playpath.av_val);
	}
}

static void refuses_what_is_none(void **state)
{
	AVal host, playpath, app;
	unsigned port;
	int protocol;

	(void)state;
	assert_false(RTMP_ParseURL("host/app/play", &protocol, &host, &port, &playpath, &app));
	assert_false(RTMP_ParseURL("rtmp://", &protocol, &host, &port, &playpath, &app));
	assert_null(host.av_val);
	assert_null(app.av_val);
	assert_null(playpath.av_val);
	assert_int_equal(port, 0);
}

static void hosts_have_255_bytes(void **state)
{
	char url[300] = "rtmp://";
	AVal host, playpath, app;
	unsigned port;
	int protocol;

	(void)state;
	memset(url + 7, 'h', 256);
	url[7 + 255] = '/';
	assert_true(RTMP_ParseURL(url, &protocol, &host, &port, &playpath, &app));
	assert_int_equal(host.av_len, 255);
	url[7 + 255] = 'h';
	assert_true(RTMP_ParseURL(url, &protocol, &host, &port, &playpath, &app));
	assert_int_equal(host.av_len, 0);
	assert_null(host.av_val);
}

/* The bytes of in alone are looked at. */
static void makes_playpaths(void **state)
{
	static const struct {
		const char *in, *out;
	} paths[] = {
		{"", ""},
		{"live", "live"},
		{"dir/f.flv", "dir/f"},
		{"f.flv?k=.mp4", "f?k=.mp4"},
		{"f.mp4", "mp4:f"},
		{"f.f4v?k", "mp4:f?k"},
		{"mp4:f.mp4", "mp4:f.mp4"},
		{"f.mp3", "mp3:f"},
		{".mp3", "mp3:"},
		{"mp3", "mp3"},
		{"a%20b%2", "a b%2"},
		{"%", "%"},
		{"%zz%4A", "%zzJ"},
		{"?slist=f.flv&g", "f.flv"},
		{"?a&slist=f.mp4", "mp4:f"},
		{"?a", "?a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		size_t n = strlen(paths[i].in);
		char *copy = malloc(n + 1); /* a sanitizer sees what is read behind it */
		AVal in = {copy + 1, (int)n}, out;

		assert_non_null(copy);
		memcpy(copy + 1, paths[i].in, n);
		RTMP_ParsePlaypath(&in, &out);
		assert_text(&out, paths[i].out);
		assert_int_equal(out.av_val[out.av_len], 0);
		free(out.av_val);
		free(copy);
	}
}

static void memory_runs_out(void **state)
{
	AVal in = AVC("path"), out;

	(void)state;
	alloc_fail_at(0);
	RTMP_ParsePlaypath(&in, &out);
	assert_true(alloc_fail_end());
	assert_null(out.av_val);
	assert_int_equal(out.av_len, 0);
}

static int quiet(void **state)
{
	(void)state;
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_urls_apart),     cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(hosts_have_255_bytes), cmocka_unit_test(makes_playpaths),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests_name("compat_url", tests, quiet, NULL);
}
