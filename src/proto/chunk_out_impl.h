/* SPDX-License-Identifier: MIT */
/* What the two halves of the outgoing chunk stream share: chunk_out.c queues, chunk_walk.c shows and sends. */
#ifndef SLU_PROTO_CHUNK_OUT_IMPL_H
#define SLU_PROTO_CHUNK_OUT_IMPL_H

#include "proto/chunk_hdr.h"
#include "proto/chunk_out.h"

enum {
	SLU_OUT_INLINE_MAX = 14, /* control messages have up to 10 bytes of payload */
	SLU_OUT_AGAIN_MAX = 7,   /* a header of format 3: basic header and extended timestamp */
};

/* A queued message, or raw bytes (then there are no headers and it is all one chunk). */
struct slu_out_entry {
	struct slu_buffer *owner; /* NULL: the payload is in small */
	const uint8_t *data;
	uint32_t size;
	uint32_t csid; /* 0: raw */
	bool sets_chunk_size;
	bool counted; /* see slu_chunk_out_count() */
	uint8_t first_size, again_size;
	uint8_t first[SLU_CHUNK_HDR_MAX]; /* the header of the first chunk */
	uint8_t again[SLU_OUT_AGAIN_MAX]; /* the header of all others */
	uint8_t small[SLU_OUT_INLINE_MAX];
};

/* head and tail count entries since the beginning, or since the ring was empty; they wrap, which harms nobody: only
 * differences are used. */
struct slu_out_ring {
	struct slu_out_entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t head, tail;
	unsigned calm; /* how often in a row it was empty after few messages */
};

/* How far one ring has been walked. */
struct slu_out_place {
	size_t index;        /* of the entry */
	uint32_t done;       /* of its payload */
	uint32_t left;       /* of the current chunk's payload */
	uint8_t header_left; /* of the current chunk's header */
	bool in_chunk;
};

struct slu_out_walk {
	struct slu_out_place normal, urgent;
	uint32_t chunk_size; /* on the wire: changes when a Set Chunk Size has gone out */
};

/* What a chunk stream sent last, for the headers that leave out what is the same (RTMP 1.0, 5.3.1.2). */
struct slu_out_stream {
	uint32_t csid;
	uint32_t timestamp;
	uint32_t length;
	uint32_t stream_id;
	uint8_t type;
};

struct slu_chunk_out {
	struct slu_out_ring normal, urgent;
	struct slu_out_walk at; /* the next byte to send */
	size_t urgent_shown;    /* urgent entries before this one may overtake what was shown last */
	size_t raw_end;         /* with has_raw: nothing may overtake what is before this entry */
	bool has_raw;
	size_t urgent_gone;       /* bytes sent of the first urgent entry */
	uint32_t chunk_size;      /* for what is queued next */
	size_t max_queue, queued; /* queued: of the normal ring */
	uint64_t counted_sent;
	struct slu_out_stream *streams;
	size_t stream_count, stream_capacity;
};

static inline struct slu_out_entry *slu_out_entry_at(const struct slu_out_ring *ring, size_t index)
{
	return &ring->entries[index & (ring->capacity - 1)];
}

/* What e takes on the wire. */
static inline size_t slu_out_wire_size(const struct slu_out_entry *e, uint32_t chunk_size)
{
	size_t size = (size_t)e->first_size + e->size;

	if (e->csid && e->size > chunk_size)
		size += (e->size - 1) / chunk_size * e->again_size;
	return size;
}

#endif
