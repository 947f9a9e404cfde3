/* SPDX-License-Identifier: MIT */
/* What bench/camera.c puts into each message and bench/audience.c looks for: which one it is, how long, and when it was
 * sent. Behind it are FILL bytes, and its number again at the end. Both run on one machine: no byte order. */
#ifndef SLU_BENCH_STAMP_H
#define SLU_BENCH_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { STAMP_HEAD = 5, STAMP_MIN = 64, STAMP_FILL = 0x5a, STAMP_MAGIC = 0x534c5521 };

struct stamp {
	uint32_t magic, number;
	uint64_t size, sent_ns;
};

static inline uint64_t stamp_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* data: size bytes of STAMP_FILL, of which the first STAMP_HEAD are the codec's header. */
static inline void stamp_put(uint8_t *data, size_t size, uint32_t number)
{
	const struct stamp s = {STAMP_MAGIC, number, size, stamp_now()};

	memcpy(data + STAMP_HEAD, &s, sizeof s);
	memcpy(data + size - sizeof number, &number, sizeof number);
}

static inline bool stamp_get(const uint8_t *data, size_t size, struct stamp *s)
{
	if (size < STAMP_MIN)
		return false;
	memcpy(s, data + STAMP_HEAD, sizeof *s);
	return s->magic == STAMP_MAGIC;
}

/* Whether what lies between both ends is what was sent. all: each byte of it, else its ends. */
static inline bool stamp_whole(const uint8_t *data, size_t size, const struct stamp *s, bool all)
{
	const size_t from = STAMP_HEAD + sizeof *s, to = size - sizeof s->number;

	if (s->size != size || memcmp(data + to, &s->number, sizeof s->number) != 0)
		return false;
	for (size_t i = from; all && i < to; i++)
		if (data[i] != STAMP_FILL)
			return false;
	return data[from] == STAMP_FILL && data[to - 1] == STAMP_FILL;
}

#endif
