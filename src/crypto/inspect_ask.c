/* SPDX-License-Identifier: MIT */
/* What an inspection asks for, in OpenSSL's words, of which each version of it knows others. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "crypto/inspect_impl.h"
#include "crypto/tls_ctx.h"

/* RFC 8446, 4.2.3; RFC 5246, 7.4.1.4.1; RFC 8734. An OpenSSL that does not know one says so. */
static const struct {
	uint16_t number;
	const char *name;
} schemes[] = {
	{0x0201, "RSA+SHA1"},
	{0x0202, "DSA+SHA1"},
	{0x0203, "ECDSA+SHA1"},
	{0x0301, "RSA+SHA224"},
	{0x0302, "DSA+SHA224"},
	{0x0303, "ECDSA+SHA224"},
	{0x0401, "RSA+SHA256"},
	{0x0402, "DSA+SHA256"},
	{0x0403, "ECDSA+SHA256"},
	{0x0501, "RSA+SHA384"},
	{0x0502, "DSA+SHA384"},
	{0x0503, "ECDSA+SHA384"},
	{0x0601, "RSA+SHA512"},
	{0x0602, "DSA+SHA512"},
	{0x0603, "ECDSA+SHA512"},
	{0x0804, "rsa_pss_rsae_sha256"},
	{0x0805, "rsa_pss_rsae_sha384"},
	{0x0806, "rsa_pss_rsae_sha512"},
	{0x0807, "ed25519"},
	{0x0808, "ed448"},
	{0x0809, "rsa_pss_pss_sha256"},
	{0x080A, "rsa_pss_pss_sha384"},
	{0x080B, "rsa_pss_pss_sha512"},
	{0x081A, "ecdsa_brainpoolP256r1tls13_sha256"},
	{0x081B, "ecdsa_brainpoolP384r1tls13_sha384"},
	{0x081C, "ecdsa_brainpoolP512r1tls13_sha512"},
	{0x0904, "mldsa44"},
	{0x0905, "mldsa65"},
	{0x0906, "mldsa87"},
};

/* RFC 8449, 4: with TLS 1.3 the type of a record's content counts. */
enum { RECORD_SIZE_LIMIT = 28, LIMIT_TLS13 = 16385, LIMIT_TLS12 = 16384 };

static int lacks(struct slu_inspect *i, const char *what)
{
	ERR_clear_error();
	snprintf(i->result.sentence, sizeof i->result.sentence, "%s has no %s: it cannot ask the server for that",
		 slu_tls_library(), what);
	return SLU_ERR_INVALID;
}

static int lacks_number(struct slu_inspect *i, const char *what, unsigned number)
{
	char text[64];

	snprintf(text, sizeof text, "%s 0x%04X", what, number);
	return lacks(i, text);
}

/* ---- RFC 8449 ---- */

static int add_limit(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *n, X509 *cert,
		     size_t at, int *alert, void *arg)
{
	static const uint8_t tls13[] = {LIMIT_TLS13 >> 8, LIMIT_TLS13 & 0xFF},
			     tls12[] = {LIMIT_TLS12 >> 8, LIMIT_TLS12 & 0xFF};

	(void)ssl, (void)type, (void)context, (void)cert, (void)at, (void)alert;
	*out = *(const uint16_t *)arg == TLS1_3_VERSION ? tls13 : tls12;
	*n = 2;
	return 1;
}

/* What the server answers is heard. An OpenSSL that has the extension built in offers it by itself. */
static bool offer_limit(struct slu_inspect *i)
{
	const unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS;

	return SSL_extension_supported(RECORD_SIZE_LIMIT) == 1 ||
	       SSL_CTX_add_custom_ext(i->ctx, RECORD_SIZE_LIMIT, where, add_limit, NULL, &i->asked_version, NULL,
				      NULL) == 1;
}

/* ---- version and suite ---- */

static const SSL_CIPHER *offered(SSL *ssl, uint16_t number, int *n)
{
	STACK_OF(SSL_CIPHER) *all = SSL_get1_supported_ciphers(ssl);
	const SSL_CIPHER *found = NULL;

	*n = all ? sk_SSL_CIPHER_num(all) : 0;
	for (int k = 0; k < *n && !found; k++)
		if (SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(all, k)) == number)
			found = sk_SSL_CIPHER_value(all, k);
	sk_SSL_CIPHER_free(all);
	return found;
}

