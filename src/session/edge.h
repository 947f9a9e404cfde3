/* SPDX-License-Identifier: MIT */
/*
 * RTMPE's edge of a session: one pass of RC4 over all that comes in and all that goes out behind the handshake. A byte
 * goes through the key stream once and in its turn, so it is kept here from when that was done until it was taken: what
 * comes in until the session has read it, what goes out until it is written. Nothing overtakes there any more.
 */
#ifndef SLU_SESSION_EDGE_H
#define SLU_SESSION_EDGE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/chunk_out.h"
#include "proto/rc4.h"

struct slu_edge;

/* What is in co's queue already belongs to the handshake, and goes out as it is. NULL when out of memory. */
struct slu_edge *slu_edge_new(const struct slu_rc4 *in, const struct slu_rc4 *out, const struct slu_chunk_out *co);
void slu_edge_free(struct slu_edge *e);

/* The plain text of as many of the n bytes at data as *got says, 1 at least. How many of them were taken is to be said
 * with slu_edge_took(); data begins with the rest of them the next time. */
const uint8_t *slu_edge_in(struct slu_edge *e, const uint8_t *data, size_t n, size_t *got);
void slu_edge_took(struct slu_edge *e, size_t n);

/* As slu_session_out() and slu_session_sent(); takes from co what there is room for. */
size_t slu_edge_out(struct slu_edge *e, struct slu_chunk_out *co, struct slu_vec *vec, size_t max);
void slu_edge_sent(struct slu_edge *e, size_t n);

/* Bytes taken from a queue and not yet sent. */
size_t slu_edge_queued(const struct slu_edge *e);

#endif
