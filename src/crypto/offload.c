/* SPDX-License-Identifier: MIT */
#include "crypto/offload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/provider.h>

#include "base/log.h"
#include "crypto/offload_conf.h"
#include "crypto/tls_ctx.h"
#include "provider/devcrypto.h"

enum { SETTING_MAX = 160 };

struct slu_offload_library {
	struct slu_offload_library *next;
	char *what;
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *theirs, *ours;
	void *provider; /* the context of ours */
	pthread_mutex_t lock;
	struct slu_offload *users;     /* guarded by lock */
	const struct slu_log *loading; /* who is told before there are users */
};

static pthread_mutex_t libraries_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slu_offload_library *libraries;

/* The device is the process's: whoever uses it is told. */
static void tell_users(void *arg, const char *line)
{
	struct slu_offload_library *l = arg;

	if (l->loading)
		slu_log(l->loading, SLU_LOG_WARN, "%s", line);
	pthread_mutex_lock(&l->lock);
	for (const struct slu_offload *o = l->users; o; o = o->next)
		slu_log(o->log, SLU_LOG_WARN, "%s", line);
	pthread_mutex_unlock(&l->lock);
}

/* "name=value,name=value" */
static int apply_settings(struct slu_offload_library *l, const char *list, char *error, size_t size)
{
	char setting[SETTING_MAX], reason[256];

	while (*list) {
		size_t n = strcspn(list, ",");
		char *value;

		if (n >= sizeof setting) {
			snprintf(error, size, "a setting of the TLS offload is longer than %d characters", SETTING_MAX);
			return SLU_ERR_INVALID;
		}
		memcpy(setting, list, n);
		setting[n] = '\0';
		value = strchr(setting, '=');
		if (!value) {
			snprintf(error, size, "the TLS offload's setting '%s' lacks a value: it is name=value",
				 setting);
			return SLU_ERR_INVALID;
		}
		*value++ = '\0';
		if (slu_devcrypto_set(l->provider, setting, value, reason, sizeof reason) != 0) {
			snprintf(error, size, "the TLS offload %s does not work: %s", l->what, reason);
			return SLU_ERR_INVALID;
		}
		list += n + (list[n] == ',');
	}
	return 0;
}

/* Under libraries_lock. */
static int load(struct slu_offload_library *l, char *error, size_t size)
{
	char reason[256];

	slu_devcrypto_set_log(NULL, tell_users, l);
	l->libctx = OSSL_LIB_CTX_new();
	/* The built-in comes first: a section for a module of this name then only sets it up. */
	if (l->libctx && OSSL_PROVIDER_add_builtin(l->libctx, SLU_DEVCRYPTO_NAME, slu_devcrypto_init)) {
		if (!slu_offload_configure(l->libctx))
			slu_log(l->loading, SLU_LOG_WARN,
				"OpenSSL's configuration file cannot be used for the TLS offload: %s",
				slu_tls_reason(reason, sizeof reason));
		l->theirs = OSSL_PROVIDER_load(l->libctx, "default");
		l->ours = OSSL_PROVIDER_load(l->libctx, SLU_DEVCRYPTO_NAME);
	}
	slu_devcrypto_set_log(NULL, NULL, NULL);
	if (!l->theirs || !l->ours) {
		snprintf(error, size, "OpenSSL cannot load the TLS offload %s: %s", l->what,
			 slu_tls_reason(reason, sizeof reason));
		return SLU_ERR_TLS;
	}
	l->provider = OSSL_PROVIDER_get0_provider_ctx(l->ours);
	return 0;
}

static void free_library(struct slu_offload_library *l)
{
	if (l->ours)
		OSSL_PROVIDER_unload(l->ours);
	if (l->theirs)
		OSSL_PROVIDER_unload(l->theirs);
	OSSL_LIB_CTX_free(l->libctx);
	pthread_mutex_destroy(&l->lock);
	free(l->what);
	free(l);
}

