/* SPDX-License-Identifier: MIT */
/* The transport on a connected socket. How it gets connected is in dial.c. */
#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/buf.h"
#include "base/log.h"
#include "net/address.h"
#include "net/dial.h"

/* One write call takes at most UIO_MAXIOV (1024) runs, of which one is for what is pending. Each run costs the kernel
 * more than copying a few dozen bytes, so many tiny ones (a small chunk size) are gathered first. */
enum {
	MAX_RUNS = 1024,
	MANY_RUNS = 128,
	TINY_RUN = 256,
	GATHER_MAX = 1 << 20,
	GATHER_KEEP = 128 << 10 /* what an empty gather buffer may go on holding: a key frame's worth */
};

struct slu_tcp {
	struct slu_transport base;
	struct slu_dial *dial; /* NULL: the socket was accepted */
	int fd;                /* once open */
	uint64_t begun_ms;
	unsigned user_timeout_ms;
	/* A refused stream's reason may still be unread when a write fails, so each direction fails by itself. */
	int send_err, recv_err;
	struct slu_buf gathered;
	size_t written; /* of gathered */
	struct slu_transport_stats stats;
	char name[SLU_ENDPOINT_TEXT];
	char error[1024];
};

static struct slu_tcp *tcp_of(struct slu_transport *t)
{
	return (struct slu_tcp *)t;
}

static const struct slu_tcp *tcp_of_const(const struct slu_transport *t)
{
	return (const struct slu_tcp *)t;
}

static bool opening(const struct slu_tcp *t)
{
	return t->dial && t->fd < 0;
}

/* ---- failures ---- */

/* Keeps the first failure's sentence: later ones follow from it. */
__attribute__((format(printf, 4, 5))) static int fail(struct slu_tcp *t, int *slot, int err, const char *format, ...)
{
	va_list ap;

	*slot = err;
	if (*t->error)
		return err;
	va_start(ap, format);
	vsnprintf(t->error, sizeof t->error, format, ap);
	va_end(ap);
	return err;
}

static int fail_errno(struct slu_tcp *t, int *slot, int e)
{
	switch (e) {
	case ECONNRESET:
	case EPIPE:
		return fail(t, slot, SLU_ERR_RESET,
			    "%s dropped the connection without a word (%s); see its log, or connect again", t->name,
			    strerror(e));
	case ETIMEDOUT:
		return fail(t, slot, SLU_ERR_RESET,
			    "%s no longer answers (%s); check the network, and connect again when it is back", t->name,
			    strerror(e));
	default:
		return fail(t, slot, SLU_ERR_RESET,
			    "the connection to %s was lost (%s); check this device's network, and connect again",
			    t->name, strerror(e));
	}
}

static bool would_block(int e)
{
	return e == EAGAIN || e == EWOULDBLOCK || e == EINTR;
}

/* ---- opening ---- */

/* Best effort: a local socket has none of these, and a connection works without them. */
static void set_options(const struct slu_tcp *t)
{
	/* A peer that vanishes while nothing is sent is noticed after 15 + 3 * 5 s. */
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 15},
		{IPPROTO_TCP, TCP_KEEPINTVL, 5}, {IPPROTO_TCP, TCP_KEEPCNT, 3},
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(t->fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
	if (t->user_timeout_ms)
		(void)setsockopt(t->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &t->user_timeout_ms, sizeof t->user_timeout_ms);
}

static int tcp_open(struct slu_transport *base, uint64_t now_ms)
{
	struct slu_tcp *t = tcp_of(base);
	struct slu_address peer;
	int n;

	if (t->fd >= 0)
		return t->recv_err ? t->recv_err : 1;
	n = slu_dial_step(t->dial, now_ms);
	if (n < 0) {
		t->send_err = t->recv_err = n;
		return fail(t, &t->recv_err, n, "%s", slu_dial_error(t->dial));
	}
	if (n == 0)
		return 0;
	t->fd = slu_dial_take(t->dial, &peer);
	slu_address_format(&peer, t->stats.peer, sizeof t->stats.peer);
	t->stats.connect_ms = (unsigned)(now_ms - t->begun_ms);
	set_options(t);
	return 1;
}

static int tcp_again(struct slu_transport *base, uint64_t now_ms)
{
	struct slu_tcp *t = tcp_of(base);
	int old = t->fd, err;

	if (!t->dial || old < 0)
		return SLU_ERR_STATE;
	err = slu_dial_again(t->dial, now_ms);
	t->fd = -1;
	close(old); /* after that, so that what is waited for from now on has another number */
	slu_buf_clear(&t->gathered);
	t->written = 0;
	t->send_err = t->recv_err = 0;
	t->error[0] = '\0';
	t->begun_ms = now_ms;
	return err < 0 ? fail(t, &t->recv_err, err, "%s", slu_dial_error(t->dial)) : 0;
}

