/* SPDX-License-Identifier: MIT */
#include "tools/suck.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <librtmp/log.h>
#include <sluice/url.h>

#include "base/log.h"
#include "tools/original_dst.h"

enum { SHOWN = 1024 };

static bool get_text(const struct slu_amf_value *object, const char *name, char out[SLU_SUCK_URL])
{
	struct slu_amf_str value;

	if (!slu_amf_string(slu_amf_get(object, name), &value) || value.n >= SLU_SUCK_URL)
		return false;
	memcpy(out, value.s, value.n);
	out[value.n] = '\0';
	return true;
}

static const char *scheme(const struct slu_url *url, bool encrypted)
{
	if (url->tls)
		return url->http ? "rtmpts" : "rtmps";
	if (url->http)
		return encrypted ? "rtmpte" : "rtmpt";
	return encrypted ? "rtmpe" : "rtmp";
}

/* Encrypted where the client's own connection is; where to by netfilter, or else by its tcUrl. */
bool slu_suck_name_server(struct slu_conn *client, const struct slu_amf_value *object, char url[SLU_SUCK_URL],
			  const char **why)
{
	char text[SLU_SUCK_URL], dst[SLU_ORIGINAL_DST];
	struct slu_session_stats stats;
	struct slu_url named = {0};
	bool encrypted, is_named, redirected;

	*why = "there is none, or it is too long";
	is_named = get_text(object, "tcUrl", text) && slu_url_parse(&named, text, why) == 0;
	slu_session_stats(slu_conn_session(client), &stats);
	encrypted = stats.handshake >= SLU_HANDSHAKE_RTMPE6 || named.rtmpe;
	redirected = slu_original_dst(&slu_original_dst_kernel, slu_conn_fd(client), dst);
	if (redirected)
		snprintf(url, SLU_SUCK_URL, "%s://%s", encrypted ? "rtmpe" : "rtmp", dst);
	else if (is_named)
		snprintf(url, SLU_SUCK_URL, strchr(named.host, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
			 scheme(&named, encrypted), named.host, named.port);
	slu_url_clear(&named);
	return redirected || is_named;
}

bool slu_suck_player_url(const struct slu_amf_value *object, char url[SLU_SUCK_URL])
{
	return get_text(object, "swfUrl", url) &&
	       (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0);
}

struct slu_conn *slu_suck_open_server(struct slu_conn *client, const char *url, const struct slu_player *player,
				      char *error, size_t size)
{
	struct slu_conn_config config = {.session = {.by_hand = true, .log = slu_stub_log()}};
	struct slu_session_stats stats;

	slu_session_stats(slu_conn_session(client), &stats);
	config.session.handshake = stats.handshake;
	config.session.swf_size = player->size;
	memcpy(config.session.swf_hash, player->hash, sizeof config.session.swf_hash);
	return slu_conn_open(&config, url, NULL, error, size);
}

void slu_suck_show_connect(const struct slu_amf_value *object)
{
	const struct slu_amf_value *member = slu_amf_first(object);
	char name[SHOWN / 4], text[SHOWN];
	struct slu_amf_str value;

	RTMP_LogPrintf("Processing connect\n");
	for (; member; member = slu_amf_next(member)) {
		struct slu_amf_str key = slu_amf_name(member);

		if (slu_amf_type(member) == SLU_AMF_STRING && slu_amf_string(member, &value))
			RTMP_LogPrintf("%s: %s\n", slu_escape(name, sizeof name, key.s, key.n),
				       slu_escape(text, sizeof text, value.s, value.n));
	}
}
