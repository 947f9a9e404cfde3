/* SPDX-License-Identifier: MIT */
/* Messages in memory. */
#include <stdlib.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

void RTMPPacket_Reset(RTMPPacket *p)
{
	RTMPChunk *chunk = p->m_chunk;
	char *body = p->m_body;

	*p = (RTMPPacket){.m_chunk = chunk, .m_body = body};
}

int RTMPPacket_Alloc(RTMPPacket *p, uint32_t nSize)
{
	char *block;

	if (nSize > UINT32_MAX - RTMP_MAX_HEADER_SIZE)
		return FALSE;
	block = calloc(1, nSize + (size_t)RTMP_MAX_HEADER_SIZE);
	if (!block)
		return FALSE;
	p->m_body = block + RTMP_MAX_HEADER_SIZE;
	p->m_nBytesRead = 0;
	return TRUE;
}

void RTMPPacket_Free(RTMPPacket *p)
{
	if (!p->m_body)
		return;
	free(p->m_body - RTMP_MAX_HEADER_SIZE);
	p->m_body = NULL;
}

void RTMPPacket_Dump(RTMPPacket *p)
{
	RTMP_Log(
		RTMP_LOGDEBUG,
		"RTMP PACKET: packet type: 0x%02x. channel: 0x%02x. info 1: %d info 2: %d. Body size: %u. body: 0x%02x",
		p->m_packetType, (unsigned)p->m_nChannel, (int)p->m_nTimeStamp, p->m_nInfoField2, p->m_nBodySize,
		p->m_body ? (unsigned char)p->m_body[0] : 0U);
}
