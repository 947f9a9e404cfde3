/* SPDX-License-Identifier: MIT */
#include "net/http_get.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sluice/error.h>

#include "base/log.h"
#include "net/address.h"
#include "net/http1.h"
#include "net/origin.h"
#include "net/tcp.h"
#include "net/tls.h"

enum { CONNECT_MS = 10000, IDLE_MS = 5000, TOTAL_MS = 60000, READ_SIZE = 16384 };
#define MOST (UINT64_C(64) << 20)

static const struct slu_origin_scheme schemes[] = {{"http", 80}, {"https", 443}};

struct fetch {
	const struct slu_http_get *get;
	struct slu_origin at;
	struct slu_transport *transport;
	struct slu_buf request;
	struct slu_http1 http;
	size_t sent;
	uint64_t idle_at, total_at; /* when patience ends */
	struct slu_http_answer *out;
	char who[SLU_ENDPOINT_TEXT];
	char *error;
	size_t size;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static unsigned or_default(unsigned value, unsigned standard)
{
	return value ? value : standard;
}

/* ---- failures ---- */

static int fail(struct fetch *f, int err, const char *what)
{
	char text[512];

	snprintf(text, sizeof text, "%s %s", f->who, what);
	slu_escape(f->error, f->size, text, strlen(text));
	return err;
}

static int fail_transport(struct fetch *f, int err)
{
	const char *why = f->transport->ops->error(f->transport);

	slu_escape(f->error, f->size, why, strlen(why));
	return err;
}

static int fail_http(struct fetch *f, int err)
{
	f->out->no_http = err == SLU_ERR_HTTP && !f->http.has_head;
	return fail(f, err, err == SLU_ERR_NOMEM ? "was not understood: out of memory" : slu_http1_error(&f->http));
}

static int fail_status(struct fetch *f)
{
	const unsigned status = f->http.status;
	char what[160];

	if (status >= 300 && status < 400) {
		snprintf(what, sizeof what,
			 "sends to another place (HTTP status %u), where nobody follows: find out with a browser where "
			 "it is, and use that URL",
			 status);
		return fail(f, SLU_ERR_REDIRECT, what);
	}
	snprintf(what, sizeof what, "refuses (HTTP status %u%s): %s", status,
		 status == 404   ? ", not found"
		 : status == 403 ? ", forbidden"
				 : "",
		 status >= 500 ? "try again later" : "check the URL");
	return fail(f, SLU_ERR_REFUSED, what);
}

static int fail_timeout(struct fetch *f, uint64_t now)
{
	return fail(f, SLU_ERR_TIMEOUT,
		    now >= f->total_at
			    ? "takes too long to send it: try again when there is less to do, or use another URL"
			    : "no longer answers: check the network, and try again");
}

/* ---- waiting ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Until the transport has something to do, or until at, for which no deadline is too early. */
static void wait_for(struct slu_transport *t, unsigned want, uint64_t at)
{
	struct pollfd p = {.fd = t->ops->fd(t)};
	uint64_t now = now_ms();

	want |= t->ops->want(t);
	at = earlier(at, t->ops->deadline(t));
	p.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
	poll(&p, 1, at <= now ? 0 : at - now < INT_MAX ? (int)(at - now) : INT_MAX);
}

/* ---- the steps ---- */

static int open_transport(struct fetch *f)
{
	int r;

	while ((r = f->transport->ops->open(f->transport, now_ms())) == 0) {
		if (now_ms() >= f->total_at)
			return fail_timeout(f, f->total_at);
		wait_for(f->transport, 0, f->total_at);
	}
	return r < 0 ? fail_transport(f, r) : 0;
}

static void be_patient(struct fetch *f)
{
	f->idle_at = now_ms() + or_default(f->get->idle_timeout_ms, IDLE_MS);
}

/* Waits for what is wanted. 0, or it takes too long. */
static int wait_on(struct fetch *f, unsigned want)
{
	const uint64_t now = now_ms(), at = earlier(f->idle_at, f->total_at);

	if (now >= at)
		return fail_timeout(f, now);
	wait_for(f->transport, want, at);
	return 0;
}

static int send_request(struct fetch *f)
{
	const struct slu_transport_ops *ops = f->transport->ops;
	int err = 0;

	be_patient(f);
	while (!err && (f->sent < f->request.len || ops->pending(f->transport))) {
		struct slu_vec rest = {f->request.data + f->sent, f->request.len - f->sent};
		const long n = rest.size ? ops->send(f->transport, &rest, 1) : ops->flush(f->transport);

		if (n < 0)
			return fail_transport(f, (int)n);
		f->sent += rest.size ? (size_t)n : 0;
		if (f->sent < f->request.len || ops->pending(f->transport))
			err = wait_on(f, SLU_WANT_WRITE);
	}
	return err;
}

static bool success(const struct fetch *f)
{
	return f->http.status >= 200 && f->http.status < 300;
}

/* What came: as far as it goes, or to the end of the message. */
static int take(struct fetch *f, const uint8_t *data, size_t n)
{
	struct slu_vec body;
	long used;
	int err;

	while (n && !f->http.done) {
		body.size = 0;
		used = slu_http1_in(&f->http, data, n, &body);
		if (used < 0)
			return fail_http(f, (int)used);
		data += used;
		n -= (size_t)used;
		/* The page that says why there is nothing is not what was asked for. */
		if (f->http.has_head && !success(f))
			return 0;
		if (!body.size)
			continue;
		f->out->size += body.size;
		err = f->get->piece(f->get->arg, body.data, body.size);
		if (err) {
			snprintf(f->error, f->size, "the transfer was given up");
			return err;
		}
	}
	return 0;
}

/* The peer has ended, as err says. */
static int ended(struct fetch *f, int err)
{
	if (err != SLU_ERR_CLOSED)
		return fail_transport(f, err);
	err = slu_http1_end(&f->http);
	return err ? fail(f, err == SLU_ERR_CLOSED ? err : SLU_ERR_RESET, slu_http1_error(&f->http)) : 0;
}

static int receive(struct fetch *f)
{
	const struct slu_transport_ops *ops = f->transport->ops;
	uint8_t *data = malloc(READ_SIZE);
	int err = data ? 0 : fail(f, SLU_ERR_NOMEM, "was not heard: out of memory");

	be_patient(f);
	while (!err && !f->http.done && !(f->http.has_head && !success(f))) {
		const long n = ops->recv(f->transport, data, READ_SIZE);

		if (n > 0) {
			be_patient(f);
			err = now_ms() >= f->total_at ? fail_timeout(f, f->total_at) : take(f, data, (size_t)n);
		} else if (n == 0) {
			err = wait_on(f, SLU_WANT_READ);
		} else {
			err = ended(f, (int)n);
			break;
		}
	}
	free(data);
	return err;
}

static void keep_date(struct fetch *f)
{
	const char *date = slu_http1_field(&f->http, "Last-Modified", NULL);

	if (date && strlen(date) < sizeof f->out->last_modified)
		strcpy(f->out->last_modified, date);
}

static int judge(struct fetch *f)
{
	const bool asked = f->get->since && *f->get->since;

	f->out->status = f->http.status;
	if (!success(f) && !(f->http.status == 304 && asked))
		return fail_status(f);
	keep_date(f);
	return 0;
}

/* ---- putting it together ---- */

/* The query belongs to the request; the fragment does not. */
static int make_request(struct fetch *f)
{
	const char *since = f->get->since, *rest = f->at.rest;
	const size_t n = strcspn(rest, "#");
	char host[SLU_ENDPOINT_TEXT];
	int err;

	err = slu_http1_line(&f->request, "GET %s%.*s HTTP/1.1", *rest == '/' ? "" : "/", (int)n, rest);
	if (!err)
		err = slu_http1_line(
			&f->request, "Host: %s",
			slu_http1_host(host, sizeof host, f->at.host, f->at.port, schemes[f->at.scheme].port));
	/* What rtmpdump has always said, for servers that want to hear it. */
	if (!err)
		err = slu_http1_line(&f->request, "User-Agent: Mozilla/5.0");
	if (!err)
		err = slu_http1_line(&f->request, "Referer: %s://%s/", schemes[f->at.scheme].name, host);
	if (!err && since && *since)
		err = slu_http1_line(&f->request, "If-Modified-Since: %s", since);
	if (!err)
		err = slu_http1_line(&f->request, "Connection: close");
	if (!err)
		err = slu_http1_end_head(&f->request);
	return err ? fail(f, err, "is not asked: the request cannot be put together") : 0;
}

static int over_tls(struct fetch *f, unsigned timeout_ms)
{
	const struct slu_tls_config defaults = {.log = f->get->log};
	struct slu_tls_ctx *own = f->get->tls ? NULL : slu_tls_ctx_new(&defaults, f->error, f->size);
	struct slu_tls_ctx *ctx = f->get->tls ? f->get->tls : own;

	if (ctx)
		f->transport = slu_tls_over(ctx, f->transport, f->at.host, timeout_ms);
	else
		f->transport->ops->free(f->transport);
	slu_tls_ctx_free(own);
	if (ctx && f->transport)
		return 0;
	f->transport = NULL;
	return ctx ? fail(f, SLU_ERR_NOMEM, "is not asked: out of memory") : SLU_ERR_TLS;
}

static int make_transport(struct fetch *f)
{
	const unsigned timeout_ms = or_default(f->get->connect_timeout_ms, CONNECT_MS);
	const struct slu_tcp_config tcp = {
		.resolver = f->get->resolver, .connect_timeout_ms = timeout_ms, .log = f->get->log};

	f->transport = slu_tcp_connect(&tcp, f->at.host, f->at.port, now_ms(), f->error, f->size);
	if (!f->transport)
		return SLU_ERR_NOMEM;
	return f->at.scheme == 1 ? over_tls(f, timeout_ms) : 0;
}

int slu_http_get(const struct slu_http_get *get, const char *url, struct slu_http_answer *out, char *error, size_t size)
{
	struct fetch f = {.get = get, .out = out, .error = error, .size = size};
	const char *why = slu_origin_parse(&f.at, url, schemes, sizeof schemes / sizeof schemes[0]);
	int err;

	memset(out, 0, sizeof *out);
	snprintf(error, size, "%s", "");
	if (why) {
		snprintf(error, size,
			 "the URL cannot be fetched: %s; it is http:// or https://, and then host and path", why);
		return SLU_ERR_URL;
	}
	slu_endpoint_format(f.at.host, f.at.port, f.who, sizeof f.who);
	f.total_at = now_ms() + or_default(get->total_timeout_ms, TOTAL_MS);
	slu_buf_init(&f.request, 16384);
	slu_http1_init(&f.http, SLU_HTTP1_RESPONSE, SLU_HTTP1_MAX_HEAD, get->most ? get->most : MOST);
	err = make_request(&f);
	if (!err)
		err = make_transport(&f);
	if (!err)
		err = open_transport(&f);
	if (!err)
		err = send_request(&f);
	if (!err)
		err = receive(&f);
	if (f.http.has_head)
		out->status = f.http.status;
	if (!err)
		err = judge(&f);
	if (f.transport)
		f.transport->ops->free(f.transport);
	slu_buf_clear(&f.request);
	slu_http1_clear(&f.http);
	return err;
}
