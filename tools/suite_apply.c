/* SPDX-License-Identifier: MIT */
/* From options to an RTMP structure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/suite_options.h"

void slu_suite_clear(struct slu_suite_options *o)
{
	free(o->made_playpath);
	free(o->made_tc_url);
	o->made_playpath = o->made_tc_url = NULL;
}

static void fill(AVal *field, AVal value)
{
	if (!field->av_len)
		*field = value;
}

/* What the URL says, and no option did. */
static bool take_url(struct slu_suite_options *o)
{
	AVal host = {NULL, 0}, playpath = {NULL, 0}, app = {NULL, 0};
	unsigned port = 0;
	int protocol = RTMP_PROTOCOL_UNDEFINED;

	if (!RTMP_ParseURL(o->rtmp.av_val, &protocol, &host, &port, &playpath, &app)) {
		RTMP_Log(RTMP_LOGERROR, "What --rtmp says is no URL as rtmp://HOST/APP/PLAYPATH");
		return false;
	}
	o->made_playpath = playpath.av_val;
	fill(&o->host, host);
	fill(&o->playpath, playpath);
	fill(&o->app, app);
	if (o->protocol < 0 && protocol >= 0)
		o->protocol = protocol;
	if (o->port < 0 && port)
		o->port = (long)port;
	return true;
}

static bool is_missing(const AVal *value, const char *name)
{
	if (value->av_len)
		return false;
	RTMP_Log(RTMP_LOGERROR, "There is no %s: give --%s, or --rtmp with a URL as rtmp://HOST/APP/PLAYPATH", name,
		 name);
	return true;
}

static long default_port(long protocol)
{
	enum { PORT_RTMP = 1935, PORT_HTTP = 80, PORT_HTTPS = 443 };

	if (protocol & RTMP_FEATURE_SSL)
		return PORT_HTTPS;
	return protocol & RTMP_FEATURE_HTTP ? PORT_HTTP : PORT_RTMP;
}

static void make_defaults(struct slu_suite_options *o)
{
	if (o->protocol < 0) {
		RTMP_Log(RTMP_LOGWARNING, "Neither --protocol nor --rtmp says a protocol: it is taken to be RTMP");
		o->protocol = RTMP_PROTOCOL_RTMP;
	}
	if (o->port <= 0)
		o->port = default_port(o->protocol);
}

/* Always with the port, as librtmp's programs have ever said it. */
static bool make_tc_url(struct slu_suite_options *o)
{
	bool is_ipv6 = memchr(o->host.av_val, ':', (size_t)o->host.av_len) != NULL;
	int n;

	if (o->tc_url.av_len)
		return true;
	n = asprintf(&o->made_tc_url, "%s://%s%.*s%s:%ld/%.*s", RTMPProtocolStringsLower[o->protocol],
		     is_ipv6 ? "[" : "", o->host.av_len, o->host.av_val, is_ipv6 ? "]" : "", o->port, o->app.av_len,
		     o->app.av_val ? o->app.av_val : "");
	if (n < 0) {
		o->made_tc_url = NULL;
		RTMP_Log(RTMP_LOGERROR, "There is no memory for the URL");
		return false;
	}
	o->tc_url = (AVal){o->made_tc_url, n};
	return true;
}

static void warn(const struct slu_suite_options *o)
{
	if (o->swf_hash_given && !o->swf_size && !o->swf_verify)
		RTMP_Log(RTMP_LOGWARNING, "--swfhash is of no use without --swfsize, and is ignored");
	if (o->swf_size && !o->swf_hash_given && !o->swf_verify)
		RTMP_Log(RTMP_LOGWARNING, "--swfsize is of no use without --swfhash, and is ignored");
	if (o->live && o->start_ms)
		RTMP_Log(RTMP_LOGWARNING, "A live stream has no place to start at: --start is ignored");
	if (o->url.av_len && (o->rtmp.av_len || o->host.av_len || o->port >= 0 || o->protocol >= 0))
		RTMP_Log(RTMP_LOGWARNING, "--url says where to: --rtmp, --host, --port and --protocol are ignored");
}

bool slu_suite_complete(struct slu_suite_options *o)
{
	warn(o);
	if (o->live)
		o->start_ms = 0;
	if (o->url.av_len)
		return true;
	if (o->rtmp.av_len && !take_url(o))
		return false;
	if (is_missing(&o->host, "host") || is_missing(&o->playpath, "playpath"))
		return false;
	make_defaults(o);
	return make_tc_url(o);
}

/* ---- the structure ---- */

static bool set(RTMP *r, const char *name, AVal *value)
{
	AVal option = {(char *)name, (int)strlen(name)};

	return !value->av_len || RTMP_SetOpt(r, &option, value);
}

