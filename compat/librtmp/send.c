/* SPDX-License-Identifier: MIT */
/* Messages to the server: packets and chunks of the caller's, and media. */
#include <stdlib.h>

#include <librtmp/log.h>

#include "conn/over.h"
#include "proto/command.h"
#include "state.h"

/* While publishing, what the server sends is looked at this often. */
enum { SERVE_MS = 50 };

/* m_vecChannelsOut has what was sent last on each chunk stream, without its body. */
static RTMPPacket *last_on(RTMP *r, int channel)
{
	enum { MORE = 10 };

	if (channel >= r->m_channelsAllocatedOut) {
		int n = channel + MORE;
		RTMPPacket **grown = realloc(r->m_vecChannelsOut, (size_t)n * sizeof *grown);

		if (!grown)
			return NULL;
		memset(grown + r->m_channelsAllocatedOut, 0, (size_t)(n - r->m_channelsAllocatedOut) * sizeof *grown);
		r->m_vecChannelsOut = grown;
		r->m_channelsAllocatedOut = n;
	}
	if (!r->m_vecChannelsOut[channel])
		r->m_vecChannelsOut[channel] = calloc(1, sizeof(RTMPPacket));
	return r->m_vecChannelsOut[channel];
}

/* A shorter header leaves out the message stream: it is that of the message before on its chunk stream. */
static uint32_t stream_of(RTMP *r, const RTMPPacket *packet)
{
	RTMPPacket *last = last_on(r, packet->m_nChannel);
	uint32_t id = (uint32_t)packet->m_nInfoField2;

	if (!last)
		return id;
	if (packet->m_headerType != RTMP_PACKET_SIZE_LARGE && last->m_packetType)
		id = (uint32_t)last->m_nInfoField2;
	*last = *packet;
	last->m_nInfoField2 = (int32_t)id;
	last->m_body = NULL;
	last->m_chunk = NULL;
	return id;
}

/* connect is the session's to wait for; all else of the caller's is found again by its number. */
static void remember_command(RTMP *r, const struct slu_msg *msg)
{
	struct slu_amf_str name;
	size_t used;

	if (msg->type != SLU_MSG_COMMAND || !slu_data_name(msg->data, msg->size, &name, &used) || msg->size - used < 9)
		return;
	slu_compat_remember(r, name.s, name.n, slu_compat_int(AMF_DecodeNumber((const char *)msg->data + used + 1)));
}

int RTMP_SendPacket(RTMP *r, RTMPPacket *packet, int queue)
{
	struct slu_compat *c = slu_compat_need(r, "A packet was not sent");
	struct slu_msg msg = {.type = packet->m_packetType,
			      .timestamp = packet->m_nTimeStamp,
			      .data = (const uint8_t *)packet->m_body,
			      .size = packet->m_nBodySize};
	int err;

	if (!c)
		return FALSE;
	if (packet->m_nChannel < 2 || packet->m_nChannel >= RTMP_CHANNELS) {
		RTMP_Log(RTMP_LOGERROR, "A packet for chunk stream %d was not sent: they are 2 to %d",
			 packet->m_nChannel, RTMP_CHANNELS - 1);
		return FALSE;
	}
	msg.stream_id = stream_of(r, packet);
	if (queue)
		remember_command(r, &msg);
	err = slu_session_send_message(slu_conn_session(c->conn), (uint32_t)packet->m_nChannel, &msg);
	if (err) {
		RTMP_Log(RTMP_LOGERROR, "A packet was not sent: %s", slu_session_error(slu_conn_session(c->conn)));
		return FALSE;
	}
	return slu_compat_drain(r);
}

int RTMP_SendChunk(RTMP *r, RTMPChunk *chunk)
{
	struct slu_compat *c = slu_compat_need(r, "A chunk was not sent");
	struct slu_session *s = c ? slu_conn_session(c->conn) : NULL;
	int err;

	if (!c || chunk->c_headerSize < 0 || chunk->c_headerSize > RTMP_MAX_HEADER_SIZE || chunk->c_chunkSize < 0)
		return FALSE;
	err = slu_session_send_chunk(s, chunk->c_header, (size_t)chunk->c_headerSize);
	if (!err && chunk->c_chunkSize)
		err = slu_session_send_chunk(s, chunk->c_chunk, (size_t)chunk->c_chunkSize);
	if (err) {
		RTMP_Log(RTMP_LOGERROR, "%s", slu_session_error(s));
		return FALSE;
	}
	return slu_compat_drain(r);
}

/* ---- media ---- */

int slu_compat_send(RTMP *r, const struct slu_msg *msg)
{
	struct slu_compat *c = slu_compat_connected(r);
	int err = c ? slu_conn_send(c->conn, msg) : SLU_ERR_STATE;

	if (err == 0)
		return TRUE;
	if (c && err == SLU_ERR_STATE && !slu_conn_ended(c->conn))
		RTMP_Log(RTMP_LOGERROR, "There is no stream to write to: RTMP_EnableWrite(), RTMP_Connect() and "
					"RTMP_ConnectStream() come first");
	else if (c)
		RTMP_Log(RTMP_LOGERROR, "%s", slu_session_error(slu_conn_session(c->conn)));
	return FALSE;
}

/* Pings, acknowledgements, and what ends the stream. FALSE: it ended. */
static int hear_peer(RTMP *r, struct slu_compat *c)
{
	struct slu_event ev;

	slu_conn_process(c->conn);
	while (slu_conn_event(c->conn, &ev)) {
		if (ev.type == SLU_EVENT_MESSAGE && slu_compat_handle(r, &ev.msg) == SLU_COMPAT_OVER)
			return FALSE;
		if (!slu_compat_connected(r))
			return FALSE;
	}
	return slu_conn_closed(c->conn) ? slu_compat_lost(r) : TRUE;
}

static int serve_peer(RTMP *r, struct slu_compat *c)
{
	uint64_t now = slu_now_ms();

	if (now - c->served_ms < SERVE_MS)
		return TRUE;
	c->served_ms = now;
	return hear_peer(r, c);
}

int slu_compat_flush(RTMP *r)
{
	struct slu_compat *c = slu_compat_connected(r);
	int taken;

	while (c) {
		taken = slu_compat_drain(r);
		if (!slu_compat_connected(r))
			return FALSE;
		if (taken && (!slu_conn_queued(c->conn) || slu_compat_interrupted(c)))
			return serve_peer(r, c);
		/* What the server said comes first: it may be why it is gone. */
		if (!hear_peer(r, c))
			return FALSE;
	}
	return FALSE;
}
