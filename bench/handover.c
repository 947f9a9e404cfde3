/* SPDX-License-Identifier: MIT */
/*
 * What the hand-over of an operation to a thread that a deadline can abandon costs: the provider's setting deadline_ms
 * against 0. The operation itself is one cheap call of the kernel, so that the difference is the hand-over's.
 *
 *     handover [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "provider/worker.h"

enum { ROUNDS = 20000, TURNS = 5, DEADLINE_MS = 1000 };

struct cost {
	double wall_ns, cpu_ns, switches; /* an operation */
};

static int cheap_call(void *arg)
{
	(void)arg;
	return syscall(SYS_getppid) < 0;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 0, or what the first operation that failed returned. */
static int measure(unsigned deadline_ms, long rounds, struct cost *out)
{
	struct rusage before, after;
	double begin;
	int error = 0;

	getrusage(RUSAGE_SELF, &before);
	begin = now();
	for (long i = 0; i < rounds && !error; i++)
		error = slu_dc_worker_run(cheap_call, NULL, deadline_ms);
	out->wall_ns = (now() - begin) * 1e9 / (double)rounds;
	getrusage(RUSAGE_SELF, &after);
	out->cpu_ns = (seconds(&after.ru_utime) + seconds(&after.ru_stime) - seconds(&before.ru_utime) -
		       seconds(&before.ru_stime)) *
		      1e9 / (double)rounds;
	out->switches = (double)(after.ru_nvcsw - before.ru_nvcsw) / (double)rounds;
	return error;
}

static void keep_better(struct cost *best, const struct cost *c)
{
	if (best->wall_ns == 0 || c->wall_ns < best->wall_ns)
		*best = *c;
}

int main(int argc, char **argv)
{
	const long rounds = argc > 1 ? atol(argv[1]) : ROUNDS;
	struct cost here = {0}, there = {0}, c;

	if (rounds < 1) {
		fprintf(stderr, "usage: handover [ROUNDS]\n");
		return 2;
	}
	/* Alternating, and the best of each: what else the machine does only adds. */
	for (int turn = 0; turn < TURNS; turn++) {
		if (measure(0, rounds, &c))
			return 1;
		keep_better(&here, &c);
		if (measure(DEADLINE_MS, rounds, &c)) {
			fprintf(stderr, "handover: no thread can be had, or none answers within %d ms\n", DEADLINE_MS);
			return 1;
		}
		keep_better(&there, &c);
	}
	printf("%-22s %10s %10s %10s\n", "an operation", "wall ns", "CPU ns", "switches");
	printf("%-22s %10.0f %10.0f %10.2f\n", "in the caller's thread", here.wall_ns, here.cpu_ns, here.switches);
	printf("%-22s %10.0f %10.0f %10.2f\n", "handed over", there.wall_ns, there.cpu_ns, there.switches);
	printf("%-22s %10.0f %10.0f %10.2f\n", "the hand-over", there.wall_ns - here.wall_ns,
	       there.cpu_ns - here.cpu_ns, there.switches - here.switches);
	return 0;
}
