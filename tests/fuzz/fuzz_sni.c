/* SPDX-License-Identifier: MIT */
/* The extension that names a host: what is found lies within it, and is what was put there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sni.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static void round_trip(const uint8_t *name, size_t n)
{
	uint8_t *list = malloc(n + 5);
	size_t length = 0;

	must(list != NULL);
	list[0] = (uint8_t)((n + 3) >> 8);
	list[1] = (uint8_t)(n + 3);
	list[2] = 0;
	list[3] = (uint8_t)(n >> 8);
	list[4] = (uint8_t)n;
	if (n)
		memcpy(list + 5, name, n);
	must(slu_sni_name(list, n + 5, &length) == (const char *)list + 5 && length == n);
	list[2] = 1; /* a type of name that is none */
	must(slu_sni_name(list, n + 5, &length) == NULL);
	free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = calloc(1, size + !size); /* so that a byte too far is seen */
	size_t length = 0;
	const char *name;

	must(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	name = slu_sni_name(copy, size, &length);
	must(!name || ((const uint8_t *)name == copy + 5 && length <= size - 5));
	free(copy);
	if (size < 60000)
		round_trip(data, size);
	return 0;
}
