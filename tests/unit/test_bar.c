/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "tools/bar.h"

static char text[120];

static void shows(struct slu_bar *b, double done, double now, const char *expected)
{
	assert_ptr_equal(slu_bar_text(b, done, now, "it", text, sizeof text), text);
	assert_string_equal(text, expected);
}

static void stages_add_up(void **state)
{
	struct slu_bar b;

	(void)state;
	slu_bar_begin(&b, 40, 100);
	slu_bar_stage(&b, 10);
	shows(&b, 0.1, 110, "[------------------------------] 2 %: it"); /* too early to tell */
	slu_bar_begin(&b, 40, 100);
	slu_bar_stage(&b, 10);
	shows(&b, 0, 100, "[------------------------------] 0 %: it");
	shows(&b, 1, 101.5, "[#######-----------------------] 25 %: it");
	slu_bar_stage(&b, 30);
	shows(&b, 0, 105, "[#######-----------------------] 25 %, about 15 s left: it");
	shows(&b, 0.5, 110, "[##################------------] 62 %, about 6 s left: it");
	shows(&b, 1, 120, "[##############################] 100 %, about 0 s left: it");
}

static void it_never_moves_back(void **state)
{
	struct slu_bar b;

	(void)state;
	slu_bar_begin(&b, 10, 0);
	slu_bar_stage(&b, 10);
	shows(&b, 0.5, 1, "[###############---------------] 50 %: it");
	shows(&b, 0.1, 1, "[###############---------------] 50 %: it");
	shows(&b, -7, 1, "[###############---------------] 50 %: it");
	slu_bar_stage(&b, 10); /* more than was expected */
	shows(&b, 0.5, 1, "[##############################] 100 %: it");
	shows(&b, 50, 1, "[##############################] 100 %: it");
	slu_bar_begin(&b, 40, 0);
	slu_bar_stage(&b, 10);
	shows(&b, 3, 1, "[#######-----------------------] 25 %: it");
	slu_bar_begin(&b, 0, 0);
	shows(&b, 1, 1, "[------------------------------] 0 %: it");
}

static void a_long_line_is_cut(void **state)
{
	struct slu_bar b;

	(void)state;
	slu_bar_begin(&b, 10, 0);
	slu_bar_text(&b, 0, 0, "a longer one", text, 45);
	assert_string_equal(text, "[------------------------------] 0 %: a long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_add_up),
		cmocka_unit_test(it_never_moves_back),
		cmocka_unit_test(a_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
