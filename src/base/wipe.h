/* SPDX-License-Identifier: MIT */
#ifndef SLU_BASE_WIPE_H
#define SLU_BASE_WIPE_H

#include <stddef.h>

/* Overwrites a secret that is about to be let go, in a way the compiler keeps. */
static inline void slu_wipe_bytes(void *p, size_t n)
{
	volatile char *v = p;

	while (n--)
		*v++ = 0;
}

#endif
