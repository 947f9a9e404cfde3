/* SPDX-License-Identifier: MIT */
/* How much of a kind of storage is in use, wherever references to it lie, and in whichever thread: each buffer counts
 * once, from its making to its end. */
#ifndef SLU_BASE_TALLY_H
#define SLU_BASE_TALLY_H

#include <stdatomic.h>
#include <stddef.h>

#include <sluice/buffer.h>

/* Must outlive what is counted. */
struct slu_tally {
	atomic_size_t bytes;
};

static inline size_t slu_tally_bytes(const struct slu_tally *t)
{
	return atomic_load_explicit(&t->bytes, memory_order_relaxed);
}

/* slu_buffer_new(), counted; tally NULL: nowhere. */
struct slu_buffer *slu_buffer_new_counted(size_t size, struct slu_tally *tally);

/* The same, where like is counted, which may be NULL. */
struct slu_buffer *slu_buffer_new_like(size_t size, const struct slu_buffer *like);

#endif
