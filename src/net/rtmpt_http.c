/* SPDX-License-Identifier: MIT */
/* The requests of a tunnel, and what their answers say. */
#include "net/rtmpt_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

int slu_rtmpt_fail(struct rtmpt *t, int err, const char *format, ...)
{
	va_list ap;

	if (t->err)
		return t->err;
	t->err = err;
	va_start(ap, format);
	vsnprintf(t->error, sizeof t->error, format, ap);
	va_end(ap);
	return err;
}

static int fail_inner(struct rtmpt *t, int err)
{
	return slu_rtmpt_fail(t, err, "%s", t->inner->ops->error(t->inner));
}

/* ---- requests ---- */

static const struct {
	const char *name;
	bool interval; /* its answer begins with one */
} commands[] = {
	[RTMPT_OPEN] = {"open", false},
	[RTMPT_SEND] = {"send", true},
	[RTMPT_IDLE] = {"idle", true},
	[RTMPT_CLOSE] = {"close", false},
};

static int put_head(struct rtmpt *t, enum rtmpt_command command, size_t length)
{
	struct slu_buf *b = &t->request;
	const char *name = commands[command].name;
	int err;

	err = t->opened ? slu_http1_line(b, "POST /%s/%s/%u HTTP/1.1", name, t->id, t->number)
			: slu_http1_line(b, "POST /%s/1 HTTP/1.1", name);
	if (!err)
		err = slu_http1_line(b, "Host: %s", t->host);
	if (!err)
		err = slu_http1_line(b, "Content-Type: application/x-fcs");
	if (!err)
		err = slu_http1_line(b, "User-Agent: Shockwave Flash"); /* some servers want that */
	if (!err)
		err = slu_http1_line(b, "Connection: Keep-Alive");
	if (!err)
		err = slu_http1_line(b, "Cache-Control: no-cache");
	if (!err)
		err = slu_http1_line(b, "Content-Length: %zu", length);
	return err ? err : slu_http1_end_head(b);
}

static size_t total_of(const struct slu_vec *vec, size_t nvec)
{
	size_t total = 0;

	for (size_t i = 0; i < nvec && total < RTMPT_BODY; i++)
		total += vec[i].size;
	return total < RTMPT_BODY ? total : RTMPT_BODY;
}

static int put_body(struct slu_buf *out, const struct slu_vec *vec, size_t total)
{
	int err = slu_buf_reserve(out, total);

	while (total && !err) {
		size_t n = vec->size < total ? vec->size : total;

		err = slu_buf_append(out, vec->data, n);
		total -= n;
		vec++;
	}
	return err;
}

long slu_rtmpt_ask(struct rtmpt *t, enum rtmpt_command command, const struct slu_vec *vec, size_t nvec)
{
	static const struct slu_vec nothing = {.data = "", .size = 1}; /* a body of one zero, as Flash Player's */
	size_t total = command == RTMPT_SEND ? total_of(vec, nvec) : 1;
	uint64_t now = t->now_ms();
	int err;

	t->request.len = t->written = 0;
	err = put_head(t, command, total);
	if (!err)
		err = put_body(&t->request, command == RTMPT_SEND ? vec : &nothing, total);
	if (err)
		return slu_rtmpt_fail(t, err, "%s: %s", t->name, slu_err_text(err));
	t->command = command;
	t->asked_ms = now;
	t->number++;
	t->interval = -1;
	t->got = 0;
	slu_http1_next(&t->answer);
	if (t->line == LINE_DOWN && slu_rtmpt_connect(t, now) < 0)
		return t->err;
	if (t->line == LINE_UP && slu_rtmpt_write(t) < 0)
		return t->err;
	return command == RTMPT_SEND ? (long)total : 0;
}

