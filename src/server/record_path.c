/* SPDX-License-Identifier: MIT */
#include "server/record_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

enum { MAX_TAKES = 10000 };

/* Letters of ASCII, whatever the locale. */
static bool plain(unsigned char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c == '-' || c == '_' || (c == '.' && !first);
}

/* One part of a key as a file name. False when it cannot be one. */
static bool escape_part(char out[SLU_RECORD_PART + 1], const char *part, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t to = 0;

	if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)part[i];

		if (to + 3 > SLU_RECORD_PART)
			return false;
		if (plain(c, i == 0)) {
			out[to++] = (char)c;
			continue;
		}
		out[to++] = '%';
		out[to++] = hex[c >> 4];
		out[to++] = hex[c & 15];
	}
	out[to] = '\0';
	return true;
}

/* Enters the folder name of *dir, made when it is not there and make says so. The old *dir is closed unless it is the
 * caller's. */
static int enter(int *dir, int callers, const char *name, bool make)
{
	int next;

	if (make && mkdirat(*dir, name, 0777) != 0 && errno != EEXIST)
		return SLU_ERR_IO;
	next = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return SLU_ERR_IO;
	if (*dir != callers)
		close(*dir);
	*dir = next;
	return 0;
}

/* The first of NAME.flv, NAME.1.flv, ... that is not there yet. */
static int create(int dir, const char *name, char file[SLU_RECORD_PART + 16])
{
	int fd = -1;

	for (int take = 0; take < MAX_TAKES; take++) {
		if (take == 0)
			snprintf(file, SLU_RECORD_PART + 16, "%s.flv", name);
		else
			snprintf(file, SLU_RECORD_PART + 16, "%s.%d.flv", name, take);
		fd = openat(dir, file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd >= 0 ? fd : SLU_ERR_IO;
}

static int open_existing(int dir, const char *name, char file[SLU_RECORD_PART + 16])
{
	int fd;

	snprintf(file, SLU_RECORD_PART + 16, "%s.flv", name);
	fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0 ? fd : SLU_ERR_IO;
}

/* Walks down to the key's last part, and opens or makes the file there. */
static int walk(int dir, const char *key, bool make, char path[SLU_RECORD_PATH])
{
	char part[SLU_RECORD_PART + 1], file[SLU_RECORD_PART + 16];
	int at = dir, fd = SLU_ERR_INVALID, saved;
	size_t n, len = 0;

	for (int depth = 0; depth < SLU_RECORD_DEPTH; depth++) {
		n = strcspn(key, "/");
		if (!escape_part(part, key, n))
			break;
		if (key[n] == '\0') {
			fd = make ? create(at, part, file) : open_existing(at, part, file);
			snprintf(path + len, SLU_RECORD_PATH - len, "%s", file);
			break;
		}
		fd = enter(&at, dir, part, make);
		if (fd != 0)
			break;
		len += (size_t)snprintf(path + len, SLU_RECORD_PATH - len, "%s/", part);
		key += n + 1;
		fd = SLU_ERR_INVALID;
	}
	saved = errno;
	if (at != dir)
		close(at);
	errno = saved;
	return fd;
}

int slu_record_path_create(int dir, const char *key, char path[SLU_RECORD_PATH])
{
	return walk(dir, key, true, path);
}

int slu_record_path_open(int dir, const char *key)
{
	char path[SLU_RECORD_PATH];

	return walk(dir, key, false, path);
}
