/* SPDX-License-Identifier: MIT */
#include "server/gop.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/flv.h>

#include "base/tally.h"

#include "proto/flv_track.h"

/* A message without an owner must be copied, and one that would keep far larger storage alive had better be: a reader
 * may use one large body's storage again for small ones. */
static bool worth_copying(const struct slu_msg *msg)
{
	return !msg->owner || slu_buffer_size(msg->owner) > 2 * msg->size + 1024;
}

int slu_gop_keep(struct slu_msg *out, const struct slu_msg *msg)
{
	bool copy = worth_copying(msg);
	struct slu_buffer *b = copy ? slu_buffer_new_like(msg->size, msg->owner) : slu_buffer_get(msg->owner);

	if (!b)
		return SLU_ERR_NOMEM;
	*out = *msg;
	out->owner = b;
	if (copy) {
		if (msg->size)
			memcpy(slu_buffer_data(b), msg->data, msg->size);
		out->data = slu_buffer_data(b);
	}
	return 0;
}

static void drop(struct slu_msg *msg)
{
	slu_buffer_put(msg->owner);
	memset(msg, 0, sizeof *msg);
}

static void drop_frames(struct slu_gop *g)
{
	for (size_t i = 0; i < g->nframes; i++)
		slu_buffer_put(g->frames[i].owner);
	g->nframes = 0;
	g->bytes = 0;
}

/* Half a group of pictures is worth nothing: all go, until the next key frame. */
void slu_gop_forget(struct slu_gop *g)
{
	drop_frames(g);
	g->waiting = true;
}

void slu_gop_init(struct slu_gop *g, size_t max_bytes, size_t max_frames)
{
	memset(g, 0, sizeof *g);
	g->max_bytes = max_bytes;
	g->max_frames = max_frames;
}

void slu_gop_clear(struct slu_gop *g)
{
	drop(&g->metadata);
	for (size_t i = 0; i < g->nconfigs; i++)
		drop(&g->configs[i]);
	drop_frames(g);
	free(g->frames);
	slu_gop_init(g, g->max_bytes, g->max_frames);
}

void slu_gop_clear_metadata(struct slu_gop *g)
{
	drop(&g->metadata);
}

static bool is_metadata(const struct slu_msg *msg)
{
	static const char head[] = "\x02\x00\x0aonMetaData";

	return msg->type == SLU_MSG_DATA && msg->size >= sizeof head - 1 &&
	       memcmp(msg->data, head, sizeof head - 1) == 0;
}

enum slu_gop_kind slu_gop_kind(const struct slu_msg *msg)
{
	unsigned flags = slu_flv_flags(msg->type, msg->data, msg->size);

	if (is_metadata(msg))
		return SLU_GOP_METADATA;
	if (flags & SLU_FLV_SEQUENCE_HEADER || slu_flv_describes(msg->type, msg->data, msg->size))
		return SLU_GOP_CONFIG;
	return flags & SLU_FLV_KEYFRAME ? SLU_GOP_KEYFRAME : SLU_GOP_FRAME;
}

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static void see_key(struct slu_gop *g, bool key, uint32_t timestamp)
{
	uint32_t length = timestamp - g->key_ms;

	if (is_before(timestamp, g->key_ms)) {
		g->key_ms = timestamp; /* the publisher's clock was set back */
		return;
	}
	if (!key)
		return;
	g->longest_ms = length > g->longest_ms ? length : g->longest_ms;
	g->key_ms = timestamp;
}

enum slu_gop_kind slu_gop_see(struct slu_gop *g, const struct slu_msg *msg)
{
	enum slu_gop_kind kind = slu_gop_kind(msg);
	unsigned track;

	if (msg->type != SLU_MSG_VIDEO)
		return kind;
	if (!g->video)
		g->key_ms = msg->timestamp;
	track = slu_flv_track(msg->type, msg->data, msg->size);
	if (kind != SLU_GOP_FRAME && (!g->has_main || track < g->main)) {
		g->main = track;
		g->has_main = true;
	}
	if (kind == SLU_GOP_CONFIG)
		return kind;
	if (kind == SLU_GOP_KEYFRAME && track != g->main)
		kind = SLU_GOP_FRAME;
	see_key(g, kind == SLU_GOP_KEYFRAME, msg->timestamp);
	return kind;
}

