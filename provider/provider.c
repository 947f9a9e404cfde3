/* SPDX-License-Identifier: MIT */
/* The provider as OpenSSL sees it: loading, settings, what it offers, what it tells of itself. */
#include "cipher.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "devcrypto.h"

/* What a section of openssl.cnf may hold besides OpenSSL's own names: slu_dc_settings_set() knows each. */
static const char *const setting_names[] = {"device",      "min_size", "largest",     "check_first",
					    "check_every", "ahead",    "deadline_ms", "decrypt",
					    "fallback",    "cbc",      "gcm"};

enum { SETTINGS = sizeof setting_names / sizeof *setting_names };

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{"operations", offsetof(struct slu_dc_counters, operations)},
	{"bytes", offsetof(struct slu_dc_counters, bytes)},
	{"fallbacks", offsetof(struct slu_dc_counters, fallbacks)},
	{"checks", offsetof(struct slu_dc_counters, checks)},
	{"mismatches", offsetof(struct slu_dc_counters, mismatches)},
	{"abandoned", offsetof(struct slu_dc_counters, abandoned)},
	{"sessions", offsetof(struct slu_dc_counters, sessions)},
};

enum { COUNTERS = sizeof counters / sizeof *counters };

static const OSSL_ITEM reasons[] = {
	{SLU_DC_R_SETTING, (void *)(uintptr_t) "a setting that devcrypto does not take"},
	{SLU_DC_R_MEMORY, (void *)(uintptr_t) "out of memory"},
	{SLU_DC_R_SOFTWARE, (void *)(uintptr_t) "OpenSSL's default provider, which does the rest, failed"},
	{SLU_DC_R_DEVICE, (void *)(uintptr_t) "the crypto device failed, and software is not to stand in (fallback)"},
	{SLU_DC_R_KEY, (void *)(uintptr_t) "no key, or one of a wrong length"},
	{SLU_DC_R_IV, (void *)(uintptr_t) "no IV, or one of a wrong length"},
	{SLU_DC_R_LENGTH, (void *)(uintptr_t) "data of a wrong length"},
	{SLU_DC_R_ORDER, (void *)(uintptr_t) "calls in the wrong order"},
	{0, NULL},
};

void slu_dc_raise(const struct slu_dc_provider *p, enum slu_dc_reason reason, const char *format, ...)
{
	va_list args;

	if (!p->new_error || !p->vset_error)
		return;
	va_start(args, format);
	p->new_error(p->handle);
	p->vset_error(p->handle, (uint32_t)reason, format, args);
	va_end(args);
}

/* ---- what it tells ---- */

static const OSSL_PARAM *gettable_params(void *provctx)
{
#define COUNTER(name) OSSL_PARAM_uint64(name, NULL)
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
		OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
		OSSL_PARAM_utf8_string("drivers", NULL, 0),
		COUNTER("operations"),
		COUNTER("bytes"),
		COUNTER("fallbacks"),
		COUNTER("checks"),
		COUNTER("mismatches"),
		COUNTER("abandoned"),
		COUNTER("sessions"),
		OSSL_PARAM_END,
	};
#undef COUNTER
	(void)provctx;
	return params;
}

static int get_text(OSSL_PARAM params[], const char *name, const char *value)
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

	return !param || OSSL_PARAM_set_utf8_ptr(param, value);
}

static int get_counters(const struct slu_dc_provider *p, OSSL_PARAM params[])
{
	struct slu_dc_counters now;
	int ok = 1;

	slu_dc_device_counters(p->device, &now);
	for (size_t i = 0; i < COUNTERS; i++) {
		OSSL_PARAM *param = OSSL_PARAM_locate(params, counters[i].name);

		if (param)
			ok &= OSSL_PARAM_set_uint64(param,
						    *(const uint64_t *)(void *)((char *)&now + counters[i].offset));
	}
	return ok;
}

static int get_params(void *provctx, OSSL_PARAM params[])
{
	const struct slu_dc_provider *p = provctx;
	OSSL_PARAM *status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	OSSL_PARAM *drivers = OSSL_PARAM_locate(params, "drivers");
	char text[512];

	return get_text(params, OSSL_PROV_PARAM_NAME, "AES over /dev/crypto, of Sluice") &&
	       get_text(params, OSSL_PROV_PARAM_VERSION, SLU_VERSION) &&
	       get_text(params, OSSL_PROV_PARAM_BUILDINFO, SLU_VERSION) && (!status || OSSL_PARAM_set_int(status, 1)) &&
	       (!drivers || OSSL_PARAM_set_utf8_string(drivers, slu_devcrypto_drivers(provctx, text, sizeof text))) &&
	       get_counters(p, params);
}

const char *slu_devcrypto_drivers(void *provctx, char *out, size_t size)
{
	const struct slu_dc_provider *p = provctx;
	size_t n = 0;

	out[0] = '\0';
	for (int a = 0; a < SLU_DC_ALGORITHMS && n < size; a++) {
		const char *driver = slu_dc_device_driver(p->device, (enum slu_dc_algorithm)a);

		if (strcmp(driver, "?") != 0)
			n += (size_t)snprintf(out + n, size - n, "%s%s: %s", n ? ", " : "",
					      slu_dc_algorithm_name((enum slu_dc_algorithm)a), driver);
	}
	return out;
}

void slu_devcrypto_distrust(void *provctx, const char *sentence)
{
	struct slu_dc_provider *p = provctx;

	if (slu_devcrypto_counter(p, "operations"))
		slu_dc_device_turn_off(p->device, &p->settings, "%s", sentence);
}

