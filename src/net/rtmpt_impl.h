/* SPDX-License-Identifier: MIT */
/* What the two halves of the RTMPT transport share: rtmpt.c carries RTMP, rtmpt_http.c the requests. */
#ifndef SLU_NET_RTMPT_IMPL_H
#define SLU_NET_RTMPT_IMPL_H

#include "net/address.h"
#include "net/http1.h"
#include "net/rtmpt.h"

enum {
	RTMPT_RAW = 16384,       /* of one read */
	RTMPT_BODY = 512 * 1024, /* of one request: proxies refuse what is longer than 1 MiB, often enough */
	RTMPT_HEAD = 2048,       /* of a request of ours */
	RTMPT_ID = 128,          /* of a tunnel, with its NUL */
	RTMPT_ANSWER = 64 << 20  /* bytes of an answer */
};

enum rtmpt_command { RTMPT_NONE, RTMPT_OPEN, RTMPT_SEND, RTMPT_IDLE, RTMPT_CLOSE };

/* Of the HTTP connection below. */
enum rtmpt_line {
	LINE_OPENING, /* for the first time or again */
	LINE_UP,
	LINE_DOWN /* the server has closed it; it is opened again when there is something to ask */
};

struct rtmpt {
	struct slu_transport base;
	struct slu_transport *inner;
	uint64_t (*now_ms)(void);
	unsigned timeout_ms;
	char name[SLU_ENDPOINT_TEXT]; /* of the server, in sentences */
	char host[SLU_ENDPOINT_TEXT]; /* as in the Host field */

	enum rtmpt_line line;
	bool proven;                /* this connection has brought an answer */
	enum rtmpt_command command; /* that is not answered yet; RTMPT_NONE: there is none */
	uint64_t asked_ms;          /* when it began */
	struct slu_buf request;     /* all of it, until it is answered: it may have to be sent again */
	size_t written;             /* of request */

	bool opened;       /* the tunnel */
	char id[RTMPT_ID]; /* its name, once it is */
	size_t nid;
	unsigned number; /* of the next request */
	bool shut;       /* nothing more is sent */

	uint8_t raw[RTMPT_RAW]; /* what was read: [at, end) is not looked at yet */
	size_t at, end;
	struct slu_http1 answer;
	int interval; /* the first byte of the answer; -1: not there yet */
	size_t got;   /* bytes of RTMP in it */

	unsigned wait_ms; /* the last wait */
	uint64_t poll_ms; /* when to ask again */

	int err;
	char error[512];
};

/* ---- rtmpt_http.c ---- */

/* Makes and begins to write a request; none may be under way. vec is the body of RTMPT_SEND, cut to what one request
 * takes. Bytes taken of it, or <0. */
long slu_rtmpt_ask(struct rtmpt *t, enum rtmpt_command command, const struct slu_vec *vec, size_t nvec);

/* Writes what is left of the request. 1: all is handed on; 0; <0. */
int slu_rtmpt_write(struct rtmpt *t);

/* Opens the connection below, for the first time or again. 1: it is up; 0; <0. */
int slu_rtmpt_connect(struct rtmpt *t, uint64_t now);

/* Reads answers, up to n bytes of RTMP into buf. Bytes, or <0. */
long slu_rtmpt_read(struct rtmpt *t, uint8_t *buf, size_t n, uint64_t now);

/* Keeps err and the sentence, unless there is one. Returns the error that is kept. */
__attribute__((format(printf, 3, 4))) int slu_rtmpt_fail(struct rtmpt *t, int err, const char *format, ...);

#endif
