/* SPDX-License-Identifier: MIT */
/* RTMPT from both ends. The first byte picks which: answers for a client, or a client's requests for a server's
 * carrier, whose tunnels lead to a connection that sends back what it gets. The second is how much comes at a time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "net/rtmpt.h"
#include "server/carrier.h"

enum { MAX_TUNNELS = 4, TURNS = 4096 };

static uint64_t clock_ms;

static uint64_t now(void)
{
	return clock_ms;
}

/* ---- what is below: the input, then the end ---- */

struct source {
	struct slu_transport base;
	const uint8_t *data;
	size_t size, step;
};

static int source_open(struct slu_transport *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	return 1;
}

static long source_recv(struct slu_transport *t, void *buf, size_t n)
{
	struct source *s = (struct source *)t;

	n = n < s->step ? n : s->step;
	n = n < s->size ? n : s->size;
	if (!n)
		return SLU_ERR_CLOSED;
	memcpy(buf, s->data, n);
	s->data += n;
	s->size -= n;
	return (long)n;
}

static long source_send(struct slu_transport *t, const struct slu_vec *vec, size_t nvec)
{
	volatile uint8_t sum = 0; /* so that all of it is read */
	size_t taken = 0;

	(void)t;
	for (size_t i = 0; i < nvec; i++) {
		for (size_t k = 0; k < vec[i].size; k++)
			sum = (uint8_t)(sum + ((const uint8_t *)vec[i].data)[k]);
		taken += vec[i].size;
	}
	return (long)taken;
}

static int source_yes(struct slu_transport *t)
{
	(void)t;
	return 1;
}

static size_t source_none(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static int source_fd(const struct slu_transport *t)
{
	(void)t;
	return -1;
}

static unsigned source_want(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static uint64_t source_deadline(const struct slu_transport *t)
{
	(void)t;
	return UINT64_MAX;
}

static const char *source_error(const struct slu_transport *t)
{
	(void)t;
	return "the input is over, as all inputs are";
}

static void source_stats(const struct slu_transport *t, struct slu_transport_stats *out)
{
	(void)t;
	*out = (struct slu_transport_stats){.tls_version = "", .tls_suite = "", .peer = "input"};
}

static void source_free(struct slu_transport *t)
{
	(void)t;
}

static int source_again(struct slu_transport *t, uint64_t now_ms)
{
	(void)now_ms;
	return ((struct source *)t)->size ? 0 : SLU_ERR_CONNECT;
}

static const struct slu_transport_ops source_ops = {
	.open = source_open,
	.again = source_again,
	.recv = source_recv,
	.send = source_send,
	.flush = source_yes,
	.pending = source_none,
	.shutdown = source_yes,
	.fd = source_fd,
	.want = source_want,
	.buffered = source_none,
	.deadline = source_deadline,
	.error = source_error,
	.stats = source_stats,
	.free = source_free,
};

/* ---- a client ---- */

static void check_failed(const struct slu_transport *t)
{
	const char *text = t->ops->error(t);

	if (strlen(text) < 20 || strlen(text) > 500 || t->ops->deadline(t) != UINT64_MAX)
		abort();
}

static void run_client(struct source *source)
{
	struct slu_rtmpt_config config = {.host = "h", .port = 80, .timeout_ms = 500, .now_ms = now};
	struct slu_transport *t = slu_rtmpt_over(&source->base, &config);
	struct slu_vec vec = {"hello", 5};
	char buf[64];
	int open = 0;
	long n = 0;

	if (!t)
		return;
	for (int i = 0; i < TURNS && open == 0; i++)
		open = t->ops->open(t, clock_ms++);
	for (int i = 0; i < TURNS && open == 1 && n >= 0; i++) {
		clock_ms += 5;
		n = t->ops->recv(t, buf, 1 + (size_t)i % sizeof buf);
		if (n > 1 + i % (int)sizeof buf)
			abort();
		if (n >= 0 && i % 3 == 0)
			n = t->ops->send(t, &vec, 1);
		if (i > TURNS / 2)
			(void)t->ops->shutdown(t);
	}
	if (open < 0 || n < 0)
		check_failed(t);
	t->ops->free(t);
}

/* ---- a server ---- */

struct end {
	char id[4];
	struct slu_tunnel *tunnel;
	struct slu_transport *transport;
};

struct server {
	struct end ends[MAX_TUNNELS];
	size_t n;
};

static struct slu_tunnel *open_tunnel(void *arg, const struct slu_transport_stats *stats, const char **id)
{
	struct server *s = arg;
	struct slu_tunnel_config config = {.stats = *stats, .now_ms = now};
	struct end *e = &s->ends[s->n];

	if (s->n == MAX_TUNNELS)
		return NULL;
	e->tunnel = slu_tunnel_new(&config);
	if (!e->tunnel)
		return NULL;
	e->transport = slu_tunnel_transport(e->tunnel);
	e->id[0] = (char)('a' + s->n++);
	*id = e->id;
	return e->tunnel;
}

static struct slu_tunnel *find_tunnel(void *arg, const char *id)
{
	struct server *s = arg;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->ends[i].id, id) == 0)
			return s->ends[i].tunnel;
	return NULL;
}

/* Sends back what comes; one byte of it ends the tunnel from this side. */
static void fed(void *arg, struct slu_tunnel *tunnel)
{
	struct server *s = arg;
	uint8_t buf[100];

	for (size_t i = 0; i < s->n; i++) {
		struct slu_transport *t = s->ends[i].tunnel == tunnel ? s->ends[i].transport : NULL;
		long n;

		while (t && (n = t->ops->recv(t, buf, sizeof buf)) > 0) {
			struct slu_vec vec = {buf, (size_t)n};

			t->ops->send(t, &vec, 1);
			if (memchr(buf, '!', (size_t)n))
				(void)t->ops->shutdown(t);
		}
	}
}

static void run_server(struct source *source)
{
	struct server server = {.n = 0};
	struct slu_carrier_hooks hooks = {open_tunnel, find_tunnel, fed, NULL, &server};
	struct slu_vec nothing = {"", 0};
	struct slu_carrier *c = slu_carrier_new(&source->base, &nothing, &hooks, 1000, clock_ms);

	for (int i = 0; c && i < TURNS && !slu_carrier_over(c); i++) {
		clock_ms += 7;
		slu_carrier_step(c, clock_ms);
		slu_carrier_answer(c, clock_ms);
		(void)slu_carrier_want(c);
		(void)slu_carrier_deadline(c);
	}
	if (c && !slu_carrier_over(c))
		abort();
	slu_carrier_free(c);
	for (size_t i = 0; i < server.n; i++) {
		server.ends[i].transport->ops->free(server.ends[i].transport);
		slu_tunnel_free(server.ends[i].tunnel);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = {.base.ops = &source_ops};

	if (size < 2)
		return 0;
	clock_ms = 1000;
	source.data = data + 2;
	source.size = size - 2;
	source.step = (size_t)data[1] + 1;
	if (data[0] & 1)
		run_server(&source);
	else
		run_client(&source);
	return 0;
}
