/* SPDX-License-Identifier: MIT */
#include "net/rtmpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "net/rtmpt_impl.h"

enum { TIMEOUT_MS = 15000 };

static struct rtmpt *rtmpt_of(struct slu_transport *t)
{
	return (struct rtmpt *)t;
}

static const struct rtmpt *rtmpt_of_const(const struct slu_transport *t)
{
	return (const struct rtmpt *)t;
}

/* ---- when to ask ---- */

unsigned slu_rtmpt_wait(int interval, size_t got, unsigned waited)
{
	/* Servers raise the byte from 1 to 33 while a tunnel is idle, when Flash Player asked twice a second. */
	enum { UNIT_MS = 15, SHORTEST_MS = 10, LONGEST_MS = 500, PLENTY = 4096 };
	unsigned wait = SHORTEST_MS;

	if (got >= PLENTY) /* it may well have more */
		return 0;
	if (got == 0)
		wait = waited < SHORTEST_MS ? SHORTEST_MS : waited * 2;
	if (interval > 0 && wait < (unsigned)interval * UNIT_MS)
		wait = (unsigned)interval * UNIT_MS;
	return wait < LONGEST_MS ? wait : LONGEST_MS;
}

/* ---- opening ---- */

static int timed_out(struct rtmpt *t, uint64_t now)
{
	if (t->command == RTMPT_NONE || now < t->asked_ms + t->timeout_ms)
		return 0;
	return slu_rtmpt_fail(t, SLU_ERR_TIMEOUT,
			      "%s did not answer a request of the tunnel within %u ms: try later, or without HTTP",
			      t->name, t->timeout_ms);
}

static int rtmpt_open(struct slu_transport *base, uint64_t now_ms)
{
	struct rtmpt *t = rtmpt_of(base);
	uint8_t nothing;
	int r = 1;

	if (t->err)
		return t->err;
	if (t->line == LINE_OPENING)
		r = slu_rtmpt_connect(t, now_ms);
	if (r == 1 && t->command == RTMPT_NONE && !t->opened)
		r = slu_rtmpt_ask(t, RTMPT_OPEN, NULL, 0) < 0 ? t->err : 1;
	if (r != 1 || (t->line == LINE_UP && slu_rtmpt_write(t) < 0))
		return t->err;
	if (slu_rtmpt_read(t, &nothing, 0, now_ms) < 0 || timed_out(t, now_ms))
		return t->err;
	return t->opened;
}

/* Another tunnel: the server lets the last one go when nobody asks it for anything. */
static int rtmpt_again(struct slu_transport *base, uint64_t now_ms)
{
	struct rtmpt *t = rtmpt_of(base);

	if (!t->opened)
		return SLU_ERR_STATE;
	t->opened = t->shut = false;
	t->nid = t->number = t->wait_ms = 0;
	t->command = RTMPT_NONE;
	t->request.len = t->written = t->at = t->end = 0;
	t->err = 0;
	t->error[0] = '\0';
	t->line = LINE_DOWN;
	return slu_rtmpt_connect(t, now_ms) < 0 ? t->err : 0;
}

/* ---- carrying ---- */

/* Asks the server when it is time to. What is to be sent goes first: the connection does that before it comes here. */
static void poll_server(struct rtmpt *t, uint64_t now)
{
	if (t->command == RTMPT_NONE && !t->shut && now >= t->poll_ms)
		(void)slu_rtmpt_ask(t, RTMPT_IDLE, NULL, 0);
}

static long rtmpt_recv(struct slu_transport *base, void *buf, size_t n)
{
	struct rtmpt *t = rtmpt_of(base);
	uint64_t now = t->now_ms();
	bool asked = t->command != RTMPT_NONE;
	long got;

	if (t->err || !n)
		return t->err;
	if (t->line == LINE_OPENING && slu_rtmpt_connect(t, now) < 0)
		return t->err;
	if (t->line == LINE_UP && slu_rtmpt_write(t) < 0)
		return t->err;
	got = slu_rtmpt_read(t, buf, n, now);
	if (got == 0 && timed_out(t, now))
		return t->err;
	/* Not in the call that brought the answer: who waited for it may have something to send. */
	if (got == 0 && !asked)
		poll_server(t, now);
	return got ? got : t->err;
}

static long rtmpt_send(struct slu_transport *base, const struct slu_vec *vec, size_t nvec)
{
	struct rtmpt *t = rtmpt_of(base);

	if (t->err)
		return t->err;
	if (t->shut)
		return SLU_ERR_STATE;
	if (!t->opened || t->command != RTMPT_NONE)
		return 0;
	return slu_rtmpt_ask(t, RTMPT_SEND, vec, nvec);
}

static size_t rtmpt_pending(const struct slu_transport *base)
{
	const struct rtmpt *t = rtmpt_of_const(base);

	return t->request.len - t->written + t->inner->ops->pending(t->inner);
}

