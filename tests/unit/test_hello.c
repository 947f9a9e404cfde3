/* SPDX-License-Identifier: MIT */
/* Answers by hand: what is right in any shape, and what is against the rules. Foreign ones: test_hello_golden.c. */
#include "test.h"

#include <stdlib.h>

#include <sluice/error.h>
#include <sluice/tls.h>

#include "../alloc_fail.h"
#include "base/bytes.h"
#include "probe/hello.h"
#include "probe/registry.h"

/* ---- what is asked ---- */

static const uint16_t suites[] = {0xC02F, 0x009E, 0x002F, 0x0018, 0xC018, 0x008C,
				  0x0090, 0x0094, 0x0003, 0xC01D, 0x00FF, 0x4242};
static const uint16_t suites13[] = {0x1301, 0xC02F};
static const uint16_t groups[] = {29, 23};
static const uint16_t schemes[] = {0x0804, 0x0401};
static const char *const alpn[] = {"h2", "http/1.1"};

static struct slu_hello asked(uint16_t version)
{
	const bool tls13 = version == SLU_TLS_1_3;

	return (struct slu_hello){
		.version = version,
		.suites = tls13 ? suites13 : suites,
		.nsuites = tls13 ? sizeof suites13 / 2 : sizeof suites / 2,
		.groups = groups,
		.ngroups = 2,
		.schemes = schemes,
		.nschemes = 2,
		.server_name = "a.example",
		.alpn = alpn,
		.nalpn = 2,
		.with = SLU_WITH_EMS | SLU_WITH_MAX_FRAGMENT | SLU_WITH_STATUS,
		.random = {9, 9, 9},
	};
}

/* ---- what is answered ---- */

struct out {
	uint8_t data[8192];
	size_t n;
};

static void put(struct out *o, const void *data, size_t n)
{
	assert_true(n <= sizeof o->data - o->n);
	if (n)
		memcpy(o->data + o->n, data, n);
	o->n += n;
}

static void put_message(struct out *o, uint8_t type, const void *body, size_t n)
{
	const uint8_t header[4] = {type, 0, (uint8_t)(n >> 8), (uint8_t)n};

	put(o, header, sizeof header);
	put(o, body, n);
}

#define MESSAGE(o, type, body) put_message(o, type, body, sizeof(body) - 1)

/* Its messages in records of n bytes. */
static void put_records(struct out *o, uint8_t type, const void *data, size_t len, size_t n)
{
	for (size_t at = 0; at < len; at += n) {
		const size_t k = len - at < n ? len - at : n;
		const uint8_t header[5] = {type, 3, 3, (uint8_t)(k >> 8), (uint8_t)k};

		put(o, header, sizeof header);
		put(o, (const uint8_t *)data + at, k);
	}
}

struct hello {
	uint16_t version, suite;
	const char *extensions; /* with the length of them all */
	size_t nextensions;
	const char *random; /* NULL: zeros */
	bool session;       /* echoes that of asked() */
	uint8_t compression;
};

#define EXTENSIONS(text) .extensions = text, .nextensions = sizeof(text) - 1
#define RETRY                                                                                                          \
	"\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"                                             \
	"\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C"

static void put_hello(struct out *o, const struct hello *h)
{
	static const uint8_t zeros[32], session[33] = {32, 9, 9, 9};
	struct out body = {.n = 0};
	uint8_t number[3];

	slu_put_be16(number, h->version);
	put(&body, number, 2);
	put(&body, h->random ? (const void *)h->random : zeros, 32);
	if (h->session)
		put(&body, session, sizeof session);
	else
		put(&body, zeros, 1);
	slu_put_be16(number, h->suite);
	number[2] = h->compression;
	put(&body, number, 3);
	put(&body, h->extensions, h->nextensions);
	put_message(o, 2, body.data, body.n);
}

/* ---- reading ---- */

/* All of it in steps, from copies of the exact size, so that reading behind them is seen. */
static struct slu_hello_reader *read_steps(const struct slu_hello *h, bool whole, const void *data, size_t n,
					   size_t step)
{
	struct slu_hello_reader *r = slu_hello_reader_new(h, whole);
	int end = SLU_HELLO_MORE;

	assert_non_null(r);
	for (size_t at = 0; at < n; at += step) {
		const size_t k = n - at < step ? n - at : step;
		uint8_t *copy = malloc(k);
		const int before = end;

		assert_non_null(copy);
		memcpy(copy, (const uint8_t *)data + at, k);
		end = slu_hello_read(r, copy, k);
		free(copy);
		assert_int_equal(end, slu_hello_answer(r)->end);
		assert_true(before == SLU_HELLO_MORE || before == end);
	}
	return r;
}

static void assert_same(const struct slu_hello_reader *x, const struct slu_hello_reader *y)
{
	const struct slu_hello_answer *a = slu_hello_answer(x), *b = slu_hello_answer(y);

	assert_int_equal(a->end, b->end);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->suite, b->suite);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->scheme, b->scheme);
	assert_int_equal(a->with, b->with);
	assert_int_equal(a->ncertificates, b->ncertificates);
	assert_string_equal(a->wrong, b->wrong);
}

