/* SPDX-License-Identifier: MIT */
/* One client of the loop: when it works, what it waits for, and how it goes. */
#include "server/loop_impl.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "conn/http.h"
#include "conn/over.h"

enum {
	HELD_MS = 20,
	MAX_HELD_MS = 10000, /* in a row: a disk that takes nothing for that long may never again */
	PATIENCE = 1024      /* bytes: more than a sound, less than a picture */
};

void slu_loop_end(struct slu_loop *loop, struct client *c)
{
	if (c->over)
		return;
	c->over = true;
	c->next_over = loop->over;
	loop->over = c;
}

/* A timer that rings too early is set anew then: that is seldom, and players' deadlines move on all the time. Not so
 * where it is short. */
static void set_deadline(struct slu_loop *loop, struct client *c, uint64_t at)
{
	c->deadline = at;
	if (!c->timer.place || at < c->timer.at || c->patient)
		slu_timers_set(&loop->timers, &c->timer, at);
}

/* Whether it waits for the disk. What comes through a tunnel is bounded there. */
static bool is_held(const struct slu_loop *loop, struct client *c)
{
	if (c->tunnel || !slu_peer_is_held(c->peer)) {
		c->held_ms = 0;
		return false;
	}
	if (!c->held_ms)
		c->held_ms = loop->peers.now_ms;
	return loop->peers.now_ms < c->held_ms + MAX_HELD_MS;
}

void slu_loop_rearm(struct slu_loop *loop, struct client *c)
{
	struct slu_conn *conn = c->peer->conn;
	bool held = is_held(loop, c);
	/* Of one that is gone epoll would tell all the time, and one that has something to read is always due. */
	int fd = held ? -1 : slu_conn_fd(conn);
	uint64_t at = held ? loop->peers.now_ms + HELD_MS : slu_conn_deadline(conn), due;
	unsigned want = slu_conn_want(conn);
	struct epoll_event ev = {.events = (want & SLU_WANT_READ ? EPOLLIN | EPOLLRDHUP : 0u) |
					   (want & SLU_WANT_WRITE ? EPOLLOUT : 0u),
				 .data.ptr = &c->watch};

	if (slu_conn_closed(conn))
		slu_loop_end(loop, c);
	if (fd != c->watch.fd && c->watch.fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, c->watch.fd, NULL);
	if (fd >= 0 && (fd != c->watch.fd || want != c->want) &&
	    epoll_ctl(loop->epoll, fd == c->watch.fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) != 0)
		slu_loop_end(loop, c);
	c->watch.fd = fd;
	c->want = want;
	slu_loop_note_memory(loop, c);
	if (slu_peer_can_pump(c->peer))
		at = 0;
	due = c->over ? UINT64_MAX : slu_earlier(slu_peer_deadline(c->peer), c->until ? c->until : UINT64_MAX);
	set_deadline(loop, c, slu_earlier(slu_earlier(due, at), c->patient_until));
}

/* A publisher is not read for each sound that is to wait for a picture anyway, nor is a silent one looked after. */
static void set_patience(struct slu_loop *loop, struct client *c, bool heard)
{
	struct slu_hub_stream *stream = c->peer->stream;
	bool patient = stream && !c->tunnel && slu_hub_gathers(stream) &&
		       (heard || (c->patient && loop->peers.now_ms < c->patient_until));

	if (patient != c->patient && !slu_conn_patience(c->peer->conn, patient ? PATIENCE : 1))
		patient = false;
	c->patient = patient;
	c->patient_until = patient ? loop->peers.now_ms + loop->config.hub.gather_ms : UINT64_MAX;
}

/* It is not silent, for nobody listens to it. */
static void hold(struct slu_loop *loop, struct client *c)
{
	c->peer->media_ms = loop->peers.now_ms;
	slu_conn_flush(c->peer->conn);
	slu_loop_rearm(loop, c);
}

/* What it makes others send is flushed later, all at once. */
void slu_loop_work(struct slu_loop *loop, struct client *c)
{
	const uint64_t messages = c->peer->messages;

	if (c->over)
		return;
	if (c->until && loop->peers.now_ms >= c->until) {
		slu_loop_end(loop, c);
		return;
	}
	if (is_held(loop, c)) {
		hold(loop, c);
		return;
	}
	slu_conn_process(c->peer->conn);
	if (slu_conn_is_http(c->peer->conn)) {
		slu_loop_carry(loop, c);
		return;
	}
	slu_peer_events(c->peer);
	if (!slu_peer_on_time(c->peer))
		slu_loop_end(loop, c);
	slu_peer_pump(c->peer);
	slu_loop_check_memory(loop, c);
	set_patience(loop, c, c->peer->messages != messages);
	slu_loop_rearm(loop, c);
}

static void client_ready(struct watch *w, struct slu_loop *loop)
{
	slu_loop_work(loop, (struct client *)w);
}

void slu_loop_flush_peer(struct slu_peer *peer)
{
	struct slu_loop *loop = (struct slu_loop *)((char *)peer->all - offsetof(struct slu_loop, peers));

	slu_conn_flush(peer->conn);
	slu_loop_rearm(loop, peer->owner);
}

void slu_loop_forget(struct slu_loop *loop, struct client *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		loop->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	loop->nclients--;
	loop->ntunnels -= c->tunnel != NULL;
	loop->nturned_away -= c->turned_away;
	slu_loop_forget_memory(loop, c);
	slu_loop_stats_forget(loop, c);
	slu_timers_set(&loop->timers, &c->timer, UINT64_MAX);
	if (c->watch.fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, c->watch.fd, NULL);
	slu_peer_free(c->peer);
	slu_tunnel_free(c->tunnel);
	free(c);
	loop->ngone++;
}

struct client *slu_loop_add(struct slu_loop *loop, struct slu_conn *conn, const struct in6_addr *address)
{
	struct client *c = calloc(1, sizeof *c);

	if (c && slu_timers_reserve(&loop->timers, loop->nclients + 1) == 0)
		c->peer = slu_peer_new(&loop->peers, conn, ++loop->last_id);
	if (!c || !c->peer) {
		slu_conn_free(conn);
		free(c);
		return NULL;
	}
	c->watch = (struct watch){.fn = client_ready, .fd = -1};
	c->peer->owner = c;
	c->patient_until = UINT64_MAX;
	c->peer->facts.local = slu_admit_is_loopback(address);
	c->address = *address;
	c->next = loop->clients;
	if (c->next)
		c->next->prev = c;
	loop->clients = c;
	loop->nclients++;
	return c;
}

/* Those whose timer rings, once each, though some are due again at once. */
static struct client *take_due(struct slu_loop *loop)
{
	struct client *due = NULL, *c;
	struct slu_timer *t;

	while ((t = slu_timers_first(&loop->timers)) && t->at <= loop->peers.now_ms) {
		c = (struct client *)((char *)t - offsetof(struct client, timer));
		slu_timers_set(&loop->timers, t, UINT64_MAX);
		c->next_due = due;
		due = c;
	}
	return due;
}

void slu_loop_clients_on_time(struct slu_loop *loop)
{
	for (struct client *c = take_due(loop); c; c = c->next_due) {
		if (loop->peers.now_ms >= c->deadline)
			slu_loop_work(loop, c);
		else
			set_deadline(loop, c, c->deadline);
	}
}
