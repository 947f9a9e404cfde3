/* SPDX-License-Identifier: MIT */
/* Words for a POSIX shell, made of what nobody vouches for. */
#ifndef SLU_TOOLS_SHELL_QUOTE_H
#define SLU_TOOLS_SHELL_QUOTE_H

#include <stdio.h>

/*
 * Writes text as one word that a shell, interactive ones included, reads as the same bytes, and that does nothing to a
 * terminal: what is not printable ASCII comes as an octal escape, within $'...' (POSIX.1-2024, 2.2.4). Text without
 * anything special is bare, or in double quotes when these are asked for.
 */
void slu_shell_quote(FILE *to, const char *text, int always);

#endif
