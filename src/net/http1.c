/* SPDX-License-Identifier: MIT */
/* The framing of a message: where the head, the body, its chunks and the trailer end. */
#include "net/http1.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "net/http1_head.h"

enum {
	MAX_EMPTY_LINES = 4, /* before a head */
	MAX_INTERIM = 8,     /* 1xx before the response */
	MAX_CHUNK_LINE = 256 /* a chunk's size, with extensions that mean nothing to anybody */
};

int slu_http1_fail(struct slu_http1 *h, int err, const char *format, ...)
{
	va_list ap;

	h->err = err;
	va_start(ap, format);
	vsnprintf(h->error, sizeof h->error, format, ap);
	va_end(ap);
	return err;
}

static int take_chunk_size(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used);

static size_t at_most(uint64_t left, size_t n)
{
	return left < n ? (size_t)left : n;
}

/* n bytes of body at data, which count. */
static int hand_out(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	if (n > h->max_body - h->body)
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent a body of more than %llu bytes",
				      (unsigned long long)h->max_body);
	*body = (struct slu_vec){.data = data, .size = n};
	h->body += n;
	*used = n;
	return 0;
}

/* ---- bodies ---- */

static int take_length(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	int err;

	n = at_most(h->left, n);
	err = hand_out(h, data, n, body, used);
	h->left -= *used;
	h->done = h->left == 0;
	return err;
}

static int take_rest(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	return hand_out(h, data, n, body, used);
}

/* The trailer (RFC 9112, 7.1.2) is dropped; an empty line ends it. */
static int take_trailer(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	(void)body;
	while (*used < n && !h->done) {
		uint8_t c = data[(*used)++];

		if (++h->framing > h->head.max)
			return slu_http1_fail(h, SLU_ERR_HTTP, "sent a trailer of more than %zu bytes", h->head.max);
		if (c == '\n') {
			h->done = h->blank;
			h->blank = true;
		} else if (c != '\r') {
			h->blank = false;
		}
	}
	return 0;
}

/* The line break behind a chunk. */
static int take_chunk_end(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	(void)body;
	if (!n)
		return 0;
	*used = 1;
	if (data[0] == '\r' && h->framing++ == 0)
		return 0;
	if (data[0] != '\n')
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent more of a chunk than it had announced");
	h->framing = 0;
	h->step = take_chunk_size;
	return 0;
}

