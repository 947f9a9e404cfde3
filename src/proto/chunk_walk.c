/* SPDX-License-Identifier: MIT */
/*
 * Walking along the queues makes the runs of bytes, once to show them and once to send them. Both take the same turns:
 * what decides is the place reached, and which urgent messages were there when the bytes were shown.
 */
#include "proto/chunk_out_impl.h"

#include <stdlib.h>

#include "base/bytes.h"

enum { RING_KEEP = 16, CALM = 64 };

/* Between two chunks: may an urgent message come next? Not before raw bytes that are queued, and not inside another
 * message of its chunk stream. */
static bool may_overtake(const struct slu_chunk_out *co, const struct slu_out_place *normal)
{
	if (normal->index == co->normal.tail)
		return true;
	if (co->has_raw && (ptrdiff_t)(co->raw_end - normal->index) > 0)
		return false;
	return normal->done == 0 || slu_out_entry_at(&co->normal, normal->index)->csid != SLU_CHUNK_CSID_MIN;
}

/* Whose turn it is; NULL: nothing is left. */
static struct slu_out_place *next_place(const struct slu_chunk_out *co, struct slu_out_walk *w, size_t urgent_end)
{
	if (w->normal.in_chunk)
		return &w->normal;
	if (w->urgent.index != urgent_end && (w->urgent.in_chunk || w->urgent.done || may_overtake(co, &w->normal)))
		return &w->urgent;
	return w->normal.index == co->normal.tail ? NULL : &w->normal;
}

static void begin_chunk(const struct slu_out_entry *e, struct slu_out_place *at, uint32_t chunk_size)
{
	at->in_chunk = true;
	at->header_left = at->done ? e->again_size : e->first_size;
	at->left = e->size - at->done;
	if (e->csid && at->left > chunk_size)
		at->left = chunk_size;
}

/* What is left of the current header or of the current chunk's payload. */
static struct slu_vec current_run(const struct slu_out_entry *e, const struct slu_out_place *at)
{
	const uint8_t *payload = e->owner ? e->data : e->small;

	if (!at->header_left)
		return (struct slu_vec){payload + at->done, at->left};
	if (at->done)
		return (struct slu_vec){e->again + e->again_size - at->header_left, at->header_left};
	return (struct slu_vec){e->first + e->first_size - at->header_left, at->header_left};
}

static uint32_t chunk_size_of(const struct slu_out_entry *e)
{
	return slu_be32(e->owner ? e->data : e->small);
}

/* Goes n bytes further in the current run; tells whether that ended the entry. */
static bool advance(const struct slu_out_entry *e, struct slu_out_place *at, struct slu_out_walk *w, size_t n)
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

static const struct slu_out_entry *begin_run(const struct slu_chunk_out *co, struct slu_out_walk *w,
					     struct slu_out_place *at)
{
	const struct slu_out_entry *e = slu_out_entry_at(at == &w->urgent ? &co->urgent : &co->normal, at->index);

	if (!at->in_chunk)
		begin_chunk(e, at, w->chunk_size);
	return e;
}

size_t slu_chunk_out_vecs(struct slu_chunk_out *co, struct slu_vec *vec, size_t max)
{
	struct slu_out_walk w = co->at;
	const struct slu_out_entry *e;
	struct slu_out_place *at;
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

static void pop(struct slu_out_ring *ring)
{
	slu_buffer_put(slu_out_entry_at(ring, ring->head)->owner);
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
	if (!ended)
		return;
	co->counted_sent += slu_out_entry_at(&co->normal, co->normal.head)->counted;
	pop(&co->normal);
}

/* An empty queue begins at the front again, in memory that was used a moment ago. One that was long once, for a
 * player's first group of pictures say, gets its memory back after a while. */
static void start_over(struct slu_chunk_out *co)
{
	struct slu_out_ring *ring = &co->normal;

	ring->calm = ring->tail <= RING_KEEP ? ring->calm + 1 : 0;
	ring->head = ring->tail = co->at.normal.index = 0;
	if (ring->capacity <= RING_KEEP || ring->calm < CALM)
		return;
	free(ring->entries);
	ring->entries = NULL;
	ring->capacity = 0;
}

/* Urgent messages that were queued after the last slu_chunk_out_vecs() have not been shown: they are not among the n
 * bytes, wherever they will come in now. */
void slu_chunk_out_sent(struct slu_chunk_out *co, size_t n)
{
	struct slu_out_walk *w = &co->at;
	const struct slu_out_entry *e;
	struct slu_out_place *at;
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
	if (co->normal.head == co->normal.tail)
		start_over(co);
}

/* What the next urgent message will be cut into: a Set Chunk Size that has begun comes before it. */
static uint32_t urgent_chunk_size(const struct slu_chunk_out *co)
{
	const struct slu_out_place *at = &co->at.normal;
	const struct slu_out_entry *e;

	if (at->in_chunk || at->done) {
		e = slu_out_entry_at(&co->normal, at->index);
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
		n += slu_out_wire_size(slu_out_entry_at(&co->urgent, i), chunk_size);
	return n - co->urgent_gone;
}

size_t slu_chunk_out_queued(const struct slu_chunk_out *co)
{
	return co->queued + urgent_queued(co);
}
