/* SPDX-License-Identifier: MIT */
#include "crypto/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "crypto/tls_ctx.h"
#include "crypto/x509.h"

/* Nobody is there to ask: a prompt would block a connection, or a device that boots. */
static int no_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int unreadable(const char *what, const char *path, char *error, size_t size)
{
	if (access(path, R_OK) == 0)
		return 0;
	snprintf(error, size, "cannot read the %s %s: %s", what, path, strerror(errno));
	return SLU_ERR_CERTIFICATE;
}

static int load_key(SSL_CTX *ctx, const char *path, const char *cert, char *error, size_t size)
{
	bool asked = false;
	char reason[128];
	int ok;

	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
	ok = SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	/* A key of another kind than the certificate's is taken as one whose certificate is still to come. */
	if (ok == 1 && SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	slu_tls_reason(reason, sizeof reason);
	if (asked)
		snprintf(error, size,
			 "the key %s is encrypted, and there is nobody to ask for its passphrase: store it decrypted "
			 "with 'openssl pkey -in KEY -out NEW', readable by its user only",
			 path);
	else if (ok == 1 || strstr(reason, "mismatch"))
		snprintf(error, size, "the key %s does not belong to the certificate %s", path, cert);
	else
		snprintf(error, size, "%s holds no private key that OpenSSL can read (%s): it must be PEM", path,
			 reason);
	return SLU_ERR_CERTIFICATE;
}

int slu_identity_load(SSL_CTX *ssl, const struct slu_tls_identity *id, bool server, char *error, size_t size)
{
	const char *key = id->key_file ? id->key_file : id->cert_file;
	char reason[128];

	if (!id->cert_file && (server || id->key_file)) {
		snprintf(error, size, "%s",
			 server ? "a TLS server needs a certificate and its key"
				: "a client key needs its certificate too");
		return SLU_ERR_INVALID;
	}
	if (!id->cert_file)
		return 0;
	if (unreadable("certificate", id->cert_file, error, size) || unreadable("key", key, error, size))
		return SLU_ERR_CERTIFICATE;
	if (SSL_CTX_use_certificate_chain_file(ssl, id->cert_file) != 1) {
		snprintf(error, size, "%s holds no certificate that OpenSSL can use (%s): it must be PEM",
			 id->cert_file, slu_tls_reason(reason, sizeof reason));
		return SLU_ERR_CERTIFICATE;
	}
	return load_key(ssl, key, id->cert_file, error, size);
}

/* Those of its group may be meant to. */
static void warn_of_readers(const char *path, const struct slu_log *log)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & (S_IROTH | S_IWOTH))
		slu_log(log, SLU_LOG_WARN, "all users of this machine can %s the key %s: chmod o-rwx takes that away",
			st.st_mode & S_IWOTH ? "change" : "read", path);
}

void slu_identity_warn(const SSL_CTX *ssl, const struct slu_tls_identity *id, time_t now, const struct slu_log *log)
{
	const X509 *cert = SSL_CTX_get0_certificate(ssl);
	char text[SLU_TLS_SENTENCE];

	if (slu_x509_dates(cert, now, text, sizeof text))
		slu_log(log, SLU_LOG_WARN, "the certificate %s %s", id->cert_file, text);
	warn_of_readers(id->key_file ? id->key_file : id->cert_file, log);
}
