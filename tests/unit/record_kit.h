/* SPDX-License-Identifier: MIT */
/* A folder of its own for tests that write files. Included by the tests of recordings only. */
#ifndef SLU_TESTS_UNIT_RECORD_KIT_H
#define SLU_TESTS_UNIT_RECORD_KIT_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char kit_path[] = "/tmp/slu-record-XXXXXX";
static int kit_dir = -1;

static int kit_setup(void **state)
{
	(void)state;
	memcpy(kit_path + sizeof kit_path - 7, "XXXXXX", 6);
	if (!mkdtemp(kit_path))
		return -1;
	kit_dir = open(kit_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return kit_dir < 0 ? -1 : 0;
}

static int kit_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int kit_teardown(void **state)
{
	(void)state;
	close(kit_dir);
	return nftw(kit_path, kit_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file's bytes, to be freed. */
static inline uint8_t *kit_load(const char *name, size_t *n)
{
	int fd = openat(kit_dir, name, O_RDONLY);
	struct stat st;
	uint8_t *data;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(read(fd, data, (size_t)st.st_size + 1), st.st_size);
	close(fd);
	*n = (size_t)st.st_size;
	return data;
}

#define KIT_TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

#endif
