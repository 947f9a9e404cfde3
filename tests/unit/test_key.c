/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "tools/exit.h"
#include "tools/key.h"

static char key[SLU_KEY_MAX], error[512];

static int from_file(const char *text, size_t n)
{
	char path[] = "/tmp/sluice-key-XXXXXX";
	int fd = mkstemp(path), status;

	assert_int_equal(write(fd, text, n), n);
	close(fd);
	status = slu_key_from_file(path, key, error, sizeof error);
	unlink(path);
	return status;
}

static void takes_the_first_line(void **state)
{
	(void)state;
	assert_int_equal(from_file("abc?x=1\n", 8), 0);
	assert_string_equal(key, "abc?x=1");
	assert_int_equal(from_file("  abc \t\r\nsecond\n", 16), 0);
	assert_string_equal(key, "abc");
	assert_int_equal(from_file("\n\nabc", 5), 0);
	assert_string_equal(key, "abc");
}

static void refuses_none_and_too_much(void **state)
{
	static char text[SLU_KEY_MAX + 100];

	(void)state;
	assert_int_equal(from_file("", 0), SLU_EXIT_USAGE);
	assert_non_null(strstr(error, "there is no stream key in /tmp/"));
	assert_int_equal(from_file(" \n\n", 3), SLU_EXIT_USAGE);
	memset(text, 'k', sizeof text);
	assert_int_equal(from_file(text, SLU_KEY_MAX - 1), 0);
	assert_int_equal(strlen(key), SLU_KEY_MAX - 1);
	assert_int_equal(from_file(text, SLU_KEY_MAX), SLU_EXIT_USAGE);
	assert_int_equal(from_file(text, sizeof text), SLU_EXIT_USAGE);
	assert_null(strstr(error, "kkk")); /* never the key */
	assert_int_equal(slu_key_from_file("/nonexistent/key", key, error, sizeof error), SLU_EXIT_USAGE);
	assert_string_equal(
		error, "cannot read the stream key from the file that --key-file names: No such file or directory");
}

static void reads_the_environment(void **state)
{
	(void)state;
	setenv("SLUICE_TEST_KEY", " abc\n", 1);
	assert_int_equal(slu_key_from_env("SLUICE_TEST_KEY", key, error, sizeof error), 0);
	assert_string_equal(key, "abc");
	setenv("SLUICE_TEST_KEY", "", 1);
	assert_int_equal(slu_key_from_env("SLUICE_TEST_KEY", key, error, sizeof error), SLU_EXIT_USAGE);
	unsetenv("SLUICE_TEST_KEY");
	assert_non_null(strstr(error, "SLUICE_TEST_KEY"));
	/* Without such a variable, its name may be the key, given by mistake. */
	assert_int_equal(slu_key_from_env("SLUICE_TEST_KEY", key, error, sizeof error), SLU_EXIT_USAGE);
	assert_null(strstr(error, "SLUICE_TEST_KEY"));
	assert_non_null(strstr(error, "--key-env"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_first_line),
		cmocka_unit_test(refuses_none_and_too_much),
		cmocka_unit_test(reads_the_environment),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
