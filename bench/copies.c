/* SPDX-License-Identifier: MIT */
/*
 * Counts the bytes that a program and its libraries have the C library copy:
 *
 *     LD_PRELOAD=libcopies.so SLUICE_COPIES=FILE PROGRAM...
 *
 * writes the number to FILE when PROGRAM ends. Copies that the compiler made in place, of a few bytes each and of a
 * length that it knew, are not in it, nor what the C library copies within itself.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What programs that were built with _FORTIFY_SOURCE call. */
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memmove_chk(void *to, const void *from, size_t n, size_t room);

static void *(*move)(void *to, const void *from, size_t n);
static atomic_ullong copied;

__attribute__((constructor)) static void begin(void)
{
	*(void **)&move = dlsym(RTLD_NEXT, "memmove");
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("SLUICE_COPIES");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (f) {
		fprintf(f, "%llu\n", (unsigned long long)atomic_load(&copied));
		fclose(f);
	}
}

static void *counted(void *to, const void *from, size_t n)
{
	if (!move)
		begin();
	atomic_fetch_add_explicit(&copied, n, memory_order_relaxed);
	return move(to, from, n);
}

void *memcpy(void *to, const void *from, size_t n)
{
	return counted(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
	return counted(to, from, n);
}

void *mempcpy(void *to, const void *from, size_t n)
{
	return (char *)counted(to, from, n) + n;
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		abort();
	return counted(to, from, n);
}

void *__memmove_chk(void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		abort();
	return counted(to, from, n);
}
