/* SPDX-License-Identifier: MIT */
#include "server/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sluice/error.h>

enum { MAX_HOST = 256, MAX_PORT = 8 };

struct place {
	bool tls;
	char host[MAX_HOST];
	char port[MAX_PORT];
};

static const char *skip_scheme(const char *text, bool *tls)
{
	static const struct {
		const char *prefix;
		bool tls;
	} schemes[] = {{"rtmp://", false}, {"rtmps://", true}};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t n = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, n) == 0) {
			*tls = schemes[i].tls;
			return text + n;
		}
	}
	return NULL;
}

static bool port_ok(const char *s, size_t n)
{
	return n > 0 && n < 6 && strspn(s, "0123456789") == n && strtoul(s, NULL, 10) <= UINT16_MAX;
}

/* RFC 6874, 2: in a URL a zone begins with "%25"; elsewhere, and in the sentences of all who list addresses, with "%".
 */
static void plain_zone(char *host)
{
	char *zone = strstr(host, "%25");

	if (zone && zone[3])
		memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
}

/* HOST, [HOST], HOST:PORT and so on, up to the end or a '/'. */
static bool parse(const char *text, struct place *out)
{
	const char *s = skip_scheme(text, &out->tls);
	size_t n = s ? strcspn(s, "/") : 0, host;

	if (!s || s[n + (s[n] == '/')] != '\0')
		return false;
	if (s[0] == '[') {
		host = strcspn(++s, "]");
		if (s[host] != ']')
			return false;
		n -= 1;
	} else {
		host = strcspn(s, ":/");
	}
	if (host >= MAX_HOST)
		return false;
	memcpy(out->host, s, host);
	out->host[host] = '\0';
	plain_zone(out->host);
	host += s[host] == ']';
	strcpy(out->port, out->tls ? "443" : "1935");
	if (host == n)
		return true;
	if (s[host] != ':' || !port_ok(s + host + 1, n - host - 1))
		return false;
	memcpy(out->port, s + host + 1, n - host - 1);
	out->port[n - host - 1] = '\0';
	return true;
}

/* An IPv6 address is that, and no IPv4 one, whatever the system's default (bindv6only): then "[::]" and "0.0.0.0" go
 * together, in any order. both: that is what it is to be all the same. */
static int listen_on(const struct addrinfo *ai, bool both)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, only = !both, saved;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* The first that works; IPv6 first where no host was named, since it takes IPv4 too. */
static int listen_on_any(const struct addrinfo *list, bool wildcard)
{
	int fd = -1;

	for (int pass = wildcard ? 0 : 1; pass < 2 && fd < 0; pass++)
		for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
			if (pass == 1 || ai->ai_family == AF_INET6)
				fd = listen_on(ai, wildcard);
	return fd;
}

static void name_bound(int fd, const char *scheme, char bound[SLU_LISTENER_URL])
{
	struct sockaddr_storage ss = {0};
	socklen_t n = sizeof ss;
	char host[64] = "?", port[MAX_PORT] = "?";

	if (getsockname(fd, (struct sockaddr *)&ss, &n) == 0)
		getnameinfo((struct sockaddr *)&ss, n, host, sizeof host, port, sizeof port,
			    NI_NUMERICHOST | NI_NUMERICSERV);
	if (ss.ss_family == AF_INET6)
		snprintf(bound, SLU_LISTENER_URL, "%s://[%s]:%s", scheme, host, port);
	else
		snprintf(bound, SLU_LISTENER_URL, "%s://%s:%s", scheme, host, port);
}

/* text is what the sentences call it. */
static int open_at(const char *text, const char *host, const char *port, char *error, size_t size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
	bool wildcard = !*host || strcmp(host, "*") == 0;
	int fd, err = getaddrinfo(wildcard ? NULL : host, port, &hints, &list);

	if (err) {
		snprintf(error, size, "cannot listen at %s: %s", text, gai_strerror(err));
		return SLU_ERR_RESOLVE;
	}
	fd = listen_on_any(list, wildcard);
	err = errno;
	freeaddrinfo(list);
	if (fd >= 0)
		return fd;
	snprintf(error, size, "cannot listen at %s: %s%s", text, strerror(err),
		 err == EACCES          ? "; ports below 1024 want root or CAP_NET_BIND_SERVICE"
		 : err == EADDRINUSE    ? "; something listens there already"
		 : err == EADDRNOTAVAIL ? "; it is no address of this machine"
		 : err == EINVAL        ? "; a link-local address wants its interface: [fe80::1%eth0]"
					: "");
	return SLU_ERR_IO;
}

int slu_listener_open(const char *text, bool *tls, char bound[SLU_LISTENER_URL], char *error, size_t size)
{
	struct place place;
	int fd;

	if (!parse(text, &place)) {
		snprintf(error, size,
			 "\"%s\" is no place to listen at; one is rtmp://127.0.0.1:1935, rtmps://[::]:443 or "
			 "unix:/run/sluice/rtmp",
			 text);
		return SLU_ERR_INVALID;
	}
	fd = open_at(text, place.host, place.port, error, size);
	if (fd < 0)
		return fd;
	*tls = place.tls;
	name_bound(fd, place.tls ? "rtmps" : "rtmp", bound);
	return fd;
}

int slu_listener_open_http(const char *host, unsigned port, char bound[SLU_LISTENER_URL], char *error, size_t size)
{
	char text[MAX_HOST + 32], number[16];
	int fd;

	snprintf(text, sizeof text, strchr(host, ':') ? "http://[%s]:%u" : "http://%s:%u", host, port);
	snprintf(number, sizeof number, "%u", port);
	fd = open_at(text, host, number, error, size);
	if (fd >= 0)
		name_bound(fd, "http", bound);
	return fd;
}
