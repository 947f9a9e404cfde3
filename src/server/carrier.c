/* SPDX-License-Identifier: MIT */
#include "server/carrier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "net/http1.h"

enum {
	RAW = 16384,         /* of one read */
	MAX_HEAD = 8192,     /* of a request */
	MAX_BODY = 16 << 20, /* of a request; it goes on to the connection as it comes */
	MAX_ID = 64,
	LINGER_MS = 1000, /* for the client's end, after the last answer */
	RETRY_S = 10
};

enum command { NONE, SEND, IDLE, CLOSE };

struct slu_carrier {
	struct slu_transport *transport;
	struct slu_carrier_hooks hooks;
	unsigned timeout_ms;
	uint64_t since_ms; /* when something last went on that a tunnel had a part in */
	struct slu_http1 request;
	uint8_t *raw; /* what was read: [at, end) is not looked at yet */
	size_t raw_size, at, end;
	enum command command; /* of the request under way */
	char id[MAX_ID];      /* its tunnel's */
	bool drops;           /* its body does not count */
	bool waits;           /* it is complete, and not answered */
	struct slu_buffer *out;
	size_t written;
	bool last; /* no more requests are taken */
	bool lingers;
	bool over;
};

/* ---- out ---- */

/* What is there to be written. True: all of it is. */
static bool push(struct slu_carrier *c, uint64_t now)
{
	struct slu_transport *t = c->transport;
	struct slu_vec rest;
	long n = 1;

	if (c->out) {
		rest = (struct slu_vec){slu_buffer_data(c->out) + c->written, slu_buffer_size(c->out) - c->written};
		n = t->ops->send(t, &rest, 1);
		if (n > 0) {
			c->since_ms = now;
			c->written += (size_t)n;
		}
		if (n >= 0 && c->written < slu_buffer_size(c->out))
			return false;
		slu_buffer_put(c->out);
		c->out = NULL;
	}
	if (n >= 0 && t->ops->pending(t))
		n = t->ops->flush(t);
	if (n < 0)
		c->over = true;
	return n >= 0 && t->ops->pending(t) == 0;
}

/* Owns answer; NULL: there was no memory for it. */
static void put(struct slu_carrier *c, struct slu_buffer *answer, uint64_t now)
{
	c->over = c->over || !answer;
	c->out = answer;
	c->written = 0;
	c->since_ms = now;
	push(c, now);
}

static void put_text(struct slu_carrier *c, const struct slu_buf *text, uint64_t now)
{
	struct slu_buffer *b = text->len ? slu_buffer_new(text->len) : NULL;

	if (b)
		memcpy(slu_buffer_data(b), text->data, text->len);
	put(c, b, now);
}

/* An answer that no tunnel makes. Who asks for one that is no success is not kept for asking. */
static void answer(struct slu_carrier *c, const char *status, const char *body, uint64_t now)
{
	bool keep = c->request.done && c->request.keep_alive && !c->last;
	uint64_t since = *status == '2' ? now : c->since_ms;
	struct slu_buf b;
	int err;

	slu_buf_init(&b, 1024);
	err = slu_http1_line(&b, "HTTP/1.1 %s", status);
	if (!err)
		err = slu_http1_line(&b, "Content-Type: %s", *status == '2' ? "application/x-fcs" : "text/plain");
	if (!err)
		err = slu_http1_line(&b, "Content-Length: %zu", strlen(body));
	if (!err)
		err = slu_http1_line(&b, "Connection: %s", keep ? "Keep-Alive" : "close");
	if (!err)
		err = slu_http1_line(&b, "Cache-Control: no-cache");
	if (!err && *status == '5')
		err = slu_http1_line(&b, "Retry-After: %d", RETRY_S);
	if (!err)
		err = slu_http1_end_head(&b);
	if (!err)
		err = slu_buf_append(&b, body, strlen(body));
	if (err)
		b.len = 0;
	c->last = !keep;
	c->waits = false;
	put_text(c, &b, now);
	c->since_ms = since;
	slu_buf_clear(&b);
}

static void answer_full(struct slu_carrier *c, const char *why, uint64_t now)
{
	char body[256];

	snprintf(body, sizeof body, "%s\n", why);
	answer(c, "503 Service Unavailable", body, now);
}

/* ---- requests ---- */

static struct slu_tunnel *tunnel_of(const struct slu_carrier *c)
{
	return c->command == NONE ? NULL : c->hooks.find(c->hooks.arg, c->id);
}