int slu_rtmpt_write(struct rtmpt *t)
{
	struct slu_transport *inner = t->inner;
	struct slu_vec rest;
	long n = 0;

	if (t->written < t->request.len) {
		rest = (struct slu_vec){.data = t->request.data + t->written, .size = t->request.len - t->written};
		n = inner->ops->send(inner, &rest, 1);
		t->written += n > 0 ? (size_t)n : 0;
	} else if (inner->ops->pending(inner)) {
		n = inner->ops->flush(inner);
	}
	/* An answer may be there all the same, and says more than a broken pipe does: reading tells what is wrong. */
	if (n < 0 && n != SLU_ERR_RESET)
		return fail_inner(t, (int)n);
	return t->written == t->request.len && !inner->ops->pending(inner);
}

/* ---- the connection below ---- */

static int reopen(struct rtmpt *t, uint64_t now)
{
	struct slu_transport *inner = t->inner;
	int err = inner->ops->again ? inner->ops->again(inner, now) : SLU_ERR_STATE;

	if (err == SLU_ERR_STATE)
		return slu_rtmpt_fail(t, SLU_ERR_CLOSED,
				      "%s closed the HTTP connection, and this one cannot be opened again; connect "
				      "again, or use a server that keeps it",
				      t->name);
	if (err)
		return fail_inner(t, err);
	t->line = LINE_OPENING;
	t->proven = false;
	return 0;
}

int slu_rtmpt_connect(struct rtmpt *t, uint64_t now)
{
	int r;

	if (t->line == LINE_DOWN && reopen(t, now))
		return t->err;
	r = t->inner->ops->open(t->inner, now);
	if (r < 0)
		return fail_inner(t, r);
	if (r == 1)
		t->line = LINE_UP;
	return r;
}

/* The server has closed the connection. It may do so after an answer, and before it has seen anything of the next
 * request: that one is sent again then, with the same number. */
static int line_ended(struct rtmpt *t, int err, uint64_t now)
{
	bool fresh = t->command != RTMPT_NONE && !t->answer.has_head && !t->answer.head.len;

	if (err != SLU_ERR_CLOSED && err != SLU_ERR_RESET)
		return fail_inner(t, err);
	if (t->command != RTMPT_NONE && slu_http1_end(&t->answer) == 0 && t->answer.done)
		return 0;
	if (fresh && !t->proven)
		return slu_rtmpt_fail(t, SLU_ERR_HTTP,
				      "%s closed the connection without an answer: it may speak no RTMPT", t->name);
	if (t->command != RTMPT_NONE && !fresh)
		return slu_rtmpt_fail(t, SLU_ERR_HTTP, "%s %s: connect again", t->name, slu_http1_error(&t->answer));
	t->line = LINE_DOWN;
	t->at = t->end = 0;
	if (t->command == RTMPT_NONE)
		return 0;
	t->written = 0;
	slu_http1_next(&t->answer);
	return slu_rtmpt_connect(t, now) < 0 ? t->err : 0;
}

/* ---- answers ---- */

/* Into the path of each request to come. */
static int take_id(struct rtmpt *t)
{
	while (t->nid && strchr(" \t\r\n", t->id[t->nid - 1]))
		t->nid--;
	t->id[t->nid] = '\0';
	if (t->nid == sizeof t->id - 1)
		t->nid = 0;
	for (size_t i = 0; i < t->nid; i++)
		if (t->id[i] <= 0x20 || t->id[i] > 0x7e || strchr("/?#%", t->id[i]))
			t->nid = 0;
	t->opened = t->nid > 0;
	return t->opened ? 0
			 : slu_rtmpt_fail(t, SLU_ERR_HTTP, "%s opened a tunnel without a name that could be used",
					  t->name);
}

