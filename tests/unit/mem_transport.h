/* SPDX-License-Identifier: MIT */
/* A transport over memory, whose other end is the test: what it is given lies there to be looked at, and what it has to
 * say is put there. */
#ifndef SLU_TESTS_MEM_TRANSPORT_H
#define SLU_TESTS_MEM_TRANSPORT_H

#include <stdbool.h>

#include "net/transport.h"

struct mem_transport {
	struct slu_transport base;
	char sent[1 << 20]; /* on all connections, one after another; NUL-terminated */
	size_t nsent;
	char says[1 << 20]; /* what recv() is to return: [at, nsays) */
	size_t at, nsays;
	size_t room;  /* bytes that send() takes before it takes none; SIZE_MAX: all */
	bool eases;   /* it takes all again once it was read from */
	size_t step;  /* at most so many bytes per recv() */
	bool ends;    /* once all is said, the end of the stream */
	int fails;    /* or this error */
	bool is_open; /* else open() says "not yet" */
	bool reopens; /* again() works */
	bool stays;   /* shutdown() is never done */
	bool freed;
	unsigned opens; /* connections */
	unsigned reads, writes;
};

/* Open, with room for all. Is its own memory, not freed by the transport's free(). */
void mem_init(struct mem_transport *m);

void mem_say(struct mem_transport *m, const char *text);
void mem_say_bytes(struct mem_transport *m, const void *data, size_t n);

/* What was sent since the last call. */
const char *mem_heard(struct mem_transport *m);

#endif
