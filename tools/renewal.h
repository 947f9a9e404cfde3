/* SPDX-License-Identifier: MIT */
/*
 * Whether a connection that has ended is made again. One whose keys cannot be changed (SLU_ERR_RENEW) is, at once.
 * Where the server still holds the stream's name for a moment, and refuses the new one or drops it, it is tried again a
 * few times: until the connection has stood for a moment, it is on trial.
 */
#ifndef SLU_TOOLS_RENEWAL_H
#define SLU_TOOLS_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SLU_RENEWAL_PAUSE_MS = 500,
	SLU_RENEWAL_TRIES = 10,        /* on trial, after the first */
	SLU_RENEWAL_WINDOW_MS = 10000, /* no try begins later than that after the renewal */
	SLU_RENEWAL_IDLE = 3           /* connections in a row that carried nothing: the server only asks for keys */
};

struct slu_renewal {
	unsigned count; /* connections made again because of their keys */
	bool trial;     /* this connection is such a one, and has not stood yet */
	unsigned tries, idle;
	uint64_t renewed_ms;
};

/* A connection ended with err, and carried something of the stream or not. ms to wait before the next one begins; -1:
 * there is none, and err stands. */
int slu_renewal_after(struct slu_renewal *r, int err, bool carried, uint64_t now_ms);

/* The trial is over. */
void slu_renewal_stood(struct slu_renewal *r);

#endif
