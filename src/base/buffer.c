/* SPDX-License-Identifier: MIT */
#include <sluice/buffer.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "base/tally.h"

struct slu_buffer {
	atomic_uint refs;
	uint8_t *data;
	size_t size;
	void (*release)(void *arg, void *data);
	void *arg;
	struct slu_tally *tally;
};

struct slu_buffer *slu_buffer_new(size_t size)
{
	struct slu_buffer *b;

	if (size > SIZE_MAX - sizeof *b)
		return NULL;
	b = malloc(sizeof *b + size);
	if (!b)
		return NULL;
	atomic_init(&b->refs, 1);
	b->data = (uint8_t *)(b + 1);
	b->size = size;
	b->release = NULL;
	b->arg = NULL;
	b->tally = NULL;
	return b;
}

struct slu_buffer *slu_buffer_new_counted(size_t size, struct slu_tally *tally)
{
	struct slu_buffer *b = slu_buffer_new(size);

	if (b && tally) {
		b->tally = tally;
		atomic_fetch_add_explicit(&tally->bytes, sizeof *b + size, memory_order_relaxed);
	}
	return b;
}

struct slu_buffer *slu_buffer_new_like(size_t size, const struct slu_buffer *like)
{
	return slu_buffer_new_counted(size, like ? like->tally : NULL);
}

struct slu_buffer *slu_buffer_wrap(void *data, size_t size, void (*release)(void *arg, void *data), void *arg)
{
	struct slu_buffer *b = slu_buffer_new(0);

	if (!b)
		return NULL;
	b->data = data;
	b->size = size;
	b->release = release;
	b->arg = arg;
	return b;
}

struct slu_buffer *slu_buffer_get(struct slu_buffer *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void slu_buffer_put(struct slu_buffer *b)
{
	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (b->tally)
		atomic_fetch_sub_explicit(&b->tally->bytes, sizeof *b + b->size, memory_order_relaxed);
	if (b->release)
		b->release(b->arg, b->data);
	free(b);
}

uint8_t *slu_buffer_data(struct slu_buffer *b)
{
	return b->data;
}

size_t slu_buffer_size(const struct slu_buffer *b)
{
	return b->size;
}

bool slu_buffer_unique(const struct slu_buffer *b)
{
	return atomic_load_explicit(&b->refs, memory_order_acquire) == 1;
}
