/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <librtmp/log.h>

#include "options.h"

static RTMP *r;
static char heard[8192];

static void hear(int level, const char *format, va_list args)
{
	size_t n = strlen(heard);

	(void)level;
	vsnprintf(heard + n, sizeof heard - n, format, args);
	strncat(heard, "\n", sizeof heard - strlen(heard) - 1);
}

static int begin(void **state)
{
	(void)state;
	r = calloc(1, sizeof *r);
	heard[0] = '\0';
	RTMP_LogSetCallback(hear);
	return r ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	if (r->Link.lFlags & RTMP_LF_FTCU)
		free(r->Link.tcUrl.av_val);
	free(r->Link.playpath0.av_val);
	AMF_Reset(&r->Link.extras);
	free(r);
	return 0;
}

static int set(const char *name, char *value)
{
	const AVal opt = {(char *)name, (int)strlen(name)};
	AVal arg;

	memset(&arg, 0, sizeof arg); /* what is between its fields is copied too, and compared */
	arg.av_val = value;
	arg.av_len = (int)strlen(value);
	return RTMP_SetOpt(r, &opt, &arg);
}

static void assert_text(const AVal *v, const char *text)
{
	assert_int_equal(v->av_len, strlen(text));
	assert_memory_equal(v->av_val ? v->av_val : "", text, strlen(text));
}

/* All options but socks, which has two, and that nothing but their field changes. */
static void each_sets_its_field(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = {
		{"app", offsetof(RTMP, Link.app)},
		{"tcUrl", offsetof(RTMP, Link.tcUrl)},
		{"pageUrl", offsetof(RTMP, Link.pageUrl)},
		{"swfUrl", offsetof(RTMP, Link.swfUrl)},
		{"flashver", offsetof(RTMP, Link.flashVer)},
		{"playpath", offsetof(RTMP, Link.playpath)},
		{"subscribe", offsetof(RTMP, Link.subscribepath)},
		{"jtv", offsetof(RTMP, Link.usherToken)},
		{"token", offsetof(RTMP, Link.token)},
		{"pubUser", offsetof(RTMP, Link.pubUser)},
		{"pubPasswd", offsetof(RTMP, Link.pubPasswd)},
	};
	static const struct {
		const char *name;
		size_t offset;
		int value;
	} integers[] = {
		{"swfAge", offsetof(RTMP, Link.swfAge), 16},
		{"start", offsetof(RTMP, Link.seekTime), 16},
		{"stop", offsetof(RTMP, Link.stopTime), 16},
		{"buffer", offsetof(RTMP, m_nBufferMS), 16},
		{"timeout", offsetof(RTMP, Link.timeout), 16},
		{"playlist", offsetof(RTMP, Link.lFlags), RTMP_LF_PLST},
		{"live", offsetof(RTMP, Link.lFlags), RTMP_LF_LIVE},
		{"swfVfy", offsetof(RTMP, Link.lFlags), RTMP_LF_SWFV},
	};
	RTMP *wanted = calloc(1, sizeof *wanted);
	char text[] = "text", number[] = "0x10", truth[] = "TRUE";

	(void)state;
	assert_non_null(wanted);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		memset(r, 0, sizeof *r);
		memset(wanted, 0, sizeof *wanted);
		memcpy((char *)wanted + texts[i].offset + offsetof(AVal, av_val), &(char *){text}, sizeof(char *));
		memcpy((char *)wanted + texts[i].offset + offsetof(AVal, av_len), &(int){4}, sizeof(int));
		assert_true(set(texts[i].name, text));
		assert_memory_equal(r, wanted, sizeof *r);
	}
	for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
		memset(r, 0, sizeof *r);
		memset(wanted, 0, sizeof *wanted);
		memcpy((char *)wanted + integers[i].offset, &integers[i].value, sizeof(int));
		assert_true(set(integers[i].name, integers[i].offset == offsetof(RTMP, Link.lFlags) ? truth : number));
		assert_memory_equal(r, wanted, sizeof *r);
	}
	free(wanted);
}