/* The records, in one piece; every other step has to say the same. */
static struct slu_hello_reader *read_data(const struct slu_hello *h, bool whole, const void *data, size_t n)
{
	struct slu_hello_reader *r = read_steps(h, whole, data, n, n ? n : 1);

	for (size_t step = 1; step < 9; step++) {
		struct slu_hello_reader *other = read_steps(h, whole, data, n, step);

		assert_same(r, other);
		slu_hello_reader_free(other);
	}
	return r;
}

/* Messages, in records of every size up to 12 bytes, and in one. */
static struct slu_hello_reader *read_out(const struct slu_hello *h, bool whole, const struct out *o)
{
	struct slu_hello_reader *r;
	struct out records;

	for (size_t n = 1; n < 12; n++) {
		records.n = 0;
		put_records(&records, 22, o->data, o->n, n);
		r = read_data(h, whole, records.data, records.n);
		if (n == 11)
			break;
		slu_hello_reader_free(r);
	}
	records.n = 0;
	put_records(&records, 22, o->data, o->n, 16384);
	{
		struct slu_hello_reader *one = read_data(h, whole, records.data, records.n);

		assert_same(r, one);
		slu_hello_reader_free(one);
	}
	return r;
}

static const struct slu_hello_answer *answer(struct slu_hello_reader *r, enum slu_hello_end end)
{
	const struct slu_hello_answer *a = slu_hello_answer(r);

	if (a->end != end)
		fail_msg("ended as %d, not %d: %s", a->end, end, a->wrong);
	assert_int_equal(*a->wrong != 0, end == SLU_HELLO_MALFORMED || end == SLU_HELLO_NOT_TLS);
	return a;
}

static void assert_wrong(struct slu_hello_reader *r, enum slu_hello_end end, const char *wrong)
{
	assert_string_equal(answer(r, end)->wrong, wrong);
	slu_hello_reader_free(r);
}

/* ---- ServerHello ---- */

static void server_hello_with_all(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_2,
				    .suite = 0xC02F,
				    .random = "aaaaaaaaaaaaaaaaaaaaaaaaDOWNGRD\1",
				    EXTENSIONS("\0\x2b\0\0\0\0\xff\1\0\1\0\0\x17\0\0\0\1\0\1\4\0\5\0\0\0\x10\0\x0b\0"
					       "\x09\x08http/1.1\0\x0b\0\2\1\0")};
	const struct slu_hello_answer *a;
	struct slu_hello_reader *r;
	struct out o = {.n = 0};

	(void)state;
	put_hello(&o, &hello);
	r = read_out(&h, false, &o);
	a = answer(r, SLU_HELLO_CHOSEN);
	assert_int_equal(a->version, SLU_TLS_1_2);
	assert_int_equal(a->suite, 0xC02F);
	assert_int_equal(a->with, SLU_WITH_EMS | SLU_WITH_RENEGOTIATION | SLU_WITH_MAX_FRAGMENT | SLU_WITH_STATUS);
	assert_int_equal(a->max_fragment, 4);
	assert_true(a->server_name_taken);
	assert_string_equal(a->alpn, "http/1.1");
	assert_int_equal(a->downgrade, SLU_DOWNGRADE_TLS12);
	assert_int_equal(a->group | a->scheme | a->dh_bits | a->compression, 0);
	slu_hello_reader_free(r);
}

static void retry_names_suite_and_group(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_3);
	const struct hello hello = {.version = SLU_TLS_1_2,
				    .suite = 0x1301,
				    .random = RETRY,
				    .session = true,
				    EXTENSIONS("\0\x13\0\x2b\0\2\3\4\0\x33\0\2\0\x17\0\x2c\0\3\0\1x")};
	const struct slu_hello_answer *a;
	struct slu_hello_reader *r;
	struct out o = {.n = 0};

	(void)state;
	put_hello(&o, &hello);
	r = read_out(&h, true, &o);
	a = answer(r, SLU_HELLO_RETRY);
	assert_int_equal(a->version, SLU_TLS_1_3);
	assert_int_equal(a->suite, 0x1301);
	assert_int_equal(a->group, 23);
	assert_true(a->cookie);
	slu_hello_reader_free(r);
}

