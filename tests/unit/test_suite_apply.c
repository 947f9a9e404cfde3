/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/suite_options.h"

static struct slu_suite_options o;
static RTMP *r;
static char heard[8192];

static void hear(int level, const char *format, va_list args)
{
	size_t n = strlen(heard);

	(void)level;
	vsnprintf(heard + n, sizeof heard - n, format, args);
}

static int begin(void **state)
{
	(void)state;
	heard[0] = '\0';
	RTMP_LogSetCallback(hear);
	RTMP_LogSetLevel(RTMP_LOGINFO);
	slu_suite_init(&o, SLU_SUITE_RTMPDUMP);
	r = RTMP_Alloc();
	if (r)
		RTMP_Init(r);
	return r ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	RTMP_Close(r);
	RTMP_Free(r);
	slu_suite_clear(&o);
	RTMP_LogSetCallback(NULL);
	return 0;
}

/* "-r URL -v ...": does all of it. */
static bool ready(int argc, char **argv)
{
	assert_int_equal(slu_suite_parse(&o, SLU_SUITE_RTMPDUMP, argc, argv), -1);
	return slu_suite_complete(&o) && slu_suite_apply(&o, r);
}

#define READY(...) ready((int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[]){__VA_ARGS__, NULL})

static void check(const AVal *value, const char *is)
{
	assert_int_equal(value->av_len, strlen(is));
	assert_memory_equal(value->av_val, is, strlen(is));
}

static void a_url_is_taken_apart(void **state)
{
	(void)state;
	assert_true(READY("rtmpdump", "-r", "rtmpe://host:99/a/b/c.mp4"));
	check(&r->Link.hostname, "host");
	check(&r->Link.app, "a/b");
	check(&r->Link.playpath, "mp4:c");
	check(&r->Link.tcUrl, "rtmpe://host:99/a/b");
	check(&r->Link.flashVer, "LNX 10,0,32,18");
	assert_int_equal(r->Link.port, 99);
	assert_int_equal(r->Link.protocol, RTMP_PROTOCOL_RTMPE);
	assert_int_equal(r->Link.timeout, 30);
	assert_int_equal(r->m_nBufferMS, 36000000);
	assert_int_equal(r->Link.lFlags, RTMP_LF_BUFX);
}

static void options_count_before_the_url(void **state)
{
	(void)state;
	assert_true(READY("rtmpdump", "-n", "other", "-y", "p", "-r", "rtmp://host:99/a/b", "-c", "5", "-a", "x", "-l",
			  "2", "-m", "7", "-b", "8"));
	check(&r->Link.hostname, "other");
	check(&r->Link.playpath, "p");
	check(&r->Link.app, "x");
	check(&r->Link.tcUrl, "rtmpe://other:5/x");
	assert_int_equal(r->Link.port, 5);
	assert_int_equal(r->Link.timeout, 7);
	assert_int_equal(r->m_nBufferMS, 8);
}

static void everything_arrives(void **state)
{
	(void)state;
	assert_true(READY("rtmpdump", "-n", "::1", "-y", "p", "-t", "t", "-s", "s", "-p", "g", "-f", "f", "-u", "u",
			  "-d", "d", "-T", "k", "-j", "j", "-S", "proxy:9", "-Y", "-v", "-C", "N:1.5", "-B", "9", "-x",
			  "5", "-w", "0101010101010101010101010101010101010101010101010101010101010101"));
	check(&r->Link.tcUrl, "t");
	check(&r->Link.swfUrl, "s");
	check(&r->Link.pageUrl, "g");
	check(&r->Link.flashVer, "f");
	check(&r->Link.auth, "u");
	check(&r->Link.subscribepath, "d");
	check(&r->Link.token, "k");
	check(&r->Link.usherToken, "j");
	check(&r->Link.sockshost, "proxy");
	assert_int_equal(r->Link.socksport, 9);
	assert_int_equal(r->Link.lFlags, RTMP_LF_AUTH | RTMP_LF_LIVE | RTMP_LF_PLST);
	assert_int_equal(r->Link.extras.o_num, 1);
	assert_int_equal(r->Link.stopTime, 9000);
	assert_int_equal(r->Link.SWFSize, 5);
	assert_int_equal(r->Link.SWFHash[31], 1);
	assert_int_equal(r->Link.port, 1935);
	assert_non_null(strstr(heard, "--protocol"));
}

