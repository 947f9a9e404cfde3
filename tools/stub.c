/* SPDX-License-Identifier: MIT */
#include "tools/stub.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/log.h>

#include "server/listener.h"
#include "tools/accept.h"
#include "tools/console.h"
#include "tools/stop.h"

enum {
	STOP_MS = 5000,
	OTHERS = 3, /* polled besides clients */
	POLLED = OTHERS + 3 * SLU_STUB_CLIENTS
};

struct stub {
	const struct slu_stub_ops *ops;
	void *arg;
	int listener;
	int console; /* -1: it has ended */
	bool stop;
	unsigned nclients;
	struct slu_stub_client *clients;
	uint64_t accept_ms; /* not before */
	struct pollfd polled[POLLED];
	struct slu_conn *conns[POLLED]; /* NULL for the others */
	nfds_t npolled;
	uint64_t wake_ms;
};

static void log_line(void *arg, enum slu_log_level level, const char *line)
{
	(void)arg;
	RTMP_Log(level == SLU_LOG_WARN ? RTMP_LOGWARNING : RTMP_LOGDEBUG, "%s", line);
}

struct slu_log slu_stub_log(void)
{
	return (struct slu_log){.fn = log_line,
				.level = RTMP_LogGetLevel() >= RTMP_LOGDEBUG ? SLU_LOG_DEBUG : SLU_LOG_WARN};
}

/* ---- clients ---- */

static void forget(struct stub *s, struct slu_stub_client **place)
{
	struct slu_stub_client *c = *place;

	*place = c->next;
	s->nclients--;
	slu_conn_free(c->ends[0].conn);
	slu_conn_free(c->ends[1].conn);
	s->ops->free(c);
}

static void forget_those_over(struct stub *s)
{
	struct slu_stub_client **place = &s->clients;

	while (*place) {
		if ((*place)->over)
			forget(s, place);
		else
			place = &(*place)->next;
	}
}

static void welcome(struct stub *s, int fd)
{
	struct slu_stub_client *c;

	if (s->nclients == SLU_STUB_CLIENTS) {
		RTMP_Log(RTMP_LOGWARNING, "A client was turned away: %d are connected, and no more are taken",
			 SLU_STUB_CLIENTS);
		close(fd);
		return;
	}
	c = s->ops->accept(s->arg, fd);
	if (!c)
		return;
	c->next = s->clients;
	s->clients = c;
	s->nclients++;
	slu_conn_process(c->ends[0].conn); /* which says what it waits for */
}

static void accept_clients(struct stub *s, uint64_t now)
{
	int fd;

	for (int i = 0; i < SLU_STUB_CLIENTS && (fd = slu_accept_client(s->listener, now, &s->accept_ms)) >= 0; i++)
		welcome(s, fd);
}

/* ---- one round ---- */

static void add_polled(struct stub *s, int fd, int events, struct slu_conn *conn)
{
	s->polled[s->npolled] = (struct pollfd){.fd = fd, .events = (short)events};
	s->conns[s->npolled++] = conn;
}

static void wake_by(struct stub *s, uint64_t at)
{
	if (at < s->wake_ms)
		s->wake_ms = at;
}

static void add_end(struct stub *s, struct slu_stub_end *end, uint64_t now)
{
	unsigned want;
	int events, ms;

	if (!end->conn || end->noticed)
		return;
	/* A connection that is over is due at once for ever, and the other one may take its time. */
	end->noticed = slu_conn_closed(end->conn);
	want = slu_conn_want(end->conn) & (end->held ? SLU_WANT_WRITE : ~0u);
	events = (want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0);
	add_polled(s, events ? slu_conn_fd(end->conn) : -1, events, end->conn);
	ms = slu_conn_timeout(end->conn);
	if (ms >= 0 && !end->held)
		wake_by(s, now + (unsigned)ms);
}

