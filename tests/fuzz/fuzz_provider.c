/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of OpenSSL's calls on the provider's ciphers, over a device that fails as the input says, against the
 * same calls on OpenSSL's own: results, lengths and bytes are the same. When the device may give wrong bytes, each
 * result is checked; otherwise none is, so that what the provider does with the results shows.
 *
 * The input: cipher, device with checks and least size, then one byte an operation, with what it wants of the bytes
 * behind it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/bytes.h"
#include "provider/cipher.h"
#include "provider/devcrypto.h"
#include "tests/lab/device.h"

enum { MOST = 4200, ROOM = MOST + 64, IV_MOST = 128, TAG = 16, TLS_AAD = 13, DEVICES = 10000, OURS = 0, THEIRS = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST_AEAD 3
static const char *const names[] = {
	"AES-128-CBC",
	"AES-192-CBC",
	"AES-256-CBC",
	"AES-128-GCM",
	"AES-256-GCM",
	"AES-128-CBC-HMAC-SHA1",
	"AES-256-CBC-HMAC-SHA1",
	"AES-128-CBC-HMAC-SHA256",
	"AES-256-CBC-HMAC-SHA256",
};

enum { NAMES = sizeof names / sizeof *names };

static const char *const devices[] = {"", "no-gcm", "ecb-only", "ctr-only", "cbc-only", "no-tls", "no-authcrypt"};

enum { DEVICE_KINDS = sizeof devices / sizeof *devices };

static const char *const faults[] = {
	/* those that must not show even when nothing is checked */
	"none",
	"iv-not-chained",
	"ctr16",
	"ctr32",
	"largest=300",
	"eio=every:2",
	"enospc=at:2",
	"einval=every:3",
	"eio",
	"vanish=at:3",
	/* and those that give wrong bytes */
	"flip",
	"flip=20",
	"wrong=every:3",
	"wrong=at:4",
	"wrong-length=32-256",
	"wrong-above=500",
	"leak-aad",
	"leak-session",
};

enum { FAULTS = sizeof faults / sizeof *faults, HARMLESS = 10 };

static OSSL_LIB_CTX *libctx;
static struct slu_dc_provider *provider;
static EVP_CIPHER *ciphers[NAMES][2];
static struct lab_device *device;
static unsigned device_count;
static bool device_used; /* a fault was set, or it is off */

/* One input's state. */
static const uint8_t *at, *end;
static EVP_CIPHER_CTX *ctx[2];
static uint8_t key[32], iv[IV_MOST], in[ROOM], out[2][ROOM], tag[IV_MOST];
static size_t iv_length; /* what both have */
static size_t updated;   /* bytes that the last update gave out */
static size_t held;      /* CBC: that were not given out yet */
static bool encrypt, finished, tls_seen;

__attribute__((noreturn)) static void differs(const char *what)
{
	fprintf(stderr, "the provider differs: %s of %s\n", what, EVP_CIPHER_CTX_get0_name(ctx[OURS]));
	abort();
}

static void same(int ours, int theirs, const char *what)
{
	if ((ours > 0) != (theirs > 0))
		differs(what);
}

static void same_bytes(const char *what, size_t n)
{
	if (memcmp(out[OURS], out[THEIRS], n) != 0)
		differs(what);
}

/* ---- the input ---- */

static uint8_t byte(void)
{
	return at < end ? *at++ : 0;
}

static size_t number(size_t below)
{
	const size_t n = byte();

	return (n << 8 | byte()) % below;
}

/* n bytes that depend on one of the input. */
static void fill(uint8_t *p, size_t n)
{
	uint32_t state = (uint32_t)byte() * 2654435761U + 1;

	for (size_t i = 0; i < n; i++) {
		state = state * 1664525 + 1013904223;
		p[i] = (uint8_t)(state >> 24);
	}
}

/* ---- calls of both ---- */

static int init(const uint8_t *k, const uint8_t *v)
{
	int result[2];

	held = 0;
	for (int i = 0; i < 2; i++)
		result[i] = EVP_CipherInit_ex2(ctx[i], NULL, k, v, encrypt, NULL);
	same(result[OURS], result[THEIRS], "init");
	return result[THEIRS];
}

static int control(int type, int n, const void *value)
{
	uint8_t copy[IV_MOST];
	int result[2];

	for (int i = 0; i < 2; i++) {
		if (value)
			memcpy(copy, value, n > 0 && n < IV_MOST ? (size_t)n : IV_MOST);
		result[i] = EVP_CIPHER_CTX_ctrl(ctx[i], type, n, value ? copy : NULL);
	}
	same(result[OURS], result[THEIRS], "a parameter");
	if (result[OURS] > 0 && result[OURS] != result[THEIRS])
		differs("a parameter's result");
	return result[THEIRS];
}

/* AAD when it is not to be given out. */
static int update(size_t n, bool in_place, bool aad)
{
	int length[2] = {0}, result[2];

	for (int i = 0; i < 2; i++) {
		if (in_place)
			memcpy(out[i], in, n);
		else
			memset(out[i], 0, sizeof out[i]);
		result[i] = EVP_CipherUpdate(ctx[i], aad ? NULL : out[i], &length[i], in_place ? out[i] : in, (int)n);
	}
	same(result[OURS], result[THEIRS], "update");
	if (result[OURS] > 0) {
		if (length[OURS] != length[THEIRS])
			differs("update's length");
		updated = (size_t)length[OURS];
		if (!aad)
			same_bytes("update's bytes", (size_t)length[OURS]);
	}
	return result[OURS];
}

/* ---- operations of all ciphers ---- */

static void op_start(void)
{
	encrypt = byte() & 1;
	fill(key, sizeof key);
	fill(iv, sizeof iv);
	init(key, iv);
	finished = false;
}

static void op_iv(void)
{
	fill(iv, sizeof iv);
	init(NULL, iv);
	finished = false;
}

static void op_update(void)
{
	const size_t n = number(MOST);

	fill(in, n);
	update(n, byte() & 1, false);
}

static void op_final(void)
{
	int length[2] = {0}, result[2];

	/* OpenSSL keeps the AAD of TLS 1.2 where it keeps the tag. */
	if (tls_seen && !encrypt)
		return;
	for (int i = 0; i < 2; i++)
		result[i] = EVP_CipherFinal_ex(ctx[i], out[i], &length[i]);
	same(result[OURS], result[THEIRS], "final");
	if (result[OURS] > 0 && length[OURS] != length[THEIRS])
		differs("final's length");
	if (result[OURS] > 0)
		same_bytes("final's bytes", (size_t)length[OURS]);
	if (result[OURS] > 0)
		held = 0;
	finished = result[OURS] > 0;
}

/* Goes on with copies; those that they were taken of are freed before or after. */
static void op_copy(void)
{
	for (int i = 0; i < 2; i++) {
		EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();

		if (!copy || EVP_CIPHER_CTX_copy(copy, ctx[i]) <= 0)
			differs("copy");
		EVP_CIPHER_CTX_free(ctx[i]);
		ctx[i] = copy;
	}
}

static void op_fault(void)
{
	char error[100];

	lab_device_fault(device, faults[byte() % (provider->settings.check_every ? FAULTS : HARMLESS)], error,
			 sizeof error);
	device_used = true;
}

static void op_padding(void)
{
	const int on = byte() & 1;

	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_set_padding(ctx[i], on);
}

/* ---- GCM's ---- */

static void op_iv_length(void)
{
	const size_t n = number(IV_MOST + 2);

	if (control(EVP_CTRL_AEAD_SET_IVLEN, (int)n, NULL) > 0)
		iv_length = n;
}

static void op_aad(void)
{
	const size_t n = number(MOST);

	fill(in, n);
	update(n, false, true);
}

/* The other direction, in the middle of whatever. */
static void op_turn(void)
{
	encrypt = !encrypt;
	init(NULL, NULL);
}

static void op_get_tag(void)
{
	const int n = 1 + byte() % TAG;

	if (!finished || !encrypt || tls_seen)
		return;
	for (int i = 0; i < 2; i++)
		if (EVP_CIPHER_CTX_ctrl(ctx[i], EVP_CTRL_AEAD_GET_TAG, n, out[i]) <= 0)
			differs("getting the tag");
	same_bytes("tag", (size_t)n);
	memcpy(tag, out[OURS], (size_t)n);
}

static void op_set_tag(void)
{
	if (byte() & 1)
		fill(tag, sizeof tag);
	control(EVP_CTRL_AEAD_SET_TAG, 1 + byte() % (TAG + 2), tag);
}

/* What was encrypted, decrypted again: with its tag, so that the device may do it. */
static void op_round(void)
{
	const size_t n = 1 + number(MOST - 1);
	static uint8_t made[ROOM];

	encrypt = true;
	fill(in, n);
	init(NULL, iv);
	if (update(n, false, false) <= 0)
		return;
	memcpy(made, out[OURS], n);
	op_final();
	op_get_tag();
	encrypt = false;
	init(NULL, iv);
	control(EVP_CTRL_AEAD_SET_TAG, TAG, tag);
	memcpy(in, made, n);
	update(n, byte() & 1, false);
	op_final();
}

/* OpenSSL's own counts beyond the IV's begin when that is shorter than its counter. */
static void op_iv_next(void)
{
	int result[2];

	if (iv_length < 8)
		return;
	for (int i = 0; i < 2; i++) {
		memset(out[i], 0, IV_MOST);
		result[i] = EVP_CIPHER_CTX_ctrl(ctx[i], EVP_CTRL_GCM_IV_GEN, 8, out[i]);
	}
	same(result[OURS], result[THEIRS], "drawing an IV");
	same_bytes("drawn IV", 8);
	finished = false;
}

static void op_iv_whole(void)
{
	fill(iv, sizeof iv);
	control(EVP_CTRL_GCM_SET_IV_FIXED, -1, iv);
	finished = false;
}

static void op_iv_peer(void)
{
	if (iv_length >= 8 && control(EVP_CTRL_GCM_SET_IV_INV, 8, iv + 1) > 0)
		finished = false;
}

/* A record of TLS 1.2 in place. */
static void op_record(void)
{
	const size_t n = 1 + number(2048); /* so that the AAD is used up */
	uint8_t aad[TLS_AAD];

	if (iv_length < 8)
		return;
	fill(aad, sizeof aad);
	aad[8] = byte() & 1 ? 23 : byte();
	slu_put_be16(aad + 11, (uint32_t)(byte() & 7 ? n - (n > TAG ? TAG : 0) : byte()));
	control(EVP_CTRL_AEAD_TLS1_AAD, byte() == 7 ? TLS_AAD - 1 : TLS_AAD, aad);
	tls_seen = true;
	fill(in, n);
	update(n, byte() % 8 != 0, false);
	finished = false;
}

/* As many of TLS 1.3 as the input says, some short, some out of order: key stream ahead. */
static void op_records(void)
{
	const unsigned count = byte() % 40, odd = byte();
	const size_t full = 1 + number(1500);
	uint8_t nonce[IV_MOST];

	for (unsigned i = 0; i < count; i++) {
		const size_t n = i % 5 == 3 ? 1 + full / 3 : full;

		memcpy(nonce, iv, sizeof nonce);
		nonce[11] ^= (uint8_t)(i == odd ? i + 64 : i);
		init(NULL, nonce);
		in[0] = 23;
		in[1] = in[2] = 3;
		slu_put_be16(in + 3, (uint32_t)(n + TAG));
		update(5, false, true);
		fill(in, n);
		update(n, i & 1, false);
		if (byte() == 1)
			update(1 + number(50), false, true); /* AAD, too late */
		op_final();
		op_get_tag();
	}
}

/* ---- the stitched ciphers' ---- */

static void op_mac_key(void)
{
	uint8_t mac_key[64];

	fill(mac_key, sizeof mac_key);
	control(EVP_CTRL_AEAD_SET_MAC_KEY, byte() % 2 ? 20 : 32, mac_key);
}

/* OpenSSL's own forgets the MAC's key with a new key, and without one it computes something. */
static void op_stitched_start(void)
{
	op_start();
	op_mac_key();
}

/* Encrypts one of TLS 1.1 or 1.2: explicit IV, data, and room for MAC and padding. */
static void op_stitched(void)
{
	const size_t n = 16 + number(1500);
	uint8_t aad[TLS_AAD];
	int pad;

	if (!encrypt) {
		encrypt = true;
		init(key, NULL); /* the key anew, as for CBC */
		op_mac_key();
	}
	fill(aad, sizeof aad);
	aad[8] = byte() & 1 ? 23 : 22;
	slu_put_be16(aad + 9, byte() & 1 ? 0x0303 : 0x0302);
	slu_put_be16(aad + 11, (uint32_t)n);
	pad = control(EVP_CTRL_AEAD_TLS1_AAD, TLS_AAD, aad);
	fill(in, n);
	if (pad > 0)
		update(n + (size_t)pad, true, false);
}

/* ---- CBC's ---- */

/* In place only while nothing is held back: else what comes out overtakes what is still to be read. */
static void op_cbc_update(void)
{
	const size_t n = number(MOST);
	const bool in_place = byte() & 1;

	fill(in, n);
	held += n;
	held -= update(n, in_place && held == n, false) > 0 ? updated : n;
}

/* With the key, for OpenSSL's own goes on with that of the other direction, which is none. */
static void op_cbc_turn(void)
{
	encrypt = !encrypt;
	init(key, NULL);
}

static void (*const cbc_ops[])(void) = {op_start, op_iv,    op_cbc_update, op_cbc_update, op_final,
					op_copy,  op_fault, op_padding,    op_cbc_turn};
static void (*const gcm_ops[])(void) = {op_start, op_iv,        op_update,   op_update,  op_final,   op_copy,
					op_fault, op_iv_length, op_aad,      op_turn,    op_get_tag, op_set_tag,
					op_round, op_iv_next,   op_iv_whole, op_iv_peer, op_record,  op_records};
static void (*const stitched_ops[])(void) = {op_stitched_start, op_mac_key, op_stitched,
					     op_stitched,       op_copy,    op_fault};

static const struct kind {
	void (*const *ops)(void);
	size_t n;
} cbc = {cbc_ops, sizeof cbc_ops / sizeof *cbc_ops}, gcm = {gcm_ops, sizeof gcm_ops / sizeof *gcm_ops},
  stitched = {stitched_ops, sizeof stitched_ops / sizeof *stitched_ops};

static const struct kind *kind_of(size_t name)
{
	return name < FIRST_AEAD ? &cbc : name < FIRST_AEAD + 2 ? &gcm : &stitched;
}

/* ---- running ---- */

static void set_up(void)
{
	libctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER_add_builtin(libctx, SLU_DEVCRYPTO_NAME, slu_devcrypto_init);
	OSSL_PROVIDER_load(libctx, "default");
	provider = OSSL_PROVIDER_get0_provider_ctx(OSSL_PROVIDER_load(libctx, SLU_DEVCRYPTO_NAME));
	slu_devcrypto_set_log(provider, NULL, NULL);
	provider->settings.deadline_ms = 0;
	provider->settings.decrypt = true;
	for (size_t i = 0; i < NAMES; i++) {
		ciphers[i][OURS] = EVP_CIPHER_fetch(libctx, names[i], SLU_DC_PROPERTY);
		ciphers[i][THEIRS] = EVP_CIPHER_fetch(libctx, names[i], "provider=default");
	}
	ERR_clear_error();
}

/* Devices are for ever, so an input gets the last one's while nothing is wrong with it. */
static void choose_device(uint8_t choice)
{
	const uint8_t which = choice % DEVICE_KINDS;
	static uint8_t last = 255;
	char error[100];

	provider->settings.check_first = 0;
	provider->settings.check_every = choice / DEVICE_KINDS % 2;
	provider->settings.min_size = choice / DEVICE_KINDS / 2 % 2 ? 300 : 1;
	if (device &&
	    (device_count >= DEVICES || (which == last && !device_used && !slu_dc_device_off(provider->device))))
		return;
	device = lab_device_new();
	device_count++;
	device_used = false;
	last = which;
	if (devices[which][0])
		lab_device_fault(device, devices[which], error, sizeof error);
	provider->device = slu_dc_device_get(lab_device_kernel(device), "/dev/crypto");
}

static void run(size_t name)
{
	const struct kind *kind = kind_of(name);

	iv_length = 12;
	finished = tls_seen = false;
	encrypt = true;
	for (int i = 0; i < 2; i++) {
		ctx[i] = EVP_CIPHER_CTX_new();
		if (!ctx[i] || EVP_CipherInit_ex2(ctx[i], ciphers[name][i], NULL, NULL, 1, NULL) <= 0)
			abort();
	}
	kind->ops[0]();
	while (at < end)
		kind->ops[byte() % kind->n]();
	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_free(ctx[i]);
	ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lab_counters c;
	size_t name;

	if (!libctx)
		set_up();
	if (size > 1024)
		return 0;
	at = data;
	end = data + size;
	name = byte() % NAMES;
	choose_device(byte());
	/* OpenSSL has the stitched ones on x86 alone. */
	if (ciphers[name][OURS] && ciphers[name][THEIRS])
		run(name);
	lab_device_counters(device, &c);
	if (c.sessions_now != 0) {
		fprintf(stderr, "sessions are left open\n");
		abort();
	}
	return 0;
}