static int ask_version(struct slu_inspect *i, uint16_t version)
{
	int n;

	if (SSL_set_min_proto_version(i->ssl, version) != 1 || SSL_set_max_proto_version(i->ssl, version) != 1)
		return lacks_number(i, "version", version);
	/* Where it was left out, libssl takes the bound for another. */
	offered(i->ssl, 0, &n);
	return n ? 0 : lacks_number(i, "suite of the version", version);
}

static int ask_suite(struct slu_inspect *i, uint16_t number)
{
	const unsigned char wire[2] = {(unsigned char)(number >> 8), (unsigned char)number};
	const SSL_CIPHER *suite;
	const char *name;
	int n;

	if (!number)
		return 0;
	suite = SSL_CIPHER_find(i->ssl, wire);
	if (!suite)
		return lacks_number(i, "suite", number);
	name = SSL_CIPHER_get_name(suite);
	if ((SSL_CIPHER_get_kx_nid(suite) == NID_kx_any ? SSL_set_ciphersuites(i->ssl, name)
							: SSL_set_cipher_list(i->ssl, name)) != 1 ||
	    !offered(i->ssl, number, &n))
		return lacks_number(i, "suite of this version with the number", number);
	return 0;
}

enum { NAMES = 256 };

/* Of TLS 1.3, whose names are the same in all versions of OpenSSL. */
static int ask_suites(struct slu_inspect *i, const uint16_t *numbers, size_t n)
{
	char names[NAMES] = "";
	size_t len = 0;
	int nall;

	for (size_t k = 0; k < n; k++) {
		const unsigned char wire[2] = {(unsigned char)(numbers[k] >> 8), (unsigned char)numbers[k]};
		const SSL_CIPHER *suite = SSL_CIPHER_find(i->ssl, wire);

		if (!suite || SSL_CIPHER_get_kx_nid(suite) != NID_kx_any)
			return lacks_number(i, "suite of TLS 1.3 with the number", numbers[k]);
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", k ? ":" : "",
					SSL_CIPHER_get_name(suite));
		if (len >= sizeof names)
			return lacks_number(i, "room for the suite", numbers[k]);
	}
	if (n && SSL_set_ciphersuites(i->ssl, names) != 1)
		return lacks_number(i, "suite of TLS 1.3 with the number", numbers[0]);
	for (size_t k = 0; k < n; k++) {
		if (!offered(i->ssl, numbers[k], &nall))
			return lacks_number(i, "suite of this version with the number", numbers[k]);
	}
	return 0;
}

/* ---- groups ---- */

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static int ask_group(struct slu_inspect *i, uint16_t number)
{
	const char *name = number ? SSL_group_to_name(i->ssl, TLSEXT_nid_unknown | number) : NULL;

	if (number && (!name || SSL_set1_groups_list(i->ssl, name) != 1))
		return lacks_number(i, "group", number);
	return 0;
}
#else
/* By their numbers from 1 on: RFC 4492, 5.1.1; RFC 7027, 2; RFC 8422, 5.1.1. */
static const int groups[] = {
	NID_sect163k1,       NID_sect163r1,       NID_sect163r2,        NID_sect193r1,        NID_sect193r2,
	NID_sect233k1,       NID_sect233r1,       NID_sect239k1,        NID_sect283k1,        NID_sect283r1,
	NID_sect409k1,       NID_sect409r1,       NID_sect571k1,        NID_sect571r1,        NID_secp160k1,
	NID_secp160r1,       NID_secp160r2,       NID_secp192k1,        NID_X9_62_prime192v1, NID_secp224k1,
	NID_secp224r1,       NID_secp256k1,       NID_X9_62_prime256v1, NID_secp384r1,        NID_secp521r1,
	NID_brainpoolP256r1, NID_brainpoolP384r1, NID_brainpoolP512r1,  NID_X25519,           NID_X448,
};

