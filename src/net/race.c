/* SPDX-License-Identifier: MIT */
#include "net/race.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The next address from *i on whose being of `family` is `same`; n when there is none. */
static size_t next_of(const struct slu_address *list, size_t n, size_t i, int family, int same)
{
	while (i < n && (list[i].addr.ss_family == family) != same)
		i++;
	return i;
}

void slu_race_order(struct slu_address *list, size_t n)
{
	struct slu_address in[SLU_MAX_ADDRESSES];
	size_t at[2] = {0, 0}, out = 0;
	int family, turn = 1;

	if (!n || n > SLU_MAX_ADDRESSES)
		return;
	memcpy(in, list, n * sizeof *list);
	family = in[0].addr.ss_family;
	while (out < n) {
		at[turn] = next_of(in, n, at[turn], family, turn);
		if (at[turn] < n)
			list[out++] = in[at[turn]++];
		turn = !turn;
	}
}

void slu_race_start(struct slu_race *r, const struct slu_address *list, size_t n)
{
	r->count = n;
	r->begun = r->under_way = 0;
	r->next_ms = 0;
	for (size_t i = 0; i < n; i++)
		r->attempts[i] = (struct slu_race_attempt){.addr = list[i], .fd = -1};
}

static void lost(struct slu_race *r, struct slu_race_attempt *a, int err)
{
	if (a->fd >= 0)
		close(a->fd); /* which takes it out of the epoll set too */
	a->fd = -1;
	a->err = err;
	r->next_ms = 0; /* the next one at once */
}

/* 0 or an errno. */
static int prepare(const struct slu_race *r, int fd)
{
	static const int on = 1;

	if (r->send_buffer > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &r->send_buffer, sizeof r->send_buffer);
	if (r->interface &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, r->interface, (socklen_t)strlen(r->interface) + 1))
		return errno;
	if (!r->local)
		return 0;
	/* So that the port is chosen for the whole connection and not taken from every other peer (Linux 4.2). */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, (const struct sockaddr *)&r->local->addr, r->local->len) ? errno : 0;
}

static int watch(const struct slu_race *r, int fd, size_t index)
{
	struct epoll_event ev = {.events = EPOLLOUT, .data.u64 = index};

	return epoll_ctl(r->epfd, EPOLL_CTL_ADD, fd, &ev) ? errno : 0;
}

int slu_race_connect(const struct slu_race *r, const struct slu_address *to, bool *stands)
{
	const int fd = socket(to->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	int err = fd < 0 ? errno : prepare(r, fd);

	*stands = !err && !connect(fd, (const struct sockaddr *)&to->addr, to->len);
	if (!err && !*stands && errno != EINPROGRESS)
		err = errno;
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return -err;
}

/* Begins the next attempt. Its socket when it connected at once, else -1. */
static int begin(struct slu_race *r, uint64_t now_ms)
{
	size_t index = r->begun++;
	struct slu_race_attempt *a = &r->attempts[index];
	bool stands;
	int fd = slu_race_connect(r, &a->addr, &stands), err = fd < 0 ? -fd : 0;

	if (!err) {
		a->fd = fd;
		if (stands)
			return fd;
		err = watch(r, fd, index);
	}
	if (err) {
		lost(r, a, err);
		return -1;
	}
	r->under_way++;
	r->next_ms = now_ms + SLU_RACE_DELAY_MS;
	return -1;
}

/* The socket of an attempt that has connected, else -1; failed ones are put aside. */
static int collect(struct slu_race *r)
{
	struct epoll_event ev[SLU_MAX_ADDRESSES];
	int n = r->under_way ? epoll_wait(r->epfd, ev, SLU_MAX_ADDRESSES, 0) : 0;

	for (int i = 0; i < n; i++) {
		struct slu_race_attempt *a;
		int err = 0;
		socklen_t len = sizeof err;

		if (ev[i].data.u64 >= r->begun)
			continue;
		a = &r->attempts[ev[i].data.u64];
		if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &len))
			err = errno;
		if (!err)
			return a->fd;
		lost(r, a, err);
		r->under_way--;
	}
	return -1;
}

static void take(struct slu_race *r, int fd, struct slu_address *peer)
{
	struct epoll_event none = {0};

	for (size_t i = 0; i < r->begun; i++) {
		if (r->attempts[i].fd != fd)
			continue;
		*peer = r->attempts[i].addr;
		r->attempts[i].fd = -1;
		(void)epoll_ctl(r->epfd, EPOLL_CTL_DEL, fd, &none); /* not in it when it connected at once */
	}
	slu_race_clear(r);
}

int slu_race_step(struct slu_race *r, uint64_t now_ms, struct slu_address *peer)
{
	int fd = collect(r);

	while (fd < 0 && r->begun < r->count && (!r->under_way || now_ms >= r->next_ms))
		fd = begin(r, now_ms);
	if (fd >= 0)
		take(r, fd, peer);
	return fd;
}

uint64_t slu_race_deadline(const struct slu_race *r)
{
	return r->begun < r->count ? r->next_ms : UINT64_MAX;
}

void slu_race_clear(struct slu_race *r)
{
	for (size_t i = 0; i < r->begun; i++) {
		if (r->attempts[i].fd >= 0)
			close(r->attempts[i].fd);
		r->attempts[i].fd = -1;
	}
	r->under_way = 0;
}