static void rules_of_server_hello(void **state)
{
	enum { V10 = SLU_TLS_1_0, V12 = SLU_TLS_1_2, V13 = SLU_TLS_1_3 };
#define V13_ONLY "\0\x2b\0\2\3\4"
	static const struct {
		uint16_t asked;
		struct hello hello;
		const char *wrong; /* NULL: nothing */
	} rules[] = {
		{V12, {.version = V10, .suite = 0x002F}, NULL},
		{V12, {.version = V12, .suite = 0x4242}, NULL},
		{V12, {.version = V12, .suite = 0x002F, EXTENSIONS("\0\0")}, NULL},
		{V13, {.version = V12, .suite = 0xC02F}, NULL},
		{V12, {.version = 0x0305, .suite = 0x002F}, "chose version 3.5, which is none"},
		{V12, {.version = 0x0002, .suite = 0x002F}, "chose version 0.2, which is none"},
		{V10, {.version = V12, .suite = 0x002F}, "chose TLS 1.2, which was not offered in this way"},
		{V13, {.version = V13, .suite = 0x1301}, "chose TLS 1.3, which was not offered in this way"},
		{V12, {.version = V12, .suite = 0x0035}, "chose TLS_RSA_WITH_AES_256_CBC_SHA, which was not offered"},
		{V12, {.version = V12, .suite = 0xFAFA}, "chose 0xFAFA, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x00FF},
		 "chose TLS_EMPTY_RENEGOTIATION_INFO_SCSV, which is a signal and no suite"},
		{V12,
		 {.version = V10, .suite = 0xC02F},
		 "chose TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 with TLS 1.0, which does not have it"},
		{V13,
		 {.version = V12, .suite = 0x1301},
		 "chose TLS_AES_128_GCM_SHA256 with TLS 1.2, which does not have it"},
		{V12,
		 {.version = V12, .suite = 0x002F, .compression = 1},
		 "chose compression method 1, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\4\0\x23\0\0")},
		 "sent extension 35, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\6" V13_ONLY)},
		 "sent extension 43, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\4\xfa\xfa\0\0")},
		 "sent extension 64250, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\x08\0\x17\0\0\0\x17\0\0")},
		 "sent extension 23 twice"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\x0a\xff\1\0\1\0\xff\1\0\1\0")},
		 "sent extension 65281 twice"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\5\0\x17\0\1x")},
		 "sent extension 23 with content, of which it has none in a ServerHello"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\5\0\1\0\1\3")},
		 "agreed to another maximal fragment length than it was asked for"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\6\xff\1\0\2\1x")},
		 "answered a first handshake as if it renewed another"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\x09\0\x10\0\5\0\3\2h3")},
		 "chose the protocol 'h3' with ALPN, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\x09\0\x10\0\5\0\3\2\xff\0")},
		 "chose the protocol '\\xFF\\x00' with ALPN, which was not offered"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\x0c\0\x10\0\x08\0\6\2h2\2h2")},
		 "chose a protocol with ALPN in a malformed way"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\5\0\x17\0\0")},
		 "sent a ServerHello whose extensions do not fit into it"},
		{V12,
		 {.version = V12, .suite = 0x002F, EXTENSIONS("\0\4\0\x17\0\1")},
		 "sent a ServerHello with an extension that does not fit into it"},
		{V12, {.version = V12, .suite = 0x002F, .random = RETRY}, "sent a HelloRetryRequest of TLS 1.2"},
		{V13,
		 {.version = V12, .suite = 0x1301, .session = true, EXTENSIONS("\0\6" V13_ONLY)},
		 "chose TLS 1.3 without asking for a key"},
		{V13,
		 {.version = V12, .suite = 0x1301, .random = RETRY, EXTENSIONS("\0\6" V13_ONLY)},
		 "did not echo the session id, as TLS 1.3 has it"},
		{V13,
		 {.version = V12, .suite = 0x1301, .random = RETRY, .session = true, EXTENSIONS("\0\6" V13_ONLY)},
		 "sent a HelloRetryRequest that asks for nothing"},
		{V13,
		 {.version = V12,
		  .suite = 0x1301,
		  .random = RETRY,
		  .session = true,
		  EXTENSIONS("\0\x0c" V13_ONLY "\0\x33\0\2\0\x18")},
		 "asked for a key of secp384r1, which was not offered"},
		{V13,
		 {.version = V12,
		  .suite = 0x1301,
		  .random = RETRY,
		  .session = true,
		  EXTENSIONS("\0\x0a" V13_ONLY "\0\0\0\0")},
		 "sent extension 0, which was not offered"},
		{V13,
		 {.version = V12, .suite = 0xC02F, .session = true, EXTENSIONS("\0\x0c\0\x2b\0\2\3\3\0\x33\0\2\0\x17")},
		 "chose TLS 1.2, which was not offered in this way"},
		{V13,
		 {.version = V12, .suite = 0xC02F, EXTENSIONS("\0\6\0\x33\0\2\0\x17")},
		 "sent key_share with TLS 1.2"},
		{V13,
		 {.version = V12,
		  .suite = 0x1301,
		  .random = RETRY,
		  .session = true,
		  EXTENSIONS("\0\x0d" V13_ONLY "\0\x33\0\3\0\x17x")},
		 "sent a malformed key_share"},
		{V13,
		 {.version = V12,
		  .suite = 0x1301,
		  .random = RETRY,
		  .session = true,
		  EXTENSIONS("\0\x0b" V13_ONLY "\0\x33\0\1\0")},
		 "sent a malformed key_share"},
		{V13,
		 {.version = V12, .suite = 0x1301, .random = RETRY, .session = true, EXTENSIONS("\0\7\0\x2b\0\3\3\4x")},
		 "sent malformed supported_versions"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct slu_hello h = asked(rules[i].asked);
		struct slu_hello_reader *r;
		struct out o = {.n = 0};

		put_hello(&o, &rules[i].hello);
		r = read_out(&h, false, &o);
		assert_int_equal(slu_hello_answer(r)->suite, rules[i].hello.suite);
		assert_wrong(r, rules[i].wrong ? SLU_HELLO_MALFORMED : SLU_HELLO_CHOSEN,
			     rules[i].wrong ? rules[i].wrong : "");
	}
}

