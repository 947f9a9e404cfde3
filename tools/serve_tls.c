/* SPDX-License-Identifier: MIT */
#include "tools/serve_tls.h"

#include <stddef.h>
#include <string.h>

#include "tools/client.h"
#include "tools/exit.h"
#include "tools/say.h"

enum { ERROR = 800 };

static int usage(const char *text)
{
	slu_say("%s", text);
	return SLU_EXIT_USAGE;
}

static int check(const struct serve_options *o)
{
	if (o->key.n && o->cert.n && o->key.n != o->cert.n)
		return usage("--key is given as often as --cert, in the same order, or not at all: then each key is in "
			     "the file of its certificate");
	if (o->key.n > 1 && !o->cert.n)
		return usage("several times --key wants as many times --cert");
	if (o->client_cert && !o->client_ca)
		return usage("--client-cert wants --client-ca, the certificate of who issues those of the clients");
	if (o->client_cert && strcmp(o->client_cert, "all") != 0 && strcmp(o->client_cert, "publish") != 0)
		return usage("--client-cert is all or publish");
	if (o->client_ca && !o->cert.n && !o->key.n)
		return usage("clients show certificates to listeners of rtmps: --client-ca wants --cert");
	return 0;
}

bool slu_serve_wants_certificates(const struct serve_options *o)
{
	return o->client_ca && !(o->client_cert && strcmp(o->client_cert, "publish") == 0);
}

/* Only the key's file may be named: it has the certificate, too, then. */
static struct slu_tls_identity identity(const struct serve_options *o, size_t i)
{
	const char *key = i < o->key.n ? o->key.items[i] : NULL;

	return (struct slu_tls_identity){i < o->cert.n ? o->cert.items[i] : key, key};
}

int slu_serve_tls_open(struct slu_tls_ctx **tls, const struct serve_options *o, const struct slu_log *log)
{
	struct slu_tls_identity more[SLU_OPT_LIST_MAX];
	struct slu_tls_config config = {.log = *log};
	size_t n = o->cert.n ? o->cert.n : o->key.n;
	int status = check(o);
	char error[ERROR];

	if (status || !n)
		return status;
	slu_options_to_tls(&o->tls, &config);
	for (size_t i = 1; i < n; i++)
		more[i - 1] = identity(o, i);
	config.server = true;
	config.cert_file = identity(o, 0).cert_file;
	config.key_file = identity(o, 0).key_file;
	config.more = more;
	config.more_count = n - 1;
	config.ca_file = o->client_ca;
	if (o->client_ca)
		config.client_cert =
			slu_serve_wants_certificates(o) ? SLU_TLS_CLIENT_CERT_REQUIRED : SLU_TLS_CLIENT_CERT_OPTIONAL;
	*tls = slu_tls_ctx_new(&config, error, sizeof error);
	if (*tls) {
		slu_say_chosen(*tls, log, o->common.quiet);
		return 0;
	}
	slu_say("%s", error);
	return SLU_EXIT_TLS;
}

void slu_serve_tls_reload(struct slu_tls_ctx *tls, const struct serve_options *o)
{
	bool many = o->cert.n > 1 || o->client_ca;
	char error[ERROR];

	if (slu_tls_reload(tls, error, sizeof error) != 0)
		slu_say("the old %s: %s", many ? "certificates stay" : "certificate stays", error);
	else if (!o->common.quiet)
		slu_say("the %s read again", many ? "certificates were" : "certificate was");
}
