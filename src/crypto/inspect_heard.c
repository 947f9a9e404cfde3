/* SPDX-License-Identifier: MIT */
/* What a server says in its handshake, from the messages as libssl reads them, decrypted: not all of it can be asked of
 * libssl afterwards, and nothing of a handshake that failed. */
#include <string.h>

#include "base/cursor.h"
#include "crypto/inspect_impl.h"

/* RFC 8446, 4.2; RFC 8449, 4. */
enum { EXT_RECORD_SIZE_LIMIT = 28, EXT_VERSIONS = 43, EXT_KEY_SHARE = 51 };

/* RFC 8446, 4.1.3: the random of a ServerHello that is a HelloRetryRequest. */
static const uint8_t retry[32] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C,
				  0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
				  0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

static struct slu_cursor sized(struct slu_cursor *c, size_t n)
{
	const uint8_t *p = slu_cursor_take(c, n);

	return slu_cursor(p, p ? n : 0);
}

static void hear_extensions(struct slu_inspect_result *r, struct slu_cursor *c)
{
	struct slu_cursor all = sized(c, slu_cursor_u16(c));

	while (slu_cursor_left(&all)) {
		const uint16_t type = slu_cursor_u16(&all);
		struct slu_cursor one = sized(&all, slu_cursor_u16(&all));

		/* The key share of a HelloRetryRequest, too, begins with its group. */
		if (type == EXT_RECORD_SIZE_LIMIT)
			r->record_size_limit = slu_cursor_u16(&one);
		else if (type == EXT_VERSIONS)
			r->version = slu_cursor_u16(&one);
		else if (type == EXT_KEY_SHARE)
			r->group = slu_cursor_u16(&one);
	}
}

static void hear_server_hello(struct slu_inspect *i, struct slu_cursor *c)
{
	struct slu_inspect_result *r = &i->result;
	const uint8_t *random;

	r->version = slu_cursor_u16(c);
	random = slu_cursor_take(c, sizeof retry);
	r->retry |= random && memcmp(random, retry, sizeof retry) == 0;
	slu_cursor_take(c, slu_cursor_u8(c)); /* session */
	r->suite = slu_cursor_u16(c);
	slu_cursor_u8(c); /* compression */
	if (slu_cursor_left(c))
		hear_extensions(r, c);
}

static void hear_encrypted_extensions(struct slu_inspect *i, struct slu_cursor *c)
{
	hear_extensions(&i->result, c);
}

/* RFC 5246, 7.4.3: a number has leading zeros at times. */
static uint16_t bits_of(struct slu_cursor number)
{
	uint8_t first = slu_cursor_u8(&number);
	size_t bits;

	while (!first && slu_cursor_left(&number))
		first = slu_cursor_u8(&number);
	bits = slu_cursor_left(&number) * 8;
	for (; first; first >>= 1)
		bits++;
	return (uint16_t)bits;
}

/* TLS 1.2 and below: RFC 5246, 7.4.3, and RFC 8422, 5.4. */
static void hear_key_exchange(struct slu_inspect *i, struct slu_cursor *c)
{
	enum { NAMED_CURVE = 3 };
	const SSL_CIPHER *suite = SSL_get_pending_cipher(i->ssl);
	const int exchange = suite ? SSL_CIPHER_get_kx_nid(suite) : NID_undef;
	struct slu_inspect_result *r = &i->result;

	if (exchange == NID_kx_ecdhe && slu_cursor_u8(c) == NAMED_CURVE) {
		r->group = slu_cursor_u16(c);
		slu_cursor_take(c, slu_cursor_u8(c)); /* public key */
	} else if (exchange == NID_kx_dhe) {
		r->dh_bits = bits_of(sized(c, slu_cursor_u16(c)));
		slu_cursor_take(c, slu_cursor_u16(c)); /* generator */
		slu_cursor_take(c, slu_cursor_u16(c)); /* public key */
	} else {
		return;
	}
	/* Where nobody signs, nothing is left: 0. */
	if (r->version == TLS1_2_VERSION)
		r->scheme = slu_cursor_u16(c);
}

static void hear_certificate_request(struct slu_inspect *i, struct slu_cursor *c)
{
	(void)c;
	i->result.client_certificate = true;
}

static void hear_certificate_verify(struct slu_inspect *i, struct slu_cursor *c)
{
	i->result.scheme = slu_cursor_u16(c);
}

static void hear_ticket(struct slu_inspect *i, struct slu_cursor *c)
{
	(void)c;
	i->result.tickets++;
}

static const struct {
	uint8_t type;
	void (*hear)(struct slu_inspect *i, struct slu_cursor *c);
} messages[] = {
	{SSL3_MT_SERVER_HELLO, hear_server_hello},
	{SSL3_MT_NEWSESSION_TICKET, hear_ticket},
	{SSL3_MT_ENCRYPTED_EXTENSIONS, hear_encrypted_extensions},
	{SSL3_MT_SERVER_KEY_EXCHANGE, hear_key_exchange},
	{SSL3_MT_CERTIFICATE_REQUEST, hear_certificate_request},
	{SSL3_MT_CERTIFICATE_VERIFY, hear_certificate_verify},
};

/* RFC 8446, 6: all but two end the connection, whatever level they have; below TLS 1.3 the level counts. */
static void hear_alert(struct slu_inspect *i, struct slu_cursor *c)
{
	const uint8_t level = slu_cursor_u8(c), alert = slu_cursor_u8(c);

	if (c->bad || alert == SSL_AD_CLOSE_NOTIFY || alert == SSL_AD_USER_CANCELLED)
		return;
	if (level == SSL3_AL_FATAL || i->result.version == TLS1_3_VERSION)
		i->result.alert = alert;
}

void slu_inspect_heard(int sent, int version, int type, const void *data, size_t n, SSL *ssl, void *arg)
{
	struct slu_cursor c = slu_cursor(data, n);
	struct slu_inspect *i = arg;
	uint8_t message;

	(void)version;
	(void)ssl;
	if (type == SSL3_RT_ALERT && !sent)
		hear_alert(i, &c);
	if (type != SSL3_RT_HANDSHAKE)
		return;
	message = slu_cursor_u8(&c);
	slu_cursor_u24(&c); /* its length */
	if (sent) {
		i->answered |= message == SSL3_MT_CERTIFICATE;
		return;
	}
	for (size_t m = 0; m < sizeof messages / sizeof *messages; m++)
		if (messages[m].type == message)
			messages[m].hear(i, &c);
}
