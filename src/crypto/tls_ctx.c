/* SPDX-License-Identifier: MIT */
#include "crypto/tls_ctx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/log.h"
#include "crypto/identity.h"
#include "crypto/policy.h"
#include "crypto/sni.h"
#include "crypto/tls_choice.h"
#include "crypto/x509.h"

/* Of what clients send, stream keys among that, OpenSSL keeps no plain text (from 3.0 on, where it can). */
#ifdef SSL_OP_CLEANSE_PLAINTEXT
#define CLEANSE SSL_OP_CLEANSE_PLAINTEXT
#else
#define CLEANSE 0
#endif

/* The strings of a configuration, which the context keeps copies of. */
static const size_t strings[] = {
	offsetof(struct slu_tls_config, ca_file),     offsetof(struct slu_tls_config, ca_path),
	offsetof(struct slu_tls_config, pin),         offsetof(struct slu_tls_config, server_name),
	offsetof(struct slu_tls_config, cert_file),   offsetof(struct slu_tls_config, key_file),
	offsetof(struct slu_tls_config, cipher_list), offsetof(struct slu_tls_config, ciphersuites),
	offsetof(struct slu_tls_config, groups),      offsetof(struct slu_tls_config, keylog_file),
	offsetof(struct slu_tls_config, offload),     offsetof(struct slu_tls_config, measured),
};

enum { STRINGS = sizeof strings / sizeof *strings };

static const char **string_at(struct slu_tls_config *c, size_t i)
{
	return (const char **)(void *)((char *)c + strings[i]);
}

static void clear_more(struct slu_tls_config *c)
{
	for (size_t i = 0; i < c->more_count && c->more; i++) {
		free((char *)(uintptr_t)c->more[i].cert_file);
		free((char *)(uintptr_t)c->more[i].key_file);
	}
	free((struct slu_tls_identity *)(uintptr_t)c->more);
	c->more = NULL;
}

static void clear_config(struct slu_tls_config *c)
{
	clear_more(c);
	for (size_t i = 0; i < STRINGS; i++) {
		free((char *)(uintptr_t)*string_at(c, i));
		*string_at(c, i) = NULL;
	}
}

static int copy_more(struct slu_tls_config *to, const struct slu_tls_config *from)
{
	struct slu_tls_identity *copy = calloc(from->more_count + 1, sizeof *copy);
	int r = 0;

	to->more = copy;
	if (!copy)
		return SLU_ERR_NOMEM;
	for (size_t i = 0; i < from->more_count && r == 0; i++) {
		const struct slu_tls_identity *id = &from->more[i];

		copy[i].cert_file = id->cert_file ? strdup(id->cert_file) : NULL;
		copy[i].key_file = id->key_file ? strdup(id->key_file) : NULL;
		if ((id->cert_file && !copy[i].cert_file) || (id->key_file && !copy[i].key_file))
			r = SLU_ERR_NOMEM;
	}
	return r;
}

/* "" stands for the default, as NULL does. */
static int copy_config(struct slu_tls_config *to, const struct slu_tls_config *from)
{
	int r;

	*to = *from;
	r = copy_more(to, from);
	for (size_t i = 0; i < STRINGS; i++) {
		const char **s = string_at(to, i);

		if (!*s || !**s || r != 0) {
			*s = NULL;
			continue;
		}
		*s = strdup(*s);
		if (!*s)
			r = SLU_ERR_NOMEM;
	}
	return r;
}

const char *slu_tls_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

const char *slu_tls_library_built(void)
{
	return OPENSSL_VERSION_TEXT;
}

const char *slu_tls_reason(char *out, size_t size)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(e);

	if (!reason)
		reason = ERR_GET_LIB(e) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(e)) : "no reason given";
	snprintf(out, size, "%s", reason);
	ERR_clear_error();
	return out;
}

