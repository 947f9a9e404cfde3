/* SPDX-License-Identifier: MIT */
#include "tools/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/workload.h"

enum {
	WARM = 32,   /* records: a provider checks the first 16 */
	KEPT = 4096, /* latencies, the last ones */
	RECORD_MOST = 16384,
	STRIDE = 37 /* a prime: all lengths are had, and long ones soon after short ones */
};

#define LATENCY_SHARE 0.2  /* of the time, for the latencies */
#define LOOK_AFTER    1e-3 /* seconds: between two looks at the clock in the rest */

struct run {
	const struct slu_work *work;
	size_t record;
	uint64_t timed, records;
	double latency[KEPT]; /* seconds */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each record by the clock. */
static int time_each(struct run *r, double seconds)
{
	double at = now();
	const double end = at + seconds;
	int err = 0;

	while (at < end && !err) {
		const double before = at;

		err = r->work->make(r->work->arg, r->record);
		at = now();
		r->latency[r->timed++ % KEPT] = at - before;
	}
	return err;
}

/* Reading the clock is a system call on some devices, which costs as much as a short record: seldom, here. */
static int make_for(struct run *r, double seconds, double each)
{
	const double end = now() + seconds;
	const uint64_t batch = each < LOOK_AFTER ? (uint64_t)(LOOK_AFTER / (each > 1e-8 ? each : 1e-8)) : 1;
	int err = 0;

	do {
		for (uint64_t i = 0; i < batch && !err; i++, r->records++)
			err = r->work->make(r->work->arg, r->record);
	} while (!err && now() < end);
	return err;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void summarise(struct run *r, const struct slu_spinner_cost *cost, struct slu_cost *out)
{
	const size_t n = r->timed < KEPT ? (size_t)r->timed : KEPT;
	const double mb = (double)r->records * (double)r->record / 1e6;

	qsort(r->latency, n, sizeof *r->latency, by_size);
	out->records = r->timed + r->records;
	out->mb_per_s = mb / cost->wall;
	out->median_us = r->latency[n / 2] * 1e6;
	out->p99_us = r->latency[n - 1 - n / 100] * 1e6;
	out->cpu_ms_per_mb = cost->busy * 1e3 / mb;
	out->stat_ms_per_mb = cost->stat < 0 ? -1 : cost->stat * 1e3 / mb;
}

int slu_measure_work(struct slu_spinner *spinner, const struct slu_work *work, size_t record, double seconds,
		     struct slu_cost *out)
{
	struct slu_spinner_cost cost;
	struct run *r = calloc(1, sizeof *r);
	int err = r ? 0 : SLU_ERR_NOMEM;

	memset(out, 0, sizeof *out);
	if (r)
		*r = (struct run){.work = work, .record = record};
	for (int i = 0; i < WARM && !err; i++)
		err = work->make(work->arg, record);
	if (!err)
		err = time_each(r, seconds * LATENCY_SHARE);
	if (!err) {
		if (work->settle)
			work->settle(work->arg);
		slu_spinner_read(spinner, &cost);
		err = make_for(r, seconds * (1 - LATENCY_SHARE), seconds * LATENCY_SHARE / (double)r->timed);
	}
	if (!err) {
		if (work->settle)
			work->settle(work->arg);
		slu_spinner_read(spinner, &cost);
		summarise(r, &cost, out);
	}
	free(r);
	return err;
}

/* ---- records in memory ---- */

struct sealing {
	struct slu_workload *load;
	size_t records;
};

/* Lengths of a quarter less to a quarter more in turn, n on average: powers of two, and few others, are what vector
 * code is best at. Full records have the length that they have. */
static int seal(void *arg, size_t n)
{
	struct sealing *s = arg;
	const size_t around = n < RECORD_MOST ? n / 4 : 0;

	return slu_workload_seal(s->load, n - around + s->records++ * STRIDE % (2 * around + 1));
}

static uint64_t device_operations(const struct slu_workload *load)
{
	struct slu_tls_offload_stats stats;

	slu_workload_offload(load, &stats);
	return stats.operations;
}

static bool was_turned_off(const struct slu_workload *load)
{
	struct slu_tls_offload_stats stats;

	slu_workload_offload(load, &stats);
	return stats.off;
}

int slu_measure(struct slu_spinner *spinner, const struct slu_way *way, size_t record, double seconds,
		const struct slu_log *log, struct slu_cost *out, char *error, size_t size)
{
	struct sealing s = {0};
	uint64_t before; /* of the handshake */
	const bool tls13 = way->version == SLU_TLS_1_3;
	int err;

	if (size)
		error[0] = '\0';
	if (way->kernel)
		return slu_measure_ktls(spinner, NULL, way->cipher, tls13, record, seconds, out, error, size);
	memset(out, 0, sizeof *out);
	s.load = slu_workload_new(way->version, way->suite, way->etm, way->offload, log, error, size);
	if (!s.load)
		return SLU_ERR_TLS;
	if (slu_workload_passed_over(s.load)) {
		snprintf(error, size, "%s", slu_workload_passed_over(s.load));
		slu_workload_free(s.load);
		return SLU_ERR_TLS;
	}
	before = device_operations(s.load);
	err = slu_measure_work(spinner, &(struct slu_work){.make = seal, .arg = &s}, record, seconds, out);
	out->device_operations = device_operations(s.load) - before;
	if (was_turned_off(s.load)) {
		snprintf(error, size, "hung, failed or was wrong while it was measured: do not use it");
		err = SLU_ERR_IO;
	}
	slu_workload_free(s.load);
	return err;
}
