/* SPDX-License-Identifier: MIT */
#include "tools/spinner.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE = 128,
	TURNS = 1024,
	PARTS = 4,
	SPINNERS_MOST = 256,
	LOOK_AFTER = 256 /* counts */,
	TICKS = 100000 /* a second */
};

/* One processor's. In cache lines of its own: counting must not be seen from the others. */
struct one {
	alignas(LINE) atomic_ulong count; /* of TURNS */
	atomic_ulong had;                 /* of the processor's time, in ticks */
	pthread_t thread;
	int cpu;
	unsigned long last;
	double rate; /* counts a second when the processor is idle */
	atomic_bool *stop;
	unsigned long last_had;
};

struct slu_spinner {
	struct one *all; /* shared with processes that are forked: they may read, too */
	size_t n;
	atomic_bool stop;
	double at;   /* when it was read last */
	double stat; /* then, of /proc/stat: seconds */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long own_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (unsigned long)t.tv_sec * TICKS + (unsigned long)t.tv_nsec / (1000000000 / TICKS);
}

static void *spin(void *arg)
{
	struct one *o = arg;
	const struct sched_param none = {0};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)o->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof set, &set);
	pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
	for (unsigned long n = 1; !atomic_load_explicit(o->stop, memory_order_relaxed); n++) {
		for (volatile int i = 0; i < TURNS; i++)
			;
		atomic_store_explicit(&o->count, n, memory_order_relaxed);
		if (n % LOOK_AFTER == 0)
			atomic_store_explicit(&o->had, own_ticks(), memory_order_relaxed);
	}
	return NULL;
}

/* ---- what was counted ---- */

/* Counts of each since the last call into got, and how long that was. */
static double collect(struct slu_spinner *s, double *got)
{
	const double at = now(), took = at - s->at;

	for (size_t i = 0; i < s->n; i++) {
		const unsigned long count = atomic_load_explicit(&s->all[i].count, memory_order_relaxed);

		got[i] = (double)(count - s->all[i].last);
		s->all[i].last = count;
	}
	s->at = at;
	return took;
}

/* Seconds that all processors were busy, by the kernel's account: all fields but idle and iowait (proc(5)). */
static double stat_seconds(void)
{
	unsigned long long field[8] = {0};
	FILE *f = fopen("/proc/stat", "re");
	int n = 0;

	if (!f)
		return -1;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &field[0], &field[1], &field[2], &field[3],
		   &field[4], &field[5], &field[6], &field[7]);
	fclose(f);
	if (n < 7)
		return -1;
	return (double)(field[0] + field[1] + field[2] + field[5] + field[6] + field[7]) / (double)sysconf(_SC_CLK_TCK);
}

/* Of the spinners, since the last call. */
static double spun_seconds(struct slu_spinner *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		const unsigned long had = atomic_load_explicit(&s->all[i].had, memory_order_relaxed);

		sum += (double)(had - s->all[i].last_had) / TICKS;
		s->all[i].last_had = had;
	}
	return sum;
}

void slu_spinner_read(struct slu_spinner *s, struct slu_spinner_cost *out)
{
	double got[SPINNERS_MOST], stat = stat_seconds(), spun = spun_seconds(s);

	out->wall = collect(s, got);
	out->busy = 0;
	for (size_t i = 0; i < s->n; i++) {
		double lost = out->wall - got[i] / s->all[i].rate;

		out->busy += lost > 0 ? lost : 0;
	}
	out->stat = stat < 0 || s->stat < 0 ? -1 : stat - s->stat - spun;
	s->stat = stat;
}

/* ---- beginning and end ---- */

static bool start_all(struct slu_spinner *s)
{
	cpu_set_t set;
	int error;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && s->n < SPINNERS_MOST; cpu++) {
		struct one *o = &s->all[s->n];

		if (!CPU_ISSET((size_t)cpu, &set))
			continue;
		*o = (struct one){.cpu = cpu, .stop = &s->stop};
		error = pthread_create(&o->thread, NULL, spin, o);
		if (error) {
			errno = error;
			return false;
		}
		s->n++;
	}
	return s->n > 0;
}

/* The rate of each is the best of the parts: what was not idle was something else's. */
static double calibrate(struct slu_spinner *s, double seconds)
{
	const struct timespec part = {.tv_sec = (time_t)(seconds / PARTS),
				      .tv_nsec = (long)((seconds / PARTS - (double)(time_t)(seconds / PARTS)) * 1e9)};
	double worst[SPINNERS_MOST], got[SPINNERS_MOST], uneven = 0;

	for (int p = -1; p < PARTS; p++) { /* the first warms up */
		double took;

		nanosleep(&part, NULL);
		took = collect(s, got);
		for (size_t i = 0; p >= 0 && i < s->n; i++) {
			const double rate = got[i] / took;

			if (p == 0 || rate < worst[i])
				worst[i] = rate;
			if (rate > s->all[i].rate)
				s->all[i].rate = rate;
		}
	}
	for (size_t i = 0; i < s->n; i++) {
		if (s->all[i].rate <= 0) /* a processor that had no time at all */
			s->all[i].rate = 1;
		if (1 - worst[i] / s->all[i].rate > uneven)
			uneven = 1 - worst[i] / s->all[i].rate;
	}
	return uneven;
}

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct slu_spinner *slu_spinner_start(double seconds, double *unevenness)
{
	struct slu_spinner *s = calloc(1, sizeof *s);

	if (s)
		s->all = share(SPINNERS_MOST * sizeof *s->all);
	if (!s || !s->all || !start_all(s)) {
		const int error = errno;

		slu_spinner_stop(s);
		errno = error;
		return NULL;
	}
	s->at = now();
	*unevenness = calibrate(s, seconds);
	s->stat = stat_seconds();
	(void)spun_seconds(s);
	return s;
}

void slu_spinner_stop(struct slu_spinner *s)
{
	if (!s)
		return;
	atomic_store(&s->stop, true);
	for (size_t i = 0; i < s->n; i++)
		pthread_join(s->all[i].thread, NULL);
	if (s->all)
		munmap(s->all, SPINNERS_MOST * sizeof *s->all);
	free(s);
}
