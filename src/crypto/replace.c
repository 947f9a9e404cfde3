/* SPDX-License-Identifier: MIT */
#include "crypto/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void slu_folder_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(out, size, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

static bool write_all(int fd, const uint8_t *data, size_t n)
{
	while (n) {
		const ssize_t done = write(fd, data, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		n -= (size_t)done;
	}
	return true;
}

/* So that the new name outlives a power cut. Not all file systems can, and the file is whole either way. */
static void sync_folder(const char *path)
{
	char folder[SLU_PATH_MOST];
	int fd;

	slu_folder_of(path, folder, sizeof folder);
	fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* A device or a pipe is not replaced by a file. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
		return true;
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return false;
}

/* Complete before it has its name. 0, or errno. */
static int make_file(const char *name, int fd, const struct slu_buf *text, mode_t mode)
{
	int err = !write_all(fd, text->data, text->len) || fchmod(fd, mode) != 0 || fsync(fd) != 0 ? errno : 0;

	if (close(fd) != 0 && !err)
		err = errno;
	if (err)
		unlink(name);
	return err;
}

int slu_replace_file(const char *path, const struct slu_buf *text, mode_t mode)
{
	char name[SLU_PATH_MOST + 8];
	int fd, err;

	if (!is_replaceable(path))
		return errno;
	if ((size_t)snprintf(name, sizeof name, "%s.XXXXXX", path) >= sizeof name)
		return ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = make_file(name, fd, text, mode);
	if (err)
		return err;
	if (rename(name, path) != 0) {
		err = errno;
		unlink(name);
		return err;
	}
	sync_folder(path);
	return 0;
}
