/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdlib.h>
#include <strings.h>

#include <librtmp/log.h>

#include "settings.h"

enum kind { TEXT, PROXY, INTEGER, FLAG, EXTRA };

static const struct option {
	const char *name;
	enum kind kind;
	size_t offset; /* of the field in RTMP */
	int flag;      /* FLAG: the bit that it sets; nothing takes it away again */
	const char *help;
} options[] = {
	{"socks", PROXY, offsetof(RTMP, Link.sockshost), 0,
	 "a proxy: host:port for SOCKS4, or a URL with socks4, socks4a, socks5 or http"},
	{"app", TEXT, offsetof(RTMP, Link.app), 0, "the application on the server"},
	{"tcUrl", TEXT, offsetof(RTMP, Link.tcUrl), 0, "the URL that connect tells the server"},
	{"pageUrl", TEXT, offsetof(RTMP, Link.pageUrl), 0, "the web page that the player is in"},
	{"swfUrl", TEXT, offsetof(RTMP, Link.swfUrl), 0, "the player"},
	{"flashver", TEXT, offsetof(RTMP, Link.flashVer), 0, "the version of Flash"},
	{"conn", EXTRA, offsetof(RTMP, Link.extras), 0, "one value more for connect"},
	{"playpath", TEXT, offsetof(RTMP, Link.playpath), 0, "the stream"},
	{"playlist", FLAG, offsetof(RTMP, Link.lFlags), RTMP_LF_PLST, "set_playlist is sent before play"},
	{"live", FLAG, offsetof(RTMP, Link.lFlags), RTMP_LF_LIVE, "the stream is live"},
	{"subscribe", TEXT, offsetof(RTMP, Link.subscribepath), 0, "the stream to subscribe to"},
	{"jtv", TEXT, offsetof(RTMP, Link.usherToken), 0, "an usher token"},
	{"token", TEXT, offsetof(RTMP, Link.token), 0, "the key for SecureToken"},
	{"swfVfy", FLAG, offsetof(RTMP, Link.lFlags), RTMP_LF_SWFV, "the player is verified"},
	{"swfAge", INTEGER, offsetof(RTMP, Link.swfAge), 0, "days that a player's hash is kept"},
	{"start", INTEGER, offsetof(RTMP, Link.seekTime), 0, "where to begin, in milliseconds"},
	{"stop", INTEGER, offsetof(RTMP, Link.stopTime), 0, "where to end, in milliseconds"},
	{"buffer", INTEGER, offsetof(RTMP, m_nBufferMS), 0, "the player's buffer, in milliseconds"},
	{"timeout", INTEGER, offsetof(RTMP, Link.timeout), 0, "seconds to wait for the server"},
	{"pubUser", TEXT, offsetof(RTMP, Link.pubUser), 0, "the publisher's name"},
	{"pubPasswd", TEXT, offsetof(RTMP, Link.pubPasswd), 0, "the publisher's password"},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

static int same_word(const AVal *a, const char *word)
{
	size_t n = strlen(word);

	return a->av_len >= 0 && (size_t)a->av_len == n && strncasecmp(a->av_val, word, n) == 0;
}

static int is_true(const AVal *arg)
{
	static const char *const words[] = {"1", "on", "yes", "true"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (same_word(arg, words[i]))
			return TRUE;
	return FALSE;
}

static int set(RTMP *r, const struct option *o, AVal *arg)
{
	void *field = (char *)r + o->offset;

	switch (o->kind) {
	case TEXT:
		slu_compat_put_text(&r->Link, field, arg);
		return TRUE;
	case PROXY:
		*(AVal *)field = *arg;
		slu_compat_split_socks(&r->Link);
		return TRUE;
	case INTEGER:
		*(int *)field = (int)strtol(arg->av_val, NULL, 0);
		return TRUE;
	case FLAG:
		if (is_true(arg))
			*(int *)field |= o->flag;
		return TRUE;
	default:
		return slu_compat_add_extra(&r->Link.extras, arg, &r->Link.edepth);
	}
}

static void explain(const AVal *opt)
{
	RTMP_Log(RTMP_LOGERROR, "There is no option %.*s. Options are:", opt->av_len, opt->av_val);
	for (size_t i = 0; i < OPTIONS; i++)
		RTMP_Log(RTMP_LOGERROR, "%15s  %s", options[i].name, options[i].help);
	for (int i = 0; i < SLU_COMPAT_SETTINGS; i++)
		RTMP_Log(RTMP_LOGERROR, "%15s  %s", slu_compat_settings[i].name, slu_compat_settings[i].help);
}

int RTMP_SetOpt(RTMP *r, const AVal *opt, AVal *arg)
{
	enum slu_compat_setting own = slu_compat_setting_named(opt);

	for (size_t i = 0; i < OPTIONS; i++)
		if (same_word(opt, options[i].name))
			return set(r, &options[i], arg);
	if (own < SLU_COMPAT_SETTINGS)
		return slu_compat_set(r, own, arg);
	explain(opt);
	return FALSE;
}
