/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>

static char *text;
static size_t size;
static FILE *out;

static int heard_level, heard_lines;
static char heard[4096];

static int begin(void **state)
{
	(void)state;
	out = open_memstream(&text, &size);
	RTMP_LogSetOutput(out);
	RTMP_LogSetLevel(RTMP_LOGERROR);
	heard_lines = 0;
	return out ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	RTMP_LogSetCallback(NULL);
	RTMP_LogSetOutput(NULL);
	fclose(out);
	free(text);
	return 0;
}

static void hear(int level, const char *format, va_list args)
{
	heard_level = level;
	heard_lines++;
	vsnprintf(heard, sizeof heard, format, args);
}

static void assert_written(const char *wanted)
{
	fflush(out);
	assert_string_equal(text, wanted);
}

static void goes_to_the_output_by_level(void **state)
{
	(void)state;
	assert_int_equal(RTMP_LogGetLevel(), RTMP_LOGERROR);
	RTMP_Log(RTMP_LOGWARNING, "not this");
	RTMP_Log(RTMP_LOGERROR, "%d and %s", 1, "two");
	RTMP_debuglevel = RTMP_LOGDEBUG2;
	RTMP_Log(RTMP_LOGDEBUG2, "three");
	RTMP_Log(RTMP_LOGDEBUG2, "Name: no-name.");
	RTMP_LogSetLevel(RTMP_LOGALL);
	RTMP_Log(RTMP_LOGALL, "Name: no-name.");
	RTMP_Log(-1, "below all");
	assert_written("ERROR: 1 and two\nDEBUG2: three\nDEBUG2: Name: no-name.\nCRIT: below all\n");
}

static void goes_to_a_callback(void **state)
{
	(void)state;
	RTMP_LogSetCallback(hear);
	RTMP_Log(RTMP_LOGWARNING, "not this");
	assert_int_equal(heard_lines, 0);
	RTMP_Log(RTMP_LOGERROR, "100%% %s", "%n%s");
	assert_string_equal(heard, "100% %n%s");
	assert_int_equal(heard_level, RTMP_LOGERROR);
	RTMP_LogSetCallback(NULL);
	RTMP_Log(RTMP_LOGERROR, "back");
	assert_int_equal(heard_lines, 1);
	assert_written("ERROR: back\n");
}

/* python-librtmp has room for 2,048 bytes, and does not look. */
static void lines_are_bounded(void **state)
{
	static char long_text[100000];

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	RTMP_LogSetCallback(hear);
	RTMP_Log(RTMP_LOGERROR, "%s", long_text);
	assert_int_equal(strlen(heard), 2046);
	RTMP_LogPrintf("%s", long_text);
	fflush(out);
	assert_int_equal(size, 2046);
}

static void a_line_ends_a_status(void **state)
{
	(void)state;
	RTMP_LogStatus("\rone");
	RTMP_LogStatus("\rtwo");
	RTMP_Log(RTMP_LOGERROR, "line");
	RTMP_LogStatus("\rthree");
	RTMP_LogPrintf("printed\n");
	RTMP_LogPrintf("on");
	assert_written("\rone\rtwo\nERROR: line\n\rthree\nprinted\non");
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	RTMP_LogStatus("\rnot this");
	RTMP_LogPrintf("nor this");
	assert_written("\rone\rtwo\nERROR: line\n\rthree\nprinted\non");
}

static void bytes_as_lines(void **state)
{
	uint8_t data[18];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(0x20 + 7 * i);
	RTMP_LogHex(RTMP_LOGERROR, data, 18);
	RTMP_LogHex(RTMP_LOGERROR, data, 0);
	RTMP_LogHex(RTMP_LOGDEBUG, data, 18);
	assert_written("ERROR: 20 27 2e 35 3c 43 4a 51 58 5f 66 6d 74 7b 82 89\nERROR: 90 97 \n");
	RTMP_LogSetCallback(hear);
	RTMP_LogHexString(RTMP_LOGERROR, data, 18);
	assert_int_equal(heard_lines, 2);
	assert_string_equal(heard, "  0010:  90 97                                              ..                ");
	RTMP_LogHexString(RTMP_LOGERROR, NULL, 18);
	RTMP_LogHexString(RTMP_LOGDEBUG, data, 18);
	assert_int_equal(heard_lines, 2);
	RTMP_LogHexString(RTMP_LOGERROR, data, 0);
	assert_int_equal(heard_lines, 3);
	assert_string_equal(heard, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_to_the_output_by_level, begin, end),
		cmocka_unit_test_setup_teardown(goes_to_a_callback, begin, end),
		cmocka_unit_test_setup_teardown(lines_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(a_line_ends_a_status, begin, end),
		cmocka_unit_test_setup_teardown(bytes_as_lines, begin, end),
	};

	return cmocka_run_group_tests_name("compat_log", tests, NULL, NULL);
}
