/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <sys/stat.h>

#include <sluice/error.h>

#include "record_kit.h"
#include "server/record_path.h"

static unsigned makes(const char *path, const char *want)
{
	char taken[SLU_RECORD_PATH];
	struct stat a, b;
	unsigned take;
	int fd = slu_record_path_create(kit_dir, path, &take);

	assert_true(fd >= 0);
	slu_record_path_take(taken, path, take);
	assert_string_equal(taken, want);
	assert_int_equal(fstatat(kit_dir, want, &a, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(fstat(fd, &b), 0);
	assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	close(fd);
	return take;
}

static void makes_folders(void **state)
{
	(void)state;
	makes("live/cam.flv", "live/cam.flv");
	makes("live/event/cam.flv", "live/event/cam.flv");
	makes("cam.flv", "cam.flv");
}

static void never_overwrites(void **state)
{
	(void)state;
	assert_int_equal(makes("live/cam.flv", "live/cam.flv"), 0);
	assert_int_equal(makes("live/cam.flv", "live/cam.1.flv"), 1);
	assert_int_equal(makes("live/cam.flv", "live/cam.2.flv"), 2);
	assert_int_equal(unlinkat(kit_dir, "live/cam.1.flv", 0), 0);
	makes("live/cam.flv", "live/cam.1.flv");
	makes("live/cam.flv", "live/cam.3.flv");
}

static void touch(unsigned take)
{
	char path[SLU_RECORD_PATH];
	int fd;

	slu_record_path_take(path, "cam.flv", take);
	fd = openat(kit_dir, path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* Years of takes: the next one is found, and not by asking for each. */
static void goes_on_after_many(void **state)
{
	char path[SLU_RECORD_PATH];

	(void)state;
	for (unsigned take = 0; take < 3000; take++)
		touch(take);
	makes("cam.flv", "cam.3000.flv");
	makes("cam.flv", "cam.3001.flv");
	/* With gaps between them, one that is free. */
	for (unsigned take = 100; take < 3000; take += 7) {
		slu_record_path_take(path, "cam.flv", take);
		assert_int_equal(unlinkat(kit_dir, path, 0), 0);
	}
	assert_true(slu_record_path_create(kit_dir, "cam.flv", &(unsigned){0}) >= 0);
}

static void follows_no_link(void **state)
{
	unsigned take;

	(void)state;
	assert_int_equal(symlinkat("/tmp", kit_dir, "out"), 0);
	assert_int_equal(slu_record_path_create(kit_dir, "out/cam.flv", &take), SLU_ERR_IO);
	assert_int_equal(symlinkat("/tmp/slu-record-must-not-be", kit_dir, "cam.flv"), 0);
	makes("cam.flv", "cam.1.flv");
	assert_int_equal(access("/tmp/slu-record-must-not-be", F_OK), -1);
}

static void says_why_not(void **state)
{
	int fd = openat(kit_dir, "live", O_WRONLY | O_CREAT, 0600);
	unsigned take;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	errno = 0;
	assert_int_equal(slu_record_path_create(kit_dir, "live/cam.flv", &take), SLU_ERR_IO);
	assert_int_equal(errno, ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(makes_folders),   KIT_TEST(never_overwrites), KIT_TEST(goes_on_after_many),
		KIT_TEST(follows_no_link), KIT_TEST(says_why_not),
	};

	return cmocka_run_group_tests_name("record_path", tests, NULL, NULL);
}
