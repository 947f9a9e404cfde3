/* SPDX-License-Identifier: MIT */
#include "targets.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "device.h"
#include "provider/cipher.h"
#include "provider/devcrypto.h"

static bool no_memory(void)
{
	fprintf(stderr, "vectors: out of memory\n");
	return false;
}

bool target_software(struct target *t)
{
	*t = (struct target){.libctx = OSSL_LIB_CTX_new(), .query = "provider=default"};
	return t->libctx || no_memory();
}

/* Everything goes to the device, nothing is repeated in software, nothing is tried in sizes that grow. */
static bool leave_all_to_device(void *provctx)
{
	static const char *const settings[][2] = {{"min_size", "0"},    {"fallback", "off"}, {"check_first", "0"},
						  {"check_every", "0"}, {"decrypt", "on"},   {"largest", "65536"}};
	char error[256];

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		if (slu_devcrypto_set(provctx, settings[i][0], settings[i][1], error, sizeof error)) {
			fprintf(stderr, "vectors: %s\n", error);
			return false;
		}
	return true;
}

static struct lab_device *make_device(const char *faults)
{
	struct lab_device *d = lab_device_new();
	char spec[64], error[256];

	for (size_t n; d && *faults; faults += n + (faults[n] == ',')) {
		n = strcspn(faults, ",");
		snprintf(spec, sizeof spec, "%.*s", (int)n, faults);
		if (strcmp(spec, "complete") && lab_device_fault(d, spec, error, sizeof error)) {
			fprintf(stderr, "vectors: %s\n", error);
			return NULL;
		}
	}
	return d;
}

/* The report says what came of it. */
static void forget(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

bool target_device(struct target *t, const char *faults)
{
	struct slu_dc_provider *p;

	*t = (struct target){.libctx = OSSL_LIB_CTX_new(), .query = SLU_DC_PROPERTY, .device = make_device(faults)};
	if (!t->libctx || !t->device)
		return no_memory();
	if (OSSL_PROVIDER_add_builtin(t->libctx, SLU_DEVCRYPTO_NAME, slu_devcrypto_init) != 1 ||
	    !(t->provider = OSSL_PROVIDER_load(t->libctx, SLU_DEVCRYPTO_NAME))) {
		ERR_print_errors_fp(stderr);
		return false;
	}
	p = OSSL_PROVIDER_get0_provider_ctx(t->provider);
	if (!leave_all_to_device(p))
		return false;
	p->settings.log = forget;
	p->device = slu_dc_device_get(lab_device_kernel(t->device), p->settings.path);
	return p->device || no_memory();
}

bool target_module(struct target *t)
{
	*t = (struct target){.query = SLU_DC_PROPERTY};
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 ||
	    !OSSL_PROVIDER_available(NULL, SLU_DEVCRYPTO_NAME) ||
	    !(t->provider = OSSL_PROVIDER_load(NULL, SLU_DEVCRYPTO_NAME))) {
		fprintf(stderr, "vectors: the OpenSSL configuration does not load %s\n", SLU_DEVCRYPTO_NAME);
		ERR_print_errors_fp(stderr);
		return false;
	}
	return true;
}

void target_mend(struct target *t)
{
	struct slu_dc_provider *p = t->device ? OSSL_PROVIDER_get0_provider_ctx(t->provider) : NULL;
	char path[32];

	if (!p || !slu_dc_device_off(p->device))
		return;
	snprintf(path, sizeof path, "/dev/crypto%u", ++t->mended);
	p->device = slu_dc_device_get(lab_device_kernel(t->device), path);
}

void target_count(const struct target *t, struct target_counts *now)
{
	struct lab_counters device;
	OSSL_PARAM params[] = {OSSL_PARAM_uint64("operations", &now->operations),
			       OSSL_PARAM_uint64("bytes", &now->bytes), OSSL_PARAM_uint64("fallbacks", &now->fallbacks),
			       OSSL_PARAM_END};

	*now = (struct target_counts){0};
	if (t->provider)
		OSSL_PROVIDER_get_params(t->provider, params);
	if (t->device) {
		lab_device_counters(t->device, &device);
		now->operations = device.crypt + device.authcrypt;
		now->bytes = device.bytes;
	}
}

void target_clear(struct target *t)
{
	if (t->provider)
		OSSL_PROVIDER_unload(t->provider);
	OSSL_LIB_CTX_free(t->libctx);
	*t = (struct target){0};
}
