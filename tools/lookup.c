/* SPDX-License-Identifier: MIT */
#include "tools/lookup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <sluice/error.h>

#include "crypto/at_exit.h"

enum { STACK = 256 * 1024 };

struct slu_lookup {
	atomic_int holders; /* the thread and who began it */
	atomic_bool done;   /* set before fd is readable */
	int fd;
	int age;
	int err; /* this and the rest: the thread's until it is done */
	struct slu_player player;
	char error[1200];
	char url[];
};

void slu_lookup_prepare(void)
{
	slu_crypto_stays_at_exit();
}

static void put(struct slu_lookup *l)
{
	if (atomic_fetch_sub(&l->holders, 1) != 1)
		return;
	close(l->fd);
	free(l);
}

static void *look_up(void *arg)
{
	const struct slu_log silent = {.fn = NULL};
	struct slu_lookup *l = arg;

	l->err = slu_player_get(l->url, l->age, NULL, &silent, &l->player, l->error, sizeof l->error);
	atomic_store(&l->done, true);
	eventfd_write(l->fd, 1);
	put(l);
	return NULL;
}

/* Signals are for the other thread. */
static int begin_thread(struct slu_lookup *l)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, &attr, look_up, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

struct slu_lookup *slu_lookup_begin(const char *url, int age)
{
	size_t n = strlen(url) + 1;
	struct slu_lookup *l = calloc(1, sizeof *l + n);

	if (!l)
		return NULL;
	memcpy(l->url, url, n);
	l->age = age;
	atomic_init(&l->holders, 2);
	atomic_init(&l->done, false);
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd >= 0 && begin_thread(l) == 0)
		return l;
	if (l->fd >= 0)
		close(l->fd);
	free(l);
	return NULL;
}

int slu_lookup_fd(const struct slu_lookup *lookup)
{
	return lookup->fd;
}

bool slu_lookup_done(const struct slu_lookup *lookup)
{
	return atomic_load(&lookup->done);
}

int slu_lookup_result(const struct slu_lookup *lookup, struct slu_player *out, char *error, size_t size)
{
	*out = lookup->player;
	snprintf(error, size, "%s", lookup->error);
	return lookup->err;
}

void slu_lookup_end(struct slu_lookup *lookup)
{
	if (lookup)
		put(lookup);
}