static void an_address_of_ipv6_has_brackets(void **state)
{
	(void)state;
	assert_true(READY("rtmpdump", "-r", "rtmp://[::1]:7/a/b"));
	check(&r->Link.hostname, "::1");
	check(&r->Link.tcUrl, "rtmp://[::1]:7/a");
}

static void ports_are_those_of_the_protocol(void **state)
{
	static char *const letters[] = {"0", "1", "2", "3", "4", "5"};
	static const int ports[] = {1935, 80, 1935, 80, 443, 443};

	for (int i = 0; i < 6; i++) {
		assert_true(READY("rtmpdump", "-n", "h", "-y", "p", "-l", letters[i]));
		assert_int_equal(r->Link.protocol, i);
		assert_int_equal(r->Link.port, ports[i]);
		end(state);
		begin(state);
	}
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	assert_false(READY("rtmpdump", "-v"));
	assert_non_null(strstr(heard, "no host"));
	assert_false(READY("rtmpdump", "-r", "rtmp://host/app"));
	assert_non_null(strstr(heard, "no playpath"));
	slu_suite_clear(&o);
	assert_false(READY("rtmpdump", "-r", "nothing"));
	assert_non_null(strstr(heard, "no URL"));
}

static void conn_is_checked(void **state)
{
	(void)state;
	assert_false(READY("rtmpdump", "-n", "h", "-y", "p", "-C", "B:1", "-C", "X:1"));
	assert_non_null(strstr(heard, "number 2"));
}

static void beside_a_url_with_options_others_count(void **state)
{
	char url[] = "rtmp://host:5/a/b live=1 timeout=4 buffer=6 app=x token=t";

	(void)state;
	assert_true(READY("rtmpdump", "-i", url, "-y", "p", "-B", "3", "-u", "u"));
	check(&r->Link.hostname, "host");
	check(&r->Link.app, "x");
	check(&r->Link.playpath, "p");
	check(&r->Link.token, "t");
	check(&r->Link.auth, "u");
	assert_int_equal(r->Link.timeout, 4);
	assert_int_equal(r->m_nBufferMS, 6);
	assert_int_equal(r->Link.stopTime, 3000);
	assert_int_equal(r->Link.lFlags & (RTMP_LF_LIVE | RTMP_LF_BUFX | RTMP_LF_AUTH), RTMP_LF_LIVE | RTMP_LF_AUTH);
}

static void numbers_beside_a_url_with_options(void **state)
{
	char url[] = "rtmp://host:5/a/b timeout=4 buffer=6 start=7";

	(void)state;
	assert_true(READY("rtmpdump", "-i", url, "-m", "5", "-b", "9", "-A", "2", "-v", "-n", "x"));
	assert_int_equal(r->Link.timeout, 5);
	assert_int_equal(r->m_nBufferMS, 9);
	assert_true(r->Link.lFlags & RTMP_LF_LIVE);
	assert_int_equal(r->Link.seekTime, 7);
	assert_non_null(strstr(heard, "--start is ignored"));
	assert_non_null(strstr(heard, "--url says"));
}

static void a_hash_without_a_size_is_left_out(void **state)
{
	(void)state;
	assert_true(READY("rtmpdump", "-r", "rtmp://host/a/b", "-R", "-A", "2", "-w",
			  "0101010101010101010101010101010101010101010101010101010101010101"));
	assert_non_null(strstr(heard, "--swfsize"));
	assert_int_equal(r->Link.SWFSize, 0);
	assert_int_equal(r->Link.seekTime, 2000);
	assert_int_equal(r->Link.lFlags, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_url_is_taken_apart, begin, end),
		cmocka_unit_test_setup_teardown(options_count_before_the_url, begin, end),
		cmocka_unit_test_setup_teardown(everything_arrives, begin, end),
		cmocka_unit_test_setup_teardown(an_address_of_ipv6_has_brackets, begin, end),
		cmocka_unit_test_setup_teardown(ports_are_those_of_the_protocol, begin, end),
		cmocka_unit_test_setup_teardown(what_is_missing_is_named, begin, end),
		cmocka_unit_test_setup_teardown(conn_is_checked, begin, end),
		cmocka_unit_test_setup_teardown(beside_a_url_with_options_others_count, begin, end),
		cmocka_unit_test_setup_teardown(numbers_beside_a_url_with_options, begin, end),
		cmocka_unit_test_setup_teardown(a_hash_without_a_size_is_left_out, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
