/* SPDX-License-Identifier: MIT */
/* What a player that comes late must get first: metadata, decoder configuration, and all since the last key frame. */
#ifndef SLU_SERVER_GOP_H
#define SLU_SERVER_GOP_H

#include <stdbool.h>
#include <stddef.h>

#include <sluice/session.h> /* struct slu_msg */

enum { SLU_GOP_CONFIGS = 16 }; /* decoder configurations: audio and video, and further tracks of Enhanced RTMP */

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
};

enum slu_gop_kind { SLU_GOP_METADATA, SLU_GOP_CONFIG, SLU_GOP_KEYFRAME, SLU_GOP_FRAME };

/* A reference of msg in *out; or a copy, where a reference would hold much more. 0 or SLU_ERR_NOMEM. */
int slu_gop_keep(struct slu_msg *out, const struct slu_msg *msg);

void slu_gop_init(struct slu_gop *g, size_t max_bytes, size_t max_frames);
void slu_gop_clear(struct slu_gop *g);

/* What a message is to a player that comes late. */
enum slu_gop_kind slu_gop_kind(const struct slu_msg *msg);

/* A reference of msg in *out, or a copy; its owner is to be put. 0 or SLU_ERR_NOMEM. */
int slu_gop_keep(struct slu_msg *out, const struct slu_msg *msg);

/* Keeps a reference of msg. SLU_ERR_NOMEM: it is not kept, nor what depends on it. */
int slu_gop_add(struct slu_gop *g, enum slu_gop_kind kind, const struct slu_msg *msg);

void slu_gop_clear_metadata(struct slu_gop *g);

#endif
