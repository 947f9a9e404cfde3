/* SPDX-License-Identifier: MIT */
/* One connection of a scan, and the step that is carried out on it. */
#ifndef SLU_PROBE_SCAN_LANE_H
#define SLU_PROBE_SCAN_LANE_H

#include "base/buf.h"
#include "probe/plan.h"

/* A step, on a connection or waiting for one. */
struct slu_scan_job {
	struct slu_plan_step step;
	struct slu_inspect *inspect; /* begun, for a handshake; NULL: not yet, or it is the lane's */
	unsigned repeats;            /* how many times it was asked again after it met an end */
	bool alone;                  /* it was silent behind other connections, and is asked without them */
	unsigned rounds;             /* round trips before it could be asked */
};

struct slu_lane_ops;

struct slu_lane {
	int fd;                 /* -1: there is no connection */
	unsigned begun, number; /* in the order in which they were begun; and, once it stands, in which they came to */
	bool stands;
	bool muted;        /* the server speaks first, and that is kept for whoever asks */
	uint32_t events;   /* that are waited for */
	uint64_t stood_ms; /* when it came to stand */
	unsigned rounds;   /* round trips until it stood; then, until its step was asked */
	uint64_t due_ms;   /* to stand, or to be answered */
	bool has_job;      /* perhaps while it does not stand yet */
	struct slu_scan_job job;

	/* Once the step is asked. */
	const struct slu_lane_ops *ops; /* NULL: it is not */
	bool spare;                     /* it had stood before the step came */
	bool behind;                    /* others have stood longer */
	bool broken;                    /* the server takes no more bytes */
	uint64_t asked_ms;
	size_t bytes;        /* that came */
	uint64_t settled_ms; /* a handshake was done, and what follows is waited for until then; 0: it was not */
	struct slu_buf hello;
	size_t sent; /* of it */
	struct slu_hello_reader *reader;
	struct slu_inspect *inspect;
};

void slu_lane_init(struct slu_lane *l);

/* Begins with l->job on a connection that stands. 0 or <0. */
int slu_lane_ask(struct slu_lane *l, const struct slu_trust *trust, uint64_t now_ms);

struct slu_lane_count {
	uint64_t in, out;
	unsigned resets;
};

/* Sends and receives what can be. 1: the answer is known, and so is that there is none; 0: not yet; <0. */
int slu_lane_talk(struct slu_lane *l, struct slu_lane_count *count, uint64_t now_ms);

/* There is more to send. */
bool slu_lane_pending(const struct slu_lane *l);

/* It ends so, whatever is known by now. 0 or <0. */
int slu_lane_end(struct slu_lane *l, enum slu_hello_end how);

/* While it is idle: the server hung up. Bytes that came first are left where they are. */
bool slu_lane_lost(struct slu_lane *l);

/* Reads what has come, so that there is no reset, and closes the connection. What is known stays. */
void slu_lane_hang_up(struct slu_lane *l);

/* Likewise, and nothing stays. */
void slu_lane_clear(struct slu_lane *l);

#endif
