/* SPDX-License-Identifier: MIT */
/* rtmpgw's end of an HTTP connection: one request, one answer, the end. */
#ifndef SLU_TOOLS_GW_HTTP_H
#define SLU_TOOLS_GW_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "net/http1.h"

enum { SLU_GW_WRITE_MS = 5000 }; /* for an answer without a stream */

struct slu_gw_http {
	int fd; /* non-blocking */
	struct slu_http1 request;
};

/* Reads the request's head. 0; or the status of the answer that is due, "408 Request Timeout" and so on, with its
 * sentence;
 * "" where nobody is there to be answered. The caller calls slu_gw_http_end() in any case. */
const char *slu_gw_http_read(struct slu_gw_http *h, int fd, const char **sentence);

/* Answers "STATUS REASON" with one sentence. */
void slu_gw_http_answer(struct slu_gw_http *h, const char *status, const char *sentence);

/* Begins the answer that is a stream. False: the client is gone. */
bool slu_gw_http_begin(struct slu_gw_http *h);

/* Writes n bytes, for a client that takes some each patience_ms. False: it does not, or is gone, or librtmp's user
 * wants no more. */
bool slu_gw_http_write(struct slu_gw_http *h, const void *data, size_t n, unsigned patience_ms);

/* Says that this was all, waits a moment for the client to have read it, and closes. */
void slu_gw_http_end(struct slu_gw_http *h);

/* Turns a client away at once, without having heard it. Takes fd. */
void slu_gw_http_refuse(int fd, const char *status, const char *sentence);

#endif
