/* SPDX-License-Identifier: MIT */
/* One HTTP connection of a client, whose requests are those of RTMPT tunnels (net/tunnel.h), of one or of several. */
#ifndef SLU_SERVER_CARRIER_H
#define SLU_SERVER_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/transport.h"
#include "net/tunnel.h"

/* What a carrier asks of the server. */
struct slu_carrier_hooks {
	/* A new tunnel, over a connection with these stats, and its id in *id. NULL: there is no room. */
	struct slu_tunnel *(*open)(void *arg, const struct slu_transport_stats *stats, const char **id);
	struct slu_tunnel *(*find)(void *arg, const char *id);
	/* It was given something, or was ended: its connection is to work. It may be gone afterwards. */
	void (*fed)(void *arg, struct slu_tunnel *tunnel);
	const char *full; /* why it is answered 503 and no more, static; NULL: it is not */
	void *arg;
};

struct slu_carrier;

/* Over a transport that is open, and of which some bytes were read already. Owns transport, also on failure. NULL when
 * out of memory. */
struct slu_carrier *slu_carrier_new(struct slu_transport *transport, const struct slu_vec *read,
				    const struct slu_carrier_hooks *hooks, unsigned timeout_ms, uint64_t now);
void slu_carrier_free(struct slu_carrier *c);

/* Does what can be done, but for answers of tunnels. */
void slu_carrier_step(struct slu_carrier *c, uint64_t now);

/* Answers, if it is time to: once all connections have done what they could. */
void slu_carrier_answer(struct slu_carrier *c, uint64_t now);

int slu_carrier_fd(const struct slu_carrier *c);
unsigned slu_carrier_want(const struct slu_carrier *c); /* SLU_WANT_* */
uint64_t slu_carrier_deadline(const struct slu_carrier *c);
bool slu_carrier_over(const struct slu_carrier *c);

#endif
