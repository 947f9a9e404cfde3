/* SPDX-License-Identifier: MIT */
#include "session/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

enum {
	IN_SIZE = 8192,        /* small enough to be read while it is in the cache */
	OUT_FIRST = 16 * 1024, /* grows while more than that waits to go out at once, */
	OUT_MOST = 256 * 1024, /* up to here: the most that one write call carries */
	VECS = 32
};

struct slu_edge {
	struct slu_rc4 in, out;
	size_t plain_at, plain_end; /* of plain: decrypted, and not yet taken */
	uint8_t *ready;
	size_t ready_at, ready_end, ready_cap; /* of ready: encrypted, and not yet sent */
	size_t clear;                          /* so many of the bytes taken from the queue next stay as they are */
	uint8_t plain[IN_SIZE];
};

struct slu_edge *slu_edge_new(const struct slu_rc4 *in, const struct slu_rc4 *out, const struct slu_chunk_out *co)
{
	struct slu_edge *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->in = *in;
	e->out = *out;
	e->clear = slu_chunk_out_queued(co);
	e->ready = malloc(OUT_FIRST);
	e->ready_cap = OUT_FIRST;
	if (e->ready)
		return e;
	free(e);
	return NULL;
}

void slu_edge_free(struct slu_edge *e)
{
	if (!e)
		return;
	free(e->ready);
	slu_wipe_bytes(e, sizeof *e);
	free(e);
}

/* ---- in ---- */

const uint8_t *slu_edge_in(struct slu_edge *e, const uint8_t *data, size_t n, size_t *got)
{
	if (e->plain_at == e->plain_end) {
		e->plain_at = 0;
		e->plain_end = n < IN_SIZE ? n : IN_SIZE;
		slu_rc4_apply(&e->in, data, e->plain, e->plain_end);
	}
	*got = e->plain_end - e->plain_at < n ? e->plain_end - e->plain_at : n;
	return e->plain + e->plain_at;
}

void slu_edge_took(struct slu_edge *e, size_t n)
{
	memset(e->plain + e->plain_at, 0, n); /* a stream key may have been among that */
	e->plain_at += n;
}

/* ---- out ---- */

/* Room behind what is ready. 0 when that is all there may be for now, or when out of memory: then less goes out at
 * once. What is ready moves when it is no more than what was sent meanwhile, so that small writes do not move it each
 * time. */
static size_t make_room(struct slu_edge *e)
{
	uint8_t *grown;

	if (e->ready_end < e->ready_cap)
		return e->ready_cap - e->ready_end;
	if (e->ready_at >= e->ready_cap / 2) {
		memmove(e->ready, e->ready + e->ready_at, e->ready_end - e->ready_at);
		e->ready_end -= e->ready_at;
		e->ready_at = 0;
	} else if (e->ready_cap < OUT_MOST) {
		grown = realloc(e->ready, 2 * e->ready_cap);
		if (grown) {
			e->ready = grown;
			e->ready_cap *= 2;
		}
	}
	return e->ready_cap - e->ready_end;
}

static void encrypt(struct slu_edge *e, const uint8_t *data, size_t n)
{
	uint8_t *to = e->ready + e->ready_end;
	size_t clear = n < e->clear ? n : e->clear;

	memcpy(to, data, clear);
	e->clear -= clear;
	slu_rc4_apply(&e->out, data + clear, to + clear, n - clear);
	e->ready_end += n;
}

/* Takes what fits from the front of the queue; 0 when nothing was there, or nothing fits. */
static size_t take_some(struct slu_edge *e, struct slu_chunk_out *co)
{
	struct slu_vec vec[VECS];
	size_t room = make_room(e), n = room ? slu_chunk_out_vecs(co, vec, VECS) : 0, took = 0, size;

	for (size_t i = 0; i < n && took < room; i++) {
		size = vec[i].size < room - took ? vec[i].size : room - took;
		encrypt(e, vec[i].data, size);
		took += size;
	}
	slu_chunk_out_sent(co, took);
	return took;
}

size_t slu_edge_out(struct slu_edge *e, struct slu_chunk_out *co, struct slu_vec *vec, size_t max)
{
	if (!max)
		return 0;
	while (take_some(e, co))
		;
	vec[0] = (struct slu_vec){.data = e->ready + e->ready_at, .size = slu_edge_queued(e)};
	return vec[0].size > 0;
}

void slu_edge_sent(struct slu_edge *e, size_t n)
{
	e->ready_at += n;
	if (e->ready_at == e->ready_end)
		e->ready_at = e->ready_end = 0;
}

size_t slu_edge_queued(const struct slu_edge *e)
{
	return e->ready_end - e->ready_at;
}
