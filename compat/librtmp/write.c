/* SPDX-License-Identifier: MIT */
/*
 * RTMP_Write(): FLV in any pieces becomes messages.
 *
 * The caller's bytes are copied once, into a block that the messages then refer to, for they are the caller's again
 * when the call returns. The block is used again once all that was queued of it is with the kernel, which it is when
 * the call ends; only a tag that came in part stays.
 */
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>
#include <sluice/buffer.h>
#include <sluice/flv.h>

#include "media.h"
#include "state.h"

/* A block holds some writes of FFmpeg's 32 KiB. A slice of a larger write is flushed before the next one is taken, so
 * that what is queued stays within bounds. */
enum { BLOCK = 256 * 1024, SLICE = 1024 * 1024 };

struct slu_compat_write {
	struct slu_flv_reader reader;
	struct slu_buffer *block;
	size_t at, end; /* [at, end) of the block: a tag that came in part */
	int failed;     /* what came is no FLV, and that was said */
};

static struct slu_compat_write *write_state(struct slu_compat *c)
{
	if (c->write)
		return c->write;
	c->write = calloc(1, sizeof *c->write);
	if (c->write)
		slu_flv_reader_init(&c->write->reader);
	else
		RTMP_Log(RTMP_LOGERROR, "There is no memory to write with: end something else and try again");
	return c->write;
}

void slu_compat_write_close(RTMP *r)
{
	struct slu_compat *c = slu_compat_has_state(r);

	if (!c || !c->write)
		return;
	slu_buffer_put(c->write->block);
	free(c->write);
	c->write = NULL;
}

/* ---- bytes ---- */

/* Room for n bytes behind what is kept. A block that a message still refers to is left to it. */
static int make_room(struct slu_compat_write *w, size_t n)
{
	size_t kept = w->end - w->at, size = slu_buffer_size(w->block);
	struct slu_buffer *b;

	if (slu_buffer_unique(w->block) && size - kept >= n) {
		memmove(slu_buffer_data(w->block), slu_buffer_data(w->block) + w->at, kept);
	} else {
		/* Doubled: what comes of a large tag is copied a few times at most, whatever the pieces. */
		b = slu_buffer_new(2 * kept + n > size ? 2 * kept + n : size);
		if (!b)
			return FALSE;
		memcpy(slu_buffer_data(b), slu_buffer_data(w->block) + w->at, kept);
		slu_buffer_put(w->block);
		w->block = b;
	}
	w->at = 0;
	w->end = kept;
	return TRUE;
}

static int take(struct slu_compat_write *w, const char *buf, size_t n)
{
	/* The memory of a large tag is not kept for those that follow. */
	if (w->at == w->end && w->block && slu_buffer_size(w->block) > 2 * (size_t)SLICE) {
		slu_buffer_put(w->block);
		w->block = NULL;
		w->at = w->end = 0;
	}
	if (!w->block)
		w->block = slu_buffer_new(BLOCK > n ? BLOCK : n);
	if (!w->block)
		return FALSE;
	if (w->at == w->end && slu_buffer_unique(w->block))
		w->at = w->end = 0;
	if (slu_buffer_size(w->block) - w->end < n && !make_room(w, n))
		return FALSE;
	memcpy(slu_buffer_data(w->block) + w->end, buf, n);
	w->end += n;
	return TRUE;
}

/* ---- tags ---- */

/* An FLV that begins with a tag is read as one whose header is there. */
static void go_without_header(struct slu_compat_write *w)
{
	static const uint8_t header[SLU_FLV_HEADER_SIZE] = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9};
	struct slu_flv_tag none;
	size_t used;

	slu_flv_reader_init(&w->reader);
	slu_flv_read(&w->reader, header, sizeof header, &used, &none);
}

/* The reader has failed. True where it need not have: the header is left out, or comes again, which muxers do that are
 * started anew. */
static int begins_again(struct slu_compat_write *w)
{
	const uint8_t *p = slu_buffer_data(w->block) + w->at;
	size_t n = w->end - w->at;

	if (!w->reader.offset && *p != 'F') {
		go_without_header(w);
		return TRUE;
	}
	if (!w->reader.offset || n < 3 || memcmp(p, "FLV", 3) != 0)
		return FALSE;
	slu_flv_reader_init(&w->reader);
	return TRUE;
}

static int send_tag(RTMP *r, struct slu_compat_write *w, const struct slu_flv_tag *tag)
{
	const struct slu_msg msg = {.type = tag->type,
				    .timestamp = tag->timestamp,
				    .data = tag->body,
				    .size = tag->size,
				    .owner = w->block};

	return slu_compat_send(r, &msg);
}

static int not_flv(struct slu_compat_write *w)
{
	w->failed = TRUE;
	RTMP_Log(RTMP_LOGERROR, "What was given to RTMP_Write() cannot be sent: %s", slu_flv_error(&w->reader));
	return -1;
}

/* Queues all whole tags. Returns how many, or -1. */
static long send_tags(RTMP *r, struct slu_compat_write *w)
{
	struct slu_flv_tag tag;
	long sent = 0;
	size_t used;
	int got = 0;

	while (w->at < w->end) {
		got = slu_flv_read(&w->reader, slu_buffer_data(w->block) + w->at, w->end - w->at, &used, &tag);
		w->at += used;
		if (got == 0)
			break;
		if (got < 0 && !begins_again(w))
			return not_flv(w);
		if (got > 0 && !send_tag(r, w, &tag))
			return -1;
		sent += got > 0;
	}
	return sent;
}

static int write_stream(RTMP *r, const char *buf, int size)
{
	struct slu_compat *c = slu_compat_need(r, "Nothing was written");
	struct slu_compat_write *w = c ? write_state(c) : NULL;
	size_t left = size > 0 ? (size_t)size : 0, n;
	long sent;

	if (!w || w->failed)
		return -1;
	for (; left; left -= n) {
		n = left < SLICE ? left : SLICE;
		if (!take(w, buf, n)) {
			RTMP_Log(RTMP_LOGERROR, "There is no memory for a tag of the FLV that is written");
			return -1;
		}
		sent = send_tags(r, w);
		/* Where the connection is lost, w is gone with it. */
		if (sent < 0 || (sent && !slu_compat_flush(r)))
			return -1;
		buf += n;
	}
	return size > 0 ? size : 0;
}

int RTMP_Write(RTMP *r, const char *buf, int size)
{
	int n;

	slu_compat_enter(r);
	n = write_stream(r, buf, size);
	slu_compat_leave(r);
	return n;
}
