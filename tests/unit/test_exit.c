/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "tools/exit.h"

static void statuses_are_distinct_and_named(void **state)
{
	static const struct {
		int value;
		const char *name;
	} all[] = {
#define ROW(name, value, meaning) {value, #name},
		SLU_EXITS(ROW)
#undef ROW
	};
	const size_t n = sizeof all / sizeof all[0];

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(strcasecmp(slu_exit_name((enum slu_exit)all[i].value), all[i].name), 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(all[i].value, all[k].value);
	}
}

static void every_error_has_a_status(void **state)
{
	static const int errors[] = {
#define ROW(name, value, family, text) value,
		SLU_ERRORS(ROW)
#undef ROW
	};

	(void)state;
	assert_int_equal(slu_exit_of(0, SLU_STAGE_FLOWING), SLU_EXIT_OK);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		for (int stage = SLU_STAGE_CONNECTING; stage <= SLU_STAGE_FLOWING; stage++)
			assert_int_not_equal(slu_exit_of(errors[i], (enum slu_stage)stage), SLU_EXIT_OK);
}

static void stages_matter(void **state)
{
	(void)state;
	assert_int_equal(slu_exit_of(SLU_ERR_RESET, SLU_STAGE_CONNECTING), SLU_EXIT_CONNECT);
	assert_int_equal(slu_exit_of(SLU_ERR_RESET, SLU_STAGE_ASKING), SLU_EXIT_REFUSED);
	assert_int_equal(slu_exit_of(SLU_ERR_RESET, SLU_STAGE_FLOWING), SLU_EXIT_LOST);
	assert_int_equal(slu_exit_of(SLU_ERR_TIMEOUT, SLU_STAGE_ASKING), SLU_EXIT_CONNECT);
	assert_int_equal(slu_exit_of(SLU_ERR_STALLED, SLU_STAGE_FLOWING), SLU_EXIT_LOST);
	assert_int_equal(slu_exit_of(SLU_ERR_RESOLVE, SLU_STAGE_CONNECTING), SLU_EXIT_CONNECT);
	assert_int_equal(slu_exit_of(SLU_ERR_CERTIFICATE, SLU_STAGE_CONNECTING), SLU_EXIT_TLS);
	assert_int_equal(slu_exit_of(SLU_ERR_REFUSED, SLU_STAGE_ASKING), SLU_EXIT_REFUSED);
	assert_int_equal(slu_exit_of(SLU_ERR_HANDSHAKE, SLU_STAGE_CONNECTING), SLU_EXIT_PROTOCOL);
	assert_int_equal(slu_exit_of(SLU_ERR_UNDELIVERED, SLU_STAGE_FLOWING), SLU_EXIT_UNDELIVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_are_distinct_and_named),
		cmocka_unit_test(every_error_has_a_status),
		cmocka_unit_test(stages_matter),
	};

	return cmocka_run_group_tests_name("exit", tests, NULL, NULL);
}
