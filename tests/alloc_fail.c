/* SPDX-License-Identifier: MIT */
#include "alloc_fail.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static long fail_at = -1, count;
static size_t bytes;

void alloc_fail_at(long n)
{
	fail_at = n;
	count = 0;
	bytes = 0;
}

bool alloc_fail_end(void)
{
	bool failed = fail_at >= 0 && count > fail_at;

	fail_at = -1;
	return failed;
}

long alloc_fail_count(void)
{
	return count;
}

size_t alloc_fail_bytes(void)
{
	return bytes;
}

static bool fails(size_t n)
{
	bytes += n;
	return count++ == fail_at;
}

void *__wrap_malloc(size_t n)
{
	return fails(n) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t items, size_t n)
{
	return fails(items * n) ? NULL : __real_calloc(items, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails(n) ? NULL : __real_realloc(p, n);
}
