/* SPDX-License-Identifier: MIT */
/* Queries of rtmpgw: whatever they are, names are words, values are one line, and all of it is in the query. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/gw_query.h"

static void check(const struct slu_gw_pair *pair)
{
	if (!*pair->name)
		abort();
	for (const char *c = pair->name; *c; c++)
		if (!isalnum((unsigned char)*c))
			abort();
	for (const char *c = pair->value; c && *c; c++)
		if (iscntrl((unsigned char)*c))
			abort();
	slu_gw_allowed(pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *target = malloc(size + 1), *query;
	struct slu_gw_pair pair;

	if (!target)
		return 0;
	memcpy(target, data, size);
	target[size] = '\0';
	slu_gw_is_part(target);
	for (query = slu_gw_query(target); slu_gw_next(&query, &pair) > 0;) {
		check(&pair);
		if (query <= pair.name || query > target + size)
			abort();
	}
	free(target);
	return 0;
}
