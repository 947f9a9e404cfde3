/* SPDX-License-Identifier: MIT */
#include "server/loop_impl.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <sluice/flv.h>

#include "base/log.h"
#include "conn/http.h"
#include "conn/over.h"

enum {
	EVENTS = 64,
	DISK_MS = 5000,
	HELD_MS = 20,
	CROWD = 128,
	BACKLOG = 4 << 20,
	IDLE_MS = 30000,
	WAIT_MS = 86400000,
	SLOW_MS = 60000,
	PATIENCE = 1024 /* bytes: more than a sound, less than a picture */
};

static unsigned or_default(unsigned ms, unsigned otherwise)
{
	return ms ? ms : otherwise;
}

#ifdef __GLIBC__
/* What many have left behind lies scattered about, and glibc keeps all of it but what is at the end. */
static void give_back(void)
{
	malloc_trim(0);
}
#else
static void give_back(void)
{
}
#endif

struct call {
	struct watch watch;
	void (*fn)(void *arg);
	void *arg;
};

static void flush_peer(struct slu_peer *peer);

static void on_recorded(void *arg)
{
	slu_recorders_take(arg);
}

static int record(struct slu_loop *loop)
{
	struct slu_recorders *r;

	if (loop->config.dir < 0)
		return 0;
	r = slu_recorders_new(loop->config.dir, &loop->config.record, &loop->config.reporter);
	loop->peers.recorders = r;
	return r ? slu_loop_watch(loop, slu_recorders_fd(r), on_recorded, r) : SLU_ERR_NOMEM;
}

/* Who may do what, and for how long. */
static void set_rules(struct slu_peers *peers, const struct slu_loop_config *config)
{
	peers->logins = config->logins;
	peers->keys = config->keys;
	peers->rules = (struct slu_admit_rules){.users = config->logins != NULL,
						.certificates = config->certificates,
						.keys = config->keys != NULL,
						.open = config->open};
	peers->timeouts = (struct slu_peer_timeouts){.idle_ms = or_default(config->idle_timeout_ms, IDLE_MS),
						     .publish_ms = or_default(config->publish_timeout_ms, IDLE_MS),
						     .wait_ms = or_default(config->wait_timeout_ms, WAIT_MS),
						     .slow_ms = or_default(config->slow_timeout_ms, SLOW_MS)};
	peers->takeover = config->takeover;
	peers->max_queue = config->hub.max_queue;
}

struct slu_loop *slu_loop_new(const struct slu_loop_config *config, char *error, size_t size)
{
	struct slu_loop *loop = calloc(1, sizeof *loop);

	snprintf(error, size, "out of memory or descriptors");
	if (!loop)
		return NULL;
	loop->config = *config;
	if (!loop->config.max_connections)
		loop->config.max_connections = SLU_LOOP_MAX_CONNECTIONS;
	if (!loop->config.max_per_address)
		loop->config.max_per_address = loop->config.max_connections;
	slu_loop_set_memory(&loop->config);
	loop->config.conn.session.tally = &loop->tally;
	loop->config.conn.session.role = SLU_SERVER;
	loop->config.conn.session.log = loop->config.log;
	loop->peers.hub = slu_hub_new(&loop->config.hub);
	loop->peers.now_ms = slu_now_ms();
	loop->peers.dir = config->dir;
	set_rules(&loop->peers, &loop->config);
	loop->peers.log = config->log;
	loop->peers.reporter = loop->peers.refusals.to = config->reporter;
	loop->peers.flush = flush_peer;
	loop->peers.gathers = config->hub.gather_ms > 0;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	slu_loop_stats_begin(loop);
	if (loop->peers.hub && loop->epoll >= 0 && record(loop) == 0)
		return loop;
	slu_loop_free(loop);
	return NULL;
}

unsigned slu_loop_connections(const struct slu_loop *loop)
{
	return loop->nclients - loop->nturned_away + loop->ncarriers;
}

/* ---- watches ---- */

int slu_loop_add_watch(struct slu_loop *loop, struct watch *w, uint32_t edge)
{
	struct epoll_event ev = {.events = EPOLLIN | edge, .data.ptr = w};

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, w->fd, &ev) != 0)
		return SLU_ERR_IO;
	w->next = loop->watches;
	loop->watches = w;
	return 0;
}

