/* SPDX-License-Identifier: MIT */
#ifndef SLU_TOOLS_PROBE_TABLE_H
#define SLU_TOOLS_PROBE_TABLE_H

#include "tools/probe_page.h"
#include "tools/probe_result.h"

/* For people: what a server accepts, what is wrong with that, and what is not known. Lines fit into 80 columns, but for
 * what the server sent without a blank. */
void slu_probe_table(const struct slu_page *page, const struct slu_probe_result *result);

#endif
