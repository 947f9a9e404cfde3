/* SPDX-License-Identifier: MIT */
/* What follows a ServerHello of TLS 1.2 and below (RFC 5246, 7.4.2 to 7.4.5). */
#include "probe/hello_impl.h"

#include <string.h>

#include <sluice/tls.h>

#include "base/bytes.h"

static const char *suite_name(const struct slu_hello_reader *r, char *out, size_t size)
{
	return slu_reg_suite_name(r->answer.suite, out, size);
}

/* ---- certificates ---- */

int slu_hello_certificate(struct slu_hello_reader *r, struct slu_cursor body)
{
	struct slu_hello_answer *a = &r->answer;
	char name[SLU_REG_NAME];

	if (r->suite && !slu_reg_certificate(r->suite))
		return slu_hello_wrong(r, "sent a certificate with %s", suite_name(r, name, sizeof name));
	if (slu_cursor_u24(&body) != slu_cursor_left(&body) || body.bad)
		return slu_hello_wrong(r, "sent a malformed list of certificates");
	if (slu_cursor_left(&body) == 0)
		return slu_hello_wrong(r, "sent an empty list of certificates");
	while (slu_cursor_left(&body)) {
		const uint32_t n = slu_cursor_u24(&body);
		const uint8_t *der = slu_cursor_take(&body, n);

		if (!der || n == 0)
			return slu_hello_wrong(r, "sent a malformed list of certificates");
		if (a->ncertificates == SLU_HELLO_CERTIFICATES)
			continue;
		r->der[a->ncertificates] = (size_t)(der - r->messages.data);
		a->certificates[a->ncertificates++].len = n;
	}
	return SLU_HELLO_MORE;
}

/* RFC 6066, 8. */
int slu_hello_status(struct slu_hello_reader *r, struct slu_cursor body)
{
	if (!(r->answer.with & SLU_WITH_STATUS))
		return slu_hello_wrong(r, "sent CertificateStatus without having agreed to");
	(void)slu_cursor_u8(&body);
	if (slu_cursor_u24(&body) != slu_cursor_left(&body) || body.bad)
		return slu_hello_wrong(r, "sent a malformed CertificateStatus");
	r->answer.stapled = true;
	return SLU_HELLO_MORE;
}

/* ---- keys ---- */

static bool signs(const struct slu_reg_suite *s)
{
	const enum slu_reg_auth auth = slu_reg_auth(s);

	return auth == SLU_AUTH_RSA || auth == SLU_AUTH_DSS || auth == SLU_AUTH_ECDSA;
}

/* A vector with a length of two bytes, which is not empty. */
static const uint8_t *take_vector(struct slu_cursor *c, size_t *n)
{
	*n = slu_cursor_u16(c);
	if (*n == 0)
		c->bad = true;
	return slu_cursor_take(c, *n);
}

/* Ends the message. From TLS 1.2 on the signature says how it is made; before, it is MD5 and SHA-1 of RSA, or SHA-1. */
static int take_signature(struct slu_hello_reader *r, struct slu_cursor *c)
{
	const struct slu_hello *h = &r->asked;
	char name[SLU_REG_NAME];
	size_t n;
	bool known = h->nschemes == 0;

	if (r->answer.version >= SLU_TLS_1_2)
		r->answer.scheme = slu_cursor_u16(c);
	(void)take_vector(c, &n);
	if (c->bad || slu_cursor_left(c))
		return slu_hello_wrong(r, "sent a ServerKeyExchange whose signature does not fit into it");
	for (size_t i = 0; i < h->nschemes && !known; i++)
		known = h->schemes[i] == r->answer.scheme;
	if (r->answer.version >= SLU_TLS_1_2 && !known)
		return slu_hello_wrong(r, "signed with %s, which was not offered",
				       slu_reg_scheme_name(r->answer.scheme, name, sizeof name));
	return SLU_HELLO_MORE;
}

/* What is signed has been read. */
static int take_rest(struct slu_hello_reader *r, struct slu_cursor *c)
{
	if (!c->bad && signs(r->suite))
		return take_signature(r, c);
	if (c->bad || slu_cursor_left(c))
		return slu_hello_wrong(r, "sent a malformed ServerKeyExchange");
	return SLU_HELLO_MORE;
}

/* RFC 8422, 5.4. */
static int take_curve(struct slu_hello_reader *r, struct slu_cursor *c)
{
	enum { EXPLICIT_PRIME = 1, EXPLICIT_CHAR2 = 2, NAMED = 3 };
	const struct slu_hello *h = &r->asked;
	const uint8_t kind = slu_cursor_u8(c);
	char name[SLU_REG_NAME];
	bool known = h->ngroups == 0;
	uint8_t n = 0;

	if (kind == EXPLICIT_PRIME || kind == EXPLICIT_CHAR2)
		r->answer.group = kind == EXPLICIT_PRIME ? 0xFF01 : 0xFF02;
	else if (kind == NAMED)
		r->answer.group = slu_cursor_u16(c);
	if (!r->answer.group)
		return slu_hello_wrong(r, "sent a ServerKeyExchange with a malformed curve");
	for (size_t i = 0; i < h->ngroups && !known; i++)
		known = h->groups[i] == r->answer.group;
	if (!known)
		return slu_hello_wrong(r, "chose the group %s, which was not offered",
				       slu_reg_group_name(r->answer.group, name, sizeof name));
	if (kind != NAMED) /* the curve is described at length */
		return SLU_HELLO_MORE;
	n = slu_cursor_u8(c);
	if (n == 0)
		c->bad = true;
	(void)slu_cursor_take(c, n);
	return take_rest(r, c);
}

