/* SPDX-License-Identifier: MIT */
#include "server/record_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sluice/error.h>

#include "base/date.h"

/* Those of C99 that no time zone is needed for. */
static const char conversions[] = "aAbBcCdDeFgGhHIjmMprRSTuUVwWxXyY";

static const char suffix[] = ".flv";

struct path {
	char *out;
	size_t len;
	bool failed; /* no room */
};

static void put(struct path *p, char c)
{
	if (p->len + 1 < SLU_RECORD_PATH)
		p->out[p->len++] = c;
	else
		p->failed = true;
}

/* Letters of ASCII, whatever the locale. */
static bool is_plain(unsigned char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c == '-' || c == '_' || (c == '.' && !first);
}

static void put_escaped(struct path *p, const char *text, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_plain(c, i == 0)) {
			put(p, (char)c);
			continue;
		}
		put(p, '%');
		put(p, hex[c >> 4]);
		put(p, hex[c & 15]);
	}
}

/* A part of a key that could mean another folder is none, whatever the format has around it. */
static bool is_part(const char *part, size_t n)
{
	return n > 0 && !(n == 1 && part[0] == '.') && !(n == 2 && part[0] == '.' && part[1] == '.');
}

static void put_key(struct path *p, const char *key)
{
	size_t n;

	if (!key) {
		put(p, '*');
		return;
	}
	for (;; key += n + 1) {
		n = strcspn(key, "/");
		if (!is_part(key, n))
			p->failed = true;
		put_escaped(p, key, n);
		if (key[n] == '\0')
			break;
		put(p, '/');
	}
}

static void put_time(struct path *p, char conversion, const struct tm *tm)
{
	const char format[] = {'%', conversion, '\0'};
	char text[128];

	put_escaped(p, text, strftime(text, sizeof text, format, tm));
}

/* Each part must be one that a folder can have, with room for the number that keeps names apart. */
static bool is_path(const char *path)
{
	size_t n, depth = 0;

	for (;; path += n + 1) {
		n = strcspn(path, "/");
		if (!is_part(path, n) || n > SLU_RECORD_PART + sizeof suffix - 1 || ++depth > SLU_RECORD_DEPTH)
			return false;
		if (path[n] == '\0')
			return true;
	}
}

int slu_record_name(char out[SLU_RECORD_PATH], const char *format, const char *key, int64_t unix_time)
{
	struct path p = {.out = out};
	struct tm tm;

	slu_utc(unix_time, &tm);
	for (const char *f = format; *f; f++) {
		if (*f != '%')
			put(&p, *f);
		else if (*++f == 'k')
			put_key(&p, key);
		else if (*f == '%')
			put(&p, '%');
		else
			put_time(&p, *f, &tm);
	}
	out[p.len] = '\0';
	return !p.failed && is_path(out) ? 0 : SLU_ERR_INVALID;
}

int slu_record_name_check(const char *format, char *error, size_t size)
{
	size_t n = strlen(format);
	char out[SLU_RECORD_PATH];

	for (const char *f = format; *f; f++) {
		if ((unsigned char)*f < ' ' || *f == 0x7f) {
			snprintf(error, size, "a name of files has no control characters");
			return SLU_ERR_INVALID;
		}
		if (*f != '%')
			continue;
		f++;
		if (*f == '\0' || (!strchr("k%", *f) && !strchr(conversions, *f))) {
			snprintf(error, size, "a name of files has %%k, %%%% and strftime's %%%s, but not %%%.1s",
				 conversions, f);
			return SLU_ERR_INVALID;
		}
	}
	if (n < sizeof suffix || strcmp(format + n - sizeof suffix + 1, suffix) != 0 ||
	    format[n - sizeof suffix] == '/') {
		snprintf(error, size, "the name of files must end in %s, and not be that alone", suffix);
		return SLU_ERR_INVALID;
	}
	if (slu_record_name(out, format, NULL, 0) == 0)
		return 0;
	snprintf(error, size, "the name of files must lead below the folder, by %d parts of %d bytes at most",
		 SLU_RECORD_DEPTH, SLU_RECORD_PART);
	return SLU_ERR_INVALID;
}
