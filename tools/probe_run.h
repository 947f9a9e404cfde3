/* SPDX-License-Identifier: MIT */
/* Any number of targets, so many at a time: what came of one is shown and forgotten. */
#ifndef SLU_TOOLS_PROBE_RUN_H
#define SLU_TOOLS_PROBE_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include <sluice/conn.h>
#include <sluice/tls.h>

#include "probe/scan.h"

#include "tools/probe_result.h"
#include "tools/probe_target.h"

struct slu_probe_costs;

enum { SLU_PROBE_PARALLEL = 256 };

struct slu_probe_job {
	struct slu_scan_config scan;
	bool rtmp;                   /* go on to RTMP, with these: */
	struct slu_conn_config conn; /* but for its TLS, */
	struct slu_tls_config tls;   /* which is this, with the versions and suites of the advice */
	const struct slu_probe_costs *costs;
	bool allow_weak;
	size_t parallel; /* 1..SLU_PROBE_PARALLEL */
	/* False: it is of no use to go on. */
	bool (*show)(void *ctx, const struct slu_probe_result *result);
	/* After each step: targets that are done, and the answers of those under way. */
	void (*progress)(void *ctx, size_t done, unsigned answers);
	void *ctx;
};

/* Until all are done, or a signal asks to end. In the order in which they are done, not that of the list. An enum
 * slu_exit: that of the targets which failed, where it is the same for all of these, or else SLU_EXIT_OTHER; what is
 * wrong with the job itself is said. */
int slu_probe_run(const struct slu_probe_job *job, const struct slu_probe_targets *targets);

#endif