static size_t bits(const uint8_t *p, size_t n)
{
	size_t b;

	while (n && *p == 0) {
		p++;
		n--;
	}
	for (b = 8 * n; b && !(*p >> ((b - 1) % 8)); b--)
		;
	return b;
}

/* Those of RFC 7919 begin alike, with 64 ones and digits of e, and end with 64 ones: with the length, that is proof
 * enough. 0: none of them. */
static uint16_t ffdhe(const uint8_t *p, size_t n)
{
	static const uint8_t begins[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
					 0xAD, 0xF8, 0x54, 0x58, 0xA2, 0xBB, 0x4A, 0x9A};
	static const uint16_t sizes[] = {2048, 3072, 4096, 6144, 8192};

	for (uint16_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (8 * n == sizes[i] && memcmp(p, begins, sizeof begins) == 0 && memcmp(p + n - 8, begins, 8) == 0)
			return (uint16_t)(0x0100 + i);
	return 0;
}

static int take_prime(struct slu_hello_reader *r, struct slu_cursor *c)
{
	size_t n, other, size;
	const uint8_t *p = take_vector(c, &n);

	(void)take_vector(c, &other); /* the generator */
	(void)take_vector(c, &other); /* the public value */
	if (c->bad)
		return slu_hello_wrong(r, "sent a malformed ServerKeyExchange");
	size = bits(p, n);
	r->answer.dh_bits = (uint16_t)(size < UINT16_MAX ? size : UINT16_MAX);
	r->answer.group = ffdhe(p, n);
	return take_rest(r, c);
}

/* A temporary key of at most 512 bits (RFC 2246, 7.4.3). */
static int take_export(struct slu_hello_reader *r, struct slu_cursor *c)
{
	size_t n;

	(void)take_vector(c, &n);
	(void)take_vector(c, &n);
	return take_rest(r, c);
}

/* RFC 5054, 2.5.3. */
static int take_srp(struct slu_hello_reader *r, struct slu_cursor *c)
{
	size_t n;

	(void)take_vector(c, &n);
	(void)take_vector(c, &n);
	(void)slu_cursor_take(c, slu_cursor_u8(c));
	(void)take_vector(c, &n);
	return take_rest(r, c);
}

static bool is_export(const struct slu_reg_suite *s)
{
	return s->keys == SLU_KEYS_RSA_EXPORT || s->keys == SLU_KEYS_RSA_EXPORT1024;
}

int slu_hello_key_exchange(struct slu_hello_reader *r, struct slu_cursor body)
{
	char name[SLU_REG_NAME];

	r->key_exchange = true;
	if (!r->suite)
		return SLU_HELLO_MORE;
	if (slu_reg_auth(r->suite) == SLU_AUTH_PSK) /* RFC 4279, 2: a hint, which may be empty */
		(void)slu_cursor_take(&body, slu_cursor_u16(&body));
	switch (slu_reg_exchange(r->suite)) {
	case SLU_KX_ECDHE:
		return take_curve(r, &body);
	case SLU_KX_DHE:
		return take_prime(r, &body);
	case SLU_KX_SRP:
		return take_srp(r, &body);
	case SLU_KX_PSK:
		return take_rest(r, &body);
	case SLU_KX_RSA:
		if (slu_reg_auth(r->suite) == SLU_AUTH_PSK)
			return take_rest(r, &body);
		if (is_export(r->suite))
			return take_export(r, &body);
		break;
	case SLU_KX_DH:
	case SLU_KX_ECDH:
		break;
	default: /* Kerberos, passwords, GOST: not looked at */
		return SLU_HELLO_MORE;
	}
	return slu_hello_wrong(r, "sent ServerKeyExchange, which %s does not have", suite_name(r, name, sizeof name));
}

/* ---- the end ---- */

int slu_hello_request(struct slu_hello_reader *r, struct slu_cursor body)
{
	char name[SLU_REG_NAME];

	r->answer.client_certificate = true;
	if (r->suite && slu_reg_anonymous(r->suite)) /* RFC 5246, 7.4.4 */
		return slu_hello_wrong(r, "asked for a certificate with %s", suite_name(r, name, sizeof name));
	(void)slu_cursor_take(&body, slu_cursor_u8(&body)); /* types */
	if (r->answer.version >= SLU_TLS_1_2)
		(void)slu_cursor_take(&body, slu_cursor_u16(&body)); /* schemes */
	(void)slu_cursor_take(&body, slu_cursor_u16(&body));         /* authorities */
	if (body.bad || slu_cursor_left(&body))
		return slu_hello_wrong(r, "sent a malformed CertificateRequest");
	return SLU_HELLO_MORE;
}

int slu_hello_done(struct slu_hello_reader *r, struct slu_cursor body)
{
	enum slu_reg_exchange exchange;
	char name[SLU_REG_NAME];

	if (slu_cursor_left(&body))
		return slu_hello_wrong(r, "sent ServerHelloDone with content");
	if (!r->suite)
		return SLU_HELLO_CHOSEN;
	if (slu_reg_certificate(r->suite) && !r->answer.ncertificates)
		return slu_hello_wrong(r, "sent no certificate with %s", suite_name(r, name, sizeof name));
	exchange = slu_reg_exchange(r->suite);
	if (!r->key_exchange && (exchange == SLU_KX_DHE || exchange == SLU_KX_ECDHE || exchange == SLU_KX_SRP))
		return slu_hello_wrong(r, "sent no key with %s", suite_name(r, name, sizeof name));
	return SLU_HELLO_CHOSEN;
}
