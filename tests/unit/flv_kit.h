/* SPDX-License-Identifier: MIT */
/* Small FLVs and files for tests. */
#ifndef SLU_TESTS_UNIT_FLV_KIT_H
#define SLU_TESTS_UNIT_FLV_KIT_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/flv.h>

struct flv_kit {
	uint8_t data[4 << 20];
	size_t n;
};

void flv_begin(struct flv_kit *k);

/* A tag whose body has size bytes that follow from seed. */
void flv_tag(struct flv_kit *k, uint8_t type, uint32_t timestamp, size_t size, unsigned seed);
uint8_t flv_byte(unsigned seed, size_t i);

/* A file of n bytes, by its path, which is in a static buffer of its own for each of four calls in a row. */
const char *flv_file(const void *data, size_t n);

/* What is in it, at most size bytes. */
size_t flv_slurp(const char *path, void *data, size_t size);

#endif
