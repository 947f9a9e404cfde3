/* SPDX-License-Identifier: MIT */
/* The lines of a head. They are cut in place: each is NUL-terminated, and nothing is copied. */
#include "net/http1_head.h"

#include <string.h>

#include <sluice/error.h>

enum { MAX_METHOD = 32 }; /* bytes; the longest that is registered has 17 */

static int malformed(struct slu_http1 *h, const char *what)
{
	return slu_http1_fail(h, SLU_ERR_HTTP, "sent a head with %s", what);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* RFC 9110, 5.6.2. */
static bool is_token(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Of n characters, in whatever case. */
static bool same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* ---- fields ---- */

/* The first line from here on, or NULL. Lines are apart by one NUL or more, and never empty. */
static const char *line_at(const struct slu_http1 *h, const char *line)
{
	const char *end = (const char *)h->head.data + h->head.len;

	while (line < end && !*line)
		line++;
	return line < end ? line : NULL;
}

static const char *first_field(const struct slu_http1 *h)
{
	return line_at(h, (const char *)h->head.data + h->line);
}

static const char *next_field(const struct slu_http1 *h, const char *line)
{
	return line_at(h, line + strlen(line));
}

static const char *value_of(const char *line)
{
	line = strchr(line, ':') + 1;
	while (is_space(*line))
		line++;
	return line;
}

const char *slu_http1_field(const struct slu_http1 *h, const char *name, const char *after)
{
	const char *line = NULL;
	size_t n = strlen(name);

	if (h->head.len)
		line = after ? next_field(h, after) : first_field(h);
	for (; line; line = next_field(h, line))
		if (strlen(line) > n && line[n] == ':' && same(line, name, n))
			return value_of(line);
	return NULL;
}

static bool list_has(const char *list, const char *token)
{
	size_t n = strlen(token), len;

	while (*list) {
		list += strspn(list, ", \t");
		len = strcspn(list, ", \t;");
		if (len == n && same(list, token, n))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool slu_http1_has_token(const struct slu_http1 *h, const char *name, const char *token)
{
	const char *value = NULL;

	while ((value = slu_http1_field(h, name, value)))
		if (list_has(value, token))
			return true;
	return false;
}

/* ---- the lines ---- */

/* Cuts the head into lines, without the white space at their ends. A line that begins with white space goes on with
 * the one before it (RFC 9112, 5.2). */
static int cut_lines(struct slu_http1 *h)
{
	char *s = (char *)h->head.data;

	for (size_t i = 0; i < h->head.len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return malformed(h, "a control character");
		if (c == '\r' && s[i + 1] != '\n')
			return malformed(h, "a control character");
	}
	for (size_t i = h->head.len; i > 0; i--) {
		bool ends = i == h->head.len || !s[i];

		if (s[i - 1] == '\n' && !(i < h->head.len && is_space(s[i])))
			s[i - 1] = '\0';
		else if (ends && is_space(s[i - 1]))
			s[i - 1] = '\0';
		else if (s[i - 1] == '\r' || s[i - 1] == '\n')
			s[i - 1] = ends ? '\0' : ' ';
	}
	h->line = strlen(s);
	return 0;
}

static int check_fields(struct slu_http1 *h)
{
	size_t n;

	for (const char *line = first_field(h); line; line = next_field(h, line)) {
		for (n = 0; is_token(line[n]); n++)
			;
		if (!n || line[n] != ':')
			return malformed(h, "a line that is no field");
	}
	return 0;
}

/* "HTTP/1.x". What follows is at *rest. */
static bool read_version(struct slu_http1 *h, const char *s, const char **rest)
{
	if (strncmp(s, "HTTP/1.", 7) != 0 || !is_digit(s[7]))
		return false;
	h->minor = (unsigned)(s[7] - '0');
	*rest = s + 8;
	return true;
}

static int no_request(struct slu_http1 *h)
{
	return slu_http1_fail(h, SLU_ERR_HTTP, "sent no request of HTTP/1");
}

/* The n bytes of a line without its end. White space behind the version is let pass, as in all lines. */
static bool ends_in_version(struct slu_http1 *h, const char *s, size_t n)
{
	const char *rest;

	while (n && is_space(s[n - 1]))
		n--;
	return n > 9 && s[n - 9] == ' ' && read_version(h, s + n - 8, &rest);
}

int slu_http1_begun(struct slu_http1 *h, size_t seen)
{
	const char *s = (const char *)h->head.data;
	size_t n = h->head.len, method = 0;
	const bool whole = s[n - 1] == '\n';

	n -= whole;
	if (n && s[n - 1] == '\r')
		n--;
	if (!n)
		return 0; /* an empty line */
	while (method < n && is_token(s[method]))
		method++;
	if (!method || method > MAX_METHOD || (method < n && s[method] != ' '))
		return no_request(h);
	for (size_t i = seen ? seen - 1 : 0; i < n; i++) /* the last may have been a CR */
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return no_request(h);
	return whole && !ends_in_version(h, s, n) ? no_request(h) : 0;
}

static int read_request_line(struct slu_http1 *h)
{
	char *s = (char *)h->head.data, *target = strchr(s, ' '), *version = strrchr(s, ' ');
	const char *rest;

	if (!target || target == s || version <= target + 1 || !read_version(h, version + 1, &rest) || *rest)
		return no_request(h);
	for (const char *c = s; c < target; c++)
		if (!is_token(*c))
			return no_request(h);
	if (memchr(target + 1, ' ', (size_t)(version - target - 1)) || memchr(s, '\t', (size_t)(version - s)))
		return slu_http1_fail(h, SLU_ERR_HTTP, "sent a request with white space in its target");
	*target = *version = '\0';
	h->method = s;
	h->target = target + 1;
	return 0;
}

static int read_status_line(struct slu_http1 *h)
{
	const char *rest = NULL;

	if (!read_version(h, (const char *)h->head.data, &rest) || rest[0] != ' ' || !is_digit(rest[1]) ||
	    !is_digit(rest[2]) || !is_digit(rest[3]) || (rest[4] && rest[4] != ' ') || rest[1] == '0')
		return slu_http1_fail(h, SLU_ERR_HTTP, "answered with something that is not HTTP/1");
	h->status = (unsigned)(rest[1] - '0') * 100 + (unsigned)(rest[2] - '0') * 10 + (unsigned)(rest[3] - '0');
	h->reason = rest[4] ? rest + 5 : "";
	return 0;
}

/* ---- how the body ends ---- */

/* Digits alone: no sign, no list. Several fields are allowed if they say the same (RFC 9110, 8.6). */
static int read_length(struct slu_http1 *h)
{
	const char *value = NULL;
	uint64_t n;

	while ((value = slu_http1_field(h, "Content-Length", value))) {
		n = 0;
		if (!*value)
			return malformed(h, "an empty Content-Length");
		for (const char *c = value; *c; c++) {
			if (!is_digit(*c))
				return malformed(h, "a Content-Length that is no number");
			if (n > (UINT64_MAX - 9) / 10)
				return malformed(h, "a Content-Length that is no possible number");
			n = n * 10 + (uint64_t)(*c - '0');
		}
		if (h->has_length && n != h->length)
			return malformed(h, "two different lengths");
		h->has_length = true;
		h->length = n;
	}
	return 0;
}

/* Of the codings, only "chunked" alone is known, and none was asked for. */
static int read_coding(struct slu_http1 *h, bool *chunked)
{
	const char *value = slu_http1_field(h, "Transfer-Encoding", NULL);

	*chunked = value;
	if (!value)
		return 0;
	if (strlen(value) != 7 || !same(value, "chunked", 7) || slu_http1_field(h, "Transfer-Encoding", value))
		return malformed(h, "a Transfer-Encoding other than chunked");
	/* RFC 9112, 6.1: the next head would be somewhere else for others who read this. */
	if (h->kind == SLU_HTTP1_REQUEST && (h->has_length || h->minor == 0))
		return malformed(h, "both a length and chunks, or with chunks in HTTP/1.0");
	if (h->has_length || h->minor == 0)
		h->keep_alive = false;
	h->has_length = false;
	h->length = 0;
	return 0;
}

static bool bodiless(const struct slu_http1 *h)
{
	if (h->kind == SLU_HTTP1_REQUEST)
		return false;
	return h->status < 200 || h->status == 204 || h->status == 304 || h->kind == SLU_HTTP1_TO_HEAD ||
	       (h->kind == SLU_HTTP1_TO_CONNECT && h->status < 300);
}

static void read_connection(struct slu_http1 *h)
{
	bool closes = slu_http1_has_token(h, "Connection", "close");

	h->keep_alive = !closes && (h->minor > 0 || slu_http1_has_token(h, "Connection", "keep-alive"));
	h->expects_continue =
		h->kind == SLU_HTTP1_REQUEST && h->minor > 0 && slu_http1_has_token(h, "Expect", "100-continue");
}

/* RFC 9112, 6.3. */
static int read_framing(struct slu_http1 *h, enum http1_body *body)
{
	bool chunked;
	int err;

	/* Neither counts then (RFC 9110, 9.3.6; for HEAD it tells of another body). */
	if (bodiless(h)) {
		*body = HTTP1_NO_BODY;
		return h->kind == SLU_HTTP1_TO_HEAD ? read_length(h) : 0;
	}
	err = read_length(h);
	if (!err)
		err = read_coding(h, &chunked);
	if (err)
		return err;
	if (chunked) {
		*body = HTTP1_CHUNKED;
	} else if (h->has_length) {
		*body = HTTP1_LENGTH;
	} else if (h->kind == SLU_HTTP1_REQUEST) {
		*body = HTTP1_NO_BODY;
	} else {
		*body = HTTP1_UNTIL_CLOSE;
		h->keep_alive = false;
	}
	return 0;
}

int slu_http1_head(struct slu_http1 *h, enum http1_body *body)
{
	int err = cut_lines(h);

	if (!err)
		err = h->kind == SLU_HTTP1_REQUEST ? read_request_line(h) : read_status_line(h);
	if (!err)
		err = check_fields(h);
	if (err)
		return err;
	read_connection(h);
	return read_framing(h, body);
}
