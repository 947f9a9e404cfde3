/* SPDX-License-Identifier: MIT */
#include "alloc_fail.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static _Thread_local long fail_at = -1, count;
static _Thread_local int
	not_ours; /* calls of a C library that is linked statically, and whose calloc() and realloc() call malloc() */
static _Thread_local size_t bytes;

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
	if (not_ours)
		return false;
	bytes += n;
	return count++ == fail_at;
}

void *__wrap_malloc(size_t n)
{
	return fails(n) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t items, size_t n)
{
	void *p;

	if (fails(items * n))
		return NULL;
	not_ours++;
	p = __real_calloc(items, n);
	not_ours--;
	return p;
}

void *__wrap_realloc(void *p, size_t n)
{
	if (fails(n))
		return NULL;
	not_ours++;
	p = __real_realloc(p, n);
	not_ours--;
	return p;
}

void *alloc_spared(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return __real_malloc(n);
}

void *alloc_spared_again(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	not_ours++;
	p = __real_realloc(p, n);
	not_ours--;
	return p;
}

void alloc_spared_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}
