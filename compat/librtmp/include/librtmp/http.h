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
	int size;   /* the bytes that came are added to it */
	int status; /* the server's, at the end; -1: none came */
	void *data; /* handed to the callback */
};

/* Called with each piece of the body, size * nmemb bytes at ptr; stream is HTTP_ctx's data. */
typedef size_t(HTTP_read_callback)(void *ptr, size_t size, size_t nmemb, void *stream);

/* Blocks for a minute and some at most. Of https the certificate is verified, unless the environment's tlsVerify says
 * otherwise.
 *
 * Differs from the library that this one replaces: what a server says of a failure is not handed to the callback, and
 * its date is not taken. */
HTTPResult HTTP_get(struct HTTP_ctx *http, const char *url, HTTP_read_callback *cb);

#ifdef __cplusplus
}
#endif
#endif
