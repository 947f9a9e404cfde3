/* SPDX-License-Identifier: MIT */
#include "area.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* A TLS record with what any suite adds, so that records of different sizes need one mapping. */
enum { LEAST = 16384 + 256 };

int slu_dc_area_reserve(struct slu_dc_area *area, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *data;

	if (size <= area->size)
		return 0;
	if (size > INT32_MAX) /* the kernel's limit is below */
		return -ENOMEM;
	if (size < LEAST)
		size = LEAST;
	size = (size + page - 1) & ~(page - 1);
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return -ENOMEM;
	slu_dc_area_clear(area);
	area->data = data;
	area->size = size;
	area->locked = mlock(data, size) == 0;
#ifdef MADV_DONTDUMP
	madvise(data, size, MADV_DONTDUMP);
#endif
#ifdef MADV_WIPEONFORK /* a child has no use for it, and its copy would not be locked */
	madvise(data, size, MADV_WIPEONFORK);
#endif
	return 0;
}

void slu_dc_area_clear(struct slu_dc_area *area)
{
	if (!area->data)
		return;
	OPENSSL_cleanse(area->data, area->size);
	munmap(area->data, area->size);
	*area = (struct slu_dc_area){0};
}

void slu_dc_area_wipe(struct slu_dc_area *area, size_t offset, size_t n)
{
	if (offset >= area->size)
		return;
	if (n > area->size - offset)
		n = area->size - offset;
	OPENSSL_cleanse(area->data + offset, n);
}
