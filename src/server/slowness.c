/* SPDX-License-Identifier: MIT */
#include "server/slowness.h"

enum { LOOK_MS = 500, CALM_MS = 10000, CAUGHT_UP = 8 /* a part of the queue */ };

void slu_slowness_begin(struct slu_slowness *s, uint64_t now_ms)
{
	if (!s->slow)
		*s = (struct slu_slowness){.slow = true, .since_ms = now_ms};
	s->busy_ms = now_ms;
	s->look_ms = now_ms + LOOK_MS;
}

void slu_slowness_look(struct slu_slowness *s, bool losing, size_t queued, size_t max, unsigned timeout_ms,
		       uint64_t now_ms)
{
	unsigned calm = timeout_ms < CALM_MS ? timeout_ms : CALM_MS;

	if (losing || queued > max / CAUGHT_UP)
		s->busy_ms = now_ms;
	s->look_ms = now_ms + LOOK_MS;
	if (now_ms - s->busy_ms >= calm)
		s->slow = false;
}

uint64_t slu_slowness_deadline(const struct slu_slowness *s, unsigned timeout_ms)
{
	uint64_t end = s->since_ms + timeout_ms;

	if (!s->slow)
		return UINT64_MAX;
	return end < s->look_ms ? end : s->look_ms;
}

bool slu_slowness_over(const struct slu_slowness *s, unsigned timeout_ms, uint64_t now_ms)
{
	return s->slow && now_ms - s->since_ms >= timeout_ms;
}
