/* SPDX-License-Identifier: MIT */
/* One sentence for a handshake that failed: who ended it and why, what was offered, what to try. */
#include "crypto/tls_ctx.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/log.h"

/* RFC 8446, 6.2 and RFC 5246, 7.2.2: what to try when the other end ends the handshake with this alert. */
static const struct {
	int alert;
	const char *name, *client, *server;
} alerts[] = {
	{10, "unexpected_message", "it may speak no TLS 1.3 properly: try --tls-max 1.2", "the client is broken"},
	{20, "bad_record_mac", "what reached it was damaged on the way", "what reached it was damaged on the way"},
	{40, "handshake_failure",
	 "they share no suite, group or version: try --tls-min 1.0, another --ciphers or --groups, or the server wants "
	 "a "
	 "client certificate (--cert)",
	 "the client found nothing acceptable in this server's suites, groups or certificate type"},
	{42, "bad_certificate", "it wants another client certificate (--cert, --cert-key)",
	 "the client does not accept this server's certificate"},
	{43, "unsupported_certificate", "it takes no client certificate of this kind: try one with another key type",
	 "the client takes no certificate of this kind"},
	{44, "certificate_revoked", "the client certificate was revoked: get a new one",
	 "the client says that this server's certificate is revoked"},
	{45, "certificate_expired", "the client certificate has expired: get a new one",
	 "the client says that this server's certificate has expired, or its clock is wrong"},
	{46, "certificate_unknown", "it does not accept the client certificate (--cert)",
	 "the client does not accept this server's certificate"},
	{47, "illegal_parameter", "try --tls-max 1.2", "the client is broken"},
	{48, "unknown_ca", "it does not know who issued the client certificate (--cert)",
	 "the client does not know who issued this server's certificate: give it the authority's, and send the whole "
	 "chain"},
	{49, "access_denied", "it knows the client certificate and lets it not in", "the client refused"},
	{51, "decrypt_error", "the key may not belong to the certificate", "the client is broken"},
	{70, "protocol_version", NULL /* version_hint() */,
	 "the client may only speak older TLS: allow it with --tls-min 1.0, if need be"},
	{71, "insufficient_security", "it wants stronger suites: try without --ciphers, --groups and --tls-max",
	 "the client wants stronger suites"},
	{80, "internal_error", "try again later", "try again later"},
	{86, "inappropriate_fallback", "try without --tls-max", "try again"},
	{109, "missing_extension", "try without --groups", "the client is broken"},
	{112, "unrecognized_name", "it does not serve this name: check the host in the URL, or give --server-name",
	 "the client expects another name"},
	{116, "certificate_required", "it wants a client certificate: give one with --cert and --cert-key",
	 "the client wants a certificate"},
	{120, "no_application_protocol", "it serves another protocol on this port",
	 "the client wants another protocol"},
};

const char *slu_tls_alert_name(int alert)
{
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].alert == alert)
			return alerts[i].name;
	return SSL_alert_desc_string_long(alert);
}

/* Which of our bounds may have been in the way. */
static const char *version_hint(const struct slu_tls_config *c)
{
	bool low = c->max_version && c->max_version < SLU_TLS_1_3;
	bool high = c->min_version != SLU_TLS_1_0;

	if (low && high)
		return "it may only speak newer TLS, or older: try without --tls-max, or --tls-min 1.0";
	if (low)
		return "it may only speak newer TLS: try without --tls-max";
	return high ? "it may only speak older TLS: try --tls-min 1.0" : "it speaks none of these";
}

static const char *alert_hint(const struct slu_tls_peer *p, int alert)
{
	bool server = p->ctx->config.server;

	if (alert == SSL_AD_PROTOCOL_VERSION && !server)
		return version_hint(&p->ctx->config);
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].alert == alert)
			return server ? alerts[i].server : alerts[i].client;
	return server ? "the client's log may say more" : "the server's log may say more";
}

/* OpenSSL's own reasons to end the handshake that a setting can mend. */
static const struct {
	int reason;
	const char *hint;
} reasons[] = {
	{SSL_R_UNSUPPORTED_PROTOCOL, "the other end only speaks a version that is not allowed here: try --tls-min 1.0"},
	{SSL_R_WRONG_SSL_VERSION, "the other end only speaks a version that is not allowed here: try --tls-min 1.0"},
	{SSL_R_VERSION_TOO_LOW, "the other end only speaks a version that is not allowed here: try --tls-min 1.0"},
	{SSL_R_VERSION_TOO_HIGH, "the other end only speaks a newer version: try without --tls-max"},
	{SSL_R_NO_PROTOCOLS_AVAILABLE,
	 "no TLS version is left: check --tls-min, --tls-max and OpenSSL's configuration"},
	{SSL_R_NO_CIPHERS_AVAILABLE, "no suite is left: check --ciphers, --ciphersuites, --tls-min and --tls-max"},
	{SSL_R_NO_SHARED_CIPHER, "the client offers none of this server's suites: allow more, or another version"},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
	 "the client shows no certificate, and this server lets none in without"},
	{SSL_R_DH_KEY_TOO_SMALL, "the server's Diffie-Hellman key is weak: try --security-level 0, or --ciphers ECDHE"},
	{SSL_R_EE_KEY_TOO_SMALL, "the server's key is weak: --security-level 0 would take it"},
	{SSL_R_CA_KEY_TOO_SMALL, "the authority's key is weak: --security-level 0 would take it"},
	{SSL_R_CA_MD_TOO_WEAK, "the certificate's signature is weak: --security-level 0 would take it"},
	{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "they share no signature algorithm: try --security-level 0"},
	{SSL_R_WRONG_SIGNATURE_TYPE, "the server signs in an outdated way: try --security-level 0"},
#ifdef SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED
	{SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "the server lacks RFC 5746 and must be updated"},
