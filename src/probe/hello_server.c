/* SPDX-License-Identifier: MIT */
/* ServerHello and HelloRetryRequest (RFC 5246, 7.4.1.3; RFC 8446, 4.1.3 and 4.1.4). */
#include "probe/hello_impl.h"

#include <stdio.h>
#include <string.h>

#include <sluice/tls.h>

enum { RANDOM = 32, SENTINEL = 8 };

/* SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3). */
static const uint8_t retry_random[RANDOM] = {
	0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
	0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
};

/* What the message says besides the answer. */
struct said {
	const uint8_t *random, *session;
	uint8_t nsession;
	bool retry;
	uint16_t selected; /* of supported_versions; 0: none */
	bool key_share;
	uint64_t seen; /* extensions below 64 */
	bool seen_renegotiation;
};

static bool has(const uint16_t *list, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == id)
			return true;
	return false;
}

/* ---- extensions ---- */

/* May it be in the answer to what was asked? */
static bool offered(const struct slu_hello_reader *r, const struct said *said, unsigned type)
{
	const struct slu_hello *h = &r->asked;
	const bool tls13 = h->version == SLU_TLS_1_3;

	if (type == SLU_EXT_RENEGOTIATION && has(h->suites, h->nsuites, SLU_SCSV_RENEGOTIATION))
		return true; /* RFC 5746, 3.6: the signalling value is as good */
	if (!slu_hello_extends(h))
		return false;
	if (said->retry && type != SLU_EXT_VERSIONS && type != SLU_EXT_KEY_SHARE && type != SLU_EXT_COOKIE)
		return false;
	switch (type) {
	case SLU_EXT_SERVER_NAME:
		return h->server_name != NULL;
	case SLU_EXT_STATUS:
		return h->with & SLU_WITH_STATUS;
	case SLU_EXT_ALPN:
		return h->nalpn > 0;
	case SLU_EXT_GROUPS: /* some older servers answer with theirs */
		return h->ngroups > 0;
	case SLU_EXT_POINT_FORMATS:
		return !tls13 && slu_hello_has_curve(h);
	case SLU_EXT_MAX_FRAGMENT:
		return !tls13 && h->with & SLU_WITH_MAX_FRAGMENT;
	case SLU_EXT_ETM:
		return !tls13 && h->with & SLU_WITH_ETM;
	case SLU_EXT_EMS:
		return !tls13 && h->with & SLU_WITH_EMS;
	case SLU_EXT_TICKET:
		return !tls13 && h->with & SLU_WITH_TICKET;
	case SLU_EXT_RENEGOTIATION:
		return !tls13 && h->with & SLU_WITH_RENEGOTIATION;
	case SLU_EXT_VERSIONS:
	case SLU_EXT_KEY_SHARE:
		return tls13;
	case SLU_EXT_COOKIE: /* the only one that a server may begin with */
		return tls13 && said->retry;
	default:
		return false;
	}
}

/* The chosen protocol (RFC 7301, 3.1): one, and of those that were offered. */
static int take_alpn(struct slu_hello_reader *r, struct slu_cursor c)
{
	const uint16_t list = slu_cursor_u16(&c);
	const size_t left = slu_cursor_left(&c);
	const uint8_t n = slu_cursor_u8(&c), *name = slu_cursor_take(&c, n);
	char *out = r->answer.alpn;

	if (c.bad || slu_cursor_left(&c) || list != left || n == 0)
		return slu_hello_wrong(r, "chose a protocol with ALPN in a malformed way");
	for (size_t i = 0; i < n; i++) {
		const bool plain = name[i] > 0x20 && name[i] < 0x7F && name[i] != '\\';
		const size_t used = (size_t)(out - r->answer.alpn);

		if (used + 5 > sizeof r->answer.alpn)
			break;
		out += snprintf(out, sizeof r->answer.alpn - used, plain ? "%c" : "\\x%02X", name[i]);
	}
	for (size_t at = 0; at < r->alpn.len; at += 1u + r->alpn.data[at])
		if (r->alpn.data[at] == n && memcmp(r->alpn.data + at + 1, name, n) == 0)
			return SLU_HELLO_MORE;
	return slu_hello_wrong(r, "chose the protocol '%s' with ALPN, which was not offered", r->answer.alpn);
}

static int take_max_fragment(struct slu_hello_reader *r, struct slu_cursor c)
{
	r->answer.max_fragment = slu_cursor_u8(&c);
	r->answer.with |= SLU_WITH_MAX_FRAGMENT;
	if (c.bad || slu_cursor_left(&c) || r->answer.max_fragment != SLU_FRAGMENT_4096)
		return slu_hello_wrong(r, "agreed to another maximal fragment length than it was asked for");
	return SLU_HELLO_MORE;
}

