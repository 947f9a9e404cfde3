/* SPDX-License-Identifier: MIT */
/* offload.c's stand-in where OpenSSL has no providers. */
#include "crypto/offload.h"

#include <stdio.h>
#include <string.h>

int slu_offload_open(struct slu_offload *o, const char *what, const struct slu_log *log, char *error, size_t size)
{
	(void)log;
	memset(o, 0, sizeof *o);
	if (!what || !*what || strcmp(what, "off") == 0)
		return 0;
	snprintf(error, size,
		 "the TLS offload '%s' needs OpenSSL 3.0 or newer, and this was built with " OPENSSL_VERSION_TEXT
		 ": set it to off",
		 what);
	return SLU_ERR_INVALID;
}

SSL_CTX *slu_offload_ssl_ctx(const struct slu_offload *o, const SSL_METHOD *method)
{
	(void)o;
	return SSL_CTX_new(method);
}

void slu_offload_refused(const struct slu_offload *o)
{
	(void)o;
}

void slu_offload_stats(const struct slu_offload *o, struct slu_tls_offload_stats *out)
{
	(void)o;
	memset(out, 0, sizeof *out);
}

void slu_offload_close(struct slu_offload *o)
{
	(void)o;
}
