/* SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "base/wipe.h"
#include "net/address.h"

enum { DEFAULT_TIMEOUT_MS = 10000, READ_SIZE = 512 };
enum state { STATE_INNER, STATE_LOOKUP, STATE_TALK, STATE_OPEN };

struct proxy {
	struct slu_transport transport;
	struct slu_transport *inner;
	struct slu_proxy proxy;
	char host[SLU_ORIGIN_TEXT];
	uint16_t port;
	struct slu_proxy_talk talk;
	const struct slu_resolver *resolver;
	struct slu_lookup *lookup; /* while it is under way */
	enum state state;
	size_t out_at;         /* of talk.out, what inner has taken */
	uint8_t in[READ_SIZE]; /* what came: [in_at, in_end) is not yet used */
	size_t in_at, in_end;  /* once open: of the tunnel */
	unsigned timeout_ms;
	uint64_t began, opened, deadline;
	int err; /* of opening; sticky */
	struct slu_log log;
	char error[1024];
};

static struct proxy *proxy_of(struct slu_transport *t)
{
	return (struct proxy *)t;
}

static const struct proxy *proxy_of_const(const struct slu_transport *t)
{
	return (const struct proxy *)t;
}

/* ---- failures ---- */

static const char *name_of(const struct proxy *p, char out[SLU_ENDPOINT_TEXT])
{
	return slu_endpoint_format(p->proxy.at.host, p->proxy.at.port, out, SLU_ENDPOINT_TEXT);
}

static int fail_timeout(struct proxy *p)
{
	char who[SLU_ENDPOINT_TEXT], where[SLU_ENDPOINT_TEXT];

	slu_endpoint_format(p->host, p->port, where, sizeof where);
	snprintf(p->error, sizeof p->error,
		 "the proxy %s made no connection to %s within %u ms: check the URL's host and port, and that the "
		 "proxy speaks %s",
		 name_of(p, who), where, p->timeout_ms, slu_proxy_name(p->proxy.kind));
	return SLU_ERR_TIMEOUT;
}

/* The proxy is gone while it is talked to. */
static int fail_gone(struct proxy *p, int err)
{
	char who[SLU_ENDPOINT_TEXT];

	if (err == SLU_ERR_CLOSED || err == SLU_ERR_RESET)
		snprintf(p->error, sizeof p->error,
			 "the proxy %s hung up instead of making a connection: check that it speaks %s, and that it "
			 "lets "
			 "this device in",
			 name_of(p, who), slu_proxy_name(p->proxy.kind));
	else
		snprintf(p->error, sizeof p->error, "the proxy %s: %s", name_of(p, who),
			 p->inner->ops->error(p->inner));
	return err == SLU_ERR_CLOSED || err == SLU_ERR_RESET ? SLU_ERR_CONNECT : err;
}

static int fail_inner(struct proxy *p, int err)
{
	snprintf(p->error, sizeof p->error, "the proxy is out of reach: %s", p->inner->ops->error(p->inner));
	return err;
}

/* ---- SOCKS4's name ---- */

static void stop_lookup(struct proxy *p)
{
	if (p->lookup)
		p->resolver->cancel(p->lookup);
	p->lookup = NULL;
}

static void use_address(struct proxy *p, const struct slu_address *list, int n)
{
	for (int i = 0; i < n; i++) {
		if (list[i].addr.ss_family != AF_INET)
			continue;
		slu_proxy_talk_resolved(
			&p->talk,
			(const uint8_t *)&((const struct sockaddr_in *)(const void *)&list[i].addr)->sin_addr);
		return;
	}
}

static uint64_t lookup_deadline(const struct proxy *p)
{
	return p->began + p->timeout_ms / 2;
}

/* Whether it is over, with an address or without. */
static bool resolve(struct proxy *p, uint64_t now_ms)
{
	struct slu_address list[SLU_MAX_ADDRESSES];
	char why[256];
	int n;

	if (!p->lookup)
		return true;
	n = p->resolver->poll(p->lookup, list, why, sizeof why);
	if (n == 0 && now_ms < lookup_deadline(p))
		return false;
	use_address(p, list, n);
	stop_lookup(p);
	if (!p->talk.ip_size)
		slu_log(&p->log, SLU_LOG_DEBUG, "%s has no IPv4 address here: the proxy is told the name", p->host);
	return true;
}

/* ---- opening ---- */

/* What is to be sent. 1: all of it is on its way; 0: not yet; <0. */
static int say(struct proxy *p)
{
	struct slu_vec rest;
	long n;

	while (p->out_at < p->talk.out_size) {
		rest = (struct slu_vec){p->talk.out + p->out_at, p->talk.out_size - p->out_at};
		n = p->inner->ops->send(p->inner, &rest, 1);
		if (n <= 0)
			return n < 0 ? fail_gone(p, (int)n) : 0;
		p->out_at += (size_t)n;
	}
	p->out_at = 0;
	slu_proxy_talk_sent(&p->talk);
	return 1;
}

