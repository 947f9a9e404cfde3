/* SPDX-License-Identifier: MIT */
/* A tunnel through a proxy as a transport on top of the connection to it. TLS goes on top of the tunnel. */
#ifndef SLU_NET_PROXY_H
#define SLU_NET_PROXY_H

#include "net/proxy_talk.h"
#include "net/resolve.h"
#include "net/transport.h"

struct slu_proxy_config {
	const struct slu_proxy *proxy;       /* copied */
	const struct slu_resolver *resolver; /* for SOCKS4's server; NULL: slu_resolver_system */
	unsigned timeout_ms;                 /* until the tunnel stands, inner's own opening included */
	struct slu_log log;
};

/*
 * To host:port through the proxy that inner begins to connect to, which this one owns from here on, also on failure.
 * The time runs from now_ms. NULL when out of memory or when the proxy cannot be asked for that: then error says why.
 *
 * The proxy is told the name, so that it is found where the proxy is, but for SOCKS4: all of those take an IPv4
 * address, as librtmp always gave them, and not all a name. There the name is resolved here, as long as that takes no
 * more than half of the time, and goes to the proxy by 4a where it has no IPv4 address here.
 *
 * Stats tell of the server's end as the peer, "host:port".
 */
struct slu_transport *slu_proxy_over(const struct slu_proxy_config *config, struct slu_transport *inner,
				     const char *host, uint16_t port, uint64_t now_ms, char *error, size_t size);

#endif
