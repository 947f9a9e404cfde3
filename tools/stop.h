/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGHUP as something to poll: the first asks the loop to end in order, the second ends the process
 * at once, wherever it hangs. SIGPIPE is ignored: a reader that went away is a write error like any other. */
#ifndef SLU_TOOLS_STOP_H
#define SLU_TOOLS_STOP_H

#include <stdbool.h>

/* Takes the signals. 0, or negative when the system has no pipe to give. */
int slu_stop_init(void);

/* Readable from the first signal on. */
int slu_stop_fd(void);

bool slu_stop_asked(void);

#endif
