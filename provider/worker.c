/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	IDLE_MOST = 4,        /* threads kept for the next run */
	STACK_SIZE = 1 << 17, /* what runs here is a call of the kernel; only pages that were touched count */
	SLICES = 8            /* of a deadline: see wait_done() */
};

enum worker_state {
	WAITING,   /* for a run */
	RUNNING,   /* its caller waits */
	DONE,      /* its caller has not looked yet */
	ABANDONED, /* its caller is gone for good */
	RETIRED    /* not needed any more */
};

/* A thread. It frees itself when it ends, unless it was abandoned: then it stays, with all that its run may touch. */
struct worker {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	enum worker_state state;
	int (*run)(void *arg);
	void *arg;
	int result;
	struct worker *next_idle;
	struct worker *previous, *next; /* all there are: what was abandoned stays reachable */
};

static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	struct worker *idle;
	unsigned idles;
	struct worker *all;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void fork_prepare(void)
{
	pthread_mutex_lock(&pool.lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&pool.lock);
}

/* The threads stayed with the parent. Their records are left alone: their locks may be held for ever. */
static void fork_child(void)
{
	pool.idle = NULL;
	pool.idles = 0;
	pthread_mutex_unlock(&pool.lock);
}

static void pool_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static void list_add(struct worker *w)
{
	w->previous = NULL;
	w->next = pool.all;
	if (pool.all)
		pool.all->previous = w;
	pool.all = w;
}

static void list_remove(struct worker *w)
{
	if (w->previous)
		w->previous->next = w->next;
	else
		pool.all = w->next;
	if (w->next)
		w->next->previous = w->previous;
}

static void worker_free(struct worker *w)
{
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static struct worker *worker_new(void)
{
	struct worker *w = calloc(1, sizeof *w);
	pthread_condattr_t monotonic;

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, NULL);
	pthread_cond_init(&w->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return w;
}

/* Waits for a run and does it: DONE, or why the thread ends. */
static enum worker_state serve(struct worker *w)
{
	enum worker_state state;
	int result;

	pthread_mutex_lock(&w->lock);
	while (w->state == WAITING || w->state == DONE)
		pthread_cond_wait(&w->wake, &w->lock);
	state = w->state;
	pthread_mutex_unlock(&w->lock);
	if (state != RUNNING) /* abandoned before it began, when the machine is that busy */
		return state;

	result = w->run(w->arg);
	pthread_mutex_lock(&w->lock);
	if (w->state == RUNNING) {
		w->result = result;
		w->state = DONE;
	}
	state = w->state;
	pthread_mutex_unlock(&w->lock);
	if (state == DONE)
		pthread_cond_signal(&w->done);
	return state;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	enum worker_state state;

	prctl(PR_SET_NAME, "slu-devcrypto", 0, 0, 0);
	do
		state = serve(w);
	while (state == DONE);
	if (state != RETIRED)
		return NULL;
	pthread_mutex_lock(&pool.lock);
	list_remove(w);
	pthread_mutex_unlock(&pool.lock);
	worker_free(w);
	return NULL;
}

/* With all signals blocked from its first instruction on: an application's handlers run in its own threads. */
static int start_thread(struct worker *w)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	size_t usual;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_getstacksize(&attr, &usual);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attr, worker_main, w);
	if (error == EINVAL) { /* the program's thread-local data, which glibc puts there, is larger */
		pthread_attr_setstacksize(&attr, usual);
		error = pthread_create(&thread, &attr, worker_main, w);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

/* An idle thread, or a new one. */
static struct worker *take(void)
{
	struct worker *w;

	pthread_once(&pool.once, pool_init);
	pthread_mutex_lock(&pool.lock);
	w = pool.idle;
	if (w) {
		pool.idle = w->next_idle;
		pool.idles--;
	}
	pthread_mutex_unlock(&pool.lock);
	if (w)
		return w;

	w = worker_new();
	if (!w)
		return NULL;
	pthread_mutex_lock(&pool.lock);
	list_add(w);
	pthread_mutex_unlock(&pool.lock);
	if (!start_thread(w))
		return w;
	pthread_mutex_lock(&pool.lock);
	list_remove(w);
	pthread_mutex_unlock(&pool.lock);
	worker_free(w);
	return NULL;
}

/* Keeps a worker that has done its run for the next, or ends it. */
static void give_back(struct worker *w)
{
	bool keep;

	pthread_mutex_lock(&pool.lock);
	keep = pool.idles < IDLE_MOST;
	if (keep) {
		w->next_idle = pool.idle;
		pool.idle = w;
		pool.idles++;
	}
	pthread_mutex_unlock(&pool.lock);
	if (keep)
		return;
	pthread_mutex_lock(&w->lock);
	w->state = RETIRED;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * Waits in slices: a program that was stopped, by SIGSTOP or a debugger, would find its deadline passed when it goes
 * on, though the device was given no time to be seen answering. So it has lost one slice.
 */
static void wait_done(struct worker *w, unsigned deadline_ms)
{
	const long long slice = deadline_ms * 1000000LL / SLICES;
	int passed = 0;

	while (w->state == RUNNING && passed < SLICES) {
		long long until = now_ns() + slice;
		struct timespec t = {.tv_sec = (time_t)(until / 1000000000), .tv_nsec = (long)(until % 1000000000)};

		passed += pthread_cond_timedwait(&w->done, &w->lock, &t) == ETIMEDOUT;
	}
}

static int hand_over(struct worker *w, int (*run)(void *arg), void *arg, unsigned deadline_ms)
{
	int result = -ETIMEDOUT;
	bool done;

	/* Signals come after the unlocking: who is woken would at once wait for the lock, twice the cost. */
	pthread_mutex_lock(&w->lock);
	w->run = run;
	w->arg = arg;
	w->state = RUNNING;
	pthread_mutex_unlock(&w->lock);
	pthread_cond_signal(&w->wake);
	pthread_mutex_lock(&w->lock);
	wait_done(w, deadline_ms);
	done = w->state == DONE;
	if (done)
		result = w->result;
	w->state = done ? WAITING : ABANDONED;
	pthread_mutex_unlock(&w->lock);
	if (done)
		give_back(w);
	return result;
}

int slu_dc_worker_run(int (*run)(void *arg), void *arg, unsigned deadline_ms)
{
	struct worker *w;
	int cancel, result;

	if (!deadline_ms)
		return run(arg);
	w = take();
	if (!w)
		return -EAGAIN;
	/* Waiting is a cancellation point, and a caller that vanished in it would free what the worker writes to. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	result = hand_over(w, run, arg, deadline_ms);
	pthread_setcancelstate(cancel, NULL);
	return result;
}
