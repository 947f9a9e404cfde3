/* SPDX-License-Identifier: MIT */
/* Other programs, without a shell between. */
#ifndef SLU_TOOLS_START_H
#define SLU_TOOLS_START_H

enum { SLU_START_MAX = 8 };

/* Starts the program argv[0], found in PATH, with signals as they are at first and nothing to read. 0; EAGAIN when
 * SLU_START_MAX of those that were started still run; or another number of errno. */
int slu_start(char *const argv[]);

#endif
