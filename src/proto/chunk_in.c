/* SPDX-License-Identifier: MIT */
#include "proto/chunk_in.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/tally.h"
#include "base/wipe.h"
#include "proto/bodies.h"
#include "proto/chunk_hdr.h"

enum { FIRST_CHUNK_SIZE = 128, EXT_SIZE = 4 };

enum state { STATE_HEADER, STATE_EXTENDED, STATE_BODY };

struct chunk_stream {
	uint32_t csid;
	uint32_t timestamp; /* of the current or last message */
	uint32_t delta;     /* what a chunk of format 3 that begins a message adds */
	uint32_t length;
	uint32_t stream_id;
	uint8_t type;
	bool extended; /* the last header of format 0 to 2 had an extended timestamp, which is delta */
	bool begun;    /* a message is unfinished */
	struct slu_buffer *body;
	size_t got;
};

struct slu_chunk_in {
	struct slu_chunk_in_config config;
	struct chunk_stream *streams;
	unsigned count, capacity;
	unsigned current; /* the stream of the chunk being read */
	enum state state;
	uint8_t header[SLU_CHUNK_HDR_MAX];
	size_t header_size;
	size_t chunk_left;          /* of the current chunk's payload */
	uint8_t extended[EXT_SIZE]; /* what may follow a header of format 3 */
	size_t extended_size;       /* bytes that were equal so far */
	uint8_t again[EXT_SIZE];    /* these were no extended timestamp: to be read again, before the input */
	size_t again_size;
	uint32_t chunk_size;
	uint32_t csid; /* of the last message */
	struct slu_buffer *last;
	bool wipe; /* last, when it is let go of */
	struct slu_bodies bodies;
	size_t memory;
	int err;
	char error[160];
};

struct slu_chunk_in *slu_chunk_in_new(const struct slu_chunk_in_config *config)
{
	struct slu_chunk_in *ci = calloc(1, sizeof *ci);

	if (!ci)
		return NULL;
	ci->config = *config;
	ci->chunk_size = FIRST_CHUNK_SIZE;
	return ci;
}

void slu_chunk_in_free(struct slu_chunk_in *ci)
{
	if (!ci)
		return;
	for (unsigned i = 0; i < ci->count; i++)
		slu_buffer_put(ci->streams[i].body);
	slu_bodies_clear(&ci->bodies);
	slu_buffer_put(ci->last);
	free(ci->streams);
	free(ci);
}

__attribute__((format(printf, 3, 4))) static int fail(struct slu_chunk_in *ci, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(ci->error, sizeof ci->error, format, ap);
	va_end(ap);
	ci->err = err;
	return err;
}

static int fail_nomem(struct slu_chunk_in *ci)
{
	return fail(ci, SLU_ERR_NOMEM, "out of memory while receiving a message");
}

/* ---- bodies ---- */

static void drop_body(struct slu_chunk_in *ci, struct chunk_stream *cs)
{
	if (cs->body) {
		ci->memory -= slu_buffer_size(cs->body);
		slu_bodies_put(&ci->bodies, cs->body);
	}
	cs->body = NULL;
	cs->got = 0;
	cs->begun = false;
}

/* Makes room for n more bytes that are at hand. The announced length alone reserves nothing. */
static int body_reserve(struct slu_chunk_in *ci, struct chunk_stream *cs, size_t n)
{
	size_t have = cs->body ? slu_buffer_size(cs->body) : 0, capacity;
	struct slu_buffer *b;

	if (cs->body && n <= have - cs->got)
		return 0;
	b = slu_bodies_take(&ci->bodies, cs->length);
	capacity = b ? slu_buffer_size(b) : slu_body_capacity(cs->got + n, cs->length);
	if (ci->memory - have + capacity > ci->config.max_memory) {
		slu_buffer_put(b);
		return fail(ci, SLU_ERR_MEMORY_CAP,
			    "the peer's unfinished messages exceed the cap of %zu bytes: it is broken or hostile",
			    ci->config.max_memory);
	}
	if (!b)
		b = slu_buffer_new_counted(capacity, ci->config.tally);
	if (!b)
		return fail_nomem(ci);
	if (cs->body) {
		memcpy(slu_buffer_data(b), slu_buffer_data(cs->body), cs->got);
		slu_bodies_put(&ci->bodies, cs->body);
	}
	ci->memory += capacity - have;
	cs->body = b;
	return 0;
}

