/* SPDX-License-Identifier: MIT */
#include "tools/dump_progress.h"

#include "tools/suite_options.h"

enum { EACH_MS = 200 };

#define SECONDS(ms)  ((double)(ms) / 1000)
#define KILOBYTES(n) ((double)(n) / 1024)

static void set_percent(struct slu_dump_progress *p, uint32_t timestamp)
{
	double percent = p->duration > 0 ? SECONDS(timestamp) / p->duration * 100 : 0;

	/* Cut, so that less than all does not look like it. */
	p->percent = percent < 1e6 ? (double)(long)(percent * 10) / 10 : 1e6;
}

bool slu_dump_progress_is_over(struct slu_dump_progress *p, uint32_t timestamp)
{
	set_percent(p, timestamp);
	if (p->percent < SLU_DUMP_WHOLE)
		return false;
	RTMP_LogPrintf("Already Completed at: %.3f sec Duration=%.3f sec\n", SECONDS(timestamp), p->duration);
	return true;
}

void slu_dump_progress_begin(struct slu_dump_progress *p, const struct slu_suite_options *o, uint64_t size,
			     uint32_t timestamp)
{
	const char *verb = size ? "Resuming" : "Starting";

	p->hashes = o->hashes;
	p->shown_at = RTMP_GetTime() - EACH_MS;
	if (o->live)
		RTMP_LogPrintf("Starting Live Stream\n");
	else if (p->duration > 0)
		RTMP_LogPrintf("%s download at: %.3f kB / %.3f sec (%.1f%%)\n", verb, KILOBYTES(size),
			       SECONDS(timestamp), p->percent);
	else
		RTMP_LogPrintf("%s download at: %.3f kB\n", verb, KILOBYTES(size));
	if (o->realtime && !o->live)
		RTMP_LogPrintf("  in approximately realtime (disabled BUFX speedup hack)\n");
	if (o->stop_ms > 0 && !o->live)
		RTMP_LogPrintf("For duration: %.3f sec\n", SECONDS(o->stop_ms - (long)timestamp));
}

/* One for each percent; where nobody knows how many there are, one for each time. */
static void show_hashes(struct slu_dump_progress *p, bool due)
{
	if (p->duration <= 0 && due)
		RTMP_LogStatus("#");
	for (; p->duration > 0 && p->hashed + 1 <= p->percent && p->hashed < 100; p->hashed++)
		RTMP_LogStatus("#");
}

static void show(struct slu_dump_progress *p, uint64_t size, uint32_t timestamp, bool due)
{
	set_percent(p, timestamp);
	if (due)
		p->shown_at = RTMP_GetTime();
	if (p->hashes)
		show_hashes(p, due);
	else if (due && p->duration > 0)
		RTMP_LogStatus("\r%.3f kB / %.2f sec (%.1f%%)", KILOBYTES(size), SECONDS(timestamp), p->percent);
	else if (due)
		RTMP_LogStatus("\r%.3f kB / %.2f sec", KILOBYTES(size), SECONDS(timestamp));
}

void slu_dump_progress_show(struct slu_dump_progress *p, uint64_t size, uint32_t timestamp)
{
	show(p, size, timestamp, RTMP_GetTime() - p->shown_at >= EACH_MS);
}

void slu_dump_progress_end(struct slu_dump_progress *p, uint64_t size, uint32_t timestamp)
{
	show(p, size, timestamp, !p->hashes);
}
