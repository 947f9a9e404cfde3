/* SPDX-License-Identifier: MIT */
/* Where a kept result lies, and who may have written it. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "crypto/kept.h"

/* Stand in for the process's user, and for a full disk: the linker puts them in the others' places. */
uid_t __wrap_geteuid(void);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
static uid_t user;
static int rename_error;

uid_t __wrap_geteuid(void)
{
	return user;
}

int __wrap_rename(const char *from, const char *to)
{
	errno = rename_error;
	return rename_error ? -1 : __real_rename(from, to);
}

static const struct slu_kept small = {
	.device = {"a", "b", "c"},
	.path = "/dev/crypto",
	.sizes = {16384},
	.nsizes = 1,
	.ways = {{"off", "TLS_AES_128_GCM_SHA256", SLU_TLS_1_3, false, {1.25}}},
	.nways = 1,
};

static char folder[64], file[128], error[400], where[200];
static struct slu_kept got;

static int setup(void **state)
{
	(void)state;
	user = getuid() ? getuid() : 1000;
	snprintf(folder, sizeof folder, "/tmp/test_kept.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/measured", folder);
	error[0] = where[0] = '\0';
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", folder, 1);
	return 0;
}

static void in_folder(const char *command)
{
	char line[200];

	snprintf(line, sizeof line, "%s %s", command, folder);
	assert_int_equal(system(line), 0);
}

static int teardown(void **state)
{
	(void)state;
	in_folder("rm -rf");
	return 0;
}

static unsigned entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void write_it(const char *given)
{
	assert_int_equal(slu_kept_write(&small, given, where, sizeof where, error, sizeof error), 0);
}

static void refuses(const char *reason)
{
	char sentence[400];

	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), SLU_ERR_IO);
	snprintf(sentence, sizeof sentence, "the kept measurements %s cannot be used: %s", file, reason);
	assert_string_equal(error, sentence);
}

static void writes_and_reads(void **state)
{
	const mode_t before = umask(0077);

	(void)state;
	write_it(file);
	umask(before);
	assert_string_equal(where, file);
	assert_int_equal(mode_of(file), 0644);
	assert_int_equal(entries(folder), 1);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
	assert_memory_equal(&got, &small, sizeof got);
	put(file, "something else", 0600);
	write_it(file);
	assert_int_equal(mode_of(file), 0644);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
	assert_memory_equal(&got, &small, sizeof got);
}

static void the_usual_places(void **state)
{
	char own[200];

	(void)state;
	assert_true(slu_kept_place("x/y", true, where, sizeof where));
	assert_string_equal(where, "x/y");
	assert_true(slu_kept_place(NULL, false, where, sizeof where));
	assert_string_equal(where, SLU_KEPT_SYSTEM);
	snprintf(own, sizeof own, "%s/.local/state/sluice/measured", folder);
	assert_true(slu_kept_place(NULL, true, where, sizeof where));
	assert_string_equal(where, own);
	setenv("XDG_STATE_HOME", "relative", 1);
	assert_true(slu_kept_place(NULL, true, where, sizeof where));
	assert_string_equal(where, own);
	setenv("XDG_STATE_HOME", folder, 1);
	snprintf(own, sizeof own, "%s/sluice/measured", folder);
	assert_true(slu_kept_place(NULL, true, where, sizeof where));
	assert_string_equal(where, own);
	assert_false(slu_kept_place(NULL, true, where, 20));
	user = 0;
	assert_true(slu_kept_place(NULL, true, where, sizeof where));
	assert_string_equal(where, SLU_KEPT_SYSTEM);
}

static void a_users_own_comes_first(void **state)
{
	const mode_t before = umask(0077);
	char own[200], parent[200];

	(void)state;
	write_it(NULL);
	umask(before);
	snprintf(own, sizeof own, "%s/.local/state/sluice/measured", folder);
	snprintf(parent, sizeof parent, "%s/.local/state/sluice", folder);
	assert_string_equal(where, own);
	assert_int_equal(mode_of(own), 0644);
	assert_int_equal(mode_of(parent), 0755);
	assert_int_equal(entries(parent), 1);
	assert_true(slu_kept_place(NULL, false, where, sizeof where));
	assert_string_equal(where, own);
	assert_int_equal(slu_kept_read(&got, NULL, error, sizeof error), 1);
	assert_memory_equal(&got, &small, sizeof got);
}

static void without_a_home_there_is_no_place(void **state)
{
	(void)state;
	setenv("HOME", "relative", 1);
	assert_false(slu_kept_place(NULL, true, where, sizeof where));
	unsetenv("HOME");
	assert_false(slu_kept_place(NULL, true, where, sizeof where));
	assert_int_equal(slu_kept_write(&small, NULL, where, sizeof where, error, sizeof error), SLU_ERR_IO);
	assert_string_equal(where, "");
	assert_string_equal(error, "there is no place for it: HOME is not set to a folder");
	assert_true(slu_kept_place(NULL, false, where, sizeof where));
	assert_string_equal(where, SLU_KEPT_SYSTEM);
}

static void names_that_are_none(void **state)
{
	char name[5000];

	(void)state;
	assert_int_equal(slu_kept_write(&small, "", where, sizeof where, error, sizeof error), SLU_ERR_IO);
	assert_string_equal(error, "there is no place for it: the name of the file is empty");
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_int_equal(slu_kept_write(&small, name, where, sizeof where, error, sizeof error), SLU_ERR_IO);
	assert_string_equal(error, "there is no place for it: the name of the file is too long");
}

