/* SPDX-License-Identifier: MIT */
#include "server/rebase.h"

enum { NEAR_MS = 60000 };

void slu_rebase_begin(struct slu_rebase *r, uint32_t at)
{
	*r = (struct slu_rebase){.floor = at, .last = at, .on = true, .pending = true, .near = true};
}

/* Timestamps are modulo 2^32: what is less than half of that ahead comes after. */
static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

uint32_t slu_rebase(struct slu_rebase *r, bool frame, uint32_t timestamp)
{
	if (!r->on)
		return timestamp;
	if (!frame)
		return r->last;
	if (r->pending)
		r->offset = r->floor - timestamp;
	r->pending = false;
	timestamp += r->offset;
	if (r->near && is_before(timestamp, r->floor))
		timestamp = r->floor;
	if (r->near && timestamp - r->floor > NEAR_MS)
		r->near = false;
	r->last = timestamp;
	return timestamp;
}
