/* SPDX-License-Identifier: MIT */
/* Which of many has its time first: a heap. Each is part of the caller's object. */
#ifndef SLU_SERVER_TIMERS_H
#define SLU_SERVER_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slu_timer {
	uint64_t at;
	size_t place; /* in the heap, from 1 on; 0: it is not in it. Private */
};

/* Zeroed, there is none. */
struct slu_timers {
	struct slu_timer **heap;
	size_t n, cap;
};

/* Room for one more than there may be now: setting it cannot fail then. 0 or SLU_ERR_NOMEM. */
int slu_timers_reserve(struct slu_timers *all, size_t n);
void slu_timers_clear(struct slu_timers *all);

/* Its time is at from here on; UINT64_MAX: it has none. */
void slu_timers_set(struct slu_timers *all, struct slu_timer *t, uint64_t at);

/* The first, or NULL. */
struct slu_timer *slu_timers_first(const struct slu_timers *all);

#endif
