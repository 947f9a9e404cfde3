/* SPDX-License-Identifier: MIT */
/* What a player that comes late must get first: metadata, decoder configuration, and all since the last key frame. */
#ifndef SLU_SERVER_GOP_H
#define SLU_SERVER_GOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

/* Decoder configurations, and what else holds for a track until it comes again: audio and video, and further tracks of
 * Enhanced RTMP. */
enum { SLU_GOP_CONFIGS = 16 };

/* A stream without a key frame for so long, and for twice as long as it ever was, is taken for one whose pictures are
 * refreshed bit by bit, and begins anywhere. */
enum { SLU_GOP_PATIENCE_MS = 30000 };

struct slu_gop {
	struct slu_msg metadata;
	struct slu_msg configs[SLU_GOP_CONFIGS];
	size_t nconfigs;
	struct slu_msg *frames; /* from a key frame on */
	size_t nframes, cap;
	size_t bytes; /* of payload in frames */
	size_t max_bytes, max_frames;
	bool video;   /* there has been some, so frames are worth nothing without a key frame */
	bool waiting; /* for a key frame: what is in frames is no whole group */
	/* Groups are those of one track of pictures, the first one: key frames of others come when they like. */
	unsigned main;
	bool has_main;
	uint32_t key_ms;     /* timestamp of its last key frame, or of the first picture where there was none */
	uint32_t longest_ms; /* from one key frame to the next */
};

enum slu_gop_kind { SLU_GOP_METADATA, SLU_GOP_CONFIG, SLU_GOP_KEYFRAME, SLU_GOP_FRAME };

/* A reference of msg in *out, or a copy, where a reference would hold much more; its owner is to be put. 0 or
 * SLU_ERR_NOMEM. */
int slu_gop_keep(struct slu_msg *out, const struct slu_msg *msg);

void slu_gop_init(struct slu_gop *g, size_t max_bytes, size_t max_frames);
void slu_gop_clear(struct slu_gop *g);

/* What a message is to a player that comes late. */
enum slu_gop_kind slu_gop_kind(const struct slu_msg *msg);

/* The same, in this stream: a key frame is one that a group begins with. Before slu_gop_add(). */
enum slu_gop_kind slu_gop_see(struct slu_gop *g, const struct slu_msg *msg);

/* Whether, at this timestamp, no key frame is to be waited for. */
bool slu_gop_is_keyless(const struct slu_gop *g, uint32_t timestamp);

/* Keeps a reference of msg. SLU_ERR_NOMEM: it is not kept, nor what depends on it. */
int slu_gop_add(struct slu_gop *g, enum slu_gop_kind kind, const struct slu_msg *msg);

/* Lets go of all frames, up to the next key frame. */
void slu_gop_forget(struct slu_gop *g);

void slu_gop_clear_metadata(struct slu_gop *g);

#endif
