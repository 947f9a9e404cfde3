/* SPDX-License-Identifier: MIT */
/* What the process of sluice serve may do, and as whom it runs. */
#ifndef SLU_TOOLS_SERVE_PROCESS_H
#define SLU_TOOLS_SERVE_PROCESS_H

#include <stdbool.h>

#include "tools/serve_options.h"

/* No program that this thread, or one that it begins from now on, may run has more rights than it. */
void slu_serve_run_no_more(void);

/* Lets it open as many files as so many connections may want, as far as the hard limit goes (getrlimit(2)). What each
 * of them takes at least is said where that is more. */
void slu_serve_want_files(unsigned connections, bool quiet);

/*
 * Becomes the user of --user for good, once what takes root is done; and says which files cannot be read again by that
 * user. Without the option, root is told that it is where other machines reach it. 0, or an enum slu_exit, said.
 */
int slu_serve_become_user(const struct serve_options *o, bool reached);

#endif