bool slu_devcrypto_off(void *provctx)
{
	const struct slu_dc_provider *p = provctx;

	return slu_dc_device_off(p->device);
}

uint64_t slu_devcrypto_counter(void *provctx, const char *name)
{
	uint64_t value = 0;
	OSSL_PARAM params[] = {OSSL_PARAM_uint64(name, &value), OSSL_PARAM_END};

	get_counters(provctx, params);
	return value;
}

/* ---- what it offers ---- */

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
	const struct slu_dc_provider *p = provctx;

	*no_cache = 0;
	return operation == OSSL_OP_CIPHER ? p->algorithms : NULL;
}

static const OSSL_ITEM *get_reasons(void *provctx)
{
	(void)provctx;
	return reasons;
}

/* OpenSSL wants one list. */
static void join_algorithms(struct slu_dc_provider *p)
{
	const OSSL_ALGORITHM *tables[] = {slu_dc_cbc_algorithms, slu_dc_stitched_algorithms, slu_dc_gcm_algorithms};
	size_t n = 0;

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const OSSL_ALGORITHM *a = tables[t]; a && a->algorithm_names && n < SLU_DC_OFFERED; a++)
			p->algorithms[n++] = *a;
}

/* ---- settings ---- */

int slu_devcrypto_set(void *provctx, const char *name, const char *value, char *error, size_t size)
{
	struct slu_dc_provider *p = provctx;

	if (slu_dc_settings_set(&p->settings, name, value, error, size) != 0)
		return -1;
	p->device = slu_dc_device_get(&slu_dc_kernel_linux, p->settings.path);
	if (!p->device)
		snprintf(error, size, "out of memory");
	return p->device ? 0 : -1;
}

static struct {
	void (*log)(void *arg, const char *line);
	void *arg;
} first_log;

void slu_devcrypto_set_log(void *provctx, void (*log)(void *arg, const char *line), void *arg)
{
	struct slu_dc_provider *p = provctx;

	if (p) {
		p->settings.log = log;
		p->settings.log_arg = arg;
	} else {
		first_log.log = log;
		first_log.arg = arg;
	}
}

/* Besides the error queue, for OpenSSL drops that of a provider that its configuration file names, and goes on without
 * it. */
static void refuse(const struct slu_dc_provider *p, const char *why)
{
	char line[400];

	slu_dc_raise(p, SLU_DC_R_SETTING, "%s", why);
	snprintf(line, sizeof line, "%s; until it is mended, OpenSSL does not load devcrypto", why);
	p->settings.log(p->settings.log_arg, line);
}

/* What the section of openssl.cnf says, which the core keeps as text. */
static int read_settings(struct slu_dc_provider *p, OSSL_FUNC_core_get_params_fn *core_get_params)
{
	char *values[SETTINGS] = {NULL};
	OSSL_PARAM params[SETTINGS + 1];
	char error[256];

	for (size_t i = 0; i < SETTINGS; i++)
		params[i] = OSSL_PARAM_construct_utf8_ptr(setting_names[i], &values[i], 0);
	params[SETTINGS] = OSSL_PARAM_construct_end();
	if (!core_get_params || !core_get_params(p->handle, params))
		return 1;
	for (size_t i = 0; i < SETTINGS; i++)
		if (values[i] && slu_devcrypto_set(p, setting_names[i], values[i], error, sizeof error) != 0) {
			refuse(p, error);
			return 0;
		}
	return 1;
}

/* ---- loading ---- */

static void teardown(void *provctx)
{
	struct slu_dc_provider *p = provctx;

	slu_dc_twins_clear(&p->twins);
	OSSL_LIB_CTX_free(p->software);
	free(p);
}

static const OSSL_DISPATCH dispatch[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
	{OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
	{OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	{OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))get_reasons},
	{0, NULL},
};

static OSSL_FUNC_core_get_params_fn *take_core(struct slu_dc_provider *p, const OSSL_DISPATCH *in)
{
	OSSL_FUNC_core_get_params_fn *core_get_params = NULL;

	for (; in->function_id; in++)
		switch (in->function_id) {
		case OSSL_FUNC_CORE_GET_PARAMS:
			core_get_params = OSSL_FUNC_core_get_params(in);
			break;
		case OSSL_FUNC_CORE_NEW_ERROR:
			p->new_error = OSSL_FUNC_core_new_error(in);
			break;
		case OSSL_FUNC_CORE_VSET_ERROR:
			p->vset_error = OSSL_FUNC_core_vset_error(in);
			break;
		}
	return core_get_params;
}

int slu_devcrypto_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		       void **provctx)
{
	struct slu_dc_provider *p = calloc(1, sizeof *p);
	OSSL_FUNC_core_get_params_fn *core_get_params;

	if (!p)
		return 0;
	p->handle = handle;
	core_get_params = take_core(p, in);
	slu_dc_settings_init(&p->settings);
	if (first_log.log)
		slu_devcrypto_set_log(p, first_log.log, first_log.arg);
	p->device = slu_dc_device_get(&slu_dc_kernel_linux, p->settings.path);
	p->software = OSSL_LIB_CTX_new();
	if (!p->device || !p->software || !slu_dc_twins_init(p))
		slu_dc_raise(p, SLU_DC_R_MEMORY, NULL);
	else if (read_settings(p, core_get_params)) {
		join_algorithms(p);
		*out = dispatch;
		*provctx = p;
		return 1;
	}
	teardown(p);
	return 0;
}