static void flags_know_what_is_true(void **state)
{
	static char truths[][5] = {"1", "on", "Yes", "tRUE"}, others[][6] = {"0", "off", "2", "", "true ", "ye"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		r->Link.lFlags = RTMP_LF_PLST;
		assert_true(set("LIVE", truths[i]));
		assert_int_equal(r->Link.lFlags, RTMP_LF_PLST | RTMP_LF_LIVE);
	}
	for (size_t i = 0; i < 6; i++) {
		r->Link.lFlags = RTMP_LF_PLST;
		assert_true(set("live", others[i]));
		assert_int_equal(r->Link.lFlags, RTMP_LF_PLST);
	}
}

static void refuses_and_explains(void **state)
{
	char value[] = "secret";

	(void)state;
	assert_false(set("nothing", value));
	assert_non_null(strstr(heard, "There is no option nothing"));
	assert_non_null(strstr(heard, "pubPasswd  the publisher's password"));
	assert_null(strstr(heard, value));
	assert_false(set("", value));
	assert_false(set("conn", value));
	assert_null(strstr(heard, value));
}

static int conn(char *value)
{
	return set("conn", value);
}

static void extras_are_nested(void **state)
{
	char v[][16] = {"B:1", "O:1", "NS:name:a:b", "NO:in:1", "NN:x:-2.5", "O:0", "NB:flag:0", "O:0", "Z:"};
	AMFObject *all = &r->Link.extras, *outer;

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
		assert_true(conn(v[i]));
	assert_int_equal(r->Link.edepth, 0);
	assert_int_equal(all->o_num, 3);
	assert_int_equal(all->o_props[2].p_type, AMF_NULL);
	outer = &all->o_props[1].p_vu.p_object;
	assert_int_equal(outer->o_num, 3);
	assert_text(&outer->o_props[0].p_name, "name");
	assert_text(&outer->o_props[0].p_vu.p_aval, "a:b");
	assert_text(&outer->o_props[1].p_name, "in");
	assert_true(outer->o_props[1].p_vu.p_object.o_props[0].p_vu.p_number == -2.5);
	assert_int_equal(outer->o_props[2].p_type, AMF_BOOLEAN);
}

static void extras_are_refused(void **state)
{
	char v[][8] = {"", "B", "X:1", "O:0", "NS:a:b", "N", "NX:a:b", "text"}, open[] = "O:1", bad[] = "NS:a";

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
		assert_false(conn(v[i]));
	assert_int_equal(r->Link.extras.o_num, 0);
	assert_true(conn(open));
	assert_false(conn(bad));
	r->Link.edepth = 2; /* a caller's mistake */
	assert_false(conn(open));
}

/* The defaults and what points where. */
static void urls_bring_options(void **state)
{
	char url[] = "rtmpt://host/app/play.mp4 live=1  swfUrl=http://s/\\20\\5c timeout=7   ";

	(void)state;
	assert_true(slu_compat_setup_url(r, url));
	assert_text(&r->Link.hostname, "host");
	assert_text(&r->Link.app, "app");
	assert_text(&r->Link.playpath, "mp4:play");
	assert_ptr_equal(r->Link.playpath.av_val, r->Link.playpath0.av_val);
	assert_text(&r->Link.tcUrl, "rtmpt://host/app");
	assert_ptr_equal(r->Link.tcUrl.av_val, url);
	assert_text(&r->Link.swfUrl, "http://s/ \\");
	assert_int_equal(r->Link.swfUrl.av_val[r->Link.swfUrl.av_len], 0);
	assert_int_equal(r->Link.lFlags, RTMP_LF_LIVE);
	assert_int_equal(r->Link.timeout, 7);
	assert_int_equal(r->Link.port, 80);
	assert_int_equal(r->Link.protocol, RTMP_PROTOCOL_RTMPT);
}

