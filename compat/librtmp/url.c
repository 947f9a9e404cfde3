/* SPDX-License-Identifier: MIT */
/* RTMP URLs as librtmp takes them apart: by what Flash servers made of paths, not by src/proto/url.c's rules. */
#include <librtmp/rtmp.h>

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include <librtmp/log.h>

#include "run.h"

extern const char RTMPProtocolStringsLower[][7];

enum { HOST_MAX = 255, PORT_MAX = 65535, PROTOCOLS = RTMP_PROTOCOL_RTMFP + 1 };

/* A scheme that nobody knows is RTMP. */
static int protocol_of(struct run scheme)
{
	for (int i = 0; i < PROTOCOLS; i++) {
		const char *name = RTMPProtocolStringsLower[i];

		if (name[0] && strlen(name) == scheme.n && strncasecmp(name, scheme.s, scheme.n) == 0)
			return i;
	}
	RTMP_Log(RTMP_LOGWARNING,
		 "The URL's protocol is not known, so RTMP is taken: rtmp, rtmpt, rtmpe, rtmpte, rtmps and "
		 "rtmpts are");
	return RTMP_PROTOCOL_RTMP;
}

static struct run host_of(struct run authority)
{
	const char *end;

	if (authority.n && *authority.s == '[' && (end = slu_compat_find(authority, ']')))
		return slu_compat_until(slu_compat_from(authority, authority.s + 1), end);
	end = slu_compat_find(authority, ':');
	return end ? slu_compat_until(authority, end) : authority;
}

/* What follows the host within authority: ":port", or something that is left alone. */
static unsigned port_of(struct run authority, struct run host)
{
	const char *p = host.s + host.n, *end = authority.s + authority.n;
	long port;

	if (host.s != authority.s)
		p++; /* the bracket */
	if (p == end || *p != ':')
		return 0;
	port = strtol(p + 1, NULL, 10);
	if (port >= 0 && port <= PORT_MAX)
		return (unsigned)port;
	RTMP_Log(RTMP_LOGWARNING, "The URL's port is none, so the protocol's own is taken: ports go from 1 to 65535");
	return 0;
}

/* All parts of path but the last, n at most; or the only one. */
static struct run first_parts(struct run path, int n)
{
	const char *end = path.s + path.n, *slash;
	struct run rest = path;

	while (n-- > 0 && (slash = slu_compat_find(rest, '/'))) {
		end = slash;
		rest = slu_compat_from(path, slash + 1);
	}
	return slu_compat_until(path, end);
}

/* The app, and how much of path it takes, which is less where all of path is the app and the playpath is in its query.
 */
static struct run app_of(struct run path, const char *query, size_t *taken)
{
	static const char ondemand[] = "ondemand/";
	struct run app;

	*taken = path.n;
	if (query && slu_compat_find_text(path, "slist=")) {
		*taken = query < path.s ? 0 : (size_t)(query - path.s);
		return path;
	}
	app = strncmp(path.s, ondemand, sizeof ondemand - 1) ? first_parts(path, 3)
							     : (struct run){path.s, sizeof ondemand - 2};
	*taken = app.n;
	return app;
}

static AVal as_aval(struct run r)
{
	return (AVal){(char *)r.s, (int)r.n};
}

static void parse_path(struct run path, const char *query, AVal *playpath, AVal *app)
{
	size_t taken;
	AVal rest;

	*app = as_aval(app_of(path, query, &taken));
	path = slu_compat_from(path, path.s + taken);
	if (path.n && *path.s == '/')
		path = slu_compat_from(path, path.s + 1);
	if (path.n) {
		rest = as_aval(path);
		RTMP_ParsePlaypath(&rest, playpath);
	}
}

static void parse_authority(struct run authority, AVal *host, unsigned *port)
{
	struct run name = host_of(authority);

	*port = port_of(authority, name);
	if (name.n <= HOST_MAX)
		*host = as_aval(name);
	else
		RTMP_Log(RTMP_LOGWARNING, "The URL's host has over 255 bytes: no name of a host is that long");
}

int RTMP_ParseURL(const char *url, int *protocol, AVal *host, unsigned int *port, AVal *playpath, AVal *app)
{
	const char *mark = strstr(url, "://"), *slash;
	struct run rest;

	*protocol = RTMP_PROTOCOL_RTMP;
	*port = 0;
	*host = *playpath = *app = (AVal){NULL, 0};
	if (!mark) {
		RTMP_Log(RTMP_LOGERROR, "The URL has no ://, as in rtmp://host/app/stream");
		return FALSE;
	}
	*protocol = protocol_of((struct run){url, (size_t)(mark - url)});
	rest = (struct run){mark + 3, strlen(mark + 3)};
	if (!rest.n) {
		RTMP_Log(RTMP_LOGWARNING, "The URL has no host, as in rtmp://host/app/stream");
		return FALSE;
	}
	slash = slu_compat_find(rest, '/');
	parse_authority(slash ? slu_compat_until(rest, slash) : rest, host, port);
	if (slash)
		parse_path(slu_compat_from(rest, slash + 1), slu_compat_find(rest, '?'), playpath, app);
	else
		RTMP_Log(RTMP_LOGWARNING, "The URL has no application, as in rtmp://host/app/stream");
	return TRUE;
}
