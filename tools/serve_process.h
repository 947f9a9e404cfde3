/* SPDX-License-Identifier: MIT */
/* What the process of sluice serve may do, and as whom it runs. */
#ifndef SLU_TOOLS_SERVE_PROCESS_H
#define SLU_TOOLS_SERVE_PROCESS_H

#include <stdbool.h>

/* Lets it open as many files as so many connections may want, as far as the hard limit goes (getrlimit(2)). What each
 * of them takes at least is said where that is more. */
void slu_serve_want_files(unsigned connections, bool quiet);

#endif
