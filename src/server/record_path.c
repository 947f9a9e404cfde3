/* SPDX-License-Identifier: MIT */
#include "server/record_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "server/record_name.h"

enum { SUFFIX = 4, ONE_BY_ONE = 8, TRIES = 64 };

void slu_record_path_take(char out[SLU_RECORD_PATH], const char *path, unsigned take)
{
	int stem = (int)strlen(path) - SUFFIX;

	if (take)
		snprintf(out, SLU_RECORD_PATH, "%.*s.%u%s", stem, path, take, path + stem);
	else
		snprintf(out, SLU_RECORD_PATH, "%s", path);
}

/* Enters the folder name of *dir, made when it is not there and make says so. The old *dir is closed unless it is the
 * caller's. */
static int enter(int *dir, int callers, const char *name, bool make)
{
	int next;

	if (make && mkdirat(*dir, name, 0777) == 0)
		fsync(*dir);
	else if (make && errno != EEXIST)
		return SLU_ERR_IO;
	next = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return SLU_ERR_IO;
	if (*dir != callers)
		close(*dir);
	*dir = next;
	return 0;
}

/* Walks down to the last part of path, which is in *name then. The folder that it lies in, to be closed unless it is
 * dir; or SLU_ERR_IO. */
static int walk(int dir, const char *path, bool make, const char **name)
{
	char part[NAME_MAX + 1];
	int at = dir, saved;
	size_t n;

	for (; path[n = strcspn(path, "/")]; path += n + 1) {
		snprintf(part, sizeof part, "%.*s", (int)n, path);
		if (n < sizeof part && enter(&at, dir, part, make) == 0)
			continue;
		saved = errno;
		if (at != dir)
			close(at);
		errno = saved;
		return SLU_ERR_IO;
	}
	*name = path;
	return at;
}

static bool exists(int dir, const char *name, unsigned take)
{
	char file[SLU_RECORD_PATH];
	struct stat st;

	slu_record_path_take(file, name, take);
	return fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Above low, which is there, a take that is not, though the one before it is: looked for in ever larger steps, for a
 * stream that is rotated each minute has half a million files a year. */
static unsigned first_free(int dir, const char *name, unsigned low)
{
	unsigned high = low + 1;

	for (unsigned step = 1; high < INT_MAX && exists(dir, name, high); step *= 2) {
		low = high;
		high = step < INT_MAX - high ? high + step : INT_MAX;
	}
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (exists(dir, name, middle))
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* Others may make files there too: a name that was free need not be so any more. */
static int create(int dir, const char *name, unsigned *take)
{
	char file[SLU_RECORD_PATH];
	int fd;

	*take = 0;
	for (int i = 0; i < TRIES; i++) {
		slu_record_path_take(file, name, *take);
		fd = openat(dir, file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : SLU_ERR_IO;
		*take = i < ONE_BY_ONE ? *take + 1 : first_free(dir, name, *take);
	}
	return SLU_ERR_IO;
}

int slu_record_path_create(int dir, const char *path, unsigned *take)
{
	int at, fd, saved;
	const char *name;

	at = walk(dir, path, true, &name);
	if (at < 0)
		return at;
	fd = create(at, name, take);
	saved = errno;
	if (fd >= 0)
		fsync(at);
	if (at != dir)
		close(at);
	errno = saved;
	return fd;
}

void slu_record_path_remove(int dir, const char *path, unsigned take, int fd)
{
	char file[SLU_RECORD_PATH];
	struct stat ours, there;
	const char *name;
	int at = walk(dir, path, false, &name);

	if (at < 0)
		return;
	slu_record_path_take(file, name, take);
	if (fstat(fd, &ours) == 0 && fstatat(at, file, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		unlinkat(at, file, 0);
	if (at != dir)
		close(at);
}

int slu_record_path_open(int dir, const char *key)
{
	char path[SLU_RECORD_PATH];
	const char *name;
	int at, fd;

	if (slu_record_name(path, SLU_RECORD_NAME_DEFAULT, key, 0) != 0)
		return SLU_ERR_INVALID;
	at = walk(dir, path, false, &name);
	if (at < 0)
		return at;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (at != dir)
		close(at);
	return fd >= 0 ? fd : SLU_ERR_IO;
}
