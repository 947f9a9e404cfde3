/* SPDX-License-Identifier: MIT */
/*
 * What Flash servers call a stream, out of a file's name: what kind of file it is stands in front of it, and not at its
 * end. A query stays where it is.
 */
#include <stdlib.h>

#include <librtmp/rtmp.h>

#include "run.h"

enum { ENDING = 4, PREFIX = 4 };

static const struct kind {
	const char *ending, *prefix;
	bool in_list; /* the ending of what slist= names counts too */
} kinds[] = {
	{".f4v", "mp4:", true},
	{".mp4", "mp4:", true},
	{".flv", "", false},
	{".mp3", "mp3:", true},
};

int slu_compat_hex_byte(struct run r)
{
	int high, low;

	if (r.n < 2)
		return -1;
	high = slu_compat_hex(r.s[0]);
	low = slu_compat_hex(r.s[1]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The value of slist= up to the next '&', where in is a query that has one. */
static bool list_of(struct run in, struct run *name)
{
	const char *list = in.n && *in.s == '?' ? slu_compat_find_text(in, "slist=") : NULL, *end;

	if (!list)
		return false;
	*name = slu_compat_from(in, list + strlen("slist="));
	end = slu_compat_find(*name, '&');
	if (end)
		*name = slu_compat_until(*name, end);
	return true;
}

static const struct kind *kind_of(struct run name, bool in_list)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (name.n >= ENDING && memcmp(name.s + name.n - ENDING, kinds[i].ending, ENDING) == 0 &&
		    (kinds[i].in_list || !in_list))
			return &kinds[i];
	return NULL;
}

/* With percent escapes resolved; those that are none stay as they are. Returns the end of what was written. */
static char *unescape(char *out, struct run in)
{
	while (in.n) {
		struct run rest = slu_compat_from(in, in.s + 1);
		int byte = *in.s == '%' ? slu_compat_hex_byte(rest) : -1;

		*out++ = byte < 0 ? *in.s : (char)byte;
		in = byte < 0 ? rest : slu_compat_from(rest, rest.s + 2);
	}
	return out;
}

void RTMP_ParsePlaypath(AVal *in, AVal *out)
{
	struct run all = {in->av_val, in->av_len > 0 ? (size_t)in->av_len : 0}, name = all, query;
	bool in_list = list_of(all, &name);
	const char *mark = slu_compat_find(name, '?');
	const struct kind *kind;
	char *text, *end;

	*out = (AVal){NULL, 0};
	text = malloc(PREFIX + name.n + 1);
	if (!text)
		return;
	query = mark ? slu_compat_from(name, mark) : (struct run){NULL, 0};
	if (mark)
		name = slu_compat_until(name, mark);
	kind = kind_of(name, in_list);
	end = text;
	if (kind && !slu_compat_begins(name, kind->prefix)) {
		memcpy(end, kind->prefix, strlen(kind->prefix));
		end += strlen(kind->prefix);
		name.n -= ENDING;
	} else if (kind && !kind->prefix[0]) {
		name.n -= ENDING;
	}
	end = unescape(unescape(end, name), query);
	*end = '\0';
	*out = (AVal){text, (int)(end - text)};
}
