/* SPDX-License-Identifier: MIT */
/* A bar that shows how far a long run is. It only moves forward, whatever is said to it. */
#ifndef SLU_TOOLS_BAR_H
#define SLU_TOOLS_BAR_H

#include <stddef.h>

/* All zeros: nothing begun. Times are seconds, of any clock. */
struct slu_bar {
	double whole; /* that all stages are expected to take */
	double done;  /* of those that are over, as expected */
	double stage; /* the one under way, as expected */
	double at;    /* 0 to 1: what was shown */
	double begun;
};

void slu_bar_begin(struct slu_bar *b, double whole, double now);

/* The next stage begins, and the one before is over. */
void slu_bar_stage(struct slu_bar *b, double expected);

/* done: 0 to 1, of this stage. "[####------] 40 %, about 12 s left: what", cut to size. Returns out. */
const char *slu_bar_text(struct slu_bar *b, double done, double now, const char *what, char *out, size_t size);

#endif
