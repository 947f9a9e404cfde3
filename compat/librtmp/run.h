/* SPDX-License-Identifier: MIT */
/* A run of bytes of a text that ends where it says, not with a NUL. */
#ifndef COMPAT_LIBRTMP_RUN_H
#define COMPAT_LIBRTMP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct run {
	const char *s;
	size_t n;
};

static inline const char *slu_compat_find(struct run r, char c)
{
	return r.n ? memchr(r.s, c, r.n) : NULL;
}

static inline const char *slu_compat_find_text(struct run r, const char *text)
{
	return r.n ? memmem(r.s, r.n, text, strlen(text)) : NULL;
}

static inline struct run slu_compat_until(struct run r, const char *end)
{
	return (struct run){r.s, (size_t)(end - r.s)};
}

static inline struct run slu_compat_from(struct run r, const char *start)
{
	return (struct run){start, r.n - (size_t)(start - r.s)};
}

static inline bool slu_compat_begins(struct run r, const char *text)
{
	size_t n = strlen(text);

	return r.n >= n && memcmp(r.s, text, n) == 0;
}

/* Of a hexadecimal digit; -1 for anything else. */
static inline int slu_compat_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hexadecimal digits at the beginning of r make; -1 where there are not two. */
int slu_compat_hex_byte(struct run r);

#endif
