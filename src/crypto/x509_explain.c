/* SPDX-License-Identifier: MIT */
#include "crypto/x509.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/log.h"

/* A clock that stands before this program was written is not set. 2026-01-01. */
static const time_t program_epoch = 1767225600;

enum { NAMES_SHOWN = 5, NAME_SIZE = 80, DATE_SIZE = 40, DAY = 24 * 60 * 60 };

static char *string_text(const ASN1_STRING *s, char *out, size_t size)
{
	int n = s ? ASN1_STRING_length(s) : 0;

	return slu_escape(out, size, n > 0 ? (const char *)ASN1_STRING_get0_data(s) : "", n > 0 ? (size_t)n : 0);
}

char *slu_x509_name(const X509_NAME *name, char *out, size_t size)
{
	int at = X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)name, NID_commonName, -1);
	char line[256];

	if (at >= 0)
		return string_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), out, size);
	if (X509_NAME_entry_count(name) == 0 || !X509_NAME_oneline(name, line, sizeof line))
		return slu_escape(out, size, "(no name)", 9);
	return slu_escape(out, size, line, strlen(line));
}

/* The text of a DNS name or address; false for names of other kinds. */
static bool san_text(const GENERAL_NAME *name, char *out, size_t size)
{
	int type;
	const ASN1_STRING *s = GENERAL_NAME_get0_value(name, &type);
	const unsigned char *data;
	int n;

	if (type == GEN_DNS) {
		string_text(s, out, size);
		return true;
	}
	if (type != GEN_IPADD)
		return false;
	data = ASN1_STRING_get0_data(s);
	n = ASN1_STRING_length(s);
	return (n == 4 && inet_ntop(AF_INET, data, out, (socklen_t)size)) ||
	       (n == 16 && inet_ntop(AF_INET6, data, out, (socklen_t)size));
}

char *slu_x509_names(const X509 *cert, char *out, size_t size)
{
	GENERAL_NAMES *sans = X509_get_ext_d2i((X509 *)(uintptr_t)cert, NID_subject_alt_name, NULL, NULL);
	int shown = 0, left = 0;
	size_t len = 0;
	char text[NAME_SIZE];

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		if (!san_text(sk_GENERAL_NAME_value(sans, i), text, sizeof text))
			continue;
		if (shown == NAMES_SHOWN || len + strlen(text) + 24 > size) {
			left++;
			continue;
		}
		len += (size_t)snprintf(out + len, size - len, "%s%s", shown ? ", " : "", text);
		shown++;
	}
	if (left)
		snprintf(out + len, size - len, " and %d more", left);
	else if (!shown)
		slu_x509_name(X509_get_subject_name(cert), out, size);
	GENERAL_NAMES_free(sans);
	return out;
}

static char *time_text(const struct tm *tm, char out[DATE_SIZE])
{
	if (!strftime(out, DATE_SIZE, "%Y-%m-%d %H:%M:%S UTC", tm))
		out[0] = '\0';
	return out;
}

static char *date_text(const ASN1_TIME *date, char out[DATE_SIZE])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(date, &tm) != 1)
		return strcpy(out, "(a malformed date)");
	return time_text(&tm, out);
}

/* Whose certificate it is that does not hold: the server's, or one further up. */
static void subject(const X509 *cert, int depth, const struct slu_x509_check *check, char *out, size_t size)
{
	char name[NAME_SIZE];

	if (depth == 0 || !cert)
		snprintf(out, size, "the certificate of %s", check->host);
	else
		snprintf(out, size, "the certificate of the authority \"%s\" in the chain of %s",
			 slu_x509_name(X509_get_subject_name(cert), name, sizeof name), check->host);
}

static void not_yet_valid(const X509 *cert, const char *who, time_t now, char *out, size_t size)
{
	const ASN1_TIME *from = X509_get0_notBefore(cert);
	char clock[DATE_SIZE], date[DATE_SIZE];
	struct tm tm;
	time_t a_day_later = now + DAY;

	gmtime_r(&now, &tm);
	time_text(&tm, clock);
	if (now < program_epoch)
		snprintf(
			out, size,
			"the clock of this device stands at %s, so no certificate can be verified: set the clock (NTP, "
			"or 'date -s') and try again",
			clock);
	else if (ASN1_TIME_cmp_time_t(from, a_day_later) > 0)
		snprintf(out, size,
			 "%s is valid only from %s, and the clock here says %s: set the clock, if it is wrong", who,
			 date_text(from, date), clock);
	else
		snprintf(out, size, "%s is valid only from %s (the clock here says %s): wait, or check both clocks",
			 who, date_text(from, date), clock);
}