static void ports_go_with_protocols(void **state)
{
	char rtmp[] = "rtmp://h/a/b", rtmps[] = "rtmps://h/a/b", rtmpts[] = "rtmpts://h/a/b", own[] = "rtmps://h:1/a/b";
	char *urls[] = {rtmp, rtmps, rtmpts, own};
	const int ports[] = {1935, 443, 443, 1};

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(slu_compat_setup_url(r, urls[i]));
		assert_int_equal(r->Link.port, ports[i]);
		free(r->Link.playpath0.av_val);
		memset(r, 0, sizeof *r);
	}
}

static void an_app_makes_a_tc_url(void **state)
{
	char url[] = "rtmps://[::1]/x/y app=other/one socks=proxy:99";

	(void)state;
	assert_true(slu_compat_setup_url(r, url));
	assert_text(&r->Link.tcUrl, "rtmps://[::1]:443/other/one");
	assert_int_equal(r->Link.lFlags, RTMP_LF_FTCU);
	assert_text(&r->Link.sockshost, "proxy");
	assert_int_equal(r->Link.socksport, 99);
}

static void a_tc_url_is_kept(void **state)
{
	char url[] = "rtmp://h/x/y app=other tcUrl=rtmp://else/app socks=proxy";

	(void)state;
	assert_true(slu_compat_setup_url(r, url));
	assert_text(&r->Link.tcUrl, "rtmp://else/app");
	assert_int_equal(r->Link.lFlags, 0);
	assert_text(&r->Link.sockshost, "proxy");
	assert_int_equal(r->Link.socksport, 1080);
}

/* What was made is freed at once, and what is the caller's never. */
static void a_made_tc_url_gives_way(void **state)
{
	AVal host = AVC("h"), play = AVC("p"), tc_url = AVC("rtmp://third/app");
	char url[] = "rtmp://h/x/y app=other", again[] = "rtmp://h/x/y app=more", value[] = "rtmp://else/app";

	(void)state;
	assert_true(slu_compat_setup_url(r, url));
	assert_true(set("tcUrl", value));
	assert_text(&r->Link.tcUrl, "rtmp://else/app");
	assert_int_equal(r->Link.lFlags, 0);
	free(r->Link.playpath0.av_val);
	memset(r, 0, sizeof *r);
	assert_true(slu_compat_setup_url(r, again));
	assert_true(RTMP_SetOpt(r, &(AVal)AVC("tcUrl"), &r->Link.tcUrl));
	assert_text(&r->Link.tcUrl, "rtmp://h:1935/more");
	assert_int_equal(r->Link.lFlags, RTMP_LF_FTCU);
	RTMP_SetupStream(r, 0, &host, 0, NULL, &play, &tc_url, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, 0,
			 0, 30);
	assert_ptr_equal(r->Link.tcUrl.av_val, tc_url.av_val);
	assert_int_equal(r->Link.lFlags, 0);
}

static void a_proxy_may_be_a_url(void **state)
{
	char url[] = "rtmp://h/x/y socks=socks5://me:word@proxy:99";

	(void)state;
	assert_true(slu_compat_setup_url(r, url));
	assert_text(&r->Link.sockshost, "socks5://me:word@proxy:99");
	assert_int_equal(r->Link.socksport, 1080); /* not 0: there is one */
}