/* "/send/ID/N". The number is in *number. */
static bool parse_target(struct slu_carrier *c, uint64_t *number)
{
	static const struct {
		const char *prefix;
		enum command command;
	} targets[] = {{"/send/", SEND}, {"/idle/", IDLE}, {"/close/", CLOSE}};
	const char *target = c->request.target, *slash;
	char *end;

	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		size_t n = strlen(targets[i].prefix);

		if (strncmp(target, targets[i].prefix, n) != 0)
			continue;
		target += n;
		slash = strchr(target, '/');
		if (!slash || (size_t)(slash - target) >= sizeof c->id || slash[1] < '0' || slash[1] > '9')
			return false;
		memcpy(c->id, target, (size_t)(slash - target));
		c->id[slash - target] = '\0';
		*number = strtoull(slash + 1, &end, 10);
		c->command = targets[i].command;
		return true;
	}
	return false;
}

/* The head is there. Anything but a request of a tunnel is answered once its body has come. */
static void begin_request(struct slu_carrier *c, uint64_t now)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct slu_tunnel *tunnel = NULL;
	struct slu_buf text = {.data = (uint8_t *)(uintptr_t)go_on, .len = sizeof go_on - 1};
	uint64_t number;

	c->command = NONE;
	c->drops = true;
	if (strcmp(c->request.method, "POST") == 0 && parse_target(c, &number))
		tunnel = tunnel_of(c);
	if (tunnel && !slu_tunnel_over(tunnel)) {
		slu_tunnel_begin(tunnel, number);
		c->drops = c->command != SEND;
	}
	if (c->request.expects_continue && !c->request.done)
		put_text(c, &text, now);
}

static void take_body(struct slu_carrier *c, const struct slu_vec *body, uint64_t now)
{
	struct slu_tunnel *tunnel = c->drops || !body->size ? NULL : tunnel_of(c);

	if (!tunnel)
		return;
	c->since_ms = now;
	if (slu_tunnel_put(tunnel, body->data, body->size))
		slu_tunnel_end(tunnel);
	c->hooks.fed(c->hooks.arg, tunnel);
}

static void open_tunnel(struct slu_carrier *c, uint64_t now)
{
	struct slu_transport_stats stats = {0};
	char body[MAX_ID + 1];
	const char *id = "";

	c->transport->ops->stats(c->transport, &stats);
	if (!c->hooks.open(c->hooks.arg, &stats, &id)) {
		answer_full(c, "There is no room for another tunnel: try later.", now);
		return;
	}
	strcpy(body, id);
	strcat(body, "\n");
	answer(c, "200 OK", body, now);
}

/* All of it is there. */
static void end_request(struct slu_carrier *c, uint64_t now)
{
	struct slu_tunnel *tunnel = tunnel_of(c);

	if (strcmp(c->request.method, "POST") != 0) {
		answer(c, "405 Method Not Allowed", "Only RTMP is spoken here, in requests to POST.\n", now);
	} else if (strncmp(c->request.target, "/open/", 6) == 0) {
		open_tunnel(c, now);
	} else if (!tunnel) { /* also /fcs/ident2, which asks whether to go to another address: this says no */
		answer(c, "404 Not Found", "There is no such tunnel.\n", now);
	} else if (c->command == CLOSE) {
		slu_tunnel_end(tunnel);
		c->hooks.fed(c->hooks.arg, tunnel);
		answer(c, "200 OK", "\1", now);
	} else {
		c->waits = true;
		c->since_ms = now;
	}
}

static void take_raw(struct slu_carrier *c, uint64_t now)
{
	bool had_head = c->request.has_head;
	struct slu_vec body;
	long used = slu_http1_in(&c->request, c->raw + c->at, c->end - c->at, &body);

	if (used < 0) {
		answer(c, "400 Bad Request", "This is no request of HTTP/1 that could be answered.\n", now);
		return;
	}
	if (c->request.has_head && c->hooks.full) {
		c->last = true;
		answer_full(c, c->hooks.full, now);
		return;
	}
	if (c->request.has_head && !had_head)
		begin_request(c, now);
	take_body(c, &body, now);
	memset(c->raw + c->at, 0, (size_t)used); /* a stream key may have been among that */
	c->at += (size_t)used;
	if (c->request.done)
		end_request(c, now);
}

/* False: there is nothing to be read now, or never more. */
static bool fill(struct slu_carrier *c)
{
	long n;

	if (c->at < c->end)
		return true;
	n = c->transport->ops->recv(c->transport, c->raw, c->raw_size);
	c->at = 0;
	c->end = n > 0 ? (size_t)n : 0;
	if (n < 0)
		c->over = true;
	return n > 0;
}

