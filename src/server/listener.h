/* SPDX-License-Identifier: MIT */
/* Sockets that listen, from "rtmp://HOST:PORT" and "rtmps://HOST:PORT", or at a host and port for HTTP. */
#ifndef SLU_SERVER_LISTENER_H
#define SLU_SERVER_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

enum { SLU_LISTENER_URL = 128 };

/*
 * Opens a listening, non-blocking socket. HOST is an address, IPv6 in brackets (a link-local one with its interface,
 * "[fe80::1%eth0]"), or a name, which is the first of its addresses that can be had; without one, or as "*", it is
 * every address of both families. "[::]" is every one of IPv6, and "0.0.0.0" of IPv4. PORT 0 is any free one; without
 * one it is the scheme's.
 *
 * Returns the descriptor, and whether the scheme is rtmps in *tls and what was bound in bound, as a URL; or
 * SLU_ERR_INVALID, SLU_ERR_RESOLVE, SLU_ERR_IO, with one sentence in error.
 */
int slu_listener_open(const char *text, bool *tls, char bound[SLU_LISTENER_URL], char *error, size_t size);

/* The same for HTTP: host is an address, IPv6 without brackets, or a name; "" or "*" is every address. */
int slu_listener_open_http(const char *host, unsigned port, char bound[SLU_LISTENER_URL], char *error, size_t size);

#endif
