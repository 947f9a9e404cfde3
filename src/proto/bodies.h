/* SPDX-License-Identifier: MIT */
/*
 * Storage for message bodies, used again: capacities are powers of two from 1 KiB on, so that what one message leaves
 * serves the next of its kind. One body of each capacity up to 256 KiB is kept: 511 KiB at most, however large the
 * messages were.
 */
#ifndef SLU_PROTO_BODIES_H
#define SLU_PROTO_BODIES_H

#include <stddef.h>

#include <sluice/buffer.h>

enum {
	SLU_BODY_MIN = 1024,
	SLU_BODY_KEEP = 262144,
	SLU_BODY_SPARES = 9 /* 1 KiB, 2 KiB, ... 256 KiB */
};

struct slu_bodies {
	struct slu_buffer *spare[SLU_BODY_SPARES]; /* all NULL to begin with */
};

void slu_bodies_clear(struct slu_bodies *bodies);

/* A spare that holds a whole message of this length: it costs nothing to use it at once. NULL when there is none. */
struct slu_buffer *slu_bodies_take(struct slu_bodies *bodies, size_t length);

/* Lets go of b (not NULL): keeps it for later when nobody else holds it and its place is free. */
void slu_bodies_put(struct slu_bodies *bodies, struct slu_buffer *b);

/* The capacity for need bytes of a message of this length: a power of two, but not far beyond the length. */
size_t slu_body_capacity(size_t need, size_t length);

#endif