/* Without extensions, none may come back. */
static void no_extensions_asked_none_answered(void **state)
{
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0x002F, EXTENSIONS("\0\4\0\x17\0\0")};
	struct slu_hello h = asked(SLU_TLS_1_2);
	struct out o = {.n = 0};

	(void)state;
	h.with |= SLU_WITHOUT_EXTENSIONS;
	put_hello(&o, &hello);
	assert_wrong(read_out(&h, false, &o), SLU_HELLO_MALFORMED, "sent extension 23, which was not offered");
}

/* ---- the flight ---- */

#define CERTIFICATES "\0\0\x09\0\0\3abc\0\0\0"
#define CURVE        "\3\0\x1d\1k"
#define SIGNATURE    "\x08\4\0\1s"

/* What a server says of suite: SKE and the like are (type, text), all with their lengths. */
struct step {
	uint8_t type;
	const char *body;
	size_t n;
};
#define STEP(type, body)                                                                                               \
	{                                                                                                              \
		type, body, sizeof(body) - 1                                                                           \
	}

struct talk {
	uint16_t version, suite;
	struct step steps[6];
	const char *wrong; /* NULL: CHOSEN */
};

static struct slu_hello_reader *talk(const struct talk *t)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = t->version, .suite = t->suite};
	struct out o = {.n = 0};

	put_hello(&o, &hello);
	for (size_t i = 0; i < 6 && t->steps[i].body; i++)
		put_message(&o, t->steps[i].type, t->steps[i].body, t->steps[i].n);
	return read_out(&h, true, &o);
}

