/* SPDX-License-Identifier: MIT */
/*
 * Preloaded where Debian's librtmp is to answer who it is: it takes the answer's length before it knows it, and with
 * whatever lay on its stack the text may be longer than its block. Here all blocks have room behind them.
 */
#include <stddef.h>

void *__libc_malloc(size_t size);
void *malloc(size_t size);

void *malloc(size_t size)
{
	const size_t room = 1024;

	return size + room < size ? NULL : __libc_malloc(size + room);
}
