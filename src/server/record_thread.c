/* SPDX-License-Identifier: MIT */
#include "server/record_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <sluice/conn.h>

enum { SYNC_SHARE = 3 }; /* as many times what a sync took, none is begun */

struct jobs {
	struct slu_record_job *first, **last;
};

/* A file that is open. The thread's alone. */
struct entry {
	struct entry *next;
	struct slu_record_file *file;
	uint64_t synced_ms;
};

struct slu_record_thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	int dir, event;
	const struct slu_record_ops *ops;
	unsigned sync_ms;
	/* under lock */
	struct jobs in, out;
	bool busy, quit, abandoned;
	/* the thread's */
	struct entry *files;
	uint64_t sync_after_ms;
};

static void put(struct jobs *jobs, struct slu_record_job *job)
{
	job->next = NULL;
	*jobs->last = job;
	jobs->last = &job->next;
}

static struct slu_record_job *take_all(struct jobs *jobs)
{
	struct slu_record_job *first = jobs->first;

	jobs->first = NULL;
	jobs->last = &jobs->first;
	return first;
}

static struct slu_record_job *take_one(struct jobs *jobs)
{
	struct slu_record_job *job = jobs->first;

	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = &jobs->first;
	return job;
}

void slu_record_job_free(struct slu_record_job *job)
{
	for (size_t i = 0; i < job->n; i++)
		slu_buffer_put(job->msgs[i].owner);
	free(job);
}

/* ---- in the thread ---- */

/* Out of memory, a file is not synced before its end. */
static void begin(struct slu_record_thread *t, struct slu_record_file *file)
{
	struct entry *e;

	if (slu_record_file_open(file, t->ops, t->dir) != 0)
		return;
	e = calloc(1, sizeof *e);
	if (!e)
		return;
	*e = (struct entry){.next = t->files, .file = file, .synced_ms = slu_now_ms()};
	t->files = e;
}

static void finish(struct slu_record_thread *t, struct slu_record_file *file)
{
	struct entry **at = &t->files, *e;

	while (*at && (*at)->file != file)
		at = &(*at)->next;
	e = *at;
	if (e)
		*at = e->next;
	free(e);
	slu_record_file_finish(file);
}

static void work(struct slu_record_thread *t, struct slu_record_job *job)
{
	switch (job->what) {
	case SLU_RECORD_BEGIN:
		begin(t, job->file);
		break;
	case SLU_RECORD_TAGS:
		slu_record_file_write(job->file, job->msgs, job->n);
		break;
	case SLU_RECORD_FINISH:
		finish(t, job->file);
		break;
	}
	job->err = job->file->err;
	job->why = job->file->why;
	job->stored = job->file->stored;
}

/* The file that was not synced for longest, of those that there is something to sync of. */
static struct entry *next_to_sync(const struct slu_record_thread *t)
{
	struct entry *oldest = NULL;

	for (struct entry *e = t->files; e; e = e->next)
		if (e->file->dirty && !e->file->err && (!oldest || e->synced_ms < oldest->synced_ms))
			oldest = e;
	return oldest;
}

static uint64_t sync_at(const struct slu_record_thread *t)
{
	const struct entry *e = next_to_sync(t);
	uint64_t at;

	if (!e)
		return UINT64_MAX;
	at = e->synced_ms + t->sync_ms;
	return at > t->sync_after_ms ? at : t->sync_after_ms;
}

static void sync_one(struct slu_record_thread *t)
{
	struct entry *e = next_to_sync(t);
	uint64_t before = slu_now_ms();

	slu_record_file_sync(e->file);
	e->synced_ms = slu_now_ms();
	t->sync_after_ms = e->synced_ms + SYNC_SHARE * (e->synced_ms - before);
}

static void wait_for_work(struct slu_record_thread *t)
{
	uint64_t at = sync_at(t);
	struct timespec until = {.tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000};

	if (at == UINT64_MAX)
		pthread_cond_wait(&t->work, &t->lock);
	else
		pthread_cond_timedwait(&t->work, &t->lock, &until);
}

static void free_jobs(struct slu_record_job *job)
{
	struct slu_record_job *next;

	for (; job; job = next) {
		next = job->next;
		if (job->what == SLU_RECORD_FINISH)
			free(job->file);
		slu_record_job_free(job);
	}
}