static void flights(void **state)
{
	enum { V10 = SLU_TLS_1_0, V12 = SLU_TLS_1_2 };
#define CERTIFICATE STEP(11, "\0\0\6\0\0\3abc")
#define DONE        STEP(14, "")
	static const struct talk talks[] = {
		{V12, 0xC02F, {CERTIFICATE, STEP(12, CURVE SIGNATURE), DONE}, NULL},
		{V12, 0xC02F, {STEP(0, ""), CERTIFICATE, STEP(0, ""), STEP(12, CURVE SIGNATURE), DONE}, NULL},
		{V12, 0x009E, {CERTIFICATE, STEP(12, "\0\1\x17\0\1\2\0\1\3" SIGNATURE), DONE}, NULL},
		{V12, 0x002F, {CERTIFICATE, STEP(13, "\1\1\0\2\4\1\0\0"), DONE}, NULL},
		{V10, 0x002F, {CERTIFICATE, STEP(13, "\1\1\0\0"), DONE}, NULL},
		{V10, 0x0003, {CERTIFICATE, STEP(12, "\0\1\7\0\1\3\0\2ss"), DONE}, NULL},
		{V12, 0x0018, {STEP(12, "\0\1\x17\0\1\2\0\1\3"), DONE}, NULL},
		{V12, 0xC018, {STEP(12, CURVE), DONE}, NULL},
		{V12, 0x008C, {DONE}, NULL},
		{V12, 0x008C, {STEP(12, "\0\0"), DONE}, NULL},
		{V12, 0x0090, {STEP(12, "\0\4hint\0\1\x17\0\1\2\0\1\3"), DONE}, NULL},
		{V12, 0x0094, {CERTIFICATE, STEP(12, "\0\4hint"), DONE}, NULL},
		{V12, 0xC01D, {STEP(12, "\0\1\x17\0\1\2\1s\0\1\3"), DONE}, NULL},
		{V12, 0x4242, {CERTIFICATE, STEP(12, "whatever"), DONE}, NULL},

		{V12, 0xC02F, {CERTIFICATE, DONE}, "sent no key with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{V12, 0x002F, {DONE}, "sent no certificate with TLS_RSA_WITH_AES_128_CBC_SHA"},
		{V12, 0x002F, {CERTIFICATE, CERTIFICATE}, "sent Certificate after Certificate"},
		{V12, 0x002F, {STEP(13, "\1\1\0\2\4\1\0\0"), CERTIFICATE}, "sent Certificate after CertificateRequest"},
		{V12,
		 0x002F,
		 {CERTIFICATE, STEP(12, "x")},
		 "sent ServerKeyExchange, which TLS_RSA_WITH_AES_128_CBC_SHA does not have"},
		{V12, 0x002F, {CERTIFICATE, STEP(14, "x")}, "sent ServerHelloDone with content"},
		{V12, 0x002F, {STEP(11, "\0\0\0")}, "sent an empty list of certificates"},
		{V12, 0x002F, {STEP(11, "\0\0\7\0\0\3abc")}, "sent a malformed list of certificates"},
		{V12, 0x002F, {STEP(11, "\0\0\6\0\0\4abc")}, "sent a malformed list of certificates"},
		{V12, 0x002F, {STEP(11, "\0\0\3\0\0\0")}, "sent a malformed list of certificates"},
		{V12, 0x0018, {CERTIFICATE}, "sent a certificate with TLS_DH_anon_WITH_RC4_128_MD5"},
		{V12,
		 0x0018,
		 {STEP(13, "\1\1\0\2\4\1\0\0")},
		 "asked for a certificate with TLS_DH_anon_WITH_RC4_128_MD5"},
		{V12, 0x002F, {CERTIFICATE, STEP(13, "\1\1\0\0")}, "sent a malformed CertificateRequest"},
		{V12, 0x002F, {CERTIFICATE, STEP(22, "\1\0\0\1x")}, "sent CertificateStatus without having agreed to"},
		{V12,
		 0xC02F,
		 {CERTIFICATE, STEP(12, "\3\0\x18\1k" SIGNATURE)},
		 "chose the group secp384r1, which was not offered"},
		{V12,
		 0xC02F,
		 {CERTIFICATE, STEP(12, "\1xxx")},
		 "chose the group arbitrary_explicit_prime_curves, which was not offered"},
		{V12, 0xC02F, {CERTIFICATE, STEP(12, "\4xxx")}, "sent a ServerKeyExchange with a malformed curve"},
		{V12, 0xC02F, {CERTIFICATE, STEP(12, "\3\0\x1d\0" SIGNATURE)}, "sent a malformed ServerKeyExchange"},
		{V12,
		 0xC02F,
		 {CERTIFICATE, STEP(12, CURVE "\4\3\0\1s")},
		 "signed with ecdsa_secp256r1_sha256, which was not offered"},
		{V12,
		 0xC02F,
		 {CERTIFICATE, STEP(12, CURVE SIGNATURE "s")},
		 "sent a ServerKeyExchange whose signature does not fit into it"},
		{V12,
		 0xC02F,
		 {CERTIFICATE, STEP(12, CURVE)},
		 "sent a ServerKeyExchange whose signature does not fit into it"},
		{V12, 0xC018, {STEP(12, CURVE "s")}, "sent a malformed ServerKeyExchange"},
		{V12,
		 0x009E,
		 {CERTIFICATE, STEP(12, "\0\0\0\1\2\0\1\3" SIGNATURE)},
		 "sent a malformed ServerKeyExchange"},
		{V12,
		 0x002F,
		 {STEP(20, "x")},
		 "sent a handshake message of type 20 where one of its first flight belongs"},
		{V12, 0x009E, {CERTIFICATE, STEP(12, "\0\xff\1\0\1\2\0\1\3")}, "sent a malformed ServerKeyExchange"},
		{V12, 0x0094, {CERTIFICATE, STEP(12, "\0\4hintx")}, "sent a malformed ServerKeyExchange"},
		{V12, 0x002F, {STEP(2, "x")}, "sent ServerHello after ServerHello"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof talks / sizeof *talks; i++)
		assert_wrong(talk(&talks[i]), talks[i].wrong ? SLU_HELLO_MALFORMED : SLU_HELLO_CHOSEN,
			     talks[i].wrong ? talks[i].wrong : "");
}

static void what_a_flight_tells(void **state)
{
	static const struct talk curve = {
		SLU_TLS_1_2,
		0xC02F,
		{STEP(11, "\0\0\x0b\0\0\3abc\0\0\2de"), STEP(12, CURVE SIGNATURE), STEP(13, "\1\1\0\2\4\1\0\0"), DONE},
		NULL};
	static const struct talk prime = {
		SLU_TLS_1_2, 0x009E, {CERTIFICATE, STEP(12, "\0\3\0\1\x17\0\1\2\0\1\3" SIGNATURE), DONE}, NULL};
	struct slu_hello_reader *r = talk(&curve);
	const struct slu_hello_answer *a = answer(r, SLU_HELLO_CHOSEN);

	(void)state;
	assert_int_equal(a->group, 29);
	assert_int_equal(a->scheme, 0x0804);
	assert_int_equal(a->dh_bits, 0);
	assert_true(a->client_certificate);
	assert_int_equal(a->ncertificates, 2);
	assert_int_equal(a->certificates[0].len, 3);
	assert_memory_equal(a->certificates[0].der, "abc", 3);
	assert_int_equal(a->certificates[1].len, 2);
	assert_memory_equal(a->certificates[1].der, "de", 2);
	slu_hello_reader_free(r);
	r = talk(&prime);
	a = answer(r, SLU_HELLO_CHOSEN);
	assert_int_equal(a->dh_bits, 9);
	assert_int_equal(a->group, 0);
	slu_hello_reader_free(r);
}

static void certificate_status(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0x002F, EXTENSIONS("\0\4\0\5\0\0")};
	struct slu_hello_reader *r;
	struct out o = {.n = 0};

	(void)state;
	put_hello(&o, &hello);
	MESSAGE(&o, 11, "\0\0\6\0\0\3abc");
	MESSAGE(&o, 22, "\1\0\0\2xy");
	MESSAGE(&o, 14, "");
	r = read_out(&h, true, &o);
	assert_true(answer(r, SLU_HELLO_CHOSEN)->stapled);
	slu_hello_reader_free(r);
}

static void status_that_does_not_fit(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0x002F, EXTENSIONS("\0\4\0\5\0\0")};
	struct out o = {.n = 0};

	(void)state;
	put_hello(&o, &hello);
	MESSAGE(&o, 11, "\0\0\6\0\0\3abc");
	MESSAGE(&o, 22, "\1\0\0\3xy");
	assert_wrong(read_out(&h, true, &o), SLU_HELLO_MALFORMED, "sent a malformed CertificateStatus");
}