static int refused(struct rtmpt *t)
{
	const struct slu_http1 *h = &t->answer;

	if (t->command == RTMPT_OPEN)
		return slu_rtmpt_fail(
			t, SLU_ERR_REFUSED,
			"%s opens no tunnel: it answered %u %.80s; it may speak no RTMPT, or want another "
			"port",
			t->name, h->status, h->reason);
	/* What servers say when the RTMP inside has ended. */
	return slu_rtmpt_fail(t, h->status == 404 || t->command == RTMPT_CLOSE ? SLU_ERR_CLOSED : SLU_ERR_RESET,
			      "%s ended the tunnel: it answered %u %.80s; connect again", t->name, h->status,
			      h->reason);
}

static int answered(struct rtmpt *t, uint64_t now)
{
	enum rtmpt_command command = t->command;

	t->proven = true;
	t->command = RTMPT_NONE;
	t->request.len = t->written = 0;
	if (!t->answer.keep_alive) {
		t->line = LINE_DOWN;
		t->at = t->end = 0;
	}
	if (command == RTMPT_OPEN && take_id(t))
		return t->err;
	if (command == RTMPT_CLOSE)
		return slu_rtmpt_fail(t, SLU_ERR_CLOSED, "%s closed the tunnel", t->name);
	t->wait_ms = slu_rtmpt_wait(t->interval, t->got, t->wait_ms);
	t->poll_ms = now + t->wait_ms;
	return 0;
}

/* A run of an answer's body. Bytes of RTMP, which are moved to buf. */
static size_t take_body(struct rtmpt *t, const struct slu_vec *body, uint8_t *buf)
{
	const uint8_t *p = body->data;
	size_t n = body->size;

	if (!n || t->answer.status != 200)
		return 0;
	if (t->command == RTMPT_OPEN) {
		for (size_t i = 0; i < n && t->nid < sizeof t->id - 1; i++)
			t->id[t->nid++] = (char)p[i];
		return 0;
	}
	if (!commands[t->command].interval)
		return 0;
	if (t->interval < 0) {
		t->interval = *p++;
		n--;
	}
	if (n)
		memcpy(buf, p, n);
	t->got += n;
	return n;
}

/* Looks at what was read, up to room bytes of it, since no more may come of it. Bytes of RTMP, or <0. */
static long take_raw(struct rtmpt *t, uint8_t *buf, size_t room, uint64_t now)
{
	size_t n = t->end - t->at < room ? t->end - t->at : room, got;
	struct slu_vec body;
	long used;

	if (t->command == RTMPT_NONE)
		return slu_rtmpt_fail(t, SLU_ERR_HTTP, "%s sent an answer that nobody asked for: connect again",
				      t->name);
	used = slu_http1_in(&t->answer, t->raw + t->at, n, &body);
	if (used < 0)
		return slu_rtmpt_fail(t, (int)used, "%s %s: connect again", t->name, slu_http1_error(&t->answer));
	t->at += (size_t)used;
	if (t->answer.has_head && t->answer.status != 200)
		return refused(t);
	got = take_body(t, &body, buf);
	if (t->answer.done && answered(t, now))
		return got ? (long)got : t->err;
	return (long)got;
}

static int fill_raw(struct rtmpt *t, uint64_t now)
{
	long n = t->inner->ops->recv(t->inner, t->raw, sizeof t->raw);

	t->at = 0;
	t->end = n > 0 ? (size_t)n : 0;
	if (n >= 0)
		return n > 0;
	if (line_ended(t, (int)n, now))
		return t->err;
	return t->answer.done && t->command != RTMPT_NONE ? answered(t, now) : 0;
}

long slu_rtmpt_read(struct rtmpt *t, uint8_t *buf, size_t n, uint64_t now)
{
	size_t got = 0;
	long k = 1;

	while (k >= 0 && t->line == LINE_UP && !t->err && (got < n || !t->opened)) {
		if (t->at == t->end) {
			k = fill_raw(t, now);
			if (k <= 0)
				break;
		}
		k = take_raw(t, buf + got, t->opened ? n - got : sizeof t->raw, now);
		got += k > 0 ? (size_t)k : 0;
		if (t->command == RTMPT_NONE)
			break;
	}
	return got ? (long)got : t->err;
}
