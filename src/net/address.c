/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* The zone of a link-local address (RFC 4007, 11): an interface's name or its number. 0 when it is neither. */
static uint32_t scope_of(const char *zone)
{
	unsigned index = if_nametoindex(zone);
	char *end;
	unsigned long long n;

	if (index || !*zone)
		return index;
	n = strtoull(zone, &end, 10);
	return *end || n > UINT32_MAX ? 0 : (uint32_t)n;
}

static bool parse_ipv6(struct slu_address *out, const char *text, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
	const char *zone = strchr(text, '%');
	size_t n = zone ? (size_t)(zone - text) : strlen(text);
	char plain[INET6_ADDRSTRLEN];

	if (n >= sizeof plain)
		return false;
	memcpy(plain, text, n);
	plain[n] = '\0';
	if (inet_pton(AF_INET6, plain, &in6->sin6_addr) != 1)
		return false;
	if (zone) {
		in6->sin6_scope_id = scope_of(zone + 1);
		if (!in6->sin6_scope_id)
			return false;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	out->len = sizeof *in6;
	return true;
}

bool slu_address_parse(struct slu_address *out, const char *text, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&out->addr;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
		return parse_ipv6(out, text, port);
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	out->len = sizeof *in;
	return true;
}

char *slu_address_host(const struct slu_address *a, char *out, size_t size)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->addr;
	const void *ip = a->addr.ss_family == AF_INET6
				 ? (const void *)&in6->sin6_addr
				 : (const void *)&((const struct sockaddr_in *)&a->addr)->sin_addr;
	char name[IF_NAMESIZE], text[INET6_ADDRSTRLEN];

	if (!inet_ntop(a->addr.ss_family, ip, text, sizeof text))
		snprintf(out, size, "?");
	else if (a->addr.ss_family == AF_INET6 && in6->sin6_scope_id && if_indextoname(in6->sin6_scope_id, name))
		snprintf(out, size, "%s%%%s", text, name);
	else
		snprintf(out, size, "%s", text);
	return out;
}

char *slu_address_format(const struct slu_address *a, char *out, size_t size)
{
	char host[SLU_ADDRESS_TEXT];

	slu_address_host(a, host, sizeof host);
	switch (a->addr.ss_family) {
	case AF_INET:
		snprintf(out, size, "%s:%u", host, ntohs(((const struct sockaddr_in *)&a->addr)->sin_port));
		break;
	case AF_INET6:
		snprintf(out, size, "[%s]:%u", host, ntohs(((const struct sockaddr_in6 *)&a->addr)->sin6_port));
		break;
	case AF_UNIX:
		snprintf(out, size, "unix");
		break;
	default:
		snprintf(out, size, "?");
	}
	return out;
}

char *slu_endpoint_format(const char *host, uint16_t port, char *out, size_t size)
{
	char safe[256]; /* a host name has at most 253 characters, RFC 1035, 2.3.4 */

	slu_escape(safe, sizeof safe, host, strlen(host));
	snprintf(out, size, strchr(safe, ':') ? "[%s]:%u" : "%s:%u", safe, port);
	return out;
}
