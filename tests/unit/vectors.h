/* SPDX-License-Identifier: MIT */
/* Files of tests/vectors, whose folder Meson names in the environment. */
#ifndef SLU_TESTS_UNIT_VECTORS_H
#define SLU_TESTS_UNIT_VECTORS_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static inline FILE *vector_open(const char *name)
{
	const char *folder = getenv("SLU_TEST_VECTORS");
	char path[1024];
	FILE *f;

	assert_non_null(folder);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	return f;
}

/* All of a file, to be freed. */
static inline uint8_t *vector_load(const char *name, size_t *n)
{
	enum { MOST = 1 << 20 };
	uint8_t *bytes = malloc(MOST);
	FILE *f = vector_open(name);

	assert_non_null(bytes);
	*n = fread(bytes, 1, MOST, f);
	assert_true(*n > 0 && *n < MOST);
	fclose(f);
	return bytes;
}

#endif