static int rtmpt_flush(struct slu_transport *base)
{
	struct rtmpt *t = rtmpt_of(base);

	if (t->err)
		return t->err;
	return t->line == LINE_UP ? slu_rtmpt_write(t) : rtmpt_pending(base) == 0;
}

static int rtmpt_shutdown(struct slu_transport *base)
{
	struct rtmpt *t = rtmpt_of(base);

	if (t->err)
		return t->err;
	if (!t->shut) {
		if (t->command != RTMPT_NONE)
			return 0;
		t->shut = true;
		if (slu_rtmpt_ask(t, RTMPT_CLOSE, NULL, 0) < 0)
			return t->err;
	}
	return rtmpt_flush(base);
}

/* ---- the rest of the table ---- */

static int rtmpt_fd(const struct slu_transport *base)
{
	const struct rtmpt *t = rtmpt_of_const(base);

	/* The end of a connection that is down would be news for ever. */
	return t->line == LINE_DOWN ? -1 : t->inner->ops->fd(t->inner);
}

static unsigned rtmpt_want(const struct slu_transport *base)
{
	const struct rtmpt *t = rtmpt_of_const(base);
	unsigned want = t->line == LINE_DOWN ? 0 : t->inner->ops->want(t->inner);

	if (t->err)
		return 0;
	if (t->line == LINE_UP && !t->opened)
		want |= SLU_WANT_READ;
	if (t->line == LINE_UP && rtmpt_pending(base))
		want |= SLU_WANT_WRITE;
	return want;
}

static bool rtmpt_waits(const struct slu_transport *base)
{
	const struct rtmpt *t = rtmpt_of_const(base);

	return !t->err && (t->line != LINE_UP || (t->command != RTMPT_NONE && !rtmpt_pending(base)));
}

static size_t rtmpt_buffered(const struct slu_transport *base)
{
	const struct rtmpt *t = rtmpt_of_const(base);

	if (t->err || t->line != LINE_UP)
		return 0;
	return t->end - t->at + t->inner->ops->buffered(t->inner);
}

static uint64_t rtmpt_deadline(const struct slu_transport *base)
{
	const struct rtmpt *t = rtmpt_of_const(base);
	uint64_t inner = t->line == LINE_OPENING ? t->inner->ops->deadline(t->inner) : UINT64_MAX, own = t->poll_ms;

	if (t->err)
		return UINT64_MAX;
	if (t->command != RTMPT_NONE)
		own = t->asked_ms + t->timeout_ms;
	else if (t->shut || !t->opened)
		own = UINT64_MAX;
	return inner < own ? inner : own;
}

static const char *rtmpt_error(const struct slu_transport *base)
{
	return rtmpt_of_const(base)->error;
}

static void rtmpt_stats(const struct slu_transport *base, struct slu_transport_stats *out)
{
	const struct rtmpt *t = rtmpt_of_const(base);

	t->inner->ops->stats(t->inner, out);
	out->http = true;
}

static void rtmpt_free(struct slu_transport *base)
{
	struct rtmpt *t = rtmpt_of(base);

	t->inner->ops->free(t->inner);
	slu_buf_clear(&t->request);
	slu_http1_clear(&t->answer);
	free(t);
}

static const struct slu_transport_ops rtmpt_ops = {
	.open = rtmpt_open,
	.again = rtmpt_again,
	.recv = rtmpt_recv,
	.send = rtmpt_send,
	.flush = rtmpt_flush,
	.pending = rtmpt_pending,
	.shutdown = rtmpt_shutdown,
	.fd = rtmpt_fd,
	.want = rtmpt_want,
	.waits = rtmpt_waits,
	.buffered = rtmpt_buffered,
	.deadline = rtmpt_deadline,
	.error = rtmpt_error,
	.stats = rtmpt_stats,
	.free = rtmpt_free,
};

struct slu_transport *slu_rtmpt_over(struct slu_transport *inner, const struct slu_rtmpt_config *config)
{
	struct rtmpt *t = calloc(1, sizeof *t);

	if (!t) {
		inner->ops->free(inner);
		return NULL;
	}
	t->base.ops = &rtmpt_ops;
	t->inner = inner;
	t->now_ms = config->now_ms;
	t->timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS;
	slu_endpoint_format(config->host, config->port, t->name, sizeof t->name);
	slu_http1_host(t->host, sizeof t->host, config->host, config->port, config->tls ? 443 : 80);
	slu_buf_init(&t->request, RTMPT_HEAD + RTMPT_BODY);
	slu_http1_init(&t->answer, SLU_HTTP1_RESPONSE, SLU_HTTP1_MAX_HEAD, RTMPT_ANSWER);
	return &t->base;
}
