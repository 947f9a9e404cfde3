/* SPDX-License-Identifier: MIT */
/* What clients of a server say, byte by byte, without anything of a client's: for tests of all that the server does in
 * return, its allocations among it. */
#ifndef SLU_TESTS_SERVE_BYTES_H
#define SLU_TESTS_SERVE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* message types */

struct serve_bytes {
	size_t n;
	uint8_t data[80000];
};

/* C0, C1 and C2 of a plain handshake, and a chunk size that all the following fits. */
void serve_hello(struct serve_bytes *b);

/* A message in one chunk, but for one of more than 65536 bytes, which is not for here. */
void serve_message(struct serve_bytes *b, enum slu_msg_type type, uint32_t timestamp, uint32_t stream_id,
		   const void *payload, size_t n);

/* A command with null and then up to two strings; NULL: none. */
void serve_command(struct serve_bytes *b, const char *name, double transaction, uint32_t stream_id, const char *one,
		   const char *two);

/* The same with a boolean. */
void serve_command_flag(struct serve_bytes *b, const char *name, uint32_t stream_id, int flag);

/* connect, to the app "live", and createStream, which is given the number 1. */
void serve_connect(struct serve_bytes *b);

enum { SERVE_HANDSHAKE = 1 + 2 * 1536 }; /* bytes of what the server says to serve_hello() */

#endif
