/* SPDX-License-Identifier: MIT */
#include "server/recorder_impl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "server/record_name.h"

enum { BLOCK = 256 * 1024, FLUSH_MS = 1000, CLOCK_JUMP_MS = 10000 };

/* A live stream may begin with some seconds that its encoder has kept, and its clock may be wrong by some percent. */
enum { AHEAD_MS = 5000, AHEAD_PART = 16 };

/* ---- to the thread ---- */

void slu_recorder_hand(struct slu_recorder *r, struct slu_record_job *job)
{
	job->owner = r;
	job->file = &r->current->file;
	r->under_way++;
	slu_record_thread_hand(r->all->thread, job);
}

void slu_recorder_flush(struct slu_recorder *r)
{
	struct slu_record_job *job = r->job;

	r->job = NULL;
	if (job)
		slu_recorder_hand(r, job);
}

/* The job that ends a file is there from its beginning: memory that is short must not leave it open. */
void slu_recorder_finish_file(struct slu_recorder *r)
{
	if (!r->current)
		return;
	slu_recorder_flush(r);
	slu_recorder_hand(r, r->current->finish);
	r->current = NULL;
}

static struct slu_record_job *new_job(enum slu_record_what what)
{
	size_t room = what == SLU_RECORD_TAGS ? SLU_RECORD_BATCH : 0;
	struct slu_record_job *job = malloc(sizeof *job + room * sizeof job->msgs[0]);

	if (job)
		*job = (struct slu_record_job){.what = what};
	return job;
}

/* ---- what is queued ---- */

/* part: of the room that there is; see recorder.h. */
static bool has_room(const struct slu_recorder *r, size_t size, size_t part)
{
	size_t room = r->all->max_queue > r->all->queued ? r->all->max_queue - r->all->queued : 0;

	return size <= room / part && r->queued <= room / part - size;
}

static size_t bytes_of(const struct slu_msg *msg)
{
	return slu_buffer_size(msg->owner) + sizeof *msg;
}

static int append(struct slu_recorder *r, const struct slu_msg *msg, uint64_t now_ms)
{
	struct slu_record_job *job = r->job;
	size_t bytes;

	if (!job)
		job = new_job(SLU_RECORD_TAGS);
	if (!job || slu_gop_keep(&job->msgs[job->n], msg) != 0) {
		if (job != r->job)
			free(job);
		return SLU_ERR_NOMEM;
	}
	r->job = job;
	bytes = bytes_of(&job->msgs[job->n++]);
	job->bytes += bytes;
	r->queued += bytes;
	r->all->queued += bytes;
	r->size += msg->size + SLU_FLV_TAG_OVERHEAD;
	if (r->all->due_ms == UINT64_MAX)
		r->all->due_ms = now_ms + FLUSH_MS;
	if (job->n == SLU_RECORD_BATCH || job->bytes >= BLOCK)
		slu_recorder_flush(r);
	return 0;
}

/* Metadata and configurations, at the time of msg, which goes on from there. */
static int append_again(struct slu_recorder *r, const struct slu_msg *msg, uint64_t now_ms)
{
	struct slu_msg m = r->again.metadata;
	int err = 0;

	m.timestamp = msg->timestamp;
	if (m.owner)
		err = append(r, &m, now_ms);
	for (size_t i = 0; i < r->again.nconfigs && !err; i++) {
		m = r->again.configs[i];
		m.timestamp = msg->timestamp;
		err = append(r, &m, now_ms);
	}
	return err;
}

/* ---- files ---- */

static int new_file(struct slu_recorder *r)
{
	struct slu_recording *f = calloc(1, sizeof *f);
	struct slu_record_job *begin = new_job(SLU_RECORD_BEGIN);

	if (f)
		f->finish = new_job(SLU_RECORD_FINISH);
	if (!begin || !f || !f->finish) {
		if (f)
			free(f->finish);
		free(f);
		free(begin);
		return SLU_ERR_NOMEM;
	}
	f->when = (int64_t)time(NULL);
	if (slu_record_name(f->file.path, r->all->format, r->key, f->when) != 0) {
		free(f->finish);
		free(f);
		free(begin);
		return SLU_ERR_INVALID;
	}
	r->current = f;
	r->size = SLU_RECORD_META_ROOM;
	slu_recorder_hand(r, begin);
	return 0;
}

static int begin_file(struct slu_recorder *r, const struct slu_msg *msg, uint64_t now_ms)
{
	int err;

	slu_recorder_finish_file(r);
	err = new_file(r);
	if (err) {
		slu_recorder_failed(r, "",
				    err == SLU_ERR_NOMEM
					    ? "not recorded: out of memory"
					    : "not recorded: the stream's name is too long, or too deep, for a file's: "
					      "publish it under a shorter one",
				    0);
		return err;
	}
	r->at = r->until = 0;
	r->timed = false;
	return append_again(r, msg, now_ms);
}

/* How long the file's frames go on, whatever a publisher's clock does: where it is set back, they go on from there. */
static void keep_time(struct slu_recorder *r, uint32_t timestamp)
{
	int64_t before = r->until;

	r->at += (int32_t)(timestamp - (r->timed ? r->last : timestamp));
	r->last = timestamp;
	r->timed = true;
	if (r->at < r->until - CLOCK_JUMP_MS)
		r->at = r->until;
	if (r->at > r->until)
		r->until = r->at;
	if (r->until - before < CLOCK_JUMP_MS)
		r->media_ms += (uint64_t)(r->until - before);
}

