/* SPDX-License-Identifier: MIT */
/*
 * What a connection that ends before its stream does leaves to the next one: metadata and decoder configurations of
 * what it has carried, and the messages that it has not. A message counts as carried when its last byte has been given
 * to the kernel; until then a reference of it is held.
 */
#ifndef SLU_TOOLS_BACKLOG_H
#define SLU_TOOLS_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h>

#include "server/gop.h"

struct slu_backlog_entry {
	struct slu_msg msg;
	uint64_t number; /* among the media messages of its connection, from 1 on */
};

struct slu_backlog {
	struct slu_gop headers;            /* no frames */
	struct slu_backlog_entry *entries; /* a ring: head and tail only rise */
	size_t capacity;                   /* a power of two, or 0 */
	size_t head, tail;
	uint64_t queued; /* media messages, on this connection */
	bool carried;    /* one of those that were not headers again; the caller's to clear */
};

void slu_backlog_init(struct slu_backlog *b);
void slu_backlog_clear(struct slu_backlog *b);

/* msg has just been queued on the connection. 0 or SLU_ERR_NOMEM. */
int slu_backlog_add(struct slu_backlog *b, const struct slu_msg *msg);

/* The connection has carried this many of its media messages: slu_session_stats.media_sent. 0 or SLU_ERR_NOMEM. */
int slu_backlog_sent(struct slu_backlog *b, uint64_t media_sent);

/* The payload that has not been carried. */
uint64_t slu_backlog_bytes(const struct slu_backlog *b);

/* All that was queued has been carried. */
bool slu_backlog_empty(const struct slu_backlog *b);

/* The first message that has not been carried; NULL: there is none. */
const struct slu_msg *slu_backlog_first(const struct slu_backlog *b);

/* On a new connection: sends the headers, with this timestamp, and what the last one has not carried. 0, or what send
 * said. (Then nothing is lost: the same may be tried on another connection.) */
int slu_backlog_again(struct slu_backlog *b, uint32_t timestamp, int (*send)(void *arg, const struct slu_msg *msg),
		      void *arg);

#endif
