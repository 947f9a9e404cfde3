/* SPDX-License-Identifier: MIT */
/*
 * Refusals on their way to whoever is told of them. The first of its kind is told at once; those that are refused for
 * the same reason within the next second are told together, with their number: a flood of clients is not to become a
 * flood of lines.
 */
#ifndef SLU_SERVER_REFUSALS_H
#define SLU_SERVER_REFUSALS_H

#include <stdint.h>

#include "server/report.h"

enum { SLU_REFUSAL_KINDS = 16, SLU_REFUSAL_MS = 1000, SLU_REFUSAL_TEXT = 512 };

/* What was refused for one reason, and that reason's second. */
struct slu_refusal_kind {
	const char *reason;            /* NULL: the place is free */
	uint64_t until;                /* the end of its second */
	struct slu_server_report last; /* with how many wait to be told; its strings: */
	char address[64], app[128], stream[128], text[SLU_REFUSAL_TEXT];
};

/* All zero to begin with, but for to. */
struct slu_refusals {
	struct slu_reporter to;
	uint64_t total;
	struct slu_refusal_kind kinds[SLU_REFUSAL_KINDS];
};

/* r is of type SLU_REPORT_REFUSE or SLU_REPORT_END, whose reasons differ. What does not find a place, for more reasons
 * than there are places, is taken with the last of them. */
void slu_refusals_take(struct slu_refusals *list, const struct slu_server_report *r, uint64_t now_ms);

/* Tells what waits and whose second is over. */
void slu_refusals_on_time(struct slu_refusals *list, uint64_t now_ms);

/* When to do so; UINT64_MAX: nothing waits. */
uint64_t slu_refusals_deadline(const struct slu_refusals *list);

#endif