/* ---- chunk streams ---- */

static int add_stream(struct slu_chunk_in *ci, uint32_t csid)
{
	unsigned capacity = ci->capacity ? ci->capacity * 2 : 8;
	struct chunk_stream *streams;

	if (ci->count >= ci->config.max_chunk_streams)
		return fail(ci, SLU_ERR_MEMORY_CAP, "the peer uses more than %u chunk streams: it is broken or hostile",
			    ci->config.max_chunk_streams);
	if (ci->count == ci->capacity) {
		streams = realloc(ci->streams, capacity * sizeof *streams);
		if (!streams)
			return fail_nomem(ci);
		ci->streams = streams;
		ci->capacity = capacity;
	}
	ci->current = ci->count++;
	ci->streams[ci->current] = (struct chunk_stream){.csid = csid};
	return 0;
}

static struct chunk_stream *find_stream(struct slu_chunk_in *ci, uint32_t csid)
{
	if (ci->current < ci->count && ci->streams[ci->current].csid == csid)
		return &ci->streams[ci->current];
	for (unsigned i = 0; i < ci->count; i++) {
		if (ci->streams[i].csid == csid)
			return &ci->streams[i];
	}
	return NULL;
}

/* The stream that h is for becomes the current one. A chunk stream's first message may come in format 1: librtmp
 * begins chunk stream 2 so; its delta then counts from 0, on message stream 0. */
static int select_stream(struct slu_chunk_in *ci, const struct slu_chunk_hdr *h)
{
	struct chunk_stream *cs = find_stream(ci, h->csid);

	if (cs) {
		ci->current = (unsigned)(cs - ci->streams);
		return 0;
	}
	if (h->fmt >= 2)
		return fail(ci, SLU_ERR_CHUNK,
			    "the peer began chunk stream %u with a header of format %u, which repeats a message that "
			    "never was",
			    (unsigned)h->csid, h->fmt);
	return add_stream(ci, h->csid);
}

/*
 * Format 3 after format 0 adds the timestamp of format 0 itself. RTMP 1.0, 5.3.1.2.4, says so; FFmpeg counts on it when
 * writing, and reads it so, as librtmp does. (nginx's module adds 0; the two differ only when that timestamp is not 0.)
 */
static int begin_message(struct slu_chunk_in *ci, struct chunk_stream *cs, const struct slu_chunk_hdr *h)
{
	if (h->fmt < 3) {
		cs->delta = h->timestamp;
		cs->extended = h->extended;
	}
	if (h->fmt < 2) {
		cs->length = h->length;
		cs->type = h->type;
	}
	if (h->fmt == 0) {
		cs->stream_id = h->stream_id;
		cs->timestamp = 0;
	}
	cs->timestamp += cs->delta;
	if (cs->length > ci->config.max_message)
		return fail(ci, SLU_ERR_MEMORY_CAP, "the peer announced a message of %u bytes; at most %zu are taken",
			    (unsigned)cs->length, ci->config.max_message);
	cs->begun = true;
	return 0;
}

/* A header other than format 3 inside a message would change its length under way (in librtmp, a heap overflow), or
 * mean that the rest never comes: no sender does that, so it is an error and not a restart. */
