/* SPDX-License-Identifier: MIT */
/* Integers and doubles to and from bytes, one byte at a time: right on any alignment and byte order. */
#ifndef SLU_BASE_BYTES_H
#define SLU_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t slu_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t slu_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t slu_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | slu_be24(p + 1);
}

static inline uint64_t slu_be64(const uint8_t *p)
{
	return (uint64_t)slu_be32(p) << 32 | slu_be32(p + 4);
}

static inline uint32_t slu_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline double slu_be_double(const uint8_t *p)
{
	uint64_t u = slu_be64(p);
	double d;

	memcpy(&d, &u, sizeof d);
	return d;
}

static inline void slu_put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void slu_put_be24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)v;
}

static inline void slu_put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	slu_put_be24(p + 1, v);
}

static inline void slu_put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void slu_put_be64(uint8_t *p, uint64_t v)
{
	slu_put_be32(p, (uint32_t)(v >> 32));
	slu_put_be32(p + 4, (uint32_t)v);
}

static inline void slu_put_be_double(uint8_t *p, double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof u);
	slu_put_be64(p, u);
}

#endif
