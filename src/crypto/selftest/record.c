/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/record.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/bytes.h"
#include "crypto/selftest/software_get.h"

enum { HEADER = 5, SALT = 4, NONCE = 8, IV = 12, TAG = 16, APPLICATION_DATA = 23 };

struct slu_record {
	struct slu_software_source source;
	const EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	uint8_t inner[SLU_RECORD_MOST + 1]; /* TLS 1.3: with the type behind it */
};

static const char *const names[SLU_RECORD_CIPHERS] = {
	[SLU_RECORD_AES_128_GCM] = "id-aes128-GCM",
	[SLU_RECORD_AES_256_GCM] = "id-aes256-GCM",
	[SLU_RECORD_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

struct slu_record *slu_record_new(enum slu_record_cipher cipher)
{
	struct slu_record *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	if (slu_software_source_open(&r->source))
		r->cipher = slu_software_cipher(&r->source, names[cipher]);
	r->ctx = EVP_CIPHER_CTX_new();
	if (r->cipher && r->ctx)
		return r;
	slu_record_free(r);
	return NULL;
}

void slu_record_free(struct slu_record *r)
{
	if (!r)
		return;
	EVP_CIPHER_CTX_free(r->ctx);
	slu_software_put_cipher(r->cipher);
	slu_software_source_close(&r->source);
	ERR_clear_error();
	free(r);
}

/* Of eight bytes, big-endian. */
static void count(uint8_t *number)
{
	for (int i = 8; i-- > 0 && ++number[i] == 0;)
		;
}

/* The explicit nonce of RFC 5288 stands in the record; all others are the IV with the sequence number in it. */
static bool has_nonce(const struct slu_record_keys *k)
{
	return !k->tls13 && k->cipher != SLU_RECORD_CHACHA20_POLY1305;
}

static void make_iv(const struct slu_record_keys *k, uint8_t iv[IV])
{
	memcpy(iv, k->iv, IV);
	for (size_t i = 0; !has_nonce(k) && i < sizeof k->sequence; i++)
		iv[SALT + i] ^= k->sequence[i];
}

/* The tag is behind the ciphertext. */
static bool encrypt(struct slu_record *r, const struct slu_record_keys *k, const uint8_t *aad, size_t aad_n,
		    const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t iv[IV];
	int made;

	make_iv(k, iv);
	return EVP_EncryptInit_ex(r->ctx, r->cipher, NULL, k->key, iv) &&
	       EVP_EncryptUpdate(r->ctx, NULL, &made, aad, (int)aad_n) &&
	       EVP_EncryptUpdate(r->ctx, out, &made, in, (int)n) && EVP_EncryptFinal_ex(r->ctx, out + made, &made) &&
	       EVP_CIPHER_CTX_ctrl(r->ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + n);
}

static size_t seal13(struct slu_record *r, const struct slu_record_keys *k, const uint8_t *in, size_t n, uint8_t *out)
{
	memcpy(r->inner, in, n);
	r->inner[n] = APPLICATION_DATA;
	slu_put_be16(out + 3, (uint32_t)(n + 1 + TAG));
	return encrypt(r, k, out, HEADER, r->inner, n + 1, out + HEADER) ? HEADER + n + 1 + TAG : 0;
}

static size_t seal12(struct slu_record *r, const struct slu_record_keys *k, const uint8_t *in, size_t n, uint8_t *out)
{
	const size_t nonce = has_nonce(k) ? NONCE : 0;
	uint8_t aad[sizeof k->sequence + HEADER];

	memcpy(aad, k->sequence, sizeof k->sequence);
	memcpy(aad + sizeof k->sequence, out, 3);
	slu_put_be16(aad + sizeof aad - 2, (uint32_t)n);
	slu_put_be16(out + 3, (uint32_t)(nonce + n + TAG));
	memcpy(out + HEADER, k->iv + SALT, nonce);
	return encrypt(r, k, aad, sizeof aad, in, n, out + HEADER + nonce) ? HEADER + nonce + n + TAG : 0;
}

size_t slu_record_seal(struct slu_record *r, struct slu_record_keys *k, const uint8_t *in, size_t n, uint8_t *out)
{
	size_t length;

	if (n > SLU_RECORD_MOST)
		return 0;
	memcpy(out, (const uint8_t[]){APPLICATION_DATA, 3, 3}, 3);
	length = (k->tls13 ? seal13 : seal12)(r, k, in, n, out);
	count(k->sequence);
	if (has_nonce(k))
		count(k->iv + SALT);
	return length;
}