static bool is_full(const struct slu_recorder *r)
{
	const struct slu_recorders *all = r->all;

	return (all->rotate_bytes && r->size >= all->rotate_bytes) ||
	       (all->rotate_ms && (uint64_t)r->until >= all->rotate_ms);
}

/* ---- messages ---- */

/* Whether a decoder can begin with it. */
static bool is_start(const struct slu_recorder *r, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	uint8_t any = r->video ? SLU_FLV_VIDEO : SLU_FLV_AUDIO;

	if (kind != SLU_GOP_FRAME || msg->type != any)
		return kind == SLU_GOP_KEYFRAME;
	return !r->video || slu_gop_is_keyless(&r->again, msg->timestamp);
}

static void lose(struct slu_recorder *r, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	r->losing = true;
	/* What is kept, to be written again, is not lost. */
	if (kind == SLU_GOP_METADATA || kind == SLU_GOP_CONFIG)
		return;
	r->lost++;
	r->lost_bytes += msg->size;
}

/* Another file, after one that failed, is begun as any other one is. */
static bool may_write(struct slu_recorder *r, bool start, uint64_t now_ms)
{
	if (!r->failed)
		return true;
	if (!r->retry_ms)
		r->retry_ms = now_ms + (r->at_once ? 0 : SLU_RECORDER_RETRY_S * 1000);
	if (!r->failed_ms)
		r->failed_ms = now_ms;
	return start && now_ms >= r->retry_ms;
}

/* Not after what was lost, but for a start. */
static bool has_place(const struct slu_recorder *r, bool start, const struct slu_msg *msg)
{
	return r->losing ? start && has_room(r, msg->size, 2) : has_room(r, msg->size, 1);
}

/* Into the file that it belongs into, which goes on, or has to be begun. */
static int go_on(struct slu_recorder *r, enum slu_gop_kind kind, const struct slu_msg *msg, uint64_t now_ms)
{
	bool frame = (kind == SLU_GOP_FRAME || kind == SLU_GOP_KEYFRAME) && msg->type != SLU_FLV_SCRIPT;
	bool after_loss = r->losing;
	int err = 0;

	if (after_loss && !r->failed)
		slu_recorder_lost(r);
	if (r->failed)
		r->tried_ms = now_ms;
	r->failed = r->losing = false;
	if (frame)
		keep_time(r, msg->timestamp);
	if (!r->current || (is_start(r, kind, msg) && is_full(r))) {
		err = begin_file(r, msg, now_ms);
		if (frame)
			keep_time(r, msg->timestamp);
	} else if (after_loss) {
		err = append_again(r, msg, now_ms);
	}
	return err;
}

static void write_message(struct slu_recorder *r, enum slu_gop_kind kind, const struct slu_msg *msg, uint64_t now_ms)
{
	bool start = is_start(r, kind, msg);
	const struct slu_recording *before;
	int err;

	if (!may_write(r, start, now_ms) || !has_place(r, start, msg)) {
		lose(r, kind, msg);
		return;
	}
	before = r->current;
	err = go_on(r, kind, msg, now_ms);
	if (err || append(r, msg, now_ms) != 0)
		lose(r, kind, msg);
	/* Until its first tag is in it, a file is none that can be read. */
	if (r->current != before)
		slu_recorder_flush(r);
}

void slu_recorder_write(struct slu_recorder *r, const struct slu_msg *msg, uint64_t now_ms)
{
	enum slu_gop_kind kind;

	if (msg->type != SLU_FLV_AUDIO && msg->type != SLU_FLV_VIDEO && msg->type != SLU_FLV_SCRIPT)
		return;
	if (!r->began_ms)
		r->began_ms = now_ms;
	kind = slu_gop_see(&r->again, msg);
	r->video |= msg->type == SLU_FLV_VIDEO;
	write_message(r, kind, msg, now_ms);
	/* It has no room for frames. */
	(void)slu_gop_add(&r->again, kind, msg);
}

bool slu_recorder_is_ahead(const struct slu_recorder *r, uint64_t now_ms)
{
	uint64_t gone_ms = now_ms - r->began_ms;

	return !r->failed && !has_room(r, 0, 2) && r->media_ms > gone_ms + gone_ms / AHEAD_PART + AHEAD_MS;
}

void slu_recorder_sizes(const struct slu_recorder *r, uint64_t *size, uint64_t *queued)
{
	*size = r->size;
	*queued = r->queued;
}

void slu_recorder_clear_metadata(struct slu_recorder *r)
{
	slu_gop_clear_metadata(&r->again);
}

struct slu_recorder *slu_recorder_new(struct slu_recorders *all, const char *key, const struct slu_record_who *who)
{
	struct slu_recorder *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->all = all;
	r->who = *who;
	memcpy(r->key, key, strnlen(key, sizeof r->key - 1));
	slu_gop_init(&r->again, 0, 0);
	r->next = all->recorders;
	if (r->next)
		r->next->prev = r;
	all->recorders = r;
	return r;
}

void slu_recorder_end(struct slu_recorder *r)
{
	if (!r)
		return;
	if (r->losing)
		slu_recorder_lost(r);
	slu_recorder_finish_file(r);
	r->ended = true;
	slu_recorder_release(r);
}
