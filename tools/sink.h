/* SPDX-License-Identifier: MIT */
/*
 * FLV output: a file or standard output ("-").
 *
 * Tags are gathered and written with one call by slu_sink_flush(), which a verb calls once per wakeup, or when 64 KiB
 * are full. A file that exists is emptied only when the first tag comes; one that was made and got none is removed
 * again. Whatever happens, what is in the file are whole tags: a write that fails half-way is cut back to the last of
 * them. At the end the header's flags and a "duration" in onMetaData are set right where the output can be seeked.
 */
#ifndef SLU_TOOLS_SINK_H
#define SLU_TOOLS_SINK_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/flv.h>

struct slu_sink;
struct slu_flv_tail;

/* Opens path for writing, "-" for standard output. NULL, and in error one sentence that says why. */
struct slu_sink *slu_sink_open(const char *path, char *error, size_t size);

/* Opens a file to go on with, in place of slu_sink_open(): what follows takes the place of all that is behind the last
 * key frame in it, once the first tag comes; until then the file is left as it is. *tail says where that frame is, and
 * is for the caller to clear. Where there is no such file, or no frame in it, it is begun anew: tail->type is 0. */
struct slu_sink *slu_sink_resume(const char *path, struct slu_flv_tail *tail, char *error, size_t size);

/* Takes a copy of tag. 0, SLU_ERR_INVALID (no FLV tag: left out), SLU_ERR_NOMEM or SLU_ERR_IO: it cannot be written,
 * sticky, slu_sink_error() says why. */
int slu_sink_tag(struct slu_sink *s, const struct slu_flv_tag *tag);

int slu_sink_flush(struct slu_sink *s);

/* Flushes, completes and closes the output. 0, or the error. The sink stays to be asked, until slu_sink_free(). */
int slu_sink_finish(struct slu_sink *s);
void slu_sink_free(struct slu_sink *s);

const char *slu_sink_error(const struct slu_sink *s);

struct slu_sink_stats {
	unsigned long tags;
	uint64_t bytes;   /* written; of a file that is gone on with, behind the last key frame */
	uint64_t payload; /* of them, tag bodies */
	unsigned long writes;
	uint32_t duration_ms; /* from the first frame to the last */
};
void slu_sink_stats(const struct slu_sink *s, struct slu_sink_stats *out);

#endif
