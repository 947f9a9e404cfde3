/* SPDX-License-Identifier: MIT */
/*
 * Records one stream into a new FLV file: tags as they come, bodies and timestamps untouched, collected and written in
 * blocks. It begins with a script tag that has the publisher's metadata and, patched in when the recording ends, the
 * duration and the file's size.
 *
 * When the disk is full, what was stored is cut after its last whole tag, patched, and kept, and nothing more is
 * stored.
 */
#ifndef SLU_SERVER_RECORDER_H
#define SLU_SERVER_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

struct slu_recorder;

/* Into a new file for the stream key below the folder dir (record_path.h), which must stay open as long. NULL, and in
 * error one sentence, which does not name the stream: its name may be a secret. */
struct slu_recorder *slu_recorder_open(int dir, const char *key, char *error, size_t size);

/* Audio, video and AMF0 data messages; others are ignored. 0, SLU_ERR_IO or SLU_ERR_NOMEM: sticky, said by
 * slu_recorder_error(), and the file is whole. */
int slu_recorder_write(struct slu_recorder *r, const struct slu_msg *msg);

/* Hands what is collected to the kernel. The same. */
int slu_recorder_flush(struct slu_recorder *r);

/* Flushes, patches and closes the file. The same errors. */
int slu_recorder_finish(struct slu_recorder *r);

/* Finishes when that was not done. NULL is fine. */
void slu_recorder_free(struct slu_recorder *r);

/* One sentence after an error, "" before. */
const char *slu_recorder_error(const struct slu_recorder *r);

/* The file's name below the folder, and its size with what is collected and not yet written. */
const char *slu_recorder_path(const struct slu_recorder *r);
uint64_t slu_recorder_size(const struct slu_recorder *r);

#endif
