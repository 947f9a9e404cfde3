/* SPDX-License-Identifier: MIT */
#include "crypto/estimate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>

enum { RECORD = 4096, RECORDS_LEAST = 8, RECORDS_MOST = 256, AAD = 13, TAG = 16, NONCE = 12, IV = 16 };

#define ENOUGH_NS 1500000 /* for each cipher */

static const struct {
	const EVP_CIPHER *(*cipher)(void);
	const char *tls12, *tls13;
} all[] = {
	{EVP_chacha20_poly1305, "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_CHACHA20_POLY1305_SHA256"},
	{EVP_aes_128_gcm, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"},
	{EVP_aes_256_gcm, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384"},
};

/* What a thread has had of the processor goes by ticks of 10 ms with some kernels: too coarse here. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What is done with a record. */
struct work {
	bool (*once)(const struct work *w, uint8_t data[RECORD]);
	EVP_CIPHER_CTX *cipher;
	EVP_MD_CTX *hash;
	const EVP_MD *digest;
};

static bool seal(const struct work *w, uint8_t data[RECORD])
{
	static const uint8_t nonce[NONCE], aad[AAD];
	uint8_t tag[TAG];
	int n;

	return EVP_EncryptInit_ex(w->cipher, NULL, NULL, NULL, nonce) == 1 &&
	       EVP_EncryptUpdate(w->cipher, NULL, &n, aad, AAD) == 1 &&
	       EVP_EncryptUpdate(w->cipher, data, &n, data, RECORD) == 1 &&
	       EVP_EncryptFinal_ex(w->cipher, data, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(w->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1;
}

static bool encrypt(const struct work *w, uint8_t data[RECORD])
{
	static const uint8_t iv[IV];
	int n;

	return EVP_EncryptInit_ex(w->cipher, NULL, NULL, NULL, iv) == 1 &&
	       EVP_EncryptUpdate(w->cipher, data, &n, data, RECORD) == 1;
}

static bool digest(const struct work *w, uint8_t data[RECORD])
{
	uint8_t out[EVP_MAX_MD_SIZE];

	return EVP_DigestInit_ex(w->hash, w->digest, NULL) == 1 && EVP_DigestUpdate(w->hash, data, RECORD) == 1 &&
	       EVP_DigestFinal_ex(w->hash, out, NULL) == 1;
}

/* ms per MB, or 0: it cannot be done. The fastest record counts: nothing else had the processor meanwhile. */
static double measure(const struct work *w)
{
	uint8_t data[RECORD] = {0};
	bool works = w->once(w, data);
	int64_t began = now_ns(), before = began, now, least = INT64_MAX;

	for (int n = 0; works && n < RECORDS_MOST && (n < RECORDS_LEAST || before - began < ENOUGH_NS); n++) {
		works = w->once(w, data);
		now = now_ns();
		if (now - before < least)
			least = now - before;
		before = now;
	}
	/* A clock that is too coarse to see it shows 0, as a cipher that costs nothing would. */
	return works && least > 0 ? (double)least / RECORD : 0;
}

static double measure_cipher(const EVP_CIPHER *cipher, bool (*once)(const struct work *w, uint8_t data[RECORD]))
{
	static const uint8_t key[32];
	struct work w = {.once = once, .cipher = EVP_CIPHER_CTX_new()};
	double ms = 0;

	if (w.cipher && EVP_EncryptInit_ex(w.cipher, cipher, NULL, key, NULL) == 1)
		ms = measure(&w);
	EVP_CIPHER_CTX_free(w.cipher);
	return ms;
}

static double measure_digest(const EVP_MD *md)
{
	struct work w = {.once = digest, .hash = EVP_MD_CTX_new(), .digest = md};
	const double ms = w.hash ? measure(&w) : 0;

	EVP_MD_CTX_free(w.hash);
	return ms;
}

static void add(struct slu_kept *k, const char *suite, enum slu_tls_version version, bool etm, double ms)
{
	struct slu_kept_way *w = &k->ways[k->nways++];

	*w = (struct slu_kept_way){.door = "off", .version = version, .etm = etm, .ms_per_mb = {ms}};
	snprintf(w->suite, sizeof w->suite, "%s", suite);
}

void slu_estimate(struct slu_kept *out)
{
	memset(out, 0, sizeof *out);
	out->sizes[0] = RECORD;
	out->nsizes = 1;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const double ms = measure_cipher(all[i].cipher(), seal);

		if (ms <= 0)
			continue;
		add(out, all[i].tls12, SLU_TLS_1_2, false, ms);
		add(out, all[i].tls13, SLU_TLS_1_3, false, ms);
	}
	ERR_clear_error();
}

void slu_estimate_cbc(struct slu_kept *k)
{
	enum { AES128, AES256, CIPHERS, SHA1 = 0, SHA256, SHA384, DIGESTS };
	static const struct {
		const char *suite;
		int cipher, digest;
	} suites[] = {
		{"ECDHE-ECDSA-AES128-SHA", AES128, SHA1},      {"ECDHE-ECDSA-AES256-SHA", AES256, SHA1},
		{"ECDHE-ECDSA-AES128-SHA256", AES128, SHA256}, {"DHE-RSA-AES256-SHA256", AES256, SHA256},
		{"ECDHE-ECDSA-AES256-SHA384", AES256, SHA384},
	};
	const double ciphers[CIPHERS] = {
		measure_cipher(EVP_aes_128_cbc(), encrypt),
		measure_cipher(EVP_aes_256_cbc(), encrypt),
	};
	const double digests[DIGESTS] = {
		measure_digest(EVP_sha1()),
		measure_digest(EVP_sha256()),
		measure_digest(EVP_sha384()),
	};

	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		for (int etm = 0; etm < 2 && k->nways < SLU_KEPT_WAYS; etm++)
			if (ciphers[suites[i].cipher] > 0 && digests[suites[i].digest] > 0)
				add(k, suites[i].suite, SLU_TLS_1_2, etm,
				    ciphers[suites[i].cipher] + digests[suites[i].digest]);
	ERR_clear_error();
}
