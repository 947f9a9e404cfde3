/* SPDX-License-Identifier: MIT */
/* For the loop tests: a client's and a server's connection over loopback, in one process, driven by one poll(). */
#ifndef SLU_TESTS_CONN_KIT_H
#define SLU_TESTS_CONN_KIT_H

#include "../unit/test.h"

#include <stdbool.h>

#include <sluice/sluice.h>

/* One end, and what it has seen. */
struct end {
	struct slu_conn *c;
	unsigned events[SLU_EVENT_MESSAGE + 1];
	uint64_t media, bytes;
	uint32_t sum;                  /* over the payloads, see loop_sum() */
	bool hangs;                    /* is left alone: does not read, does not close */
	enum slu_event_type refuses;   /* SLU_EVENT_CONNECT, SLU_EVENT_PUBLISH; SLU_EVENT_NONE: neither */
	enum slu_event_type closes_on; /* closes in order when it sees that; SLU_EVENT_NONE: never */
	enum slu_event_type drops_on;  /* lets the socket go, whatever is unread */
	int err;                       /* what slu_conn_process() said last */
	bool gone;
};

struct loop {
	int listener;
	char url[96];
	struct slu_conn_config config[2]; /* client, server */
	struct end client, server;
	bool quiet; /* a server that cannot be made is no failure: its client sees the socket closed */
};

/* A listener and the configurations; TLS with a certificate that the client verifies. */
void loop_init(struct loop *l, bool tls);
void loop_clear(struct loop *l);

/* Opens the client and goes on until done(l) or ms have passed; returns done(l). */
void loop_open(struct loop *l);
bool loop_run(struct loop *l, bool (*done)(struct loop *l), int ms);
/* One round of it, of ms at most. */
void loop_once(struct loop *l, int ms);

/* Until the client publishes, or the test fails with its sentence. */
void loop_publish(struct loop *l);

bool loop_publishing(struct loop *l);
bool loop_client_over(struct loop *l);
bool loop_server_over(struct loop *l);
bool loop_all_over(struct loop *l);

/* The server goes with a reset. */
void loop_reset(struct loop *l);

/* Queues a video message of size bytes that are a function of timestamp; adds to *sum. Returns slu_conn_send()'s. */
int loop_send(struct slu_conn *c, uint32_t timestamp, size_t size, uint32_t *sum);
int loop_send_on(struct slu_conn *c, uint32_t stream_id, uint32_t timestamp, size_t size, uint32_t *sum);
uint32_t loop_sum(uint32_t sum, const uint8_t *data, size_t n);

#endif