/* ---- receiving ---- */

static long tcp_recv(struct slu_transport *base, void *buf, size_t n)
{
	struct slu_tcp *t = tcp_of(base);
	ssize_t got;

	if (t->recv_err)
		return t->recv_err;
	if (t->fd < 0 || !n)
		return 0;
	t->stats.reads++;
	got = recv(t->fd, buf, n < LONG_MAX ? n : LONG_MAX, 0);
	if (got > 0) {
		t->stats.wire_in += (size_t)got;
		return (long)got;
	}
	if (got < 0)
		return would_block(errno) ? 0 : fail_errno(t, &t->recv_err, errno);
	if (t->send_err) /* the kernel tells of a reset once, and the write had it */
		return t->recv_err = t->send_err;
	return fail(t, &t->recv_err, SLU_ERR_CLOSED, "%s closed the connection; see its log, or connect again",
		    t->name);
}

/* ---- sending ---- */

static size_t tcp_pending(const struct slu_transport *base)
{
	const struct slu_tcp *t = tcp_of_const(base);

	return t->gathered.len - t->written;
}

/* n bytes of what is pending are written. */
static void forget(struct slu_tcp *t, size_t n)
{
	t->written += n;
	if (t->written < t->gathered.len)
		return;
	t->written = t->gathered.len = 0;
	if (t->gathered.cap > GATHER_KEEP)
		slu_buf_clear(&t->gathered);
}

/* The one write call. Bytes written, 0 when the socket takes none now, <0. */
static long write_runs(struct slu_tcp *t, struct iovec *iov, uint16_t n)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n};
	ssize_t sent;

	t->stats.writes++;
	sent = sendmsg(t->fd, &msg, MSG_NOSIGNAL);
	if (sent < 0)
		return would_block(errno) ? 0 : fail_errno(t, &t->send_err, errno);
	t->stats.wire_out += (size_t)sent;
	return (long)sent;
}

static int tcp_flush(struct slu_transport *base)
{
	struct slu_tcp *t = tcp_of(base);
	struct iovec iov;
	long n;

	if (t->send_err)
		return t->send_err;
	iov.iov_len = tcp_pending(base);
	if (!iov.iov_len)
		return 1;
	iov.iov_base = t->gathered.data + t->written;
	n = write_runs(t, &iov, 1);
	if (n < 0)
		return (int)n;
	forget(t, (size_t)n);
	return !tcp_pending(base);
}

static bool worth_gathering(const struct slu_vec *vec, size_t n)
{
	size_t total = 0;

	if (n <= MANY_RUNS)
		return false;
	for (size_t i = 0; i < n; i++) {
		total += vec[i].size;
		if (total > GATHER_MAX)
			return false; /* more than fits; what a call without copying takes is enough for the socket */
	}
	return n >= MAX_RUNS || total / n < TINY_RUN;
}

/* Copies what fits of the runs behind what is pending. Bytes copied, or SLU_ERR_NOMEM. */
static long gather(struct slu_tcp *t, const struct slu_vec *vec, size_t n)
{
	size_t total = 0, room, start;

	slu_buf_consume(&t->gathered, t->written);
	t->written = 0;
	room = GATHER_MAX - t->gathered.len;
	for (size_t i = 0; i < n && total < room; i++)
		total += vec[i].size;
	if (total > room)
		total = room;
	if (slu_buf_reserve(&t->gathered, total))
		return SLU_ERR_NOMEM;
	start = t->gathered.len;
	for (size_t i = 0; i < n && t->gathered.len - start < total; i++) {
		size_t left = total - (t->gathered.len - start);

		(void)slu_buf_append(&t->gathered, vec[i].data, vec[i].size < left ? vec[i].size : left);
	}
	return (long)total;
}

/* Without copying: what is pending and the runs behind it, in one call. */
static long send_runs(struct slu_tcp *t, const struct slu_vec *vec, size_t nvec)
{
	struct iovec iov[MAX_RUNS];
	size_t old = tcp_pending(&t->base);
	uint16_t n = 0; /* fits msg_iovlen, which is an int in one libc and a size_t in another */
	long sent;

	if (old)
		iov[n++] = (struct iovec){t->gathered.data + t->written, old};
	for (size_t i = 0; i < nvec && n < MAX_RUNS; i++) {
		if (vec[i].size)
			iov[n++] = (struct iovec){(void *)(uintptr_t)vec[i].data, vec[i].size};
	}
	if (!n)
		return 0;
	sent = write_runs(t, iov, n);
	if (sent < 0)
		return sent;
	if ((size_t)sent < old) {
		forget(t, (size_t)sent);
		return 0;
	}
	if (old)
		forget(t, old);
	return sent - (long)old;
}

