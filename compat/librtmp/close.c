/* SPDX-License-Identifier: MIT */
/* The end of a session: the structure is as RTMP_Init() left it, but for what the caller said in Link. */
#include <stdlib.h>

#include <librtmp/log.h>

#include "conn/over.h"
#include "media.h"
#include "state.h"

/* Once the network takes nothing more, it is over within this. */
enum { FAREWELL_MS = 1000 };

static void say_goodbye(struct slu_compat *c)
{
	if (slu_conn_closed(c->conn))
		return;
	slu_conn_hurry(c->conn, FAREWELL_MS);
	if (slu_conn_finish(c->conn))
		RTMP_Log(RTMP_LOGWARNING, "%s", slu_conn_error(c->conn));
}

static void free_channels(RTMP *r)
{
	for (int i = 0; i < r->m_channelsAllocatedOut; i++)
		free(r->m_vecChannelsOut[i]);
	free(r->m_vecChannelsOut);
	free(r->m_channelTimestamp);
	r->m_vecChannelsOut = NULL;
	r->m_channelTimestamp = NULL;
	r->m_channelsAllocatedOut = 0;
	r->m_channelsAllocatedIn = 0;
}

/* What RTMP_SetupURL() allocated. */
static void free_strings(RTMP_LNK *link)
{
	static const AVal none = {NULL, 0};

	if (link->lFlags & RTMP_LF_FTCU) {
		free(link->tcUrl.av_val);
		link->tcUrl = none;
		link->lFlags &= ~RTMP_LF_FTCU;
	}
	if (link->lFlags & RTMP_LF_FAPU) {
		free(link->app.av_val);
		link->app = none;
		link->lFlags &= ~RTMP_LF_FAPU;
	}
	/* Whoever connects again without a URL is not to name what was freed. */
	if (link->playpath.av_val == link->playpath0.av_val)
		link->playpath = none;
	free(link->playpath0.av_val);
	link->playpath0 = none;
	AMF_Reset(&link->extras);
	link->edepth = 0;
}

static void reset_fields(RTMP *r)
{
	r->m_stream_id = -1;
	r->m_sb.sb_socket = -1;
	r->m_sb.sb_size = 0;
	r->m_nBWCheckCounter = 0;
	r->m_nBytesIn = 0;
	r->m_nBytesInSent = 0;
	r->m_bPlaying = FALSE;
	r->m_inChunkSize = RTMP_DEFAULT_CHUNKSIZE;
	r->m_outChunkSize = RTMP_DEFAULT_CHUNKSIZE;
	r->m_numInvokes = 0;
	r->m_msgCounter = 0;
	r->m_resplen = 0;
	r->m_unackd = 0;
}

void RTMP_Close(RTMP *r)
{
	struct slu_compat *c;

	if (slu_compat_interrupt(r))
		return;
	c = slu_compat_connected(r);
	if (c)
		say_goodbye(c);
	else if (r->m_sb.sb_socket != -1)
		RTMPSockBuf_Close(&r->m_sb);
	slu_compat_read_close(r);
	slu_compat_write_close(r);
	slu_compat_free_state(r);
	slu_compat_free_requests(r);
	free_channels(r);
	free_strings(&r->Link);
	reset_fields(r);
}