static void expired(const X509 *cert, const char *who, time_t now, char *out, size_t size)
{
	char clock[DATE_SIZE], date[DATE_SIZE];
	struct tm tm;

	gmtime_r(&now, &tm);
	snprintf(out, size, "%s expired on %s (the clock here says %s): the server's owner must renew it", who,
		 date_text(X509_get0_notAfter(cert), date), time_text(&tm, clock));
}

bool slu_x509_dates(const X509 *cert, time_t now, char *out, size_t size)
{
	const ASN1_TIME *from = X509_get0_notBefore(cert), *to = X509_get0_notAfter(cert);
	char clock[DATE_SIZE], date[DATE_SIZE];
	struct tm tm;

	gmtime_r(&now, &tm);
	time_text(&tm, clock);
	if (ASN1_TIME_cmp_time_t(from, now) > 0)
		snprintf(out, size,
			 "is valid only from %s, and the clock here says %s: clients will refuse it, unless the clock "
			 "is wrong",
			 date_text(from, date), clock);
	else if (ASN1_TIME_cmp_time_t(to, now) < 0)
		snprintf(out, size, "expired on %s (the clock here says %s): clients will refuse it; renew it",
			 date_text(to, date), clock);
	else
		return false;
	return true;
}

static void unknown_issuer(const X509 *cert, const char *who, const struct slu_x509_check *check, char *out,
			   size_t size)
{
	char name[NAME_SIZE];

	slu_x509_name(X509_get_issuer_name(cert), name, sizeof name);
	if (!check->ca_file && !check->ca_path && slu_x509_system_store_missing())
		snprintf(out, size,
			 "%s cannot be verified, because this system has no CA certificates: install the package "
			 "ca-certificates, or give the authority's with --ca-file",
			 who);
	else
		snprintf(out, size,
			 "%s was issued by \"%s\", which is not trusted here: give that authority's certificate with "
			 "--ca-file, or have the server send its whole chain",
			 who, name);
}

static void self_signed(const X509 *cert, const struct slu_x509_check *check, char *out, size_t size)
{
	uint8_t digest[SLU_PIN_SIZE] = {0};
	char pin[SLU_PIN_TEXT];

	slu_x509_spki(cert, digest);
	snprintf(out, size,
		 "the certificate of %s is signed by itself: give that certificate with --ca-file, or use --insecure "
		 "with --pin %s",
		 check->host, slu_pin_format(pin, digest));
}

static void wrong_name(const X509 *cert, const struct slu_x509_check *check, char *out, size_t size)
{
	char names[360];

	snprintf(out, size, "the certificate is not for %s but for %s: use that name, or give it with --server-name",
		 check->host, slu_x509_names(cert, names, sizeof names));
}

/* A key that cannot be read counts as one of no bits at all. */
static void too_weak(const X509 *cert, const char *who, int error, char *out, size_t size)
{
	if (error != X509_V_ERR_CA_MD_TOO_WEAK && !X509_get0_pubkey(cert))
		snprintf(out, size, "%s has a key that %s cannot read: the server's owner must use another kind", who,
			 slu_tls_library());
	else
		snprintf(out, size,
			 "%s is too weak for OpenSSL's security level (%s): --security-level 0 would take it", who,
			 X509_verify_cert_error_string(error));
}

void slu_x509_explain(X509_STORE_CTX *store, int error, const struct slu_x509_check *check, char *out, size_t size)
{
	const X509 *cert = X509_STORE_CTX_get_current_cert(store);
	int depth = X509_STORE_CTX_get_error_depth(store);
	char who[SLU_TLS_SENTENCE / 2];

	if (!cert)
		cert = X509_STORE_CTX_get0_cert(store);
	subject(cert, depth, check, who, sizeof who);
	switch (error) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
		not_yet_valid(cert, who, check->now, out, size);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		expired(cert, who, check->now, out, size);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		self_signed(cert, check, out, size);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		unknown_issuer(cert, who, check, out, size);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		wrong_name(X509_STORE_CTX_get0_cert(store), check, out, size);
		break;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		too_weak(cert, who, error, out, size);
		break;
	default:
		snprintf(out, size, "%s cannot be verified: %s", who, X509_verify_cert_error_string(error));
	}
}
