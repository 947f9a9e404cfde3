/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/log.h"

static void keep(void *arg, enum slu_log_level level, const char *line)
{
	(void)level;
	assert_true(strlen(line) < SLU_LOG_LINE);
	strcpy(arg, line);
}

static void filters_by_level_and_escapes(void **state)
{
	char got[SLU_LOG_LINE] = "";
	struct slu_log log = {.fn = keep, .arg = got, .level = SLU_LOG_INFO};

	(void)state;
	slu_log(&log, SLU_LOG_DEBUG, "no");
	assert_string_equal(got, "");
	slu_log(&log, SLU_LOG_INFO, "a%sb", "\n\x1b[31m\xff");
	assert_string_equal(got, "a\\x0a\\x1b[31m\\xffb");
	slu_log(NULL, SLU_LOG_ERROR, "nobody listens");
	log.fn = NULL;
	slu_log(&log, SLU_LOG_ERROR, "nobody listens");
}

static void cuts_long_lines(void **state)
{
	char got[SLU_LOG_LINE] = "", long_text[5000], small[6];
	struct slu_log log = {.fn = keep, .arg = got, .level = SLU_LOG_INFO};

	(void)state;
	memset(long_text, '\1', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	slu_log(&log, SLU_LOG_INFO, "%s", long_text);
	assert_int_equal(strlen(got), (SLU_LOG_LINE - 1) / 4 * 4);
	assert_string_equal(slu_escape(small, sizeof small, "abc\1", 4), "abc");
	assert_string_equal(slu_escape(small, sizeof small, "abcdefgh", 8), "abcde");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_by_level_and_escapes),
		cmocka_unit_test(cuts_long_lines),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