static bool apply_conn(struct slu_suite_options *o, RTMP *r)
{
	for (size_t i = 0; i < o->nconn; i++) {
		if (set(r, "conn", &o->conn[i]) && o->conn[i].av_len)
			continue;
		RTMP_Log(RTMP_LOGERROR,
			 "--conn number %zu is not TYPE:DATA, nor NTYPE:NAME:DATA within an object that was begun",
			 i + 1);
		return false;
	}
	return true;
}

/* The player's hash, which where it is not given comes from the web or the file of those known. */
static uint32_t find_player(struct slu_suite_options *o)
{
	unsigned size = 0;

	if (!o->swf_verify)
		return o->swf_hash_given ? (uint32_t)o->swf_size : 0;
	if (RTMP_HashSWF(o->swf_url.av_val, &size, o->swf_hash, (int)o->swf_age) == 0)
		return size;
	RTMP_Log(RTMP_LOGWARNING, "The player cannot be verified: what --swfVfy names cannot be had");
	return 0;
}

static void apply_stream(struct slu_suite_options *o, RTMP *r)
{
	AVal hash = {(char *)o->swf_hash, RTMP_SWF_HASHLEN};
	uint32_t size = find_player(o);

	RTMP_SetupStream(r, (int)o->protocol, &o->host, (unsigned)o->port, &o->socks, &o->playpath, &o->tc_url,
			 &o->swf_url, &o->page_url, &o->app, &o->auth, &hash, size, &o->flash_ver, &o->subscribe,
			 &o->usher_token, (int)o->start_ms, (int)o->stop_ms, o->live, o->timeout_s);
	RTMP_SetBufferMS(r, (int)o->buffer_ms);
}

static void apply_numbers(struct slu_suite_options *o, RTMP *r)
{
	uint32_t size;

	if (o->auth.av_len) {
		r->Link.auth = o->auth;
		r->Link.lFlags |= RTMP_LF_AUTH;
	}
	if (o->live)
		r->Link.lFlags |= RTMP_LF_LIVE;
	if (o->start_ms)
		r->Link.seekTime = (int)o->start_ms;
	if (o->stop_ms)
		r->Link.stopTime = (int)o->stop_ms;
	if (o->timeout_given)
		r->Link.timeout = (int)o->timeout_s;
	if (o->buffer_given)
		RTMP_SetBufferMS(r, (int)o->buffer_ms);
	size = find_player(o);
	if (size) {
		memcpy(r->Link.SWFHash, o->swf_hash, RTMP_SWF_HASHLEN);
		r->Link.SWFSize = size;
	}
}

/* Another app has another tcUrl, but where the URL's options say one. */
static bool follow_app(struct slu_suite_options *o, RTMP *r)
{
	const RTMP_LNK *link = &r->Link;
	bool made = link->tcUrl.av_val == o->url.av_val || link->lFlags & RTMP_LF_FTCU;

	if (!o->app.av_len || o->tc_url.av_len || !made)
		return true;
	o->protocol = link->protocol;
	o->host = link->hostname;
	o->port = link->port;
	return make_tc_url(o);
}

/* Beside a URL with options, those that are given themselves come last, and so count. */
static bool apply_beside_url(struct slu_suite_options *o, RTMP *r)
{
	const struct {
		const char *name;
		AVal *value;
	} texts[] = {
		{"socks", &o->socks},       {"app", &o->app},
		{"tcUrl", &o->tc_url},      {"pageUrl", &o->page_url},
		{"swfUrl", &o->swf_url},    {"flashver", &o->flash_ver},
		{"playpath", &o->playpath}, {"subscribe", &o->subscribe},
		{"jtv", &o->usher_token},   {"token", &o->token},
	};

	r->Link.swfAge = (int)o->swf_age; /* known by when the player is fetched */
	RTMP_SetBufferMS(r, (int)o->buffer_ms);
	if (!RTMP_SetupURL(r, o->url.av_val) || !follow_app(o, r))
		return false;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		set(r, texts[i].name, texts[i].value);
	apply_numbers(o, r);
	return true;
}

bool slu_suite_apply(struct slu_suite_options *o, RTMP *r)
{
	static char yes[] = "1";

	if (!apply_conn(o, r) || !set(r, "token", &o->token))
		return false;
	if (o->playlist)
		set(r, "playlist", &(AVal){yes, 1});
	if (o->url.av_len && !apply_beside_url(o, r))
		return false;
	if (!o->url.av_len)
		apply_stream(o, r);
	if (!(r->Link.lFlags & RTMP_LF_LIVE) && !o->realtime)
		r->Link.lFlags |= RTMP_LF_BUFX;
	return true;
}
