/* SPDX-License-Identifier: MIT */
/* Messages that programs send by themselves: control, windows, createStream. */
#include "base/bytes.h"
#include "proto/message.h"
#include "state.h"

enum { CONTROL = 2, COMMAND = 3 };

/* User control events of Adobe's that the specification leaves out. */
enum { SWF_REQUEST = 0x1a, SWF_RESPONSE = 0x1b };

static int send_bytes(RTMP *r, uint8_t type, const uint8_t *data, uint32_t n)
{
	char block[RTMP_MAX_HEADER_SIZE + 64];
	RTMPPacket packet = {
		.m_nChannel = CONTROL, .m_packetType = type, .m_nBodySize = n, .m_body = block + RTMP_MAX_HEADER_SIZE};

	memcpy(packet.m_body, data, n);
	return RTMP_SendPacket(r, &packet, FALSE);
}

int RTMP_SendServerBW(RTMP *r)
{
	uint8_t data[4];

	slu_put_be32(data, (uint32_t)r->m_nServerBW);
	return send_bytes(r, RTMP_PACKET_TYPE_SERVER_BW, data, sizeof data);
}

int RTMP_SendClientBW(RTMP *r)
{
	uint8_t data[5];

	slu_put_be32(data, (uint32_t)r->m_nClientBW);
	data[4] = r->m_nClientBW2;
	return send_bytes(r, RTMP_PACKET_TYPE_CLIENT_BW, data, sizeof data);
}

void RTMP_UpdateBufferMS(RTMP *r)
{
	RTMP_SendCtrl(r, SLU_USER_SET_BUFFER_LENGTH, (unsigned)r->m_stream_id, (unsigned)r->m_nBufferMS);
}

/* SWF verification: a type, or what the structure holds as the answer. All else is a number, and a buffer's length has
 * a second one. */
int RTMP_SendCtrl(RTMP *r, short nType, unsigned int nObject, unsigned int nTime)
{
	uint8_t data[2 + sizeof r->Link.SWFVerificationResponse];
	uint32_t n = 6;

	slu_put_be16(data, (uint16_t)nType);
	slu_put_be32(data + 2, nObject);
	if (nType == SLU_USER_SET_BUFFER_LENGTH) {
		slu_put_be32(data + 6, nTime);
		n = 10;
	} else if (nType == SWF_REQUEST) {
		data[2] = (uint8_t)nObject;
		n = 3;
	} else if (nType == SWF_RESPONSE) {
		memcpy(data + 2, r->Link.SWFVerificationResponse, sizeof r->Link.SWFVerificationResponse);
		n = sizeof data;
	}
	return send_bytes(r, RTMP_PACKET_TYPE_CONTROL, data, n);
}

int RTMP_SendCreateStream(RTMP *r)
{
	char block[RTMP_MAX_HEADER_SIZE + 64], *body = block + RTMP_MAX_HEADER_SIZE, *end = block + sizeof block;
	RTMPPacket packet = {.m_headerType = RTMP_PACKET_SIZE_MEDIUM,
			     .m_nChannel = COMMAND,
			     .m_packetType = RTMP_PACKET_TYPE_INVOKE,
			     .m_body = body};
	char *p = AMF_EncodeNumber(AMF_EncodeString(body, end, &slu_compat_create_stream), end, ++r->m_numInvokes);

	*p++ = AMF_NULL;
	packet.m_nBodySize = (uint32_t)(p - body);
	return RTMP_SendPacket(r, &packet, TRUE);
}
