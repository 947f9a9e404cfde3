/* SPDX-License-Identifier: MIT */
#include "server/record_index.h"

#include <stdbool.h>
#include <stdlib.h>

enum { FIRST = 64 };

void slu_record_index_init(struct slu_record_index *x, size_t max)
{
	*x = (struct slu_record_index){.max = max, .every = 1};
}

void slu_record_index_clear(struct slu_record_index *x)
{
	free(x->keys);
	slu_record_index_init(x, x->max);
}

static void halve(struct slu_record_index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n; i += 2)
		x->keys[n++] = x->keys[i];
	x->n = n;
	x->every *= 2;
}

static bool grow(struct slu_record_index *x)
{
	size_t cap = x->cap ? 2 * x->cap : FIRST;
	struct slu_record_key *keys;

	if (x->cap == x->max)
		return false;
	if (cap > x->max)
		cap = x->max;
	keys = realloc(x->keys, cap * sizeof *keys);
	if (!keys)
		return false;
	x->keys = keys;
	x->cap = cap;
	return true;
}

void slu_record_index_add(struct slu_record_index *x, int64_t time_ms, uint64_t position)
{
	if (x->seen++ % x->every != 0)
		return;
	if (x->n == x->cap && !grow(x)) {
		halve(x);
		/* It is the next in turn still when those that went were an even number; else it went with them. */
		if ((x->seen - 1) % x->every != 0 || x->n == x->cap)
			return;
	}
	x->keys[x->n++] = (struct slu_record_key){time_ms, position};
}

void slu_record_index_thin(struct slu_record_index *x, size_t max)
{
	while (x->n > max && x->n > 1)
		halve(x);
}