static void free_all(struct slu_record_thread *t)
{
	free_jobs(take_all(&t->in));
	free_jobs(take_all(&t->out));
	close(t->dir);
	close(t->event);
	pthread_cond_destroy(&t->work);
	pthread_cond_destroy(&t->idle);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* Who takes jobs back is told of the first one only, and takes all. */
static void done(struct slu_record_thread *t, struct slu_record_job *job)
{
	static const uint64_t one = 1;
	bool first = !t->out.first;

	put(&t->out, job);
	/* It counts to far more than there can be jobs, so it cannot fail. */
	if (first && write(t->event, &one, sizeof one) < 0)
		return;
}

/* Under the lock but for the time that the disk takes. */
static void work_or_sync(struct slu_record_thread *t)
{
	struct slu_record_job *job = t->in.first ? take_one(&t->in) : NULL;

	t->busy = true;
	pthread_mutex_unlock(&t->lock);
	if (job) {
		work(t, job);
		pthread_mutex_lock(&t->lock);
		done(t, job);
		pthread_mutex_unlock(&t->lock);
	}
	if (slu_now_ms() >= sync_at(t))
		sync_one(t);
	pthread_mutex_lock(&t->lock);
	t->busy = false;
	if (!t->in.first)
		pthread_cond_broadcast(&t->idle);
}

static void *run(void *arg)
{
	struct slu_record_thread *t = arg;
	bool abandoned;

	pthread_mutex_lock(&t->lock);
	while (t->in.first || !t->quit) {
		if (t->in.first || slu_now_ms() >= sync_at(t))
			work_or_sync(t);
		else
			wait_for_work(t);
	}
	abandoned = t->abandoned;
	pthread_mutex_unlock(&t->lock);
	if (abandoned)
		free_all(t);
	return NULL;
}

/* ---- for others ---- */

/* Signals are for other threads. */
static int start(struct slu_record_thread *t)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

static void init_locks(struct slu_record_thread *t)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->work, &attr);
	pthread_cond_init(&t->idle, &attr);
	pthread_condattr_destroy(&attr);
}

struct slu_record_thread *slu_record_thread_new(int dir, const struct slu_record_ops *ops, unsigned sync_ms)
{
	struct slu_record_thread *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->ops = ops ? ops : &slu_record_ops_system;
	t->sync_ms = sync_ms ? sync_ms : SLU_RECORD_SYNC_MS;
	t->in.last = &t->in.first;
	t->out.last = &t->out.first;
	init_locks(t);
	t->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	t->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->dir >= 0 && t->event >= 0 && start(t) == 0)
		return t;
	free_all(t);
	return NULL;
}

int slu_record_thread_fd(const struct slu_record_thread *t)
{
	return t->event;
}

void slu_record_thread_hand(struct slu_record_thread *t, struct slu_record_job *job)
{
	pthread_mutex_lock(&t->lock);
	put(&t->in, job);
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
}

struct slu_record_job *slu_record_thread_take(struct slu_record_thread *t)
{
	struct slu_record_job *jobs;
	uint64_t count;

	pthread_mutex_lock(&t->lock);
	jobs = take_all(&t->out);
	/* Nothing there to read: it was taken before it was told. */
	if (read(t->event, &count, sizeof count) < 0)
		count = 0;
	pthread_mutex_unlock(&t->lock);
	return jobs;
}

static bool is_idle(const struct slu_record_thread *t)
{
	return !t->in.first && !t->busy;
}

bool slu_record_thread_drain(struct slu_record_thread *t, unsigned ms)
{
	uint64_t at = slu_now_ms() + ms;
	struct timespec until = {.tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000};
	bool idle;

	pthread_mutex_lock(&t->lock);
	while (!is_idle(t))
		if (pthread_cond_timedwait(&t->idle, &t->lock, &until) == ETIMEDOUT)
			break;
	idle = is_idle(t);
	pthread_mutex_unlock(&t->lock);
	return idle;
}

void slu_record_thread_free(struct slu_record_thread *t)
{
	pthread_t thread;
	bool wait;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	thread = t->thread;
	wait = is_idle(t);
	t->quit = true;
	t->abandoned = !wait;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	if (!wait) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	free_all(t);
}