/* To one who named no groups, a server may describe a curve of its own. */
static void own_curve(void **state)
{
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0xC02F};
	struct slu_hello h = asked(SLU_TLS_1_2);
	struct slu_hello_reader *r;
	struct out o = {.n = 0};

	(void)state;
	h.ngroups = 0;
	put_hello(&o, &hello);
	MESSAGE(&o, 11, "\0\0\6\0\0\3abc");
	MESSAGE(&o, 12, "\2whatever it is");
	MESSAGE(&o, 14, "");
	r = read_out(&h, true, &o);
	assert_int_equal(answer(r, SLU_HELLO_CHOSEN)->group, 0xFF02);
	slu_hello_reader_free(r);
}

/* What has no room is cut, and not within an escape. */
static void long_protocol(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	static char extensions[2 + 4 + 2 + 1 + 255] = "\1\6\0\x10\1\2\1\0\xff";
	const struct hello hello = {
		.version = SLU_TLS_1_2, .suite = 0x002F, .extensions = extensions, .nextensions = sizeof extensions};
	struct slu_hello_reader *r;
	struct out o = {.n = 0};
	char want[64] = "";

	(void)state;
	memset(extensions + 9, 1, 255);
	for (int i = 0; i < 15; i++)
		strcat(want, "\\x01");
	put_hello(&o, &hello);
	r = read_out(&h, true, &o);
	assert_string_equal(answer(r, SLU_HELLO_MALFORMED)->alpn, want);
	slu_hello_reader_free(r);
}

static void keeps_twelve_certificates(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0x002F};
	struct out o = {.n = 0}, list = {.n = 0};
	struct slu_hello_reader *r;

	(void)state;
	put(&list, "\0\0\x50", 3);
	for (char i = 0; i < 20; i++)
		put(&list, (char[]){0, 0, 1, (char)('a' + i)}, 4);
	put_hello(&o, &hello);
	put_message(&o, 11, list.data, list.n);
	MESSAGE(&o, 14, "");
	r = read_out(&h, true, &o);
	assert_int_equal(answer(r, SLU_HELLO_CHOSEN)->ncertificates, SLU_HELLO_CERTIFICATES);
	assert_int_equal(*slu_hello_answer(r)->certificates[11].der, 'l');
	slu_hello_reader_free(r);
}

/* ---- records and alerts ---- */

static void assert_data(uint16_t version, const void *data, size_t n, enum slu_hello_end end, const char *wrong)
{
	const struct slu_hello h = asked(version);

	assert_wrong(read_data(&h, true, data, n), end, wrong);
}
#define DATA(bytes, end, wrong) assert_data(SLU_TLS_1_2, bytes, sizeof(bytes) - 1, end, wrong)

static void rules_of_records(void **state)
{
	(void)state;
	DATA("\x17\3\3\0\1x", SLU_HELLO_MALFORMED, "sent data amid its hello");
	DATA("\x14\3\3\0\1\1", SLU_HELLO_MALFORMED, "sent ChangeCipherSpec amid its hello");
	DATA("\x18\3\3\0\1\1", SLU_HELLO_MALFORMED, "sent a heartbeat amid its hello");
	DATA("\x16\3\3\0\0", SLU_HELLO_MALFORMED, "sent an empty record");
	DATA("\x16\3\3\x40\1", SLU_HELLO_MALFORMED, "sent a record of 16385 bytes, more than TLS allows");
	DATA("\x16\3\3\x40\0", SLU_HELLO_MORE, "");
	DATA("\x15\3\3\0\2\1\x70\x19\3\3\0\1x", SLU_HELLO_MALFORMED, "sent a record of type 25");
	DATA("\x15\3\3\0\2\1\x70\x16\4\3\0\1x", SLU_HELLO_MALFORMED, "sent a record of version 4.3");
	DATA("\x16\3\3\0\4\2\2\0\1", SLU_HELLO_MALFORMED, "announced a handshake message of 131073 bytes");
	DATA("\x16\3\3\0\4\2\2\0\0", SLU_HELLO_MORE, "");
	DATA("\x16\3\3\0\4\x0b\0\0\1", SLU_HELLO_MALFORMED, "sent Certificate before ServerHello");
	DATA("\x16\3\3\0\4\1\0\0\1", SLU_HELLO_MALFORMED,
	     "sent a handshake message of type 1 where ServerHello belongs");
	DATA("\x16\3\3\0\4\2\0\0\0", SLU_HELLO_MALFORMED, "sent a malformed ServerHello");
	DATA("\x15\3\3\0\2\3\x28", SLU_HELLO_MALFORMED, "sent an alert of level 3");
}

