/* SPDX-License-Identifier: MIT */
#include "net/tunnel.h"

#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/buf.h"
#include "net/http1.h"

enum {
	TIMEOUT_MS = 15000,
	IN_MAX = 1 << 20,    /* bytes that the connection has not taken yet */
	OUT_MAX = 256 << 10, /* for the client: what fills a socket's buffer otherwise */
	OUT_KEEP = 32 << 10, /* that may stay allocated between answers */
	UNIT_MS = 15,        /* of the byte that says how long to wait */
	PATIENCE = 10        /* answers without data, until the client is to wait longer */
};

/* As Flash Media Server raised it, as far as Flash Player knew. */
static const uint8_t intervals[] = {1, 3, 5, 9, 17, 33};

struct slu_tunnel {
	struct slu_transport base;
	bool freed, transport_freed;
	struct slu_transport_stats stats;
	uint64_t (*now_ms)(void);
	unsigned timeout_ms;
	struct slu_buf in, out;
	size_t in_at;
	bool ended; /* by the client */
	bool shut;  /* by the connection */
	uint64_t number, asked_ms;
	bool asked;              /* there is a last request: */
	bool answered;           /* it was, by `last` */
	size_t put, repeated;    /* bytes of its body that came, and, of it once more, that came again */
	struct slu_buffer *last; /* answer */
	uint64_t answered_ms;
	unsigned interval, empty; /* an index; answers without data in a row */
};

static struct slu_tunnel *tunnel_of(struct slu_transport *t)
{
	return (struct slu_tunnel *)t;
}

static const struct slu_tunnel *tunnel_of_const(const struct slu_transport *t)
{
	return (const struct slu_tunnel *)t;
}

/* ---- the end that carries RTMP ---- */

static int tunnel_open(struct slu_transport *base, uint64_t now_ms)
{
	(void)base;
	(void)now_ms;
	return 1;
}

static long tunnel_recv(struct slu_transport *base, void *buf, size_t n)
{
	struct slu_tunnel *t = tunnel_of(base);
	size_t left = t->in.len - t->in_at;

	if (!left && t->ended)
		return SLU_ERR_CLOSED;
	if (!left)
		return t->now_ms() - t->asked_ms >= t->timeout_ms ? SLU_ERR_RESET : 0;
	n = n < left ? n : left;
	memcpy(buf, t->in.data + t->in_at, n);
	memset(t->in.data + t->in_at, 0, n); /* a stream key may be among that */
	t->in_at += n;
	if (t->in_at == t->in.len)
		t->in_at = t->in.len = 0;
	return (long)n;
}

static long tunnel_send(struct slu_transport *base, const struct slu_vec *vec, size_t nvec)
{
	struct slu_tunnel *t = tunnel_of(base);
	size_t taken = 0;

	for (size_t i = 0; i < nvec && t->out.len < OUT_MAX; i++) {
		size_t room = OUT_MAX - t->out.len, n = vec[i].size < room ? vec[i].size : room;

		if (slu_buf_append(&t->out, vec[i].data, n))
			return taken ? (long)taken : SLU_ERR_NOMEM;
		taken += n;
	}
	return (long)taken;
}

static int tunnel_flush(struct slu_transport *base)
{
	(void)base;
	return 1;
}

/* What was taken lies here as in the buffer of a socket. */
static size_t tunnel_pending(const struct slu_transport *base)
{
	(void)base;
	return 0;
}

static int tunnel_shutdown(struct slu_transport *base)
{
	struct slu_tunnel *t = tunnel_of(base);

	t->shut = true;
	return t->out.len == 0 || t->ended;
}

static int tunnel_fd(const struct slu_transport *base)
{
	(void)base;
	return -1;
}

static unsigned tunnel_want(const struct slu_transport *base)
{
	(void)base;
	return 0;
}

static bool tunnel_waits(const struct slu_transport *base)
{
	(void)base;
	return true;
}

static size_t tunnel_buffered(const struct slu_transport *base)
{
	const struct slu_tunnel *t = tunnel_of_const(base);

	return t->in.len - t->in_at;
}

static uint64_t tunnel_deadline(const struct slu_transport *base)
{
	const struct slu_tunnel *t = tunnel_of_const(base);

	return t->ended ? 0 : t->asked_ms + t->timeout_ms;
}

static const char *tunnel_error(const struct slu_transport *base)
{
	return tunnel_of_const(base)->ended ? "the client closed the tunnel"
					    : "the client does not ask for data any more: it may be gone";
}

static void tunnel_stats(const struct slu_transport *base, struct slu_transport_stats *out)
{
	*out = tunnel_of_const(base)->stats;
}

static void drop(struct slu_tunnel *t)
{
	if (!t->freed || !t->transport_freed)
		return;
	slu_buf_clear(&t->in);
	slu_buf_clear(&t->out);
	slu_buffer_put(t->last);
	free(t);
}

static void tunnel_free(struct slu_transport *base)
{
	struct slu_tunnel *t = tunnel_of(base);

	t->transport_freed = true;
	drop(t);
}

static const struct slu_transport_ops tunnel_ops = {
	.open = tunnel_open,
	.recv = tunnel_recv,
	.send = tunnel_send,
	.flush = tunnel_flush,
	.pending = tunnel_pending,
	.shutdown = tunnel_shutdown,
	.fd = tunnel_fd,
	.want = tunnel_want,
	.waits = tunnel_waits,
	.buffered = tunnel_buffered,
	.deadline = tunnel_deadline,
	.error = tunnel_error,
	.stats = tunnel_stats,
	.free = tunnel_free,
};

