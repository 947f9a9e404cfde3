/* SPDX-License-Identifier: MIT */
/*
 * A recording as a source of messages, read in blocks into reference-counted buffers, so that what is queued is not
 * copied. Reading is done as it is asked for: who asks decides the pace.
 */
#ifndef SLU_SERVER_VOD_H
#define SLU_SERVER_VOD_H

#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

struct slu_vod;

/* Opens the recording of a stream key below the folder dir (record_path.h), from start_ms of its timestamps on: that
 * is, its decoder configuration and metadata, and then what follows the next key frame. duration_ms: how much of it;
 * <0: all. NULL when there is none, when it is no FLV, or when out of memory. */
struct slu_vod *slu_vod_open(int dir, const char *key, int64_t start_ms, int64_t duration_ms);
void slu_vod_close(struct slu_vod *vod);

/* The next message, valid until the next call; *msg has an owner. 1; 0 at the end, also where a recording is broken or
 * cut off; SLU_ERR_NOMEM. */
int slu_vod_next(struct slu_vod *vod, struct slu_msg *msg);

/* Goes on from start_ms. 0 or SLU_ERR_IO. */
int slu_vod_seek(struct slu_vod *vod, int64_t start_ms);

/* The timestamp of the last tag, in ms. */
uint32_t slu_vod_length(const struct slu_vod *vod);

#endif
