/* SPDX-License-Identifier: MIT */
#include "tools/accept.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <librtmp/log.h>

enum { PAUSE_MS = 200 };

int slu_accept_client(int listener, uint64_t now, uint64_t *not_before)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
		RTMP_Log(RTMP_LOGERROR, "A client could not be accepted: %s", strerror(errno));
		*not_before = now + PAUSE_MS;
	}
	return fd;
}
