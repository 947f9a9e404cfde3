/* SPDX-License-Identifier: MIT */
/* HTTP connections, the tunnels that are opened over them, and which id is whose. */
#include "server/loop_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include "base/log.h"
#include "conn/http.h"

struct carrier {
	struct watch watch; /* fd: that epoll knows; -1: none */
	struct slu_carrier *http;
	struct slu_loop *loop;
	struct carrier *next;
	struct in6_addr address;
	bool turned_away; /* it is only told why */
	unsigned want;
	uint64_t deadline;
};

/* ---- which id is whose ---- */

static struct slu_tunnel *find_tunnel(void *arg, const char *id)
{
	const struct carrier *k = arg;
	unsigned char differ;

	for (struct client *c = k->loop->clients; c; c = c->next) {
		if (!c->tunnel || strlen(id) != SLU_TUNNEL_ID - 1)
			continue;
		differ = 0;
		/* How long it takes does not tell how much of a guess is right. */
		for (size_t i = 0; i < SLU_TUNNEL_ID - 1; i++)
			differ |= (unsigned char)(id[i] ^ c->id[i]);
		if (!differ)
			return c->tunnel;
	}
	return NULL;
}

static int make_id(char id[SLU_TUNNEL_ID])
{
	uint8_t bytes[(SLU_TUNNEL_ID - 1) / 2];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return SLU_ERR_IO;
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* ---- what carriers ask for ---- */

static struct slu_tunnel *open_tunnel(void *arg, const struct slu_transport_stats *stats, const char **id)
{
	struct carrier *k = arg;
	struct slu_loop *loop = k->loop;
	struct slu_tunnel_config config = {.stats = *stats, .now_ms = slu_now_ms};
	const struct slu_door *why = slu_loop_full(loop, &k->address, true);
	struct slu_tunnel *tunnel = why ? NULL : slu_tunnel_new(&config);
	char error[256] = "out of memory";
	struct slu_conn *conn = NULL;
	struct client *c = NULL;

	if (tunnel)
		conn = slu_conn_accept_over(&loop->config.conn, slu_tunnel_transport(tunnel), error, sizeof error);
	if (conn)
		c = slu_loop_add(loop, conn, &k->address);
	if (why) {
		slu_loop_report_turned_away(loop, why, stats->peer);
		return NULL;
	}
	if (!c || make_id(c->id) != 0) {
		slu_log(&loop->config.log, SLU_LOG_WARN, "client %s: no tunnel was opened: %s", stats->peer, error);
		if (c)
			slu_loop_end(k->loop, c);
		slu_tunnel_free(tunnel);
		return NULL;
	}
	c->tunnel = tunnel;
	loop->ntunnels++;
	*id = c->id;
	slu_loop_work(loop, c);
	return tunnel;
}

static void fed(void *arg, struct slu_tunnel *tunnel)
{
	struct carrier *k = arg;
	struct client *c = k->loop->clients;

	while (c && c->tunnel != tunnel)
		c = c->next;
	if (c)
		slu_loop_work(k->loop, c);
}

/* ---- carriers ---- */

static void rearm(struct slu_loop *loop, struct carrier *k)
{
	unsigned want = slu_carrier_want(k->http);
	struct epoll_event ev = {.events = (want & SLU_WANT_READ ? EPOLLIN : 0u) |
					   (want & SLU_WANT_WRITE ? EPOLLOUT : 0u),
				 .data.ptr = &k->watch};

	if (want != k->want)
		epoll_ctl(loop->epoll, EPOLL_CTL_MOD, k->watch.fd, &ev);
	k->want = want;
	k->deadline = slu_carrier_deadline(k->http);
}

static void step(struct slu_loop *loop, struct carrier *k)
{
	slu_carrier_step(k->http, loop->peers.now_ms);
	rearm(loop, k);
}

static void carrier_ready(struct watch *w, struct slu_loop *loop)
{
	step(loop, (struct carrier *)w);
}

static bool watch_carrier(struct slu_loop *loop, struct carrier *k)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &k->watch};

	k->want = SLU_WANT_READ;
	k->watch = (struct watch){.fn = carrier_ready, .fd = slu_carrier_fd(k->http)};
	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, k->watch.fd, &ev) == 0;
}

static void free_carrier(struct slu_loop *loop, struct carrier *k)
{
	if (k->watch.fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, k->watch.fd, NULL);
	slu_carrier_free(k->http);
	free(k);
}

void slu_loop_carry(struct slu_loop *loop, struct client *c)
{
	struct carrier *k = calloc(1, sizeof *k);
	const struct slu_door *full = c->peer->turned_away;
	struct slu_carrier_hooks hooks = {open_tunnel, find_tunnel, fed, full ? full->text : NULL, k};
	unsigned timeout_ms = full ? SLU_LOOP_TOLD_MS : loop->peers.timeouts.idle_ms;
	struct slu_transport *transport;
	struct slu_vec read;

	if (c->watch.fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, c->watch.fd, NULL);
	c->watch.fd = -1;
	slu_loop_end(loop, c);
	c->peer->silent = true;
	if (!k)
		return;
	transport = slu_conn_take(c->peer->conn, &read);
	k->watch.fd = -1;
	k->loop = loop;
	k->address = c->address;
	k->turned_away = full != NULL;
	k->http = slu_carrier_new(transport, &read, &hooks, timeout_ms, loop->peers.now_ms);
	if (!k->http || !watch_carrier(loop, k)) {
		slu_carrier_free(k->http);
		free(k);
		return;
	}
	k->next = loop->carriers;
	loop->carriers = k;
	loop->ncarriers += !k->turned_away;
	step(loop, k);
}

void slu_loop_carriers_on_time(struct slu_loop *loop)
{
	for (struct carrier *k = loop->carriers; k; k = k->next)
		if (loop->peers.now_ms >= k->deadline)
			step(loop, k);
}

/* Stopping, there are none to wait for once the last tunnel has ended. */
static bool is_over(const struct slu_loop *loop, const struct carrier *k)
{
	return slu_carrier_over(k->http) || (loop->stopping && !loop->ntunnels);
}

void slu_loop_carriers_answer(struct slu_loop *loop)
{
	struct carrier **at = &loop->carriers, *k;

	for (k = loop->carriers; k; k = k->next) {
		slu_carrier_answer(k->http, loop->peers.now_ms);
		rearm(loop, k);
	}
	while ((k = *at)) {
		if (!is_over(loop, k)) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		loop->ncarriers -= !k->turned_away;
		free_carrier(loop, k);
	}
}

uint64_t slu_loop_carriers_deadline(const struct slu_loop *loop)
{
	uint64_t at = UINT64_MAX;

	for (const struct carrier *k = loop->carriers; k; k = k->next)
		at = k->deadline < at ? k->deadline : at;
	return at;
}

unsigned slu_loop_carriers_of(const struct slu_loop *loop, const struct in6_addr *address)
{
	unsigned n = 0;

	for (const struct carrier *k = loop->carriers; k; k = k->next)
		n += !k->turned_away && slu_loop_same_place(&k->address, address);
	return n;
}

void slu_loop_carriers_free(struct slu_loop *loop)
{
	struct carrier *k, *next;

	for (k = loop->carriers; k; k = next) {
		next = k->next;
		free_carrier(loop, k);
	}
	loop->carriers = NULL;
	loop->ncarriers = 0;
}
