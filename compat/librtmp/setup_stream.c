/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <librtmp/log.h>

static int is_given(const AVal *v)
{
	return v && v->av_len > 0;
}

static void set_text(RTMP_LNK *link, AVal *field, const AVal *v)
{
	if (is_given(v))
		slu_compat_put_text(link, field, v);
}

/* The hash is the raw bytes. */
static void set_player(RTMP_LNK *link, const AVal *hash, uint32_t size)
{
	link->SWFSize = 0;
	if (!hash || !size)
		return;
	if (hash->av_len < RTMP_SWF_HASHLEN) {
		RTMP_Log(RTMP_LOGERROR, "The hash of the player has %d bytes, and is left out: it is one of %d",
			 hash->av_len, RTMP_SWF_HASHLEN);
		return;
	}
	memcpy(link->SWFHash, hash->av_val, RTMP_SWF_HASHLEN);
	link->SWFSize = size;
}

void RTMP_SetupStream(RTMP *r, int protocol, AVal *hostname, unsigned int port, AVal *sockshost, AVal *playpath,
		      AVal *tcUrl, AVal *swfUrl, AVal *pageUrl, AVal *app, AVal *auth, AVal *swfSHA256Hash,
		      uint32_t swfSize, AVal *flashVer, AVal *subscribepath, AVal *usherToken, int dStart, int dStop,
		      int bLiveStream, long int timeout)
{
	static const AVal none = {NULL, 0};
	RTMP_LNK *link = &r->Link;

	set_player(link, swfSHA256Hash, swfSize);
	link->sockshost = is_given(sockshost) ? *sockshost : none;
	slu_compat_split_socks(link);
	set_text(link, &link->tcUrl, tcUrl);
	set_text(link, &link->swfUrl, swfUrl);
	set_text(link, &link->pageUrl, pageUrl);
	set_text(link, &link->app, app);
	set_text(link, &link->auth, auth);
	set_text(link, &link->subscribepath, subscribepath);
	set_text(link, &link->usherToken, usherToken);
	link->flashVer = is_given(flashVer) ? *flashVer : RTMP_DefaultFlashVer;
	link->lFlags |= (is_given(auth) ? RTMP_LF_AUTH : 0) | (bLiveStream ? RTMP_LF_LIVE : 0);
	link->seekTime = dStart;
	link->stopTime = dStop;
	link->timeout = (int)timeout;
	link->protocol = protocol;
	link->hostname = *hostname;
	link->port = port ? (unsigned short)port : slu_compat_default_port(protocol);
	link->playpath = playpath ? *playpath : none;
}
