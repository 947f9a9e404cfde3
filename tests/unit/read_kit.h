/* SPDX-License-Identifier: MIT */
/* A stand-in for RTMP_GetNextMediaPacket(): it hands out messages that a test has lined up. */
#ifndef SLU_TESTS_UNIT_READ_KIT_H
#define SLU_TESTS_UNIT_READ_KIT_H

#include <stddef.h>
#include <stdint.h>

#include <librtmp/rtmp.h>

enum { READ_KIT_OVER = 1 }; /* as a type: playing is over */

extern RTMP read_kit;       /* the session */
extern int read_kit_closes; /* at the end it is closed */

/* For cmocka: a session that has nothing yet, and the end of it. */
int read_kit_begin(void **state);
int read_kit_end(void **state);

/* A message more. What is behind the last one is the end of the connection. */
void read_kit_add(uint8_t type, uint32_t timestamp, const void *body, size_t n);

/* An aggregate is made part by part; a trailer is a PreviousTagSize. */
struct read_kit_parts {
	uint8_t data[4096];
	size_t n;
};
void read_kit_part(struct read_kit_parts *p, uint8_t type, uint32_t timestamp, const void *body, size_t n);
void read_kit_trailer(struct read_kit_parts *p, uint32_t says);

/* Messages that were not asked for yet. */
size_t read_kit_left(void);

/* What RTMP_Read() gives in pieces of this size, until it has given 0 or -1 twice; *last is what it gave last. */
const uint8_t *read_kit_all(int piece, size_t *n, int *last);

/* What was logged as an error last. */
const char *read_kit_said(void);

/* Puts an FLV tag behind the *n bytes of flv. */
void read_kit_expect(uint8_t *flv, size_t *n, uint8_t type, uint32_t timestamp, const void *body, size_t size);

#endif
