/* SPDX-License-Identifier: MIT */
/* A growable byte buffer with a mandatory maximum. Growth doubles, so n appends cost O(n). */
#ifndef SLU_BASE_BUF_H
#define SLU_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct slu_buf {
	uint8_t *data;
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* cap never exceeds it */
};

void slu_buf_init(struct slu_buf *b, size_t max);

/* Frees the storage; b is empty and usable again, its maximum unchanged. */
void slu_buf_clear(struct slu_buf *b);

/* Room for n more bytes at data + len. 0, SLU_ERR_LIMIT when that exceeds max, SLU_ERR_NOMEM; b is unharmed. */
int slu_buf_reserve(struct slu_buf *b, size_t n);

int slu_buf_append(struct slu_buf *b, const void *data, size_t n);

/* Drops the first n bytes (at most all); the rest moves to the front. */
void slu_buf_consume(struct slu_buf *b, size_t n);

#endif
