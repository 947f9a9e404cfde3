/* SPDX-License-Identifier: MIT */
#include "proto/chunk_hdr.h"

#include "base/bytes.h"

static const uint8_t message_header_size[4] = {11, 7, 3, 0};

/* The low six bits are the chunk stream ID, or 0 and 1 for the forms of two and three bytes (5.3.1.1). */
static size_t basic_size(uint8_t first)
{
	unsigned low = first & 0x3f;

	return low > 1 ? 1 : low + 2;
}

size_t slu_chunk_hdr_need(const uint8_t *p, size_t n)
{
	size_t basic, need;

	if (n == 0)
		return 1;
	basic = basic_size(p[0]);
	need = basic + message_header_size[p[0] >> 6];
	if (n >= basic + 3 && need > basic && slu_be24(p + basic) == SLU_CHUNK_TIME_ESCAPE)
		need += 4;
	return need;
}

static uint32_t decode_csid(const uint8_t *p)
{
	switch (p[0] & 0x3f) {
	case 0:
		return 64 + (uint32_t)p[1];
	case 1: /* the only little-endian number but the message stream ID: 5.3.1.1, figure 8 */
		return 64 + (uint32_t)p[1] + (uint32_t)p[2] * 256;
	default:
		return p[0] & 0x3f;
	}
}

void slu_chunk_hdr_decode(const uint8_t *p, struct slu_chunk_hdr *h)
{
	*h = (struct slu_chunk_hdr){.fmt = p[0] >> 6, .csid = decode_csid(p)};
	p += basic_size(p[0]);
	if (h->fmt < 3)
		h->timestamp = slu_be24(p);
	if (h->fmt < 2) {
		h->length = slu_be24(p + 3);
		h->type = p[6];
	}
	if (h->fmt == 0)
		h->stream_id = slu_le32(p + 7);
	h->extended = h->timestamp == SLU_CHUNK_TIME_ESCAPE;
	if (h->extended)
		h->timestamp = slu_be32(p + message_header_size[h->fmt]);
}

static size_t encode_basic(uint8_t fmt, uint32_t csid, uint8_t *out)
{
	unsigned top = (unsigned)fmt << 6;

	if (csid < 64) {
		out[0] = (uint8_t)(top | csid);
		return 1;
	}
	csid -= 64;
	out[0] = (uint8_t)(top | (csid > 255));
	out[1] = (uint8_t)csid;
	if (csid < 256)
		return 2;
	out[2] = (uint8_t)(csid >> 8);
	return 3;
}

size_t slu_chunk_hdr_encode(const struct slu_chunk_hdr *h, uint8_t out[SLU_CHUNK_HDR_MAX])
{
	uint8_t *p = out + encode_basic(h->fmt, h->csid, out);

	if (h->fmt < 3)
		slu_put_be24(p, h->extended ? SLU_CHUNK_TIME_ESCAPE : h->timestamp);
	if (h->fmt < 2) {
		slu_put_be24(p + 3, h->length);
		p[6] = h->type;
	}
	if (h->fmt == 0)
		slu_put_le32(p + 7, h->stream_id);
	p += message_header_size[h->fmt];
	if (h->extended) {
		slu_put_be32(p, h->timestamp);
		p += 4;
	}
	return (size_t)(p - out);
}
