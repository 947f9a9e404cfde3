/* SPDX-License-Identifier: MIT */
#include "proto/chunk_out_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum {
	RING_FIRST = 16,
	TYPICAL_SIZE = 64, /* the queue takes max_queue / TYPICAL_SIZE messages at most */
	URGENT_MAX = 4096  /* a peer that pings and never reads must not make this grow for ever */
};

struct slu_chunk_out *slu_chunk_out_new(uint32_t chunk_size, size_t max_queue)
{
	struct slu_chunk_out *co = calloc(1, sizeof *co);

	if (!co)
		return NULL;
	co->chunk_size = chunk_size;
	co->at.chunk_size = chunk_size;
	co->max_queue = max_queue;
	return co;
}

static void ring_clear(struct slu_out_ring *ring)
{
	for (size_t i = ring->head; i != ring->tail; i++)
		slu_buffer_put(slu_out_entry_at(ring, i)->owner);
	free(ring->entries);
}

void slu_chunk_out_free(struct slu_chunk_out *co)
{
	if (!co)
		return;
	ring_clear(&co->normal);
	ring_clear(&co->urgent);
	free(co->streams);
	free(co);
}

/* ---- queueing ---- */

/* The place for one more entry, which counts once tail is moved; NULL when out of memory. */
static struct slu_out_entry *ring_next(struct slu_out_ring *ring)
{
	size_t capacity = ring->capacity ? ring->capacity * 2 : RING_FIRST;
	struct slu_out_entry *entries;

	if (ring->tail - ring->head < ring->capacity)
		return slu_out_entry_at(ring, ring->tail);
	if (capacity > SIZE_MAX / sizeof *entries)
		return NULL;
	entries = malloc(capacity * sizeof *entries);
	if (!entries)
		return NULL;
	for (size_t i = ring->head; i != ring->tail; i++)
		entries[i & (capacity - 1)] = *slu_out_entry_at(ring, i);
	free(ring->entries);
	ring->entries = entries;
	ring->capacity = capacity;
	return slu_out_entry_at(ring, ring->tail);
}

static struct slu_out_stream *find_stream(struct slu_chunk_out *co, uint32_t csid)
{
	for (size_t i = 0; i < co->stream_count; i++) {
		if (co->streams[i].csid == csid)
			return &co->streams[i];
	}
	return NULL;
}

/* Room to remember one more chunk stream, without remembering it yet. */
static int reserve_stream(struct slu_chunk_out *co)
{
	size_t capacity = co->stream_capacity ? co->stream_capacity * 2 : 8;
	struct slu_out_stream *streams;

	if (co->stream_count < co->stream_capacity)
		return 0;
	streams = realloc(co->streams, capacity * sizeof *streams);
	if (!streams)
		return SLU_ERR_NOMEM;
	co->streams = streams;
	co->stream_capacity = capacity;
	return 0;
}

/*
 * The shortest header that no peer misreads. Chunk stream 2 always has format 0, since there messages overtake each
 * other. So has a timestamp that goes back (as a delta it would be one of 49 days less), and a delta that would need
 * the extended field, which old peers take for an absolute timestamp.
 */
static struct slu_chunk_hdr choose_header(const struct slu_out_stream *last, uint32_t csid, const struct slu_msg *msg)
{
	struct slu_chunk_hdr h = {
		.fmt = 0,
		.type = msg->type,
		.csid = csid,
		.timestamp = msg->timestamp,
		.length = (uint32_t)msg->size,
		.stream_id = msg->stream_id,
	};
	uint32_t delta;

	if (last && csid != SLU_CHUNK_CSID_MIN && last->stream_id == msg->stream_id) {
		delta = msg->timestamp - last->timestamp;
		if (delta < SLU_CHUNK_TIME_ESCAPE) {
			h.fmt = last->type == msg->type && last->length == msg->size ? 2 : 1;
			h.timestamp = delta;
		}
	}
	h.extended = h.timestamp >= SLU_CHUNK_TIME_ESCAPE;
	return h;
}

/* The header of further chunks is needed when the payload is longer than chunk_size. */
static void encode_headers(struct slu_out_entry *e, struct slu_chunk_hdr h, uint32_t chunk_size)
{
	uint8_t again[SLU_CHUNK_HDR_MAX] = {0};

	e->first_size = (uint8_t)slu_chunk_hdr_encode(&h, e->first);
	e->again_size = 0;
	if (h.length <= chunk_size)
		return;
	h.fmt = 3;
	e->again_size = (uint8_t)slu_chunk_hdr_encode(&h, again);
	memcpy(e->again, again, sizeof e->again);
}

/* References the payload, or copies it when it has no owner. */
static int hold_payload(struct slu_out_entry *e, const void *data, size_t size, struct slu_buffer *owner)
{
	e->size = (uint32_t)size;
	e->owner = NULL;
	e->data = data;
	if (owner && size) {
		e->owner = slu_buffer_get(owner);
	} else if (size <= SLU_OUT_INLINE_MAX) {
		if (size)
			memcpy(e->small, data, size);
	} else {
		e->owner = slu_buffer_new(size);
		if (!e->owner)
			return SLU_ERR_NOMEM;
		memcpy(slu_buffer_data(e->owner), data, size);
		e->data = slu_buffer_data(e->owner);
	}
	return 0;
}

