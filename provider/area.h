/* SPDX-License-Identifier: MIT */
/*
 * Memory that a device reads and writes: pages of their own, so no cache line is shared with anything else (a device
 * whose DMA is not coherent would spoil its neighbours, or they it); locked where the limits allow, left out of core
 * dumps, wiped at the end.
 */
#ifndef SLU_PROVIDER_AREA_H
#define SLU_PROVIDER_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start what a device shall find aligned at multiples of this: the largest cache line and alignment mask known. */
enum { SLU_DC_LINE = 128 };

static inline size_t slu_dc_lines(size_t n)
{
	return (n + SLU_DC_LINE - 1) & ~(size_t)(SLU_DC_LINE - 1);
}

struct slu_dc_area {
	uint8_t *data;
	size_t size;
	bool locked;
};

/* At least size bytes; what it held is gone when it has to grow. 0 or -ENOMEM, which leaves it as it was. */
int slu_dc_area_reserve(struct slu_dc_area *area, size_t size);

void slu_dc_area_wipe(struct slu_dc_area *area, size_t offset, size_t n);

/* Wipes and releases it; it is empty then. */
void slu_dc_area_clear(struct slu_dc_area *area);

#endif