static int ask_group(struct slu_inspect *i, uint16_t number)
{
	int nid;

	if (!number)
		return 0;
	if (number > sizeof groups / sizeof *groups)
		return lacks_number(i, "group", number);
	nid = groups[number - 1];
	return SSL_set1_groups(i->ssl, &nid, 1) == 1 ? 0 : lacks_number(i, "group", number);
}
#endif

/* ---- signature schemes ---- */

static const char *scheme_name(uint16_t number)
{
	for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++)
		if (schemes[k].number == number)
			return schemes[k].name;
	return NULL;
}

static int ask_schemes(struct slu_inspect *i, const uint16_t *numbers, size_t n)
{
	char list[sizeof schemes / sizeof *schemes * 40] = "";
	size_t len = 0;

	for (size_t k = 0; k < n; k++) {
		const char *name = scheme_name(numbers[k]);

		/* Some versions pass over a name that they know and do not have, and complain of an empty list. */
		if (name && len + strlen(name) + 2 <= sizeof list && SSL_set1_sigalgs_list(i->ssl, name) == 1)
			len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len ? ":" : "", name);
	}
	ERR_clear_error();
	if (n == 1 && !len)
		return lacks_number(i, "signature scheme", numbers[0]);
	if (n && (!len || SSL_set1_sigalgs_list(i->ssl, list) != 1))
		return lacks(i, "signature scheme of those that were asked for");
	return 0;
}

/* ---- ALPN ---- */

/* RFC 7301, 3.1: names of at most 255 bytes, each behind its length. */
static int ask_alpn(struct slu_inspect *i, const char *const *names, size_t n)
{
	unsigned char wire[1024];
	size_t len = 0;

	for (size_t k = 0; k < n; k++) {
		const size_t one = strlen(names[k]);

		if (one == 0 || one > 255 || len + 1 + one > sizeof wire)
			return lacks(i, "room for these ALPN protocols");
		wire[len++] = (unsigned char)one;
		memcpy(wire + len, names[k], one);
		len += one;
	}
	return n == 0 || SSL_set_alpn_protos(i->ssl, wire, (unsigned)len) == 0 ? 0 : SLU_ERR_NOMEM;
}

/* ---- all of it ---- */

static int cannot_begin(struct slu_inspect *i)
{
	const bool nomem = slu_tls_nomem();
	char reason[128];

	snprintf(i->result.sentence, sizeof i->result.sentence,
		 "OpenSSL cannot begin with TLS: %s; check its configuration file",
		 slu_tls_reason(reason, sizeof reason));
	return nomem ? SLU_ERR_NOMEM : SLU_ERR_INVALID;
}

static bool make(struct slu_inspect *i)
{
	i->ctx = SSL_CTX_new(TLS_client_method());
	if (!i->ctx)
		return false;
	SSL_CTX_set_security_level(i->ctx, 0);
	SSL_CTX_set_session_cache_mode(i->ctx, SSL_SESS_CACHE_OFF);
	/* RFC 5746 may be missing in a server that is only looked at. */
	SSL_CTX_set_options(i->ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_verify(i->ctx, SSL_VERIFY_NONE, NULL);
	if (SSL_CTX_set_cipher_list(i->ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") != 1 || !offer_limit(i))
		return false;
	i->ssl = SSL_new(i->ctx);
	return i->ssl != NULL;
}

int slu_inspect_ask(struct slu_inspect *i, const struct slu_inspect_config *c)
{
	int r;

	i->asked_version = c->version;
	ERR_clear_error();
	if (!make(i))
		return cannot_begin(i);
	r = ask_version(i, c->version);
	if (r == 0)
		r = ask_suite(i, c->suite);
	if (r == 0)
		r = ask_suites(i, c->suites, c->nsuites);
	if (r == 0)
		r = ask_group(i, c->group);
	if (r == 0)
		r = ask_schemes(i, c->schemes, c->nschemes);
	if (r == 0)
		r = ask_alpn(i, c->alpn, c->nalpn);
	/* RFC 6066, 3: literal addresses are not permitted in SNI. */
	if (r == 0 && c->sni && i->host[0] && !i->ip && SSL_set_tlsext_host_name(i->ssl, i->host) != 1)
		r = SLU_ERR_NOMEM;
	return r;
}
