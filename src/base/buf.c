/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

enum { SLU_BUF_FIRST = 256 };

void slu_buf_init(struct slu_buf *b, size_t max)
{
	*b = (struct slu_buf){.max = max};
}

void slu_buf_clear(struct slu_buf *b)
{
	free(b->data);
	slu_buf_init(b, b->max);
}

int slu_buf_reserve(struct slu_buf *b, size_t n)
{
	size_t want, cap;
	uint8_t *data;

	if (n <= b->cap - b->len)
		return 0;
	if (n > b->max - b->len)
		return SLU_ERR_LIMIT;
	want = b->len + n;
	cap = b->cap ? b->cap : SLU_BUF_FIRST;
	while (cap < want)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	data = realloc(b->data, cap);
	if (!data)
		return SLU_ERR_NOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int slu_buf_append(struct slu_buf *b, const void *data, size_t n)
{
	int err = slu_buf_reserve(b, n);

	if (err)
		return err;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	return 0;
}

void slu_buf_consume(struct slu_buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	b->len -= n;
	if (b->len)
		memmove(b->data, b->data + n, b->len);
}
