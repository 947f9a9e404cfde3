/* SPDX-License-Identifier: MIT */
/* Who is let in, and what becomes of those who are not: a few of them, each second, may come as far as connect, to be
 * told why; the others are closed at once. */
#include <stdio.h>
#include <string.h>

#include "server/loop_impl.h"

enum { TOLD = 8 }; /* at a time */

const struct slu_door slu_door_closed = {"stopping", "The server is about to end."};
static const struct slu_door full = {"max-connections",
				     "As many clients as the server takes are connected: try later."};
static const struct slu_door crowded = {"max-per-address", "As many clients as the server takes from one address are "
							   "connected from this one: try later."};

static const struct slu_door no_memory = {"max-memory", "The server has no memory left for another client: try later."};

/* Providers hand out networks of 2^64 addresses: there, they are one. */
bool slu_loop_same_place(const struct in6_addr *a, const struct in6_addr *b)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(a);

	return v4 == IN6_IS_ADDR_V4MAPPED(b) && memcmp(a, b, v4 ? sizeof *a : sizeof *a / 2) == 0;
}

/* A tunnel comes with connections of its own, which count apart. */
static unsigned clients_of(const struct slu_loop *loop, const struct in6_addr *address, bool tunnels)
{
	unsigned n = 0;

	for (const struct client *c = loop->clients; c; c = c->next)
		n += !c->turned_away && (c->tunnel != NULL) == tunnels && slu_loop_same_place(&c->address, address);
	return n;
}

/* So that no single one takes all; but one that tries this out, or a proxy, comes from this machine. */
static unsigned most_of(const struct slu_loop *loop, const struct in6_addr *address)
{
	const struct slu_loop_config *config = &loop->config;

	if (config->max_per_address)
		return config->max_per_address;
	return slu_admit_is_loopback(address) ? config->max_connections : (config->max_connections + 1) / 2;
}

const struct slu_door *slu_loop_full(const struct slu_loop *loop, const struct in6_addr *address, bool tunnel)
{
	unsigned n = loop->nclients - loop->nturned_away - loop->ntunnels + loop->ncarriers;

	if (loop->stopping)
		return &slu_door_closed;
	if ((tunnel ? loop->ntunnels : n) >= loop->config.max_connections)
		return &full;
	if (loop->peers.no_memory)
		return &no_memory;
	n = clients_of(loop, address, tunnel);
	if (!tunnel)
		n += slu_loop_carriers_of(loop, address);
	return n >= most_of(loop, address) ? &crowded : NULL;
}

bool slu_loop_may_tell(struct slu_loop *loop)
{
	if (loop->peers.now_ms >= loop->told_until) {
		loop->told_until = loop->peers.now_ms + SLU_LOOP_TOLD_MS;
		loop->told = 0;
	}
	return loop->told++ < TOLD;
}

void slu_loop_turn_away(struct slu_loop *loop, struct client *c, const struct slu_door *why)
{
	c->turned_away = true;
	c->until = loop->peers.now_ms + SLU_LOOP_TOLD_MS;
	c->peer->turned_away = why;
	c->peer->silent = true;
	loop->nturned_away++;
}

void slu_loop_report_turned_away(struct slu_loop *loop, const struct slu_door *why, const char *from)
{
	struct slu_server_report r = {
		.type = SLU_REPORT_REFUSE,
		.address = from,
		.app = "",
		.stream = "",
		.reason = why->reason,
		.text = why->text,
		.count = 1,
		.tls_version = "",
		.tls_suite = "",
	};

	slu_refusals_take(&loop->peers.refusals, &r, loop->peers.now_ms);
}
