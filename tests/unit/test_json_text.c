/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include "tools/json_text.h"

static void check(const char *text, const char *want)
{
	cJSON *o = cJSON_CreateObject(), *again;
	char whole[256], *printed;

	assert_non_null(o);
	slu_json_add_text(o, "a", text);
	printed = cJSON_PrintUnformatted(o);
	snprintf(whole, sizeof whole, "{\"a\":\"%s\"}", want);
	assert_string_equal(printed, whole);
	again = cJSON_Parse(printed);
	assert_non_null(again);
	cJSON_Delete(again);
	cJSON_free(printed);
	cJSON_Delete(o);
}

static void keeps_text(void **state)
{
	(void)state;
	check("", "");
	check("live/cam 1", "live/cam 1");
	check("\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xa5.", "\\u00e9\\u20ac\\ud83c\\udfa5.");
	check("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", "\\udbff\\udfff\\ud7ff\\ue000");
}

/* Neither ends the string or the line, nor is anything to a terminal: C0, DEL, and C1 as UTF-8. */
static void lets_nothing_out(void **state)
{
	(void)state;
	check("a\"b\\c", "a\\\"b\\\\c");
	check("\n\r\t\x01", "\\u000a\\u000d\\u0009\\u0001");
	check("\x1b[2J\x7f\xc2\x9b", "\\u001b[2J\\u007f\\u009b");
}

static void replaces_what_is_no_utf8(void **state)
{
	(void)state;
	check("\x9b\xff", "\\ufffd\\ufffd");
	check("\xc3", "\\ufffd");                                  /* cut off */
	check("\xe2\x82", "\\ufffd\\ufffd");                       /* the same */
	check("\xc0\xaf", "\\ufffd\\ufffd");                       /* longer than need be */
	check("\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd");            /* the same */
	check("\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd");            /* a surrogate */
	check("\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"); /* beyond the last */
	check("\xc3\"", "\\ufffd\\\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_text),
		cmocka_unit_test(lets_nothing_out),
		cmocka_unit_test(replaces_what_is_no_utf8),
	};

	return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
