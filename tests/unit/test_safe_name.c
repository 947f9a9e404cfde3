/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <sys/stat.h>

#include "record_kit.h"
#include "tools/safe_name.h"

static void stem_of(const char *playpath, const char *want)
{
	char stem[SLU_SAFE_STEM];

	slu_safe_stem(stem, playpath);
	assert_string_equal(stem, want);
}

static void stems(void **state)
{
	char longest[400], cut[SLU_SAFE_STEM];

	(void)state;
	stem_of("foo", "foo");
	stem_of("mp4:dir/foo.mp4?a=b/c", "foo.mp4");
	stem_of("mp4:foo", "mp4_foo");
	stem_of("?token=1/x", "x");
	stem_of("dir/", "stream");
	stem_of("", "stream");
	stem_of("..", "stream");
	stem_of("../../etc/.passwd", "passwd");
	stem_of("-rf", "rf");
	stem_of("--output=x", "output_x");
	stem_of(".-.x", "x");
	stem_of("a\\b c\n;$(id)`'\"\xc3\xa4", "a_b_c____id______");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	memset(cut, 'x', sizeof cut - 1);
	cut[sizeof cut - 1] = '\0';
	stem_of(longest, cut);
}

static int in_folder(void **state)
{
	return kit_setup(state) == 0 && fchdir(kit_dir) == 0 ? 0 : -1;
}

static int out_of_folder(void **state)
{
	return chdir("/") == 0 ? kit_teardown(state) : -1;
}

static void makes(const char *want)
{
	char name[SLU_SAFE_NAME];
	int fd;

	assert_true(slu_safe_free_name(name, "foo", ".flv"));
	assert_string_equal(name, want);
	fd = slu_safe_create(name, "foo", ".flv");
	assert_true(fd >= 0);
	assert_string_equal(name, want);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static void nothing_is_overwritten(void **state)
{
	struct stat st;

	(void)state;
	makes("foo.flv");
	makes("foo01.flv");
	assert_int_equal(symlink("elsewhere", "foo02.flv"), 0);
	makes("foo03.flv");
	assert_int_equal(stat("elsewhere", &st), -1);
	for (int i = 4; i < 256; i++) {
		char name[SLU_SAFE_NAME];
		int fd = slu_safe_create(name, "foo", ".flv");

		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(stat("fooff.flv", &st), 0);
	assert_int_equal(stat("foo.flv", &st), 0);
	assert_int_equal(st.st_size, 1);
}

static void all_names_are_taken(void **state)
{
	char name[SLU_SAFE_NAME];

	nothing_is_overwritten(state);
	assert_int_equal(slu_safe_create(name, "foo", ".flv"), -1);
	assert_int_equal(errno, EEXIST);
	assert_false(slu_safe_free_name(name, "foo", ".flv"));
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, in_folder, out_of_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stems),
		IN_FOLDER(nothing_is_overwritten),
		IN_FOLDER(all_names_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