static long tcp_send(struct slu_transport *base, const struct slu_vec *vec, size_t nvec)
{
	struct slu_tcp *t = tcp_of(base);
	long taken;
	int err;

	if (t->send_err)
		return t->send_err;
	if (t->fd < 0)
		return 0;
	taken = worth_gathering(vec, nvec) ? gather(t, vec, nvec) : SLU_ERR_NOMEM;
	if (taken < 0) /* also with too little memory to gather: fewer runs in a call, and nothing lost */
		return send_runs(t, vec, nvec);
	err = tcp_flush(base);
	return err < 0 ? err : taken;
}

static int tcp_shutdown(struct slu_transport *base)
{
	struct slu_tcp *t = tcp_of(base);
	int n = tcp_flush(base);

	if (n <= 0 || t->fd < 0)
		return n;
	if (shutdown(t->fd, SHUT_WR))
		return fail_errno(t, &t->send_err, errno == ENOTCONN ? ECONNRESET : errno);
	return 1;
}

/* ---- the rest of the table ---- */

static int tcp_fd(const struct slu_transport *base)
{
	const struct slu_tcp *t = tcp_of_const(base);

	return opening(t) ? slu_dial_fd(t->dial) : t->fd;
}

static int tcp_socket(const struct slu_transport *base)
{
	return tcp_of_const(base)->fd;
}

static unsigned tcp_want(const struct slu_transport *base)
{
	if (opening(tcp_of_const(base)))
		return SLU_WANT_READ; /* of the descriptor that stands for all attempts */
	return tcp_pending(base) ? SLU_WANT_WRITE : 0;
}

static size_t tcp_buffered(const struct slu_transport *base)
{
	(void)base;
	return 0;
}

static uint64_t tcp_deadline(const struct slu_transport *base)
{
	const struct slu_tcp *t = tcp_of_const(base);

	return opening(t) ? slu_dial_deadline(t->dial) : UINT64_MAX;
}

static const char *tcp_error(const struct slu_transport *base)
{
	return tcp_of_const(base)->error;
}

static void tcp_stats(const struct slu_transport *base, struct slu_transport_stats *out)
{
	*out = tcp_of_const(base)->stats;
}

static void tcp_free(struct slu_transport *base)
{
	struct slu_tcp *t = tcp_of(base);

	if (!t)
		return;
	slu_dial_free(t->dial);
	if (t->fd >= 0)
		close(t->fd);
	slu_buf_clear(&t->gathered);
	free(t);
}

static const struct slu_transport_ops tcp_ops = {
	.open = tcp_open,
	.again = tcp_again,
	.recv = tcp_recv,
	.send = tcp_send,
	.flush = tcp_flush,
	.pending = tcp_pending,
	.shutdown = tcp_shutdown,
	.fd = tcp_fd,
	.socket = tcp_socket,
	.want = tcp_want,
	.buffered = tcp_buffered,
	.deadline = tcp_deadline,
	.error = tcp_error,
	.stats = tcp_stats,
	.free = tcp_free,
};

static struct slu_tcp *tcp_new(const struct slu_tcp_config *config)
{
	struct slu_tcp *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->base.ops = &tcp_ops;
	t->fd = -1;
	t->user_timeout_ms = config->user_timeout_ms;
	t->stats.tls_version = t->stats.tls_suite = "";
	slu_buf_init(&t->gathered, GATHER_MAX);
	return t;
}

struct slu_transport *slu_tcp_connect(const struct slu_tcp_config *config, const char *host, uint16_t port,
				      uint64_t now_ms, char *error, size_t size)
{
	struct slu_tcp *t = tcp_new(config);

	if (!t) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	t->begun_ms = now_ms;
	slu_endpoint_format(host, port, t->name, sizeof t->name);
	t->dial = slu_dial_new(config, host, port, now_ms, error, size);
	if (t->dial)
		return &t->base;
	tcp_free(&t->base);
	return NULL;
}

struct slu_transport *slu_tcp_accept(const struct slu_tcp_config *config, int fd)
{
	struct slu_address peer = {.len = sizeof peer.addr};
	struct slu_tcp *t = tcp_new(config);

	if (!t) {
		close(fd);
		return NULL;
	}
	t->fd = fd;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (config->send_buffer > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &config->send_buffer, sizeof config->send_buffer);
	set_options(t);
	if (getpeername(fd, (struct sockaddr *)&peer.addr, &peer.len))
		peer.addr.ss_family = AF_UNSPEC;
	slu_address_format(&peer, t->stats.peer, sizeof t->stats.peer);
	snprintf(t->name, sizeof t->name, "%s", t->stats.peer);
	return &t->base;
}
