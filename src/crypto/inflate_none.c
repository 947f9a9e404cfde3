/* SPDX-License-Identifier: MIT */
/* A build without zlib. */
#include "crypto/inflate.h"

#include <sluice/error.h>

bool slu_inflate_there(void)
{
	return false;
}

struct slu_inflate *slu_inflate_new(void)
{
	return NULL;
}

long slu_inflate_out(struct slu_inflate *z, const uint8_t **data, size_t *n, uint8_t *out, size_t size)
{
	(void)z;
	(void)data;
	(void)n;
	(void)out;
	(void)size;
	return SLU_ERR_INVALID;
}

bool slu_inflate_ended(const struct slu_inflate *z)
{
	(void)z;
	return true;
}

void slu_inflate_free(struct slu_inflate *z)
{
	(void)z;
}