/* What came. 1: there is something; 0: not yet; <0. */
static int hear(struct proxy *p)
{
	long n;

	if (p->in_at < p->in_end)
		return 1;
	if (p->inner->ops->pending(p->inner)) {
		int r = p->inner->ops->flush(p->inner);

		if (r < 0)
			return fail_gone(p, r);
	}
	n = p->inner->ops->recv(p->inner, p->in, sizeof p->in);
	if (n < 0)
		return fail_gone(p, (int)n);
	p->in_at = 0;
	p->in_end = (size_t)n;
	return n > 0;
}

/* 1: the tunnel stands; 0: not yet; <0. */
static int talk(struct proxy *p)
{
	size_t used;
	int r;

	do {
		r = say(p);
		if (r > 0)
			r = hear(p);
		if (r <= 0)
			return r;
		r = slu_proxy_talk_in(&p->talk, p->in + p->in_at, p->in_end - p->in_at, &used);
		p->in_at += used;
	} while (r == 0);
	if (r < 0)
		snprintf(p->error, sizeof p->error, "%s", p->talk.error);
	return r;
}

static void opened(struct proxy *p, uint64_t now_ms)
{
	char who[SLU_ENDPOINT_TEXT], where[SLU_ENDPOINT_TEXT];

	p->state = STATE_OPEN;
	p->opened = now_ms;
	slu_log(&p->log, SLU_LOG_INFO, "the %s proxy %s has made a connection to %s", slu_proxy_name(p->proxy.kind),
		name_of(p, who), slu_endpoint_format(p->host, p->port, where, sizeof where));
}

static int step(struct proxy *p, uint64_t now_ms)
{
	int r = 1;

	if (p->state == STATE_INNER) {
		r = p->inner->ops->open(p->inner, now_ms);
		if (r < 0)
			return fail_inner(p, r);
		if (r)
			p->state = STATE_LOOKUP;
	}
	if (p->state == STATE_LOOKUP) {
		r = resolve(p, now_ms);
		if (r) {
			slu_proxy_talk_begin(&p->talk);
			p->state = STATE_TALK;
		}
	}
	if (p->state == STATE_TALK)
		r = talk(p);
	return r == 0 && now_ms >= p->deadline ? fail_timeout(p) : r;
}

static int proxy_open(struct slu_transport *transport, uint64_t now_ms)
{
	struct proxy *p = proxy_of(transport);
	int r;

	if (p->err)
		return p->err;
	if (p->state == STATE_OPEN)
		return 1;
	r = step(p, now_ms);
	if (r > 0)
		opened(p, now_ms);
	if (r < 0) {
		p->err = r;
		stop_lookup(p);
	}
	return r;
}

static int proxy_again(struct slu_transport *transport, uint64_t now_ms)
{
	struct proxy *p = proxy_of(transport);
	int r;

	if (p->state != STATE_OPEN || p->err || !p->inner->ops->again)
		return SLU_ERR_STATE;
	p->state = STATE_INNER;
	p->in_at = p->in_end = p->out_at = 0;
	p->began = now_ms;
	p->deadline = now_ms + p->timeout_ms;
	r = p->inner->ops->again(p->inner, now_ms);
	if (r < 0)
		p->err = fail_inner(p, r);
	return r;
}

/* ---- data: inner's, but for what came with the proxy's answer ---- */

static long proxy_recv(struct slu_transport *transport, void *buf, size_t n)
{
	struct proxy *p = proxy_of(transport);

	if (p->state != STATE_OPEN)
		return p->err;
	if (p->in_at == p->in_end)
		return p->inner->ops->recv(p->inner, buf, n);
	if (n > p->in_end - p->in_at)
		n = p->in_end - p->in_at;
	memcpy(buf, p->in + p->in_at, n);
	p->in_at += n;
	return (long)n;
}

static long proxy_send(struct slu_transport *transport, const struct slu_vec *vec, size_t nvec)
{
	struct proxy *p = proxy_of(transport);

	return p->state == STATE_OPEN ? p->inner->ops->send(p->inner, vec, nvec) : p->err;
}

static int proxy_flush(struct slu_transport *transport)
{
	struct proxy *p = proxy_of(transport);

	return p->err ? p->err : p->inner->ops->flush(p->inner);
}

static size_t proxy_pending(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);

	return p->inner->ops->pending(p->inner);
}

static int proxy_shutdown(struct slu_transport *transport)
{
	struct proxy *p = proxy_of(transport);

	return p->err ? p->err : p->inner->ops->shutdown(p->inner);
}

