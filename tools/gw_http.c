/* SPDX-License-Identifier: MIT */
#include "tools/gw_http.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/rtmp.h>
#include <sluice/conn.h>
#include <sluice/error.h>

enum {
	HEAD_MS = 10000, /* for all of the request's head */
	END_MS = 1000,
	SLICE_MS = 200, /* RTMP_ctrlC is looked at this often */
	MAX_ANSWER = 4096
};

/* Waits for events until then. False: they did not come, or the gateway ends. */
static bool wait_until(int fd, short events, uint64_t until)
{
	struct pollfd p = {.fd = fd, .events = events};
	uint64_t now = slu_now_ms();
	int got = 0;

	for (; !got && now < until && !RTMP_ctrlC; now = slu_now_ms()) {
		got = poll(&p, 1, until - now < SLICE_MS ? (int)(until - now) : SLICE_MS);
		if (got < 0)
			got = errno == EINTR ? 0 : -1;
	}
	return got > 0;
}

static bool try_again(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* ---- the request ---- */

/* What a stream's end or an error of recv() makes of it. */
static const char *cut_short(struct slu_gw_http *h, ssize_t n, const char **sentence)
{
	*sentence = "The request ended in its head.";
	return n == 0 && slu_http1_end(&h->request) != SLU_ERR_CLOSED ? "400 Bad Request" : "";
}

static const char *take(struct slu_gw_http *h, const char *data, size_t n, const char **sentence)
{
	struct slu_vec body;
	long took = 1;

	for (size_t at = 0; took > 0 && at < n && !h->request.has_head; at += (size_t)took)
		took = slu_http1_in(&h->request, data + at, n - at, &body);
	if (took >= 0)
		return NULL;
	*sentence = "This is no request of HTTP/1, or its head is longer than 16384 bytes.";
	return "400 Bad Request";
}

const char *slu_gw_http_read(struct slu_gw_http *h, int fd, const char **sentence)
{
	uint64_t until = slu_now_ms() + HEAD_MS;
	const char *status = NULL;
	char data[2048];
	ssize_t n;

	h->fd = fd;
	slu_http1_init(&h->request, SLU_HTTP1_REQUEST, SLU_HTTP1_MAX_HEAD, SLU_HTTP1_ANY_BODY);
	while (!status && !h->request.has_head) {
		if (!wait_until(fd, POLLIN, until)) {
			*sentence = "The request's head did not come within 10 seconds.";
			return RTMP_ctrlC ? "" : "408 Request Timeout";
		}
		n = recv(fd, data, sizeof data, 0);
		if (n > 0)
			status = take(h, data, (size_t)n, sentence);
		else if (!try_again(n))
			status = cut_short(h, n, sentence);
	}
	return status;
}

/* ---- the answer ---- */

static bool is_head(const struct slu_gw_http *h)
{
	return h->request.has_head && strcmp(h->request.method, "HEAD") == 0;
}

/* Version and fields are those of the rtmpgw that this one replaces. */
static int put_head(struct slu_buf *out, const char *status, const char *type)
{
	int err = slu_http1_line(out, "HTTP/1.0 %s", status);

	if (!err)
		err = slu_http1_line(out, "Server: HTTP-RTMP Stream Server v2.4 (Sluice)");
	if (!err)
		err = slu_http1_line(out, "Content-Type: %s", type);
	if (!err)
		err = slu_http1_line(out, "Connection: close");
	return err;
}

static int put_answer(struct slu_buf *out, const char *status, const char *sentence, bool with_body)
{
	int err = put_head(out, status, "text/plain");

	if (!err && strncmp(status, "405", 3) == 0)
		err = slu_http1_line(out, "Allow: GET, HEAD");
	if (!err)
		err = slu_http1_line(out, "Content-Length: %zu", strlen(sentence) + 1);
	if (!err)
		err = slu_http1_end_head(out);
	if (!err && with_body)
		err = slu_http1_line(out, "%s", sentence);
	if (!err && with_body)
		out->data[--out->len - 1] = '\n';
	return err;
}

void slu_gw_http_answer(struct slu_gw_http *h, const char *status, const char *sentence)
{
	struct slu_buf out;

	slu_buf_init(&out, MAX_ANSWER);
	if (put_answer(&out, status, sentence, !is_head(h)) == 0)
		slu_gw_http_write(h, out.data, out.len, SLU_GW_WRITE_MS);
	slu_buf_clear(&out);
}

bool slu_gw_http_begin(struct slu_gw_http *h)
{
	struct slu_buf out;
	bool ok;

	slu_buf_init(&out, MAX_ANSWER);
	ok = put_head(&out, "200 OK", "video/flv") == 0 && slu_http1_end_head(&out) == 0 &&
	     slu_gw_http_write(h, out.data, out.len, SLU_GW_WRITE_MS);
	slu_buf_clear(&out);
	return ok;
}

bool slu_gw_http_write(struct slu_gw_http *h, const void *data, size_t n, unsigned patience_ms)
{
	const char *p = data;

	while (n) {
		ssize_t wrote = send(h->fd, p, n, MSG_NOSIGNAL);

		if (wrote > 0) {
			p += wrote;
			n -= (size_t)wrote;
		} else if (!try_again(wrote) || !wait_until(h->fd, POLLOUT, slu_now_ms() + patience_ms)) {
			return false;
		}
	}
	return true;
}

/* Whoever closes with bytes unread resets the connection, and the client may lose the answer. */
void slu_gw_http_end(struct slu_gw_http *h)
{
	uint64_t until = slu_now_ms() + END_MS;
	char data[4096];
	ssize_t n = 1;

	shutdown(h->fd, SHUT_WR);
	while ((n > 0 || try_again(n)) && wait_until(h->fd, POLLIN, until))
		n = recv(h->fd, data, sizeof data, 0);
	close(h->fd);
	slu_http1_clear(&h->request);
}

void slu_gw_http_refuse(int fd, const char *status, const char *sentence)
{
	char data[4096];
	struct slu_buf out;

	slu_buf_init(&out, MAX_ANSWER);
	if (recv(fd, data, sizeof data, 0) != 0 && put_answer(&out, status, sentence, true) == 0 &&
	    send(fd, out.data, out.len, MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	slu_buf_clear(&out);
	close(fd);
}
