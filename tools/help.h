/* SPDX-License-Identifier: MIT */
#ifndef SLU_TOOLS_HELP_H
#define SLU_TOOLS_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/options.h"

/* What --help prints: 24 lines of 80 columns at most, brief groups as names only. all: one line and more an option. */
void slu_help(FILE *to, const struct slu_usage *usage, bool all);

#endif
