/* SPDX-License-Identifier: MIT */
/* One file over HTTP: how RTMP_HashSWF() gets a player. */
#ifndef LIBRTMP_HTTP_H
#define LIBRTMP_HTTP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
	HTTPRES_OK,
	HTTPRES_OK_NOT_MODIFIED, /* not since the date that was asked with */
	HTTPRES_NOT_FOUND,
	HTTPRES_BAD_REQUEST,
	HTTPRES_SERVER_ERROR,
	HTTPRES_REDIRECTED,     /* it is elsewhere, and is not followed there */
	HTTPRES_LOST_CONNECTION /* or never had one */
} HTTPResult;

struct HTTP_ctx {
	char *date; /* room for 64 bytes: asks for what is newer, unless it is empty, and then holds its Last-Modified
		     */
	int size;   /* what the server announced, at the end */
	int status; /* the server's, at the end */
	void *data; /* handed to the callback */
};

/* Called with each piece of the body, size * nmemb bytes at ptr; stream is HTTP_ctx's data. */
typedef size_t(HTTP_read_callback)(void *ptr, size_t size, size_t nmemb, void *stream);

HTTPResult HTTP_get(struct HTTP_ctx *http, const char *url, HTTP_read_callback *cb);

#ifdef __cplusplus
}
#endif
#endif