static void call(struct watch *w, struct slu_loop *loop)
{
	struct call *c = (struct call *)w;

	(void)loop;
	c->fn(c->arg);
}

int slu_loop_watch(struct slu_loop *loop, int fd, void (*fn)(void *arg), void *arg)
{
	struct call *c = calloc(1, sizeof *c);
	int err;

	if (!c)
		return SLU_ERR_NOMEM;
	*c = (struct call){.watch = {.fn = call, .fd = fd}, .fn = fn, .arg = arg};
	err = slu_loop_add_watch(loop, &c->watch, EPOLLET);
	if (err)
		free(c);
	return err;
}

static void free_watches(struct slu_loop *loop, bool owned_only)
{
	struct watch **at = &loop->watches, *w;

	while ((w = *at)) {
		if (owned_only && !w->owned) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
		if (w->owned)
			slu_loop_unlisten(loop, w);
		else
			free(w);
	}
}

/* ---- clients ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

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

/* What comes through a tunnel is bounded there. */
static bool is_held(const struct client *c)
{
	return !c->tunnel && slu_peer_is_held(c->peer);
}

/* Epoll and the clock are told what the connection wants now. Must follow each call that lets it work, for then its
 * descriptor may have gone and its number serve something else. */
static void rearm(struct slu_loop *loop, struct client *c)
{
	struct slu_conn *conn = c->peer->conn;
	uint64_t at = slu_conn_deadline(conn), due;
	int fd = slu_conn_fd(conn);
	bool held = is_held(c);
	unsigned want = slu_conn_want(conn) & (held ? ~(unsigned)SLU_WANT_READ : ~0u);
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
	if (held)
		at = earlier(at, loop->peers.now_ms + HELD_MS);
	due = c->over ? UINT64_MAX : earlier(slu_peer_deadline(c->peer), c->until ? c->until : UINT64_MAX);
	set_deadline(loop, c, earlier(earlier(due, at), c->patient_until));
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
	rearm(loop, c);
}

