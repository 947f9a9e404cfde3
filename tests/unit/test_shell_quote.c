/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/shell_quote.h"

static char *quoted(const char *text, int always)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	assert_non_null(to);
	slu_shell_quote(to, text, always);
	assert_int_equal(fclose(to), 0);
	return out;
}

static void becomes(const char *text, int always, const char *want)
{
	char *got = quoted(text, always);

	assert_string_equal(got, want);
	free(got);
}

static void words(void **state)
{
	(void)state;
	becomes("foo.flv", 0, "foo.flv");
	becomes("foo.flv", 1, "\"foo.flv\"");
	becomes("", 0, "\"\"");
	becomes("LNX 10,0,32,18", 1, "\"LNX 10,0,32,18\"");
	becomes("a b;c&d|e<f>(g)*?[h]#~{}", 0, "\"a b;c&d|e<f>(g)*?[h]#~{}\"");
	becomes("it's", 1, "\"it's\"");
	becomes("$(id)", 1, "'$(id)'");
	becomes("`id`", 0, "'`id`'");
	becomes("\"; id; \"", 1, "'\"; id; \"'");
	becomes("it's $HOME!", 1, "'it'\\''s $HOME!'");
	becomes("a\\", 1, "'a\\'");
	becomes("\x1b[2J'1\\\n", 1, "$'\\033[2J\\'1\\\\\\012'");
	becomes("\xc3\xa4\x7f", 0, "$'\\303\\244\\177'");
}

/* What bash makes of it, character by character. */
static void read_back(const char *text)
{
	char command[4096], got[2048];
	char *word = quoted(text, 0);
	size_t n;
	FILE *from;

	assert_true((size_t)snprintf(command, sizeof command, "set -o histexpand; printf %%s %s", word) <
		    sizeof command);
	free(word);
	for (const char *p = command; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	assert_int_equal(setenv("SLU_COMMAND", command, 1), 0);
	from = popen("exec bash -c \"$SLU_COMMAND\"", "r");
	assert_non_null(from);
	n = fread(got, 1, sizeof got - 1, from);
	assert_int_equal(pclose(from), 0);
	got[n] = '\0';
	assert_string_equal(got, text);
}

static void a_shell_reads_the_same(void **state)
{
	char text[256];
	uint32_t seed = 1;

	(void)state;
	if (access("/bin/bash", X_OK) != 0)
		skip();
	for (int i = 0; i < 255; i++)
		text[i] = (char)(i + 1);
	text[255] = '\0';
	read_back(text);
	for (int round = 0; round < 40; round++) {
		size_t n = test_rand(&seed) % 40;

		for (size_t i = 0; i < n; i++)
			text[i] = (char)(round % 2 ? ' ' + test_rand(&seed) % 95 : 1 + test_rand(&seed) % 255);
		text[n] = '\0';
		read_back(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(a_shell_reads_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
