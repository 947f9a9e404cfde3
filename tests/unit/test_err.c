/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

static void every_code_has_name_text_and_family(void **state)
{
	int n = 0;

	(void)state;
#define CHECK(name, value, family, text)                                                                               \
	assert_string_equal(slu_err_name(SLU_ERR_##name), "SLU_ERR_" #name);                                           \
	assert_string_equal(slu_err_text(value), text);                                                                \
	assert_int_equal(slu_err_family(value), SLU_FAMILY_##family);                                                  \
	assert_true((value) < 0);                                                                                      \
	n++;
	SLU_ERRORS(CHECK)
#undef CHECK
	assert_true(n <= 25);
	assert_string_equal(slu_err_name(0), "SLU_OK");
	assert_string_equal(slu_err_name(-1000), "SLU_ERR_?");
	assert_string_equal(slu_err_text(-1000), "unknown error");
	assert_string_equal(slu_err_text(0), "no error");
	assert_int_equal(slu_err_family(0), SLU_FAMILY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_name_text_and_family),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
