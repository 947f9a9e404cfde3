/* SPDX-License-Identifier: MIT */
#include "proto/url_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>

#include "base/wipe.h"

enum { PORT_RTMP = 1935, PORT_HTTP = 80, PORT_TLS = 443, MAX_URL = 8192 };

static const struct scheme schemes[] = {
	{"rtmp", false, false, false, PORT_RTMP}, {"rtmps", true, false, false, PORT_TLS},
	{"rtmpe", false, true, false, PORT_RTMP}, {"rtmpt", false, false, true, PORT_HTTP},
	{"rtmpte", false, true, true, PORT_HTTP}, {"rtmpts", true, false, true, PORT_TLS},
};

/* Scheme names take either case (RFC 3986, 3.1). */
static bool skip_scheme(const char **text, const char *scheme)
{
	size_t i;

	for (i = 0; scheme[i]; i++)
		if (((*text)[i] | 0x20) != (scheme[i] | 0x20))
			return false;
	*text += i;
	return true;
}

static const char *parse_scheme(struct parts *p, const char **text)
{
	const char *rest;

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		rest = *text;
		if (skip_scheme(&rest, schemes[i].name) && strncmp(rest, "://", 3) == 0) {
			*text = rest + 3;
			p->scheme = &schemes[i];
			p->port = schemes[i].port;
			return NULL;
		}
	}
	return "the URL must begin with rtmp://, rtmps://, rtmpe://, rtmpt://, rtmpts:// or rtmpte://";
}

/* Of a URL that was parsed. */
static const struct scheme *scheme_of(const struct slu_url *url)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (schemes[i].tls == url->tls && schemes[i].rtmpe == url->rtmpe && schemes[i].http == url->http)
			return &schemes[i];
	}
	return &schemes[0];
}

static const char *check_text(const char *text)
{
	size_t n = strlen(text);

	if (n > MAX_URL)
		return "the URL is longer than 8192 bytes";
	for (size_t i = 0; i < n; i++)
		if (is_control(text[i]) || text[i] == ' ')
			return "the URL has a space or a control character in it; write a space as %20";
	return NULL;
}

/* What is escaped in user or password becomes one byte, which may be no control character. */
static const char *check_escapes(struct run r)
{
	int high, low;

	for (size_t i = 0; i < r.n; i++) {
		if (r.s[i] != '%')
			continue;
		high = i + 2 < r.n ? hex_value(r.s[i + 1]) : -1;
		low = i + 2 < r.n ? hex_value(r.s[i + 2]) : -1;
		if (high < 0 || low < 0)
			return "a '%' in the user or password must be followed by two hexadecimal digits; write '%' as "
			       "%25";
		if (is_control((char)(high << 4 | low)))
			return "the user or password has a control character in it";
	}
	return NULL;
}

/* [user[:password]@]host[:port]. A password with an '@' that somebody forgot to escape is taken as meant. */
static const char *parse_authority(struct parts *p, struct run r)
{
	const char *at = find_last(r, '@'), *colon, *why;

	if (!at)
		return slu_url_parse_host(p, r);
	p->user = until(r, at);
	colon = find(p->user, ':');
	if (colon) {
		p->password = from(p->user, colon + 1);
		p->user = until(p->user, colon);
	}
	why = check_escapes(p->user);
	if (!why)
		why = check_escapes(p->password);
	return why ? why : slu_url_parse_host(p, from(r, at + 1));
}

static const char *parse_parts(struct parts *p, const char *text)
{
	const char *why = check_text(text), *slash;
	struct run rest;

	if (!why)
		why = parse_scheme(p, &text);
	if (why)
		return why;
	rest = run_of(text);
	slash = find(rest, '/');
	why = parse_authority(p, slash ? until(rest, slash) : rest);
	if (why)
		return why;
	p->path = slash ? from(rest, slash + 1) : run_of("");
	if (p->path.n && (p->path.s[0] == '/' || p->path.s[0] == '?'))
		return "the app is missing between the host and the rest of the path";
	return NULL;
}

/*
 * Where the app ends: one path part, or two when at least three stand before the query. A part like "mp4:a" begins a
 * stream name, however many follow. Two parts and an empty third are an app and a stream with a '/' at its end.
 */
static size_t app_length(struct run path)
{
	const char *query = find(path, '?'), *slash = find(path, '/'), *second;
	struct run plain, part;

	if (!slash)
		return path.n;
	if (query && query < slash)
		return (size_t)(slash - path.s);
	plain = query ? until(path, query) : path;
	part = from(plain, slash + 1);
	second = find(part, '/');
	if (!second || second + 1 == plain.s + plain.n || second == part.s || find(until(part, second), ':'))
		return (size_t)(slash - path.s);
	return (size_t)(second - path.s);
}

/* The one block that holds all strings begins with its size, so that all of it can be wiped. */
static char *block_new(size_t n)
{
	char *block = calloc(1, sizeof n + n);

	if (block)
		memcpy(block, &n, sizeof n);
	return block;
}