/* ---- the end ---- */

/* Closing with unread bytes would take back the last answer: those that come are dropped. False: there are none. */
static bool linger(struct slu_carrier *c, uint64_t now)
{
	if (!c->lingers && c->transport->ops->shutdown(c->transport)) {
		c->lingers = true;
		c->since_ms = now;
	}
	c->at = c->end;
	return fill(c);
}

/* One thing after another. False: there is nothing more to do now. */
static bool turn(struct slu_carrier *c, uint64_t now)
{
	if (!push(c, now))
		return false;
	if (c->last && !c->waits)
		return linger(c, now);
	if (!fill(c) || c->waits)
		return false;
	if (c->request.done)
		slu_http1_next(&c->request);
	take_raw(c, now);
	return true;
}

static uint64_t patience_ends(const struct slu_carrier *c)
{
	return c->since_ms + (c->lingers ? LINGER_MS : c->timeout_ms);
}

void slu_carrier_step(struct slu_carrier *c, uint64_t now)
{
	enum { TURNS = 16 }; /* a client that never ends is not to keep the others waiting */
	int i = 0;

	while (i < TURNS && !c->over && turn(c, now))
		i++;
	if (now >= patience_ends(c))
		c->over = true;
}

/* A client that sends its next request without waiting for the answer is to have it at once. */
static uint64_t answer_by(const struct slu_carrier *c, const struct slu_tunnel *tunnel)
{
	return c->command == IDLE && c->at == c->end ? slu_tunnel_answer_by(tunnel) : 0;
}

void slu_carrier_answer(struct slu_carrier *c, uint64_t now)
{
	struct slu_tunnel *tunnel = c->waits && !c->over ? tunnel_of(c) : NULL;

	if (!c->waits || c->over)
		return;
	if (!tunnel || slu_tunnel_over(tunnel)) {
		if (tunnel) {
			slu_tunnel_end(tunnel);
			c->hooks.fed(c->hooks.arg, tunnel);
		}
		answer(c, "404 Not Found", "The tunnel has ended.\n", now);
	} else if (answer_by(c, tunnel) <= now) {
		c->waits = false;
		c->last = !c->request.keep_alive;
		put(c, slu_tunnel_answer(tunnel, c->command == IDLE, c->request.keep_alive), now);
		c->hooks.fed(c->hooks.arg, tunnel); /* it takes more now */
	}
}

/* ---- what it waits for ---- */

int slu_carrier_fd(const struct slu_carrier *c)
{
	return c->transport->ops->fd(c->transport);
}

unsigned slu_carrier_want(const struct slu_carrier *c)
{
	unsigned want = c->transport->ops->want(c->transport);

	if (c->out || (c->last && !c->waits && !c->lingers))
		want |= SLU_WANT_WRITE;
	/* What comes while there are bytes left waits in the socket. */
	return !c->out && c->at == c->end ? want | SLU_WANT_READ : want;
}

uint64_t slu_carrier_deadline(const struct slu_carrier *c)
{
	uint64_t at = patience_ends(c), by;
	struct slu_tunnel *tunnel = c->waits ? tunnel_of(c) : NULL;

	if (!c->out && !c->waits && (c->at < c->end || c->transport->ops->buffered(c->transport)))
		return 0;
	if (!c->waits)
		return at;
	by = tunnel ? answer_by(c, tunnel) : 0;
	return by < at ? by : at;
}

bool slu_carrier_over(const struct slu_carrier *c)
{
	return c->over;
}

struct slu_carrier *slu_carrier_new(struct slu_transport *transport, const struct slu_vec *read,
				    const struct slu_carrier_hooks *hooks, unsigned timeout_ms, uint64_t now)
{
	struct slu_carrier *c = calloc(1, sizeof *c);

	if (c) {
		c->raw_size = read->size > RAW ? read->size : RAW;
		c->raw = malloc(c->raw_size);
	}
	if (!c || !c->raw) {
		transport->ops->free(transport);
		free(c);
		return NULL;
	}
	memcpy(c->raw, read->data, read->size);
	c->end = read->size;
	c->transport = transport;
	c->hooks = *hooks;
	c->timeout_ms = timeout_ms;
	c->since_ms = now;
	slu_http1_init(&c->request, SLU_HTTP1_REQUEST, MAX_HEAD, MAX_BODY);
	return c;
}

void slu_carrier_free(struct slu_carrier *c)
{
	if (!c)
		return;
	c->transport->ops->free(c->transport);
	slu_http1_clear(&c->request);
	slu_buffer_put(c->out);
	free(c->raw);
	free(c);
}
