/* SPDX-License-Identifier: MIT */
/* Between the files of the scanner. */
#ifndef SLU_PROBE_SCAN_IMPL_H
#define SLU_PROBE_SCAN_IMPL_H

#include "base/log.h"
#include "net/address.h"
#include "net/dial.h"
#include "probe/plan.h"
#include "probe/report.h"
#include "probe/scan.h"
#include "probe/scan_lane.h"
#include "probe/scan_pace.h"

enum {
	SLU_SCAN_SOCKETS = 2 * SLU_SCAN_LANES - 1,
	SLU_SCAN_FAILURES = 4, /* connections in a row that do not come about */
	SLU_SCAN_NAME = 256,
};

/* Why the plan was stopped. */
enum slu_scan_stop { SLU_STOP_NOT, SLU_STOP_TIME, SLU_STOP_CONNECT };

struct slu_scan {
	struct slu_report report;
	struct slu_plan *plan;
	const struct slu_trust *trust;
	struct slu_dial *dial; /* the first connection, and after that how others are made */
	bool connected;        /* the first one was */
	int epfd;
	int err; /* sticky */
	bool done;
	enum slu_scan_stop stop;
	int connect_error; /* errno of the last connection that did not come about */
	unsigned failures; /* of them in a row */

	struct slu_pace pace;
	struct slu_lane lanes[SLU_SCAN_SOCKETS];
	/* Asked for by the plan, and waiting for a connection: first in, first out. */
	struct slu_scan_job again[SLU_SCAN_LANES + 1];
	size_t nagain;
	bool held;                           /* the pace keeps something back */
	bool doubted;                        /* connections were closed to see whether the server waits for them */
	unsigned critical;                   /* round trips until the last answer */
	bool hangs_up[SLU_HELLO_SILENT + 1]; /* repeating did not help: it is how the server answers */
	unsigned numbers;                    /* of connections */
	unsigned rounds;                     /* round trips until what is dealt with now happened */
	struct slu_lane_count count;

	unsigned connect_ms, answer_ms;
	uint64_t begun_ms, end_ms, heard_ms, now_ms;
	struct slu_log log;
	char name[SLU_SCAN_NAME]; /* that the certificate is verified for, and sent where it is no address */
	char endpoint[SLU_ENDPOINT_TEXT];
};

/* ---- scan_jobs.c: which step gets which connection ---- */

/* Asks whatever may be asked now, and makes connections ahead. 0 or <0. */
int slu_scan_fill(struct slu_scan *s);

/* A connection that was begun. NULL: the system does not let it be waited for, and it is closed (errno). */
struct slu_lane *slu_scan_add(struct slu_scan *s, int fd);

/* It stands: its job is asked, if there is one. 0 or <0. */
int slu_scan_stands(struct slu_scan *s, struct slu_lane *l);

/* It did not come about, or could not be begun (NULL). 0 or <0. */
int slu_scan_failed(struct slu_scan *s, struct slu_lane *l, int error);

/* The step is over: the plan is told, or it is asked again. 0 or <0. */
int slu_scan_over(struct slu_scan *s, struct slu_lane *l);

/* It was not answered in time. 0 or <0. */
int slu_scan_silent(struct slu_scan *s, struct slu_lane *l);

/* One by one from now on: connections without a step are closed. */
void slu_scan_narrow(struct slu_scan *s);

/* Sets what the descriptor waits for. */
void slu_scan_watch(struct slu_scan *s, struct slu_lane *l);

static inline bool slu_lane_idle(const struct slu_lane *l)
{
	return l->fd >= 0 && !l->has_job;
}

/* ---- scan_end.c: how it ended, in one sentence ---- */

/* The first connection failed. */
void slu_scan_unconnected(struct slu_scan *s);

/* Nothing more is asked. 0 or <0. */
int slu_scan_cut(struct slu_scan *s, enum slu_scan_stop why);

/* The plan is done. */
void slu_scan_conclude(struct slu_scan *s);

#endif
