/* SPDX-License-Identifier: MIT */
#include "dc_kit.h"

#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "provider/devcrypto.h"

const struct dc_fault dc_faults[DC_FAULTS] = {
	{"flip", DC_SAID_WRONG, true},
	{"wrong=after:3", DC_SAID_WRONG, true},
	{"eio=every:3", EIO, false},
	{"eio", EIO, true},
	{"enospc=every:2", ENOSPC, false},
	{"einval=at:3", EINVAL, false},
	{"vanish", ENODEV, true},
	{"wrong-align=0", DC_SAID_WRONG, true},
	{"iv-not-chained", 0, false},
	{"leak-session", 0, false}, /* there is one session */
	{"slow=1", 0, false},
};

static void keep_line(void *arg, const char *line)
{
	struct dc_kit *k = arg;
	size_t n = strlen(k->log);

	k->lines++;
	snprintf(k->log + n, sizeof k->log - n, "%s\n", line);
}

void dc_kit_open(struct dc_kit *k)
{
	memset(k, 0, sizeof *k);
	k->libctx = OSSL_LIB_CTX_new();
	assert_non_null(k->libctx);
	assert_int_equal(OSSL_PROVIDER_add_builtin(k->libctx, SLU_DEVCRYPTO_NAME, slu_devcrypto_init), 1);
	k->theirs = OSSL_PROVIDER_load(k->libctx, "default");
	k->ours = OSSL_PROVIDER_load(k->libctx, SLU_DEVCRYPTO_NAME);
	assert_non_null(k->theirs);
	assert_non_null(k->ours);
	k->provider = OSSL_PROVIDER_get0_provider_ctx(k->ours);
	slu_devcrypto_set_log(k->provider, keep_line, k);
	k->provider->settings.min_size = 1;
	k->provider->settings.check_first = 0;
	k->provider->settings.check_every = 0;
	k->provider->settings.deadline_ms = 0;
	dc_kit_device(k, "");
}

void dc_kit_close(struct dc_kit *k)
{
	OSSL_PROVIDER_unload(k->ours);
	OSSL_PROVIDER_unload(k->theirs);
	OSSL_LIB_CTX_free(k->libctx);
}

int dc_kit_teardown(void **state)
{
	dc_kit_close(*state);
	return 0;
}

void dc_kit_fault(struct dc_kit *k, const char *fault)
{
	char error[200] = "";

	if (lab_device_fault(k->device, fault, error, sizeof error))
		fail_msg("%s: %s", fault, error);
}

void dc_kit_device(struct dc_kit *k, const char *faults)
{
	char copy[256], *at = copy, *fault;

	k->device = lab_device_new();
	assert_non_null(k->device);
	k->provider->device = slu_dc_device_get(lab_device_kernel(k->device), "/dev/crypto");
	assert_non_null(k->provider->device);
	k->lines = 0;
	k->log[0] = '\0';
	snprintf(copy, sizeof copy, "%s", faults);
	while ((fault = strsep(&at, " ")))
		if (*fault)
			dc_kit_fault(k, fault);
}

static const char *words(int said)
{
	switch (said) {
	case DC_SAID_WRONG:
		return "gave wrong bytes";
	case DC_SAID_LATE:
		return "did not end within";
	default:
		return strerror(said);
	}
}

void dc_kit_release(struct dc_kit *k)
{
	lab_device_release(k->device);
	while (dc_kit_counters(k).hanging > 0)
		usleep(1000);
}

void dc_kit_expect(const struct dc_kit *k, const struct dc_fault *f, const char *device)
{
	const bool off = slu_dc_device_off(k->provider->device);
	const bool said = f->said ? k->lines > 0 && k->lines <= 2 && strstr(k->log, words(f->said)) : k->lines == 0;

	if (off != f->off || !said)
		fail_msg("\"%s\", then %s: off %d, said %s", device, f->fault, off, k->log);
}

struct lab_counters dc_kit_counters(const struct dc_kit *k)
{
	struct lab_counters c;

	lab_device_counters(k->device, &c);
	return c;
}

struct slu_dc_counters dc_kit_books(const struct dc_kit *k)
{
	struct slu_dc_counters c;

	slu_dc_device_counters(k->provider->device, &c);
	return c;
}

EVP_CIPHER_CTX *dc_kit_cipher(const struct dc_kit *k, const char *name, const char *properties)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(k->libctx, name, properties);
	EVP_CIPHER_CTX *ctx;

	if (!cipher)
		return NULL;
	ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, 1, NULL), 1);
	EVP_CIPHER_free(cipher);
	return ctx;
}

void dc_kit_records(EVP_CIPHER_CTX *ctx, unsigned version, size_t mac_size)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_TLS_VERSION, &version),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_size),
		OSSL_PARAM_END,
	};

	assert_int_equal(EVP_CIPHER_CTX_set_params(ctx, params), 1);
}

void dc_kit_fill(uint8_t *out, size_t n, uint32_t seed)
{
	uint32_t state = seed * 2654435761U + 1;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(test_rand(&state) >> 7);
}
