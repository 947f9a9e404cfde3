/* SPDX-License-Identifier: MIT */
#ifndef SLU_TOOLS_PROBE_JSON_H
#define SLU_TOOLS_PROBE_JSON_H

#include "tools/probe_result.h"

/* All of a result as one JSON object, on one line; sluice-probe(1) documents the names. To be freed with cJSON_free();
 * NULL: no memory. */
char *slu_probe_json(const struct slu_probe_result *result);

#endif
