/* SPDX-License-Identifier: MIT */
#include "tools/gw_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <sluice/conn.h>

#include "server/listener.h"
#include "tools/accept.h"
#include "tools/console.h"
#include "tools/gw_http.h"
#include "tools/stop.h"

enum {
	STOP_MS = 5000,  /* for a client to end in order */
	GONE_MS = 10000, /* for one that has closed its side, and is sent nothing, to be taken for gone */
	OTHERS = 3,      /* polled besides clients */
	POLLED = OTHERS + 2 * SLU_GW_CLIENTS
};

/* A client and its process. */
struct child {
	pid_t pid;
	int fd;           /* the client, to see it go; the process has its own */
	int alive;        /* readable when the process has ended */
	uint64_t gone_ms; /* when it closed its side; 0: it has not */
	uint64_t kill_ms; /* it was told to end, and is killed then; 0: it was not */
};

struct server {
	void (*client)(int fd, void *arg);
	void *arg;
	int listener, console; /* -1: none */
	bool stop;
	uint64_t accept_ms; /* not before */
	struct child children[SLU_GW_CLIENTS];
	unsigned n;
	struct pollfd polled[POLLED];
	uint64_t wake_ms;
};

/* ---- the client's process ---- */

static void on_sigterm(int number)
{
	(void)number;
	RTMP_ctrlC = 1;
}

/* Whatever the terminal sends, the parent gets too, and passes on. */
static void take_signals(const sigset_t *before)
{
	struct sigaction action = {.sa_handler = on_sigterm};

	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigprocmask(SIG_SETMASK, before, NULL);
}

static _Noreturn void be_child(struct server *s, int fd, const sigset_t *before, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		RTMP_ctrlC = 1;
	take_signals(before);
	close(s->listener);
	for (unsigned i = 0; i < s->n; i++) {
		close(s->children[i].fd);
		close(s->children[i].alive);
	}
	s->client(fd, s->arg);
	exit(0);
}

/* SIGTERM waits until the new process has its own idea of it. 0, or a number of errno. */
static int start(struct server *s, int fd)
{
	sigset_t term, before;
	pid_t parent = getpid(), pid;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	pid = fork();
	err = errno;
	if (pid == 0)
		be_child(s, fd, &before, parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err;
	}
	s->children[s->n++] = (struct child){.pid = pid, .fd = fd, .alive = ends[0]};
	return 0;
}

/* ---- clients ---- */

static void welcome(struct server *s, int fd)
{
	int err;

	if (s->n == SLU_GW_CLIENTS) {
		RTMP_Log(RTMP_LOGWARNING, "A client was turned away: %d are connected, and no more are taken",
			 SLU_GW_CLIENTS);
		slu_gw_http_refuse(fd, "503 Service Unavailable",
				   "As many clients as can be are connected: try again later.");
		return;
	}
	err = start(s, fd);
	if (!err)
		return;
	RTMP_Log(RTMP_LOGERROR, "A client was turned away, for no process could be had: %s", strerror(err));
	slu_gw_http_refuse(fd, "503 Service Unavailable", "The gateway's machine has no room for another client.");
}

static void accept_clients(struct server *s, uint64_t now)
{
	int fd;

	for (int i = 0; i < SLU_GW_CLIENTS && (fd = slu_accept_client(s->listener, now, &s->accept_ms)) >= 0; i++)
		welcome(s, fd);
}

static void tell_to_end(struct child *c, uint64_t now)
{
	if (c->kill_ms)
		return;
	kill(c->pid, SIGTERM);
	c->kill_ms = now + STOP_MS;
}

/* For how long nothing was sent to a client that has closed its side. One that has only said all it had to say still
 * reads. */
static uint64_t silent_for(const struct child *c, uint64_t now)
{
	uint64_t ms = now - c->gone_ms;
	struct tcp_info info = {0};
	socklen_t n = sizeof info;

	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_last_data_sent < ms)
		ms = info.tcpi_last_data_sent;
	return ms;
}

static void look_after(struct child *c, short events, uint64_t now)
{
	if (events & (POLLHUP | POLLERR))
		tell_to_end(c, now);
	else if ((events & POLLRDHUP) && !c->gone_ms)
		c->gone_ms = now;
	if (c->gone_ms && silent_for(c, now) >= GONE_MS)
		tell_to_end(c, now);
	if (c->kill_ms && now >= c->kill_ms)
		kill(c->pid, SIGKILL);
}

static void bury(struct server *s, struct child *c)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		RTMP_Log(RTMP_LOGERROR, "The process of a client ended with %s %d",
			 WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	close(c->fd);
	close(c->alive);
	*c = s->children[--s->n];
}