/* On a first handshake this holds nothing (RFC 5746, 3.4). */
static int take_renegotiation(struct slu_hello_reader *r, struct slu_cursor c)
{
	r->answer.with |= SLU_WITH_RENEGOTIATION;
	if (slu_cursor_u8(&c) != 0 || c.bad || slu_cursor_left(&c))
		return slu_hello_wrong(r, "answered a first handshake as if it renewed another");
	return SLU_HELLO_MORE;
}

static int take_key_share(struct slu_hello_reader *r, struct said *said, struct slu_cursor c)
{
	said->key_share = true;
	r->answer.group = slu_cursor_u16(&c);
	if (c.bad || (said->retry && slu_cursor_left(&c)))
		return slu_hello_wrong(r, "sent a malformed key_share");
	return SLU_HELLO_MORE;
}

static int take_versions(struct slu_hello_reader *r, struct said *said, struct slu_cursor c)
{
	said->selected = slu_cursor_u16(&c);
	if (c.bad || slu_cursor_left(&c))
		return slu_hello_wrong(r, "sent malformed supported_versions");
	return SLU_HELLO_MORE;
}

/* These say something by being there. */
static int take_empty(struct slu_hello_reader *r, unsigned type, struct slu_cursor c)
{
	switch (type) {
	case SLU_EXT_SERVER_NAME:
		r->answer.server_name_taken = true;
		break;
	case SLU_EXT_STATUS:
		r->answer.with |= SLU_WITH_STATUS;
		break;
	case SLU_EXT_ETM:
		r->answer.with |= SLU_WITH_ETM;
		break;
	case SLU_EXT_EMS:
		r->answer.with |= SLU_WITH_EMS;
		break;
	default:
		r->answer.with |= SLU_WITH_TICKET;
	}
	if (slu_cursor_left(&c))
		return slu_hello_wrong(r, "sent extension %u with content, of which it has none in a ServerHello",
				       type);
	return SLU_HELLO_MORE;
}

static int take_extension(struct slu_hello_reader *r, struct said *said, unsigned type, struct slu_cursor c)
{
	switch (type) {
	case SLU_EXT_GROUPS:
	case SLU_EXT_POINT_FORMATS:
		return SLU_HELLO_MORE;
	case SLU_EXT_ALPN:
		return take_alpn(r, c);
	case SLU_EXT_MAX_FRAGMENT:
		return take_max_fragment(r, c);
	case SLU_EXT_RENEGOTIATION:
		return take_renegotiation(r, c);
	case SLU_EXT_KEY_SHARE:
		return take_key_share(r, said, c);
	case SLU_EXT_VERSIONS:
		return take_versions(r, said, c);
	case SLU_EXT_COOKIE:
		r->answer.cookie = true;
		return SLU_HELLO_MORE;
	default:
		return take_empty(r, type, c);
	}
}

static bool twice(struct said *said, unsigned type)
{
	const uint64_t bit = type < 64 ? UINT64_C(1) << type : 0;
	const bool seen = said->seen & bit || (type == SLU_EXT_RENEGOTIATION && said->seen_renegotiation);

	said->seen |= bit;
	said->seen_renegotiation |= type == SLU_EXT_RENEGOTIATION;
	return seen;
}

static int take_extensions(struct slu_hello_reader *r, struct said *said, struct slu_cursor c)
{
	int end = SLU_HELLO_MORE;

	if (slu_cursor_left(&c) == 0)
		return end;
	if (slu_cursor_u16(&c) != slu_cursor_left(&c) || c.bad)
		return slu_hello_wrong(r, "sent a ServerHello whose extensions do not fit into it");
	while (end == SLU_HELLO_MORE && slu_cursor_left(&c)) {
		const uint16_t type = slu_cursor_u16(&c), n = slu_cursor_u16(&c);
		const uint8_t *p = slu_cursor_take(&c, n);

		if (!p)
			return slu_hello_wrong(r, "sent a ServerHello with an extension that does not fit into it");
		if (!offered(r, said, type))
			return slu_hello_wrong(r, "sent extension %u, which was not offered", type);
		if (twice(said, type))
			return slu_hello_wrong(r, "sent extension %u twice", type);
		end = take_extension(r, said, type, slu_cursor(p, n));
	}
	return end;
}

/* ---- what the choice is worth ---- */

