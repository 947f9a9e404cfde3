/* SPDX-License-Identifier: MIT */
/* Messages of the server as packets, whole or chunk by chunk. */
#include <stdlib.h>

#include <librtmp/log.h>

#include "proto/chunk_hdr.h"
#include "state.h"

/* m_channelTimestamp has the last timestamp of each chunk stream. It grows to the highest one that was seen. */
static void note_timestamp(RTMP *r, int channel, uint32_t timestamp)
{
	enum { MORE = 10 };
	int *grown;

	if (channel >= r->m_channelsAllocatedIn) {
		int n = channel + MORE;

		grown = realloc(r->m_channelTimestamp, (size_t)n * sizeof *grown);
		if (!grown)
			return;
		memset(grown + r->m_channelsAllocatedIn, 0, (size_t)(n - r->m_channelsAllocatedIn) * sizeof *grown);
		r->m_channelTimestamp = grown;
		r->m_channelsAllocatedIn = n;
	}
	r->m_channelTimestamp[channel] = (int)timestamp;
}

int slu_compat_packet(RTMP *r, const struct slu_event *ev, RTMPPacket *packet)
{
	const struct slu_msg *msg = &ev->msg;
	char *block = malloc(RTMP_MAX_HEADER_SIZE + msg->size + 1);

	if (!block) {
		RTMP_Log(RTMP_LOGERROR, "There is no memory for a message of %zu bytes", msg->size);
		return FALSE;
	}
	if (msg->size)
		memcpy(block + RTMP_MAX_HEADER_SIZE, msg->data, msg->size);
	*packet = (RTMPPacket){.m_headerType = RTMP_PACKET_SIZE_LARGE,
			       .m_packetType = msg->type,
			       .m_hasAbsTimestamp = TRUE,
			       .m_nChannel = (int)ev->chunk_stream,
			       .m_nTimeStamp = msg->timestamp,
			       .m_nInfoField2 = (int32_t)msg->stream_id,
			       .m_nBodySize = (uint32_t)msg->size,
			       .m_nBytesRead = (uint32_t)msg->size,
			       .m_chunk = packet->m_chunk,
			       .m_body = block + RTMP_MAX_HEADER_SIZE};
	note_timestamp(r, packet->m_nChannel, msg->timestamp);
	return TRUE;
}

static int read_message(RTMP *r, RTMPPacket *packet)
{
	struct slu_compat *c = slu_compat_connected(r);
	struct slu_event ev;
	int got;

	if (c->kept.m_body) {
		c->kept.m_chunk = packet->m_chunk;
		*packet = c->kept;
		c->kept.m_body = NULL;
		return TRUE;
	}
	slu_session_acknowledge(slu_conn_session(c->conn), r->m_bSendCounter);
	do
		got = slu_compat_wait(r, &ev);
	while (got > 0 && ev.type != SLU_EVENT_MESSAGE);
	if (got < 0)
		return slu_compat_lost(r);
	if (got == 0)
		return FALSE;
	slu_compat_mirror(r);
	return slu_compat_packet(r, &ev, packet);
}

/* The next chunk of the message in packet, cut as the server cuts its own: for relays that hand chunks on. */
static void next_chunk(const RTMP *r, RTMPPacket *packet)
{
	RTMPChunk *chunk = packet->m_chunk;
	uint32_t left = packet->m_nBodySize - packet->m_nBytesRead;
	uint32_t most = r->m_inChunkSize > 0 ? (uint32_t)r->m_inChunkSize : RTMP_DEFAULT_CHUNKSIZE;
	const struct slu_chunk_hdr h = {.fmt = packet->m_nBytesRead ? 3 : 0,
					.type = packet->m_packetType,
					.extended = packet->m_nTimeStamp >= SLU_CHUNK_TIME_ESCAPE,
					.csid = (uint32_t)packet->m_nChannel,
					.timestamp = packet->m_nTimeStamp,
					.length = packet->m_nBodySize,
					.stream_id = (uint32_t)packet->m_nInfoField2};

	chunk->c_headerSize = (int)slu_chunk_hdr_encode(&h, (uint8_t *)chunk->c_header);
	chunk->c_chunkSize = (int)(left < most ? left : most);
	chunk->c_chunk = packet->m_body + packet->m_nBytesRead;
	packet->m_nBytesRead += (uint32_t)chunk->c_chunkSize;
}

int RTMP_ReadPacket(RTMP *r, RTMPPacket *packet)
{
	bool goes_on = packet->m_chunk && packet->m_body && packet->m_nBytesRead < packet->m_nBodySize;

	if (!slu_compat_need(r, "Nothing was received"))
		return FALSE;
	if (!goes_on) {
		if (!read_message(r, packet))
			return FALSE;
		if (packet->m_chunk)
			packet->m_nBytesRead = 0;
	}
	if (packet->m_chunk)
		next_chunk(r, packet);
	return TRUE;
}
