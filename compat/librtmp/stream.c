/* SPDX-License-Identifier: MIT */
/* A stream on a connection: beginning, pausing, seeking, ending, and the messages for that. */
#include <unistd.h>

#include <librtmp/log.h>

#include "base/bytes.h"
#include "state.h"

/* ---- beginning and ending ---- */

static int until_playing(RTMP *r, struct slu_compat *c)
{
	uint64_t end = slu_now_ms() + (uint64_t)(r->Link.timeout > 0 ? r->Link.timeout : 0) * 1000;
	const uint32_t stamp = r->m_mediaStamp;
	RTMPPacket packet = {0};

	while (!r->m_bPlaying && RTMP_IsConnected(r)) {
		if (r->Link.timeout > 0 && slu_now_ms() >= end) {
			RTMP_Log(RTMP_LOGERROR,
				 "The server has not begun the stream within %d seconds: check its name, or give it "
				 "more time with the option timeout",
				 r->Link.timeout);
			return FALSE;
		}
		if (!RTMP_ReadPacket(r, &packet))
			return FALSE;
		if (RTMP_ClientPacket(r, &packet) == SLU_COMPAT_MEDIA && r->m_bPlaying) {
			c->kept = packet;
			break;
		}
		/* Media that comes yet is of the stream before. */
		RTMPPacket_Free(&packet);
		r->m_mediaChannel = 0;
		r->m_mediaStamp = stamp;
	}
	return r->m_bPlaying;
}

static const char no_stream[] = "No stream was begun";

int RTMP_ConnectStream(RTMP *r, int seekTime)
{
	struct slu_compat *c = slu_compat_need(r, no_stream);
	int ok;

	if (seekTime > 0)
		r->Link.seekTime = seekTime;
	r->m_mediaChannel = 0;
	slu_compat_enter(r);
	ok = c ? until_playing(r, c) : FALSE;
	slu_compat_leave(r);
	return ok && slu_compat_connected(r);
}

int RTMP_ReconnectStream(RTMP *r, int seekTime)
{
	struct slu_compat *c = slu_compat_need(r, no_stream);

	if (!c)
		return FALSE;
	RTMP_DeleteStream(r);
	if (seekTime > 0)
		r->Link.seekTime = seekTime;
	/* At once, for the server may have nothing to say before. */
	c->asked = false;
	return slu_compat_ask(r, c) && RTMP_ConnectStream(r, seekTime);
}

void RTMP_DeleteStream(RTMP *r)
{
	struct slu_compat *c = slu_compat_connected(r);

	if (!c)
		return;
	r->m_bPlaying = FALSE;
	r->m_stream_id = -1;
	if (slu_session_stop(slu_conn_session(c->conn)) == 0)
		slu_compat_drain(r);
}

/* ---- while it plays ---- */

/* After a pause the server may begin with what came before it. Where the session paused, it has left that out. */
static bool came_before(RTMP *r, const RTMPPacket *packet)
{
	struct slu_compat *c = slu_compat_connected(r);

	if (r->m_pausing != 3)
		return false;
	if (!(c && c->hurried) && packet->m_nTimeStamp <= r->m_mediaStamp)
		return true;
	r->m_pausing = 0;
	if (c)
		c->hurried = false;
	return false;
}

uint32_t slu_compat_last_media(const RTMP *r)
{
	return r->m_mediaChannel < r->m_channelsAllocatedIn ? (uint32_t)r->m_channelTimestamp[r->m_mediaChannel] : 0;
}

int RTMP_GetNextMediaPacket(RTMP *r, RTMPPacket *packet)
{
	int meaning = SLU_COMPAT_NOTHING;

	if (!slu_compat_need(r, "No media was received"))
		return meaning;
	while (meaning == SLU_COMPAT_NOTHING && RTMP_IsConnected(r) && RTMP_ReadPacket(r, packet)) {
		meaning = RTMP_ClientPacket(r, packet);
		if (meaning == SLU_COMPAT_MEDIA && !came_before(r, packet))
			continue;
		RTMPPacket_Free(packet);
		if (meaning == SLU_COMPAT_MEDIA)
			meaning = SLU_COMPAT_NOTHING;
	}
	if (meaning != SLU_COMPAT_NOTHING)
		r->m_bPlaying = TRUE;
	else if (r->m_sb.sb_timedout && !r->m_pausing)
		r->m_pauseStamp = slu_compat_last_media(r);
	return meaning;
}

/* Requests go out at once. */
static int sent(RTMP *r, struct slu_compat *c, int err)
{
	if (!err)
		return slu_compat_drain(r);
	RTMP_Log(RTMP_LOGERROR, "A pause or a seek was not sent: %s", slu_session_error(slu_conn_session(c->conn)));
	return FALSE;
}

int RTMP_SendPause(RTMP *r, int DoPause, int dTime)
{
	struct slu_compat *c = slu_compat_need(r, "A pause was not sent");

	return c ? sent(r, c, slu_session_pause(slu_conn_session(c->conn), DoPause, (uint32_t)dTime)) : FALSE;
}

int RTMP_Pause(RTMP *r, int DoPause)
{
	if (DoPause)
		r->m_pauseStamp = slu_compat_last_media(r);
	return RTMP_SendPause(r, DoPause, (int)r->m_pauseStamp);
}

int RTMP_ToggleStream(RTMP *r)
{
	int ok;

	if (!r->m_pausing) {
		if (RTMP_IsTimedout(r) && r->m_read.status == RTMP_READ_EOF)
			r->m_read.status = 0;
		if (!RTMP_SendPause(r, TRUE, (int)r->m_pauseStamp))
			return FALSE;
		r->m_pausing = 1;
		sleep(1);
	}
	ok = RTMP_SendPause(r, FALSE, (int)r->m_pauseStamp);
	r->m_pausing = 3;
	return ok;
}

int RTMP_SendSeek(RTMP *r, int dTime)
{
	struct slu_compat *c = slu_compat_need(r, "A seek was not sent");

	if (!c)
		return FALSE;
	r->m_read.flags |= RTMP_READ_SEEKING;
	r->m_read.nResumeTS = 0;
	return sent(r, c, slu_session_seek(slu_conn_session(c->conn), (uint32_t)dTime));
}
