/* SPDX-License-Identifier: MIT */
#ifndef SLU_TOOLS_ACCEPT_H
#define SLU_TOOLS_ACCEPT_H

#include <stdint.h>

/* A client that waits at a non-blocking listener, or -1. Where there are no descriptors or no memory for one, which is
 * logged, *not_before says when to look again. */
int slu_accept_client(int listener, uint64_t now, uint64_t *not_before);

#endif
