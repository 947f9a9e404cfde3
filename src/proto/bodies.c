/* SPDX-License-Identifier: MIT */
#include "proto/bodies.h"

/* The index in spare[] of the least capacity that holds size; SLU_BODY_SPARES when such are not kept. */
static unsigned spare_index(size_t size)
{
	unsigned i = 0;

	for (size_t capacity = SLU_BODY_MIN; capacity < size && i < SLU_BODY_SPARES; capacity *= 2)
		i++;
	return i;
}

void slu_bodies_clear(struct slu_bodies *bodies)
{
	for (unsigned i = 0; i < SLU_BODY_SPARES; i++) {
		slu_buffer_put(bodies->spare[i]);
		bodies->spare[i] = NULL;
	}
}

struct slu_buffer *slu_bodies_take(struct slu_bodies *bodies, size_t length)
{
	unsigned i = spare_index(length);
	struct slu_buffer *b;

	if (i == SLU_BODY_SPARES)
		return NULL;
	b = bodies->spare[i];
	bodies->spare[i] = NULL;
	return b;
}

void slu_bodies_put(struct slu_bodies *bodies, struct slu_buffer *b)
{
	size_t size = slu_buffer_size(b);
	unsigned i = spare_index(size);

	if (i < SLU_BODY_SPARES && size == (size_t)SLU_BODY_MIN << i && !bodies->spare[i] && slu_buffer_unique(b))
		bodies->spare[i] = b;
	else
		slu_buffer_put(b);
}

size_t slu_body_capacity(size_t need, size_t length)
{
	size_t capacity = SLU_BODY_MIN;

	while (capacity < need)
		capacity *= 2;
	return capacity > SLU_BODY_KEEP && capacity > length ? length : capacity;
}