static void alerts(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_1, .suite = 0x002F};
	struct out o = {.n = 0}, message = {.n = 0};
	const struct slu_hello_answer *a;
	struct slu_hello_reader *r;

	(void)state;
	r = read_data(&h, true, "\x15\3\1\0\1\2\x15\3\1\0\1\x28", 12); /* split over two records */
	a = answer(r, SLU_HELLO_ALERT);
	assert_int_equal(a->alert_level, 2);
	assert_int_equal(a->alert, 40);
	assert_int_equal(a->version, SLU_TLS_1_0);
	slu_hello_reader_free(r);
	r = read_data(&h, true, "\x15\3\1\0\4\1\x70\1\0", 9); /* two in one record: a warning, and close_notify */
	a = answer(r, SLU_HELLO_ALERT);
	assert_int_equal(a->alert_level, 1);
	assert_int_equal(a->alert, 0);
	assert_true(a->warned);
	assert_int_equal(a->warning, 112);
	slu_hello_reader_free(r);

	/* A warning, half a ServerHello, and then a fatal alert amid it; and behind it. */
	put_hello(&message, &hello);
	for (size_t n = message.n - 1; n <= message.n; n++) {
		o.n = 0;
		put_records(&o, 21, "\1\x70", 2, 1);
		put_records(&o, 22, message.data, n, 7);
		put_records(&o, 21, "\2\x50", 2, 1);
		r = read_data(&h, true, o.data, o.n);
		a = answer(r, SLU_HELLO_ALERT);
		assert_int_equal(a->alert, 80);
		assert_int_equal(a->suite, n == message.n ? 0x002F : 0);
		assert_int_equal(a->version, n == message.n ? SLU_TLS_1_1 : SLU_TLS_1_2);
		slu_hello_reader_free(r);
	}
}

/* Warnings, and nothing else: it is enough at some point. */
static void takes_so_much(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	struct slu_hello_reader *a = slu_hello_reader_new(&h, true), *b = slu_hello_reader_new(&h, true);
	static uint8_t data[SLU_HELLO_MOST + 7];
	size_t i;

	(void)state;
	assert_true(a && b);
	for (i = 0; i + 7 <= sizeof data; i += 7)
		memcpy(data + i, "\x15\3\3\0\2\1\x70", 7);
	assert_int_equal(slu_hello_read(a, data, SLU_HELLO_MOST), SLU_HELLO_MORE);
	assert_int_equal(slu_hello_read(a, data + SLU_HELLO_MOST, 0), SLU_HELLO_MORE);
	assert_int_equal(slu_hello_read(a, data + SLU_HELLO_MOST, 1), SLU_HELLO_MALFORMED);
	assert_int_equal(slu_hello_read(b, data, sizeof data), SLU_HELLO_MALFORMED);
	assert_int_equal(slu_hello_answer(b)->bytes, sizeof data);
	slu_hello_reader_free(a);
	assert_wrong(b, SLU_HELLO_MALFORMED, "sent more than 131072 bytes without coming to an end");
}

/* What is announced is not reserved. */
static void stores_what_came(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	struct slu_hello_reader *r = slu_hello_reader_new(&h, true);

	(void)state;
	assert_non_null(r);
	alloc_fail_at(-1);
	assert_int_equal(slu_hello_read(r, "\x16\3\3\x40\0\2\2\0\0", 9), SLU_HELLO_MORE);
	assert_true(alloc_fail_bytes() <= 256);
	slu_hello_reader_free(r);
}

/* ---- ends ---- */

static int ended(const void *data, size_t n, enum slu_hello_end how)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	struct slu_hello_reader *r = read_data(&h, true, data, n);
	int end = slu_hello_ended(r, how);

	assert_int_equal(slu_hello_answer(r)->end, end);
	assert_int_equal(slu_hello_ended(r, SLU_HELLO_RESET), end);
	assert_int_equal(slu_hello_read(r, "\x15\3\1\0\2\2\x28", 7), end);
	slu_hello_reader_free(r);
	return end;
}

static void ends(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0x002F};
	struct out message = {.n = 0}, o = {.n = 0};
	struct slu_hello_reader *r;

	(void)state;
	assert_int_equal(ended("", 0, SLU_HELLO_CLOSED), SLU_HELLO_CLOSED);
	assert_int_equal(ended("", 0, SLU_HELLO_SILENT), SLU_HELLO_SILENT);
	assert_int_equal(ended("\x16", 1, SLU_HELLO_RESET), SLU_HELLO_RESET);
	assert_int_equal(ended("\x16\3\3\0", 4, SLU_HELLO_CLOSED), SLU_HELLO_CLOSED);
	assert_int_equal(ended("\x15\3\3\0\2\2\x28", 7, SLU_HELLO_CLOSED), SLU_HELLO_ALERT);
	assert_int_equal(ended("\x15\3\3\0\2\1\x28", 7, SLU_HELLO_CLOSED), SLU_HELLO_ALERT); /* it meant that */
	assert_int_equal(ended("\x15\3\3\0\2\1\x28", 7, SLU_HELLO_SILENT), SLU_HELLO_SILENT);
	assert_int_equal(ended("HT", 2, SLU_HELLO_CLOSED), SLU_HELLO_NOT_TLS);
	/* The choice stays known. */
	put_hello(&message, &hello);
	put_records(&o, 22, message.data, message.n, 99);
	r = read_data(&h, true, o.data, o.n);
	assert_int_equal(slu_hello_ended(r, SLU_HELLO_SILENT), SLU_HELLO_SILENT);
	assert_int_equal(slu_hello_answer(r)->suite, 0x002F);
	slu_hello_reader_free(r);
}

