/* SPDX-License-Identifier: MIT */
#include "crypto/x509.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/log.h"

/* Where distributions put their bundle. For an OpenSSL that was built for another place, as static ones are. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/ssl/cert.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
};

static bool has_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0 && access(path, R_OK) == 0;
}

/* Whether one folder of a list with ':' between has anything in it. */
static bool has_entries(const char *folders)
{
	bool found = false;

	while (*folders && !found) {
		size_t n = strcspn(folders, ":");
		char path[512];
		struct dirent *e;
		DIR *d;

		snprintf(path, sizeof path, "%.*s", (int)(n < sizeof path ? n : sizeof path - 1), folders);
		d = opendir(path);
		while (d && !found && (e = readdir(d)))
			found = e->d_name[0] != '.';
		if (d)
			closedir(d);
		folders += n + (folders[n] == ':');
	}
	return found;
}

static bool default_store_present(void)
{
	const char *file = secure_getenv(X509_get_default_cert_file_env());
	const char *dir = secure_getenv(X509_get_default_cert_dir_env());

	return has_bytes(file ? file : X509_get_default_cert_file()) ||
	       has_entries(dir ? dir : X509_get_default_cert_dir());
}

/* The bundle to use where OpenSSL's own default place is empty, unless the environment names one. */
static const char *other_bundle(void)
{
	if (default_store_present() || secure_getenv(X509_get_default_cert_file_env()) ||
	    secure_getenv(X509_get_default_cert_dir_env()))
		return NULL;
	for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++)
		if (has_bytes(bundles[i]))
			return bundles[i];
	return NULL;
}

bool slu_x509_system_store_missing(void)
{
	return !default_store_present() && !other_bundle();
}

static int trust_system(SSL_CTX *ctx)
{
	const char *bundle = other_bundle();

	if (bundle)
		return SSL_CTX_load_verify_locations(ctx, bundle, NULL);
	return SSL_CTX_set_default_verify_paths(ctx);
}

int slu_x509_trust(SSL_CTX *ctx, const char *ca_file, const char *ca_path, char *error, size_t size)
{
	struct stat st;
	char reason[128];

	if (!ca_file && !ca_path) {
		trust_system(ctx);
		ERR_clear_error();
		return 0;
	}
	if (ca_path && (stat(ca_path, &st) != 0 || !S_ISDIR(st.st_mode))) {
		snprintf(error, size, "the CA folder %s is not there or is no folder", ca_path);
		return SLU_ERR_CERTIFICATE;
	}
	if (ca_file && access(ca_file, R_OK) != 0) {
		snprintf(error, size, "cannot read the CA file %s: %s", ca_file, strerror(errno));
		return SLU_ERR_CERTIFICATE;
	}
	if (SSL_CTX_load_verify_locations(ctx, ca_file, ca_path) != 1) {
		snprintf(error, size, "the CA file %s holds no certificate that OpenSSL can read (%s): it must be PEM",
			 ca_file ? ca_file : ca_path, slu_tls_reason(reason, sizeof reason));
		return SLU_ERR_CERTIFICATE;
	}
	return 0;
}

static bool is_address(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

bool slu_x509_host(const char *host, char out[SLU_X509_HOST], bool *ip)
{
	size_t n;

	if (*host == '[') {
		host++;
		n = strcspn(host, "]%");
	} else {
		n = strchr(host, ':') ? strcspn(host, "%") : strlen(host);
	}
	if (n && host[n - 1] == '.')
		n--;
	if (n == 0 || n >= SLU_X509_HOST)
		return false;
	for (size_t i = 0; i < n; i++)
		if (host[i] <= ' ' || host[i] > '~')
			return false;
	memcpy(out, host, n);
	out[n] = '\0';
	*ip = is_address(out);
	return true;
}

int slu_x509_expect(X509_VERIFY_PARAM *param, const char *host, bool ip)
{
	if (ip)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ? 0 : SLU_ERR_NOMEM;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 ? 0 : SLU_ERR_NOMEM;
}

bool slu_x509_spki(const X509 *cert, uint8_t digest[SLU_PIN_SIZE])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return ok;
}

static bool pinned(X509_STORE_CTX *store, const struct slu_tls_peer *p)
{
	STACK_OF(X509) *chain = p->ctx->config.insecure ? NULL : X509_STORE_CTX_get0_chain(store);
	uint8_t digest[SLU_PIN_SIZE];

	/* What was not verified is only what the other end says of itself: then the leaf alone counts, of which it has
	 * the key. */
	if (!chain)
		return slu_x509_spki(X509_STORE_CTX_get0_cert(store), digest) && slu_pins_match(&p->ctx->pins, digest);
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (slu_x509_spki(sk_X509_value(chain, i), digest) && slu_pins_match(&p->ctx->pins, digest))
			return true;
	return false;
}

static void explain_pin(X509_STORE_CTX *store, struct slu_tls_peer *p)
{
	uint8_t digest[SLU_PIN_SIZE] = {0};
	char pin[SLU_PIN_TEXT];

	slu_x509_spki(X509_STORE_CTX_get0_cert(store), digest);
	snprintf(p->verdict, sizeof p->verdict,
		 "the certificate of %s matches no pin: it has %s; if its key was changed rightly, give that one with "
		 "--pin, else somebody is in between",
		 p->host, slu_pin_format(pin, digest));
}

int slu_x509_verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct slu_tls_peer *p = SSL_get_app_data(ssl);
	const struct slu_tls_config *c = &p->ctx->config;
	const struct slu_x509_check check = {.host = p->host,
					     .ca_file = c->ca_file,
					     .ca_path = c->ca_path,
					     .now = p->ctx->fixed_time ? p->ctx->fixed_time : time(NULL)};

	(void)arg;
	if (!c->insecure) {
		if (p->ctx->fixed_time)
			X509_STORE_CTX_set_time(store, 0, p->ctx->fixed_time);
		if (X509_verify_cert(store) <= 0) {
			slu_x509_explain(store, X509_STORE_CTX_get_error(store), &check, p->verdict, sizeof p->verdict);
			return 0;
		}
	}
	if (p->ctx->pins.count && !pinned(store, p)) {
		explain_pin(store, p);
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}
