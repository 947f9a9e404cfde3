/* SPDX-License-Identifier: MIT */
#include "tools/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "tools/exit.h"

enum { LINE = 3 + 2 * SLU_LOGIN_TEXT + 4 }; /* a mark, both, ':', a line's end of two bytes, NUL */

/* One line, without its end. 0 or an error of slu_logins_add(). */
static int add_line(struct slu_logins *logins, char *line)
{
	char *colon;

	if (!*line || *line == '#')
		return 0;
	colon = strchr(line, ':');
	if (!colon)
		return SLU_ERR_INVALID;
	*colon = '\0';
	return slu_logins_add(logins, line, colon + 1);
}

/* Some editors begin UTF-8 with a mark. */
static char *behind_mark(char *line)
{
	return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

static const char *why(int err)
{
	if (err == SLU_ERR_INVALID)
		return "it is not user:password, each of 1 to 255 bytes, and no space, '&', '?' or '#' in the user";
	return err == SLU_ERR_REFUSED ? "there is that user already" : slu_err_text(err);
}

static int read_lines(struct slu_logins *logins, FILE *f, const char *path, char *error, size_t size)
{
	char line[LINE];
	int err = 0;

	for (unsigned n = 1; !err && fgets(line, sizeof line, f); n++) {
		size_t end = strcspn(line, "\r\n");

		if (!line[end] && !feof(f))
			err = SLU_ERR_INVALID;
		line[end] = '\0';
		if (!err)
			err = add_line(logins, n == 1 ? behind_mark(line) : line);
		if (err)
			snprintf(error, size, "line %u of %s cannot be used: %s", n, path, why(err));
	}
	explicit_bzero(line, sizeof line);
	return err ? SLU_EXIT_USAGE : 0;
}

int slu_users_read(struct slu_logins *logins, const char *path, char *error, size_t size)
{
	char buffer[LINE];
	FILE *f = fopen(path, "re");
	int status;

	if (!f) {
		snprintf(error, size, "cannot read the users from %s: %s", path, strerror(errno));
		return SLU_EXIT_USAGE;
	}
	setvbuf(f, buffer, _IOFBF, sizeof buffer); /* ours, to be wiped */
	status = read_lines(logins, f, path, error, size);
	if (!status && ferror(f)) {
		snprintf(error, size, "%s cannot be read to its end", path);
		status = SLU_EXIT_USAGE;
	}
	fclose(f);
	explicit_bzero(buffer, sizeof buffer);
	return status;
}
