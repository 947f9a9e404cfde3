/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "metadata.h"

static char said[8192];

static void hear(int level, const char *format, va_list args)
{
	size_t at = strlen(said);

	assert_true(level == RTMP_LOGINFO || level == RTMP_LOGERROR);
	vsnprintf(said + at, sizeof said - at, format, args);
	strncat(said, "\n", sizeof said - strlen(said) - 1);
}

static RTMP rtmp;

static int begin(void **state)
{
	(void)state;
	memset(&rtmp, 0, sizeof rtmp);
	said[0] = '\0';
	RTMP_LogSetCallback(hear);
	RTMP_LogSetLevel(RTMP_LOGINFO);
	return 0;
}

#define NAME     "\2\0\12onMetaData"
#define DURATION "\0\10duration\0\100\51\0\0\0\0\0\0" /* 12.5 */

static int see(const char *body, size_t n)
{
	return slu_compat_metadata(&rtmp, body, (unsigned)n);
}

#define SEE(body) see(body, sizeof body - 1)

static void an_array_of_members(void **state)
{
	(void)state;
	assert_true(SEE(NAME "\10\0\0\0\3" DURATION "\0\14videocodecid\0\100\34\0\0\0\0\0\0"
			     "\0\6stereo\1\1"
			     "\0\7encoder\2\0\4me!\n"
			     "\0\0\11"));
	assert_true(rtmp.m_fDuration == 12.5);
	assert_int_equal(rtmp.m_read.dataType, 1);
	assert_string_equal(said, "Metadata:\n"
				  "  duration              12.50\n"
				  "  videocodecid          7.00\n"
				  "  stereo                TRUE\n"
				  "  encoder               me!\n");
}

static void an_object_within(void **state)
{
	(void)state;
	assert_true(SEE(NAME "\3\0\5inner\3" DURATION
			     "\0\14audiocodecid\0\100\44\0\0\0\0\0\0\0\0\11\0\4when\13\0\0\0\0\0\0\0\0\0\0"
			     "\0\0\11"));
	assert_true(rtmp.m_fDuration == 12.5);
	assert_int_equal(rtmp.m_read.dataType, 4);
	assert_string_equal(said, "Metadata:\n"
				  "inner:\n"
				  "  duration              12.50\n"
				  "  audiocodecid          10.00\n"
				  "  when                  timestamp:0.00\n");
}

static void a_duration_that_is_no_number(void **state)
{
	(void)state;
	rtmp.m_fDuration = 3;
	assert_true(SEE(NAME "\3\0\10duration\2\0\1x\0\0\11"));
	assert_true(rtmp.m_fDuration == 3);
}

static void other_data(void **state)
{
	(void)state;
	assert_false(SEE("\2\0\12onTextData\3" DURATION "\0\0\11"));
	assert_false(SEE("\0\100\51\0\0\0\0\0\0"));
	assert_false(SEE(""));
	assert_true(rtmp.m_fDuration == 0);
	assert_int_equal(rtmp.m_read.dataType, 0);
	assert_string_equal(said, "");
	assert_false(SEE("\2\0\12onMeta"));
	assert_non_null(strstr(said, "cannot be read"));
}

static void only_the_name_is_asked(void **state)
{
	static const char yes[] = NAME "\3" DURATION "\0\0\11", no[] = "\2\0\12onTextData\5";

	(void)state;
	assert_true(slu_compat_is_metadata(yes, sizeof yes - 1));
	assert_false(slu_compat_is_metadata(no, sizeof no - 1));
	assert_false(slu_compat_is_metadata(yes, 5));
	assert_false(slu_compat_is_metadata(yes, 0));
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_array_of_members, begin),
		cmocka_unit_test_setup(an_object_within, begin),
		cmocka_unit_test_setup(a_duration_that_is_no_number, begin),
		cmocka_unit_test_setup(other_data, begin),
		cmocka_unit_test_setup(only_the_name_is_asked, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
