/* SPDX-License-Identifier: MIT */
/* The blocking helpers: poll() on one connection. */
#include "conn/conn_impl.h"

#include <poll.h>

/* The earlier of two timeouts of poll(), where -1 is never. */
static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a > b ? a : b;
	return a < b ? a : b;
}

/* Waits until the connection has something to do, timeout_ms at most, and lets it. */
static void wait_once(struct slu_conn *c, int timeout_ms)
{
	unsigned want = slu_conn_want(c);
	struct pollfd p = {.fd = slu_conn_fd(c)};

	p.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
	/* When nothing happened and nothing is due, the look at the socket is spared; a signal that ends the wait early
	 * does no harm. */
	if (poll(&p, 1, sooner(timeout_ms, slu_conn_timeout(c))) > 0 || p.fd < 0 || slu_conn_timeout(c) == 0)
		slu_conn_process(c);
}

static int remaining(uint64_t end)
{
	uint64_t now = slu_now_ms();

	return now < end ? (int)(end - now) : 0;
}

int slu_conn_wait(struct slu_conn *c, struct slu_event *ev, int timeout_ms)
{
	uint64_t end = timeout_ms < 0 ? 0 : slu_now_ms() + (uint64_t)timeout_ms;
	int left = timeout_ms;

	/* An accepted socket is open, and waits for nothing: it has to be looked at. */
	if (c->state == CONN_OPENING)
		slu_conn_process(c);
	for (bool last = false;; last = left == 0) {
		if (slu_conn_event(c, ev))
			return 1;
		if (slu_conn_closed(c))
			return c->err ? c->err : SLU_ERR_CLOSED;
		if (last)
			return 0;
		wait_once(c, left);
		left = timeout_ms < 0 ? -1 : remaining(end);
	}
}

int slu_conn_finish(struct slu_conn *c)
{
	slu_conn_close(c);
	while (!slu_conn_closed(c))
		wait_once(c, -1);
	return c->err;
}
