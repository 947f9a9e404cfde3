/* SPDX-License-Identifier: MIT */
/*
 * The door to a crypto device: a library context of our own with the provider over it, so that the application's other
 * uses of OpenSSL notice nothing.
 *
 * There is one library context for each distinct text that was ever opened, and it stays until the process ends. One a
 * TLS context would cost a few hundred kilobytes and a few milliseconds each, and OpenSSL numbers the error tables of
 * each provider loaded in eight bits, never giving a number back: a program that makes a context for each connection
 * would run out of them. Texts come from a configuration, so there are few.
 */
#include "crypto/offload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/provider.h>

#include "base/log.h"
#include "crypto/offload_conf.h"
#include "crypto/offload_settings.h"
#include "crypto/tls_ctx.h"
#include "provider/devcrypto.h"

struct slu_offload_library {
	struct slu_offload_library *next;
	char *settings;
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

static int set(void *arg, const char *name, const char *value, char *error, size_t size)
{
	struct slu_offload_library *l = arg;
	char reason[256];

	if (slu_devcrypto_set(l->provider, name, value, reason, sizeof reason) == 0)
		return 0;
	snprintf(error, size, "the TLS offload " SLU_DEVCRYPTO_NAME ":%s does not work: %s", l->settings, reason);
	return SLU_ERR_INVALID;
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
		snprintf(error, size, "OpenSSL cannot load the TLS offload " SLU_DEVCRYPTO_NAME ": %s",
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
	free(l->settings);
	free(l);
}

static int make_library(const char *settings, const struct slu_log *log, struct slu_offload_library **out, char *error,
			size_t size)
{
	struct slu_offload_library *l = calloc(1, sizeof *l);
	int r = SLU_ERR_NOMEM;

	if (!l) {
		snprintf(error, size, "out of memory");
		return r;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->loading = log;
	l->settings = strdup(settings);
	if (!l->settings)
		snprintf(error, size, "out of memory");
	else
		r = load(l, error, size);
	if (r == 0)
		r = slu_offload_settings(settings, set, l, error, size);
	if (r != 0) {
		free_library(l);
		return r;
	}
	l->loading = NULL;
	l->next = libraries;
	libraries = *out = l;
	return 0;
}

static int find_library(const char *settings, const struct slu_log *log, struct slu_offload_library **out, char *error,
			size_t size)
{
	int r = 0;

	pthread_mutex_lock(&libraries_lock);
	for (*out = libraries; *out && strcmp((*out)->settings, settings) != 0; *out = (*out)->next)
		;
	if (!*out)
		r = make_library(settings, log, out, error, size);
	pthread_mutex_unlock(&libraries_lock);
	return r;
}

static int open_devcrypto(struct slu_offload *o, const char *settings, char *error, size_t size)
{
	int r = find_library(settings, o->log, &o->library, error, size);

	if (r != 0)
		return r;
	pthread_mutex_lock(&o->library->lock);
	o->next = o->library->users;
	o->library->users = o;
	pthread_mutex_unlock(&o->library->lock);
	return 0;
}

static SSL_CTX *ssl_ctx(const struct slu_offload *o, const SSL_METHOD *method)
{
	/* With "?", whatever the provider lacks comes from the default one. */
	return SSL_CTX_new_ex(o->library->libctx, "?provider=" SLU_DEVCRYPTO_NAME, method);
}

static void stats(const struct slu_offload *o, struct slu_tls_offload_stats *out)
{
	void *p = o->library->provider;

	out->counted = true;
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

static void refused(const struct slu_offload *o)
{
	slu_devcrypto_distrust(o->library->provider,
			       "turned off for this process, all goes on in software: the other end of a "
			       "connection refused a record (bad_record_mac), which the device may have got "
			       "wrong unchecked; check_every=1 checks every record");
}

static void close_devcrypto(struct slu_offload *o)
{
	struct slu_offload **at;

	pthread_mutex_lock(&o->library->lock);
	for (at = &o->library->users; *at != o; at = &(*at)->next)
		;
	*at = o->next;
	pthread_mutex_unlock(&o->library->lock);
	o->library = NULL;
}

const struct slu_offload_door slu_offload_devcrypto = {
	.name = SLU_DEVCRYPTO_NAME,
	.usage = SLU_DEVCRYPTO_NAME "[:name=value,...]",
	.open = open_devcrypto,
	.ssl_ctx = ssl_ctx,
	.stats = stats,
	.refused = refused,
	.close = close_devcrypto,
};
