/* SPDX-License-Identifier: MIT */
/* All that came of one target, for those who show it. */
#ifndef SLU_TOOLS_PROBE_RESULT_H
#define SLU_TOOLS_PROBE_RESULT_H

#include <stdbool.h>

#include "tools/probe_rtmp.h"
#include "tools/probe_target.h"

struct slu_advice;
struct slu_have;
struct slu_report;

struct slu_probe_result {
	const struct slu_probe_target *target;
	const struct slu_report *report;
	const struct slu_advice *advice;          /* NULL: there is no server to advise about */
	const struct slu_probe_rtmp_result *rtmp; /* NULL: not asked for */
	const struct slu_have *have;
	bool full;       /* everything was asked */
	bool allow_weak; /* the advice may be followed where it is weak */
	enum slu_exit status;
	const char *error; /* one sentence; "" */
};

#endif
