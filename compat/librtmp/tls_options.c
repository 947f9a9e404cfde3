/* SPDX-License-Identifier: MIT */
#include "tls_options.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sluice/conn.h>
#include <sluice/tls.h>

#include "lines.h"
#include "settings.h"
#include "tls_words.h"

/* What a session wants of TLS. */
struct wanted {
	char *text[SLU_COMPAT_TLS_SETTINGS]; /* "": the default */
	bool receives;
};

/* Those that sessions had last. They are kept when the last session is gone, for the next one may resume, and when the
 * process ends, for OpenSSL may have been cleaned up by then. */
enum { SHARED = 8, AGE_MAX_MS = 60 * 60 * 1000 };

static struct shared {
	char *key; /* NULL: free */
	struct slu_tls_ctx *ctx;
	uint64_t made, used;
} shared[SHARED];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forget_wanted(struct wanted *w)
{
	for (int i = 0; i < SLU_COMPAT_TLS_SETTINGS; i++)
		free(w->text[i]);
}

static bool gather(const RTMP *r, struct wanted *w, char *error, size_t size)
{
	memset(w, 0, sizeof *w);
	w->receives = !(r->Link.protocol & RTMP_FEATURE_WRITE);
	for (unsigned i = 0; i < SLU_COMPAT_TLS_SETTINGS; i++) {
		w->text[i] = slu_compat_get(r, i, error, size);
		if (!w->text[i])
			return false;
	}
	return true;
}

/* A file that was replaced is another one; where there is none, making a context finds out. */
static void put_identity(FILE *out, const char *path)
{
	struct stat s;

	if (*path && stat(path, &s) == 0)
		fprintf(out, "%ju:%ju:%jd:%jd.%ld", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino, (intmax_t)s.st_size,
			(intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
	putc(';', out);
}

/* Equal where one context will do for both; to be freed. NULL: there is no memory. */
static char *key_of(const struct wanted *w)
{
	static const enum slu_compat_setting files[] = {SLU_COMPAT_TLS_CA_FILE, SLU_COMPAT_TLS_CERT,
							SLU_COMPAT_TLS_KEY};
	char *key = NULL;
	size_t n;
	FILE *out = open_memstream(&key, &n);
	bool ok;

	if (!out)
		return NULL;
	fprintf(out, "%d;", w->receives);
	for (int i = 0; i < SLU_COMPAT_TLS_SETTINGS; i++)
		fprintf(out, "%zu:%s;", strlen(w->text[i]), w->text[i]);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		put_identity(out, w->text[files[i]]);
	ok = !ferror(out);
	if (fclose(out) == 0 && ok)
		return key;
	free(key);
	return NULL;
}

static struct slu_tls_ctx *make(const struct wanted *w, char *error, size_t size)
{
	char *const *text = w->text;
	struct slu_tls_config config = {
		.insecure = slu_compat_truth(text[SLU_COMPAT_TLS_VERIFY]) == 0,
		.ca_file = text[SLU_COMPAT_TLS_CA_FILE],
		.pin = text[SLU_COMPAT_TLS_PIN],
		.cert_file = text[SLU_COMPAT_TLS_CERT],
		.key_file = text[SLU_COMPAT_TLS_KEY],
		.cipher_list = text[SLU_COMPAT_TLS_CIPHERS],
		.ciphersuites = text[SLU_COMPAT_TLS_CIPHERSUITES],
		.groups = text[SLU_COMPAT_TLS_GROUPS],
		.offload = text[SLU_COMPAT_TLS_OFFLOAD],
		.receives = w->receives,
		.log = slu_compat_lines(SLU_LOG_DEBUG), /* it lasts longer than the level that is set now */
	};

	slu_tls_version_parse(text[SLU_COMPAT_TLS_MIN], &config.min_version);
	slu_tls_version_parse(text[SLU_COMPAT_TLS_MAX], &config.max_version);
	return slu_tls_ctx_new(&config, error, size);
}

static void forget(struct shared *s)
{
	slu_tls_ctx_free(s->ctx);
	free(s->key);
	*s = (struct shared){.key = NULL};
}

static struct slu_tls_ctx *find(const char *key, uint64_t now)
{
	for (struct shared *s = shared; s < shared + SHARED; s++) {
		/* The system's authorities may have changed too. */
		if (s->key && now - s->made >= AGE_MAX_MS)
			forget(s);
		if (s->key && strcmp(s->key, key) == 0) {
			s->used = now;
			return s->ctx;
		}
	}
	return NULL;
}

/* In the place of the one that was used longest ago. */
static void keep(char *key, struct slu_tls_ctx *ctx, uint64_t now)
{
	struct shared *oldest = shared;

	for (struct shared *s = shared; s < shared + SHARED && oldest->key; s++)
		if (!s->key || s->used < oldest->used)
			oldest = s;
	forget(oldest);
	*oldest = (struct shared){key, ctx, now, now};
}

/* An engine is refused while contexts have another one, which may be here for no session's sake. */
static struct slu_tls_ctx *make_again(const struct wanted *w, char *error, size_t size)
{
	if (!*w->text[SLU_COMPAT_TLS_OFFLOAD])
		return NULL;
	for (struct shared *s = shared; s < shared + SHARED; s++)
		forget(s);
	return make(w, error, size);
}

/* Under the lock also while one is made, for others would make the same. */
static struct slu_tls_ctx *find_or_make(const struct wanted *w, char *key, char *error, size_t size)
{
	uint64_t now = slu_now_ms();
	struct slu_tls_ctx *ctx = find(key, now);

	if (ctx) {
		free(key);
		return slu_tls_ctx_get(ctx);
	}
	ctx = make(w, error, size);
	if (!ctx)
		ctx = make_again(w, error, size);
	if (!ctx) {
		free(key);
		return NULL;
	}
	keep(key, ctx, now);
	return slu_tls_ctx_get(ctx);
}

/* Our words for it, and what was set, for one of these it is. */
static void explain(const RTMP *r, char *error, size_t size)
{
	char sentence[1024];
	const char *before = " (set: ";
	size_t n;

	snprintf(sentence, sizeof sentence, "%s", error);
	slu_compat_tls_words(error, size, sentence);
	for (unsigned i = 0; i < SLU_COMPAT_TLS_SETTINGS; i++) {
		const char *who = slu_compat_said_by(r, i);

		n = strlen(error);
		if (!who || n >= size)
			continue;
		snprintf(error + n, size - n, "%s%s", before, who);
		before = ", ";
	}
	n = strlen(error);
	if (*before == ',' && n < size)
		snprintf(error + n, size - n, ")");
}

struct slu_tls_ctx *slu_compat_tls(const RTMP *r, char *error, size_t size)
{
	struct slu_tls_ctx *ctx = NULL;
	struct wanted w;
	char *key;

	if (r->Link.pFlags & SLU_COMPAT_GONE) {
		snprintf(error, size,
			 "the session was closed, and its options of TLS are gone with it: say them again");
		return NULL;
	}
	if (!gather(r, &w, error, size)) {
		forget_wanted(&w);
		return NULL;
	}
	key = key_of(&w);
	if (key) {
		pthread_mutex_lock(&lock);
		ctx = find_or_make(&w, key, error, size);
		pthread_mutex_unlock(&lock);
	} else {
		snprintf(error, size, "there is no memory for TLS");
	}
	if (!ctx)
		explain(r, error, size);
	forget_wanted(&w);
	return ctx;
}
