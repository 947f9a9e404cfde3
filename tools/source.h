/* SPDX-License-Identifier: MIT */
/*
 * FLV input: a file, a pipe, or standard input ("-").
 *
 * It is read in blocks into reference-counted buffers of a small ring, and tags are handed out where they lie, so a
 * message that is queued keeps its block and nothing is copied but the tag that a block's end cuts in two. A block is
 * read into again once nothing queued refers to it: in steady state nothing is allocated. Larger tags get a larger
 * block, which grows as their bytes arrive.
 */
#ifndef SLU_TOOLS_SOURCE_H
#define SLU_TOOLS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/buffer.h>
#include <sluice/flv.h>

enum { SLU_SOURCE_BLOCK = 65536, SLU_SOURCE_RING = 12 };

struct slu_source;

/* Opens path for reading, "-" for standard input. NULL, and in error one sentence that says why. */
struct slu_source *slu_source_open(const char *path, char *error, size_t size);
void slu_source_close(struct slu_source *s);

/* True for what arrives in its own time: a pipe, a socket, a terminal. Then slu_source_fd() is to be polled, and
 * slu_source_wake() to be called when it is readable: what follows reads once. (Its mode is not ours to change:
 * standard input may be shared with other programs.) */
bool slu_source_live(const struct slu_source *s);
int slu_source_fd(const struct slu_source *s);
void slu_source_wake(struct slu_source *s);

/*
 * The next tag. Its body lies in *owner and is valid until the next call, or as long as a reference of *owner is held.
 *   1   a tag;
 *   0   none now: wait until slu_source_fd() is readable and wake it (live only);
 *   <0  SLU_ERR_CLOSED: the input ended where an FLV may end; SLU_ERR_FLV: it is cut off, broken, empty or no FLV;
 *       SLU_ERR_IO: it cannot be read; SLU_ERR_NOMEM. slu_source_error() has the sentence. Sticky.
 */
int slu_source_next(struct slu_source *s, struct slu_flv_tag *tag, struct slu_buffer **owner);

/* From the beginning again, after SLU_ERR_CLOSED. 0 or SLU_ERR_IO: the input cannot go back. */
int slu_source_rewind(struct slu_source *s);

const char *slu_source_error(const struct slu_source *s);

struct slu_source_stats {
	uint64_t bytes, reads;
	unsigned long allocations; /* of blocks, in all */
	unsigned long skipped;     /* tags of unknown type or encrypted */
};
void slu_source_stats(const struct slu_source *s, struct slu_source_stats *out);

#endif
