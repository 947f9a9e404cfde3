/* SPDX-License-Identifier: MIT */
#ifndef COMPAT_LIBRTMP_PROXY_H
#define COMPAT_LIBRTMP_PROXY_H

#include <librtmp/rtmp.h>

#include "net/tcp.h"

/* Begins to connect to host and the port of Link, through the proxy of Link where it has one. sockshost and socksport
 * are a proxy for SOCKS4, as ever; or sockshost is an URL, as slu_conn_config.proxy has it. NULL, and the sentence in
 * error: it will not do. */
struct slu_transport *slu_compat_dial(const RTMP *r, const struct slu_tcp_config *tcp, const char *host, char *error,
				      size_t size);

#endif
