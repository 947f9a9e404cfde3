/* SPDX-License-Identifier: MIT */
#include "probe/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/scan_impl.h"

enum { CONNECT_MS = 10000, LANES = 4, RATE = 100, ANSWER_MS = 5000, TOTAL_MS = 60000, EVENTS = 2 * SLU_SCAN_SOCKETS };

static const uint64_t dial_event = UINT64_MAX;

/* ---- the first connection ---- */

/* It stands: 1; not yet: 0; it failed, or there is no memory: <0, or the report says it. */
static int connect_first(struct slu_scan *s)
{
	struct slu_address peer;
	struct slu_lane *l;
	const int n = slu_dial_step(s->dial, s->now_ms);
	int fd;

	if (n == 0 || n == SLU_ERR_NOMEM)
		return n;
	if (n < 0) {
		slu_scan_unconnected(s);
		return 0;
	}
	fd = slu_dial_take(s->dial, &peer);
	s->connected = true;
	s->report.connections = 1;
	slu_address_host(&peer, s->report.address, sizeof s->report.address);
	slu_pace_begun(&s->pace, s->now_ms);
	l = slu_scan_add(s, fd);
	if (!l)
		return slu_scan_failed(s, NULL, errno);
	return slu_scan_stands(s, l);
}

/* ---- news ---- */

static int connected(struct slu_scan *s, struct slu_lane *l)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	return error ? slu_scan_failed(s, l, error) : slu_scan_stands(s, l);
}

static void look_at_idle(struct slu_scan *s, struct slu_lane *l, uint32_t events)
{
	/* Where connections that stand idle are closed, none is worth making ahead. */
	if (slu_lane_lost(l) || events & (EPOLLHUP | EPOLLERR)) {
		slu_lane_clear(l);
		s->pace.spare = 0;
	} else {
		slu_scan_watch(s, l);
	}
}

static int talk(struct slu_scan *s, struct slu_lane *l)
{
	const size_t before = l->bytes;
	const int r = slu_lane_talk(l, &s->count, s->now_ms);

	if (l->bytes > before)
		s->heard_ms = s->now_ms;
	if (r > 0)
		return slu_scan_over(s, l);
	if (r == 0)
		slu_scan_watch(s, l);
	return r;
}

static int react(struct slu_scan *s, const struct epoll_event *ev)
{
	const uint32_t index = (uint32_t)ev->data.u64;
	struct slu_lane *l = &s->lanes[index < SLU_SCAN_SOCKETS ? index : 0];
	int r = 0;

	if (index >= SLU_SCAN_SOCKETS || l->fd < 0 || l->begun != ev->data.u64 >> 32)
		return 0;
	if (!l->stands)
		r = connected(s, l);
	else if (!l->ops)
		look_at_idle(s, l, ev->events);
	else
		r = talk(s, l);
	return r < 0 || s->stop ? r : slu_scan_fill(s);
}

static int hear(struct slu_scan *s)
{
	struct epoll_event ev[EVENTS];
	const int n = epoll_wait(s->epfd, ev, EVENTS, 0);
	int r = 0;

	for (int i = 0; i < n && r == 0 && !s->stop; i++)
		r = react(s, &ev[i]);
	return r;
}

/* ---- time ---- */

/* When it is to be seen whether the server waits for connections that stand idle, while others are not answered. */
static uint64_t doubt_ms(const struct slu_scan *s)
{
	uint64_t first = UINT64_MAX;
	bool idle = false;

	for (const struct slu_lane *l = s->lanes; l < s->lanes + SLU_SCAN_SOCKETS; l++) {
		idle |= slu_lane_idle(l);
		if (l->ops && !l->settled_ms) {
			const uint64_t from = l->asked_ms > s->heard_ms ? l->asked_ms : s->heard_ms;

			first = from < first ? from : first;
		}
	}
	return idle && first != UINT64_MAX ? first + s->answer_ms / 2 : UINT64_MAX;
}

static int expire(struct slu_scan *s, struct slu_lane *l)
{
	int r;

	if (l->fd < 0 || (l->stands && !l->ops) || s->now_ms < l->due_ms)
		return 0;
	r = l->stands ? slu_scan_silent(s, l) : slu_scan_failed(s, l, ETIMEDOUT);
	return r < 0 || s->stop ? r : slu_scan_fill(s);
}

