/* SPDX-License-Identifier: MIT */
/* What a stream is known by. */
#include <string.h>

#include <sluice/error.h>

#include "server/hub.h"

static bool part_ok(const char *part, size_t n)
{
	if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f)
			return false;
	return true;
}

/* Appends the path's parts to the n bytes of out. The new length; 0 when a part cannot be. */
static size_t add_path(char *out, size_t n, const char *path)
{
	size_t end = strcspn(path, "?"), part;

	for (size_t i = 0; i < end; i += part + 1) {
		part = strcspn(path + i, "/?");
		if (part == 0)
			continue;
		if (!part_ok(path + i, part) || n + 1 + part >= SLU_STREAM_KEY)
			return 0;
		if (n)
			out[n++] = '/';
		memcpy(out + n, path + i, part);
		n += part;
	}
	out[n] = '\0';
	return n;
}

int slu_stream_key(char out[SLU_STREAM_KEY], const char *app, const char *name)
{
	size_t of_app = add_path(out, 0, app), n;

	if (of_app == 0 && app[strspn(app, "/")] != '\0' && app[strspn(app, "/")] != '?')
		return SLU_ERR_INVALID;
	n = add_path(out, of_app, name);
	return n > of_app ? 0 : SLU_ERR_INVALID; /* a stream without a name of its own is none */
}
