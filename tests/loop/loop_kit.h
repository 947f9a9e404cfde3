/* SPDX-License-Identifier: MIT */
/* A client and a server session joined in memory, with bytes handed over in pieces of any size. */
#ifndef SLU_TESTS_LOOP_KIT_H
#define SLU_TESTS_LOOP_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/sluice.h>

enum { LOOP_EVENTS = SLU_EVENT_MESSAGE + 1, LOOP_KEPT = 64 };

enum loop_split { LOOP_WHOLE, LOOP_BYTES, LOOP_RANDOM };

struct loop;

struct loop_end {
	struct slu_session *s;
	struct loop *loop;
	unsigned events[LOOP_EVENTS]; /* how many of each type were pulled */
	unsigned media;               /* messages of the kept ones */
	struct slu_msg kept[LOOP_KEPT];
	char name[64]; /* the last event that had one */
	char code[64]; /* the last status */
	struct slu_event last;
	int err; /* what slu_session_in() last failed with */
	/* Called for each event, after it was counted; may act on the session. */
	void (*act)(struct loop_end *end, const struct slu_event *ev);
};

struct loop {
	struct loop_end client, server;
	enum loop_split split;
	uint32_t seed;
	uint64_t now;
	size_t moved; /* bytes, both ways */
};

/* Both sessions with small deadlines; crypto-less and plain. Returns false when out of memory. */
bool loop_open(struct loop *l, enum loop_split split, const struct slu_session_config *client,
	       const struct slu_session_config *server);
void loop_close(struct loop *l);

/* Moves bytes until neither side has any. */
void loop_run(struct loop *l);

/* What a server does that takes everybody: accepts each request, answers what is asked. */
void loop_accept_all(struct loop_end *end, const struct slu_event *ev);

/* How many events in all. */
unsigned loop_count(const struct loop_end *end);

#endif
