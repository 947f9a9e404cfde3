/* SPDX-License-Identifier: MIT */
#include "server/recorder_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

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

static void report_file(const struct slu_recorder *r, enum slu_server_report_type type, const struct slu_recording *f)
{
	char name[SLU_RECORD_PATH], taken[SLU_RECORD_PATH];
	struct slu_server_report what = report_of(r, type);

	if (slu_record_name(name, r->all->format, r->who.named ? r->key : NULL, f->when) != 0)
		return;
	slu_record_path_take(taken, name, f->file.take);
	what.file = taken;
	if (type == SLU_REPORT_RECORDED) {
		what.stored = f->file.stored;
		what.seconds = (double)f->file.facts.duration_ms / 1000;
	}
	report(r, &what);
}

void slu_recorder_failed(struct slu_recorder *r, const char *why, uint64_t stored)
{
	struct slu_server_report what = report_of(r, SLU_REPORT_RECORDING);

	what.text = why;
	what.stored = stored;
	r->failed = true;
	report(r, &what);
}

void slu_recorder_lost(struct slu_recorder *r)
{
	struct slu_server_report what = report_of(r, SLU_REPORT_RECORDING);
	char text[200];

	snprintf(text, sizeof text,
		 "%" PRIu64 " messages, %" PRIu64
		 " bytes, were not recorded: the disk was too slow, a faster one or a lower bit rate would do",
		 r->lost, r->lost_bytes);
	what.text = text;
	what.dropped = r->lost;
	what.bytes = r->lost_bytes;
	if (r->lost)
		report(r, &what);
	r->losing = false;
	r->lost = r->lost_bytes = 0;
}

/* ---- what comes back ---- */

static void tell_failure(struct slu_recorder *r, const struct slu_record_job *job)
{
	const char *why = job->why ? strerror(job->why) : "out of memory";
	char text[256];

	if (job->what == SLU_RECORD_BEGIN)
		snprintf(text, sizeof text, "not recorded: no file can be made in the folder: %s", why);
	else if (job->what == SLU_RECORD_TAGS)
		snprintf(text, sizeof text,
			 "recording stopped: %s; the %" PRIu64
			 " bytes stored before are kept, make room and publish again",
			 why, job->stored);
	else
		snprintf(text, sizeof text, "the recording's end could not be written: %s", why);
	slu_recorder_failed(r, text, job->stored);
}

/* The file is closed at once, though its stream goes on. */
static void on_failure(struct slu_recorder *r, const struct slu_record_job *job)
{
	struct slu_recording *f = (struct slu_recording *)job->file;

	if (f->told)
		return;
	f->told = true;
	tell_failure(r, job);
	slu_recorder_finish_file(r);
}

static void on_done(struct slu_recorder *r, const struct slu_record_job *job)
{
	struct slu_recording *f = (struct slu_recording *)job->file;

	if (job->err)
		on_failure(r, job);
	else if (job->what == SLU_RECORD_BEGIN)
		report_file(r, SLU_REPORT_RECORD, f);
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
