/* SPDX-License-Identifier: MIT */
/* Where the loop listens, and whom it lets in. */
#include "server/loop_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "conn/http.h"
#include "net/address.h"
#include "server/listener.h"
#include "server/listener_unix.h"

enum { ACCEPTS = 64, ACCEPT_PAUSE_MS = 1000 };

struct listener {
	struct watch watch;
	struct slu_tls_ctx *tls;
	bool local;
	struct slu_unix_listener at; /* where local */
};

/* As IPv6, whichever it is. All who come through a unix socket have one address: a loopback one that nobody else can
 * have, for it is a network's broadcast address. */
static struct in6_addr address_of(const struct sockaddr_storage *ss)
{
	struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff, 127, 255, 255, 255}};

	if (ss->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)ss)->sin6_addr;
	if (ss->ss_family == AF_INET)
		memcpy(out.s6_addr + 12, &((const struct sockaddr_in *)ss)->sin_addr, 4);
	return out;
}

/* fd is the connection's from here on. */
static void welcome(struct slu_loop *loop, const struct listener *l, int fd, const struct in6_addr *address,
		    const struct slu_door *turned_away)
{
	struct slu_conn_config config = loop->config.conn;
	char error[256] = "out of memory";
	struct client *c = NULL;
	struct slu_conn *conn;

	config.tls = l->tls;
	conn = slu_conn_accept(&config, fd, error, sizeof error);
	if (conn) {
		slu_conn_allow_http(conn);
		c = slu_loop_add(loop, conn, address);
	}
	if (c && turned_away)
		slu_loop_turn_away(loop, c, turned_away);
	if (c)
		slu_loop_work(loop, c);
	else
		slu_log(&loop->config.log, SLU_LOG_WARN, "a client was turned away: %s", error);
}

void slu_loop_set_accepting(struct slu_loop *loop, bool on)
{
	struct epoll_event ev = {.events = on ? EPOLLIN : 0u};

	loop->accept_ms = on ? 0 : loop->peers.now_ms + ACCEPT_PAUSE_MS;
	for (struct watch *w = loop->watches; w; w = w->next) {
		ev.data.ptr = w;
		if (w->owned)
			epoll_ctl(loop->epoll, EPOLL_CTL_MOD, w->fd, &ev);
	}
}

/* False: there is none to be had now. What went wrong with one that was about to come is that one's (accept(2)).
 * Without descriptors or memory, connections wait in the kernel for a while instead of making us spin. */
static bool accept_failed(struct slu_loop *loop, int why)
{
	if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM)
		return why != EAGAIN && why != EWOULDBLOCK;
	slu_log(&loop->config.log, SLU_LOG_WARN, "no client can be accepted for a second: %s", strerror(why));
	slu_loop_set_accepting(loop, false);
	return false;
}

static void admit(struct slu_loop *loop, struct listener *l, int fd, const struct slu_address *from)
{
	struct in6_addr address = address_of(&from->addr);
	const struct slu_door *why = slu_loop_full(loop, &address, false);
	char text[SLU_ENDPOINT_TEXT];

	if (why)
		slu_loop_report_turned_away(loop, why, slu_address_format(from, text, sizeof text));
	if (why && !slu_loop_may_tell(loop))
		close(fd);
	else
		welcome(loop, l, fd, &address, why);
}

static void accept_clients(struct watch *w, struct slu_loop *loop)
{
	struct slu_address from;
	int fd;

	for (int i = 0; i < ACCEPTS; i++) {
		from.len = sizeof from.addr;
		fd = accept4(w->fd, (struct sockaddr *)&from.addr, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && !accept_failed(loop, errno))
			return;
		if (fd >= 0)
			admit(loop, (struct listener *)w, fd, &from);
	}
}

/* The descriptor, or an error and its sentence. */
static int open_listener(struct slu_loop *loop, struct listener *l, const char *place, char bound[SLU_LISTENER_URL],
			 char *error, size_t size)
{
	bool tls = false;
	int fd;

	l->local = slu_listener_is_unix(place);
	if (l->local) {
		fd = slu_listener_open_unix(&l->at, place, error, size);
		snprintf(bound, SLU_LISTENER_URL, "%s", place);
		return fd;
	}
	fd = slu_listener_open(place, &tls, bound, error, size);
	l->tls = tls ? loop->config.tls : NULL;
	if (fd < 0 || !tls || l->tls)
		return fd;
	snprintf(error, size, "cannot listen at %s: rtmps wants a certificate and its key", place);
	close(fd);
	return SLU_ERR_INVALID;
}

void slu_loop_unlisten(struct slu_loop *loop, struct watch *w)
{
	struct listener *l = (struct listener *)w;
	int err = 0;

	if (l->local)
		err = slu_listener_close_unix(&l->at);
	else
		close(w->fd);
	if (err)
		slu_log(&loop->config.log, SLU_LOG_WARN, "the socket %s cannot be removed: %s", l->at.address.sun_path,
			strerror(err));
	free(l);
}

int slu_loop_listen(struct slu_loop *loop, const char *place, char bound[SLU_LISTENER_URL], char *error, size_t size)
{
	struct listener *l = calloc(1, sizeof *l);
	int fd;

	snprintf(error, size, "out of memory or descriptors");
	if (!l)
		return SLU_ERR_NOMEM;
	fd = open_listener(loop, l, place, bound, error, size);
	if (fd < 0) {
		free(l);
		return fd;
	}
	l->watch = (struct watch){.fn = accept_clients, .fd = fd, .owned = true};
	if (slu_loop_add_watch(loop, &l->watch, 0) == 0)
		return 0;
	slu_loop_unlisten(loop, &l->watch);
	return SLU_ERR_IO;
}
