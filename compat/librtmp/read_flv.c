/* SPDX-License-Identifier: MIT */
#include "read_flv.h"

#include <string.h>

#include <sluice/flv.h>

#include "base/bytes.h"

enum { FLAG_VIDEO = 1, FLAG_AUDIO = 4, PREV_SIZE = 4, FILTER = 0x20 };

static int is_aggregate(const RTMPPacket *packet)
{
	return packet->m_packetType == RTMP_PACKET_TYPE_FLASH_VIDEO;
}

uint8_t slu_compat_flv_flag(uint8_t type)
{
	return type == SLU_FLV_AUDIO ? FLAG_AUDIO : type == SLU_FLV_VIDEO ? FLAG_VIDEO : 0;
}

/* Encrypted or not: those are left as they are. What else is in an aggregate no file can have. */
static int is_tag(uint8_t type)
{
	type &= (uint8_t)~FILTER;
	return type == SLU_FLV_AUDIO || type == SLU_FLV_VIDEO || type == SLU_FLV_SCRIPT;
}

int slu_compat_part(const RTMPPacket *packet, size_t *at, struct slu_flv_tag *tag)
{
	const uint8_t *p = (const uint8_t *)packet->m_body + *at;
	size_t left = packet->m_nBodySize - *at, size;

	if (left < SLU_FLV_TAG_HEADER_SIZE)
		return FALSE;
	size = slu_be24(p + 1);
	left -= SLU_FLV_TAG_HEADER_SIZE;
	if (left < size)
		return FALSE;
	*tag = (struct slu_flv_tag){
		.type = p[0],
		.timestamp = (uint32_t)p[7] << 24 | slu_be24(p + 4),
		.body = p + SLU_FLV_TAG_HEADER_SIZE,
		.size = size,
	};
	left -= size;
	*at += SLU_FLV_TAG_HEADER_SIZE + size + (left < PREV_SIZE ? left : PREV_SIZE);
	return TRUE;
}

struct slu_compat_flv slu_compat_flv(const RTMPPacket *packet, uint32_t shift)
{
	struct slu_compat_flv flv = {.packet = packet, .in = packet->m_nTimeStamp, .out = packet->m_nTimeStamp + shift};
	struct slu_flv_tag first;
	size_t at = 0;

	/* The first part plays when the aggregate does, whatever its own timestamp says. */
	if (is_aggregate(packet) && slu_compat_part(packet, &at, &first))
		flv.in = first.timestamp;
	return flv;
}

size_t slu_compat_flv_size(const struct slu_compat_flv *flv)
{
	size_t at = flv->from, size = 0;
	struct slu_flv_tag tag;

	if (!is_aggregate(flv->packet))
		return flv->packet->m_nBodySize + (size_t)SLU_FLV_TAG_OVERHEAD;
	while (slu_compat_part(flv->packet, &at, &tag))
		size += is_tag(tag.type) ? tag.size + SLU_FLV_TAG_OVERHEAD : 0;
	return size;
}

static size_t put(uint8_t *out, const struct slu_flv_tag *tag)
{
	out[0] = tag->type;
	slu_put_be24(out + 1, (uint32_t)tag->size);
	slu_put_be24(out + 4, tag->timestamp & 0xffffff);
	out[7] = (uint8_t)(tag->timestamp >> 24);
	slu_put_be24(out + 8, 0);
	if (tag->size)
		memcpy(out + SLU_FLV_TAG_HEADER_SIZE, tag->body, tag->size);
	slu_flv_write_prev_size(out + SLU_FLV_TAG_HEADER_SIZE + tag->size, tag);
	return tag->size + SLU_FLV_TAG_OVERHEAD;
}

uint32_t slu_compat_flv_write(const struct slu_compat_flv *flv, char *out, uint8_t *types)
{
	uint8_t *to = (uint8_t *)out;
	struct slu_flv_tag tag = {
		.type = flv->packet->m_packetType,
		.timestamp = flv->out,
		.body = (const uint8_t *)flv->packet->m_body,
		.size = flv->packet->m_nBodySize,
	};
	size_t at = flv->from;

	if (!is_aggregate(flv->packet)) {
		*types |= slu_compat_flv_flag(tag.type);
		put(to, &tag);
		return flv->out;
	}
	while (slu_compat_part(flv->packet, &at, &tag)) {
		tag.timestamp += flv->out - flv->in;
		if (!is_tag(tag.type))
			continue;
		*types |= slu_compat_flv_flag(tag.type);
		to += put(to, &tag);
	}
	return tag.timestamp;
}
