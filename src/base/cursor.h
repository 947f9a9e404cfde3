/* SPDX-License-Identifier: MIT */
/*
 * A read cursor with a sticky error: reading past the end yields zeros and sets `bad`, so a decoder reads a whole
 * structure and checks once. It references the bytes, it owns nothing.
 */
#ifndef SLU_BASE_CURSOR_H
#define SLU_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct slu_cursor {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline struct slu_cursor slu_cursor(const void *data, size_t n)
{
	const uint8_t *p = data;

	return (struct slu_cursor){.p = p, .end = n ? p + n : p, .bad = false};
}

static inline size_t slu_cursor_left(const struct slu_cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes, or NULL (and bad) when there are fewer. */
static inline const uint8_t *slu_cursor_take(struct slu_cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (c->bad || slu_cursor_left(c) < n) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return p;
}

static inline uint8_t slu_cursor_u8(struct slu_cursor *c)
{
	const uint8_t *p = slu_cursor_take(c, 1);

	return p ? *p : 0;
}

static inline uint16_t slu_cursor_u16(struct slu_cursor *c)
{
	const uint8_t *p = slu_cursor_take(c, 2);

	return p ? slu_be16(p) : 0;
}

static inline uint32_t slu_cursor_u24(struct slu_cursor *c)
{
	const uint8_t *p = slu_cursor_take(c, 3);

	return p ? slu_be24(p) : 0;
}

static inline uint32_t slu_cursor_u32(struct slu_cursor *c)
{
	const uint8_t *p = slu_cursor_take(c, 4);

	return p ? slu_be32(p) : 0;
}

static inline double slu_cursor_double(struct slu_cursor *c)
{
	const uint8_t *p = slu_cursor_take(c, 8);

	return p ? slu_be_double(p) : 0.0;
}

#endif
