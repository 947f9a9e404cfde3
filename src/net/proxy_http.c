/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "base/wipe.h"
#include "net/address.h"
#include "net/proxy_talk.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct slu_proxy_reply replies[] = {
	{400, "bad request", "check that it is a proxy, and its port"},
	{403, "forbidden",
	 "its rules do not allow it; many proxies let tunnels through to port 443 only; ask who runs it"},
	{404, "not found", "it is no proxy, as it seems; check host and port of the proxy"},
	{405, "method not allowed", "it makes no tunnels; check that it is a proxy, and its port"},
	{500, "internal error", "see the proxy's log"},
	{501, "not implemented", "it makes no tunnels; check that it is a proxy, and its port"},
	{502, "bad gateway", "it does not reach the server; check the URL's host and port"},
	{503, "service unavailable",
	 "it does not reach the server, or has too much to do; check the URL's host and port"},
	{504, "gateway timeout", "it does not reach the server; check the URL's host and port"},
};

/* ---- the request ---- */

static void put_text(struct slu_proxy_talk *t, const char *text)
{
	slu_proxy_put(t, text, strlen(text));
}

/* RFC 4648, 4. */
static void put_base64(struct slu_proxy_talk *t, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		const unsigned b = i + 1 < n ? p[i + 1] : 0, c = i + 2 < n ? p[i + 2] : 0;
		const unsigned bits = (unsigned)p[i] << 16 | b << 8 | c;

		slu_proxy_put_byte(t, (unsigned char)digits[bits >> 18]);
		slu_proxy_put_byte(t, (unsigned char)digits[bits >> 12 & 63]);
		slu_proxy_put_byte(t, (unsigned char)(i + 1 < n ? digits[bits >> 6 & 63] : '='));
		slu_proxy_put_byte(t, (unsigned char)(i + 2 < n ? digits[bits & 63] : '='));
	}
}

/* RFC 7617, 2. */
static void put_authorization(struct slu_proxy_talk *t)
{
	const struct slu_origin *at = &t->proxy->at;
	char both[2 * SLU_ORIGIN_TEXT];
	int n = snprintf(both, sizeof both, "%s:%s", at->user, at->password);

	put_text(t, "Proxy-Authorization: Basic ");
	put_base64(t, (const uint8_t *)both, (size_t)n);
	put_text(t, "\r\n");
	slu_wipe_bytes(both, sizeof both);
}

/* ---- the answer ---- */

static int decide(struct slu_proxy_talk *t)
{
	const unsigned status = t->http.status;

	if (status >= 200 && status < 300)
		return 1;
	if (status == 407)
		return slu_proxy_fail(t, t->proxy->at.user[0]
						 ? "does not take this user and password: check them in the proxy's URL"
						 : "wants to know who asks: give user and password, as in "
						   "http://user:password@host:port");
	return slu_proxy_refused(t, replies, COUNT(replies), status);
}

/* As far as the end of the head: what is behind it is the tunnel's, or a page about the refusal that nobody reads. */
int slu_proxy_in_http(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used)
{
	struct slu_vec body;

	while (!t->http.has_head && *used < n) {
		const long taken = slu_http1_in(&t->http, data + *used, n - *used, &body);

		if (taken < 0) {
			slu_proxy_fail(t, "%s: check its port, and which protocol it speaks",
				       slu_http1_error(&t->http));
			return taken == SLU_ERR_NOMEM ? SLU_ERR_NOMEM : SLU_ERR_CONNECT;
		}
		*used += (size_t)taken;
	}
	return t->http.has_head ? decide(t) : 0;
}

void slu_proxy_begin_http(struct slu_proxy_talk *t)
{
	char where[SLU_ENDPOINT_TEXT];

	slu_endpoint_format(t->host, t->port, where, sizeof where);
	put_text(t, "CONNECT ");
	put_text(t, where);
	put_text(t, " HTTP/1.1\r\nHost: ");
	put_text(t, where);
	put_text(t, "\r\n");
	if (t->proxy->at.user[0])
		put_authorization(t);
	put_text(t, "\r\n");
	slu_http1_clear(&t->http);
	slu_http1_init(&t->http, SLU_HTTP1_TO_CONNECT, SLU_HTTP1_MAX_HEAD, SLU_HTTP1_ANY_BODY);
}
