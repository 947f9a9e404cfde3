/* SPDX-License-Identifier: MIT */
#include "crypto/tls_ctx.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/log.h"
#include "crypto/policy.h"
#include "crypto/x509.h"

/* OpenSSL keeps only its own failures in the error queue: the alerts of both sides come here. */
static void info(const SSL *ssl, int where, int ret)
{
	struct slu_tls_peer *p = SSL_get_app_data(ssl);

	if (!p || !(where & SSL_CB_ALERT) || ret >> 8 != SSL3_AL_FATAL)
		return;
	if (!(where & SSL_CB_READ)) {
		p->alert_out = ret & 0xff;
		return;
	}
	p->alert_in = ret & 0xff;
	if (p->alert_in == SSL_AD_BAD_RECORD_MAC)
		slu_offload_refused(&p->ctx->offload);
}

static int name_client(struct slu_tls_peer *p, const char *host)
{
	if (p->ctx->config.server_name)
		host = p->ctx->config.server_name;
	if (host && slu_x509_host(host, p->host, &p->ip)) {
		/* RFC 6066, 3: literal addresses are not permitted in SNI. */
		if (!p->ip && SSL_set_tlsext_host_name(p->ssl, p->host) != 1)
			return SLU_ERR_NOMEM;
		return slu_x509_expect(SSL_get0_param(p->ssl), p->host, p->ip);
	}
	snprintf(p->verdict, sizeof p->verdict, "no usable host name to verify the server's certificate with");
	return SLU_ERR_INVALID;
}

/* Which extensions the server answers with, nothing else of libssl tells. */
static void on_extension(SSL *ssl, int by_server, int type, const unsigned char *data, int n, void *arg)
{
	struct slu_tls_peer *p = arg;

	(void)ssl;
	(void)data;
	(void)n;
	p->etm |= by_server && type == TLSEXT_TYPE_encrypt_then_mac;
}

static bool set_alone(SSL *ssl, const struct slu_offer *o)
{
	if (!*o->cipher_list && SSL_set_min_proto_version(ssl, TLS1_3_VERSION) != 1)
		return false;
	if (!*o->ciphersuites && SSL_set_max_proto_version(ssl, TLS1_2_VERSION) != 1)
		return false;
	return (!*o->cipher_list || SSL_set_cipher_list(ssl, o->cipher_list) == 1) &&
	       (!*o->ciphersuites || SSL_set_ciphersuites(ssl, o->ciphersuites) == 1);
}

static int offer_alone(struct slu_tls_peer *p)
{
	const struct slu_choice *choice = p->ctx->choice;

	if (!choice || !choice->alone || p->ctx->widened)
		return 0;
	p->alone = true;
	if (choice->etm) {
		SSL_set_tlsext_debug_callback(p->ssl, on_extension);
		SSL_set_tlsext_debug_arg(p->ssl, p);
	}
	if (choice->mte)
		SSL_set_options(p->ssl, SSL_OP_NO_ENCRYPT_THEN_MAC);
	return set_alone(p->ssl, &choice->first) ? 0 : SLU_ERR_NOMEM;
}

/* A server that has picked a suite and hangs up then has another reason: with TLS 1.2 a missing client certificate is
 * handshake_failure, too. */
static bool is_refusal(const struct slu_tls_peer *p)
{
	if (SSL_get_pending_cipher(p->ssl))
		return false;
	switch (p->alert_in) {
	case SSL_AD_HANDSHAKE_FAILURE:
	case SSL_AD_PROTOCOL_VERSION:
	case SSL_AD_INSUFFICIENT_SECURITY:
		return true;
	case -1: /* it may also hang up, or answer in a version that was not offered */
		return (p->eof && p->nfirst == 0) || p->alert_out == SSL_AD_PROTOCOL_VERSION;
	default:
		return false;
	}
}

static bool without_etm(const struct slu_tls_peer *p)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(p->ssl);

	return p->ctx->choice->etm && !p->etm && c && !SSL_CIPHER_is_aead(c);
}

bool slu_tls_peer_refused(struct slu_tls_peer *p)
{
	if (!p->alone || !(SSL_is_init_finished(p->ssl) ? without_etm(p) : is_refusal(p)))
		return false;
	p->ctx->widened = true;
	return true;
}

int slu_tls_peer_open(struct slu_tls_peer *p, struct slu_tls_ctx *ctx, const char *host)
{
	int r = 0;

	memset(p, 0, sizeof *p);
	p->alert_in = p->alert_out = -1;
	p->ctx = slu_tls_ctx_get(ctx);
	pthread_mutex_lock(&ctx->lock);
	p->ssl = SSL_new(ctx->ssl);
	pthread_mutex_unlock(&ctx->lock);
	if (!p->ssl || SSL_set_app_data(p->ssl, p) != 1) {
		ERR_clear_error();
		slu_tls_peer_close(p);
		return SLU_ERR_NOMEM;
	}
	SSL_set_info_callback(p->ssl, info);
	ERR_clear_error();
	if (ctx->config.server)
		SSL_set_accept_state(p->ssl);
	else
		SSL_set_connect_state(p->ssl);
	/* These return nothing, yet allocate from OpenSSL 3.2 on, and an SSL where that failed crashes later. */
	if (ERR_peek_error())
		r = SLU_ERR_NOMEM;
	else if (!ctx->config.server)
		r = offer_alone(p);
	if (r == 0 && !ctx->config.server)
		r = name_client(p, host);
	ERR_clear_error();
	return r;
}

void slu_tls_peer_begin(struct slu_tls_peer *p, const char *port)
{
	const struct slu_tls_config *c = &p->ctx->config;
	SSL_SESSION *session;

	slu_policy_offer(p->ssl, p->offer, sizeof p->offer);
	if (c->server)
		return;
	if (c->insecure)
		slu_log(&c->log, SLU_LOG_WARN,
			c->pin ? "the certificate of %s is not verified (insecure), only its pin"
			       : "the certificate of %s is not verified (insecure): whoever sits in between can read "
				 "and "
				 "change the stream, its key included",
			p->host);
	if (c->no_resumption)
		return;
	snprintf(p->key, sizeof p->key, "%s:%s", p->host, port);
	session = slu_sessions_take(&p->ctx->sessions, p->key);
	if (session)
		SSL_set_session(p->ssl, session);
	SSL_SESSION_free(session);
}

void slu_tls_peer_close(struct slu_tls_peer *p)
{
	/* A connection that was cut makes its session no worse: libssl would drop it otherwise. */
	if (p->ssl)
		SSL_set_shutdown(p->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(p->ssl);
	p->ssl = NULL;
	slu_tls_ctx_free(p->ctx);
	p->ctx = NULL;
}

bool slu_tls_peer_subject(const struct slu_tls_peer *p, char *out, size_t size)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	X509 *cert = p->ctx->config.client_cert ? SSL_get1_peer_certificate(p->ssl) : NULL;
#else
	X509 *cert = p->ctx->config.client_cert ? SSL_get_peer_certificate(p->ssl) : NULL;
#endif
	bool shown = cert && SSL_get_verify_result(p->ssl) == X509_V_OK;

	if (shown)
		slu_x509_subject(cert, out, size);
	X509_free(cert);
	return shown;
}

char *slu_tls_peer_name(const struct slu_tls_peer *p, char *out, size_t size)
{
	if (p->host[0])
		snprintf(out, size, "%s", p->host);
	else
		snprintf(out, size, "the client");
	return out;
}
