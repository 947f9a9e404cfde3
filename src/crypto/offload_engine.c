/* SPDX-License-Identifier: MIT */
/* The door to OpenSSL's engines. */
#include "crypto/offload.h"

#include <stdio.h>

#include "base/log.h"
#include "crypto/engine.h"

static int open_engine(struct slu_offload *o, const char *settings, char *error, size_t size)
{
	int r = slu_engine_get(settings, &o->engine, error, size);

	if (r == 0)
		slu_log(o->log, SLU_LOG_INFO, "the engine %s (%s) is OpenSSL's default for the whole process",
			slu_engine_id(o->engine), slu_engine_name(o->engine));
	return r;
}

static bool serves(const struct slu_offload *o, const SSL *ssl)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);

	return suite && slu_engine_has(o->engine, SSL_CIPHER_get_cipher_nid(suite));
}

/* Up to here nobody can tell: an engine that lacks the suite's cipher is passed over in silence. */
static void connected(struct slu_offload *o, const SSL *ssl)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);

	if (!suite || serves(o, ssl) || atomic_exchange(&o->said, true))
		return;
	slu_log(o->log, SLU_LOG_WARN,
		"the engine %s has no cipher for %s, so OpenSSL encrypts it in software: allow only what the engine "
		"has "
		"('openssl engine -c %s'), such as TLS 1.2 at most with suites of AES-CBC",
		slu_engine_id(o->engine), SSL_CIPHER_get_name(suite), slu_engine_id(o->engine));
}

static void stats(const struct slu_offload *o, struct slu_tls_offload_stats *out)
{
	snprintf(out->drivers, sizeof out->drivers, "%s: %s", slu_engine_id(o->engine), slu_engine_name(o->engine));
}

static void close_engine(struct slu_offload *o)
{
	slu_engine_put(o->engine);
}

const struct slu_offload_door slu_offload_engine = {
	.name = "engine",
	.usage = "engine:ID[,name=value,...]",
	.open = open_engine,
	.connected = connected,
	.serves = serves,
	.stats = stats,
	.close = close_engine,
};
