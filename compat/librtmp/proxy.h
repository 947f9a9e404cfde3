/* SPDX-License-Identifier: MIT */
#ifndef COMPAT_LIBRTMP_PROXY_H
#define COMPAT_LIBRTMP_PROXY_H

#include <stddef.h>

#include <librtmp/rtmp.h>

enum { SLU_COMPAT_PROXY = 2048 };

/* The proxy of Link as slu_conn_config.proxy has it, which may hold a password; "": there is none. sockshost and
 * socksport are a proxy for SOCKS4, as ever; or sockshost is such an URL itself. FALSE, and the sentence in error: it
 * will not do. */
int slu_compat_proxy(const RTMP *r, char url[SLU_COMPAT_PROXY], char *error, size_t size);

/* For a socket that is connected to the proxy of Link: has it make a connection to the hostname and port of Link.
 * Blocks for timeout_ms at most. FALSE, and the sentence in error. */
int slu_compat_tunnel(const RTMP *r, int fd, unsigned timeout_ms, char *error, size_t size);

#endif
