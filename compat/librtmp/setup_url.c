/* SPDX-License-Identifier: MIT */
/* "URL name=value name=value...": RTMP_SetupURL() without its I/O. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>

#include "run.h"
#include "settings.h"

enum { SOCKS_PORT = 1080 };

/* Values have \xx for what would end them. In place; FALSE when a backslash has no two digits behind it. */
static int unescape(AVal *value)
{
	struct run in = {value->av_val, (size_t)value->av_len};
	char *out = value->av_val;

	while (in.n) {
		struct run rest = slu_compat_from(in, in.s + 1);
		int byte = *in.s == '\\' ? slu_compat_hex_byte(rest) : (unsigned char)*in.s;

		if (byte < 0)
			return FALSE;
		in = *in.s == '\\' ? slu_compat_from(rest, rest.s + 2) : rest;
		*out++ = (char)byte;
	}
	value->av_len = (int)(out - value->av_val);
	*out = '\0';
	return TRUE;
}

static char *skip_blanks(char *p)
{
	return p + strspn(p, " ");
}

/* The options behind the URL. What has no '=' ends them. */
static int set_options(RTMP *r, char *p)
{
	char *equals, *end;

	for (p = skip_blanks(p); (equals = strchr(p, '=')); p = skip_blanks(end)) {
		AVal name = {p, (int)(equals - p)}, value = {equals + 1, (int)strcspn(equals + 1, " ")};

		end = value.av_val + value.av_len;
		if (*end)
			*end++ = '\0';
		*equals = '\0';
		if (!unescape(&value)) {
			RTMP_Log(RTMP_LOGERROR,
				 "Option %s: a backslash wants two hexadecimal digits behind it, as in \\20",
				 name.av_val);
			return FALSE;
		}
		if (!RTMP_SetOpt(r, &name, &value))
			return FALSE;
	}
	return TRUE;
}

unsigned short slu_compat_default_port(int protocol)
{
	if (protocol & RTMP_FEATURE_SSL)
		return 443;
	return protocol & RTMP_FEATURE_HTTP ? 80 : 1935;
}

void slu_compat_put_text(RTMP_LNK *link, AVal *field, const AVal *value)
{
	const int made = field == &link->tcUrl ? RTMP_LF_FTCU : field == &link->app ? RTMP_LF_FAPU : 0;

	if (link->lFlags & made && value->av_val != field->av_val) {
		free(field->av_val);
		link->lFlags &= ~made;
	}
	*field = *value;
}

/* The app came as an option, so the URL does not have it: a new one, which RTMP_Close() frees. */
static int make_tc_url(RTMP_LNK *link)
{
	int v6 = link->hostname.av_len && memchr(link->hostname.av_val, ':', (size_t)link->hostname.av_len);
	int n = asprintf(&link->tcUrl.av_val, "%s://%s%.*s%s:%d/%.*s",
			 RTMPProtocolStringsLower[link->protocol & ~RTMP_FEATURE_WRITE], v6 ? "[" : "",
			 link->hostname.av_len, link->hostname.av_val, v6 ? "]" : "", link->port, link->app.av_len,
			 link->app.av_val);

	if (n < 0) {
		link->tcUrl = (AVal){NULL, 0};
		return FALSE;
	}
	link->tcUrl.av_len = n;
	link->lFlags |= RTMP_LF_FTCU;
	return TRUE;
}

/* The URL up to the end of the app. */
static int set_tc_url(RTMP_LNK *link, char *url, size_t n)
{
	char *app = link->app.av_val;

	if (link->tcUrl.av_len)
		return TRUE;
	if (link->app.av_len && !(app >= url && app < url + n))
		return make_tc_url(link);
	link->tcUrl = (AVal){url, link->app.av_len ? (int)(app - url) + link->app.av_len : (int)n};
	return TRUE;
}

/* 0: it is no port, and whoever connects is told. */
static unsigned short port_in(struct run digits)
{
	unsigned long port = 0;

	for (size_t i = 0; i < digits.n && port <= UINT16_MAX; i++) {
		if (digits.s[i] < '0' || digits.s[i] > '9')
			return 0;
		port = 10 * port + (unsigned long)(digits.s[i] - '0');
	}
	return port <= UINT16_MAX ? (unsigned short)port : 0;
}

void slu_compat_split_socks(RTMP_LNK *link)
{
	struct run proxy = {link->sockshost.av_val, (size_t)link->sockshost.av_len};
	const char *colon = slu_compat_find(proxy, ':');

	link->socksport = 0;
	if (!proxy.n)
		return;
	if (slu_compat_find_text(proxy, "://")) {
		link->socksport = SOCKS_PORT; /* there is a proxy: which port it has is in the URL */
		return;
	}
	link->socksport = colon ? port_in(slu_compat_from(proxy, colon + 1)) : SOCKS_PORT;
	if (colon)
		link->sockshost.av_len = (int)(colon - proxy.s);
}

int slu_compat_setup_url(RTMP *r, char *url)
{
	size_t n = strcspn(url, " ");
	char *options = url + n;
	unsigned port;

	r->Link.pFlags &= ~SLU_COMPAT_GONE;
	if (*options)
		*options++ = '\0';
	if (!RTMP_ParseURL(url, &r->Link.protocol, &r->Link.hostname, &port, &r->Link.playpath0, &r->Link.app))
		return FALSE;
	r->Link.port = (unsigned short)port;
	r->Link.playpath = r->Link.playpath0;
	/* A program may have set the field by itself. */
	if (!r->Link.socksport)
		slu_compat_split_socks(&r->Link);
	if (!set_options(r, options))
		return FALSE;
	if (!r->Link.port)
		r->Link.port = slu_compat_default_port(r->Link.protocol);
	return set_tc_url(&r->Link, url, n);
}
