/* SPDX-License-Identifier: MIT */
/* A socket of the caller's, and what was read from it. RTMP_TLS_Accept() puts TLS between them: sb_ssl is the transport
 * then. A session's own socket is not for these. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transport.h"
#include "state.h"

/* A peer that neither takes nor gives anything for so long is gone. */
enum { TIMEOUT_MS = 30000 };

/* Transports do not wait by themselves. */
static bool wait_for(struct slu_transport *t, unsigned want)
{
	struct pollfd p = {.fd = t->ops->fd(t)};

	want |= t->ops->want(t);
	p.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
	return poll(&p, 1, TIMEOUT_MS) > 0;
}

static ssize_t tls_recv(struct slu_transport *t, void *buf, size_t n)
{
	long got;

	while ((got = t->ops->recv(t, buf, n)) == 0) {
		if (!wait_for(t, SLU_WANT_READ)) {
			errno = EAGAIN;
			return -1;
		}
	}
	errno = EIO;
	return got == SLU_ERR_CLOSED ? 0 : got < 0 ? -1 : got;
}

/* All of it, and out of the transport. */
static ssize_t tls_send(struct slu_transport *t, const char *buf, size_t n)
{
	struct slu_vec rest = {buf, n};

	errno = EIO;
	for (;;) {
		long took = t->ops->flush(t);

		if (took > 0 && !rest.size)
			return (ssize_t)n;
		if (took > 0)
			took = t->ops->send(t, &rest, 1);
		if (took < 0)
			return -1;
		rest = (struct slu_vec){(const char *)rest.data + took, rest.size - (size_t)took};
		if (t->ops->pending(t) && !wait_for(t, SLU_WANT_WRITE))
			return -1;
	}
}

int RTMPSockBuf_Fill(RTMPSockBuf *sb)
{
	char *end = sb->sb_buf + sizeof sb->sb_buf;
	size_t room;
	ssize_t got;

	if (!sb->sb_size)
		sb->sb_start = sb->sb_buf;
	room = (size_t)(end - (sb->sb_start + sb->sb_size));
	sb->sb_timedout = FALSE;
	do
		got = sb->sb_ssl ? tls_recv(sb->sb_ssl, sb->sb_start + sb->sb_size, room)
				 : recv(sb->sb_socket, sb->sb_start + sb->sb_size, room, 0);
	while (got < 0 && errno == EINTR && !RTMP_ctrlC);
	if (got > 0)
		sb->sb_size += (int)got;
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		sb->sb_timedout = TRUE;
		return 0;
	}
	return (int)got;
}

int RTMPSockBuf_Send(RTMPSockBuf *sb, const char *buf, int len)
{
	if (len < 0)
		return -1;
	if (sb->sb_ssl)
		return (int)tls_send(sb->sb_ssl, buf, (size_t)len);
	return (int)send(sb->sb_socket, buf, (size_t)len, MSG_NOSIGNAL);
}

int RTMPSockBuf_Close(RTMPSockBuf *sb)
{
	struct slu_transport *t = sb->sb_ssl;
	int fd = sb->sb_socket;

	sb->sb_socket = -1;
	sb->sb_ssl = NULL;
	if (t) {
		t->ops->shutdown(t);
		t->ops->free(t); /* the socket is the transport's */
		return 0;
	}
	return fd == -1 ? 0 : close(fd);
}
