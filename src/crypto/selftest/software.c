/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/software.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/selftest/shape.h"
#include "crypto/selftest/software_get.h"

enum { KEYS = 3, HASH_BLOCK = 64, HASH_MOST = 32, CHUNK = 1 << 20 };

struct slu_software {
	enum slu_dc_algorithm algorithm;
	struct slu_software_source source;
	const EVP_CIPHER *ciphers[KEYS];
	const EVP_MD *hash; /* TLS mode */
	EVP_CIPHER_CTX *cipher;
	EVP_MD_CTX *digest;
	uint8_t record[16384 + SLU_EXTRA]; /* with MAC and padding */
};

static const struct {
	const char *ciphers[KEYS];
	const char *hash;
} names[SLU_DC_ALGORITHMS] = {
	[SLU_DC_CBC] = {{"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}, NULL},
	[SLU_DC_ECB] = {{"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"}, NULL},
	[SLU_DC_CTR] = {{"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"}, NULL},
	[SLU_DC_GCM] = {{"id-aes128-GCM", "id-aes192-GCM", "id-aes256-GCM"}, NULL},
	[SLU_DC_CBC_SHA1] = {{"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}, "SHA1"},
	[SLU_DC_CBC_SHA256] = {{"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}, "SHA256"},
};

struct slu_software *slu_software_new(enum slu_dc_algorithm a)
{
	struct slu_software *s = calloc(1, sizeof *s);
	bool found = s && slu_software_source_open(&s->source);

	if (!s)
		return NULL;
	s->algorithm = a;
	for (int i = 0; found && i < KEYS; i++)
		found = (s->ciphers[i] = slu_software_cipher(&s->source, names[a].ciphers[i])) != NULL;
	if (found && names[a].hash)
		found = (s->hash = slu_software_hash(&s->source, names[a].hash)) != NULL;
	s->cipher = EVP_CIPHER_CTX_new();
	s->digest = EVP_MD_CTX_new();
	if (found && s->cipher && s->digest)
		return s;
	slu_software_free(s);
	return NULL;
}

void slu_software_free(struct slu_software *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->digest);
	EVP_CIPHER_CTX_free(s->cipher);
	for (int i = 0; i < KEYS; i++)
		slu_software_put_cipher(s->ciphers[i]);
	slu_software_put_hash(s->hash);
	slu_software_source_close(&s->source);
	ERR_clear_error();
	free(s);
}

static bool hash(struct slu_software *s, const uint8_t *pad, const uint8_t *a, size_t a_n, const uint8_t *b, size_t b_n,
		 uint8_t *out)
{
	return EVP_DigestInit_ex(s->digest, s->hash, NULL) && EVP_DigestUpdate(s->digest, pad, HASH_BLOCK) &&
	       EVP_DigestUpdate(s->digest, a, a_n) && EVP_DigestUpdate(s->digest, b, b_n) &&
	       EVP_DigestFinal_ex(s->digest, out, NULL);
}

/* RFC 2104, with a key of a block at most. From a digest, since HMAC's own interfaces take theirs from anywhere. */
static bool hmac(struct slu_software *s, const struct slu_plain *p, uint8_t *out)
{
	uint8_t inner[HASH_BLOCK], outer[HASH_BLOCK], middle[HASH_MOST];
	const size_t size = slu_traits_of(s->algorithm)->mac;

	for (size_t i = 0; i < HASH_BLOCK; i++) {
		uint8_t byte = i < p->mac_key_length ? p->mac_key[i] : 0;

		inner[i] = byte ^ 0x36;
		outer[i] = byte ^ 0x5c;
	}
	return hash(s, inner, p->aad, p->aad_length, p->data, p->n, middle) &&
	       hash(s, outer, middle, size, NULL, 0, out);
}

/* In pieces, for lengths are of type int; with OpenSSL's padding off nothing is left for the end. */
static bool encrypt(struct slu_software *s, const uint8_t *in, size_t n, uint8_t *out)
{
	int made = 0;

	for (; n > 0; n -= (size_t)made, in += made, out += made)
		if (!EVP_EncryptUpdate(s->cipher, out, &made, in, n < CHUNK ? (int)n : CHUNK) || made <= 0)
			return false;
	return true;
}

static bool encrypt_record(struct slu_software *s, const struct slu_plain *p, uint8_t *out)
{
	const size_t end = p->n + slu_traits_of(s->algorithm)->mac, pad = SLU_BLOCK - end % SLU_BLOCK;

	if (end + pad > sizeof s->record)
		return false;
	memcpy(s->record, p->data, p->n);
	if (!hmac(s, p, s->record + p->n))
		return false;
	memset(s->record + end, (int)pad - 1, pad);
	return encrypt(s, s->record, end + pad, out);
}

static bool encrypt_gcm(struct slu_software *s, const struct slu_plain *p, uint8_t *out)
{
	uint8_t rest[SLU_BLOCK];
	int made;

	if (p->aad_length > 0 && !EVP_EncryptUpdate(s->cipher, NULL, &made, p->aad, (int)p->aad_length))
		return false;
	return encrypt(s, p->data, p->n, out) && EVP_EncryptFinal_ex(s->cipher, rest, &made) &&
	       EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, SLU_TAG, out + p->n);
}

bool slu_software_encrypt(struct slu_software *s, const struct slu_plain *p, uint8_t *out)
{
	const EVP_CIPHER *cipher = s->ciphers[p->key_length / 8 - 2];

	if (!EVP_EncryptInit_ex(s->cipher, cipher, NULL, p->key, p->iv) || !EVP_CIPHER_CTX_set_padding(s->cipher, 0))
		return false;
	if (s->algorithm == SLU_DC_GCM)
		return encrypt_gcm(s, p, out);
	return s->hash ? encrypt_record(s, p, out) : encrypt(s, p->data, p->n, out);
}
