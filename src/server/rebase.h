/* SPDX-License-Identifier: MIT */
/* The timestamps of a stream whose publisher another one has taken over: they go on, whatever clock the new one has. */
#ifndef SLU_SERVER_REBASE_H
#define SLU_SERVER_REBASE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero it: timestamps stay as they are. */
struct slu_rebase {
	uint32_t offset; /* what is added */
	uint32_t floor;  /* where the new publisher begins */
	uint32_t last;   /* what came out last */
	bool on;
	bool pending; /* its first frame, which is put at the floor, is yet to come */
	bool near;    /* the floor: what it sends late of before its first frame does not go below */
};

/* From here on a publisher begins at this timestamp. */
void slu_rebase_begin(struct slu_rebase *r, uint32_t at);

/* What a timestamp becomes. frame: of audio or video; others, whose clock is often none, come with the last frame. */
uint32_t slu_rebase(struct slu_rebase *r, bool frame, uint32_t timestamp);

#endif
