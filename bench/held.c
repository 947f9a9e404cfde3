/* SPDX-License-Identifier: MIT */
/*
 * Counts the bytes that a program and its libraries have allocated and not freed:
 *
 *     LD_PRELOAD=libheld.so SLUICE_HELD=FILE PROGRAM...
 *
 * keeps the number in FILE, as an unsigned 64-bit one of this machine. It is what the allocator gave, which is somewhat
 * more than was asked for. For the GNU C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t items, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *p);

static _Atomic uint64_t before, *held = &before;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("SLUICE_HELD");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof *held) == 0)
		p = mmap(NULL, sizeof *held, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return;
	held = p;
	atomic_store(held, atomic_load(&before));
}

static void *taken(void *p)
{
	if (p)
		atomic_fetch_add_explicit(held, malloc_usable_size(p), memory_order_relaxed);
	return p;
}

static void given_back(size_t n)
{
	atomic_fetch_sub_explicit(held, n, memory_order_relaxed);
}

void *malloc(size_t n)
{
	return taken(__libc_malloc(n));
}

void *calloc(size_t items, size_t n)
{
	return taken(__libc_calloc(items, n));
}

void *realloc(void *p, size_t n)
{
	const size_t old = p ? malloc_usable_size(p) : 0;
	void *q = __libc_realloc(p, n);

	if (q || n == 0)
		given_back(old);
	return taken(q);
}

void *memalign(size_t alignment, size_t n)
{
	return taken(__libc_memalign(alignment, n));
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	void *q = memalign(alignment, n);

	if (!q)
		return ENOMEM;
	*p = q;
	return 0;
}

void free(void *p)
{
	if (p)
		given_back(malloc_usable_size(p));
	__libc_free(p);
}
