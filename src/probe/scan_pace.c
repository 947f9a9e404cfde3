/* SPDX-License-Identifier: MIT */
#include "probe/scan_pace.h"

void slu_pace_init(struct slu_pace *p, unsigned lanes, unsigned rate)
{
	*p = (struct slu_pace){.most = lanes, .lanes = lanes, .spare = lanes - 1};
	p->interval_us = 1000000 / rate;
	p->burst_us = (lanes + p->spare - 1) * p->interval_us;
}

uint64_t slu_pace_when(const struct slu_pace *p)
{
	const uint64_t us = p->due_us > p->burst_us ? p->due_us - p->burst_us : 0;
	const uint64_t ms = (us + 999) / 1000;

	return ms > p->paused_until ? ms : p->paused_until;
}

void slu_pace_begun(struct slu_pace *p, uint64_t now_ms)
{
	if (p->due_us < now_ms * 1000)
		p->due_us = now_ms * 1000;
	p->due_us += p->interval_us;
}

unsigned slu_pace_ahead(const struct slu_pace *p)
{
	return p->spare < p->lanes - 1 ? p->spare : p->lanes - 1;
}

void slu_pace_back_off(struct slu_pace *p, uint64_t now_ms)
{
	slu_pace_narrow(p);
	if (now_ms < p->paused_until) /* several ends at once are one */
		return;
	p->paused_until = now_ms + ((uint64_t)SLU_PACE_PAUSE_MS << p->pauses);
	if (p->pauses < SLU_PACE_DOUBLINGS)
		p->pauses++;
}

void slu_pace_well(struct slu_pace *p)
{
	p->pauses = 0;
}

void slu_pace_narrow(struct slu_pace *p)
{
	p->lanes = 1;
}

void slu_pace_widen(struct slu_pace *p)
{
	p->lanes = p->most;
	p->pauses = 0;
}
