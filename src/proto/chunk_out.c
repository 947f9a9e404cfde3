/* SPDX-License-Identifier: MIT */
#include "proto/chunk_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "proto/chunk_hdr.h"

enum {
	INLINE_MAX = 14, /* control messages have up to 10 bytes of payload */
	AGAIN_MAX = 7,   /* a header of format 3: basic header and extended timestamp */
	RING_FIRST = 16,
	URGENT_MAX = 4096 /* a peer that pings and never reads must not make this grow for ever */
};

/* A queued message, or raw bytes (then there are no headers and it is all one chunk). */
struct entry {
	struct slu_buffer *owner; /* NULL: the payload is in small */
	const uint8_t *data;
	uint32_t size;
	uint32_t csid; /* 0: raw */
	bool sets_chunk_size;
	uint8_t first_size, again_size;
	uint8_t first[SLU_CHUNK_HDR_MAX]; /* the header of the first chunk */
	uint8_t again[AGAIN_MAX];         /* the header of all others */
	uint8_t small[INLINE_MAX];
};

/* head and tail count entries since the beginning; they wrap, which harms nobody: only differences are used. */
struct ring {
	struct entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t head, tail;
};

/* How far one ring has been walked. */
struct place {
	size_t index;        /* of the entry */
	uint32_t done;       /* of its payload */
	uint32_t left;       /* of the current chunk's payload */
	uint8_t header_left; /* of the current chunk's header */
	bool in_chunk;
};

struct walk {
	struct place normal, urgent;
	uint32_t chunk_size; /* on the wire: changes when a Set Chunk Size has gone out */
};

/* What a chunk stream sent last, for the headers that leave out what is the same (RTMP 1.0, 5.3.1.2). */
struct out_stream {
	uint32_t csid;
	uint32_t timestamp;
	uint32_t length;
	uint32_t stream_id;
	uint8_t type;
};

