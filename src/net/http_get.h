/* SPDX-License-Identifier: MIT */
/* One file over HTTP or HTTPS, blocking: how a Flash player is fetched. */
#ifndef SLU_NET_HTTP_GET_H
#define SLU_NET_HTTP_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/log.h>
#include <sluice/tls.h>

#include "net/resolve.h"

enum { SLU_HTTP_DATE = 64 };

struct slu_http_get {
	const struct slu_resolver *resolver; /* NULL: the system's */
	struct slu_tls_ctx *tls;             /* for https; NULL: one of defaults, which verifies */
	unsigned connect_timeout_ms;         /* for each of name and connection, TLS; default 10000 */
	unsigned idle_timeout_ms;            /* without a byte; default 5000 */
	unsigned total_timeout_ms;           /* all of it; default 60000 */
	uint64_t most;                       /* bytes of the body; default 64 MiB */
	const char *since;                   /* If-Modified-Since; NULL or "": whatever there is */
	/* Each piece of the body of a success. Not 0 gives up, with that as the result. */
	int (*piece)(void *arg, const void *data, size_t n);
	void *arg;
	struct slu_log log;
};

struct slu_http_answer {
	unsigned status; /* 0: none came */
	bool no_http;    /* what came was no HTTP */
	uint64_t size;   /* bytes of the body that were handed on */
	char last_modified[SLU_HTTP_DATE];
};

/*
 * Fetches url, "http://" or "https://", at most once: a redirection is not followed, and is told. 0: status is 200 to
 * 299 and the body has come whole, or 304. Else the sentence in error: SLU_ERR_URL, SLU_ERR_REDIRECT, SLU_ERR_REFUSED
 * (another status), SLU_ERR_HTTP, or what became of the connection; or what piece said. No user or password is sent.
 */
int slu_http_get(const struct slu_http_get *get, const char *url, struct slu_http_answer *out, char *error,
		 size_t size);

#endif
