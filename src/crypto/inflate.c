/* SPDX-License-Identifier: MIT */
#define ZLIB_CONST /* next_in is not written to */
#include "crypto/inflate.h"

#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

#include <sluice/error.h>

struct slu_inflate {
	z_stream zs;
	bool ended;
};

bool slu_inflate_there(void)
{
	return true;
}

struct slu_inflate *slu_inflate_new(void)
{
	struct slu_inflate *z = calloc(1, sizeof *z);

	if (z && inflateInit(&z->zs) != Z_OK) {
		free(z);
		z = NULL;
	}
	return z;
}

long slu_inflate_out(struct slu_inflate *z, const uint8_t **data, size_t *n, uint8_t *out, size_t size)
{
	const uInt in = *n < UINT_MAX ? (uInt)*n : UINT_MAX, room = size < INT_MAX ? (uInt)size : INT_MAX;
	int r;

	if (z->ended)
		return 0;
	z->zs.next_in = *data;
	z->zs.avail_in = in;
	z->zs.next_out = out;
	z->zs.avail_out = room;
	r = inflate(&z->zs, Z_NO_FLUSH);
	*data = z->zs.next_in;
	*n -= in - z->zs.avail_in;
	z->ended = r == Z_STREAM_END;
	if (r == Z_MEM_ERROR)
		return SLU_ERR_NOMEM;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return SLU_ERR_INVALID;
	return (long)(room - z->zs.avail_out);
}

bool slu_inflate_ended(const struct slu_inflate *z)
{
	return z->ended;
}

void slu_inflate_free(struct slu_inflate *z)
{
	if (z)
		inflateEnd(&z->zs);
	free(z);
}
