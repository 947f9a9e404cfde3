/* SPDX-License-Identifier: MIT */
/*
 * A connection in an event loop that is not Sluice's, here epoll with a timer of its own: plays a stream for some
 * seconds and says each second what came.
 *
 *     event_loop rtmp://live.example/app/stream 10
 */
#define _POSIX_C_SOURCE 200809L /* CLOCK_MONOTONIC, also with -std=c11 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <sluice/sluice.h>

struct player {
	struct slu_conn *c;
	int epoll, timer;
	int fd; /* of the connection, as epoll knows it; -1: none */
	unsigned long frames, bytes;
	int seconds_left;
};

/* Descriptor and wanted events may change with every call on the connection, so epoll is told before each wait. */
static void update(struct player *p)
{
	unsigned want = slu_conn_want(p->c);
	struct epoll_event ev = {.data.ptr = p->c};
	int fd = slu_conn_fd(p->c);

	if (want & SLU_WANT_READ)
		ev.events |= EPOLLIN;
	if (want & SLU_WANT_WRITE)
		ev.events |= EPOLLOUT;
	if (fd >= 0 && fd == p->fd && epoll_ctl(p->epoll, EPOLL_CTL_MOD, fd, &ev) == 0)
		return;
	if (p->fd >= 0)
		epoll_ctl(p->epoll, EPOLL_CTL_DEL, p->fd, NULL); /* fails when it is closed already */
	p->fd = fd;
	if (fd >= 0)
		epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void every_second(struct player *p)
{
	uint64_t ticks;

	if (read(p->timer, &ticks, sizeof ticks) != sizeof ticks)
		return;
	printf("%lu messages, %lu bytes\n", p->frames, p->bytes);
	p->frames = p->bytes = 0;
	if (--p->seconds_left == 0)
		slu_conn_close(p->c);
}

static void on_connection(struct player *p)
{
	struct slu_event ev;

	slu_conn_process(p->c);
	while (slu_conn_event(p->c, &ev)) {
		if (ev.type == SLU_EVENT_MEDIA) {
			p->frames++;
			p->bytes += ev.msg.size;
		} else if (ev.type == SLU_EVENT_STREAM_EOF) {
			slu_conn_close(p->c);
		}
	}
}

static void run(struct player *p)
{
	struct epoll_event ev[2];

	while (!slu_conn_closed(p->c)) {
		update(p);
		int n = epoll_wait(p->epoll, ev, 2, slu_conn_timeout(p->c));

		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == p)
				every_second(p);
		}
		on_connection(p); /* also when only its time has come */
	}
}

static bool set_up(struct player *p)
{
	struct itimerspec second = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = p};

	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return p->epoll >= 0 && p->timer >= 0 && timerfd_settime(p->timer, 0, &second, NULL) == 0 &&
	       epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->timer, &ev) == 0;
}

int main(int argc, char **argv)
{
	struct player p = {.fd = -1, .seconds_left = argc == 3 ? atoi(argv[2]) : 0};
	struct slu_conn_config config = {0};
	struct slu_play live = {.start = -1, .duration = -1};
	char error[512];
	int status = 1;

	if (p.seconds_left <= 0) {
		fprintf(stderr, "usage: event_loop URL SECONDS\n");
		return 2;
	}
	p.c = slu_conn_open(&config, argv[1], NULL, error, sizeof error);
	if (!p.c) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	if (set_up(&p) && slu_session_play(slu_conn_session(p.c), slu_conn_stream(p.c), &live) == 0) {
		run(&p);
		status = *slu_conn_error(p.c) ? 1 : 0;
	}
	if (status)
		fprintf(stderr, "%s\n", slu_conn_error(p.c));
	slu_conn_free(p.c);
	close(p.timer);
	close(p.epoll);
	return status;
}
