/* SPDX-License-Identifier: MIT */
#include "pollable.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static int watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* An epoll instance takes the place of fd, whose socket is at another one already. */
static bool stand_in(struct slu_pollable *p, int fd, int socket)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool ok = epoll >= 0 && event >= 0 && watch(epoll, socket) == 0 && watch(epoll, event) == 0 &&
		  dup3(epoll, fd, O_CLOEXEC) == fd;

	close_fd(epoll);
	if (ok)
		p->event = event;
	else
		close_fd(event);
	return ok;
}

int slu_pollable_init(struct slu_pollable *p, int fd, bool reads)
{
	const int socket = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (socket < 0 || (reads && !stand_in(p, fd, socket))) {
		close_fd(socket);
		return -1;
	}
	p->fd = fd;
	p->socket = socket;
	return socket;
}

/* An epoll instance does not wait for what is closed. But a copy would keep the connection. */
void slu_pollable_drop(struct slu_pollable *p)
{
	if (p->fd >= 0 && p->event < 0)
		shutdown(p->fd, SHUT_RDWR);
	p->socket = -1;
}

bool slu_pollable_follow(struct slu_pollable *p, int socket)
{
	if (p->fd < 0 || p->socket == socket)
		return true;
	if (p->event >= 0 ? watch(p->fd, socket) : dup3(socket, p->fd, O_CLOEXEC) < 0)
		return false;
	p->socket = socket;
	return true;
}

void slu_pollable_set(struct slu_pollable *p, bool kept)
{
	uint64_t count = 1;

	if (p->event < 0 || kept == p->set)
		return;
	p->set = kept;
	/* Neither waits: a count of 1 is added to 0, or taken away. */
	if ((kept ? write(p->event, &count, sizeof count) : read(p->event, &count, sizeof count)) < 0)
		p->set = !kept;
}

void slu_pollable_clear(struct slu_pollable *p)
{
	close_fd(p->fd);
	close_fd(p->event);
	*p = (struct slu_pollable)SLU_POLLABLE_NONE;
}
