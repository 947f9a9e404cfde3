/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include "tools/suite_options.h"

static struct slu_suite_options o;
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
	return 0;
}

static int end(void **state)
{
	(void)state;
	slu_suite_clear(&o);
	RTMP_LogSetCallback(NULL);
	return 0;
}

static bool set(const char *name, const char *value)
{
	static char kept[64][128];
	static size_t next;
	char *copy = kept[next++ % 64];

	if (value)
		snprintf(copy, sizeof kept[0], "%s", value);
	return slu_suite_set(&o, SLU_SUITE_RTMPDUMP, name, value ? copy : NULL);
}

static void defaults_are_those_of_the_program(void **state)
{
	(void)state;
	assert_int_equal(o.buffer_ms, 36000000);
	assert_int_equal(o.timeout_s, 30);
	assert_int_equal(o.swf_age, 30);
	assert_int_equal(o.port, -1);
	assert_int_equal(o.protocol, -1);
	assert_int_equal(o.level, RTMP_LOGINFO);
	slu_suite_init(&o, SLU_SUITE_RTMPGW);
	assert_int_equal(o.buffer_ms, 20000);
	assert_int_equal(o.timeout_s, 120);
	assert_int_equal(o.listen_port, 80);
	assert_string_equal(o.listen, "127.0.0.1");
}

/* By letter and by name. */
static void texts_have_their_places(void **state)
{
	const struct {
		const char *letter, *name;
		AVal *field;
	} texts[] = {
		{"i", "url", &o.url},          {"r", "rtmp", &o.rtmp},         {"n", "host", &o.host},
		{"S", "socks", &o.socks},      {"a", "app", &o.app},           {"t", "tcUrl", &o.tc_url},
		{"p", "pageUrl", &o.page_url}, {"s", "swfUrl", &o.swf_url},    {"f", "flashVer", &o.flash_ver},
		{"u", "auth", &o.auth},        {"y", "playpath", &o.playpath}, {"d", "subscribe", &o.subscribe},
		{"T", "token", &o.token},      {"j", "jtv", &o.usher_token},
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char value[16];

		snprintf(value, sizeof value, "value %zu", i);
		assert_true(set(texts[i].letter, value));
		assert_string_equal(texts[i].field->av_val, value);
		assert_int_equal(texts[i].field->av_len, strlen(value));
		assert_true(set(texts[i].name, "other"));
		assert_string_equal(texts[i].field->av_val, "other");
	}
}

static void numbers_have_their_places_and_limits(void **state)
{
	const struct {
		const char *letter, *name, *value, *wrong;
		long *field;
		long is;
	} numbers[] = {
		{"c", "port", "1936", "65536", &o.port, 1936},
		{"l", "protocol", "5", "6", &o.protocol, 5},
		{"k", "skip", "2", "-1", &o.skip, 2},
		{"A", "start", "1.5", "-1", &o.start_ms, 1500},
		{"B", "stop", "7", "x", &o.stop_ms, 7000},
		{"b", "buffer", "5000", "1e3", &o.buffer_ms, 5000},
		{"m", "timeout", "9", "99999999999", &o.timeout_s, 9},
		{"x", "swfsize", "1000", "", &o.swf_size, 1000},
		{"X", "swfAge", "0", "ten", &o.swf_age, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		assert_true(set(numbers[i].letter, numbers[i].value));
		assert_int_equal(*numbers[i].field, numbers[i].is);
		*numbers[i].field = 77;
		assert_true(set(numbers[i].name, numbers[i].value));
		assert_int_equal(*numbers[i].field, numbers[i].is);
		heard[0] = '\0';
		assert_false(set(numbers[i].letter, numbers[i].wrong));
		assert_int_equal(*numbers[i].field, numbers[i].is);
		assert_non_null(strstr(heard, numbers[i].name));
	}
	assert_false(set("A", "nan"));
	assert_false(set("c", "80x"));
}

static void flags_and_levels(void **state)
{
	const struct {
		const char *letter, *name;
		bool *field;
	} flags[] = {{"v", "live", &o.live},
		     {"Y", "playlist", &o.playlist},
		     {"R", "realtime", &o.realtime},
		     {"e", "resume", &o.resume},
		     {"#", "hashes", &o.hashes}};

	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		assert_false(*flags[i].field);
		assert_true(set(flags[i].letter, NULL));
		assert_true(*flags[i].field);
		*flags[i].field = false;
		assert_true(set(flags[i].name, NULL));
		assert_true(*flags[i].field);
	}
	assert_true(set("q", NULL));
	assert_int_equal(o.level, RTMP_LOGCRIT);
	assert_true(set("V", NULL));
	assert_int_equal(o.level, RTMP_LOGDEBUG);
	assert_true(set("z", NULL));
	assert_int_equal(o.level, RTMP_LOGALL);
}