/* The usual place may be empty; one that was given may not. */
static void what_is_not_there(void **state)
{
	(void)state;
	setenv("HOME", "/nonexistent", 1);
	if (access(SLU_KEPT_SYSTEM, F_OK) != 0)
		assert_int_equal(slu_kept_read(&got, NULL, error, sizeof error), 0);
	refuses("No such file or directory");
	snprintf(file, sizeof file, "%s/no/such/folder", folder);
	assert_int_equal(slu_kept_write(&small, file, where, sizeof where, error, sizeof error), SLU_ERR_IO);
	assert_non_null(strstr(error, "/no/such/folder: No such file or directory"));
	assert_int_equal(entries(folder), 0);
}

/* Only root can make it so, and sees then that root's own are taken by all. */
static void give_away(uid_t to)
{
	assert_int_equal(chown(file, to, (gid_t)-1), 0);
}

static void only_root_and_the_user_may_write_it(void **state)
{
	(void)state;
	write_it(file);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
	if (getuid() == 0) {
		give_away(1001);
		refuses("it belongs to another user than root and this one");
		user = 0;
		refuses("it belongs to another user than root and this one");
		user = 1000;
		give_away(1000);
		assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
	} else {
		user = getuid() + 1;
		refuses("it belongs to another user than root and this one");
		user = getuid();
	}
	assert_int_equal(chmod(file, 0664), 0);
	refuses("other users may write to it (chmod go-w)");
	assert_int_equal(chmod(file, 0646), 0);
	refuses("other users may write to it (chmod go-w)");
	assert_int_equal(chmod(file, 0755), 0);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
}

/* What counts is the file behind it. */
static void a_link_is_followed(void **state)
{
	char target[200];
	struct stat st;

	(void)state;
	snprintf(target, sizeof target, "%s/target", folder);
	write_it(target);
	assert_int_equal(symlink(target, file), 0);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
	assert_int_equal(chmod(target, 0666), 0);
	refuses("other users may write to it (chmod go-w)");
	write_it(file); /* takes the link's place */
	assert_int_equal(lstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(mode_of(target), 0666);
}

static void what_is_no_file_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(file, 0644), 0);
	refuses("it is no file");
	assert_int_equal(slu_kept_write(&small, file, where, sizeof where, error, sizeof error), SLU_ERR_IO);
	assert_non_null(strstr(error, "Invalid argument"));
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0755), 0);
	refuses("it is no file");
	assert_int_equal(slu_kept_write(&small, file, where, sizeof where, error, sizeof error), SLU_ERR_IO);
	assert_non_null(strstr(error, "Is a directory"));
	assert_int_equal(entries(folder), 1);
}

static void what_is_too_large_or_broken_is_refused(void **state)
{
	char *text = malloc(SLU_KEPT_MOST + 2);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', SLU_KEPT_MOST + 1);
	text[SLU_KEPT_MOST + 1] = '\0';
	put(file, text, 0644);
	refuses("it is too large");
	text[SLU_KEPT_MOST] = '\0';
	put(file, text, 0644);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), SLU_ERR_INVALID);
	assert_non_null(strstr(error, "cannot be used: line 1: it does not begin"));
	free(text);
}

/* The one before stays as it was. */
static void what_cannot_be_written_down_changes_nothing(void **state)
{
	static struct slu_kept bad;

	(void)state;
	write_it(file);
	bad = small;
	bad.ways[0].ms_per_mb[0] = -1;
	assert_int_equal(slu_kept_write(&bad, file, where, sizeof where, error, sizeof error), SLU_ERR_INVALID);
	assert_string_equal(error, "it has what cannot be written down");
	rename_error = ENOSPC;
	assert_int_equal(slu_kept_write(&small, file, where, sizeof where, error, sizeof error), SLU_ERR_IO);
	rename_error = 0;
	assert_non_null(strstr(error, "/measured: No space left on device"));
	assert_int_equal(entries(folder), 1);
	assert_int_equal(slu_kept_read(&got, file, error, sizeof error), 1);
}

static void without_memory_it_says_so(void **state)
{
	long writes = 0, reads = 0;

	(void)state;
	for (int failed = 1; failed; writes++) {
		alloc_fail_at(writes);
		const int r = slu_kept_write(&small, file, where, sizeof where, error, sizeof error);
		failed = alloc_fail_end();
		assert_int_equal(r, failed ? SLU_ERR_NOMEM : 0);
	}
	for (int failed = 1; failed; reads++) {
		alloc_fail_at(reads);
		const int r = slu_kept_read(&got, file, error, sizeof error);
		failed = alloc_fail_end();
		assert_int_equal(r, failed ? SLU_ERR_NOMEM : 1);
	}
	assert_true(writes > 2 && reads == 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_and_reads),
		TEST(the_usual_places),
		TEST(a_users_own_comes_first),
		TEST(without_a_home_there_is_no_place),
		TEST(names_that_are_none),
		TEST(what_is_not_there),
		TEST(only_root_and_the_user_may_write_it),
		TEST(a_link_is_followed),
		TEST(what_is_no_file_is_left_alone),
		TEST(what_is_too_large_or_broken_is_refused),
		TEST(what_cannot_be_written_down_changes_nothing),
		TEST(without_memory_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
