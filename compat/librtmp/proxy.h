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

#endif
