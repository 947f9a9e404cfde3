/* SPDX-License-Identifier: MIT */
/*
 * Reference-counted bytes. A message's payload lies in one, so that it can be queued to many connections, outlive a
 * short write, and be recycled when the last holder lets go, without being copied.
 *
 * While a buffer has one holder, that holder may write into it. From the moment it is shared (a second reference, or
 * a message queued from it) its bytes must not change: they are on their way.
 *
 * Thread safety: slu_buffer_get() and slu_buffer_put() may be called from any thread (the count is atomic). The
 * release callback runs in the thread that put the last reference.
 */
#ifndef SLUICE_BUFFER_H
#define SLUICE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct slu_buffer;

/* size bytes of storage, not initialised, with one reference that the caller owns. NULL when out of memory. */
struct slu_buffer *slu_buffer_new(size_t size);

/* Wraps bytes that the caller owns. release(arg, data) is called once, when the last reference is put; it may be NULL
 * for bytes that outlive everything (static data). NULL when out of memory, and then release is not called. */
struct slu_buffer *slu_buffer_wrap(void *data, size_t size, void (*release)(void *arg, void *data), void *arg);

/* One more reference; returns b. */
struct slu_buffer *slu_buffer_get(struct slu_buffer *b);

/* One reference less; the last one frees. NULL is fine. */
void slu_buffer_put(struct slu_buffer *b);

/* Where the bytes are, and how many. */
uint8_t *slu_buffer_data(struct slu_buffer *b);
size_t slu_buffer_size(const struct slu_buffer *b);

/* True while the caller's is the only reference: the buffer may be written again. */
bool slu_buffer_unique(const struct slu_buffer *b);

#ifdef __cplusplus
}
#endif
#endif
