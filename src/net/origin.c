/* SPDX-License-Identifier: MIT */
#include "net/origin.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/wipe.h"
#include "net/address.h"

enum { MAX_TEXT = 8192, MAX_HOST = 253 };

struct run {
	const char *s;
	size_t n;
};

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of r, which is moved behind it: an escaped one or one as it is. -1: a '%' without its digits. */
static int next_byte(struct run *r)
{
	int high, low, c = (unsigned char)*r->s;

	if (c != '%') {
		r->s++;
		r->n--;
		return c;
	}
	high = r->n > 2 ? hex_value(r->s[1]) : -1;
	low = r->n > 2 ? hex_value(r->s[2]) : -1;
	if (high < 0 || low < 0)
		return -1;
	r->s += 3;
	r->n -= 3;
	return high << 4 | low;
}

static const char *decode(char out[SLU_ORIGIN_TEXT], struct run r)
{
	size_t n = 0;
	int c;

	while (r.n) {
		c = next_byte(&r);
		if (c < 0)
			return "a '%' in its user or password must be followed by two hexadecimal digits; write '%' as "
			       "%25";
		if (is_control((char)c))
			return "its user or password has a control character in it";
		if (n + 1 == SLU_ORIGIN_TEXT)
			return "its user or password is longer than 255 bytes";
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return NULL;
}

static const char *parse_credentials(struct slu_origin *o, struct run r)
{
	const char *colon = r.n ? memchr(r.s, ':', r.n) : NULL, *why;
	struct run user = {r.s, colon ? (size_t)(colon - r.s) : r.n};

	why = decode(o->user, user);
	return why || !colon ? why : decode(o->password, (struct run){colon + 1, r.n - user.n - 1});
}

static const char *parse_port(struct slu_origin *o, struct run r)
{
	unsigned long port = 0;

	for (size_t i = 0; i < r.n; i++) {
		if (r.s[i] < '0' || r.s[i] > '9')
			return "its port is not a number";
		port = port * 10 + (unsigned long)(r.s[i] - '0');
		if (port > 65535)
			return "its port is over 65535";
	}
	if (port == 0)
		return "its port is missing behind the ':', or 0";
	o->port = (uint16_t)port;
	return NULL;
}

static bool is_name(const char *s, size_t n)
{
	static const char marks[] = "-._";

	for (size_t i = 0; i < n; i++) {
		const char c = s[i], low = (char)(c | 0x20);

		if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') && !memchr(marks, c, sizeof marks - 1))
			return false;
	}
	return n > 0 && n <= MAX_HOST;
}

static const char *parse_host(struct slu_origin *o, struct run r)
{
	const bool brackets = r.n && r.s[0] == '[';
	const char *end = r.n ? memchr(r.s, brackets ? ']' : ':', r.n) : NULL;
	struct run host = {r.s + brackets, end ? (size_t)(end - r.s) - brackets : r.n}, port;
	struct slu_address numeric;

	if (brackets && (!end || host.n >= sizeof o->host))
		return "the ']' behind its IPv6 address is missing";
	if (!brackets && !is_name(host.s, host.n))
		return host.n ? "its host has a character that host names cannot have, or more than 253; an IPv6 "
				"address must stand in brackets"
			      : "its host is missing";
	memcpy(o->host, host.s, host.n);
	if (brackets && (!memchr(host.s, ':', host.n) || !slu_address_parse(&numeric, o->host, 0)))
		return "what stands in brackets is not an IPv6 address";
	port.s = end ? end + brackets : r.s + r.n;
	port.n = (size_t)(r.s + r.n - port.s);
	if (port.n == 0)
		return NULL;
	if (port.s[0] != ':')
		return "only a ':' and a port may follow its IPv6 address";
	return parse_port(o, (struct run){port.s + 1, port.n - 1});
}

static const char *check_text(const char *text)
{
	if (strlen(text) > MAX_TEXT)
		return "it is longer than 8192 bytes";
	for (; *text; text++)
		if (is_control(*text) || *text == ' ')
			return "it has a space or a control character in it";
	return NULL;
}

/* Behind the scheme; NULL: it is none of those. */
static const char *skip_scheme(struct slu_origin *o, const char *text, const struct slu_origin_scheme *schemes,
			       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const size_t len = strlen(schemes[i].name);

		if (strncasecmp(text, schemes[i].name, len) == 0 && strncmp(text + len, "://", 3) == 0) {
			o->scheme = i;
			o->port = schemes[i].port;
			return text + len + 3;
		}
	}
	return NULL;
}

static const char *parse(struct slu_origin *o, const char *text, const struct slu_origin_scheme *schemes, size_t n)
{
	const char *why = check_text(text), *at;
	struct run authority;

	text = why ? NULL : skip_scheme(o, text, schemes, n);
	if (!text)
		return why ? why : "its beginning, the scheme before \"://\", is missing or not known";
	authority = (struct run){text, strcspn(text, "/?#")};
	o->rest = text + authority.n;
	at = authority.n ? memrchr(authority.s, '@', authority.n) : NULL;
	if (!at)
		return parse_host(o, authority);
	why = parse_credentials(o, (struct run){authority.s, (size_t)(at - authority.s)});
	return why ? why : parse_host(o, (struct run){at + 1, authority.n - (size_t)(at + 1 - authority.s)});
}

const char *slu_origin_parse(struct slu_origin *out, const char *text, const struct slu_origin_scheme *schemes,
			     size_t n)
{
	const char *why;

	memset(out, 0, sizeof *out);
	out->rest = "";
	why = text ? parse(out, text, schemes, n) : "it is missing";
	if (why) {
		slu_wipe_bytes(out, sizeof *out);
		out->rest = "";
	}
	return why;
}