static int check_version(struct slu_hello_reader *r, const struct said *said)
{
	const uint16_t version = r->answer.version;
	const char *name = slu_reg_version_name(version);

	if (!name)
		return slu_hello_wrong(r, "chose version %u.%u, which is none", version >> 8, version & 0xFF);
	if (version > r->asked.version || (said->selected && version != SLU_TLS_1_3) ||
	    (!said->selected && version == SLU_TLS_1_3))
		return slu_hello_wrong(r, "chose %s, which was not offered in this way", name);
	return SLU_HELLO_MORE;
}

static int check_suite(struct slu_hello_reader *r)
{
	const uint16_t id = r->answer.suite;
	char name[SLU_REG_NAME];

	slu_reg_suite_name(id, name, sizeof name);
	if (!has(r->asked.suites, r->asked.nsuites, id))
		return slu_hello_wrong(r, "chose %s, which was not offered", name);
	if (id == SLU_SCSV_RENEGOTIATION || id == SLU_SCSV_FALLBACK)
		return slu_hello_wrong(r, "chose %s, which is a signal and no suite", name);
	if (r->suite && !slu_reg_suite_in(r->suite, r->answer.version))
		return slu_hello_wrong(r, "chose %s with %s, which does not have it", name,
				       slu_reg_version_name(r->answer.version));
	return SLU_HELLO_MORE;
}

/* The rest of TLS 1.3: no key was sent, so a ServerHello would have nothing to agree upon. */
static int check_tls13(struct slu_hello_reader *r, const struct said *said)
{
	char name[SLU_REG_NAME];

	if (said->nsession != sizeof r->asked.random || memcmp(said->session, r->asked.random, said->nsession) != 0)
		return slu_hello_wrong(r, "did not echo the session id, as TLS 1.3 has it");
	if (!said->retry)
		return slu_hello_wrong(r, "chose TLS 1.3 without asking for a key");
	if (!said->key_share && !r->answer.cookie)
		return slu_hello_wrong(r, "sent a HelloRetryRequest that asks for nothing");
	if (said->key_share && !has(r->asked.groups, r->asked.ngroups, r->answer.group))
		return slu_hello_wrong(r, "asked for a key of %s, which was not offered",
				       slu_reg_group_name(r->answer.group, name, sizeof name));
	return SLU_HELLO_RETRY;
}

static int check(struct slu_hello_reader *r, const struct said *said)
{
	int end = check_version(r, said);

	if (end == SLU_HELLO_MORE)
		end = check_suite(r);
	if (end == SLU_HELLO_MORE && r->answer.compression)
		end = slu_hello_wrong(r, "chose compression method %u, which was not offered", r->answer.compression);
	if (end != SLU_HELLO_MORE)
		return end;
	if (r->answer.version == SLU_TLS_1_3)
		return check_tls13(r, said);
	if (said->retry)
		return slu_hello_wrong(r, "sent a HelloRetryRequest of %s", slu_reg_version_name(r->answer.version));
	if (said->key_share)
		return slu_hello_wrong(r, "sent key_share with %s", slu_reg_version_name(r->answer.version));
	return r->whole ? SLU_HELLO_MORE : SLU_HELLO_CHOSEN;
}

static enum slu_hello_downgrade downgrade(const uint8_t *random)
{
	static const uint8_t sentinel[SENTINEL - 1] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
	const uint8_t *end = random + RANDOM - SENTINEL;

	if (memcmp(end, sentinel, sizeof sentinel) != 0 || end[SENTINEL - 1] > 1)
		return SLU_DOWNGRADE_NONE;
	return end[SENTINEL - 1] ? SLU_DOWNGRADE_TLS12 : SLU_DOWNGRADE_TLS11;
}

int slu_hello_server_hello(struct slu_hello_reader *r, struct slu_cursor body)
{
	struct said said = {0};
	int end;

	r->answer.version = slu_cursor_u16(&body);
	said.random = slu_cursor_take(&body, RANDOM);
	said.nsession = slu_cursor_u8(&body);
	said.session = slu_cursor_take(&body, said.nsession);
	r->answer.suite = slu_cursor_u16(&body);
	r->answer.compression = slu_cursor_u8(&body);
	if (body.bad || said.nsession > 32)
		return slu_hello_wrong(r, "sent a malformed ServerHello");
	r->suite = slu_reg_suite(r->answer.suite);
	said.retry = memcmp(said.random, retry_random, RANDOM) == 0;
	r->answer.downgrade = downgrade(said.random);
	end = take_extensions(r, &said, body);
	if (said.selected)
		r->answer.version = said.selected;
	return end == SLU_HELLO_MORE ? check(r, &said) : end;
}
