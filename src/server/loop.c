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

#include "base/log.h"

enum {
	EVENTS = 64,
	DISK_MS = 5000,
	CROWD = 128,
	BACKLOG = 4 << 20,
	IDLE_MS = 30000,
	WAIT_MS = 86400000,
	SLOW_MS = 60000
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
	loop->peers.flush = slu_loop_flush_peer;
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

/* ---- all together ---- */

static void flush_touched(struct slu_loop *loop)
{
	struct slu_peer *peer;

	while ((peer = loop->peers.touched)) {
		loop->peers.touched = peer->next_touched;
		peer->is_touched = false;
		slu_loop_flush_peer(peer);
	}
}

/* The end of a publisher is news for its players: they are flushed, and may turn out to have ended too. */
static void flush_and_reap(struct slu_loop *loop)
{
	struct client *c;

	do {
		flush_touched(loop);
		while ((c = loop->over)) {
			loop->over = c->next_over;
			slu_loop_forget(loop, c);
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

/* ---- the clock ---- */

static uint64_t next_deadline(const struct slu_loop *loop)
{
	const struct slu_timer *first = slu_timers_first(&loop->timers);
	uint64_t at = slu_earlier(slu_loop_carriers_deadline(loop), slu_hub_deadline(loop->peers.hub));

	at = slu_earlier(slu_earlier(at, loop->stats_at), slu_refusals_deadline(&loop->peers.refusals));
	if (loop->accept_ms)
		at = slu_earlier(at, loop->accept_ms);
	if (loop->peers.recorders)
		at = slu_earlier(at, slu_recorders_deadline(loop->peers.recorders));
	return first ? slu_earlier(at, first->at) : at;
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

static void on_time(struct slu_loop *loop)
{
	if (loop->accept_ms && loop->peers.now_ms >= loop->accept_ms)
		slu_loop_set_accepting(loop, true);
	slu_loop_clients_on_time(loop);
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

void slu_loop_check_access(struct slu_loop *loop)
{
	for (struct client *c = loop->clients; c; c = c->next)
		slu_peer_check_access(c->peer);
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
		slu_loop_rearm(loop, c);
	}
	flush_and_reap(loop);
}

void slu_loop_free(struct slu_loop *loop)
{
	if (!loop)
		return;
	slu_loop_carriers_free(loop);
	while (loop->clients)
		slu_loop_forget(loop, loop->clients);
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