static void remember(struct slu_chunk_out *co, struct slu_out_stream *last, uint32_t csid, const struct slu_msg *msg)
{
	if (!last)
		last = &co->streams[co->stream_count++];
	*last = (struct slu_out_stream){
		.csid = csid,
		.timestamp = msg->timestamp,
		.length = (uint32_t)msg->size,
		.stream_id = msg->stream_id,
		.type = msg->type,
	};
}

/* Would n more bytes exceed the queue's limit? Tiny messages cost more than their bytes: they are counted too. */
static bool too_much(const struct slu_chunk_out *co, size_t n)
{
	if (n > co->max_queue || co->queued > co->max_queue - n)
		return true;
	return co->normal.tail - co->normal.head >= co->max_queue / TYPICAL_SIZE + RING_FIRST;
}

/* The new chunk size when msg sets a sound one, else 0. */
static uint32_t new_chunk_size(const struct slu_msg *msg)
{
	uint32_t size = msg->type == SLU_MSG_SET_CHUNK_SIZE && msg->size == 4 ? slu_be32(msg->data) : 0;

	return size <= SLU_MESSAGE_MAX ? size : 0;
}

static bool valid(uint32_t csid, const struct slu_msg *msg, bool urgent)
{
	if (csid < SLU_CHUNK_CSID_MIN || csid > SLU_CHUNK_CSID_MAX || msg->size > SLU_MESSAGE_MAX)
		return false;
	if (urgent)
		return csid == SLU_CHUNK_CSID_MIN && msg->type != SLU_MSG_SET_CHUNK_SIZE;
	return msg->type != SLU_MSG_SET_CHUNK_SIZE || new_chunk_size(msg);
}

static int send_urgent(struct slu_chunk_out *co, uint32_t csid, const struct slu_msg *msg)
{
	struct slu_out_ring *ring = &co->urgent;
	struct slu_out_entry *e;
	int err;

	if (ring->tail - ring->head >= URGENT_MAX)
		return SLU_ERR_LIMIT;
	e = ring_next(ring);
	if (!e)
		return SLU_ERR_NOMEM;
	err = hold_payload(e, msg->data, msg->size, msg->owner);
	if (err)
		return err;
	e->csid = csid;
	e->sets_chunk_size = false;
	encode_headers(e, choose_header(NULL, csid, msg), 0); /* it may overtake a Set Chunk Size */
	ring->tail++;
	return 0;
}

int slu_chunk_out_send(struct slu_chunk_out *co, uint32_t csid, const struct slu_msg *msg, bool urgent)
{
	struct slu_out_stream *last;
	struct slu_out_entry *e;
	size_t size;
	int err;

	if (!valid(csid, msg, urgent))
		return SLU_ERR_INVALID;
	if (urgent)
		return send_urgent(co, csid, msg);
	last = find_stream(co, csid);
	err = last ? 0 : reserve_stream(co);
	if (err)
		return err;
	e = ring_next(&co->normal);
	if (!e)
		return SLU_ERR_NOMEM;
	e->csid = csid;
	e->size = (uint32_t)msg->size;
	e->sets_chunk_size = msg->type == SLU_MSG_SET_CHUNK_SIZE;
	e->counted = false;
	encode_headers(e, choose_header(last, csid, msg), co->chunk_size);
	size = slu_out_wire_size(e, co->chunk_size);
	if (too_much(co, size))
		return SLU_ERR_LIMIT;
	err = hold_payload(e, msg->data, msg->size, msg->owner);
	if (err)
		return err;
	remember(co, last, csid, msg);
	co->normal.tail++;
	co->queued += size;
	if (e->sets_chunk_size)
		co->chunk_size = new_chunk_size(msg);
	return 0;
}

int slu_chunk_out_raw(struct slu_chunk_out *co, const void *data, size_t n)
{
	struct slu_out_entry *e;
	int err;

	if (n == 0)
		return 0;
	if (n > SLU_MESSAGE_MAX)
		return SLU_ERR_INVALID;
	if (too_much(co, n))
		return SLU_ERR_LIMIT;
	e = ring_next(&co->normal);
	if (!e)
		return SLU_ERR_NOMEM;
	err = hold_payload(e, data, n, NULL);
	if (err)
		return err;
	e->csid = 0;
	e->sets_chunk_size = e->counted = false;
	e->first_size = 0;
	e->again_size = 0;
	co->normal.tail++;
	co->queued += n;
	co->has_raw = true;
	co->raw_end = co->normal.tail;
	return 0;
}

void slu_chunk_out_count(struct slu_chunk_out *co)
{
	slu_out_entry_at(&co->normal, co->normal.tail - 1)->counted = true;
}

uint64_t slu_chunk_out_counted(const struct slu_chunk_out *co)
{
	return co->counted_sent;
}

size_t slu_chunk_out_overhead(const struct slu_chunk_out *co)
{
	return sizeof *co + (co->normal.capacity + co->urgent.capacity) * sizeof *co->normal.entries +
	       co->stream_capacity * sizeof *co->streams;
}

uint32_t slu_chunk_out_chunk_size(const struct slu_chunk_out *co)
{
	return co->chunk_size;
}
