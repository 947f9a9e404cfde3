/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <sys/stat.h>

#include <sluice/error.h>

#include "record_kit.h"
#include "server/record_path.h"

static void makes(const char *key, const char *want)
{
	char path[SLU_RECORD_PATH];
	struct stat a, b;
	int fd = slu_record_path_create(kit_dir, key, path);

	assert_true(fd >= 0);
	assert_string_equal(path, want);
	assert_int_equal(fstatat(kit_dir, want, &a, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(fstat(fd, &b), 0);
	assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	close(fd);
}

static void refuses(const char *key, int want)
{
	char path[SLU_RECORD_PATH];

	assert_int_equal(slu_record_path_create(kit_dir, key, path), want);
}

static void names_files_after_streams(void **state)
{
	(void)state;
	makes("live/cam", "live/cam.flv");
	makes("cam", "cam.flv");
	makes("live/event/cam.v-1_2", "live/event/cam.v-1_2.flv");
	makes("live/.hidden", "live/%2Ehidden.flv");
	makes("live/a b%\xc3\xa4\\\n:", "live/a%20b%25%C3%A4%5C%0A%3A.flv");
	makes("live/...", "live/%2E...flv");
}

static void never_overwrites(void **state)
{
	(void)state;
	makes("live/cam", "live/cam.flv");
	makes("live/cam", "live/cam.1.flv");
	makes("live/cam", "live/cam.2.flv");
}

static void stays_inside(void **state)
{
	char deep[] = "1/2/3/4/5/6/7/8/9", wide[SLU_RECORD_PART + 2];

	(void)state;
	refuses("..", SLU_ERR_INVALID);
	refuses("../cam", SLU_ERR_INVALID);
	refuses("live/../../cam", SLU_ERR_INVALID);
	refuses("live/.", SLU_ERR_INVALID);
	refuses("/etc/cam", SLU_ERR_INVALID);
	refuses("live//cam", SLU_ERR_INVALID);
	refuses("live/", SLU_ERR_INVALID);
	refuses("", SLU_ERR_INVALID);
	refuses(deep, SLU_ERR_INVALID);
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	refuses(wide, SLU_ERR_INVALID);
}

static void follows_no_link(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("/tmp", kit_dir, "out"), 0);
	refuses("out/cam", SLU_ERR_IO);
	assert_int_equal(symlinkat("/tmp/slu-record-must-not-be", kit_dir, "cam.flv"), 0);
	makes("cam", "cam.1.flv");
	assert_int_equal(access("/tmp/slu-record-must-not-be", F_OK), -1);
}

static void says_why_not(void **state)
{
	char path[SLU_RECORD_PATH];
	int fd = openat(kit_dir, "live", O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	errno = 0;
	assert_int_equal(slu_record_path_create(kit_dir, "live/cam", path), SLU_ERR_IO);
	assert_int_equal(errno, ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(names_files_after_streams), KIT_TEST(never_overwrites), KIT_TEST(stays_inside),
		KIT_TEST(follows_no_link),           KIT_TEST(says_why_not),
	};

	return cmocka_run_group_tests_name("record_path", tests, NULL, NULL);
}
