/* SPDX-License-Identifier: MIT */
/* Chunk headers (RTMP 1.0, 5.3.1): the basic header, the message header and the extended timestamp, as one unit. */
#ifndef SLU_PROTO_CHUNK_HDR_H
#define SLU_PROTO_CHUNK_HDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SLU_CHUNK_HDR_MAX = 18,           /* 3 + 11 + 4 bytes */
	SLU_CHUNK_TIME_ESCAPE = 0xffffff, /* in the 24-bit field: the extended timestamp has the value (5.3.1.3) */
	SLU_CHUNK_CSID_MIN = 2,
	SLU_CHUNK_CSID_MAX = 65599,
	SLU_MESSAGE_MAX = 0xffffff /* the length field has 24 bits */
};

/* Which fields mean something depends on fmt: 0 has all, 1 lacks stream_id, 2 has timestamp only, 3 has none. */
struct slu_chunk_hdr {
	uint8_t fmt;
	uint8_t type;
	bool extended; /* timestamp comes, or came, in the extended field; with fmt 3 decoding cannot tell: false */
	uint32_t csid;
	uint32_t timestamp; /* absolute with fmt 0, else a delta */
	uint32_t length;
	uint32_t stream_id;
};

/* How long the header that begins with the n bytes at p is, as far as these bytes tell: complete when that is at most
 * n. The extended timestamp that may follow a header of format 3 is not counted: only the chunk stream knows. */
size_t slu_chunk_hdr_need(const uint8_t *p, size_t n);

/* Decodes a complete header. */
void slu_chunk_hdr_decode(const uint8_t *p, struct slu_chunk_hdr *h);

/* Encodes h with the shortest basic header, and the extended timestamp when h->extended, also with fmt 3. Returns how
 * many of the bytes it took. */
size_t slu_chunk_hdr_encode(const struct slu_chunk_hdr *h, uint8_t out[SLU_CHUNK_HDR_MAX]);

#endif