/* Programs set options after the URL, too, and rtmpdump does. */
static void a_proxy_may_be_set_at_any_time(void **state)
{
	static const struct {
		const char *value, *host;
		int port;
	} cases[] = {
		{"proxy:99", "proxy", 99},
		{"proxy:65535", "proxy", 65535},
		{"proxy", "proxy", 1080},
		{"http://proxy:1", "http://proxy:1", 1080},
		{"", "", 0},
		{"proxy:65537", "proxy", 0}, /* none is said to be that */
		{"proxy:108x", "proxy", 0},
		{"proxy:", "proxy", 0},
		{"proxy:18446744073709551617", "proxy", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char url[] = "rtmp://h/x/y socks=other:1", again[] = "rtmp://h/x/y", value[40];

		snprintf(value, sizeof value, "%s", cases[i].value);
		assert_true(slu_compat_setup_url(r, url));
		assert_true(set("socks", value));
		assert_text(&r->Link.sockshost, cases[i].host);
		assert_int_equal(r->Link.socksport, cases[i].port);
		free(r->Link.playpath0.av_val);
		if (cases[i].port) {
			assert_true(slu_compat_setup_url(r, again));
			assert_text(&r->Link.sockshost, cases[i].host);
			assert_int_equal(r->Link.socksport, cases[i].port);
			free(r->Link.playpath0.av_val);
		}
		memset(r, 0, sizeof *r);
	}
}

static void bad_options_are_refused(void **state)
{
	char escape[] = "rtmp://h/a/b playpath=x\\2", unknown[] = "rtmp://h/a/b x=1", none[] = "h/a/b",
	     word[] = "rtmp://h/a/b w";

	(void)state;
	assert_false(slu_compat_setup_url(r, escape));
	assert_non_null(strstr(heard, "Option playpath: a backslash wants two"));
	free(r->Link.playpath0.av_val);
	assert_false(slu_compat_setup_url(r, unknown));
	free(r->Link.playpath0.av_val);
	assert_false(slu_compat_setup_url(r, none));
	assert_true(slu_compat_setup_url(r, word)); /* as ever */
}

static void a_stream_is_set_up(void **state)
{
	AVal host = AVC("h"), play = AVC("p"), auth = AVC("a"), socks = AVC("proxy:99"),
	     hash = AVC("0123456789abcdef0123456789ABCDEF"), cut = AVC("0123"), app = AVC("app");

	(void)state;
	r->Link.app = app;
	RTMP_SetupStream(r, RTMP_PROTOCOL_RTMPTS, &host, 0, &socks, &play, NULL, NULL, NULL, NULL, &auth, &hash, 7,
			 NULL, NULL, NULL, 1, 2, TRUE, 3);
	assert_text(&r->Link.hostname, "h");
	assert_text(&r->Link.playpath, "p");
	assert_text(&r->Link.auth, "a");
	assert_text(&r->Link.app, "app"); /* what is not given stays */
	assert_text(&r->Link.sockshost, "proxy");
	assert_text(&r->Link.flashVer, "LNX 10,0,32,18");
	assert_int_equal(r->Link.socksport, 99);
	assert_int_equal(r->Link.port, 443);
	assert_int_equal(r->Link.lFlags, RTMP_LF_AUTH | RTMP_LF_LIVE);
	assert_int_equal(r->Link.SWFSize, 7);
	assert_memory_equal(r->Link.SWFHash, hash.av_val, 32);
	assert_true(r->Link.seekTime == 1 && r->Link.stopTime == 2 && r->Link.timeout == 3);
	RTMP_SetupStream(r, RTMP_PROTOCOL_RTMP, &host, 77, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &cut, 7, NULL,
			 NULL, NULL, 0, 0, FALSE, 0);
	assert_int_equal(r->Link.SWFSize, 0);
	assert_non_null(strstr(heard, "The hash of the player has 4 bytes"));
	assert_int_equal(r->Link.port, 77);
	assert_int_equal(r->Link.sockshost.av_len, 0);
	assert_int_equal(r->Link.playpath.av_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_sets_its_field, begin, end),
		cmocka_unit_test_setup_teardown(flags_know_what_is_true, begin, end),
		cmocka_unit_test_setup_teardown(refuses_and_explains, begin, end),
		cmocka_unit_test_setup_teardown(extras_are_nested, begin, end),
		cmocka_unit_test_setup_teardown(extras_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(urls_bring_options, begin, end),
		cmocka_unit_test_setup_teardown(ports_go_with_protocols, begin, end),
		cmocka_unit_test_setup_teardown(an_app_makes_a_tc_url, begin, end),
		cmocka_unit_test_setup_teardown(a_tc_url_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(a_made_tc_url_gives_way, begin, end),
		cmocka_unit_test_setup_teardown(a_proxy_may_be_a_url, begin, end),
		cmocka_unit_test_setup_teardown(a_proxy_may_be_set_at_any_time, begin, end),
		cmocka_unit_test_setup_teardown(bad_options_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_stream_is_set_up, begin, end),
	};

	return cmocka_run_group_tests_name("compat_options", tests, NULL, NULL);
}
