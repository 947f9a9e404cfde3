/* SPDX-License-Identifier: MIT */
#include "tools/lines.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 4096 }; /* of one write, so that a slow reader is seen to take something */

struct slu_lines {
	struct slu_lines_config config;
	pthread_mutex_t lock;
	pthread_cond_t put, written;
	char *waiting, *writing; /* max bytes each, and what says how many were lost; writing is the thread's */
	size_t size;             /* of waiting */
	uint64_t lost;           /* since waiting was empty last */
	uint64_t progress;       /* pieces that were written */
	bool ending, ended;
	bool abandoned; /* whoever waited for the end does not any more */
	pthread_t thread;
};

/* What a descriptor that somebody made non-blocking does not take now, it takes later. False: it takes nothing more. */
static bool write_piece(int fd, const char *data, size_t n, size_t *done)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	ssize_t got = write(fd, data, n);

	if (got >= 0)
		*done += (size_t)got;
	else if (errno == EAGAIN)
		poll(&p, 1, -1);
	else if (errno != EINTR)
		return false;
	return true;
}

static void write_all(struct slu_lines *l, size_t size)
{
	size_t done = 0;
	bool on = true;

	while (on && done < size) {
		if (!write_piece(l->config.fd, l->writing + done, size - done < PIECE ? size - done : PIECE, &done))
			return;
		pthread_mutex_lock(&l->lock);
		l->progress++;
		on = !l->abandoned;
		pthread_cond_signal(&l->written);
		pthread_mutex_unlock(&l->lock);
	}
}

/* What waits becomes what is written. The size of it; 0: this is the end. */
static size_t take(struct slu_lines *l)
{
	char *taken;
	size_t size;
	uint64_t lost;

	pthread_mutex_lock(&l->lock);
	while (!l->size && !l->lost && !l->ending)
		pthread_cond_wait(&l->put, &l->lock);
	taken = l->waiting;
	size = l->abandoned ? 0 : l->size;
	lost = l->abandoned ? 0 : l->lost;
	l->waiting = l->writing;
	l->writing = taken;
	l->size = 0;
	l->lost = 0;
	pthread_mutex_unlock(&l->lock);
	if (lost)
		size += l->config.lost(l->config.arg, taken + size, SLU_LINES_LOST, lost);
	return size;
}

static void *run(void *arg)
{
	struct slu_lines *l = arg;
	size_t size;

	while ((size = take(l)))
		write_all(l, size);
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_cond_signal(&l->written);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Signals are for the thread that has always had them. */
static int start(struct slu_lines *l)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&l->thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

static void destroy(struct slu_lines *l)
{
	pthread_cond_destroy(&l->written);
	pthread_cond_destroy(&l->put);
	pthread_mutex_destroy(&l->lock);
	free(l->waiting);
	free(l->writing);
	free(l);
}

static void init_locks(struct slu_lines *l)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->put, NULL);
	pthread_cond_init(&l->written, &attr);
	pthread_condattr_destroy(&attr);
}

struct slu_lines *slu_lines_new(const struct slu_lines_config *config)
{
	struct slu_lines *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->config = *config;
	if (!l->config.max)
		l->config.max = SLU_LINES_MAX;
	init_locks(l);
	l->waiting = malloc(l->config.max + SLU_LINES_LOST);
	l->writing = malloc(l->config.max + SLU_LINES_LOST);
	if (l->waiting && l->writing && start(l) == 0)
		return l;
	destroy(l);
	return NULL;
}

void slu_lines_put(struct slu_lines *l, const char *line, size_t n)
{
	pthread_mutex_lock(&l->lock);
	/* After a loss nothing is taken until what came before it is on its way: its place is known so. */
	if (l->lost || n > l->config.max - l->size) {
		l->lost++;
	} else {
		memcpy(l->waiting + l->size, line, n);
		l->size += n;
	}
	pthread_cond_signal(&l->put);
	pthread_mutex_unlock(&l->lock);
}

static struct timespec in_ms(unsigned ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(ms / 1000);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* A thread that hangs in its write keeps what it works with: the process is about to end. */
void slu_lines_end(struct slu_lines *l, unsigned patience_ms)
{
	struct timespec until = in_ms(patience_ms);
	uint64_t progress;
	bool ended;
	int err = 0;

	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	progress = l->progress;
	pthread_cond_signal(&l->put);
	while (!l->ended && !err) {
		err = pthread_cond_timedwait(&l->written, &l->lock, &until);
		if (l->progress != progress)
			until = in_ms(patience_ms);
		progress = l->progress;
	}
	ended = l->ended;
	l->abandoned = !ended;
	pthread_mutex_unlock(&l->lock);
	if (!ended) {
		pthread_detach(l->thread);
		return;
	}
	pthread_join(l->thread, NULL);
	destroy(l);
}
