/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/bytes.h"
#include "net/proxy_talk.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { SOCKS_CONNECT = 1 };

static void put_port(struct slu_proxy_talk *t)
{
	uint8_t port[2];

	slu_put_be16(port, t->port);
	slu_proxy_put(t, port, sizeof port);
}

static int no_socks(struct slu_proxy_talk *t)
{
	return slu_proxy_fail(t, "does not answer in %s: check its port, and which protocol it speaks",
			      slu_proxy_name(t->proxy->kind));
}

static void await(struct slu_proxy_talk *t, int (*step)(struct slu_proxy_talk *t), size_t need)
{
	t->step = step;
	t->need = need;
}

int slu_proxy_in_socks(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used)
{
	int r = 0;

	while (!r && !t->out_size && *used < n) {
		t->in[t->in_size++] = data[(*used)++];
		if (t->in_size == t->need)
			r = t->step(t);
	}
	return r;
}

/* ---- SOCKS4 ---- */

enum { SOCKS4_GRANTED = 90, SOCKS4_REPLY = 8 };

static const struct slu_proxy_reply socks4_replies[] = {
	{91, "request rejected or failed",
	 "it does not reach the server, or its rules do not allow it; check host and port, and ask who runs the proxy"},
	{92, "identd not reached",
	 "it wants to ask this device's identd for the user; ask who runs the proxy to let this device in without"},
	{93, "another user by identd", "give the user of this process in the proxy's URL, as in socks4://user@host"},
};

static int socks4_reply(struct slu_proxy_talk *t)
{
	if (t->in[0] != 0)
		return no_socks(t);
	if (t->in[1] != SOCKS4_GRANTED)
		return slu_proxy_refused(t, socks4_replies, COUNT(socks4_replies), t->in[1]);
	return 1;
}

/* A name stands behind the user, where the address is 0.0.0.x: SOCKS 4a. */
void slu_proxy_begin_socks4(struct slu_proxy_talk *t)
{
	static const uint8_t by_name[4] = {0, 0, 0, 1};

	slu_proxy_put_byte(t, 4);
	slu_proxy_put_byte(t, SOCKS_CONNECT);
	put_port(t);
	slu_proxy_put(t, t->ip_size ? t->ip : by_name, 4);
	slu_proxy_put(t, t->proxy->at.user, strlen(t->proxy->at.user) + 1);
	if (!t->ip_size)
		slu_proxy_put(t, t->host, strlen(t->host) + 1);
	await(t, socks4_reply, SOCKS4_REPLY);
}

/* ---- SOCKS5 ---- */

enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_NO_MATCH = 0xff };
enum { ADDRESS_IPV4 = 1, ADDRESS_NAME = 3, ADDRESS_IPV6 = 4 };
enum { REPLY_RESULT = 2, REPLY_HEAD = 5 }; /* the second with the first byte of the address, a name's length */

/* RFC 1928, 6. */
static const struct slu_proxy_reply socks5_replies[] = {
	{1, "general failure", "see the proxy's log"},
	{2, "not allowed by its rules", "ask who runs it to allow that host and port"},
	{3, "network unreachable", "check the URL's host, and the proxy's network connection"},
	{4, "host unreachable", "check the URL's host, which the proxy has to find and to reach"},
	{5, "connection refused", "nothing listens on that port there; check the port and that the server runs"},
	{6, "TTL expired", "check the URL's host, and the proxy's network connection"},
	{7, "command not supported", "this proxy makes no connections; take another one"},
	{8, "address type not supported", "it takes no such address; try a name or an address of the other kind"},
};

/* All of the reply is there. */
static int socks5_replied(struct slu_proxy_talk *t)
{
	(void)t;
	return 1;
}

static int socks5_bound(struct slu_proxy_talk *t)
{
	size_t address;

	switch (t->in[3]) {
	case ADDRESS_IPV4:
		address = 4;
		break;
	case ADDRESS_IPV6:
		address = 16;
		break;
	case ADDRESS_NAME:
		address = 1 + (size_t)t->in[4];
		break;
	default:
		return no_socks(t);
	}
	await(t, socks5_replied, REPLY_HEAD - 1 + address + 2);
	return 0;
}

/* A refusal is told as soon as it is there: not every proxy sends all that belongs to it. */
static int socks5_result(struct slu_proxy_talk *t)
{
	if (t->in[0] != 5)
		return no_socks(t);
	if (t->in[1] != 0)
		return slu_proxy_refused(t, socks5_replies, COUNT(socks5_replies), t->in[1]);
	await(t, socks5_bound, REPLY_HEAD);
	return 0;
}

static void ask(struct slu_proxy_talk *t)
{
	slu_proxy_put_byte(t, 5);
	slu_proxy_put_byte(t, SOCKS_CONNECT);
	slu_proxy_put_byte(t, 0);
	if (t->ip_size) {
		slu_proxy_put_byte(t, t->ip_size == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6);
		slu_proxy_put(t, t->ip, t->ip_size);
	} else {
		slu_proxy_put_byte(t, ADDRESS_NAME);
		slu_proxy_put_byte(t, (unsigned)strlen(t->host));
		slu_proxy_put(t, t->host, strlen(t->host));
	}
	put_port(t);
	t->in_size = 0;
	await(t, socks5_result, REPLY_RESULT);
}

/* RFC 1929, 2: the version is that of the subnegotiation, but there are proxies that say 5. */
static int password_reply(struct slu_proxy_talk *t)
{
	if (t->in[0] != 1 && t->in[0] != 5)
		return no_socks(t);
	if (t->in[1] != 0)
		return slu_proxy_fail(t, "does not take this user and password: check them in the proxy's URL");
	ask(t);
	return 0;
}

static void give_password(struct slu_proxy_talk *t)
{
	const struct slu_origin *at = &t->proxy->at;

	slu_proxy_put_byte(t, 1);
	slu_proxy_put_byte(t, (unsigned)strlen(at->user));
	slu_proxy_put(t, at->user, strlen(at->user));
	slu_proxy_put_byte(t, (unsigned)strlen(at->password));
	slu_proxy_put(t, at->password, strlen(at->password));
	t->in_size = 0;
	await(t, password_reply, 2);
}

static int method_reply(struct slu_proxy_talk *t)
{
	const bool user = t->proxy->at.user[0];

	if (t->in[0] != 5)
		return no_socks(t);
	if (t->in[1] == METHOD_NONE)
		ask(t);
	else if (t->in[1] == METHOD_PASSWORD && user)
		give_password(t);
	else if (t->in[1] == METHOD_NO_MATCH && !user)
		return slu_proxy_fail(t, "wants to know who asks: give user and password, as in "
					 "socks5://user:password@host:port");
	else if (t->in[1] == METHOD_NO_MATCH)
		return slu_proxy_fail(t, "takes neither nobody's word nor a user and password: it wants another "
					 "authentication, which only another proxy spares");
	else
		return no_socks(t);
	return 0;
}

void slu_proxy_begin_socks5(struct slu_proxy_talk *t)
{
	const bool user = t->proxy->at.user[0];

	slu_proxy_put_byte(t, 5);
	slu_proxy_put_byte(t, user ? 2 : 1);
	slu_proxy_put_byte(t, METHOD_NONE);
	if (user)
		slu_proxy_put_byte(t, METHOD_PASSWORD);
	await(t, method_reply, 2);
}
