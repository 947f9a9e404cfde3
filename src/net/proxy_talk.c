/* SPDX-License-Identifier: MIT */
#include "net/proxy_talk.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "base/wipe.h"
#include "net/address.h"

static const struct slu_origin_scheme schemes[] = {
	{"socks4", 1080}, {"socks4a", 1080}, {"socks5", 1080}, {"socks5h", 1080}, {"http", 80},
};

static const enum slu_proxy_kind kinds[] = {
	SLU_PROXY_SOCKS4, SLU_PROXY_SOCKS4A, SLU_PROXY_SOCKS5, SLU_PROXY_SOCKS5, SLU_PROXY_HTTP,
};

static const struct dialect {
	const char *name;
	void (*begin)(struct slu_proxy_talk *t);
	int (*in)(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used);
} dialects[] = {
	[SLU_PROXY_SOCKS4] = {"SOCKS4", slu_proxy_begin_socks4, slu_proxy_in_socks},
	[SLU_PROXY_SOCKS4A] = {"SOCKS4a", slu_proxy_begin_socks4, slu_proxy_in_socks},
	[SLU_PROXY_SOCKS5] = {"SOCKS5", slu_proxy_begin_socks5, slu_proxy_in_socks},
	[SLU_PROXY_HTTP] = {"HTTP", slu_proxy_begin_http, slu_proxy_in_http},
};

const char *slu_proxy_name(enum slu_proxy_kind kind)
{
	return dialects[kind].name;
}

static bool is_socks4(const struct slu_proxy *p)
{
	return p->kind == SLU_PROXY_SOCKS4 || p->kind == SLU_PROXY_SOCKS4A;
}

const char *slu_proxy_parse(struct slu_proxy *out, const char *url)
{
	const char *why = slu_origin_parse(&out->at, url, schemes, sizeof schemes / sizeof schemes[0]);

	if (why)
		return why;
	out->kind = kinds[out->at.scheme];
	if (out->at.rest[0] && strcmp(out->at.rest, "/") != 0)
		why = "it has something behind the host and port, where a proxy's has nothing";
	else if (is_socks4(out) && out->at.password[0])
		why = "it has a password, which SOCKS4 has no place for; a user may stand there alone";
	else if (out->at.password[0] && !out->at.user[0])
		why = "it has a password and no user";
	if (why)
		memset(&out->at, 0, sizeof out->at);
	return why;
}

/* ---- what dialects have in common ---- */

/* The longest request fits, by SLU_PROXY_OUT. */
void slu_proxy_put(struct slu_proxy_talk *t, const void *data, size_t n)
{
	if (n > sizeof t->out - t->out_size)
		n = sizeof t->out - t->out_size;
	memcpy(t->out + t->out_size, data, n);
	t->out_size += n;
}

void slu_proxy_put_byte(struct slu_proxy_talk *t, unsigned byte)
{
	const uint8_t b = (uint8_t)byte;

	slu_proxy_put(t, &b, 1);
}

int slu_proxy_fail(struct slu_proxy_talk *t, const char *format, ...)
{
	char who[SLU_ENDPOINT_TEXT], what[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof what, format, ap);
	va_end(ap);
	slu_endpoint_format(t->proxy->at.host, t->proxy->at.port, who, sizeof who);
	snprintf(t->error, sizeof t->error, "the proxy %.200s %s", who, what);
	return SLU_ERR_CONNECT;
}

int slu_proxy_refused(struct slu_proxy_talk *t, const struct slu_proxy_reply *replies, size_t n, unsigned code)
{
	static const struct slu_proxy_reply other = {0, "which has no name", "see the proxy's log"};
	const struct slu_proxy_reply *r = &other;
	char where[SLU_ENDPOINT_TEXT];

	for (size_t i = 0; i < n; i++)
		if (replies[i].code == code)
			r = &replies[i];
	slu_endpoint_format(t->host, t->port, where, sizeof where);
	return slu_proxy_fail(t, "made no connection to %.120s (%s %s %u, %s): %s", where,
			      slu_proxy_name(t->proxy->kind), t->proxy->kind == SLU_PROXY_HTTP ? "status" : "reply",
			      code, r->name, r->advice);
}

/* ---- the talk ---- */

bool slu_proxy_talk_init(struct slu_proxy_talk *t, const struct slu_proxy *proxy, const char *host, uint16_t port)
{
	struct slu_address a;

	memset(t, 0, sizeof *t);
	t->proxy = proxy;
	t->host = host;
	t->port = port;
	if (strlen(host) >= SLU_ORIGIN_TEXT) {
		slu_proxy_fail(t, "cannot be told a name of more than 255 characters: use the server's address");
		return false;
	}
	if (!slu_address_parse(&a, host, port))
		return true;
	if (a.addr.ss_family == AF_INET) {
		t->ip_size = 4;
		memcpy(t->ip, &((const struct sockaddr_in *)&a.addr)->sin_addr, 4);
	} else if (is_socks4(proxy)) {
		slu_proxy_fail(t, "cannot be told an IPv6 address, which SOCKS4 has none of: use a name, or a proxy "
				  "that speaks SOCKS5 or HTTP");
		return false;
	} else {
		t->ip_size = 16;
		memcpy(t->ip, &((const struct sockaddr_in6 *)&a.addr)->sin6_addr, 16);
	}
	return true;
}

void slu_proxy_talk_clear(struct slu_proxy_talk *t)
{
	slu_http1_clear(&t->http);
	slu_wipe_bytes(t->out, sizeof t->out);
}

void slu_proxy_talk_resolved(struct slu_proxy_talk *t, const uint8_t ip[4])
{
	t->ip_size = 4;
	memcpy(t->ip, ip, 4);
}

void slu_proxy_talk_begin(struct slu_proxy_talk *t)
{
	t->out_size = t->in_size = 0;
	dialects[t->proxy->kind].begin(t);
}

void slu_proxy_talk_sent(struct slu_proxy_talk *t)
{
	slu_wipe_bytes(t->out, t->out_size); /* a password, perhaps */
	t->out_size = 0;
}

int slu_proxy_talk_in(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used)
{
	*used = 0;
	return t->out_size ? 0 : dialects[t->proxy->kind].in(t, data, n, used);
}
