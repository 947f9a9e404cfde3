/* SPDX-License-Identifier: MIT */
/* What the files of a recorder share: recorder.c has what comes of a stream and goes to the thread, recorders.c what is
 * common to all streams, and what comes back from the thread. */
#ifndef SLU_SERVER_RECORDER_IMPL_H
#define SLU_SERVER_RECORDER_IMPL_H

#include "server/gop.h"
#include "server/hub.h" /* SLU_STREAM_KEY */
#include "server/record_thread.h"
#include "server/recorder.h"

/* A file, and what only its stream needs of it. */
struct slu_recording {
	struct slu_record_file file; /* first, so that one is the other */
	struct slu_record_job *finish;
	int64_t when; /* it began: seconds since 1970 */
	bool known;   /* that it has begun was told, */
	bool told;    /* that it failed */
};

struct slu_recorder {
	struct slu_recorders *all;
	struct slu_recorder *prev, *next;
	struct slu_record_who who;
	char key[SLU_STREAM_KEY];
	struct slu_gop again; /* metadata and configurations: what files begin with */
	struct slu_recording *current;
	struct slu_record_job *job; /* that is being filled */
	unsigned under_way;         /* jobs that the thread has */
	size_t queued;              /* bytes that are held */
	bool video, ended;
	/* While it has failed nothing is written, until it is tried again with another file; it is troubled until that
	 * has taken something, and says so only once. */
	bool failed, troubled;
	bool at_once;                           /* there is no need to wait with the other file */
	uint64_t failed_ms, retry_ms, tried_ms; /* 0: not known yet */
	uint64_t began_ms, media_ms; /* when the first frame came, and how much its timestamps have gone on since */
	/* of the current file */
	uint64_t size;
	bool timed;        /* there was a frame */
	uint32_t last;     /* timestamp of the last one */
	int64_t at, until; /* ms since the first one: of the last one, and of the furthest */
	/* what there was no room for, or no file */
	bool losing;
	uint64_t lost, lost_bytes;
};

struct slu_recorders {
	struct slu_record_thread *thread;
	struct slu_recorder *recorders;
	const char *format;
	uint64_t rotate_ms, rotate_bytes;
	size_t max_queue, queued;
	uint64_t due_ms; /* when what is held is handed on; UINT64_MAX: nothing is held */
	struct slu_reporter reporter;
};

/* ---- recorder.c ---- */

void slu_recorder_hand(struct slu_recorder *r, struct slu_record_job *job);
void slu_recorder_flush(struct slu_recorder *r);
void slu_recorder_finish_file(struct slu_recorder *r);

/* ---- recorders.c ---- */

/* Frees a recorder that has ended, once the thread has nothing of it. */
void slu_recorder_release(struct slu_recorder *r);

/* Seconds until another file is tried. */
enum { SLU_RECORDER_RETRY_S = 10 };

/* It is not recorded for now. file: its name, or "". */
void slu_recorder_failed(struct slu_recorder *r, const char *file, const char *why, uint64_t stored);

/* What was lost is told, and over. */
void slu_recorder_lost(struct slu_recorder *r);

#endif