struct slu_chunk_out {
	struct ring normal, urgent;
	struct walk at;      /* the next byte to send */
	size_t urgent_shown; /* urgent entries before this one may overtake what was shown last */
	size_t raw_end;      /* with has_raw: nothing may overtake what is before this entry */
	bool has_raw;
	size_t urgent_gone;       /* bytes sent of the first urgent entry */
	uint32_t chunk_size;      /* for what is queued next */
	size_t max_queue, queued; /* queued: of the normal ring */
	struct out_stream *streams;
	size_t stream_count, stream_capacity;
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

static struct entry *entry_at(const struct ring *ring, size_t index)
{
	return &ring->entries[index & (ring->capacity - 1)];
}

static void ring_clear(struct ring *ring)
{
	for (size_t i = ring->head; i != ring->tail; i++)
		slu_buffer_put(entry_at(ring, i)->owner);
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
static struct entry *ring_next(struct ring *ring)
{
	size_t capacity = ring->capacity ? ring->capacity * 2 : RING_FIRST;
	struct entry *entries;

	if (ring->tail - ring->head < ring->capacity)
		return entry_at(ring, ring->tail);
	if (capacity > SIZE_MAX / sizeof *entries)
		return NULL;
	entries = malloc(capacity * sizeof *entries);
	if (!entries)
		return NULL;
	for (size_t i = ring->head; i != ring->tail; i++)
		entries[i & (capacity - 1)] = *entry_at(ring, i);
	free(ring->entries);
	ring->entries = entries;
	ring->capacity = capacity;
	return entry_at(ring, ring->tail);
}

static struct out_stream *find_stream(struct slu_chunk_out *co, uint32_t csid)
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
	struct out_stream *streams;

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
static struct slu_chunk_hdr choose_header(const struct out_stream *last, uint32_t csid, const struct slu_msg *msg)
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

static void encode_headers(struct entry *e, struct slu_chunk_hdr h)
{
	uint8_t again[SLU_CHUNK_HDR_MAX] = {0};

	e->first_size = (uint8_t)slu_chunk_hdr_encode(&h, e->first);
	h.fmt = 3;
	e->again_size = (uint8_t)slu_chunk_hdr_encode(&h, again);
	memcpy(e->again, again, sizeof e->again);
}

/* References the payload, or copies it when it has no owner. */
static int hold_payload(struct entry *e, const void *data, size_t size, struct slu_buffer *owner)
{
	e->size = (uint32_t)size;
	e->owner = NULL;
	e->data = data;
	if (owner && size) {
		e->owner = slu_buffer_get(owner);
	} else if (size <= INLINE_MAX) {
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

/* What e takes on the wire. */
static size_t wire_size(const struct entry *e, uint32_t chunk_size)
{
	size_t size = (size_t)e->first_size + e->size;

	if (e->csid && e->size > chunk_size)
		size += (e->size - 1) / chunk_size * e->again_size;
	return size;
}

static void remember(struct slu_chunk_out *co, struct out_stream *last, uint32_t csid, const struct slu_msg *msg)
{
	if (!last)
		last = &co->streams[co->stream_count++];
	*last = (struct out_stream){
		.csid = csid,
		.timestamp = msg->timestamp,
		.length = (uint32_t)msg->size,
		.stream_id = msg->stream_id,
		.type = msg->type,
	};
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
	struct ring *ring = &co->urgent;
	struct entry *e;
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
	encode_headers(e, choose_header(NULL, csid, msg));
	ring->tail++;
	return 0;
}

int slu_chunk_out_send(struct slu_chunk_out *co, uint32_t csid, const struct slu_msg *msg, bool urgent)
{
	struct out_stream *last;
	struct entry *e;
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
	encode_headers(e, choose_header(last, csid, msg));
	size = wire_size(e, co->chunk_size);
	if (size > co->max_queue || co->queued > co->max_queue - size)
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
	struct entry *e;
	int err;

	if (n == 0)
		return 0;
	if (n > SLU_MESSAGE_MAX)
		return SLU_ERR_INVALID;
	if (n > co->max_queue || co->queued > co->max_queue - n)
		return SLU_ERR_LIMIT;
	e = ring_next(&co->normal);
	if (!e)
		return SLU_ERR_NOMEM;
	err = hold_payload(e, data, n, NULL);
	if (err)
		return err;
	e->csid = 0;
	e->sets_chunk_size = false;
	e->first_size = 0;
	e->again_size = 0;
	co->normal.tail++;
	co->queued += n;
	co->has_raw = true;
	co->raw_end = co->normal.tail;
	return 0;
}

/* ---- walking ---- */

/* Between two chunks: may an urgent message come next? Not before raw bytes that are queued, and not inside another
 * message of its chunk stream. */
static bool may_overtake(const struct slu_chunk_out *co, const struct place *normal)
{
	if (normal->index == co->normal.tail)
		return true;
	if (co->has_raw && (ptrdiff_t)(co->raw_end - normal->index) > 0)
		return false;
	return normal->done == 0 || entry_at(&co->normal, normal->index)->csid != SLU_CHUNK_CSID_MIN;
}

/* Whose turn it is; NULL: nothing is left. */
static struct place *next_place(const struct slu_chunk_out *co, struct walk *w, size_t urgent_end)
{
	if (w->normal.in_chunk)
		return &w->normal;
	if (w->urgent.index != urgent_end && (w->urgent.in_chunk || w->urgent.done || may_overtake(co, &w->normal)))
		return &w->urgent;
	return w->normal.index == co->normal.tail ? NULL : &w->normal;
}

static void begin_chunk(const struct entry *e, struct place *at, uint32_t chunk_size)
{
	at->in_chunk = true;
	at->header_left = at->done ? e->again_size : e->first_size;
	at->left = e->size - at->done;
	if (e->csid && at->left > chunk_size)
		at->left = chunk_size;
}

/* What is left of the current header or of the current chunk's payload. */
static struct slu_vec current_run(const struct entry *e, const struct place *at)
{
	const uint8_t *payload = e->owner ? e->data : e->small;

	if (!at->header_left)
		return (struct slu_vec){payload + at->done, at->left};
	if (at->done)
		return (struct slu_vec){e->again + e->again_size - at->header_left, at->header_left};
	return (struct slu_vec){e->first + e->first_size - at->header_left, at->header_left};
}

static uint32_t chunk_size_of(const struct entry *e)
{
	return slu_be32(e->owner ? e->data : e->small);
}

/* Goes n bytes further in the current run; tells whether that ended the entry. */
static bool advance(const struct entry *e, struct place *at, struct walk *w, size_t n)
{
	if (at->header_left) {
		at->header_left = (uint8_t)(at->header_left - n);
	} else {
		at->done += (uint32_t)n;
		at->left -= (uint32_t)n;
	}
	if (at->header_left || at->left)
		return false;
	at->in_chunk = false;
	if (at->done != e->size)
		return false;
	at->done = 0;
	at->index++;
	if (e->sets_chunk_size)
		w->chunk_size = chunk_size_of(e);
	return true;
}

static const struct entry *begin_run(const struct slu_chunk_out *co, struct walk *w, struct place *at)
{
	const struct entry *e = entry_at(at == &w->urgent ? &co->urgent : &co->normal, at->index);

	if (!at->in_chunk)
		begin_chunk(e, at, w->chunk_size);
	return e;
}

size_t slu_chunk_out_vecs(struct slu_chunk_out *co, struct slu_vec *vec, size_t max)
{
	struct walk w = co->at;
	const struct entry *e;
	struct place *at;
	size_t n = 0;

	co->urgent_shown = co->urgent.tail;
	while (n < max && (at = next_place(co, &w, co->urgent_shown))) {
		e = begin_run(co, &w, at);
		vec[n] = current_run(e, at);
		advance(e, at, &w, vec[n].size);
		n++;
	}
	return n;
}

static void pop(struct ring *ring)
{
	slu_buffer_put(entry_at(ring, ring->head)->owner);
	ring->head++;
}

static void sent_urgent(struct slu_chunk_out *co, size_t n, bool ended)
{
	co->urgent_gone += n;
	if (!ended)
		return;
	co->urgent_gone = 0;
	pop(&co->urgent);
}

static void sent_normal(struct slu_chunk_out *co, size_t n, bool ended)
{
	co->queued -= n;
	if (ended)
		pop(&co->normal);
}

/* Urgent messages that were queued after the last slu_chunk_out_vecs() have not been shown: they are not among the n
 * bytes, wherever they will come in now. */
void slu_chunk_out_sent(struct slu_chunk_out *co, size_t n)
{
	struct walk *w = &co->at;
	const struct entry *e;
	struct place *at;
	size_t take;

	while (n && (at = next_place(co, w, co->urgent_shown))) {
		e = begin_run(co, w, at);
		take = current_run(e, at).size;
		if (take > n)
			take = n;
		n -= take;
		if (at == &w->urgent)
			sent_urgent(co, take, advance(e, at, w, take));
		else
			sent_normal(co, take, advance(e, at, w, take));
	}
	if (co->has_raw && co->normal.head == co->raw_end)
		co->has_raw = false;
}

/* What the next urgent message will be cut into: a Set Chunk Size that has begun comes before it. */
static uint32_t urgent_chunk_size(const struct slu_chunk_out *co)
{
	const struct place *at = &co->at.normal;
	const struct entry *e;

	if (at->in_chunk || at->done) {
		e = entry_at(&co->normal, at->index);
		if (e->sets_chunk_size)
			return chunk_size_of(e);
	}
	return co->at.chunk_size;
}

/* Counted when asked for, since that is rare and urgent messages are few. */
static size_t urgent_queued(const struct slu_chunk_out *co)
{
	uint32_t chunk_size = urgent_chunk_size(co);
	size_t n = 0;

	for (size_t i = co->urgent.head; i != co->urgent.tail; i++)
		n += wire_size(entry_at(&co->urgent, i), chunk_size);
	return n - co->urgent_gone;
}

size_t slu_chunk_out_queued(const struct slu_chunk_out *co)
{
	return co->queued + urgent_queued(co);
}

uint32_t slu_chunk_out_chunk_size(const struct slu_chunk_out *co)
{
	return co->chunk_size;
}