static int watch_clock(struct slu_scan *s)
{
	int r = 0;

	if (s->now_ms >= s->end_ms)
		return slu_scan_cut(s, SLU_STOP_TIME);
	if (s->now_ms >= doubt_ms(s)) {
		s->doubted = true;
		slu_scan_narrow(s);
	}
	for (size_t i = 0; i < SLU_SCAN_SOCKETS && r == 0 && !s->stop; i++)
		r = expire(s, &s->lanes[i]);
	return r;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t slu_scan_deadline(const struct slu_scan *s)
{
	uint64_t next;

	if (s->done || s->err)
		return UINT64_MAX;
	if (!s->connected)
		return slu_dial_deadline(s->dial);
	next = earlier(s->end_ms, doubt_ms(s));
	if (s->held)
		next = earlier(next, slu_pace_when(&s->pace));
	for (const struct slu_lane *l = s->lanes; l < s->lanes + SLU_SCAN_SOCKETS; l++) {
		if (l->fd >= 0 && (!l->stands || l->ops))
			next = earlier(next, l->due_ms);
	}
	return next;
}

/* ---- the object ---- */

static bool nothing_under_way(const struct slu_scan *s)
{
	for (size_t i = 0; i < SLU_SCAN_SOCKETS; i++) {
		if (s->lanes[i].has_job)
			return false;
	}
	return !s->nagain;
}

static int step(struct slu_scan *s)
{
	int r = s->connected ? 0 : connect_first(s);

	if (r < 0 || !s->connected)
		return r;
	r = hear(s);
	if (r == 0 && !s->stop)
		r = watch_clock(s);
	if (r == 0 && !s->stop)
		r = slu_scan_fill(s);
	if (r < 0)
		return r;
	/* Should the plan ever wait for nothing, it ends here. */
	if (!slu_plan_done(s->plan) && nothing_under_way(s))
		r = slu_scan_cut(s, SLU_STOP_TIME);
	if (slu_plan_done(s->plan))
		slu_scan_conclude(s);
	return r;
}

int slu_scan_step(struct slu_scan *s, uint64_t now_ms)
{
	if (s->err || s->done)
		return s->err ? s->err : 1;
	s->now_ms = now_ms;
	s->err = step(s);
	return s->err ? s->err : s->done;
}

int slu_scan_fd(const struct slu_scan *s)
{
	return s->epfd;
}

unsigned slu_scan_progress(const struct slu_scan *s)
{
	return s->report.hellos + s->report.handshakes;
}

const struct slu_report *slu_scan_report(const struct slu_scan *s)
{
	return &s->report;
}

void slu_scan_free(struct slu_scan *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SLU_SCAN_SOCKETS; i++)
		slu_lane_clear(&s->lanes[i]);
	for (size_t i = 0; i < s->nagain; i++)
		slu_inspect_free(s->again[i].inspect);
	slu_dial_free(s->dial);
	slu_plan_free(s->plan);
	slu_report_clear(&s->report);
	if (s->epfd >= 0)
		close(s->epfd);
	free(s);
}

/* ---- its beginning ---- */

static struct slu_chain *look(void *ctx, const struct slu_chain_der *certs, size_t n)
{
	const struct slu_scan *s = ctx;

	return slu_chain_new(certs, n, s->trust, s->name, 0);
}

static void set_times(struct slu_scan *s, const struct slu_scan_config *c, uint64_t now_ms)
{
	const unsigned total = c->total_ms ? c->total_ms : TOTAL_MS;

	s->answer_ms = c->answer_ms ? c->answer_ms : ANSWER_MS;
	s->connect_ms = c->tcp.connect_timeout_ms ? c->tcp.connect_timeout_ms : CONNECT_MS;
	if (s->connect_ms > total)
		s->connect_ms = total;
	s->begun_ms = s->heard_ms = s->now_ms = now_ms;
	s->end_ms = now_ms + total;
}

/* The name as it goes into a hello: no dot at its end. */
static bool set_name(struct slu_scan *s, const char *name)
{
	size_t n = strlen(name);

	n -= n && name[n - 1] == '.';
	if (n >= sizeof s->name)
		return false;
	memcpy(s->name, name, n);
	return true;
}

static bool make_plan(struct slu_scan *s, const struct slu_scan_config *c)
{
	struct slu_plan_config plan = {.full = c->full, .host = s->name, .seed = c->seed, .look = look, .ctx = s};
	struct slu_address numeric;

	if (!slu_address_parse(&numeric, s->name, 0))
		plan.server_name = s->name;
	if (!plan.seed && getrandom(&plan.seed, sizeof plan.seed, 0) < 0)
		plan.seed = (uintptr_t)s; /* nothing depends on it */
	s->plan = slu_plan_new(&plan, &s->report);
	return s->plan != NULL;
}

/* As what the plan asks is waited for: one descriptor. */
static bool dial(struct slu_scan *s, const struct slu_scan_config *c, char *error, size_t size)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = dial_event};
	struct slu_tcp_config tcp = c->tcp;

	tcp.connect_timeout_ms = s->connect_ms;
	s->dial = slu_dial_new(&tcp, s->report.host, s->report.port, s->now_ms, error, size);
	if (!s->dial)
		return false;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd >= 0 && epoll_ctl(s->epfd, EPOLL_CTL_ADD, slu_dial_fd(s->dial), &ev) == 0)
		return true;
	snprintf(error, size, "cannot wait for connections: %s", strerror(errno));
	return false;
}

static struct slu_scan *scan_alloc(const struct slu_scan_config *c, uint64_t now_ms)
{
	struct slu_scan *s = calloc(1, sizeof *s);
	unsigned lanes = c->lanes ? c->lanes : LANES;

	if (!s)
		return NULL;
	if (lanes > SLU_SCAN_LANES)
		lanes = SLU_SCAN_LANES;
	slu_report_init(&s->report);
	slu_pace_init(&s->pace, lanes, c->rate ? c->rate : RATE);
	for (size_t i = 0; i < SLU_SCAN_SOCKETS; i++)
		slu_lane_init(&s->lanes[i]);
	s->trust = c->trust;
	s->log = c->tcp.log;
	s->epfd = -1;
	set_times(s, c, now_ms);
	return s;
}

struct slu_scan *slu_scan_new(const struct slu_scan_config *config, const char *host, uint16_t port, uint64_t now_ms,
			      char *error, size_t size)
{
	struct slu_scan *s = scan_alloc(config, now_ms);

	if (!s) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	slu_endpoint_format(host, port, s->endpoint, sizeof s->endpoint);
	s->report.port = port;
	if (strlen(host) >= sizeof s->report.host || !set_name(s, config->server_name ? config->server_name : host)) {
		snprintf(error, size, "no server has a name of more than 255 characters: '%.32s...'",
			 strlen(host) >= sizeof s->report.host ? host : config->server_name);
	} else {
		strcpy(s->report.host, host);
		if (!make_plan(s, config))
			snprintf(error, size, "out of memory");
		else if (dial(s, config, error, size))
			return s;
	}
	slu_scan_free(s);
	return NULL;
}
