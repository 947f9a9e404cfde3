/* SPDX-License-Identifier: MIT */
/* A player's SWF file on the command line: HASH:SIZE, 64 hexadecimal digits and a number of bytes. */
#ifndef SLU_TOOLS_SWF_OPTION_H
#define SLU_TOOLS_SWF_OPTION_H

#include <stdbool.h>

#include <sluice/session.h>

/* False when text is none; then it has been said, with the name of the option. */
bool slu_swf_option(const char *text, struct slu_swf_player *out);

#endif
