/* SPDX-License-Identifier: MIT */
#include "crypto/inspect.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "base/log.h"
#include "crypto/inspect_impl.h"
#include "crypto/tls_ctx.h"

/* What one call of BIO_write() takes. */
enum { PORTION = 1 << 16 };

/* ---- the chain ---- */

static bool encode(STACK_OF(X509) * certs, struct slu_chain_der *out, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		unsigned char *der = NULL;
		const int len = i2d_X509(sk_X509_value(certs, (int)k), &der);

		out[k] = (struct slu_chain_der){der, len > 0 ? (size_t)len : 0};
		if (len <= 0)
			return false;
	}
	return true;
}

static void look_at(struct slu_inspect *i, STACK_OF(X509) * certs)
{
	const size_t n = certs ? (size_t)sk_X509_num(certs) : 0;
	struct slu_chain_der *ders = calloc(n + 1, sizeof *ders);

	if (ders && encode(certs, ders, n)) {
		slu_chain_free(i->chain);
		i->result.chain = i->chain = slu_chain_new(ders, n, i->trust, i->host, 0);
	}
	i->nomem |= !i->chain;
	for (size_t k = 0; ders && k < n; k++)
		OPENSSL_free((void *)(uintptr_t)ders[k].der);
	free(ders);
}

/* In place of the verification, which would end the handshake or not: here it is only told. */
static int take_chain(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

	(void)arg;
	look_at(SSL_get_app_data(ssl), X509_STORE_CTX_get0_untrusted(store));
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/* ---- a life ---- */

static bool connect_memory(struct slu_inspect *i)
{
	i->in = BIO_new(BIO_s_mem());
	i->out = BIO_new(BIO_s_mem());
	if (!i->in || !i->out || SSL_set_app_data(i->ssl, i) != 1) {
		BIO_free(i->in);
		BIO_free(i->out);
		return false;
	}
	SSL_set_bio(i->ssl, i->in, i->out);
	SSL_set_msg_callback(i->ssl, slu_inspect_heard);
	SSL_set_msg_callback_arg(i->ssl, i);
	SSL_CTX_set_cert_verify_callback(i->ctx, take_chain, NULL);
	/* Returns nothing, yet allocates from OpenSSL 3.2 on, and an SSL where that failed crashes later. */
	ERR_clear_error();
	SSL_set_connect_state(i->ssl);
	return !ERR_peek_error();
}

static int step(struct slu_inspect *i);

struct slu_inspect *slu_inspect_new(const struct slu_inspect_config *config)
{
	struct slu_inspect *i = calloc(1, sizeof *i);
	int r;

	if (!i)
		return NULL;
	i->result.alert = -1;
	i->trust = config->trust;
	if (!config->host || !slu_x509_host(config->host, i->host, &i->ip))
		i->host[0] = '\0';
	r = slu_inspect_ask(i, config);
	if (r == 0)
		r = connect_memory(i) ? step(i) : SLU_ERR_NOMEM;
	else if (r == SLU_ERR_INVALID)
		i->result.failed = i->result.lacks = true;
	ERR_clear_error();
	if (r == 0 || r == SLU_ERR_INVALID)
		return i;
	slu_inspect_free(i);
	return NULL;
}

void slu_inspect_free(struct slu_inspect *i)
{
	if (!i)
		return;
	SSL_free(i->ssl);
	SSL_CTX_free(i->ctx);
	slu_chain_free(i->chain);
	free(i);
}

const struct slu_inspect_result *slu_inspect_result(const struct slu_inspect *i)
{
	return &i->result;
}

/* ---- the bytes ---- */

size_t slu_inspect_out(struct slu_inspect *i, const uint8_t **data)
{
	char *p = NULL;
	long n = i->out && !i->result.lacks ? BIO_get_mem_data(i->out, &p) : 0;

	*data = (const uint8_t *)p;
	return n > 0 ? (size_t)n : 0;
}

void slu_inspect_sent(struct slu_inspect *i, size_t n)
{
	uint8_t gone[1024];

	while (n) {
		const int now = BIO_read(i->out, gone, (int)(n < sizeof gone ? n : sizeof gone));

		if (now <= 0)
			return;
		n -= (size_t)now;
	}
}

static void fail(struct slu_inspect *i)
{
	struct slu_inspect_result *r = &i->result;
	const char *who = i->host[0] ? i->host : "the server", *what = r->done ? "connection" : "handshake";
	char reason[128], *out = r->sentence;

	slu_tls_reason(reason, sizeof reason);
	r->failed = true;
	if (r->alert >= 0)
		snprintf(out, sizeof r->sentence, "%s ended the TLS %s with the alert %s", who, what,
			 slu_tls_alert_name(r->alert));
	else if (r->closed)
		snprintf(out, sizeof r->sentence, "%s hung up in the middle of the TLS %s", who, what);
	else
		snprintf(out, sizeof r->sentence, "the TLS %s with %s failed here: %s", what, who, reason);
	r->lacks = BIO_number_read(i->in) == 0 && r->alert < 0 && !r->closed;
	/* What a server does that wants a certificate, and has none now: RFC 8446, 4.4.2.4; RFC 5246, 7.4.6. */
	r->client_certificate_needed =
		r->client_certificate && i->answered && (r->alert >= 0 || (r->closed && !r->done));
}

static void update(struct slu_inspect *i)
{
	const unsigned char *alpn = NULL;
	unsigned n = 0;

	SSL_get0_alpn_selected(i->ssl, &alpn, &n);
	if (n)
		slu_escape(i->result.alpn, sizeof i->result.alpn, (const char *)alpn, n);
}

/* The handshake, and then whatever else the server has to say: of what it sends as data nothing is kept. */
static int step(struct slu_inspect *i)
{
	uint8_t data[4096];
	int r, why;

	ERR_clear_error();
	r = i->result.done ? 1 : SSL_do_handshake(i->ssl);
	if (r == 1) {
		i->result.done = true;
		do
			r = SSL_read(i->ssl, data, sizeof data);
		while (r > 0);
	}
	why = SSL_get_error(i->ssl, r);
	update(i);
	if (i->nomem || slu_tls_nomem())
		return SLU_ERR_NOMEM;
	i->result.closed |= why == SSL_ERROR_ZERO_RETURN;
	if (why != SSL_ERROR_WANT_READ && (why != SSL_ERROR_ZERO_RETURN || !i->result.done))
		fail(i);
	ERR_clear_error();
	return 0;
}

int slu_inspect_in(struct slu_inspect *i, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n && !i->result.failed) {
		const size_t now = n < PORTION ? n : PORTION;
		int r;

		if (BIO_write(i->in, p, (int)now) != (int)now)
			return SLU_ERR_NOMEM;
		r = step(i);
		if (r != 0)
			return r;
		p += now;
		n -= now;
	}
	return 0;
}

int slu_inspect_closed(struct slu_inspect *i)
{
	if (i->result.failed || i->result.closed)
		return 0;
	i->result.closed = true;
	BIO_set_mem_eof_return(i->in, 0);
	return step(i);
}
