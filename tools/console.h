/* SPDX-License-Identifier: MIT */
/* The console of the suite's servers: 'q' on standard input ends them. */
#ifndef SLU_TOOLS_CONSOLE_H
#define SLU_TOOLS_CONSOLE_H

#include <stdbool.h>

/* Reads what was typed at *fd, which poll() says is readable; -1 there from its end on. True: to end was asked for. */
bool slu_console_quits(int *fd);

#endif
