/* SPDX-License-Identifier: MIT */
/* How fast a server is asked: so many steps at a time, so many connections a second, and pauses. The time is given. */
#ifndef SLU_PROBE_SCAN_PACE_H
#define SLU_PROBE_SCAN_PACE_H

#include <stdint.h>

enum { SLU_PACE_PAUSE_MS = 250, SLU_PACE_DOUBLINGS = 3 };

struct slu_pace {
	unsigned most, lanes;  /* steps at a time: at most, and now */
	unsigned spare;        /* connections to make ahead, at most */
	uint64_t paused_until; /* ms: nothing is asked before */
	unsigned pauses;       /* in a row */
	/* Connections have an interval; as many as fit beside each other may come at once. */
	uint64_t interval_us, burst_us, due_us;
};

/* lanes and rate (a second) are at least 1. */
void slu_pace_init(struct slu_pace *p, unsigned lanes, unsigned rate);

/* The time from which on the next connection may be begun; it may have passed. */
uint64_t slu_pace_when(const struct slu_pace *p);

/* One was begun. */
void slu_pace_begun(struct slu_pace *p, uint64_t now_ms);

/* How many are to be made ahead at most. */
unsigned slu_pace_ahead(const struct slu_pace *p);

/* A pause, longer than the one before it, and one step at a time from now on. */
void slu_pace_back_off(struct slu_pace *p, uint64_t now_ms);

/* It went well: the next pause is a short one again. */
void slu_pace_well(struct slu_pace *p);

void slu_pace_narrow(struct slu_pace *p); /* one step at a time, and nothing ahead */
void slu_pace_widen(struct slu_pace *p);  /* as many as at first */

#endif
