/* SPDX-License-Identifier: MIT */
#include "tools/flv_tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "tools/flv_walk.h"
#include "tools/metadata.h"

enum { METADATA_MAX = 65536, RING_MIN = 64 };

/* A frame that can be gone on from. */
struct place {
	uint32_t timestamp;
	uint64_t body;
	size_t size;
};

struct look {
	struct slu_flv_walk walk;
	struct slu_flv_tail *tail;
	bool is_video; /* there is video, though it may have come to no frame yet */

	/* The last places, as many as are to be skipped and one: the nth is at n % (skip + 1). */
	struct place *ring;
	size_t ring_size;
	uint64_t skip, places;
};

static uint8_t *read_part(const struct look *l, uint64_t at, size_t n, int *err)
{
	uint8_t *part = malloc(n ? n : 1);

	if (part && slu_flv_walk_read(&l->walk, part, n, at) == (ssize_t)n)
		return part;
	*err = part ? SLU_ERR_IO : SLU_ERR_NOMEM;
	free(part);
	return NULL;
}

static int note_metadata(struct look *l, const struct slu_flv_walk_tag *tag)
{
	struct slu_flv_tail *t = l->tail;
	uint8_t *data;
	size_t at = 0;
	int err = 0;

	if (t->duration_at || !tag->size || tag->size > METADATA_MAX)
		return 0;
	data = read_part(l, tag->body, tag->size, &err);
	if (data && slu_metadata_is(data, tag->size)) {
		at = slu_metadata_duration(data, tag->size);
		if (!t->metadata) {
			t->metadata = data;
			t->metadata_size = tag->size;
			data = NULL;
		}
	}
	if (at)
		t->duration_at = tag->body + at;
	free(data);
	return err;
}

/* ---- frames ---- */

static int keep(struct look *l, const struct slu_flv_walk_tag *tag)
{
	size_t at = (size_t)(l->places % (l->skip + 1));

	/* Places come one after the other until the ring is as large as it has to be. */
	if (at == l->ring_size) {
		size_t n = l->ring_size ? 2 * l->ring_size : RING_MIN;
		struct place *ring = reallocarray(l->ring, n, sizeof *ring);

		if (!ring)
			return SLU_ERR_NOMEM;
		l->ring = ring;
		l->ring_size = n;
	}
	l->ring[at] = (struct place){tag->timestamp, tag->body, tag->size};
	l->places++;
	return 0;
}

/* Where there is video, none goes on from audio. */
static void note_video(struct look *l)
{
	if (!l->is_video)
		l->places = 0;
	l->is_video = true;
}

static int note_frame(struct look *l, const struct slu_flv_walk_tag *tag)
{
	unsigned flags = slu_flv_flags(tag->type, tag->begin, tag->begins);
	bool is_video = tag->type == SLU_FLV_VIDEO;
	struct slu_flv_tail *t = l->tail;

	if (is_video)
		note_video(l);
	if (flags & SLU_FLV_SEQUENCE_HEADER)
		return 0;
	if (!t->has_audio && !t->has_video)
		t->first = tag->timestamp;
	t->has_audio |= !is_video;
	t->has_video |= is_video;
	/* What a decoder can begin with; of audio every one is. */
	return (is_video ? (flags & SLU_FLV_KEYFRAME) != 0 : !l->is_video) ? keep(l, tag) : 0;
}

static int note(struct look *l, const struct slu_flv_walk_tag *tag)
{
	if (tag->type == SLU_FLV_SCRIPT)
		return note_metadata(l, tag);
	return tag->type == SLU_FLV_AUDIO || tag->type == SLU_FLV_VIDEO ? note_frame(l, tag) : 0;
}

static int take_place(struct look *l)
{
	const struct place *place = &l->ring[l->places % (l->skip + 1)]; /* the oldest */
	struct slu_flv_tail *t = l->tail;
	int err = 0;

	t->type = l->is_video ? SLU_FLV_VIDEO : SLU_FLV_AUDIO;
	t->timestamp = place->timestamp;
	t->body = place->body;
	t->size = place->size;
	t->end = place->body + place->size + SLU_FLV_TAG_OVERHEAD - SLU_FLV_TAG_HEADER_SIZE;
	t->frame = read_part(l, t->body, t->size, &err);
	return err;
}

/* ---- the file ---- */

static int walk(struct look *l)
{
	struct slu_flv_walk_tag tag;
	int step, err = 0;

	while (!err && (step = slu_flv_walk_next(&l->walk, &tag)) != 0)
		err = step < 0 ? step : note(l, &tag);
	if (l->walk.cut == SLU_FLV_VIDEO)
		note_video(l);
	return !err && l->places > l->skip ? take_place(l) : err;
}

static const char *explain(int err, const struct look *l)
{
	if (err)
		return err == SLU_ERR_NOMEM ? "out of memory" : "it cannot be read";
	if (l->places && l->places <= l->skip)
		return "it has no more key frames to skip";
	return !l->places && l->tail->has_video ? "there is no key frame in it" : NULL;
}

bool slu_flv_tail(int fd, unsigned long skip, struct slu_flv_tail *tail, char *why, size_t size)
{
	struct look l = {.tail = tail, .skip = skip};
	const char *reason = NULL;
	struct stat st;
	int err = 0;

	*tail = (struct slu_flv_tail){.type = 0};
	why[0] = '\0';
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		reason = "it is no file";
	else if ((err = slu_flv_walk_begin(&l.walk, fd)) == SLU_ERR_FLV)
		reason = "it is no FLV";
	else if (err || (err = walk(&l)) != SLU_ERR_FLV)
		reason = explain(err, &l);
	else
		snprintf(why, size,
			 "it is damaged at byte %llu, and what comes behind would be lost: mend it, or fetch the "
			 "stream into another file",
			 (unsigned long long)l.walk.at);
	if (reason)
		snprintf(why, size, "%s", reason);
	free(l.ring);
	return !why[0];
}

void slu_flv_tail_clear(struct slu_flv_tail *tail)
{
	free(tail->frame);
	free(tail->metadata);
	tail->frame = tail->metadata = NULL;
}