static void a_hash_is_64_digits(void **state)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF";
	char wrong[sizeof hex + 1];

	(void)state;
	for (size_t i = 0; i < sizeof hex - 1; i++) {
		memcpy(wrong, hex, sizeof hex);
		wrong[i] = "g@`/:"[i % 5];
		assert_false(set("w", wrong));
		assert_false(o.swf_hash_given);
	}
	snprintf(wrong, sizeof wrong, "%s0", hex);
	assert_false(set("w", wrong));
	assert_false(set("w", "00"));
	assert_true(set("w", hex));
	assert_true(o.swf_hash_given);
	for (int i = 0; i < RTMP_SWF_HASHLEN; i++)
		assert_int_equal(o.swf_hash[i], i < 16 ? i : 0xe0 + i);
}

static void conn_is_a_list(void **state)
{
	(void)state;
	for (int i = 0; i < SLU_SUITE_CONN_MAX; i++)
		assert_true(set("C", i ? "S:b" : "S:a"));
	assert_string_equal(o.conn[0].av_val, "S:a");
	assert_string_equal(o.conn[1].av_val, "S:b");
	assert_int_equal(o.nconn, SLU_SUITE_CONN_MAX);
	assert_false(set("C", "S:c"));
}

static void each_program_has_its_own(void **state)
{
	static const char *const dump[] = {"Y", "R", "e", "k", "o", "#"}, *const gw[] = {"D", "g"};
	char one[] = "1";

	(void)state;
	for (size_t i = 0; i < sizeof dump / sizeof dump[0]; i++) {
		assert_true(slu_suite_set(&o, SLU_SUITE_RTMPDUMP, dump[i], one));
		assert_false(slu_suite_set(&o, SLU_SUITE_RTMPGW, dump[i], one));
	}
	for (size_t i = 0; i < sizeof gw / sizeof gw[0]; i++) {
		assert_true(slu_suite_set(&o, SLU_SUITE_RTMPGW, gw[i], one));
		assert_false(slu_suite_set(&o, SLU_SUITE_RTMPDUMP, gw[i], one));
	}
	assert_false(set("", NULL));
	assert_false(set("rt", one));
	assert_false(set("r", NULL));
}

static void a_command_line_is_parsed(void **state)
{
	char *argv[] = {"rtmpdump", "-vr", "rtmp://h/a/b", "--port", "99", "-#", "-o-", "-q", NULL};

	(void)state;
	assert_int_equal(slu_suite_parse(&o, SLU_SUITE_RTMPDUMP, 8, argv), -1);
	assert_true(o.live && o.hashes);
	assert_string_equal(o.rtmp.av_val, "rtmp://h/a/b");
	assert_int_equal(o.port, 99);
	assert_string_equal(o.output, "-");
	assert_int_equal(RTMP_LogGetLevel(), RTMP_LOGCRIT);
}

static void what_is_no_command_line(void **state)
{
	static char *lines[][4] = {{"rtmpdump", "-Q"},
				   {"rtmpdump", "--nosuch"},
				   {"rtmpdump", "-r"},
				   {"rtmpdump", "--port", "x"},
				   {"rtmpdump", "-D", "127.0.0.1"}};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		heard[0] = '\0';
		assert_int_equal(slu_suite_parse(&o, SLU_SUITE_RTMPDUMP, lines[i][2] ? 3 : 2, lines[i]), 1);
		assert_non_null(strstr(heard, lines[i][1] + (i == 3 ? 2 : 0)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(defaults_are_those_of_the_program, begin, end),
		cmocka_unit_test_setup_teardown(texts_have_their_places, begin, end),
		cmocka_unit_test_setup_teardown(numbers_have_their_places_and_limits, begin, end),
		cmocka_unit_test_setup_teardown(flags_and_levels, begin, end),
		cmocka_unit_test_setup_teardown(a_hash_is_64_digits, begin, end),
		cmocka_unit_test_setup_teardown(conn_is_a_list, begin, end),
		cmocka_unit_test_setup_teardown(each_program_has_its_own, begin, end),
		cmocka_unit_test_setup_teardown(a_command_line_is_parsed, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_command_line, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