static int make_library(const char *what, const char *settings, const struct slu_log *log,
			struct slu_offload_library **out, char *error, size_t size)
{
	struct slu_offload_library *l = calloc(1, sizeof *l);
	int r = SLU_ERR_NOMEM;

	if (!l) {
		snprintf(error, size, "out of memory");
		return r;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->loading = log;
	l->what = strdup(what);
	if (!l->what)
		snprintf(error, size, "out of memory");
	else
		r = load(l, error, size);
	if (r == 0)
		r = apply_settings(l, settings, error, size);
	if (r != 0) {
		free_library(l);
		return r;
	}
	l->loading = NULL;
	l->next = libraries;
	libraries = *out = l;
	return 0;
}

static int find_library(const char *what, const char *settings, const struct slu_log *log,
			struct slu_offload_library **out, char *error, size_t size)
{
	int r = 0;

	pthread_mutex_lock(&libraries_lock);
	for (*out = libraries; *out && strcmp((*out)->what, what) != 0; *out = (*out)->next)
		;
	if (!*out)
		r = make_library(what, settings, log, out, error, size);
	pthread_mutex_unlock(&libraries_lock);
	return r;
}

int slu_offload_open(struct slu_offload *o, const char *what, const struct slu_log *log, char *error, size_t size)
{
	static const char name[] = SLU_DEVCRYPTO_NAME;
	const size_t n = sizeof name - 1;
	int r;

	memset(o, 0, sizeof *o);
	if (!what || !*what || strcmp(what, "off") == 0)
		return 0;
	if (strncmp(what, name, n) != 0 || (what[n] && what[n] != ':')) {
		snprintf(error, size, "unknown TLS offload '%s': it is off, %s, or %s:name=value,name=value", what,
			 name, name);
		return SLU_ERR_INVALID;
	}
	r = find_library(what, what[n] ? what + n + 1 : "", log, &o->library, error, size);
	if (r != 0)
		return r;
	o->log = log;
	pthread_mutex_lock(&o->library->lock);
	o->next = o->library->users;
	o->library->users = o;
	pthread_mutex_unlock(&o->library->lock);
	return 0;
}

SSL_CTX *slu_offload_ssl_ctx(const struct slu_offload *o, const SSL_METHOD *method)
{
	/* With "?", whatever the provider lacks comes from the default one. */
	return o->library ? SSL_CTX_new_ex(o->library->libctx, "?provider=" SLU_DEVCRYPTO_NAME, method)
			  : SSL_CTX_new(method);
}

void slu_offload_refused(const struct slu_offload *o)
{
	if (o->library)
		slu_devcrypto_distrust(o->library->provider,
				       "turned off for this process, all goes on in software: the other end of a "
				       "connection refused a record (bad_record_mac), which the device may have got "
				       "wrong unchecked; check_every=1 checks every record");
}

void slu_offload_stats(const struct slu_offload *o, struct slu_tls_offload_stats *out)
{
	void *p = o->library ? o->library->provider : NULL;

	memset(out, 0, sizeof *out);
	if (!p)
		return;
	out->on = true;
	out->off = slu_devcrypto_off(p);
	slu_devcrypto_drivers(p, out->drivers, sizeof out->drivers);
	out->operations = slu_devcrypto_counter(p, "operations");
	out->bytes = slu_devcrypto_counter(p, "bytes");
	out->fallbacks = slu_devcrypto_counter(p, "fallbacks");
	out->checks = slu_devcrypto_counter(p, "checks");
	out->mismatches = slu_devcrypto_counter(p, "mismatches");
	out->abandoned = slu_devcrypto_counter(p, "abandoned");
	out->sessions = slu_devcrypto_counter(p, "sessions");
}

void slu_offload_close(struct slu_offload *o)
{
	struct slu_offload **at;

	if (!o->library)
		return;
	pthread_mutex_lock(&o->library->lock);
	for (at = &o->library->users; *at != o; at = &(*at)->next)
		;
	*at = o->next;
	pthread_mutex_unlock(&o->library->lock);
	o->library = NULL;
}
