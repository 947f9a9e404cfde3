/* SPDX-License-Identifier: MIT */
/* What the files of URLs share: url.c takes them apart and builds them, url_host.c reads host and port. */
#ifndef SLU_PROTO_URL_IMPL_H
#define SLU_PROTO_URL_IMPL_H

#include <string.h>

#include <sluice/url.h>

struct scheme {
	const char *name;
	bool tls, rtmpe, http;
	uint16_t port;
};

/* A run of bytes of the text. */
struct run {
	const char *s;
	size_t n;
};

/* A URL taken apart, before anything is copied. */
struct parts {
	const struct scheme *scheme;
	uint16_t port;
	struct run user, password; /* still escaped */
	struct run host;
	struct run path; /* all behind the first '/' */
};

static inline struct run run_of(const char *s)
{
	return (struct run){.s = s, .n = strlen(s)};
}

static inline struct run until(struct run r, const char *end)
{
	return (struct run){.s = r.s, .n = (size_t)(end - r.s)};
}

static inline struct run from(struct run r, const char *start)
{
	return (struct run){.s = start, .n = r.n - (size_t)(start - r.s)};
}

static inline const char *find(struct run r, char c)
{
	return r.n ? memchr(r.s, c, r.n) : NULL;
}

static inline const char *find_last(struct run r, char c)
{
	for (size_t i = r.n; i > 0; i--)
		if (r.s[i - 1] == c)
			return r.s + i - 1;
	return NULL;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of a hexadecimal digit; -1 for anything else. */
static inline int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Reads host[:port] into p. NULL, or what is wrong with it. */
const char *slu_url_parse_host(struct parts *p, struct run r);

#endif
