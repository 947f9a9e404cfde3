/* SPDX-License-Identifier: MIT */
/*
 * What was published, and whether what a player got can have come of it: whole messages of its stream, in their order;
 * pictures from a key frame on, and where one is missing, from the next key frame on, unless there are none for long;
 * configuration at any time.
 *
 * The same bytes may have been published twice, so a player may be at several places of the stream, as far as one can
 * tell from what it got. All are followed.
 */
#ifndef SLU_FUZZ_SERVE_WITNESS_H
#define SLU_FUZZ_SERVE_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/gop.h"

enum { WITNESS_LOG = 1024, PLAYS = 64 };

struct published {
	const void *stream;
	enum slu_gop_kind kind;
	uint8_t type;
	size_t size;
	uint64_t hash;
	uint32_t timestamp;
	bool keyless; /* there may have been no key frame for so long that none is waited for */
};

static struct published published[WITNESS_LOG];
static size_t npublished; /* WITNESS_LOG: too many, nothing can be said any more */

struct player {
	const void *stream;
	const void *next[PLAYS]; /* what it was let play and has not heard of yet, oldest first */
	size_t nnext;
	bool lost; /* too many of these */
	/* Places behind a message that it may have got last: [0] those where no picture is missing since, [1] others.
	 */
	uint8_t at[2][WITNESS_LOG + 1];
};

static void witness_require(int ok)
{
	if (!ok)
		abort();
}

static struct published witness_look(const void *stream, const struct slu_msg *msg)
{
	struct published p = {stream, slu_gop_kind(msg), msg->type, msg->size, 14695981039346656037u, msg->timestamp,
			      false};

	for (size_t i = 0; i < msg->size; i++)
		p.hash = (p.hash ^ msg->data[i]) * 1099511628211u;
	return p;
}

static bool is_picture(const struct published *m)
{
	return m->type == SLU_MSG_VIDEO && (m->kind == SLU_GOP_KEYFRAME || m->kind == SLU_GOP_FRAME);
}

static void witness_publish(const void *stream, const struct slu_msg *msg)
{
	struct published *m = &published[npublished];

	if (npublished == WITNESS_LOG)
		return;
	*m = witness_look(stream, msg);
	for (size_t i = 0; i < npublished; i++)
		if (published[i].stream == stream && is_picture(&published[i]))
			m->keyless |= m->timestamp - published[i].timestamp > SLU_GOP_PATIENCE_MS;
	npublished++;
}

/* The next one at the same place in memory is another stream. */
static void witness_end(const void *stream)
{
	if (npublished < WITNESS_LOG)
		published[npublished++] = (struct published){.stream = stream};
}

/* Another publisher goes on: with a picture missing, so to speak, that was never published. */
static void witness_take_over(const void *stream)
{
	if (npublished < WITNESS_LOG)
		published[npublished++] =
			(struct published){.stream = stream, .kind = SLU_GOP_FRAME, .type = SLU_MSG_VIDEO};
}

static bool same(const struct published *a, const struct published *b)
{
	return a->stream == b->stream && a->type == b->type && a->size == b->size && a->hash == b->hash;
}

static void witness_play(struct player *p, const void *stream)
{
	p->lost |= p->nnext == PLAYS;
	if (!p->lost)
		p->next[p->nnext++] = stream;
}

/* It hears that it plays. */
static void begin_to_play(struct player *p)
{
	if (p->lost)
		return;
	witness_require(p->nnext > 0);
	p->stream = p->next[0];
	memset(p->at, 0, sizeof p->at);
	p->at[1][0] = 1;
	memmove(p->next, p->next + 1, --p->nnext * sizeof p->next[0]);
}

static bool was_published(const struct published *got)
{
	for (size_t i = 0; i < npublished; i++)
		if (same(&published[i], got))
			return true;
	return false;
}

/* Goes on in all ways that lead to this message. False: there is none. */
static bool go_on(struct player *p, const struct published *got)
{
	static uint8_t next[2][WITNESS_LOG + 1];
	bool whole = false, gap = false, found = false;

	memset(next, 0, sizeof next);
	for (size_t i = 0; i < npublished; i++) {
		const struct published *m = &published[i];

		whole |= p->at[0][i];
		gap |= p->at[1][i];
		if (same(m, got)) {
			next[0][i + 1] = m->kind == SLU_GOP_KEYFRAME || m->keyless ? whole || gap : whole;
			next[1][i + 1] = !is_picture(m) && gap;
			found |= next[0][i + 1] || next[1][i + 1];
		}
		if (m->stream == p->stream && is_picture(m)) {
			gap |= whole;
			whole = false;
		}
	}
	memcpy(p->at, next, sizeof next);
	return found;
}

/* What the server says of its own accord before it begins. */
static bool is_preface(const struct slu_msg *msg)
{
	static const char preface[] = "\x02\0\x11|RtmpSampleAccess";

	return msg->type == SLU_MSG_DATA && msg->size >= sizeof preface - 1 &&
	       memcmp(msg->data, preface, sizeof preface - 1) == 0;
}

static bool is_media(const struct slu_msg *msg)
{
	return msg->type == SLU_MSG_AUDIO || msg->type == SLU_MSG_VIDEO || msg->type == SLU_MSG_DATA;
}

static void witness_got(struct player *p, const struct slu_msg *msg)
{
	static const char status[] = "\2\0\x08onStatus", start[] = "NetStream.Play.Start";
	struct published got;

	if (msg->type == SLU_MSG_COMMAND && memmem(msg->data, msg->size, status, sizeof status - 1) &&
	    memmem(msg->data, msg->size, start, sizeof start - 1))
		begin_to_play(p);
	if (!is_media(msg) || is_preface(msg) || p->lost || npublished == WITNESS_LOG)
		return;
	got = witness_look(p->stream, msg);
	if (got.kind == SLU_GOP_CONFIG || got.kind == SLU_GOP_METADATA)
		witness_require(was_published(&got));
	else
		witness_require(go_on(p, &got));
}

#endif
