/* SPDX-License-Identifier: MIT */
/* A client's TLS transport against a peer that sends anything, in pieces. libssl has its own fuzzers: this is about
 * what we make of its failures, and of peers that speak no TLS. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls.h"

struct feed {
	struct slu_transport transport;
	const uint8_t *data;
	size_t left, piece;
};

static int feed_open(struct slu_transport *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	return 1;
}

static long feed_recv(struct slu_transport *t, void *buf, size_t n)
{
	struct feed *f = (struct feed *)t;

	if (f->left == 0)
		return f->piece & 1 ? SLU_ERR_CLOSED : SLU_ERR_RESET;
	n = n < f->piece ? n : f->piece;
	n = n < f->left ? n : f->left;
	memcpy(buf, f->data, n);
	f->data += n;
	f->left -= n;
	return (long)n;
}

static long feed_send(struct slu_transport *t, const struct slu_vec *vec, size_t nvec)
{
	size_t n = 0;

	(void)t;
	for (size_t i = 0; i < nvec; i++)
		n += vec[i].size;
	return (long)n;
}

static int feed_done(struct slu_transport *t)
{
	(void)t;
	return 1;
}

static size_t feed_none(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static unsigned feed_want(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static const char *feed_error(const struct slu_transport *t)
{
	(void)t;
	return "lost";
}

static void feed_stats(const struct slu_transport *t, struct slu_transport_stats *out)
{
	(void)t;
	memset(out, 0, sizeof *out);
}

static void feed_free(struct slu_transport *t)
{
	(void)t;
}

static const struct slu_transport_ops feed_ops = {
	.open = feed_open,
	.recv = feed_recv,
	.send = feed_send,
	.flush = feed_done,
	.pending = feed_none,
	.shutdown = feed_done,
	.want = feed_want,
	.error = feed_error,
	.stats = feed_stats,
	.free = feed_free,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct slu_tls_ctx *ctx;
	struct slu_tls_config config = {.insecure = true};
	struct feed f = {.transport = {&feed_ops}};
	struct slu_transport *t;
	char error[200];
	int r = 0;

	if (!ctx)
		ctx = slu_tls_ctx_new(&config, error, sizeof error);
	if (!ctx || size == 0)
		return 0;
	f.piece = (size_t)data[0] + 1;
	f.data = data + 1;
	f.left = size - 1;
	t = slu_tls_over(ctx, &f.transport, "live.example", 0);
	if (!t)
		return 0;
	for (int i = 0; i < 4 && r == 0; i++)
		r = t->ops->open(t, 1);
	/* Nobody can finish a handshake without the key shares: it failed, and there is a sentence. */
	if (r >= 0 || strlen(t->ops->error(t)) < 10)
		abort();
	for (const char *p = t->ops->error(t); *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			abort();
	t->ops->free(t);
	return 0;
}