static int begin_chunk(struct slu_chunk_in *ci)
{
	struct slu_chunk_hdr h;
	struct chunk_stream *cs;
	int err;

	slu_chunk_hdr_decode(ci->header, &h);
	ci->header_size = 0;
	err = select_stream(ci, &h);
	if (err)
		return err;
	cs = &ci->streams[ci->current];
	if (cs->begun && h.fmt != 3)
		return fail(ci, SLU_ERR_CHUNK,
			    "the peer sent a header of format %u on chunk stream %u after %zu of a message's %u bytes",
			    h.fmt, (unsigned)h.csid, cs->got, (unsigned)cs->length);
	if (!cs->begun) {
		err = begin_message(ci, cs, &h);
		if (err)
			return err;
	}
	ci->chunk_left = cs->length - cs->got;
	if (ci->chunk_left > ci->chunk_size)
		ci->chunk_left = ci->chunk_size;
	ci->state = h.fmt == 3 && cs->extended ? STATE_EXTENDED : STATE_BODY;
	ci->extended_size = 0;
	slu_put_be32(ci->extended, cs->delta);
	return 0;
}

/* ---- messages ---- */

static int set_chunk_size(struct slu_chunk_in *ci, const struct slu_msg *msg)
{
	uint32_t size;

	if (msg->size < 4)
		return fail(ci, SLU_ERR_CHUNK, "the peer's Set Chunk Size has %zu bytes instead of 4", msg->size);
	size = slu_be32(msg->data);
	if (size == 0 || size > INT32_MAX)
		return fail(ci, SLU_ERR_CHUNK, "the peer set a chunk size of %u; 1 to 2147483647 are possible",
			    (unsigned)size);
	ci->chunk_size = size > SLU_MESSAGE_MAX ? SLU_MESSAGE_MAX : size;
	return 0;
}

static int abort_message(struct slu_chunk_in *ci, const struct slu_msg *msg)
{
	struct chunk_stream *cs;

	if (msg->size < 4)
		return fail(ci, SLU_ERR_CHUNK, "the peer's Abort has %zu bytes instead of 4", msg->size);
	cs = find_stream(ci, slu_be32(msg->data));
	if (cs)
		drop_body(ci, cs);
	return 0;
}

static int end_message(struct slu_chunk_in *ci, struct chunk_stream *cs, struct slu_msg *msg)
{
	int err = body_reserve(ci, cs, 0); /* an empty message has a body too */

	if (err)
		return err;
	*msg = (struct slu_msg){
		.type = cs->type,
		.timestamp = cs->timestamp,
		.stream_id = cs->stream_id,
		.data = slu_buffer_data(cs->body),
		.size = cs->length,
		.owner = cs->body,
	};
	ci->memory -= slu_buffer_size(cs->body);
	ci->last = cs->body;
	ci->csid = cs->csid;
	cs->body = NULL;
	cs->got = 0;
	cs->begun = false;
	if (msg->type == SLU_MSG_SET_CHUNK_SIZE)
		err = set_chunk_size(ci, msg);
	else if (msg->type == SLU_MSG_ABORT)
		err = abort_message(ci, msg);
	return err ? err : 1;
}

/* ---- reading: each takes some of the n bytes and returns how many, or an error ---- */

static long read_header(struct slu_chunk_in *ci, const uint8_t *data, size_t n)
{
	size_t need = slu_chunk_hdr_need(ci->header, ci->header_size), take, used = 0;
	int err;

	while (need > ci->header_size && used < n) {
		take = need - ci->header_size;
		if (take > n - used)
			take = n - used;
		memcpy(ci->header + ci->header_size, data + used, take);
		ci->header_size += take;
		used += take;
		need = slu_chunk_hdr_need(ci->header, ci->header_size);
	}
	if (need > ci->header_size)
		return (long)used;
	err = begin_chunk(ci);
	return err ? err : (long)used;
}

/* Up to the first byte that differs: then there is no extended timestamp, and what was equal is read again. */
static long read_extended(struct slu_chunk_in *ci, const uint8_t *data, size_t n)
{
	size_t used = 0;

	while (used < n && ci->extended_size < EXT_SIZE && data[used] == ci->extended[ci->extended_size]) {
		ci->extended_size++;
		used++;
	}
	if (ci->extended_size == EXT_SIZE) {
		ci->state = STATE_BODY;
	} else if (used < n) {
		ci->state = STATE_BODY;
		memcpy(ci->again, ci->extended, ci->extended_size);
		ci->again_size = ci->extended_size;
	}
	return (long)used;
}