static void not_tls(void **state)
{
	static const struct {
		const char *data;
		size_t n;
		bool at_once; /* or when the stream ends */
		const char *wrong;
	} seen[] = {
#define SEEN(data, at_once, wrong) {data, sizeof(data) - 1, at_once, wrong}
		SEEN("HTTP/1.1 400 Bad Request\r\n", true, "answered in HTTP, without TLS"),
		SEEN("<html>", true, "answered with a page of HTML, without TLS"),
		SEEN("SSH-2.0-x\r\n", true, "greeted as an SSH server does"),
		SEEN("220 mail", true, "greeted as a mail or FTP server does, without TLS"),
		SEEN("RTSP/1.0", true, "answered in RTSP, without TLS"),
		SEEN("\3", true, "answered with what may be RTMP without TLS"),
		SEEN("\x80\3\0\0\1", true, "answered in SSL 2.0"),
		SEEN("\x80\x2e\4\0\1\0\2", true, "answered in SSL 2.0"),
		SEEN("\x80\x2e\5\0\1\0\2\0", true, "answered with bytes that are no TLS: 80 2e 05 00 01 00 02 00"),
		SEEN("\x80\x2e", false, "answered with bytes that are no TLS: 80 2e"),
		SEEN("hello\r\nthere", true, "answered 'hello', which is no TLS"),
		SEEN("hello", false, "answered 'hello', which is no TLS"),
		SEEN("HTT", false, "answered 'HTT', which is no TLS"),
		SEEN("0123456789012345678901234567890123456789012345678901", true,
		     "answered '012345678901234567890123456789012345678901234567', which is no TLS"),
		SEEN("\x4a\0\0\0\x0a"
		     "8.0",
		     true, "answered with bytes that are no TLS: 4a 00 00 00 0a 38 2e 30"),
		SEEN("0123456789\1", true, "answered with bytes that are no TLS: 30 31 32 33 34 35 36 37"),
		SEEN("\x16\2", false, "answered with bytes that are no TLS: 16 02"),
		SEEN("\x40\2\4\0\0\0\0\0", true, "answered with bytes that are no TLS: 40 02 04 00 00 00 00 00"),
		SEEN("\r\n", false, "answered with bytes that are no TLS: 0d 0a"),
	};
	const struct slu_hello h = asked(SLU_TLS_1_2);

	(void)state;
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
		struct slu_hello_reader *r = read_data(&h, true, seen[i].data, seen[i].n);

		answer(r, seen[i].at_once ? SLU_HELLO_NOT_TLS : SLU_HELLO_MORE);
		slu_hello_ended(r, SLU_HELLO_CLOSED);
		assert_wrong(r, SLU_HELLO_NOT_TLS, seen[i].wrong);
	}
}

/* ---- memory ---- */

static void survives_without_memory(void **state)
{
	const struct slu_hello h = asked(SLU_TLS_1_2);
	const struct hello hello = {.version = SLU_TLS_1_2, .suite = 0x002F};
	struct out o = {.n = 0}, records = {.n = 0};
	static char big[1000] = "\0\3\xe5\0\3\xe2";
	bool refused = false, forgot = false;

	(void)state;
	put_hello(&o, &hello);
	put_message(&o, 11, big, sizeof big);
	MESSAGE(&o, 14, "");
	put_records(&records, 22, o.data, o.n, 100);
	for (long n = 0, failed = 1; failed; n++) {
		struct slu_hello_reader *r;
		int end;

		alloc_fail_at(n);
		r = slu_hello_reader_new(&h, true);
		end = r ? slu_hello_read(r, records.data, records.n) : SLU_ERR_NOMEM;
		failed = alloc_fail_end();
		assert_int_equal(end, failed ? SLU_ERR_NOMEM : SLU_HELLO_CHOSEN);
		if (r && failed) {
			assert_int_equal(slu_hello_read(r, "", 0), SLU_ERR_NOMEM);
			assert_int_equal(slu_hello_ended(r, SLU_HELLO_CLOSED), SLU_ERR_NOMEM);
		}
		refused |= !r;
		forgot |= r && failed;
		slu_hello_reader_free(r);
	}
	assert_true(refused && forgot);
	slu_hello_reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_hello_with_all),
		cmocka_unit_test(retry_names_suite_and_group),
		cmocka_unit_test(rules_of_server_hello),
		cmocka_unit_test(no_extensions_asked_none_answered),
		cmocka_unit_test(flights),
		cmocka_unit_test(what_a_flight_tells),
		cmocka_unit_test(certificate_status),
		cmocka_unit_test(status_that_does_not_fit),
		cmocka_unit_test(own_curve),
		cmocka_unit_test(long_protocol),
		cmocka_unit_test(keeps_twelve_certificates),
		cmocka_unit_test(rules_of_records),
		cmocka_unit_test(alerts),
		cmocka_unit_test(takes_so_much),
		cmocka_unit_test(stores_what_came),
		cmocka_unit_test(ends),
		cmocka_unit_test(not_tls),
		cmocka_unit_test(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
