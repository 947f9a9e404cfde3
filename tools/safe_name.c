/* SPDX-License-Identifier: MIT */
#include "tools/safe_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { TAKES = 256 };

static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

void slu_safe_stem(char stem[SLU_SAFE_STEM], const char *playpath)
{
	size_t n = strcspn(playpath, "?");
	const char *slash;

	if (n == 0 && *playpath)
		n = strlen(++playpath);
	slash = memrchr(playpath, '/', n);
	if (slash) {
		n -= (size_t)(slash + 1 - playpath);
		playpath = slash + 1;
	}
	for (; n && (*playpath == '.' || *playpath == '-'); n--)
		playpath++;
	if (!n)
		n = strlen(playpath = "stream");
	if (n > SLU_SAFE_STEM - 1)
		n = SLU_SAFE_STEM - 1;
	for (size_t i = 0; i < n; i++)
		stem[i] = strchr(kept, playpath[i]) ? playpath[i] : '_';
	stem[n] = '\0';
}

static int create(const char *name)
{
	return open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

static int look(const char *name)
{
	struct stat st;

	if (lstat(name, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	errno = EEXIST;
	return -1;
}

static int first_free(char name[SLU_SAFE_NAME], const char *stem, const char *extension, int (*attempt)(const char *))
{
	int got = -1;

	for (int take = 0; take < TAKES; take++) {
		if (take == 0)
			snprintf(name, SLU_SAFE_NAME, "%s%s", stem, extension);
		else
			snprintf(name, SLU_SAFE_NAME, "%s%02x%s", stem, (unsigned)take, extension);
		got = attempt(name);
		if (got >= 0 || errno != EEXIST)
			break;
	}
	return got;
}

int slu_safe_create(char name[SLU_SAFE_NAME], const char *stem, const char *extension)
{
	return first_free(name, stem, extension, create);
}

int slu_safe_free_name(char name[SLU_SAFE_NAME], const char *stem, const char *extension)
{
	return first_free(name, stem, extension, look) == 0;
}
