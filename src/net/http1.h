/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.x messages (RFC 9112), taken apart as their bytes come, and the heads of those that are sent. No I/O.
 *
 *     slu_http1_init(&h, SLU_HTTP1_RESPONSE, max_head, max_body);
 *     for (;;) {
 *             n = slu_http1_in(&h, data, size, &body);     ... or slu_http1_end(&h) at the end of the stream
 *             act on h.status and slu_http1_field() once h.has_head, on body, on h.done
 *     }
 *     slu_http1_next(&h);                                   the same connection's next message
 */
#ifndef SLU_NET_HTTP1_H
#define SLU_NET_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_vec */

#include "base/buf.h"

enum slu_http1_kind {
	SLU_HTTP1_REQUEST,
	SLU_HTTP1_RESPONSE,
	SLU_HTTP1_TO_HEAD,   /* the response to HEAD: never has a body, whatever its head says */
	SLU_HTTP1_TO_CONNECT /* the response to CONNECT: has none where it is a success; the tunnel begins behind it */
};

enum { SLU_HTTP1_MAX_HEAD = 16384, SLU_HTTP1_ERROR = 128 };

#define SLU_HTTP1_ANY_BODY UINT64_MAX /* as max_body: of any size */

/* Fields without a comment of their own are private. */
struct slu_http1 {
	enum slu_http1_kind kind;
	/* What is known so far. */
	bool has_head;
	bool done; /* the message is complete */

	/* Once has_head. */
	const char *method, *target; /* of a request; "" for a response */
	unsigned status;             /* of a response; 0 for a request */
	const char *reason;          /* may be "" */
	unsigned minor;              /* HTTP/1.minor */
	bool keep_alive;             /* the connection may serve another message */
	bool expects_continue;       /* a request that waits for "100 Continue" before its body (RFC 9110, 10.1.1) */
	bool has_length;             /* how long the body is was said beforehand: */
	uint64_t length;

	uint64_t body; /* bytes of the body that have come */

	uint64_t max_body;
	int (*step)(struct slu_http1 *h, const uint8_t *data, size_t n, struct slu_vec *body, size_t *used);
	struct slu_buf head;
	size_t line;      /* of head: where the line begins that is under way; once it is complete, the first field */
	uint64_t left;    /* of the body, or of the chunk */
	size_t framing;   /* bytes of the chunk's size line, or of the trailer */
	bool digit;       /* the chunk's size has one */
	bool blank;       /* the trailer's line is empty so far */
	unsigned interim; /* responses of 1xx so far */
	int err;
	char error[SLU_HTTP1_ERROR];
};

/* Heads longer than max_head and bodies longer than max_body are refused. */
void slu_http1_init(struct slu_http1 *h, enum slu_http1_kind kind, size_t max_head, uint64_t max_body);

/* The next message, of the same kind. What the head said is gone. */
void slu_http1_next(struct slu_http1 *h);

/* Frees what it holds. slu_http1_init() may follow. */
void slu_http1_clear(struct slu_http1 *h);

/*
 * Takes bytes up to one of these: the end of the head, the end of one run of the body (in *body, a part of data), the
 * end of the message. Returns how many it took, which is 0 only when n is or the message is done. Interim responses
 * (1xx) are taken and dropped. SLU_ERR_HTTP, also for what is too long, or SLU_ERR_NOMEM; sticky.
 */
long slu_http1_in(struct slu_http1 *h, const void *data, size_t n, struct slu_vec *body);

/* The stream has ended. 0: in order, for the message is done, or done by that; SLU_ERR_HTTP: in its middle;
 * SLU_ERR_CLOSED: before its first byte. */
int slu_http1_end(struct slu_http1 *h);

/* What went wrong, as the predicate of a sentence whose subject is the peer: "announced a body of ...". */
const char *slu_http1_error(const struct slu_http1 *h);

/* Once has_head: the value of the first field of that name (in whatever case), without the white space around it, or of
 * the next one behind after, which is a value that this returned. NULL: there is none. */
const char *slu_http1_field(const struct slu_http1 *h, const char *name, const char *after);

/* Whether one of the fields of that name, which is a list, has the token (both in whatever case). */
bool slu_http1_has_token(const struct slu_http1 *h, const char *name, const char *token);

/* ---- heads that are sent ---- */

/* Appends one line of a head, without its end. 0, SLU_ERR_INVALID when it would hold a control character and so more or
 * less than one line, SLU_ERR_LIMIT, SLU_ERR_NOMEM; out is unharmed. */
__attribute__((format(printf, 2, 3))) int slu_http1_line(struct slu_buf *out, const char *format, ...);

/* Appends the empty line. */
int slu_http1_end_head(struct slu_buf *out);

/* The value of Host: brackets around IPv6, and the port where it is not the standard one. Returns out. */
char *slu_http1_host(char *out, size_t size, const char *host, unsigned port, unsigned standard);

#endif
