/* SPDX-License-Identifier: MIT */
#include "server/recorder_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "server/record_name.h"

/* ---- reports ---- */

static struct slu_server_report report_of(const struct slu_recorder *r, enum slu_server_report_type type)
{
	return (struct slu_server_report){
		.type = type,
		.id = r->who.id,
		.address = r->who.address,
		.app = r->who.app,
		.stream = r->who.named ? r->key : "",
		.reason = "",
		.text = "",
		.file = "",
		.count = 1,
		.tls_version = "",
		.tls_suite = "",
	};
}

static void report(const struct slu_recorder *r, const struct slu_server_report *what)
{
	if (r->all->reporter.fn)
		r->all->reporter.fn(r->all->reporter.arg, what);
}

/* What it is called, as far as that may be told. */
static int name_file(char out[SLU_RECORD_PATH], const struct slu_recorder *r, const struct slu_recording *f)
{
	char name[SLU_RECORD_PATH];

	*out = '\0';
	if (slu_record_name(name, r->all->format, r->who.named ? r->key : NULL, f->when) != 0)
		return SLU_ERR_INVALID;
	slu_record_path_take(out, name, f->file.take);
	return 0;
}

static void report_file(const struct slu_recorder *r, enum slu_server_report_type type, const struct slu_recording *f)
{
	char name[SLU_RECORD_PATH];
	struct slu_server_report what = report_of(r, type);

	if (name_file(name, r, f) != 0)
		return;
	what.file = name;
	if (type == SLU_REPORT_RECORDED) {
		what.stored = f->file.stored;
		what.seconds = (double)f->file.facts.duration_ms / 1000;
	}
	report(r, &what);
}

static void tell_trouble(const struct slu_recorder *r, const char *file, const char *why, uint64_t stored)
{
	struct slu_server_report what = report_of(r, SLU_REPORT_RECORDING);

	what.file = file;
	what.text = why;
	what.stored = stored;
	report(r, &what);
}

/* What it is in already is told once. */
void slu_recorder_failed(struct slu_recorder *r, const char *file, const char *why, uint64_t stored)
{
	if (!r->troubled)
		tell_trouble(r, file, why, stored);
	r->failed = r->troubled = true;
	r->retry_ms = 0;
}

static void tell_lost(struct slu_recorder *r, const char *text)
{
	struct slu_server_report what = report_of(r, SLU_REPORT_RECORDING);

	what.text = text;
	what.dropped = r->lost;
	what.bytes = r->lost_bytes;
	report(r, &what);
	r->lost = r->lost_bytes = 0;
}

void slu_recorder_lost(struct slu_recorder *r)
{
	char text[200];

	r->losing = false;
	if (!r->lost)
		return;
	snprintf(text, sizeof text, "%" PRIu64 " messages, %" PRIu64 " bytes, were not recorded: %s", r->lost,
		 r->lost_bytes,
		 r->failed ? "no file could be written, see above"
			   : "the disk was too slow, a faster one or a lower bit rate would do");
	tell_lost(r, text);
}

static void tell_recovered(struct slu_recorder *r)
{
	uint64_t ms = r->tried_ms - r->failed_ms;
	char text[200];

	snprintf(text, sizeof text,
		 "it is recorded again; the %" PRIu64 " messages, %" PRIu64 " bytes, that came in the %" PRIu64
		 " s before are in no file",
		 r->lost, r->lost_bytes, (ms + 500) / 1000);
	tell_lost(r, text);
	r->troubled = r->at_once = false;
	r->failed_ms = 0;
}

/* ---- what comes back ---- */

static const char *advice(int why)
{
	switch (why) {
	case ENOSPC:
	case EDQUOT:
		return "make room";
	case EACCES:
	case EPERM:
	case EROFS:
		return "let the server write there";
	case ENOTDIR:
	case ELOOP:
		return "remove what is in its way";
	case EMFILE:
	case ENFILE:
		return "let there be more open files";
	case EFBIG:
		return "let there be larger files, or rotate them";
	default:
		return "see to the disk";
	}
}

static void describe(char *text, size_t size, const char *file, const struct slu_record_job *job)
{
	const char *why = job->why ? strerror(job->why) : "out of memory", *todo = advice(job->why);

	if (job->what == SLU_RECORD_FINISH)
		snprintf(text, size,
			 "the end of %s could not be written: %s; its duration and index may be missing, %s", file, why,
			 todo);
	else if (job->stored)
		snprintf(text, size, "recording stopped: %s; the %" PRIu64 " bytes stored before are kept in %s, %s",
			 why, job->stored, file, todo);
	else
		snprintf(text, size, "not recorded: %s cannot be %s: %s; %s", file,
			 job->what == SLU_RECORD_BEGIN ? "made" : "written", why, todo);
}

