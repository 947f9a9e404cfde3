/* SPDX-License-Identifier: MIT */
#include "pollable.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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

int slu_pollable_init(struct slu_pollable *p, int fd)
{
	int socket = fcntl(fd, F_DUPFD_CLOEXEC, 3), epoll = epoll_create1(EPOLL_CLOEXEC);
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (socket >= 0 && epoll >= 0 && event >= 0 && watch(epoll, socket) == 0 && watch(epoll, event) == 0 &&
	    dup3(epoll, fd, O_CLOEXEC) == fd) {
		close(epoll);
		*p = (struct slu_pollable){.fd = fd, .event = event};
		return socket;
	}
	close_fd(socket);
	close_fd(epoll);
	close_fd(event);
	return -1;
}

void slu_pollable_set(struct slu_pollable *p, bool kept)
{
	uint64_t count = 1;

	if (p->fd < 0 || kept == p->set)
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
