/* SPDX-License-Identifier: MIT */
/* The file of a kept result: where it is, and who may have written it. */
#include "crypto/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "crypto/replace.h"

/* ---- the place ---- */

static bool fits_into(int printed, size_t size)
{
	return printed > 0 && (size_t)printed < size;
}

/* Of a program that runs with another's rights the environment is not to be believed: it has no home. */
static bool own_place(char *out, size_t size)
{
	const char *state = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");

	/* "All paths set in these environment variables must be absolute", XDG Base Directory Specification. */
	if (state && *state == '/')
		return fits_into(snprintf(out, size, "%s/sluice/measured", state), size);
	return home && *home == '/' && fits_into(snprintf(out, size, "%s/.local/state/sluice/measured", home), size);
}

bool slu_kept_place(const char *given, bool write, char *out, size_t size)
{
	if (given)
		return fits_into(snprintf(out, size, "%s", given), size);
	if (geteuid() != 0) {
		const bool own = own_place(out, size);

		if (write || (own && access(out, F_OK) == 0))
			return own;
	}
	return fits_into(snprintf(out, size, "%s", SLU_KEPT_SYSTEM), size);
}

/* ---- writing ---- */

/* Each part that is missing; the last may be looked into by everyone, whatever the umask: all may read what root keeps.
 * What cannot be made is noticed when the file is. */
static void make_folder(const char *path)
{
	char folder[SLU_PATH_MOST];

	slu_folder_of(path, folder, sizeof folder);
	for (char *p = folder + 1; *folder && *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(folder, 0755);
			*p = '/';
		}
	if (mkdir(folder, 0755) == 0)
		chmod(folder, 0755);
}

int slu_kept_write(const struct slu_kept *k, const char *given, char *where, size_t wsize, char *error, size_t size)
{
	char path[SLU_PATH_MOST];
	struct slu_buf text;
	int r, err;

	snprintf(where, wsize, "%s", "");
	if (!slu_kept_place(given, true, path, sizeof path)) {
		snprintf(error, size, "there is no place for it: %s",
			 !given   ? "HOME is not set to a folder"
			 : *given ? "the name of the file is too long"
				  : "the name of the file is empty");
		return SLU_ERR_IO;
	}
	snprintf(where, wsize, "%s", path);
	slu_buf_init(&text, SLU_KEPT_MOST);
	r = slu_kept_encode(k, &text);
	if (r) {
		snprintf(error, size, "%s",
			 r == SLU_ERR_NOMEM ? "out of memory" : "it has what cannot be written down");
	} else {
		if (!given)
			make_folder(path);
		err = slu_replace_file(path, &text, 0644);
		if (err) {
			snprintf(error, size, "%s: %s", path, strerror(err));
			r = SLU_ERR_IO;
		}
	}
	slu_buf_clear(&text);
	return r;
}

/* ---- reading ---- */

/* NULL: nobody but its user and root could have written it. */
static const char *not_to_be_used(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no file";
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return "it belongs to another user than root and this one";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "other users may write to it (chmod go-w)";
	return NULL;
}

/* As many bytes as there are, and one at most more than there may be. NULL: fine. */
static const char *read_all(int fd, char *text, size_t *n)
{
	*n = 0;
	while (*n <= SLU_KEPT_MOST) {
		const ssize_t got = read(fd, text + *n, SLU_KEPT_MOST + 1 - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strerror(errno);
		if (got == 0)
			return NULL;
		*n += (size_t)got;
	}
	return "it is too large";
}

/* 0, or an error with the reason. */
static int read_open(struct slu_kept *k, int fd, char *reason, size_t size)
{
	char *text = malloc(SLU_KEPT_MOST + 1);
	const char *wrong = text ? not_to_be_used(fd) : "out of memory";
	size_t n;
	int r = text ? SLU_ERR_IO : SLU_ERR_NOMEM;

	if (!wrong)
		wrong = read_all(fd, text, &n);
	if (wrong)
		snprintf(reason, size, "%s", wrong);
	else
		r = slu_kept_decode(k, text, n, reason, size);
	free(text);
	return r;
}

int slu_kept_read(struct slu_kept *k, const char *given, char *error, size_t size)
{
	char path[SLU_PATH_MOST], reason[160] = "";
	int fd, r = SLU_ERR_IO;

	if (!slu_kept_place(given, false, path, sizeof path)) {
		snprintf(error, size, "the name of the kept measurements is too long");
		return r;
	}
	/* What is no file is found out without waiting for it. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR) && !given)
		return 0;
	if (fd < 0)
		snprintf(reason, sizeof reason, "%s", strerror(errno));
	else {
		r = read_open(k, fd, reason, sizeof reason);
		close(fd);
	}
	if (r)
		snprintf(error, size, "the kept measurements %s cannot be used: %s", path, reason);
	return r ? r : 1;
}
