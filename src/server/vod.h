/* SPDX-License-Identifier: MIT */
/*
 * A recording as a source of messages, read in blocks into reference-counted buffers, so that what is queued is not
 * copied. Reading is done as it is asked for: who asks decides the pace; and each call does little, so that nobody
 * else has to wait for it.
 *
 * Whatever time is asked for, it begins at the last key frame up to it, with the metadata and decoder configurations
 * that are in force there, and not later, for then what was asked for would be missing: players that want it to the
 * frame decode and show nothing until then. Other servers do it so too (nginx-rtmp by the file's index, Adobe's).
 */
#ifndef SLU_SERVER_VOD_H
#define SLU_SERVER_VOD_H

#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

struct slu_vod;

/*
 * Opens the recording of a stream key below the folder dir (record_path.h), to begin at start_ms of its timestamps; 0
 * is the beginning, whatever they are there. duration_ms: how much of it, from start_ms on; <0: all.
 *
 * From a start_ms over 0 on, until slu_vod_seek(), timestamps are those of the recording less that of the key frame it
 * began at, as Adobe's servers have it: rtmpdump adds what it asked for, and goes on with a file only at 0.
 *
 * NULL when there is none, when it is no FLV, or when out of memory. The file may still grow: it is over where its
 * last whole tag ends when that is reached.
 */
struct slu_vod *slu_vod_open(int dir, const char *key, int64_t start_ms, int64_t duration_ms);
void slu_vod_close(struct slu_vod *vod);

enum { SLU_VOD_END, SLU_VOD_MESSAGE, SLU_VOD_LATER };

/* The next message, valid until the next call; *msg has an owner. SLU_VOD_LATER: there is more to read before the next
 * one, so ask again; SLU_VOD_END, also where a recording is broken or cut off; or SLU_ERR_NOMEM. */
int slu_vod_next(struct slu_vod *vod, struct slu_msg *msg);

/* Goes on from ms, also after the end. */
void slu_vod_seek(struct slu_vod *vod, uint32_t ms);

/* From the first to the last timestamp, in ms; 0 when the file ends within a tag. */
uint32_t slu_vod_length(const struct slu_vod *vod);

#endif