/* NSS's format. One write for a line, so that processes can share a file. */
static void keylog(const SSL *ssl, const char *line)
{
	struct slu_tls_ctx *ctx = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct iovec iov[2] = {{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};

	if (writev(ctx->keylog, iov, 2) < 0)
		slu_log(&ctx->config.log, SLU_LOG_WARN, "the TLS key log %s cannot be written: %s",
			ctx->config.keylog_file, strerror(errno));
}

static int open_keylog(struct slu_tls_ctx *ctx, char *error, size_t size)
{
	const char *path = ctx->config.keylog_file;

	if (!path)
		return 0;
	ctx->keylog = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (ctx->keylog < 0) {
		snprintf(error, size, "cannot open the TLS key log %s: %s", path, strerror(errno));
		return SLU_ERR_IO;
	}
	slu_log(&ctx->config.log, SLU_LOG_WARN, "the keys of each TLS connection are written to %s, as asked", path);
	return 0;
}

/* OpenSSL hands over a reference with each session: 1 keeps it. */
static int new_session(SSL *ssl, SSL_SESSION *session)
{
	struct slu_tls_peer *p = SSL_get_app_data(ssl);

	if (!p || !p->key[0])
		return 0;
	slu_sessions_put(&p->ctx->sessions, p->key, session);
	return 1;
}

/* A session belongs to the certificate that it was made under, and to what clients had to show then: another SSL_CTX,
 * also one made later of the same files, does not take it. */
static int set_id(SSL_CTX *ssl)
{
	unsigned char id[SSL_MAX_SID_CTX_LENGTH];

	if (RAND_bytes(id, sizeof id) != 1)
		return SLU_ERR_TLS;
	SSL_CTX_set_session_id_context(ssl, id, sizeof id);
	return 0;
}

static void set_resumption(SSL_CTX *ssl, const struct slu_tls_config *c)
{
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	if (c->server) {
		/* One ticket is enough: a client that reconnects gets another. */
		SSL_CTX_set_num_tickets(ssl, c->no_resumption ? 0 : 1);
	} else if (!c->no_resumption) {
		SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(ssl, new_session);
	}
}

/* Whom it accepts, and, so that a client with several certificates can choose, says so. */
static int ask_clients(SSL_CTX *ssl, const struct slu_tls_config *c, char *error, size_t size)
{
	bool all = c->client_cert == SLU_TLS_CLIENT_CERT_REQUIRED;
	STACK_OF(X509_NAME) * names;

	if (!c->ca_file && !c->ca_path) {
		snprintf(error, size, "to ask clients for certificates takes the certificate of who issues them");
		return SLU_ERR_INVALID;
	}
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | (all ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	SSL_CTX_set_cert_verify_callback(ssl, slu_x509_verify_client, NULL);
	names = c->ca_file ? SSL_load_client_CA_file(c->ca_file) : NULL;
	if (names)
		SSL_CTX_set_client_CA_list(ssl, names);
	ERR_clear_error();
	return slu_x509_trust(ssl, c->ca_file, c->ca_path, error, size);
}

static int set_verification(SSL_CTX *ssl, const struct slu_tls_config *c, char *error, size_t size)
{
	if (c->server) {
		SSL_CTX_set_dh_auto(ssl, 1);
		return c->client_cert ? ask_clients(ssl, c, error, size) : 0;
	}
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, slu_x509_verify, NULL);
	return c->insecure ? 0 : slu_x509_trust(ssl, c->ca_file, c->ca_path, error, size);
}

static int cannot_begin(char *error, size_t size)
{
	char reason[256];

	snprintf(error, size,
		 "OpenSSL cannot begin with TLS: %s; check its configuration file, "
		 "which may load providers that do not work",
		 slu_tls_reason(reason, sizeof reason));
	return SLU_ERR_TLS;
}

/* An SSL_CTX of what the configuration says and what its files hold now, with one certificate. */
static int build_one(struct slu_tls_ctx *ctx, const struct slu_tls_identity *id, SSL_CTX **out, char *error,
		     size_t size)
{
	const struct slu_tls_config *c = &ctx->config;
	SSL_CTX *ssl = slu_offload_ssl_ctx(&ctx->offload, c->server ? TLS_server_method() : TLS_client_method());
	int r;

	if (!ssl || SSL_CTX_set_app_data(ssl, ctx) != 1 || (c->server && set_id(ssl) != 0)) {
		SSL_CTX_free(ssl);
		return cannot_begin(error, size);
	}
	r = slu_policy_apply(ssl, c, error, size);
	if (r == 0)
		r = set_verification(ssl, c, error, size);
	if (r == 0)
		r = slu_identity_load(ssl, id, c->server, error, size);
	if (r != 0) {
		SSL_CTX_free(ssl);
		ERR_clear_error();
		return r;
	}
	set_resumption(ssl, c);
	if (ctx->choice && ctx->choice->sorted && c->server)
		SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (c->server)
		SSL_CTX_set_options(ssl, CLEANSE);
	/* A server has many connections that do nothing now, and the next one takes the buffers while they are in the
	 * caches. */
	if (c->server)
		SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	if (ctx->keylog >= 0)
		SSL_CTX_set_keylog_callback(ssl, keylog);
	*out = ssl;
	return 0;
}

static void warn_of(const struct slu_tls_ctx *ctx, const SSL_CTX *ssl, const struct slu_tls_identity *id)
{
	if (ctx->config.server)
		slu_identity_warn(ssl, id, ctx->fixed_time ? ctx->fixed_time : time(NULL), &ctx->config.log);
}

/* One more certificate for those that first serves. */
static int build_more(struct slu_tls_ctx *ctx, SSL_CTX *first, const struct slu_tls_identity *id, char *error,
		      size_t size)
{
	SSL_CTX *ssl;
	int r = build_one(ctx, id, &ssl, error, size);

	if (r != 0)
		return r;
	warn_of(ctx, ssl, id);
	return slu_sni_add(first, ssl, id, &ctx->config.log, error, size);
}

/* All of them, that of the first certificate in *out, and whom it leaves a client to behind it. */
static int build(struct slu_tls_ctx *ctx, SSL_CTX **out, char *error, size_t size)
{
	const struct slu_tls_config *c = &ctx->config;
	const struct slu_tls_identity id = {c->cert_file, c->key_file};
	SSL_CTX *first;
	int r = build_one(ctx, &id, &first, error, size);

	if (r != 0)
		return r;
	warn_of(ctx, first, &id);
	for (size_t i = 0; i < c->more_count && r == 0; i++)
		r = build_more(ctx, first, &c->more[i], error, size);
	if (r == 0)
		*out = first;
	else
		SSL_CTX_free(first);
	return r;
}

/* ---- what is left to us ---- */

static int replace(const char **string, const char *by)
{
	char *copy = *by ? strdup(by) : NULL;

	if (*by && !copy)
		return SLU_ERR_NOMEM;
	free((char *)(uintptr_t)*string);
	*string = copy;
	return 0;
}

static int choose_by(struct slu_tls_ctx *ctx, const struct slu_tls_config *rules, char *error, size_t size)
{
	struct slu_tls_config *c = &ctx->config;
	int r = slu_tls_choice_make(rules, ctx->choice, error, size);

	if (r != 0)
		return r;
	if (ctx->choice->sorted && (replace(&c->cipher_list, ctx->choice->all.cipher_list) != 0 ||
				    replace(&c->ciphersuites, ctx->choice->all.ciphersuites) != 0)) {
		snprintf(error, size, "out of memory");
		return SLU_ERR_NOMEM;
	}
	slu_log(&c->log, SLU_LOG_INFO, "%s", ctx->choice->sentence);
	return 0;
}

static int choose(struct slu_tls_ctx *ctx, char *error, size_t size)
{
	if (!slu_tls_choice_wanted(&ctx->config))
		return 0;
	ctx->choice = calloc(1, sizeof *ctx->choice);
	if (!ctx->choice) {
		snprintf(error, size, "out of memory");
		return SLU_ERR_NOMEM;
	}
	return choose_by(ctx, &ctx->config, error, size);
}

/* Suites that were the cheapest by something else may not be so in software. */
static int choose_software(struct slu_tls_ctx *ctx, char *error, size_t size)
{
	struct slu_tls_config rules = ctx->config;
	int r;

	rules.offload = "off";
	if (ctx->choice->sorted)
		rules.cipher_list = "auto";
	r = choose_by(ctx, &rules, error, size);
	return r ? r : slu_offload_open(&ctx->offload, rules.offload, &ctx->config.log, error, size);
}

/* What was chosen, and cannot be had after all, is no reason not to go on. */
static int open_offload(struct slu_tls_ctx *ctx, char *error, size_t size)
{
	const struct slu_tls_config *c = &ctx->config;
	const char *what = ctx->choice && *ctx->choice->offload ? ctx->choice->offload : c->offload;
	int r = slu_offload_open(&ctx->offload, what, &c->log, error, size);

	if (r == 0 && ctx->choice)
		slu_offload_ktls_only(&ctx->offload, ctx->choice->ktls);
	if (r == 0 || !c->offload || strcmp(c->offload, "auto") != 0)
		return r;
	slu_log(&c->log, SLU_LOG_WARN, "TLS is done in software: %s", error);
	if (size)
		error[0] = '\0';
	return choose_software(ctx, error, size);
}

const char *slu_tls_chosen(const struct slu_tls_ctx *ctx)
{
	return ctx->choice ? ctx->choice->sentence : "";
}

struct slu_tls_ctx *slu_tls_ctx_new(const struct slu_tls_config *config, char *error, size_t size)
{
	struct slu_tls_ctx *ctx = calloc(1, sizeof *ctx);

	if (size)
		error[0] = '\0';
	if (!ctx) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	atomic_init(&ctx->refs, 1);
	ctx->keylog = -1;
	pthread_mutex_init(&ctx->lock, NULL);
	slu_sessions_init(&ctx->sessions);
	if (copy_config(&ctx->config, config) != 0)
		snprintf(error, size, "out of memory");
	else if (slu_pins_parse(&ctx->pins, ctx->config.pin, error, size) == 0 && open_keylog(ctx, error, size) == 0 &&
		 choose(ctx, error, size) == 0 && open_offload(ctx, error, size) == 0 &&
		 build(ctx, &ctx->ssl, error, size) == 0)
		return ctx;
	slu_tls_ctx_free(ctx);
	return NULL;
}

struct slu_tls_ctx *slu_tls_ctx_get(struct slu_tls_ctx *ctx)
{
	atomic_fetch_add(&ctx->refs, 1);
	return ctx;
}

void slu_tls_ctx_free(struct slu_tls_ctx *ctx)
{
	if (!ctx || atomic_fetch_sub(&ctx->refs, 1) != 1)
		return;
	SSL_CTX_free(ctx->ssl);
	slu_offload_close(&ctx->offload);
	slu_sessions_destroy(&ctx->sessions);
	pthread_mutex_destroy(&ctx->lock);
	if (ctx->keylog >= 0)
		close(ctx->keylog);
	clear_config(&ctx->config);
	free(ctx->choice);
	free(ctx);
}

void slu_tls_offload(const struct slu_tls_ctx *ctx, struct slu_tls_offload_stats *out)
{
	slu_offload_stats(&ctx->offload, out);
}

int slu_tls_reload(struct slu_tls_ctx *ctx, char *error, size_t size)
{
	SSL_CTX *fresh, *old;
	int r = build(ctx, &fresh, error, size);

	if (r != 0)
		return r;
	pthread_mutex_lock(&ctx->lock);
	old = ctx->ssl;
	ctx->ssl = fresh;
	pthread_mutex_unlock(&ctx->lock);
	/* Connections hold references of their own. Sessions were made under the old trust. */
	SSL_CTX_free(old);
	slu_sessions_clear(&ctx->sessions);
	return 0;
}
