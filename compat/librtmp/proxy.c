/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"
#include "net/proxy_talk.h"
#include "run.h"

int slu_compat_proxy(const RTMP *r, char url[SLU_COMPAT_PROXY], char *error, size_t size)
{
	const struct run socks = {r->Link.sockshost.av_val, (size_t)r->Link.sockshost.av_len};
	const char *why = "it is too long";
	struct slu_proxy proxy;
	int n;

	url[0] = '\0';
	if (!r->Link.socksport)
		return TRUE;
	if (slu_compat_find_text(socks, "://"))
		n = snprintf(url, SLU_COMPAT_PROXY, "%.*s", (int)socks.n, socks.s);
	else
		n = snprintf(url, SLU_COMPAT_PROXY, "socks4://%.*s:%u", (int)socks.n, socks.s, r->Link.socksport);
	if (n > 0 && n < SLU_COMPAT_PROXY)
		why = slu_proxy_parse(&proxy, url);
	slu_wipe_bytes(&proxy, sizeof proxy);
	if (!why)
		return TRUE;
	snprintf(error, size,
		 "Option socks will not do: %s; it takes HOST:PORT of a SOCKS4 proxy, or a URL with socks4, socks4a, "
		 "socks5 or http",
		 why);
	return FALSE;
}