struct slu_tunnel *slu_tunnel_new(const struct slu_tunnel_config *config)
{
	struct slu_tunnel *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->base.ops = &tunnel_ops;
	t->transport_freed = true; /* there is none yet */
	t->stats = config->stats;
	t->stats.http = true;
	t->stats.wire_in = t->stats.wire_out = t->stats.reads = t->stats.writes = 0;
	t->stats.records = t->stats.short_records = 0;
	t->now_ms = config->now_ms;
	t->timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS;
	t->asked_ms = t->answered_ms = t->now_ms();
	slu_buf_init(&t->in, IN_MAX);
	slu_buf_init(&t->out, OUT_MAX);
	return t;
}

void slu_tunnel_free(struct slu_tunnel *tunnel)
{
	if (!tunnel)
		return;
	tunnel->freed = true;
	drop(tunnel);
}

struct slu_transport *slu_tunnel_transport(struct slu_tunnel *tunnel)
{
	tunnel->transport_freed = false;
	return &tunnel->base;
}

/* ---- requests ---- */

void slu_tunnel_begin(struct slu_tunnel *tunnel, uint64_t number)
{
	if (!tunnel->asked || tunnel->number != number) {
		tunnel->answered = false;
		tunnel->put = 0;
	}
	tunnel->repeated = 0;
	tunnel->asked = true;
	tunnel->number = number;
	tunnel->asked_ms = tunnel->now_ms();
}

/* Of n bytes of a body, those at its beginning that came before, on a connection that may have ended in their midst. */
static size_t count_repeated(struct slu_tunnel *t, size_t n)
{
	size_t left = t->put - t->repeated;

	if (n > left)
		n = left;
	t->repeated += n;
	return n;
}

int slu_tunnel_put(struct slu_tunnel *tunnel, const void *data, size_t n)
{
	size_t repeated = count_repeated(tunnel, n);
	int err;

	slu_buf_consume(&tunnel->in, tunnel->in_at);
	tunnel->in_at = 0;
	tunnel->asked_ms = tunnel->now_ms();
	n -= repeated;
	err = slu_buf_append(&tunnel->in, (const uint8_t *)data + repeated, n);
	if (err)
		return err;
	tunnel->put += n;
	tunnel->repeated += n;
	tunnel->stats.wire_in += n;
	tunnel->stats.reads++;
	return 0;
}

void slu_tunnel_end(struct slu_tunnel *tunnel)
{
	tunnel->ended = true;
}

bool slu_tunnel_over(const struct slu_tunnel *tunnel)
{
	return tunnel->ended || tunnel->transport_freed || (tunnel->shut && !tunnel->out.len);
}

uint64_t slu_tunnel_answer_by(const struct slu_tunnel *tunnel)
{
	uint64_t at = tunnel->answered_ms + (uint64_t)intervals[tunnel->interval] * UNIT_MS;

	return tunnel->answered || tunnel->out.len || slu_tunnel_over(tunnel) || at <= tunnel->now_ms() ? 0 : at;
}

/* ---- answers ---- */

static void adapt_interval(struct slu_tunnel *t, bool polled)
{
	if (t->out.len || !polled) {
		t->interval = t->empty = 0;
	} else if (++t->empty >= PATIENCE) {
		t->empty = 0;
		t->interval += t->interval + 1 < sizeof intervals;
	}
}

static struct slu_buffer *make_answer(const struct slu_tunnel *t, bool keep_alive)
{
	struct slu_buf b;
	struct slu_buffer *answer = NULL;
	int err;

	slu_buf_init(&b, OUT_MAX + 1024);
	err = slu_http1_line(&b, "HTTP/1.1 200 OK");
	if (!err)
		err = slu_http1_line(&b, "Content-Type: application/x-fcs");
	if (!err)
		err = slu_http1_line(&b, "Content-Length: %zu", t->out.len + 1);
	if (!err)
		err = slu_http1_line(&b, "Connection: %s", keep_alive ? "Keep-Alive" : "close");
	if (!err)
		err = slu_http1_line(&b, "Cache-Control: no-cache");
	if (!err)
		err = slu_http1_end_head(&b);
	if (!err)
		answer = slu_buffer_new(b.len + 1 + t->out.len);
	if (answer) {
		memcpy(slu_buffer_data(answer), b.data, b.len);
		slu_buffer_data(answer)[b.len] = intervals[t->interval];
		if (t->out.len)
			memcpy(slu_buffer_data(answer) + b.len + 1, t->out.data, t->out.len);
	}
	slu_buf_clear(&b);
	return answer;
}

struct slu_buffer *slu_tunnel_answer(struct slu_tunnel *tunnel, bool polled, bool keep_alive)
{
	struct slu_buffer *answer;

	if (tunnel->answered)
		return slu_buffer_get(tunnel->last);
	adapt_interval(tunnel, polled);
	answer = make_answer(tunnel, keep_alive);
	if (!answer)
		return NULL;
	tunnel->stats.wire_out += tunnel->out.len;
	tunnel->stats.writes++;
	if (tunnel->out.cap > OUT_KEEP)
		slu_buf_clear(&tunnel->out);
	tunnel->out.len = 0;
	tunnel->answered_ms = tunnel->now_ms();
	slu_buffer_put(tunnel->last);
	tunnel->last = slu_buffer_get(answer);
	tunnel->answered = true;
	return answer;
}
