/* SPDX-License-Identifier: MIT */
/*
 * The thread that writes recordings, so that nobody else waits for the disk. Jobs are handed to it and, done, taken
 * back, in the same order; the messages in them are read by the thread and released by whoever takes the job back.
 *
 * The thread also syncs each file to the disk, some seconds after the last time, or later where that would take more
 * than a quarter of its time.
 */
#ifndef SLU_SERVER_RECORD_THREAD_H
#define SLU_SERVER_RECORD_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/record_file.h"

enum { SLU_RECORD_SYNC_MS = 5000 };

enum slu_record_what { SLU_RECORD_BEGIN, SLU_RECORD_TAGS, SLU_RECORD_FINISH };

struct slu_record_job {
	struct slu_record_job *next;
	enum slu_record_what what;
	struct slu_record_file *file; /* the thread's from begin to finish, but for its path */
	void *owner;                  /* for the caller */
	size_t bytes;                 /* that the messages hold */
	int err, why;                 /* the answer: of the file, as it was when the job was done */
	uint64_t stored;
	size_t n;
	struct slu_msg msgs[]; /* SLU_RECORD_BATCH at most */
};

struct slu_record_thread;

/* dir is duplicated. ops: NULL for the system's. sync_ms: 0 for SLU_RECORD_SYNC_MS. NULL when out of memory,
 * descriptors or threads. */
struct slu_record_thread *slu_record_thread_new(int dir, const struct slu_record_ops *ops, unsigned sync_ms);

/* Becomes readable when there are jobs to take back. */
int slu_record_thread_fd(const struct slu_record_thread *t);

void slu_record_thread_hand(struct slu_record_thread *t, struct slu_record_job *job);

/* All that are done, the first one first; NULL when there are none. */
struct slu_record_job *slu_record_thread_take(struct slu_record_thread *t);

/* Waits until all that was handed is done, for ms at most. */
bool slu_record_thread_drain(struct slu_record_thread *t, unsigned ms);

/* What is not done is left: to the thread, if the disk holds it, which goes as soon as it can. NULL is fine. */
void slu_record_thread_free(struct slu_record_thread *t);

/* Frees a job, and releases its messages. */
void slu_record_job_free(struct slu_record_job *job);

#endif