#endif
};

static const char *reason_hint(int reason)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].reason == reason)
			return reasons[i].hint;
	return NULL;
}

/* Content types 20 to 24 and major version 3: RFC 8446, 5.1. */
static bool looks_like_tls(const uint8_t *first, size_t n)
{
	return n == 0 || (first[0] >= 20 && first[0] <= 24 && (n == 1 || first[1] == 3));
}

static int not_tls(const struct slu_tls_peer *p, char *out, size_t size)
{
	char who[256], said[4 * SLU_TLS_FIRST + 1];

	slu_tls_peer_name(p, who, sizeof who);
	slu_escape(said, sizeof said, (const char *)p->first, p->nfirst);
	if (p->ctx->config.server && p->first[0] == 3)
		snprintf(out, size,
			 "the client speaks plain RTMP to a TLS port: it must use rtmps://, or the port for rtmp://");
	else if (p->ctx->config.server)
		snprintf(out, size, "the client speaks no TLS to a TLS port, it began with \"%s\"%s", said,
			 p->first[0] >= 'A' && p->first[0] <= 'Z' ? ": this is RTMPS, and no web server" : "");
	else
		snprintf(out, size,
			 "%s speaks no TLS on this port, it answered \"%s\": try rtmp:// instead of rtmps://, or "
			 "another "
			 "port",
			 who, said);
	return SLU_ERR_TLS;
}

static int hung_up(const struct slu_tls_peer *p, char *out, size_t size)
{
	char who[256];

	slu_tls_peer_name(p, who, sizeof who);
	if (p->ctx->config.server)
		snprintf(out, size, "the client hung up during the TLS handshake%s",
			 p->nfirst ? ": it may not accept this server's certificate" : "");
	else if (p->nfirst)
		snprintf(out, size,
			 "%s hung up in the middle of the TLS handshake, without a reason: try again later, "
			 "or --tls-max 1.2",
			 who);
	else
		snprintf(out, size,
			 "%s hung up on the TLS handshake (offered: %s) without a word: the port may speak no TLS (try "
			 "rtmp:// instead of rtmps://), or not this version (try --tls-min 1.0)",
			 who, p->offer);
	return SLU_ERR_TLS;
}

static int refused_by_alert(const struct slu_tls_peer *p, char *out, size_t size)
{
	char who[256];
	bool server = p->ctx->config.server;

	snprintf(out, size, "%s refused the TLS handshake with the alert %s (%s: %s): %s",
		 slu_tls_peer_name(p, who, sizeof who), slu_tls_alert_name(p->alert_in),
		 server ? "allowed here" : "offered", p->offer, alert_hint(p, p->alert_in));
	return SLU_ERR_TLS;
}

/* After the handshake an alert is no refusal of it, but for the client's certificate, which TLS 1.3 looks at late. */
static int ended_by_alert(const struct slu_tls_peer *p, char *out, size_t size)
{
	char who[256];
	int a = p->alert_in;
	bool certificate = (a >= 42 && a <= 49) || a == 116;

	snprintf(out, size, "%s ended the TLS connection with the alert %s%s%s", slu_tls_peer_name(p, who, sizeof who),
		 slu_tls_alert_name(a), certificate ? ": " : "", certificate ? alert_hint(p, a) : "");
	return SLU_ERR_TLS;
}

static int refused_here(const struct slu_tls_peer *p, unsigned long e, char *out, size_t size)
{
	const char *reason = ERR_reason_error_string(e), *hint = reason_hint(ERR_GET_REASON(e));
	char who[256];

	snprintf(out, size, "the TLS %s with %s failed here: %s%s%s (%s: %s)%s%s", p->open ? "connection" : "handshake",
		 slu_tls_peer_name(p, who, sizeof who), reason ? reason : "OpenSSL gave no reason",
		 p->alert_out >= 0 ? ", alert sent: " : "", p->alert_out >= 0 ? slu_tls_alert_name(p->alert_out) : "",
		 p->ctx->config.server ? "allowed" : "offered", p->offer, hint ? ": " : "", hint ? hint : "");
	return SLU_ERR_TLS;
}

static bool is_nomem(unsigned long e)
{
	return e && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
}

bool slu_tls_nomem(void)
{
	return is_nomem(ERR_peek_error()) || is_nomem(ERR_peek_last_error());
}

int slu_tls_explain(struct slu_tls_peer *p, char *out, size_t size)
{
	unsigned long e = ERR_peek_error();
	int r;

	if (slu_tls_nomem()) {
		snprintf(out, size, "out of memory in TLS");
		r = SLU_ERR_NOMEM;
	} else if (p->verdict[0]) {
		snprintf(out, size, "%s", p->verdict);
		r = SLU_ERR_CERTIFICATE;
	} else if (p->alert_in >= 0) {
		r = p->open ? ended_by_alert(p, out, size) : refused_by_alert(p, out, size);
	} else if (!looks_like_tls(p->first, p->nfirst)) {
		r = not_tls(p, out, size);
	} else if (p->eof && !p->open) {
		r = hung_up(p, out, size);
	} else {
		r = refused_here(p, e, out, size);
	}
	ERR_clear_error();
	return r;
}

int slu_tls_explain_timeout(const struct slu_tls_peer *p, unsigned timeout_ms, char *out, size_t size)
{
	char who[256];

	slu_tls_peer_name(p, who, sizeof who);
	snprintf(out, size, "the TLS handshake with %s was not done within %u ms%s", who, timeout_ms,
		 p->ctx->config.server ? ""
		 : p->nfirst           ? ": try again, or give it more time"
				       : ", there was no answer at all: the port may speak no TLS, try rtmp:// instead "
					 "of rtmps://");
	return SLU_ERR_TIMEOUT;
}
