/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/probe_page.h"

static char *text;
static size_t size;

static struct slu_page page(bool colour)
{
	free(text);
	text = NULL;
	return (struct slu_page){.to = open_memstream(&text, &size), .colour = colour};
}

static void is(const struct slu_page *p, const char *wanted)
{
	fclose(p->to);
	assert_string_equal(text, wanted);
}

static void breaks_at_blanks(void **state)
{
	struct slu_page p = page(false);

	(void)state;
	slu_page_text(&p, SLU_PAGE_HEAD, 10, "Label", "%s %s", "1234567890 1234567890 1234567890 1234567890 1234567890",
		      "1234567890 1234567890 end");
	is(&p, "Label     1234567890 1234567890 1234567890 1234567890 1234567890 1234567890\n"
	       "          1234567890 end\n");
	/* 70 columns to the end of the line, and one more */
	p = page(false);
	slu_page_text(&p, SLU_PAGE_PLAIN, 10, "", "%069d.", 0);
	slu_page_text(&p, SLU_PAGE_PLAIN, 10, "", "a %069d.", 0);
	fclose(p.to);
	assert_int_equal(strchr(text, '\n') - text, 80);
	assert_non_null(strstr(text, "\n          a\n          000"));
}

static void breaks_no_word_and_no_label(void **state)
{
	struct slu_page p = page(false);

	(void)state;
	slu_page_text(&p, SLU_PAGE_PLAIN, 2, "a label", "%090d end", 0);
	slu_page_text(&p, SLU_PAGE_PLAIN, 4, "", "%s", "");
	fclose(p.to);
	assert_memory_equal(text, "a label 000", 11);
	assert_non_null(strstr(text, "0\n  end\n    \n"));
}

static void has_colours_where_they_are_wanted(void **state)
{
	struct slu_page p = page(true);

	(void)state;
	slu_page_text(&p, SLU_PAGE_BAD, 2, "!", "x");
	slu_page_line(&p, SLU_PAGE_GOOD, 2, "%s", "y");
	slu_page_line(&p, SLU_PAGE_PLAIN, 0, "z");
	is(&p, "\033[31m! x\033[0m\n  \033[32my\033[0m\nz\n");
	p = page(false);
	slu_page_line(&p, SLU_PAGE_BAD, 1, "y");
	is(&p, " y\n");
	assert_false(slu_page_coloured(stdin));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(breaks_at_blanks),
		cmocka_unit_test(breaks_no_word_and_no_label),
		cmocka_unit_test(has_colours_where_they_are_wanted),
	};
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