static void gather(struct stub *s, uint64_t now)
{
	s->npolled = 0;
	s->wake_ms = UINT64_MAX;
	add_polled(s, slu_stop_asked() ? -1 : slu_stop_fd(), POLLIN, NULL);
	add_polled(s, s->console, POLLIN, NULL);
	add_polled(s, now < s->accept_ms ? -1 : s->listener, POLLIN, NULL);
	if (now < s->accept_ms)
		wake_by(s, s->accept_ms);
	for (struct slu_stub_client *c = s->clients; c; c = c->next) {
		add_end(s, &c->ends[0], now);
		add_end(s, &c->ends[1], now);
		if (c->other_fd >= 0)
			add_polled(s, c->other_fd, POLLIN, NULL);
		wake_by(s, c->deadline_ms);
	}
}

static int wait_for_it(struct stub *s, uint64_t now, uint64_t until)
{
	int ms = -1;

	wake_by(s, until);
	if (s->wake_ms <= now)
		ms = 0;
	else if (s->wake_ms != UINT64_MAX)
		ms = s->wake_ms - now < INT_MAX ? (int)(s->wake_ms - now) : INT_MAX;
	if (poll(s->polled, s->npolled, ms) >= 0)
		return 0;
	for (nfds_t i = 0; i < s->npolled; i++)
		s->polled[i].revents = 0;
	return errno == EINTR ? 0 : -1;
}

/* False when the system cannot go on. */
static bool step(struct stub *s, uint64_t until)
{
	uint64_t now = slu_now_ms();

	gather(s, now);
	if (wait_for_it(s, now, until) != 0) {
		RTMP_Log(RTMP_LOGERROR, "The system's poll failed: %s", strerror(errno));
		return false;
	}
	for (nfds_t i = OTHERS; i < s->npolled; i++)
		if (s->conns[i] && (s->polled[i].revents || slu_conn_timeout(s->conns[i]) == 0))
			slu_conn_process(s->conns[i]);
	now = slu_now_ms();
	for (struct slu_stub_client *c = s->clients; c; c = c->next)
		s->ops->work(c, now);
	forget_those_over(s);
	if (s->polled[1].revents)
		s->stop = slu_console_quits(&s->console);
	if (s->polled[2].revents)
		accept_clients(s, now);
	return true;
}

/* ---- from beginning to end ---- */

static bool listen_at(struct stub *s, const struct slu_stub_options *o)
{
	const char *format = strchr(o->device, ':') ? "rtmp://[%s]:%s" : "rtmp://%s:%s";
	char place[300], bound[SLU_LISTENER_URL], error[512];
	bool tls;

	snprintf(place, sizeof place, format, o->device, o->port);
	s->listener = slu_listener_open(place, &tls, bound, error, sizeof error);
	if (s->listener < 0) {
		RTMP_Log(RTMP_LOGERROR, "%s", error);
		return false;
	}
	RTMP_LogPrintf("Streaming on %s\n", bound);
	return true;
}

static bool end_in_order(struct stub *s)
{
	uint64_t until = slu_now_ms() + STOP_MS;
	bool ok = true;

	if (!s->stop)
		RTMP_LogPrintf("Caught a signal, cleaning up, just a second...\n");
	close(s->listener);
	s->listener = s->console = -1;
	for (struct slu_stub_client *c = s->clients; c; c = c->next)
		s->ops->stop(c);
	forget_those_over(s);
	while (ok && s->clients && slu_now_ms() < until)
		ok = step(s, until);
	while (s->clients)
		forget(s, &s->clients);
	return ok;
}

int slu_stub_run(const struct slu_stub_options *options, const struct slu_stub_ops *ops, void *arg)
{
	static struct stub stub;
	bool ok = true;

	stub = (struct stub){.ops = ops, .arg = arg, .listener = -1, .console = STDIN_FILENO};
	if (slu_stop_init() != 0) {
		RTMP_Log(RTMP_LOGERROR, "The system gives no descriptors for signals: %s", strerror(errno));
		return 1;
	}
	if (!listen_at(&stub, options)) {
		RTMP_Log(RTMP_LOGERROR, "Failed to start RTMP server, exiting!");
		return 1;
	}
	while (ok && !stub.stop && !slu_stop_asked())
		ok = step(&stub, UINT64_MAX);
	ok = end_in_order(&stub) && ok;
	return ok ? 0 : 1;
}
