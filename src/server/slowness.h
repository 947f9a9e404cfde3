/* SPDX-License-Identifier: MIT */
/* For how long a player has been too slow: from when it first lost something, until it has caught up and lost nothing
 * for a while. One that goes on with a key frame only to fill its queue again is slow all the while. */
#ifndef SLU_SERVER_SLOWNESS_H
#define SLU_SERVER_SLOWNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it: it is not slow. */
struct slu_slowness {
	bool slow;
	uint64_t since_ms; /* that it is */
	uint64_t busy_ms;  /* when it last lost something, or was behind */
	uint64_t look_ms;  /* when to look again */
};

/* It begins to lose something. */
void slu_slowness_begin(struct slu_slowness *s, uint64_t now_ms);

/* Looks at one that is slow: whether it loses something now, and its queue, which holds max bytes. */
void slu_slowness_look(struct slu_slowness *s, bool losing, size_t queued, size_t max, unsigned timeout_ms,
		       uint64_t now_ms);

/* When it is to be looked at; UINT64_MAX: it is not slow. */
uint64_t slu_slowness_deadline(const struct slu_slowness *s, unsigned timeout_ms);

/* Whether it has been slow for that long. */
bool slu_slowness_over(const struct slu_slowness *s, unsigned timeout_ms, uint64_t now_ms);

#endif