static int take_chunk(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	int err = hand_out(h, data, at_most(h->left, n), body, used);

	h->left -= *used;
	if (h->left == 0) {
		h->framing = 0;
		h->step = take_chunk_end;
	}
	return err;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of the line of a chunk's size, but for its end. framing counts those behind the size. */
static int chunk_size_byte(struct slu_http1 *h, uint8_t c)
{
	int digit = hex_value(c);

	if (h->framing == 0 && digit >= 0) {
		if (h->left > (h->max_body >> 4))
			return slu_http1_fail(h, SLU_ERR_HTTP, "announced a chunk that is too long");
		h->left = h->left << 4 | (unsigned)digit;
		h->digit = true;
		return 0;
	}
	if (h->framing == 0 && (!h->digit || !strchr("; \t\r", c) || !c))
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent a chunk without a size");
	if (++h->framing > MAX_CHUNK_LINE)
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent a chunk with too long an extension");
	return 0;
}

static int take_chunk_size(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	int err = 0;

	(void)body;
	while (*used < n && !err) {
		uint8_t c = data[(*used)++];

		if (c != '\n' || !h->digit) {
			err = chunk_size_byte(h, c);
			continue;
		}
		h->framing = 0;
		h->digit = false;
		h->blank = true;
		h->step = h->left ? take_chunk : take_trailer;
		break;
	}
	return err;
}

/* ---- the head ---- */

static int start_length(struct slu_http1 *h)
{
	if (h->length > h->max_body)
		return slu_http1_fail(h, SLU_ERR_HTTP, "announced a body of %llu bytes, where at most %llu are taken",
				      (unsigned long long)h->length, (unsigned long long)h->max_body);
	h->left = h->length;
	h->done = h->left == 0;
	h->step = take_length;
	return 0;
}

/* An interim response: what follows is another head, or the real one. 101 is none of them, for what follows it is no
 * HTTP any more, and nobody here asked for it. */
static int skip_interim(struct slu_http1 *h)
{
	if (h->status == 101)
		return slu_http1_fail(h, SLU_ERR_HTTP, "switched to another protocol that nobody asked for");
	if (++h->interim > MAX_INTERIM)
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent interim responses without end");
	h->head.len = h->line = h->framing = 0;
	return 0;
}

static int end_head(struct slu_http1 *h)
{
	enum http1_body body = HTTP1_NO_BODY;
	int err = slu_http1_head(h, &body);

	if (err)
		return err;
	if (h->kind != SLU_HTTP1_REQUEST && h->status < 200)
		return skip_interim(h);
	h->has_head = true;
	h->framing = 0;
	switch (body) {
	case HTTP1_NO_BODY:
		h->done = true;
		return 0;
	case HTTP1_LENGTH:
		return start_length(h);
	case HTTP1_CHUNKED:
		h->step = take_chunk_size;
		return 0;
	default:
		h->step = take_rest;
		return 0;
	}
}

/* One line, or what there is of it. Empty lines before the first are skipped (RFC 9112, 2.2). */
static int take_head(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used)
{
	const uint8_t *end = n ? memchr(data, '\n', n) : NULL;
	size_t len;
	int err;

	(void)body;
	*used = end ? (size_t)(end - data) + 1 : n;
	err = slu_buf_append(&h->head, data, *used);
	if (err == SLU_ERR_LIMIT)
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent a head of more than %zu bytes", h->head.max);
	if (err)
		return slu_http1_fail(h, err, "could not be read: out of memory");
	if (h->kind == SLU_HTTP1_REQUEST && h->line == 0)
		err = slu_http1_begun(h, h->head.len - *used);
	if (err || !end)
		return err;
	len = h->head.len - h->line - 1;
	if (len && h->head.data[h->line + len - 1] == '\r')
		len--;
	if (len || h->line == 0) {
		if (!len && ++h->framing > MAX_EMPTY_LINES)
			return slu_http1_fail(h, SLU_ERR_HTTP, "sent empty lines instead of HTTP");
		h->line = len ? h->head.len : 0;
		h->head.len = h->line;
		return 0;
	}
	return end_head(h);
}

/* ---- all of it ---- */

void slu_http1_init(struct slu_http1 *h, enum slu_http1_kind kind, size_t max_head, uint64_t max_body)
{
	*h = (struct slu_http1){.kind = kind, .max_body = max_body};
	slu_buf_init(&h->head, max_head);
	slu_http1_next(h);
}

void slu_http1_next(struct slu_http1 *h)
{
	struct slu_http1 fresh = {.kind = h->kind, .max_body = h->max_body, .head = h->head};

	*h = fresh;
	h->head.len = 0;
	h->method = h->target = h->reason = "";
	h->step = take_head;
}

void slu_http1_clear(struct slu_http1 *h)
{
	slu_buf_clear(&h->head);
	slu_http1_next(h);
}

long slu_http1_in(struct slu_http1 *h, const void *data, size_t n, struct slu_vec *body)
{
	const uint8_t *p = data;
	size_t total = 0, used;
	bool had_head = h->has_head;

	*body = (struct slu_vec){.data = p, .size = 0};
	while (total < n && !h->done && !h->err && !body->size && h->has_head == had_head) {
		used = 0;
		h->step(h, p + total, n - total, body, &used);
		total += used;
	}
	return h->err ? h->err : (long)total;
}

int slu_http1_end(struct slu_http1 *h)
{
	if (h->err)
		return h->err;
	if (h->has_head && h->step == take_rest)
		h->done = true;
	if (h->done)
		return 0;
	if (!h->has_head && !h->head.len && !h->interim) {
		slu_http1_fail(h, SLU_ERR_CLOSED, "closed the connection without an answer");
		return h->err;
	}
	return slu_http1_fail(h, SLU_ERR_HTTP, "closed the connection in the middle of %s",
			      h->has_head ? "a body" : "a head");
}

const char *slu_http1_error(const struct slu_http1 *h)
{
	return h->error;
}
