/* SPDX-License-Identifier: MIT */
/*
 * Happy eyeballs (RFC 8305): several addresses of one host are tried, each a little after the one before it or at once
 * when that has failed, and the first connection that stands wins. The time is given by the caller.
 */
#ifndef SLU_NET_RACE_H
#define SLU_NET_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/resolve.h"

enum { SLU_RACE_DELAY_MS = 250 }; /* RFC 8305, 5: Connection Attempt Delay */

struct slu_race_attempt {
	struct slu_address addr;
	int fd;  /* -1: not begun or over */
	int err; /* errno of its failure; 0: not begun or under way */
};

struct slu_race {
	int epfd;                        /* the caller's; an attempt's events carry its index in data.u64 */
	const struct slu_address *local; /* what to bind to; NULL: the kernel's choice */
	const char *interface;           /* what to bind to; NULL likewise */
	int send_buffer;                 /* SO_SNDBUF; 0: the kernel's */
	size_t count, begun, under_way;
	uint64_t next_ms; /* when the next attempt begins at the latest */
	struct slu_race_attempt attempts[SLU_MAX_ADDRESSES];
};

/* Interleaves the families, beginning with that of the first address (RFC 8305, 4); the system's order within each is
 * kept. */
void slu_race_order(struct slu_address *list, size_t n);

/* The addresses to try, in this order. The other fields are the caller's to set. */
void slu_race_start(struct slu_race *r, const struct slu_address *list, size_t n);

/* Looks at what is under way and begins what is due. The connected socket and its address in *peer, or -1: then the
 * race is lost when nothing is under way any more. */
int slu_race_step(struct slu_race *r, uint64_t now_ms, struct slu_address *peer);

/* When slu_race_step() must run again though no socket had news; UINT64_MAX: never. */
uint64_t slu_race_deadline(const struct slu_race *r);

/* A connection apart from the race, with what it binds to: a socket, the caller's, which stands or else becomes
 * writable when it does, or when it has failed (SO_ERROR). Or an errno, negative. */
int slu_race_connect(const struct slu_race *r, const struct slu_address *to, bool *stands);

/* Closes what is under way. */
void slu_race_clear(struct slu_race *r);

#endif