/* Lets the connection read, and acts on what came. What that makes others send is flushed later, all at once. */
void slu_loop_work(struct slu_loop *loop, struct client *c)
{
	const uint64_t messages = c->peer->messages;

	if (c->over)
		return;
	if (c->until && loop->peers.now_ms >= c->until) {
		slu_loop_end(loop, c);
		return;
	}
	if (is_held(c)) {
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
	rearm(loop, c);
}

static void client_ready(struct watch *w, struct slu_loop *loop)
{
	slu_loop_work(loop, (struct client *)w);
}

static void flush_peer(struct slu_peer *peer)
{
	struct slu_loop *loop = (struct slu_loop *)((char *)peer->all - offsetof(struct slu_loop, peers));

	slu_conn_flush(peer->conn);
	rearm(loop, peer->owner);
}

static void flush_touched(struct slu_loop *loop)
{
	struct slu_peer *peer;

	while ((peer = loop->peers.touched)) {
		loop->peers.touched = peer->next_touched;
		peer->is_touched = false;
		flush_peer(peer);
	}
}

static void forget(struct slu_loop *loop, struct client *c)
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

/* The end of a publisher is news for its players: they are flushed, and may turn out to have ended too. */
static void flush_and_reap(struct slu_loop *loop)
{
	struct client *c;

	do {
		flush_touched(loop);
		while ((c = loop->over)) {
			loop->over = c->next_over;
			forget(loop, c);
		}
	} while (loop->peers.touched);
}

/* After clients in their hundreds, or megabytes that waited for the disk. */
static void give_back_what_is_free(struct slu_loop *loop)
{
	size_t queued = loop->peers.recorders ? slu_recorders_queued(loop->peers.recorders) : 0;

	loop->backlog |= queued >= BACKLOG;
	if (loop->ngone < CROWD && !(loop->backlog && queued < BACKLOG / 4))
		return;
	loop->ngone = 0;
	loop->backlog = false;
	give_back();
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

/* ---- the clock, and all together ---- */

static uint64_t next_deadline(const struct slu_loop *loop)
{
	const struct slu_timer *first = slu_timers_first(&loop->timers);
	uint64_t at = earlier(slu_loop_carriers_deadline(loop), slu_hub_deadline(loop->peers.hub));

	at = earlier(earlier(at, loop->stats_at), slu_refusals_deadline(&loop->peers.refusals));
	if (loop->accept_ms)
		at = earlier(at, loop->accept_ms);
	if (loop->peers.recorders)
		at = earlier(at, slu_recorders_deadline(loop->peers.recorders));
	return first ? earlier(at, first->at) : at;
}

static int wait_ms(const struct slu_loop *loop, int timeout_ms)
{
	uint64_t at = next_deadline(loop), now = slu_now_ms(), ms;

	if (at == UINT64_MAX)
		return timeout_ms;
	ms = at > now ? at - now : 0;
	if (timeout_ms >= 0 && ms > (unsigned)timeout_ms)
		return timeout_ms;
	return ms < INT_MAX ? (int)ms : INT_MAX;
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

static void work_on_time(struct slu_loop *loop)
{
	for (struct client *c = take_due(loop); c; c = c->next_due) {
		if (loop->peers.now_ms >= c->deadline)
			slu_loop_work(loop, c);
		else
			set_deadline(loop, c, c->deadline);
	}
}

static void on_time(struct slu_loop *loop)
{
	if (loop->accept_ms && loop->peers.now_ms >= loop->accept_ms)
		slu_loop_set_accepting(loop, true);
	work_on_time(loop);
	if (loop->peers.recorders)
		slu_recorders_on_time(loop->peers.recorders, loop->peers.now_ms);
	slu_loop_carriers_on_time(loop);
	slu_refusals_on_time(&loop->peers.refusals, loop->peers.now_ms);
	slu_loop_stats_on_time(loop);
}

int slu_loop_step(struct slu_loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	struct watch *w;
	int n = epoll_wait(loop->epoll, events, EVENTS, wait_ms(loop, timeout_ms));

	if (n < 0 && errno != EINTR)
		return SLU_ERR_IO;
	loop->peers.now_ms = slu_now_ms();
	slu_hub_tick(loop->peers.hub, loop->peers.now_ms);
	for (int i = 0; i < n; i++) {
		w = events[i].data.ptr;
		w->fn(w, loop);
	}
	on_time(loop);
	slu_hub_send(loop->peers.hub);
	flush_and_reap(loop);
	slu_loop_carriers_answer(loop);
	flush_and_reap(loop);
	while (slu_loop_spare_memory(loop))
		flush_and_reap(loop);
	give_back_what_is_free(loop);
	return 0;
}

void slu_loop_check_keys(struct slu_loop *loop)
{
	for (struct client *c = loop->clients; c; c = c->next)
		slu_peer_check_key(c->peer);
	flush_and_reap(loop);
}

void slu_loop_stop(struct slu_loop *loop)
{
	if (loop->stopping)
		return;
	loop->stopping = true;
	loop->accept_ms = 0;
	free_watches(loop, true);
	for (struct client *c = loop->clients; c; c = c->next)
		slu_peer_end(c->peer);
	flush_touched(loop);
	for (struct client *c = loop->clients; c; c = c->next) {
		slu_conn_close(c->peer->conn);
		rearm(loop, c);
	}
	flush_and_reap(loop);
}

void slu_loop_free(struct slu_loop *loop)
{
	if (!loop)
		return;
	slu_loop_carriers_free(loop);
	while (loop->clients)
		forget(loop, loop->clients);
	slu_refusals_on_time(&loop->peers.refusals, UINT64_MAX);
	free_watches(loop, false);
	if (!slu_recorders_free(loop->peers.recorders, DISK_MS))
		slu_log(&loop->config.log, SLU_LOG_WARN,
			"recordings were not finished within %d s, for the disk did not take them: what it has taken "
			"can be read",
			DISK_MS / 1000);
	if (loop->epoll >= 0)
		close(loop->epoll);
	slu_hub_free(loop->peers.hub);
	slu_timers_clear(&loop->timers);
	free(loop);
}
