/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <sluice/conn.h>
#include <sluice/error.h>

#include "base/wipe.h"
#include "net/proxy_talk.h"
#include "net/resolve.h"
#include "run.h"

int slu_compat_proxy(const RTMP *r, char url[SLU_COMPAT_PROXY], char *error, size_t size)
{
	const struct run socks = {r->Link.sockshost.av_val, (size_t)r->Link.sockshost.av_len};
	const char *why = "it is too long";
	struct slu_proxy proxy;
	int n;

	url[0] = '\0';
	/* A proxy without a port is refused below: whoever wants one is not to be connected without. */
	if (!r->Link.socksport && !socks.n)
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

/* ---- on a socket of the caller's ---- */

/* Waits for the socket. FALSE: too long. */
static int wait_for(int fd, short events, uint64_t end)
{
	const uint64_t now = slu_now_ms();
	struct pollfd p = {.fd = fd, .events = events};

	return now < end && (poll(&p, 1, (int)(end - now)) >= 0 || errno == EINTR);
}

/* SOCKS4 is told an address, where the name has one that is found in time. */
static void resolve(struct slu_proxy_talk *t, uint16_t port, uint64_t end)
{
	const struct slu_resolver *resolver = &slu_resolver_system;
	struct slu_address found[SLU_MAX_ADDRESSES];
	struct slu_lookup *lookup;
	char why[300];
	int n = 0;

	if (t->proxy->kind != SLU_PROXY_SOCKS4 || t->ip_size)
		return;
	lookup = resolver->start(resolver, t->host, port, SLU_IPV4);
	while (lookup && !(n = resolver->poll(lookup, found, why, sizeof why)) &&
	       wait_for(resolver->fd(lookup), POLLIN, end))
		;
	resolver->cancel(lookup);
	if (n > 0)
		slu_proxy_talk_resolved(
			t, (const uint8_t *)&((const struct sockaddr_in *)(const void *)&found[0].addr)->sin_addr);
}

static bool again(long n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Bytes sent, 0 for not now, -1: the proxy is gone. */
static long say(int fd, struct slu_proxy_talk *t, size_t *at)
{
	const long n = send(fd, t->out + *at, t->out_size - *at, MSG_NOSIGNAL);

	if (n <= 0)
		return again(n) ? 0 : -1;
	*at += (size_t)n;
	if (*at == t->out_size) {
		slu_proxy_talk_sent(t);
		*at = 0;
	}
	return n;
}

/* What came is looked at first: no byte is taken that belongs to the tunnel. As slu_proxy_talk_in(), or -1 as above. */
static int hear(int fd, struct slu_proxy_talk *t, bool *gone)
{
	uint8_t data[512];
	const long n = recv(fd, data, sizeof data, MSG_PEEK);
	size_t used;
	int r;

	*gone = n == 0 || (n < 0 && !again(n));
	if (n <= 0)
		return 0;
	r = slu_proxy_talk_in(t, data, (size_t)n, &used);
	*gone = recv(fd, data, used, 0) != (ssize_t)used;
	return r;
}

static int talk(int fd, struct slu_proxy_talk *t, uint64_t end)
{
	bool gone = false;
	size_t at = 0;
	int r = 0;

	slu_proxy_talk_begin(t);
	while (!r && !gone) {
		if (!wait_for(fd, t->out_size ? POLLOUT : POLLIN, end)) {
			snprintf(t->error, sizeof t->error,
				 "the proxy made no connection in time: see the options timeout and connectTimeout");
			return SLU_ERR_TIMEOUT;
		}
		if (t->out_size)
			gone = say(fd, t, &at) < 0;
		else
			r = hear(fd, t, &gone);
	}
	if (!r)
		snprintf(t->error, sizeof t->error, "the proxy hung up instead of making a connection");
	return r;
}

int slu_compat_tunnel(const RTMP *r, int fd, unsigned timeout_ms, char *error, size_t size)
{
	enum { FOREVER_MS = 3600000 };
	const uint64_t most = timeout_ms ? timeout_ms : FOREVER_MS, end = slu_now_ms() + most;
	struct slu_proxy_talk t;
	char host[SLU_ORIGIN_TEXT], url[SLU_COMPAT_PROXY];
	struct slu_proxy proxy;
	int ok = FALSE;

	if (!slu_compat_proxy(r, url, error, size) || slu_proxy_parse(&proxy, url) != NULL)
		return FALSE;
	slu_wipe_bytes(url, sizeof url);
	snprintf(host, sizeof host, "%.*s", r->Link.hostname.av_len,
		 r->Link.hostname.av_len ? r->Link.hostname.av_val : "");
	if (slu_proxy_talk_init(&t, &proxy, host, r->Link.port)) {
		/* A name server that does not answer leaves the proxy half of the time. */
		resolve(&t, r->Link.port, end - most / 2);
		ok = talk(fd, &t, end) > 0;
	}
	if (!ok)
		snprintf(error, size, "%s", t.error);
	slu_proxy_talk_clear(&t);
	slu_wipe_bytes(&proxy, sizeof proxy);
	return ok;
}