/* ---- waiting ---- */

static int proxy_fd(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);

	return p->state == STATE_LOOKUP && p->lookup ? p->resolver->fd(p->lookup) : p->inner->ops->fd(p->inner);
}

static int proxy_socket(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);

	if (p->state != STATE_OPEN || p->in_at < p->in_end || !p->inner->ops->socket)
		return -1;
	return p->inner->ops->socket(p->inner);
}

static unsigned proxy_want(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);

	if (p->err)
		return 0;
	if (p->state == STATE_LOOKUP)
		return SLU_WANT_READ;
	if (p->state == STATE_TALK)
		return p->talk.out_size || p->inner->ops->pending(p->inner) ? SLU_WANT_WRITE : SLU_WANT_READ;
	return p->inner->ops->want(p->inner);
}

static size_t proxy_buffered(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);

	return p->state == STATE_OPEN ? p->in_end - p->in_at + p->inner->ops->buffered(p->inner) : 0;
}

static uint64_t proxy_deadline(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);
	uint64_t inner;

	if (p->err || p->state == STATE_OPEN)
		return UINT64_MAX;
	if (p->state == STATE_LOOKUP && p->lookup)
		return p->resolver->fd(p->lookup) < 0 ? 0 : lookup_deadline(p);
	inner = p->state == STATE_INNER ? p->inner->ops->deadline(p->inner) : UINT64_MAX;
	return inner < p->deadline ? inner : p->deadline;
}

static const char *proxy_error(const struct slu_transport *transport)
{
	const struct proxy *p = proxy_of_const(transport);

	return p->error[0] ? p->error : p->inner->ops->error(p->inner);
}

static void proxy_stats(const struct slu_transport *transport, struct slu_transport_stats *out)
{
	const struct proxy *p = proxy_of_const(transport);

	p->inner->ops->stats(p->inner, out);
	if (p->state != STATE_OPEN)
		return;
	/* A port is always there, as TLS looks for it to know a session again; a name may be longer than its place. */
	snprintf(out->peer, sizeof out->peer, strchr(p->host, ':') ? "[%.50s]:%u" : "%.50s:%u", p->host, p->port);
	out->connect_ms = (unsigned)(p->opened - p->began);
}

static void proxy_free(struct slu_transport *transport)
{
	struct proxy *p = proxy_of(transport);

	stop_lookup(p);
	slu_proxy_talk_clear(&p->talk);
	p->inner->ops->free(p->inner);
	slu_wipe_bytes(p, sizeof *p); /* the password */
	free(p);
}

static const struct slu_transport_ops ops = {
	.open = proxy_open,
	.again = proxy_again,
	.recv = proxy_recv,
	.send = proxy_send,
	.flush = proxy_flush,
	.pending = proxy_pending,
	.shutdown = proxy_shutdown,
	.fd = proxy_fd,
	.socket = proxy_socket,
	.want = proxy_want,
	.buffered = proxy_buffered,
	.deadline = proxy_deadline,
	.error = proxy_error,
	.stats = proxy_stats,
	.free = proxy_free,
};

/* The name for SOCKS4 is looked for while the proxy is connected to. False: out of memory. */
static bool start_lookup(struct proxy *p)
{
	if (p->proxy.kind != SLU_PROXY_SOCKS4 || p->talk.ip_size)
		return true;
	p->lookup = p->resolver->start(p->resolver, p->host, p->port, SLU_IPV4);
	return p->lookup;
}

struct slu_transport *slu_proxy_over(const struct slu_proxy_config *config, struct slu_transport *inner,
				     const char *host, uint16_t port, uint64_t now_ms, char *error, size_t size)
{
	struct proxy *p = calloc(1, sizeof *p);
	bool fine;

	if (!p) {
		inner->ops->free(inner);
		snprintf(error, size, "out of memory");
		return NULL;
	}
	p->transport.ops = &ops;
	p->inner = inner;
	p->proxy = *config->proxy;
	p->proxy.at.rest = "";
	p->port = port;
	p->log = config->log;
	p->resolver = config->resolver ? config->resolver : &slu_resolver_system;
	p->timeout_ms = config->timeout_ms ? config->timeout_ms : DEFAULT_TIMEOUT_MS;
	p->began = now_ms;
	p->deadline = now_ms + p->timeout_ms;
	snprintf(p->host, sizeof p->host, "%s", host);
	fine = slu_proxy_talk_init(&p->talk, &p->proxy, host, port);
	p->talk.host = p->host;
	if (fine && start_lookup(p))
		return &p->transport;
	snprintf(error, size, "%s", fine ? "out of memory" : p->talk.error);
	proxy_free(&p->transport);
	return NULL;
}
