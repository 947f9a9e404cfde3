/* SPDX-License-Identifier: MIT */
/* A socket to an address that the caller found out by itself. RTMP_Connect1() goes on with it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/log.h>

#include "proxy.h"
#include "state.h"

static socklen_t address_size(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* 0, or errno. */
static int finish_connect(int fd, int timeout_s)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int err = 0, n = poll(&p, 1, timeout_s > 0 && timeout_s < 1000000 ? timeout_s * 1000 : -1);
	socklen_t size = sizeof err;

	if (n <= 0)
		return n == 0 ? ETIMEDOUT : errno;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) ? errno : err;
}

/* It was the proxy's address. */
static int tunnel(RTMP *r, int fd)
{
	const unsigned timeout_ms =
		r->Link.timeout > 0 && r->Link.timeout < 1000000 ? (unsigned)r->Link.timeout * 1000 : 0;
	char error[700];

	if (slu_compat_tunnel(r, fd, timeout_ms, error, sizeof error))
		return TRUE;
	RTMP_Log(RTMP_LOGERROR, "%s", error);
	return FALSE;
}

int RTMP_Connect0(RTMP *r, struct sockaddr *svc)
{
	int on = 1, err = 0;
	int fd = socket(svc->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, svc, address_size(svc)))
		err = errno;
	if (err == EINPROGRESS)
		err = finish_connect(fd, r->Link.timeout);
	if (err) {
		RTMP_Log(RTMP_LOGERROR, "No connection to the server: %s; check its address, and whether it runs",
			 strerror(err));
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (r->Link.socksport && !tunnel(r, fd)) {
		close(fd);
		return FALSE;
	}
	r->m_sb.sb_socket = fd;
	r->m_sb.sb_timedout = FALSE;
	return TRUE;
}
