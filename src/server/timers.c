/* SPDX-License-Identifier: MIT */
#include "server/timers.h"

#include <stdlib.h>

#include <sluice/error.h>

enum { FIRST = 64 };

int slu_timers_reserve(struct slu_timers *all, size_t n)
{
	size_t cap = all->cap ? all->cap : FIRST;
	struct slu_timer **heap;

	while (cap < n)
		cap *= 2;
	if (cap == all->cap)
		return 0;
	heap = realloc(all->heap, cap * sizeof *heap);
	if (!heap)
		return SLU_ERR_NOMEM;
	all->heap = heap;
	all->cap = cap;
	return 0;
}

void slu_timers_clear(struct slu_timers *all)
{
	free(all->heap);
	*all = (struct slu_timers){0};
}

/* Places count from 1: half of one is its parent's. */
static void put(struct slu_timers *all, size_t place, struct slu_timer *t)
{
	all->heap[place - 1] = t;
	t->place = place;
}

static void rise(struct slu_timers *all, struct slu_timer *t)
{
	size_t place = t->place;

	for (; place > 1 && all->heap[place / 2 - 1]->at > t->at; place /= 2)
		put(all, place, all->heap[place / 2 - 1]);
	put(all, place, t);
}

static void sink(struct slu_timers *all, struct slu_timer *t)
{
	size_t place = t->place, child;

	for (; (child = 2 * place) <= all->n; place = child) {
		if (child < all->n && all->heap[child]->at < all->heap[child - 1]->at)
			child++;
		if (all->heap[child - 1]->at >= t->at)
			break;
		put(all, place, all->heap[child - 1]);
	}
	put(all, place, t);
}

static void drop(struct slu_timers *all, struct slu_timer *t)
{
	struct slu_timer *last = all->heap[--all->n];

	if (last != t) {
		put(all, t->place, last);
		rise(all, last);
		sink(all, last);
	}
	t->place = 0;
}

void slu_timers_set(struct slu_timers *all, struct slu_timer *t, uint64_t at)
{
	t->at = at;
	if (at == UINT64_MAX) {
		if (t->place)
			drop(all, t);
		return;
	}
	if (!t->place)
		put(all, ++all->n, t);
	rise(all, t);
	sink(all, t);
}

struct slu_timer *slu_timers_first(const struct slu_timers *all)
{
	return all->n ? all->heap[0] : NULL;
}