bool slu_gop_is_keyless(const struct slu_gop *g, uint32_t timestamp)
{
	uint32_t patience = SLU_GOP_PATIENCE_MS;

	if (g->longest_ms > patience / 2)
		patience = 2 * g->longest_ms;
	return g->video && !is_before(timestamp, g->key_ms) && timestamp - g->key_ms > patience;
}

/* Of which one is kept: a track's configuration, or its description. */
static unsigned slot(const struct slu_msg *msg)
{
	return slu_flv_track(msg->type, msg->data, msg->size) << 1 | slu_flv_describes(msg->type, msg->data, msg->size);
}

static size_t find_config(const struct slu_gop *g, unsigned wanted)
{
	size_t i = 0;

	while (i < g->nconfigs && slot(&g->configs[i]) != wanted)
		i++;
	return i;
}

/* The others stay in their order: a track's description follows its configuration. */
static void forget_config(struct slu_gop *g, size_t i)
{
	if (i == g->nconfigs)
		return;
	drop(&g->configs[i]);
	g->nconfigs--;
	memmove(&g->configs[i], &g->configs[i + 1], (g->nconfigs - i) * sizeof g->configs[0]);
	memset(&g->configs[g->nconfigs], 0, sizeof g->configs[0]);
}

/* Frames of the old configuration must not be read with the new one; nor is it what was described. */
static void change_config(struct slu_gop *g, size_t i, const struct slu_msg *msg)
{
	const struct slu_msg *old = &g->configs[i];

	if (slot(msg) & 1 || (old->size == msg->size && memcmp(old->data, msg->data, msg->size) == 0))
		return;
	slu_gop_forget(g);
	forget_config(g, find_config(g, slot(msg) | 1));
}

static int add_config(struct slu_gop *g, const struct slu_msg *msg)
{
	struct slu_msg kept;
	size_t i = find_config(g, slot(msg));

	if (i == SLU_GOP_CONFIGS)
		return 0;
	if (slu_gop_keep(&kept, msg) != 0)
		return SLU_ERR_NOMEM;
	if (i == g->nconfigs) {
		g->nconfigs++;
	} else {
		change_config(g, i, msg);
		i = find_config(g, slot(msg));
		drop(&g->configs[i]);
	}
	g->configs[i] = kept;
	return 0;
}

static int grow(struct slu_gop *g)
{
	size_t cap = g->cap ? 2 * g->cap : 64;
	struct slu_msg *frames;

	if (g->nframes < g->cap)
		return 0;
	frames = realloc(g->frames, cap * sizeof *frames);
	if (!frames)
		return SLU_ERR_NOMEM;
	g->frames = frames;
	g->cap = cap;
	return 0;
}

static int add_frame(struct slu_gop *g, const struct slu_msg *msg)
{
	if (g->waiting || !g->video)
		return 0;
	if (g->nframes == g->max_frames || msg->size > g->max_bytes - g->bytes) {
		slu_gop_forget(g);
		return 0;
	}
	if (grow(g) != 0 || slu_gop_keep(&g->frames[g->nframes], msg) != 0) {
		slu_gop_forget(g);
		return SLU_ERR_NOMEM;
	}
	g->nframes++;
	g->bytes += msg->size;
	return 0;
}

int slu_gop_add(struct slu_gop *g, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	struct slu_msg kept;

	if (msg->type == SLU_MSG_VIDEO && !g->video) {
		g->video = true;
		g->waiting = true;
	}
	switch (kind) {
	case SLU_GOP_METADATA:
		if (slu_gop_keep(&kept, msg) != 0)
			return SLU_ERR_NOMEM;
		drop(&g->metadata);
		g->metadata = kept;
		return 0;
	case SLU_GOP_CONFIG:
		return add_config(g, msg) != 0 ? SLU_ERR_NOMEM : add_frame(g, msg);
	case SLU_GOP_KEYFRAME:
		drop_frames(g);
		g->waiting = false;
		return add_frame(g, msg);
	case SLU_GOP_FRAME:
		return add_frame(g, msg);
	}
	return SLU_ERR_INVALID;
}
