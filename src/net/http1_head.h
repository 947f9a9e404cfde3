/* SPDX-License-Identifier: MIT */
/* A complete head, taken apart. Only http1.c needs this. */
#ifndef SLU_NET_HTTP1_HEAD_H
#define SLU_NET_HTTP1_HEAD_H

#include "net/http1.h"

/* What the head says of how the body ends (RFC 9112, 6.3). */
enum http1_body { HTTP1_NO_BODY, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_UNTIL_CLOSE };

/* Reads h->head, whose last line is empty, into the fields of h, and how the body is delimited into *body. 0, or
 * SLU_ERR_HTTP with a sentence. */
int slu_http1_head(struct slu_http1 *h, enum http1_body *body);

/* Whether what has come of a request's first line, the first `seen` bytes of which were looked at before, can still
 * become one: nobody is to wait for the end of a head that begins as something else. 0, or SLU_ERR_HTTP with a
 * sentence. */
int slu_http1_begun(struct slu_http1 *h, size_t seen);

/* Keeps the sentence. Returns err. */
__attribute__((format(printf, 3, 4))) int slu_http1_fail(struct slu_http1 *h, int err, const char *format, ...);

#endif
