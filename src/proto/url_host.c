/* SPDX-License-Identifier: MIT */
/* A URL's host, which is a name or an address, and its port. */
#include "proto/url_impl.h"

enum { MAX_HOST = 253 };

static const char *parse_port(struct parts *p, struct run r)
{
	unsigned long port = 0;

	if (r.n == 0)
		return "the port is missing after the ':' behind the host";
	for (size_t i = 0; i < r.n; i++) {
		if (!is_digit(r.s[i]))
			return "the port behind the host is not a number";
		port = port * 10 + (unsigned long)(r.s[i] - '0');
		if (port > 65535)
			return "the port is over 65535";
	}
	if (port == 0)
		return "the port is 0; ports are 1 to 65535";
	p->port = (uint16_t)port;
	return NULL;
}

/* Four numbers of 0 to 255, at the end of an IPv6 address. */
static bool is_ipv4(struct run r)
{
	unsigned dots = 0, digits = 0, value = 0;

	for (size_t i = 0; i < r.n; i++) {
		if (is_digit(r.s[i])) {
			value = value * 10 + (unsigned)(r.s[i] - '0');
			if (++digits > 3 || value > 255)
				return false;
		} else if (r.s[i] == '.' && digits) {
			dots++;
			digits = 0;
			value = 0;
		} else {
			return false;
		}
	}
	return dots == 3 && digits;
}

/* The groups of one side of "::", 16 bits each; -1 when they are none. IPv4 may stand at the end of the address. */
static int count_groups(struct run r, bool at_end)
{
	int groups = 0;
	const char *colon;
	struct run group;

	if (r.n == 0)
		return 0;
	do {
		colon = find(r, ':');
		group = colon ? until(r, colon) : r;
		if (!colon && at_end && is_ipv4(group))
			return groups + 2;
		if (group.n == 0 || group.n > 4)
			return -1;
		for (size_t i = 0; i < group.n; i++)
			if (hex_value(group.s[i]) < 0)
				return -1;
		groups++;
		if (colon)
			r = from(r, colon + 1);
	} while (colon);
	return groups;
}

/* RFC 4291, 2.2 */
static bool is_ipv6(struct run r)
{
	int before, after;

	for (size_t i = 0; i + 1 < r.n; i++) {
		if (r.s[i] != ':' || r.s[i + 1] != ':')
			continue;
		before = count_groups(until(r, r.s + i), false);
		after = count_groups(from(r, r.s + i + 2), true);
		return before >= 0 && after >= 0 && before + after <= 7;
	}
	return count_groups(r, true) == 8;
}

static const char *parse_ipv6(struct parts *p, struct run r, const char **rest)
{
	const char *close = find(r, ']');

	if (!close)
		return "the ']' behind the IPv6 address is missing";
	p->host = until(from(r, r.s + 1), close);
	if (find(p->host, '%'))
		return "IPv6 zone ids are not supported in URLs; use an address that needs none";
	if (!is_ipv6(p->host))
		return "what stands in brackets is not an IPv6 address";
	*rest = close + 1;
	return NULL;
}

static const char *parse_name(struct parts *p, struct run r, const char **rest)
{
	const char *colon = find(r, ':');
	char c;

	p->host = colon ? until(r, colon) : r;
	*rest = p->host.s + p->host.n;
	if (p->host.n == 0)
		return "the host is missing";
	if (colon && find(from(r, colon + 1), ':'))
		return "an IPv6 address must stand in brackets, as in rtmp://[2001:db8::1]/app";
	if (p->host.n > MAX_HOST)
		return "the host name is longer than 253 characters";
	for (size_t i = 0; i < p->host.n; i++) {
		c = p->host.s[i];
		if (c & 0x80)
			return "the host name must be in ASCII; write it in its xn-- form";
		if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c != '-' && c != '.' && c != '_')
			return "the host name has a character that host names cannot have";
	}
	return NULL;
}

const char *slu_url_parse_host(struct parts *p, struct run r)
{
	const char *why, *rest;

	why = r.n && r.s[0] == '[' ? parse_ipv6(p, r, &rest) : parse_name(p, r, &rest);
	if (why)
		return why;
	r = from(r, rest);
	if (r.n == 0)
		return NULL;
	if (r.s[0] != ':')
		return "only a ':' and a port may follow the IPv6 address";
	return parse_port(p, from(r, r.s + 1));
}
