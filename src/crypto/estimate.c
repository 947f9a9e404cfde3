/* SPDX-License-Identifier: MIT */
#include "crypto/estimate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>

enum { RECORD = 4096, RECORDS_LEAST = 8, RECORDS_MOST = 256, AAD = 13, TAG = 16, NONCE = 12 };

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

static bool seal(EVP_CIPHER_CTX *ctx, uint8_t data[RECORD])
{
	static const uint8_t nonce[NONCE], aad[AAD];
	uint8_t tag[TAG];
	int n;

	return EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, nonce) == 1 &&
	       EVP_EncryptUpdate(ctx, NULL, &n, aad, AAD) == 1 && EVP_EncryptUpdate(ctx, data, &n, data, RECORD) == 1 &&
	       EVP_EncryptFinal_ex(ctx, data, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1;
}

/* ms per MB, or 0: it cannot be done. The fastest record counts: nothing else had the processor meanwhile. */
static double measure(const EVP_CIPHER *cipher)
{
	static const uint8_t key[32];
	uint8_t data[RECORD] = {0};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool works = ctx && EVP_EncryptInit_ex(ctx, cipher, NULL, key, NULL) == 1 && seal(ctx, data);
	int64_t began = now_ns(), before = began, now, least = INT64_MAX;

	for (int n = 0; works && n < RECORDS_MOST && (n < RECORDS_LEAST || before - began < ENOUGH_NS); n++) {
		works = seal(ctx, data);
		now = now_ns();
		if (now - before < least)
			least = now - before;
		before = now;
	}
	EVP_CIPHER_CTX_free(ctx);
	/* A clock that is too coarse to see it shows 0, as a cipher that costs nothing would. */
	return works && least > 0 ? (double)least / RECORD : 0;
}

static void add(struct slu_kept *k, const char *suite, enum slu_tls_version version, double ms)
{
	struct slu_kept_way *w = &k->ways[k->nways++];

	*w = (struct slu_kept_way){.door = "off", .version = version, .ms_per_mb = {ms}};
	snprintf(w->suite, sizeof w->suite, "%s", suite);
}

void slu_estimate(struct slu_kept *out)
{
	memset(out, 0, sizeof *out);
	out->sizes[0] = RECORD;
	out->nsizes = 1;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const double ms = measure(all[i].cipher());

		if (ms <= 0)
			continue;
		add(out, all[i].tls12, SLU_TLS_1_2, ms);
		add(out, all[i].tls13, SLU_TLS_1_3, ms);
	}
	ERR_clear_error();
}