/* The file is closed at once, though its stream goes on, into another in time. */
static void on_failure(struct slu_recorder *r, struct slu_recording *f, const struct slu_record_job *job)
{
	char file[SLU_RECORD_PATH], text[SLU_RECORD_PATH + 512];
	size_t n;

	f->told = true;
	name_file(file, r, f);
	describe(text, sizeof text, file, job);
	if (f != r->current) {
		tell_trouble(r, file, text, job->stored);
		return;
	}
	n = strlen(text);
	snprintf(text + n, sizeof text - n, ": another file is tried every %d s", SLU_RECORDER_RETRY_S);
	r->at_once = job->stored && job->why == EFBIG;
	slu_recorder_failed(r, file, text, job->stored);
	slu_recorder_finish_file(r);
}

static void on_stored(struct slu_recorder *r, struct slu_recording *f)
{
	f->known = true;
	if (r->troubled)
		tell_recovered(r);
	report_file(r, SLU_REPORT_RECORD, f);
}

/* Of what it was in already when it was handed on; the first one was told of. */
static void count_lost(struct slu_recorder *r, const struct slu_record_job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		const struct slu_msg *msg = &job->msgs[i];

		if (msg->type == SLU_FLV_SCRIPT ||
		    (slu_flv_flags(msg->type, msg->data, msg->size) & SLU_FLV_SEQUENCE_HEADER))
			continue;
		r->lost++;
		r->lost_bytes += msg->size;
	}
}

static void on_done(struct slu_recorder *r, const struct slu_record_job *job)
{
	struct slu_recording *f = (struct slu_recording *)job->file;

	if (job->err && r->troubled)
		count_lost(r, job);
	if (job->err && !f->told)
		on_failure(r, f, job);
	else if (job->what == SLU_RECORD_TAGS && job->stored && !f->known)
		on_stored(r, f);
	if (job->what != SLU_RECORD_FINISH)
		return;
	if (f->file.stored)
		report_file(r, SLU_REPORT_RECORDED, f);
	free(f);
}

void slu_recorders_take(struct slu_recorders *all)
{
	struct slu_record_job *job = slu_record_thread_take(all->thread), *next;
	struct slu_recorder *r;

	for (; job; job = next) {
		next = job->next;
		r = job->owner;
		r->under_way--;
		r->queued -= job->bytes;
		all->queued -= job->bytes;
		on_done(r, job);
		slu_record_job_free(job);
		slu_recorder_release(r);
	}
}

void slu_recorder_release(struct slu_recorder *r)
{
	if (!r->ended || r->under_way)
		return;
	if (r->prev)
		r->prev->next = r->next;
	else
		r->all->recorders = r->next;
	if (r->next)
		r->next->prev = r->prev;
	slu_gop_clear(&r->again);
	free(r);
}

/* ---- all ---- */

void slu_recorders_on_time(struct slu_recorders *all, uint64_t now_ms)
{
	if (now_ms < all->due_ms)
		return;
	all->due_ms = UINT64_MAX;
	for (struct slu_recorder *r = all->recorders; r; r = r->next)
		slu_recorder_flush(r);
}

uint64_t slu_recorders_deadline(const struct slu_recorders *all)
{
	return all->due_ms;
}

size_t slu_recorders_queued(const struct slu_recorders *all)
{
	return all->queued;
}

int slu_recorders_fd(const struct slu_recorders *all)
{
	return slu_record_thread_fd(all->thread);
}

struct slu_recorders *slu_recorders_new(int dir, const struct slu_recorders_config *config,
					const struct slu_reporter *reporter)
{
	struct slu_recorders *all = calloc(1, sizeof *all);

	if (!all)
		return NULL;
	all->format = config->file_name ? config->file_name : SLU_RECORD_NAME_DEFAULT;
	all->rotate_ms = config->rotate_ms;
	all->rotate_bytes = config->rotate_bytes;
	all->max_queue = config->max_queue ? config->max_queue : SLU_RECORD_MAX_QUEUE;
	all->reporter = *reporter;
	all->due_ms = UINT64_MAX;
	all->thread = slu_record_thread_new(dir, config->ops, 0);
	if (all->thread)
		return all;
	free(all);
	return NULL;
}

bool slu_recorders_free(struct slu_recorders *all, unsigned ms)
{
	struct slu_recorder *r, *next;
	bool done;

	if (!all)
		return true;
	for (r = all->recorders; r; r = next) {
		next = r->next;
		if (!r->ended)
			slu_recorder_end(r);
	}
	done = slu_record_thread_drain(all->thread, ms);
	slu_recorders_take(all);
	slu_record_thread_free(all->thread);
	for (r = all->recorders; r; r = next) {
		next = r->next;
		r->under_way = 0;
		slu_recorder_release(r);
	}
	free(all);
	return done;
}