/* ---- one round ---- */

static void wake_by(struct server *s, uint64_t at)
{
	if (at < s->wake_ms)
		s->wake_ms = at;
}

static void gather_child(struct server *s, const struct child *c, struct pollfd p[2], uint64_t now)
{
	p[0] = (struct pollfd){.fd = c->alive, .events = POLLIN};
	p[1] = (struct pollfd){.fd = c->kill_ms ? -1 : c->fd, .events = c->gone_ms ? 0 : POLLRDHUP};
	if (c->kill_ms)
		wake_by(s, c->kill_ms);
	else if (c->gone_ms)
		wake_by(s, now + GONE_MS - silent_for(c, now));
}

static nfds_t gather(struct server *s, uint64_t now, uint64_t until)
{
	s->wake_ms = until;
	s->polled[0] = (struct pollfd){.fd = slu_stop_asked() ? -1 : slu_stop_fd(), .events = POLLIN};
	s->polled[1] = (struct pollfd){.fd = s->console, .events = POLLIN};
	s->polled[2] = (struct pollfd){.fd = now < s->accept_ms ? -1 : s->listener, .events = POLLIN};
	if (now < s->accept_ms)
		wake_by(s, s->accept_ms);
	for (unsigned i = 0; i < s->n; i++)
		gather_child(s, &s->children[i], &s->polled[OTHERS + 2 * i], now);
	return OTHERS + 2 * s->n;
}

static bool wait_for_it(struct server *s, nfds_t n, uint64_t now)
{
	int ms = -1;

	if (s->wake_ms <= now)
		ms = 0;
	else if (s->wake_ms != UINT64_MAX)
		ms = s->wake_ms - now < INT_MAX ? (int)(s->wake_ms - now) : INT_MAX;
	if (poll(s->polled, n, ms) >= 0)
		return true;
	for (nfds_t i = 0; i < n; i++)
		s->polled[i].revents = 0;
	if (errno == EINTR)
		return true;
	RTMP_Log(RTMP_LOGERROR, "The system's poll failed: %s", strerror(errno));
	return false;
}

/* False when the system cannot go on. */
static bool step(struct server *s, uint64_t until)
{
	uint64_t now = slu_now_ms();

	if (!wait_for_it(s, gather(s, now, until), now))
		return false;
	now = slu_now_ms();
	/* From the last on, for who is buried gives his place to the last. */
	for (unsigned i = s->n; i-- > 0;) {
		if (s->polled[OTHERS + 2 * i].revents)
			bury(s, &s->children[i]);
		else
			look_after(&s->children[i], s->polled[OTHERS + 2 * i + 1].revents, now);
	}
	if (s->polled[1].revents)
		s->stop = slu_console_quits(&s->console);
	if (s->polled[2].revents)
		accept_clients(s, now);
	return true;
}

/* ---- from beginning to end ---- */

static bool listen_at(struct server *s, const char *device, unsigned port)
{
	char bound[SLU_LISTENER_URL], error[512];

	s->listener = slu_listener_open_http(device, port, bound, error, sizeof error);
	if (s->listener < 0) {
		RTMP_Log(RTMP_LOGERROR, "%s", error);
		RTMP_Log(RTMP_LOGERROR, "Failed to start HTTP server, exiting!");
		return false;
	}
	RTMP_LogPrintf("Streaming on %s\n", bound);
	return true;
}

static bool end_in_order(struct server *s)
{
	uint64_t now = slu_now_ms();
	bool ok = true;

	if (!s->stop)
		RTMP_LogPrintf("Caught a signal, cleaning up, just a second...\n");
	close(s->listener);
	s->listener = s->console = -1;
	for (unsigned i = 0; i < s->n; i++)
		tell_to_end(&s->children[i], now);
	while (ok && s->n)
		ok = step(s, UINT64_MAX);
	return ok;
}

int slu_gw_serve(const char *device, unsigned port, void (*client)(int fd, void *arg), void *arg)
{
	static struct server s;
	bool ok = true;

	s = (struct server){.client = client, .arg = arg, .listener = -1, .console = STDIN_FILENO};
	if (slu_stop_init() != 0) {
		RTMP_Log(RTMP_LOGERROR, "The system gives no descriptors for signals: %s", strerror(errno));
		return 1;
	}
	if (!listen_at(&s, device, port))
		return 1;
	while (ok && !s.stop && !slu_stop_asked())
		ok = step(&s, UINT64_MAX);
	return end_in_order(&s) && ok ? 0 : 1;
}
