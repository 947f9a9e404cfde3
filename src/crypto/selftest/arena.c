/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* GUARD: more than a cache line on both sides of what the device may write. */
enum { GUARD = 128, MOST = 34 * SLU_PAGE };

static uint8_t guard_byte(size_t i)
{
	return (uint8_t)(0xc5 + 7 * i);
}

static bool region_init(struct slu_region *r)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	/* The page that offsets count in ends with one of the machine's. */
	r->size = (2 * page + SLU_PAGE + MOST + GUARD + page - 1) / page * page;
	memory = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	r->memory = memory;
	r->page = r->memory + 2 * page - SLU_PAGE;
	return true;
}

static void region_clear(struct slu_region *r)
{
	if (r->memory)
		munmap(r->memory, r->size);
	*r = (struct slu_region){0};
}

bool slu_arena_init(struct slu_arena *a)
{
	*a = (struct slu_arena){0};
	a->plain = malloc(MOST);
	a->sealed = malloc(MOST);
	if (a->plain && a->sealed && region_init(&a->source) && region_init(&a->result) && region_init(&a->aad))
		return true;
	slu_arena_clear(a);
	return false;
}

void slu_arena_clear(struct slu_arena *a)
{
	region_clear(&a->source);
	region_clear(&a->result);
	region_clear(&a->aad);
	free(a->plain);
	free(a->sealed);
	*a = (struct slu_arena){0};
}

/* xorshift64: it need not be random, but nowhere the same. */
void slu_arena_fill(struct slu_arena *a, size_t n, uint64_t seed)
{
	uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15U;

	for (size_t at = 0; at < n; at += sizeof x) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(a->plain + at, &x, n - at < sizeof x ? n - at : sizeof x);
	}
}

static void guard(uint8_t *start, size_t n)
{
	for (size_t i = 0; i < GUARD; i++) {
		start[-1 - (ptrdiff_t)i] = guard_byte(i);
		start[n + i] = guard_byte(i);
	}
}

static bool guarded(const uint8_t *start, size_t n)
{
	for (size_t i = 0; i < GUARD; i++)
		if (start[-1 - (ptrdiff_t)i] != guard_byte(i) || start[n + i] != guard_byte(i))
			return false;
	return true;
}

static size_t longer(size_t a, size_t b)
{
	return a > b ? a : b;
}

void slu_arena_lay_out(struct slu_arena *a, const struct slu_shape *shape, const uint8_t *data, size_t in_length,
		       size_t out_length)
{
	const bool apart = shape->at[SLU_SHAPE_APART];

	a->in_length = in_length;
	a->out_length = out_length;
	a->in = a->source.page + shape->at[SLU_SHAPE_OFFSET];
	a->out = apart ? a->result.page + shape->at[SLU_SHAPE_OUT_OFFSET] : a->in;
	guard(a->in, apart ? in_length : longer(in_length, out_length));
	/* Nothing of an earlier result may be taken for this one. */
	for (size_t i = in_length; !apart && i < out_length; i++)
		a->in[i] = guard_byte(i);
	memcpy(a->in, data, in_length);
	if (!apart)
		return;
	guard(a->out, out_length);
	memset(a->out, 0x3a, out_length);
}

bool slu_arena_kept(const struct slu_arena *a, const uint8_t *data, enum slu_flaw *flaw)
{
	const bool apart = a->in != a->out;

	*flaw = SLU_FLAW_AROUND;
	if (!guarded(a->in, apart ? a->in_length : longer(a->in_length, a->out_length)))
		return false;
	if (!apart)
		return true;
	if (!guarded(a->out, a->out_length))
		return false;
	*flaw = SLU_FLAW_SOURCE;
	return memcmp(a->in, data, a->in_length) == 0;
}