static long read_body(struct slu_chunk_in *ci, const uint8_t *data, size_t n, struct slu_msg *msg, int *result)
{
	struct chunk_stream *cs = &ci->streams[ci->current];
	size_t take = n < ci->chunk_left ? n : ci->chunk_left;

	if (take) {
		*result = body_reserve(ci, cs, take);
		if (*result)
			return 0;
		memcpy(slu_buffer_data(cs->body) + cs->got, data, take);
		cs->got += take;
		ci->chunk_left -= take;
	}
	if (ci->chunk_left)
		return (long)take;
	ci->state = STATE_HEADER;
	if (cs->got == cs->length)
		*result = end_message(ci, cs, msg);
	return (long)take;
}

/* Goes on until a message is whole, something is wrong, or all n bytes are used and no state can do without more. */
static int run(struct slu_chunk_in *ci, const uint8_t *data, size_t n, size_t *used, struct slu_msg *msg)
{
	int result = 0;
	long took;

	*used = 0;
	while (result == 0 && (*used < n || (ci->state == STATE_BODY && ci->chunk_left == 0))) {
		switch (ci->state) {
		case STATE_HEADER:
			took = read_header(ci, data + *used, n - *used);
			break;
		case STATE_EXTENDED:
			took = read_extended(ci, data + *used, n - *used);
			break;
		default:
			took = read_body(ci, data + *used, n - *used, msg, &result);
			break;
		}
		if (took < 0)
			return (int)took;
		*used += (size_t)took;
		if (ci->again_size)
			break;
	}
	return result;
}

/* What turned out to be no extended timestamp: at most three bytes, which may end a message and begin another. */
static int run_again(struct slu_chunk_in *ci, struct slu_msg *msg)
{
	uint8_t bytes[EXT_SIZE];
	size_t size = ci->again_size, used;
	int result;

	memcpy(bytes, ci->again, size);
	ci->again_size = 0;
	result = run(ci, bytes, size, &used, msg);
	/* Should these bytes hold a header of format 3 and part of what may follow it, they go before what is left. */
	memmove(ci->again + ci->again_size, bytes + used, size - used);
	ci->again_size += size - used;
	return result;
}

int slu_chunk_in_read(struct slu_chunk_in *ci, const uint8_t *data, size_t n, size_t *used, struct slu_msg *msg)
{
	size_t took;
	int result = 0;

	*used = 0;
	if (ci->err)
		return ci->err;
	slu_chunk_in_release(ci);
	do {
		if (ci->again_size)
			result = run_again(ci, msg);
		if (result)
			break;
		if (ci->again_size)
			continue;
		result = run(ci, n ? data + *used : data, n - *used, &took, msg);
		*used += took;
	} while (result == 0 && ci->again_size);
	return result;
}

void slu_chunk_in_wipe(struct slu_chunk_in *ci)
{
	ci->wipe = ci->last != NULL;
}

void slu_chunk_in_release(struct slu_chunk_in *ci)
{
	if (ci->wipe && slu_buffer_unique(ci->last))
		slu_wipe_bytes(slu_buffer_data(ci->last), slu_buffer_size(ci->last));
	ci->wipe = false;
	if (ci->last)
		slu_bodies_put(&ci->bodies, ci->last);
	ci->last = NULL;
}

uint32_t slu_chunk_in_csid(const struct slu_chunk_in *ci)
{
	return ci->csid;
}

uint32_t slu_chunk_in_chunk_size(const struct slu_chunk_in *ci)
{
	return ci->chunk_size;
}

size_t slu_chunk_in_memory(const struct slu_chunk_in *ci)
{
	return ci->memory;
}

const char *slu_chunk_in_error(const struct slu_chunk_in *ci)
{
	return ci->error;
}
