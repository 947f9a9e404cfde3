/* SPDX-License-Identifier: MIT */
/* The ClientHello. */
#include "probe/hello.h"

#include <arpa/inet.h>
#include <string.h>

#include <sluice/error.h>
#include <sluice/tls.h>

#include "base/bytes.h"
#include "probe/hello_impl.h"

enum {
	MOST = 1 << 18, /* a message: two lists of 64 KiB, and extensions of as much */
	PADDED_FROM = 256,
	PADDED_TO = 512,
	POINT_UNCOMPRESSED = 0,
	STATUS_OCSP = 1,
	MODE_PSK_DHE = 1,
};

/* Appends to a message; the first error sticks. */
struct writer {
	struct slu_buf b;
	int err;
};

static void put(struct writer *w, const void *data, size_t n)
{
	if (!w->err)
		w->err = slu_buf_append(&w->b, data, n);
}

static void put_number(struct writer *w, size_t bytes, size_t value)
{
	uint8_t number[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	put(w, number + sizeof number - bytes, bytes);
}

/* A vector (RFC 8446, 3.4) begins, whose length takes so many bytes; close_vector() takes what this returns. */
static size_t open_vector(struct writer *w, size_t bytes)
{
	put_number(w, bytes, 0);
	return w->b.len;
}

static void close_vector(struct writer *w, size_t bytes, size_t start)
{
	const size_t n = w->b.len - start;

	if (w->err)
		return;
	if (n >> (8 * bytes))
		w->err = SLU_ERR_INVALID;
	for (size_t i = 0; i < bytes; i++)
		w->b.data[start - 1 - i] = (uint8_t)(n >> (8 * i));
}

static void put_list(struct writer *w, const uint16_t *list, size_t n)
{
	size_t start = open_vector(w, 2);

	for (size_t i = 0; i < n && !w->err; i++)
		put_number(w, 2, list[i]);
	close_vector(w, 2, start);
}

static void empty_extension(struct writer *w, unsigned type)
{
	put_number(w, 2, type);
	put_number(w, 2, 0);
}

static void list_extension(struct writer *w, unsigned type, const uint16_t *list, size_t n)
{
	size_t start;

	put_number(w, 2, type);
	start = open_vector(w, 2);
	put_list(w, list, n);
	close_vector(w, 2, start);
}

static void bytes_extension(struct writer *w, unsigned type, const void *data, size_t n)
{
	size_t start;

	put_number(w, 2, type);
	start = open_vector(w, 2);
	put(w, data, n);
	close_vector(w, 2, start);
}

bool slu_hello_has_name(const struct slu_hello *h)
{
	uint8_t address[sizeof(struct in6_addr)];

	/* RFC 6066, 3: literal addresses are not permitted. A colon is in no name, and in all addresses with a scope.
	 */
	return h->server_name && *h->server_name && !strchr(h->server_name, ':') &&
	       inet_pton(AF_INET, h->server_name, address) != 1;
}

static void put_server_name(struct writer *w, const char *name)
{
	size_t n = strlen(name), extension, list, host;

	if (name[n - 1] == '.') /* RFC 6066, 3: without a trailing dot */
		n--;
	if (n == 0 || n > 255)
		w->err = w->err ? w->err : SLU_ERR_INVALID;
	put_number(w, 2, SLU_EXT_SERVER_NAME);
	extension = open_vector(w, 2);
	list = open_vector(w, 2);
	put_number(w, 1, 0); /* host_name */
	host = open_vector(w, 2);
	put(w, name, n);
	close_vector(w, 2, host);
	close_vector(w, 2, list);
	close_vector(w, 2, extension);
}

static void put_alpn(struct writer *w, const struct slu_hello *h)
{
	size_t extension, list;

	put_number(w, 2, SLU_EXT_ALPN);
	extension = open_vector(w, 2);
	list = open_vector(w, 2);
	for (size_t i = 0; i < h->nalpn; i++) {
		const size_t start = open_vector(w, 1), n = strlen(h->alpn[i]);

		if (n == 0)
			w->err = w->err ? w->err : SLU_ERR_INVALID;
		put(w, h->alpn[i], n);
		close_vector(w, 1, start);
	}
	close_vector(w, 2, list);
	close_vector(w, 2, extension);
}

bool slu_hello_has_curve(const struct slu_hello *h)
{
	for (size_t i = 0; i < h->ngroups; i++)
		if (!slu_reg_group_ffdhe(h->groups[i]))
			return true;
	return false;
}

/* What only TLS 1.2 and below have. */
static void put_old(struct writer *w, const struct slu_hello *h)
{
	static const uint8_t no_renegotiation[] = {0}, points[] = {1, POINT_UNCOMPRESSED};
	static const uint8_t fragment[] = {SLU_FRAGMENT_4096};

	if (h->with & SLU_WITH_RENEGOTIATION)
		bytes_extension(w, SLU_EXT_RENEGOTIATION, no_renegotiation, sizeof no_renegotiation);
	if (h->with & SLU_WITH_EMS)
		empty_extension(w, SLU_EXT_EMS);
	if (h->with & SLU_WITH_ETM)
		empty_extension(w, SLU_EXT_ETM);
	if (h->with & SLU_WITH_TICKET)
		empty_extension(w, SLU_EXT_TICKET);
	if (h->with & SLU_WITH_MAX_FRAGMENT)
		bytes_extension(w, SLU_EXT_MAX_FRAGMENT, fragment, sizeof fragment);
	if (slu_hello_has_curve(h))
		bytes_extension(w, SLU_EXT_POINT_FORMATS, points, sizeof points);
}

static void put_tls13(struct writer *w)
{
	static const uint8_t versions[] = {2, SLU_TLS_1_3 >> 8, SLU_TLS_1_3 & 0xFF}, no_shares[] = {0, 0};
	static const uint8_t modes[] = {1, MODE_PSK_DHE};

	bytes_extension(w, SLU_EXT_VERSIONS, versions, sizeof versions);
	bytes_extension(w, SLU_EXT_PSK_MODES, modes, sizeof modes);
	bytes_extension(w, SLU_EXT_KEY_SHARE, no_shares, sizeof no_shares);
}

/* Lists last: there are servers that do not stand an empty extension there. */
static void put_extensions(struct writer *w, const struct slu_hello *h)
{
	static const uint8_t status[] = {STATUS_OCSP, 0, 0, 0, 0};

	if (slu_hello_has_name(h))
		put_server_name(w, h->server_name);
	if (h->version == SLU_TLS_1_3)
		put_tls13(w);
	else
		put_old(w, h);
	if (h->with & SLU_WITH_STATUS)
		bytes_extension(w, SLU_EXT_STATUS, status, sizeof status);
	if (h->nalpn)
		put_alpn(w, h);
	if (h->ngroups)
		list_extension(w, SLU_EXT_GROUPS, h->groups, h->ngroups);
	if (h->nschemes && h->version >= SLU_TLS_1_2)
		list_extension(w, SLU_EXT_SCHEMES, h->schemes, h->nschemes);
}

/* w is all of the message, its extensions being open. */
static void put_padding(struct writer *w)
{
	static const uint8_t zeros[PADDED_TO];
	const size_t header = 4;

	if (w->err || w->b.len < PADDED_FROM || w->b.len >= PADDED_TO)
		return;
	if (w->b.len + header >= PADDED_TO)
		bytes_extension(w, SLU_EXT_PADDING, zeros, 1); /* never an empty one at the end */
	else
		bytes_extension(w, SLU_EXT_PADDING, zeros, PADDED_TO - w->b.len - header);
}

bool slu_hello_extends(const struct slu_hello *h)
{
	return h->version != SLU_SSL_3_0 && !(h->with & SLU_WITHOUT_EXTENSIONS);
}

/* RFC 8446, 4.1.2. */
static void put_message(struct writer *w, const struct slu_hello *h)
{
	size_t message, vector;

	put_number(w, 1, SLU_MSG_CLIENT_HELLO);
	message = open_vector(w, 3);
	put_number(w, 2, h->version < SLU_TLS_1_2 ? h->version : SLU_TLS_1_2);
	put(w, h->random, sizeof h->random);
	vector = open_vector(w, 1);
	if (h->version == SLU_TLS_1_3)
		put(w, h->random, sizeof h->random);
	close_vector(w, 1, vector);
	put_list(w, h->suites, h->nsuites);
	put_number(w, 2, 0x0100); /* compression: one method, null */
	if (slu_hello_extends(h)) {
		vector = open_vector(w, 2);
		put_extensions(w, h);
		if (w->b.len == vector && !w->err) {
			w->b.len -= 2; /* RFC 5246, 7.4.1.2: no extensions are no bytes */
		} else {
			put_padding(w);
			close_vector(w, 2, vector);
		}
	}
	close_vector(w, 3, message);
}

static int put_records(struct slu_buf *out, const struct slu_hello *h, const struct slu_buf *message)
{
	const size_t records = (message->len + SLU_RECORD_MOST - 1) / SLU_RECORD_MOST;
	int err = slu_buf_reserve(out, message->len + records * SLU_RECORD_HEADER);

	for (size_t at = 0; !err && at < message->len; at += SLU_RECORD_MOST) {
		const size_t n = message->len - at < SLU_RECORD_MOST ? message->len - at : SLU_RECORD_MOST;
		uint8_t header[SLU_RECORD_HEADER] = {SLU_RECORD_HANDSHAKE, 3, h->version == SLU_SSL_3_0 ? 0 : 1};

		slu_put_be16(header + 3, (uint32_t)n);
		err = slu_buf_append(out, header, sizeof header);
		if (!err)
			err = slu_buf_append(out, message->data + at, n);
	}
	return err;
}

int slu_hello_encode(const struct slu_hello *h, struct slu_buf *out)
{
	struct writer w = {.err = 0};

	if (!slu_reg_version_name(h->version) || !h->nsuites)
		return SLU_ERR_INVALID;
	if (h->version == SLU_TLS_1_3 && !slu_hello_extends(h)) /* which is what asks for it */
		return SLU_ERR_INVALID;
	slu_buf_init(&w.b, MOST);
	put_message(&w, h);
	if (w.err == SLU_ERR_LIMIT) /* of what has no place in a hello, not of the caller's buffer */
		w.err = SLU_ERR_INVALID;
	if (!w.err)
		w.err = put_records(out, h, &w.b);
	slu_buf_clear(&w.b);
	return w.err;
}