static void block_free(char *block)
{
	size_t n;

	if (!block)
		return;
	memcpy(&n, block, sizeof n);
	slu_wipe_bytes(block, sizeof n + n);
	free(block);
}

/* Copies r with its NUL to *at and moves *at behind it. */
static const char *put(char **at, struct run r)
{
	char *s = *at;

	if (r.n)
		memcpy(s, r.s, r.n);
	s[r.n] = 0;
	*at += r.n + 1;
	return s;
}

static const char *put_decoded(char **at, struct run r)
{
	char *s = *at, *out = s;

	for (size_t i = 0; i < r.n; i++) {
		if (r.s[i] == '%') {
			*out++ = (char)(hex_value(r.s[i + 1]) << 4 | hex_value(r.s[i + 2]));
			i += 2;
		} else {
			*out++ = r.s[i];
		}
	}
	*out++ = 0;
	*at = out;
	return s;
}

/* Writes scheme, host, and the port where it is wanted, as snprintf() does. */
static int print_origin(const struct slu_url *url, char *out, size_t n, bool port)
{
	bool brackets = strchr(url->host, ':');
	int len;

	len = snprintf(out, n, "%s://%s%s%s", scheme_of(url)->name, brackets ? "[" : "", url->host,
		       brackets ? "]" : "");
	if (port && len >= 0 && (size_t)len < n)
		len += snprintf(out + len, n - (size_t)len, ":%u", (unsigned)url->port);
	return len;
}

static void put_tc_url(struct slu_url *url, char **at, size_t n)
{
	char *s = *at;
	int len = print_origin(url, s, n, url->port != scheme_of(url)->port);

	*at += len;
	if (url->app[0])
		*(*at)++ = '/';
	put(at, run_of(url->app));
	url->tc_url = s;
}

/* Fills url from parts that are already decoded or still escaped. Nothing in it may point into url's old block. */
static int build(struct slu_url *url, const struct parts *p, bool escaped, struct run app, struct run stream)
{
	const char *(*credential)(char **at, struct run r) = escaped ? put_decoded : put;
	size_t origin = sizeof "rtmpts://[]:65535/" + p->host.n;
	size_t size = p->path.n + p->host.n + p->user.n + p->password.n + stream.n + 2 * app.n + origin + 7;
	char *block = block_new(size), *at;

	if (!block)
		return SLU_ERR_NOMEM;
	*url = (struct slu_url){.tls = p->scheme->tls,
				.rtmpe = p->scheme->rtmpe,
				.http = p->scheme->http,
				.port = p->port,
				.storage = block};
	at = block + sizeof size;
	put(&at, p->path); /* first in the block, where slu_url_set_stream() finds it */
	url->host = put(&at, p->host);
	url->user = credential(&at, p->user);
	url->password = credential(&at, p->password);
	url->app = put(&at, app);
	url->stream = put(&at, stream);
	put_tc_url(url, &at, origin);
	return 0;
}

int slu_url_parse(struct slu_url *url, const char *text, const char **why)
{
	struct parts p = {.port = 0};
	const char *reason;
	struct run app;
	size_t n;

	*url = (struct slu_url){.tls = false};
	reason = text ? parse_parts(&p, text) : "the URL is missing";
	if (reason) {
		if (why)
			*why = reason;
		return SLU_ERR_URL;
	}
	n = app_length(p.path);
	app = until(p.path, p.path.s + n);
	return build(url, &p, true, app, n < p.path.n ? from(p.path, p.path.s + n + 1) : run_of(""));
}

int slu_url_set_stream(struct slu_url *url, const char *stream)
{
	struct slu_url old = *url;
	struct parts p;
	struct run app;
	int err;

	if (!stream || !old.storage)
		return SLU_ERR_INVALID;
	for (size_t i = 0; stream[i]; i++)
		if (is_control(stream[i]))
			return SLU_ERR_INVALID;
	p = (struct parts){
		.scheme = scheme_of(&old),
		.port = old.port,
		.user = run_of(old.user),
		.password = run_of(old.password),
		.host = run_of(old.host),
		.path = run_of(old.storage + sizeof(size_t)),
	};
	app = p.path;
	while (app.n && app.s[app.n - 1] == '/' && !find(app, '?'))
		app.n--;
	err = build(url, &p, false, app, run_of(stream));
	if (!err)
		block_free(old.storage);
	return err;
}

void slu_url_clear(struct slu_url *url)
{
	block_free(url->storage);
	*url = (struct slu_url){.tls = false};
}

char *slu_url_redact(const struct slu_url *url, char *out, size_t n)
{
	int len;

	if (!n)
		return out;
	out[0] = 0;
	if (!url->host)
		return out;
	len = print_origin(url, out, n, true);
	if ((size_t)len < n)
		snprintf(out + len, n - (size_t)len, "/%.*s%s%s", (int)strcspn(url->app, "?"), url->app,
			 url->app[0] && url->stream[0] ? "/" : "", url->stream[0] ? "..." : "");
	return out;
}
