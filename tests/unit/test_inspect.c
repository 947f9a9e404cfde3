/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/opensslv.h>

#include "inspect_kit.h"
#include "tls_kit.h"

enum { TLS10 = 0x0301, TLS11, TLS12, TLS13 };

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

/* What is to be done, or the test fails with what the inspection says. */
static const struct slu_inspect_result *done(const struct slu_inspect *i)
{
	const struct slu_inspect_result *r = slu_inspect_result(i);

	assert_string_equal(r->sentence, "");
	assert_true(r->done && !r->failed && !r->lacks);
	assert_int_equal(r->alert, -1);
	return r;
}

static const struct slu_inspect_result *failed(const struct slu_inspect *i, const char *sentence)
{
	const struct slu_inspect_result *r = slu_inspect_result(i);

	assert_true(r->failed);
	has(r->sentence, sentence);
	return r;
}

static void versions_and_suites(void **state)
{
	static const struct {
		uint16_t version, suite;
	} all[] = {
		{TLS10, 0xC009}, {TLS11, 0xC00A}, {TLS12, 0xC009}, {TLS12, 0xC023}, {TLS12, 0xC02B},
		{TLS12, 0xC02C}, {TLS12, 0xCCA9}, {TLS12, 0xC006}, {TLS13, 0x1301}, {TLS13, 0x1302},
		{TLS13, 0x1303}, {TLS13, 0x1304}, {TLS13, 0x1305},
	};
	SSL_CTX *s = inspect_server();

	(void)state;
	assert_int_equal(SSL_CTX_set_ciphersuites(s, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
						     "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
						     "TLS_AES_128_CCM_8_SHA256"),
			 1);
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		struct slu_inspect *i =
			inspect(s, &(struct slu_inspect_config){
					   .host = "live.example", .version = all[k].version, .suite = all[k].suite});

		assert_int_equal(done(i)->version, all[k].version);
		assert_int_equal(done(i)->suite, all[k].suite);
		assert_false(done(i)->retry);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

/* In the order in which they are named, and no others: a server that goes by the client's takes the first that it has.
 */
static void suites_of_tls13(void **state)
{
	static const uint16_t lists[][3] = {
		{0x1303, 0x1302, 0x1301}, {0x1301, 0x1303, 0x1302}, {0x1305, 0x1302, 0x1301}};
	static const uint16_t taken[] = {0x1303, 0x1301, 0x1302};
	SSL_CTX *s = inspect_server();
	struct slu_inspect *i;

	(void)state;
	for (size_t k = 0; k < sizeof taken / sizeof *taken; k++) {
		i = inspect(s, &(struct slu_inspect_config){.version = TLS13, .suites = lists[k], .nsuites = 3});
		assert_int_equal(done(i)->suite, taken[k]);
		slu_inspect_free(i);
	}
	i = inspect(s, &(struct slu_inspect_config){.version = TLS13, .suites = lists[2], .nsuites = 1});
	assert_true(slu_inspect_result(i)->failed && !slu_inspect_result(i)->lacks);
	slu_inspect_free(i);
	SSL_CTX_free(s);
}

static void groups(void **state)
{
	static const struct {
		uint16_t version, group;
		const char *name;
	} all[] = {
		{TLS12, 23, "P-256"},
		{TLS12, 24, "P-384"},
		{TLS12, 29, "X25519"},
		{TLS13, 23, "P-256"},
		{TLS13, 24, "P-384"},
		{TLS13, 25, "P-521"},
		{TLS13, 29, "X25519"},
		{TLS13, 30, "X448"},
#if OPENSSL_VERSION_NUMBER < 0x40000000L
		{TLS12, 22, "secp256k1"},
#endif
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
		{TLS13, 256, "ffdhe2048"},
#endif
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
		{TLS13, 0x11EC, "X25519MLKEM768"},
#endif
	};
	SSL_CTX *s = inspect_server();

	(void)state;
	inspect_use_rsa(s);
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		const struct slu_inspect_config config = {.version = all[k].version,
							  .suite = all[k].version == TLS12 ? 0xC02F : 0,
							  .group = all[k].group};
		struct slu_inspect *i;

		assert_int_equal(SSL_CTX_set1_groups_list(s, all[k].name), 1);
		i = inspect(s, &config);
		assert_int_equal(done(i)->group, all[k].group);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static void another_key_share(void **state)
{
	SSL_CTX *s = inspect_server();
	struct slu_inspect *i;

	(void)state;
	assert_int_equal(SSL_CTX_set1_groups_list(s, "P-384"), 1);
	i = inspect(s, &(struct slu_inspect_config){.version = TLS13});
	assert_true(done(i)->retry);
	assert_int_equal(done(i)->group, 24);
	slu_inspect_free(i);
	SSL_CTX_free(s);
}

static void primes(void **state)
{
	SSL_CTX *s = inspect_server();
	struct slu_inspect *i;

	(void)state;
	inspect_use_rsa(s);
	i = inspect(s, &(struct slu_inspect_config){.version = TLS12, .suite = 0x009E}); /* DHE-RSA-AES128-GCM-SHA256 */
	assert_in_range(done(i)->dh_bits, 1024, 8192);
	assert_int_equal(done(i)->dh_bits % 8, 0);
	assert_int_equal(done(i)->group, 0);
	assert_int_not_equal(done(i)->scheme, 0);
	slu_inspect_free(i);
	i = inspect(s, &(struct slu_inspect_config){.version = TLS12, .suite = 0x009C}); /* AES128-GCM-SHA256 */
	assert_int_equal(done(i)->dh_bits | done(i)->group | done(i)->scheme, 0);
	slu_inspect_free(i);
	i = inspect(s, &(struct slu_inspect_config){.version = TLS12, .suite = 0xC018}); /* AECDH-AES128-SHA */
	assert_int_not_equal(done(i)->group, 0);
	assert_int_equal(done(i)->scheme, 0);
	assert_null(done(i)->chain);
	slu_inspect_free(i);
	SSL_CTX_free(s);
}

static void schemes(void **state)
{
	static const struct {
		bool rsa;
		uint16_t version, scheme;
	} all[] = {
		{false, TLS13, 0x0403}, {false, TLS12, 0x0403}, {false, TLS12, 0x0503}, {false, TLS12, 0x0203},
		{true, TLS13, 0x0804},  {true, TLS13, 0x0806},  {true, TLS12, 0x0401},  {true, TLS12, 0x0601},
		{true, TLS12, 0x0805},  {true, TLS12, 0x0201},
	};
	SSL_CTX *ecdsa = inspect_server(), *rsa = inspect_server();

	(void)state;
	inspect_use_rsa(rsa);
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		/* One that nobody knows is left out. */
		const uint16_t asked[] = {0xFEFE, all[k].scheme};
		struct slu_inspect *i = inspect(all[k].rsa ? rsa : ecdsa,
						&(struct slu_inspect_config){.version = all[k].version,
									     .suite = all[k].version == TLS13 ? 0
										      : all[k].rsa            ? 0xC02F
													      : 0xC02B,
									     .schemes = asked,
									     .nschemes = 2});

		assert_int_equal(done(i)->scheme, all[k].scheme);
		slu_inspect_free(i);
	}
	SSL_CTX_free(ecdsa);
	SSL_CTX_free(rsa);
}

/* ---- what follows or rides on it ---- */

static int limit_out(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *n, X509 *cert,
		     size_t at, int *alert, void *arg)
{
	(void)ssl, (void)type, (void)context, (void)cert, (void)at, (void)alert;
	*out = arg;
	*n = 2;
	return 1;
}

static unsigned limit_seen;

static int limit_in(SSL *ssl, unsigned type, unsigned context, const unsigned char *in, size_t n, X509 *cert, size_t at,
		    int *alert, void *arg)
{
	(void)ssl, (void)type, (void)context, (void)cert, (void)at, (void)alert, (void)arg;
	assert_int_equal(n, 2);
	limit_seen = (unsigned)in[0] << 8 | in[1];
	return 1;
}

static void record_size_limit(void **state)
{
	static unsigned char limit[2] = {0x04, 0xD2};
	SSL_CTX *s = inspect_server();

	(void)state;
	for (uint16_t version = TLS12; version <= TLS13; version++) {
		struct slu_inspect *i = inspect(s, &(struct slu_inspect_config){.version = version});

		assert_int_equal(done(i)->record_size_limit, 0);
		slu_inspect_free(i);
	}
	assert_int_equal(SSL_CTX_add_custom_ext(s, 28,
						SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO |
							SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS,
						limit_out, NULL, limit, limit_in, NULL),
			 1);
	for (uint16_t version = TLS12; version <= TLS13; version++) {
		struct slu_inspect *i = inspect(s, &(struct slu_inspect_config){.version = version});

		assert_int_equal(done(i)->record_size_limit, 1234);
		assert_int_equal(limit_seen, version == TLS13 ? 16385 : 16384);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static void tickets(void **state)
{
	SSL_CTX *s = inspect_server();

	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		struct slu_inspect *i;

		assert_int_equal(SSL_CTX_set_num_tickets(s, n), 1);
		i = inspect(s, &(struct slu_inspect_config){.version = TLS13});
		assert_int_equal(done(i)->tickets, n);
		slu_inspect_free(i);
	}
	for (int without = 0; without < 2; without++) {
		struct slu_inspect *i;

		if (without)
			SSL_CTX_set_options(s, SSL_OP_NO_TICKET);
		i = inspect(s, &(struct slu_inspect_config){.version = TLS12});
		assert_int_equal(done(i)->tickets, !without);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static void client_certificate(void **state)
{
	SSL_CTX *s = inspect_server();

	(void)state;
	for (uint16_t version = TLS11; version <= TLS13; version++) {
		const struct slu_inspect_config config = {.host = "live.example", .version = version};
		const struct slu_inspect_result *r;
		struct slu_inspect *i;

		SSL_CTX_set_verify(s, SSL_VERIFY_NONE, NULL);
		i = inspect(s, &config);
		assert_false(done(i)->client_certificate || done(i)->client_certificate_needed);
		slu_inspect_free(i);
		SSL_CTX_set_verify(s, SSL_VERIFY_PEER, NULL);
		i = inspect(s, &config);
		assert_true(done(i)->client_certificate);
		assert_false(done(i)->client_certificate_needed);
		slu_inspect_free(i);
		SSL_CTX_set_verify(s, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		i = inspect(s, &config);
		r = failed(i, version == TLS13
				      ? "live.example ended the TLS connection with the alert certificate_required"
				      : "live.example ended the TLS handshake with the alert handshake_failure");
		assert_int_equal(r->done, version == TLS13);
		assert_true(r->client_certificate && r->client_certificate_needed && !r->lacks);
		assert_int_equal(r->alert, version == TLS13 ? 116 : 40);
		assert_non_null(r->chain);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in, unsigned len,
		       void *arg)
{
	(void)ssl;
	if (!arg)
		return SSL_TLSEXT_ERR_NOACK;
	if (*(const char *)arg == '!')
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	assert_int_equal(len, 8);
	assert_memory_equal(in,
			    "\x02h2\x04"
			    "a\x1b"
			    "bc",
			    8);
	*out = in + 4;
	*n = 4;
	return SSL_TLSEXT_ERR_OK;
}

static void alpn(void **state)
{
	static const char *const names[] = {"h2", "a\x1b"
						  "bc"};
	SSL_CTX *s = inspect_server();

	(void)state;
	for (uint16_t version = TLS12; version <= TLS13; version++) {
		const struct slu_inspect_config config = {.version = version, .alpn = names, .nalpn = 2};
		struct slu_inspect *i;

		SSL_CTX_set_alpn_select_cb(s, choose_alpn, (void *)(uintptr_t) "+");
		i = inspect(s, &config);
		assert_string_equal(done(i)->alpn, "a\\x1bbc");
		slu_inspect_free(i);
		SSL_CTX_set_alpn_select_cb(s, choose_alpn, NULL);
		i = inspect(s, &config);
		assert_string_equal(done(i)->alpn, "");
		slu_inspect_free(i);
		SSL_CTX_set_alpn_select_cb(s, choose_alpn, (void *)(uintptr_t) "!");
		i = inspect(s, &config);
		assert_int_equal(failed(i, "the alert no_application_protocol")->alert, 120);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static char named[64];

static int keep_name(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert, (void)arg;
	snprintf(named, sizeof named, "%s", name ? name : "none");
	return SSL_TLSEXT_ERR_OK;
}

static void server_name(void **state)
{
	static const struct {
		const char *host;
		bool sni;
		const char *seen;
	} all[] = {
		{"live.example", true, "live.example"},
		{"live.example.", true, "live.example"},
		{"live.example", false, "none"},
		{"127.0.0.1", true, "none"},
		{"[::1]", true, "none"},
		{NULL, true, "none"},
	};
	SSL_CTX *s = inspect_server();

	(void)state;
	SSL_CTX_set_tlsext_servername_callback(s, keep_name);
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		struct slu_inspect *i = inspect(
			s, &(struct slu_inspect_config){.host = all[k].host, .sni = all[k].sni, .version = TLS13});

		done(i);
		assert_string_equal(named, all[k].seen);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

/* ---- certificates ---- */

static void certificates_are_told_and_end_nothing(void **state)
{
	char error[200];
	struct slu_trust *t = slu_trust_new(kit_ca.cert, NULL, error, sizeof error);
	SSL_CTX *s = inspect_server();

	(void)state;
	for (uint16_t version = TLS12; version <= TLS13; version++) {
		struct slu_inspect_config config = {.host = "live.example", .version = version, .trust = t};
		struct slu_inspect *i = inspect(s, &config);

		assert_int_equal(done(i)->chain->n, 1);
		assert_true(done(i)->chain->verified);
		assert_string_equal(done(i)->chain->links[0].spki, kit_server.pin);
		slu_inspect_free(i);
		config.host = "other.example";
		i = inspect(s, &config);
		assert_false(done(i)->chain->verified);
		has(done(i)->chain->why_not, "not for other.example but for live.example");
		slu_inspect_free(i);
		config.trust = NULL;
		i = inspect(s, &config);
		assert_false(done(i)->chain->looked_at);
		slu_inspect_free(i);
	}
	slu_trust_free(t);
	SSL_CTX_free(s);
}

/* ---- refusals ---- */

static void the_server_refuses(void **state)
{
	SSL_CTX *s = inspect_server();
	struct slu_inspect *i;

	(void)state;
	assert_int_equal(SSL_CTX_set_max_proto_version(s, TLS1_2_VERSION), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(s, "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0"), 1);
	i = inspect(s, &(struct slu_inspect_config){.host = "live.example", .version = TLS12, .suite = 0xC02C});
	assert_int_equal(failed(i, "live.example ended the TLS handshake with the alert handshake_failure")->alert, 40);
	assert_false(slu_inspect_result(i)->lacks || slu_inspect_result(i)->client_certificate_needed);
	slu_inspect_free(i);
	i = inspect(s, &(struct slu_inspect_config){.version = TLS13});
	assert_int_equal(failed(i, "the server ended the TLS handshake with the alert protocol_version")->alert, 70);
	slu_inspect_free(i);
	SSL_CTX_free(s);
}

static void openssl_lacks_it(void **state)
{
	static const uint16_t unknown13[] = {0x1301, 0x1306, 0xC02B};
	static const uint16_t many[16] = {0x1302, 0x1302, 0x1302, 0x1302, 0x1302, 0x1302, 0x1302, 0x1302,
					  0x1302, 0x1302, 0x1302, 0x1302, 0x1302, 0x1302, 0x1302, 0x1302};
	static const uint16_t unknown[] = {0xFEFE, 0xFEFD};
	static const struct {
		struct slu_inspect_config config;
		const char *sentence;
	} all[] = {
		{{.version = 0x0300}, " has no "},
		{{.version = 0x0305}, "version 0x0305: it cannot ask the server for that"},
		{{.version = TLS12, .suite = 0xFEFE}, " has no suite 0xFEFE: it cannot"},
		{{.version = TLS12, .suite = 0x1301}, "with the number 0x1301"},
		{{.version = TLS13, .suite = 0xC02B}, "with the number 0xC02B"},
		{{.version = TLS11, .suite = 0xC02B}, "with the number 0xC02B"},
		{{.version = TLS13, .suites = unknown13, .nsuites = 2}, "with the number 0x1306"},
		{{.version = TLS13, .suites = unknown13 + 2, .nsuites = 1}, "with the number 0xC02B"},
		{{.version = TLS12, .suites = unknown13, .nsuites = 1}, "with the number 0x1301"},
		{{.version = TLS13, .suites = many, .nsuites = 16}, "room for the suite 0x1302"},
		{{.version = TLS13, .group = 0xFEFE}, " has no group 0xFEFE: "},
		{{.version = TLS13, .schemes = unknown, .nschemes = 1}, " has no signature scheme 0xFEFE: "},
		{{.version = TLS13, .schemes = unknown, .nschemes = 2}, "signature scheme of those that were"},
#if OPENSSL_VERSION_NUMBER >= 0x30000000L && OPENSSL_VERSION_NUMBER < 0x40000000L
		{{.version = TLS13, .group = 22}, "failed here: "}, /* TLS 1.2 has it */
#endif
	};

	(void)state;
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		struct slu_inspect *i = slu_inspect_new(&all[k].config);
		const struct slu_inspect_result *r = failed(i, all[k].sentence);
		const uint8_t *data;

		assert_true(r->lacks && !r->done);
		assert_int_equal(slu_inspect_out(i, &data), 0);
		assert_int_equal(slu_inspect_in(i, "xxxxx", 5), 0);
		assert_int_equal(slu_inspect_closed(i), 0);
		slu_inspect_free(i);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

/* ---- bytes ---- */

static void in_any_portions(void **state)
{
	SSL_CTX *s = inspect_server();

	(void)state;
	for (size_t portion = 1; portion < 40; portion += 6) {
		struct slu_inspect *i = slu_inspect_new(&(struct slu_inspect_config){.version = TLS13});
		SSL *ssl = inspect_accept(s);

		assert_int_equal(inspect_talk(i, ssl, portion), 0);
		assert_int_equal(done(i)->tickets, 2);
		assert_int_equal(SSL_shutdown(ssl), 0);
		assert_int_equal(inspect_talk(i, ssl, portion), 0);
		assert_true(done(i)->closed);
		SSL_free(ssl);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static void hung_up(void **state)
{
	SSL_CTX *s = inspect_server();
	uint8_t flight[8192];

	(void)state;
	for (uint16_t version = TLS12; version <= TLS13; version++)
		for (int n = 0, all = 1; n < all; n += 13) {
			struct slu_inspect *i = slu_inspect_new(
				&(struct slu_inspect_config){.host = "live.example", .version = version});
			SSL *ssl = inspect_accept(s);
			const uint8_t *data;
			size_t out = slu_inspect_out(i, &data);

			assert_int_equal(BIO_write(SSL_get_rbio(ssl), data, (int)out), (int)out);
			assert_int_equal(SSL_do_handshake(ssl), -1);
			all = BIO_read(SSL_get_wbio(ssl), flight, sizeof flight);
			/* A signature by ECDSA is a byte or two shorter now and then, and so are all. */
			assert_int_equal(slu_inspect_in(i, flight, (size_t)(n < all ? n : all - 1)), 0);
			assert_false(slu_inspect_result(i)->failed);
			assert_int_equal(slu_inspect_closed(i), 0);
			assert_true(failed(i, "live.example hung up in the middle of the TLS handshake")->closed);
			SSL_free(ssl);
			slu_inspect_free(i);
		}
	SSL_CTX_free(s);
}

/* A server that wants a certificate may hang up without a word, too: but not before it has seen that there is none. */
static void hung_up_without_a_certificate(void **state)
{
	SSL_CTX *s = inspect_server();
	uint8_t flight[8192];

	(void)state;
	SSL_CTX_set_verify(s, SSL_VERIFY_PEER, NULL);
	for (int whole = 0; whole < 2; whole++) {
		struct slu_inspect *i = slu_inspect_new(&(struct slu_inspect_config){.version = TLS12});
		SSL *ssl = inspect_accept(s);
		const uint8_t *data;
		size_t out = slu_inspect_out(i, &data);
		int n;

		assert_int_equal(BIO_write(SSL_get_rbio(ssl), data, (int)out), (int)out);
		assert_int_equal(SSL_do_handshake(ssl), -1);
		n = BIO_read(SSL_get_wbio(ssl), flight, sizeof flight);
		/* ServerHelloDone is a record of 9 bytes. */
		assert_int_equal(slu_inspect_in(i, flight, (size_t)n - (whole ? 0 : 9)), 0);
		assert_true(slu_inspect_result(i)->client_certificate);
		assert_int_equal(slu_inspect_closed(i), 0);
		assert_int_equal(failed(i, "the server hung up")->client_certificate_needed, whole);
		SSL_free(ssl);
		slu_inspect_free(i);
	}
	SSL_CTX_free(s);
}

static void closed_in_order_too_early(void **state)
{
	static const uint8_t close_notify[] = {21, 3, 3, 0, 2, 1, 0};
	struct slu_inspect *i = slu_inspect_new(&(struct slu_inspect_config){.version = TLS12});

	(void)state;
	assert_int_equal(slu_inspect_in(i, close_notify, sizeof close_notify), 0);
	assert_true(failed(i, "the server hung up in the middle of the TLS handshake")->closed);
	assert_int_equal(slu_inspect_result(i)->alert, -1);
	slu_inspect_free(i);
}

/* What is changed at one place is an error, or no matter: never a crash, and never a handshake with other contents. */
static void damaged(void **state)
{
	SSL_CTX *s = inspect_server();
	uint8_t flight[8192];
	unsigned refused = 0;

	(void)state;
	for (int at = 0, all = 1; at < all; at += 3) {
		struct slu_inspect *i = slu_inspect_new(&(struct slu_inspect_config){.version = TLS12});
		SSL *ssl = inspect_accept(s);
		const uint8_t *data;
		size_t out = slu_inspect_out(i, &data);

		assert_int_equal(BIO_write(SSL_get_rbio(ssl), data, (int)out), (int)out);
		assert_int_equal(SSL_do_handshake(ssl), -1);
		all = BIO_read(SSL_get_wbio(ssl), flight, sizeof flight);
		flight[at] ^= 0x41;
		assert_int_equal(slu_inspect_in(i, flight, (size_t)all), 0);
		assert_false(slu_inspect_result(i)->done);
		refused += slu_inspect_result(i)->failed;
		assert_int_equal(slu_inspect_result(i)->failed, slu_inspect_result(i)->sentence[0] != '\0');
		SSL_free(ssl);
		slu_inspect_free(i);
	}
	assert_true(refused > 100);
	SSL_CTX_free(s);
}

static void no_tls(void **state)
{
	struct slu_inspect *i = slu_inspect_new(&(struct slu_inspect_config){.host = "live.example", .version = TLS13});

	(void)state;
	assert_int_equal(slu_inspect_in(i, "HTTP/1.1 400 Bad Request\r\n\r\n", 28), 0);
	assert_false(failed(i, "the TLS handshake with live.example failed here: ")->lacks);
	slu_inspect_free(i);
	slu_inspect_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_and_suites),
		cmocka_unit_test(suites_of_tls13),
		cmocka_unit_test(groups),
		cmocka_unit_test(another_key_share),
		cmocka_unit_test(primes),
		cmocka_unit_test(schemes),
		cmocka_unit_test(record_size_limit),
		cmocka_unit_test(tickets),
		cmocka_unit_test(client_certificate),
		cmocka_unit_test(alpn),
		cmocka_unit_test(server_name),
		cmocka_unit_test(certificates_are_told_and_end_nothing),
		cmocka_unit_test(the_server_refuses),
		cmocka_unit_test(openssl_lacks_it),
		cmocka_unit_test(in_any_portions),
		cmocka_unit_test(hung_up),
		cmocka_unit_test(hung_up_without_a_certificate),
		cmocka_unit_test(closed_in_order_too_early),
		cmocka_unit_test(damaged),
		cmocka_unit_test(no_tls),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
