/* SPDX-License-Identifier: MIT */
#include "crypto/suites.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

static void describe(const SSL_CIPHER *c, struct slu_suite *out)
{
	const int kx = SSL_CIPHER_get_kx_nid(c);

	*out = (struct slu_suite){
		.name = SSL_CIPHER_get_name(c),
		.id = SSL_CIPHER_get_protocol_id(c),
		.tls13 = kx == NID_kx_any,
		.forward_secret = kx == NID_kx_any || kx == NID_kx_ecdhe || kx == NID_kx_dhe,
		.aead = SSL_CIPHER_is_aead(c) == 1,
		.cipher = SSL_CIPHER_get_cipher_nid(c),
		.mac = SSL_CIPHER_get_digest_nid(c),
	};
}

int slu_suites_of(SSL_CTX *ctx, struct slu_suite out[SLU_SUITES_MOST])
{
	SSL *ssl = SSL_new(ctx);
	STACK_OF(SSL_CIPHER) *suites = ssl ? SSL_get1_supported_ciphers(ssl) : NULL;
	int n = suites ? sk_SSL_CIPHER_num(suites) : -1;

	if (n > SLU_SUITES_MOST)
		n = SLU_SUITES_MOST;
	for (int i = 0; i < n; i++)
		describe(sk_SSL_CIPHER_value(suites, i), &out[i]);
	sk_SSL_CIPHER_free(suites);
	SSL_free(ssl);
	ERR_clear_error();
	return n;
}

const char *slu_suite_kind(const char *name)
{
	static const char *const exchanges[] = {"ECDHE-ECDSA-", "ECDHE-RSA-", "DHE-RSA-", "DHE-DSS-"};

	for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++)
		if (strncmp(name, exchanges[i], strlen(exchanges[i])) == 0)
			return name + strlen(exchanges[i]);
	return name;
}

static const struct {
	int nid;
	const char *text;
} names[] = {
	{NID_aes_128_gcm, "AES-128-GCM"},
	{NID_aes_256_gcm, "AES-256-GCM"},
	{NID_chacha20_poly1305, "ChaCha20-Poly1305"},
	{NID_aes_128_cbc, "AES-128-CBC"},
	{NID_aes_256_cbc, "AES-256-CBC"},
	{NID_sha1, "HMAC-SHA1"},
	{NID_sha256, "HMAC-SHA256"},
	{NID_sha384, "HMAC-SHA384"},
};

static const char *name_of(int nid)
{
	const char *text;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].nid == nid)
			return names[i].text;
	text = OBJ_nid2sn(nid);
	return text ? text : "?";
}

const char *slu_suite_records(const struct slu_suite *s, char *out, size_t size)
{
	if (s->aead)
		snprintf(out, size, "%s", name_of(s->cipher));
	else
		snprintf(out, size, "%s with %s", name_of(s->cipher), name_of(s->mac));
	return out;
}
