/* SPDX-License-Identifier: MIT */
/*
 * Records streams into FLV files, by a thread (record_thread.h): nobody here waits for a disk. Messages are handed on
 * by reference, those that are worth it, a block or a second of them at a time.
 *
 * What a disk does not take in time is queued up to a bound. All streams share it, none has more of it than is left
 * free, so that a small stream finds room when a large one does not. A stream that finds none loses all up to a key
 * frame that finds half as much; but one that sends faster than its timestamps go on is better made to wait before
 * that. When a file cannot be written, it keeps what was stored, and its stream is not
 * recorded any more.
 *
 * A file begins with the stream's metadata and decoder configurations; when it is as large, or has gone on as long, as
 * one is to be, the next key frame begins another.
 */
#ifndef SLU_SERVER_RECORDER_H
#define SLU_SERVER_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

#include "server/report.h"

struct slu_record_ops;
struct slu_recorder;  /* of a stream */
struct slu_recorders; /* of all of a server */

/* 0 or NULL in a field stands for its default. */
struct slu_recorders_config {
	const char *file_name;            /* record_name.h, checked; not copied; default SLU_RECORD_NAME_DEFAULT */
	uint64_t rotate_ms, rotate_bytes; /* when to begin another file; default: never */
	size_t max_queue;                 /* bytes not yet in files; default SLU_RECORD_MAX_QUEUE */
	const struct slu_record_ops *ops; /* record_file.h */
};

enum { SLU_RECORD_MAX_QUEUE = 64 << 20 };

/* Whose stream it is, for reports. */
struct slu_record_who {
	unsigned id;
	char address[64], app[128];
	bool named; /* what the stream is called may be told */
};

/* Into files below the folder dir. NULL when out of memory, descriptors or threads. */
struct slu_recorders *slu_recorders_new(int dir, const struct slu_recorders_config *config,
					const struct slu_reporter *reporter);

/* Waits for ms at most until all that was given is in its file, and no longer. False: some is not. NULL is fine. */
bool slu_recorders_free(struct slu_recorders *all, unsigned ms);

/* When this becomes readable, call slu_recorders_take(): it reports, and lets go of what is in files. */
int slu_recorders_fd(const struct slu_recorders *all);
void slu_recorders_take(struct slu_recorders *all);

/* Hands on what came a second ago and more; and when it is to be called next, in ms, UINT64_MAX for not at all. */
void slu_recorders_on_time(struct slu_recorders *all, uint64_t now_ms);
uint64_t slu_recorders_deadline(const struct slu_recorders *all);

/* Bytes that are held for files. */
size_t slu_recorders_queued(const struct slu_recorders *all);

/* For the stream key. The first file is made for the first message. NULL when out of memory. */
struct slu_recorder *slu_recorder_new(struct slu_recorders *all, const char *key, const struct slu_record_who *who);

/* Audio, video and AMF0 data messages; others are ignored. */
void slu_recorder_write(struct slu_recorder *r, const struct slu_msg *msg, uint64_t now_ms);

/* It has sent more than its time's worth, and the disk is behind with it: who sends a film need not lose any of it, and
 * can wait. A live stream never is. */
bool slu_recorder_is_ahead(const struct slu_recorder *r, uint64_t now_ms);

/* Files to come do not begin with the metadata that there was. */
void slu_recorder_clear_metadata(struct slu_recorder *r);

/* Of the current file, with what waits to be written to it; and what waits of the stream. */
void slu_recorder_sizes(const struct slu_recorder *r, uint64_t *size, uint64_t *queued);

/* There is nothing more to come: the file is finished in time, and r is invalid. NULL is fine. */
void slu_recorder_end(struct slu_recorder *r);

#endif
