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

/* FALSE: option connectTimeout will not do, which is logged. Else how long it may take; 0: as long as it takes. */
static int time_for(const RTMP *r, unsigned *ms)
{
	struct slu_compat_tuning tuning;
	char error[300];

	if (!slu_compat_tuning(r, &tuning, error, sizeof error)) {
		RTMP_Log(RTMP_LOGERROR, "%s", error);
		return FALSE;
	}
	*ms = tuning.connect_timeout_ms ? tuning.connect_timeout_ms : slu_compat_timeout_ms(r);
	return TRUE;
}

/* 0, or errno. */
static int finish_connect(int fd, unsigned timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int err = 0, n = poll(&p, 1, timeout_ms ? (int)timeout_ms : -1);
	socklen_t size = sizeof err;

	if (n <= 0)
		return n == 0 ? ETIMEDOUT : errno;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) ? errno : err;
}

/* It was the proxy's address. */
static int tunnel(RTMP *r, int fd, unsigned timeout_ms)
{
	char error[700];

	if (slu_compat_tunnel(r, fd, timeout_ms, error, sizeof error))
		return TRUE;
	RTMP_Log(RTMP_LOGERROR, "%s", error);
	return FALSE;
}

int RTMP_Connect0(RTMP *r, struct sockaddr *svc)
{
	unsigned timeout_ms;
	int on = 1, err = 0, fd;

	if (!time_for(r, &timeout_ms))
		return FALSE;
	fd = socket(svc->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, svc, address_size(svc)))
		err = errno;
	if (err == EINPROGRESS)
		err = finish_connect(fd, timeout_ms);
	if (err) {
		RTMP_Log(RTMP_LOGERROR, "No connection to the server: %s; check its address, and whether it runs",
			 strerror(err));
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (r->Link.socksport && !tunnel(r, fd, timeout_ms)) {
		close(fd);
		return FALSE;
	}
	r->m_sb.sb_socket = fd;
	r->m_sb.sb_timedout = FALSE;
	return TRUE;
}
