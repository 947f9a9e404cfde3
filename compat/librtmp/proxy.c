/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"
#include "net/proxy.h"
#include "run.h"

/* FALSE, and the sentence in error. */
static int parse(const RTMP_LNK *link, struct slu_proxy *out, char *error, size_t size)
{
	const struct run socks = {link->sockshost.av_val, (size_t)link->sockshost.av_len};
	const char *why = "it is too long";
	char url[2048];
	int n;

	if (slu_compat_find_text(socks, "://"))
		n = snprintf(url, sizeof url, "%.*s", (int)socks.n, socks.s);
	else
		n = snprintf(url, sizeof url, "socks4://%.*s:%u", (int)socks.n, socks.s, link->socksport);
	if (n > 0 && (size_t)n < sizeof url)
		why = slu_proxy_parse(out, url);
	slu_wipe_bytes(url, sizeof url);
	if (why)
		snprintf(error, size,
			 "Option socks will not do: %s; it takes HOST:PORT of a SOCKS4 proxy, or a URL with socks4, "
			 "socks4a, socks5 or http",
			 why);
	return !why;
}

struct slu_transport *slu_compat_dial(const RTMP *r, const struct slu_tcp_config *tcp, const char *host, char *error,
				      size_t size)
{
	const uint64_t now = slu_now_ms();
	struct slu_proxy proxy;
	struct slu_proxy_config config = {.proxy = &proxy, .timeout_ms = tcp->connect_timeout_ms, .log = tcp->log};
	struct slu_transport *t;

	if (!r->Link.socksport)
		return slu_tcp_connect(tcp, host, r->Link.port, now, error, size);
	if (!parse(&r->Link, &proxy, error, size))
		return NULL;
	t = slu_tcp_connect(tcp, proxy.at.host, proxy.at.port, now, error, size);
	if (t)
		t = slu_proxy_over(&config, t, host, r->Link.port, now, error, size);
	slu_wipe_bytes(&proxy, sizeof proxy);
	return t;
}
