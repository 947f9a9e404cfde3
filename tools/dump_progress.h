/* SPDX-License-Identifier: MIT */
/* What rtmpdump shows of a download while it goes on. */
#ifndef SLU_TOOLS_DUMP_PROGRESS_H
#define SLU_TOOLS_DUMP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct slu_suite_options;

/* Percent that are enough for a whole stream: the last frame begins before the end. */
#define SLU_DUMP_WHOLE 99.9

struct slu_dump_progress {
	double duration; /* in seconds; 0: unknown */
	double percent;
	bool hashes;
	int hashed;        /* percent that are shown */
	uint32_t shown_at; /* milliseconds */
};

/* Whether a stream that goes on from there is over, which then is said. */
bool slu_dump_progress_is_over(struct slu_dump_progress *p, uint32_t timestamp);

void slu_dump_progress_begin(struct slu_dump_progress *p, const struct slu_suite_options *o, uint64_t size,
			     uint32_t timestamp);

/* Shows it, unless that was done a moment ago. */
void slu_dump_progress_show(struct slu_dump_progress *p, uint64_t size, uint32_t timestamp);
void slu_dump_progress_end(struct slu_dump_progress *p, uint64_t size, uint32_t timestamp);

#endif
