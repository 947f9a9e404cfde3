/* SPDX-License-Identifier: MIT */
#include "net/tls_bio.h"

#include <string.h>

#include <openssl/bio.h>

enum { RECORD_HEADER = 5, APPLICATION_DATA = 23, CALM_FLUSHES = 64 };

/* libssl hands over whole records. */
static void count_records(struct slu_tls_bio *b, const uint8_t *p, size_t n)
{
	while (n >= RECORD_HEADER) {
		size_t record = RECORD_HEADER + (size_t)(p[3] << 8 | p[4]);

		b->records += p[0] == APPLICATION_DATA;
		if (record > n)
			break;
		p += record;
		n -= record;
	}
}

static void drained(struct slu_tls_bio *b)
{
	b->out.len = 0;
	b->off = 0;
	if (b->out.cap <= SLU_TLS_COLLECT_KEEP)
		return;
	/* A large collector goes back only after it was not needed for a while: to fault its pages in again for each
	 * large flush costs more than the copy. */
	b->calm = b->flush_peak > SLU_TLS_COLLECT_KEEP ? 0 : b->calm + 1;
	b->flush_peak = 0;
	if (b->calm > CALM_FLUSHES) {
		slu_buf_clear(&b->out);
		b->calm = 0;
	}
}

/* One write call for what is collected and, behind it, n bytes of data; what is left over of these is collected.
 * 0 or negative. */
static int push(struct slu_tls_bio *b, const void *data, size_t n)
{
	struct slu_vec vec[2] = {{b->off ? b->out.data + b->off : b->out.data, b->out.len - b->off}, {data, n}};
	size_t collected = vec[0].size, nvec = collected ? 2 : 1;
	long sent;

	if (b->out.len > b->flush_peak)
		b->flush_peak = b->out.len;
	sent = b->inner->ops->send(b->inner, collected ? vec : vec + 1, n ? nvec : 1);
	if (sent < 0) {
		b->out_err = (int)sent;
		return b->out_err;
	}
	if ((size_t)sent < collected) {
		b->off += (size_t)sent;
		return slu_buf_append(&b->out, data, n);
	}
	drained(b);
	return slu_buf_append(&b->out, n ? (const uint8_t *)data + ((size_t)sent - collected) : NULL,
			      n - ((size_t)sent - collected));
}

int slu_tls_bio_write(struct slu_tls_bio *b, const char *data, int len)
{
	size_t n = len > 0 ? (size_t)len : 0;
	int r;

	if (b->counting)
		count_records(b, (const uint8_t *)data, n);
	/* A writing side that failed must not keep libssl from reading why. */
	if (b->out_err)
		return len;
	r = b->through ? push(b, data, n) : slu_buf_append(&b->out, data, n);
	if (r != 0 && !b->out_err)
		b->out_err = r;
	return len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	BIO_clear_retry_flags(bio);
	return slu_tls_bio_write(BIO_get_data(bio), data, len);
}

static int bio_read(BIO *bio, char *data, int len)
{
	struct slu_tls_bio *b = BIO_get_data(bio);
	long n;

	BIO_clear_retry_flags(bio);
	if (b->eof || b->in_err)
		return b->eof ? 0 : -1;
	n = b->inner->ops->recv(b->inner, data, len > 0 ? (size_t)len : 0);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (n == SLU_ERR_CLOSED)
		b->eof = true;
	else if (n < 0)
		b->in_err = (int)n;
	if (n < 0)
		return b->eof ? 0 : -1;
	for (long i = 0; i < n && b->nfirst < sizeof b->first; i++)
		b->first[b->nfirst++] = (uint8_t)data[i];
	return (int)n;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct slu_tls_bio *b = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH: /* libssl ends each handshake flight so; the transport flushes once it returns */
		return 1;
	case BIO_CTRL_EOF:
		return b && b->eof;
	default:
		return 0;
	}
}

BIO *slu_tls_bio_open(struct slu_tls_bio *b, struct slu_transport *inner)
{
	BIO *bio;

	memset(b, 0, sizeof *b);
	b->inner = inner;
	slu_buf_init(&b->out, SLU_TLS_COLLECT_MAX);
	/* A method for each connection needs neither a global nor a type index, of which there are few. */
	b->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sluice");
	if (!b->method)
		return NULL;
	BIO_meth_set_write(b->method, bio_write);
	BIO_meth_set_read(b->method, bio_read);
	BIO_meth_set_ctrl(b->method, bio_ctrl);
	bio = BIO_new(b->method);
	if (!bio)
		return NULL;
	BIO_set_data(bio, b);
	BIO_set_init(bio, 1);
	return bio;
}

void slu_tls_bio_close(struct slu_tls_bio *b)
{
	BIO_meth_free(b->method);
	b->method = NULL;
	slu_buf_clear(&b->out);
}

int slu_tls_bio_flush(struct slu_tls_bio *b)
{
	int r;

	if (b->out_err)
		return b->out_err;
	if (b->out.len > b->off) {
		r = push(b, NULL, 0);
		if (r != 0)
			return r;
	} else if (b->inner->ops->pending(b->inner)) {
		r = b->inner->ops->flush(b->inner);
		if (r < 0)
			b->out_err = r;
		if (r <= 0)
			return r;
	}
	return slu_tls_bio_pending(b) == 0;
}

size_t slu_tls_bio_pending(const struct slu_tls_bio *b)
{
	return b->out.len - b->off + b->inner->ops->pending(b->inner);
}

int slu_tls_bio_reserve(struct slu_tls_bio *b, size_t n)
{
	int r = slu_buf_reserve(&b->out, n);

	if (r != 0 && !b->out_err)
		b->out_err = r;
	return r;
}
