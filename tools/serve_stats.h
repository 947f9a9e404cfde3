/* SPDX-License-Identifier: MIT */
/* How it goes: a line for each stream, and one for all, in the log. */
#ifndef SLU_TOOLS_SERVE_STATS_H
#define SLU_TOOLS_SERVE_STATS_H

#include "server/stats.h"
#include "tools/serve_log.h"

/* Of a slu_stats_listener; arg is a struct slu_serve_log. */
void slu_serve_stats_stream(void *arg, const struct slu_stream_stats *s);
void slu_serve_stats_server(void *arg, const struct slu_server_stats *s);

#endif
