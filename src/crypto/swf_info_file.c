/* SPDX-License-Identifier: MIT */
/* The file of kept hashes: where it is, who may have written it, and how it is replaced. */
#include "crypto/swf_info.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "crypto/replace.h"

bool slu_swf_info_path(char *out, size_t size)
{
	/* Of a program that runs with another's rights the environment is not to be believed: it has no home. */
	const char *home = secure_getenv("HOME");

	return home && *home == '/' && (size_t)snprintf(out, size, "%s/.swfinfo", home) < size;
}

/* NULL: nobody but its user could have written it. */
static const char *not_to_be_used(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is no file";
	if (st.st_uid != geteuid())
		return "it belongs to another user";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "other users may write to it (chmod go-w)";
	if (st.st_size > SLU_SWF_INFO_MOST)
		return "it is larger than 1 MiB; delete it";
	return NULL;
}

/* NULL: fine. */
static const char *read_all(int fd, struct slu_buf *out)
{
	ssize_t got = 1;

	while (got != 0) {
		if (slu_buf_reserve(out, 4096))
			return out->len + 4096 > SLU_SWF_INFO_MOST ? "it is larger than 1 MiB; delete it"
								   : "out of memory";
		got = read(fd, out->data + out->len, 4096);
		if (got < 0 && errno != EINTR)
			return strerror(errno);
		out->len += got > 0 ? (size_t)got : 0;
	}
	return NULL;
}

/* The file's text, nothing where there is none. A symbolic link is not followed: it may lead to what is another's. */
static int load(const char *path, struct slu_buf *out, char *error, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	const char *wrong;

	if (fd < 0 && errno == ENOENT)
		return 0;
	wrong = fd < 0 ? (errno == ELOOP ? "it is a symbolic link" : strerror(errno)) : not_to_be_used(fd);
	if (!wrong)
		wrong = read_all(fd, out);
	if (fd >= 0)
		close(fd);
	if (!wrong)
		return 0;
	snprintf(error, size, "the kept hashes in %s cannot be used: %s", path, wrong);
	return SLU_ERR_IO;
}

int slu_swf_info_read(const char *path, const char *url, struct slu_swf_info *out, char *error, size_t size)
{
	struct slu_buf text;
	int r;

	memset(out, 0, sizeof *out);
	slu_buf_init(&text, SLU_SWF_INFO_MOST + 4096);
	r = load(path, &text, error, size);
	if (!r)
		r = slu_swf_info_find(text.len ? (const char *)text.data : "", text.len, url, out);
	if (r == -1) {
		snprintf(error, size, "the kept hashes in %s cannot be used: the entry of this player is damaged",
			 path);
		r = SLU_ERR_IO;
	}
	slu_buf_clear(&text);
	return r;
}

int slu_swf_info_write(const char *path, const char *url, const struct slu_swf_info *info, char *error, size_t size)
{
	struct slu_buf old, new;
	int r, err = 0;

	slu_buf_init(&old, SLU_SWF_INFO_MOST + 4096);
	slu_buf_init(&new, SLU_SWF_INFO_MOST + 4096);
	r = load(path, &old, error, size);
	if (!r) {
		r = slu_swf_info_set(&new, old.len ? (const char *)old.data : "", old.len, url, info);
		err = r ? 0 : slu_replace_file(path, &new, 0600);
		if (r || err)
			snprintf(error, size, "the hash cannot be kept in %s: %s", path,
				 err ? strerror(err) : slu_err_text(r));
		if (err)
			r = SLU_ERR_IO;
	}
	slu_buf_clear(&old);
	slu_buf_clear(&new);
	return r;
}
