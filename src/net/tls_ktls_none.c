/* SPDX-License-Identifier: MIT */
/* tls_ktls.c's stand-in for OpenSSL 1.1.1, which cannot hand its keys to the kernel. */
#include "net/tls_ktls.h"

#include <string.h>

#include "base/log.h"
#include "net/tls.h"

void slu_tls_ktls_begin(struct slu_tls_ktls *k, struct slu_tls_peer *peer, struct slu_tls_bio *collector)
{
	memset(k, 0, sizeof *k);
	k->peer = peer;
	k->collector = collector;
}

bool slu_tls_gives_keys(bool tls13)
{
	(void)tls13;
	return false;
}

bool slu_tls_ktls_decide(struct slu_tls_ktls *k)
{
	struct slu_offload *o = &k->peer->ctx->offload;

	if (!o->ktls.on)
		return false;
	slu_offload_ktls_count(o, false);
	slu_log(o->log, slu_offload_ktls_first(o, 0) ? SLU_LOG_WARN : SLU_LOG_DEBUG,
		"what is sent is encrypted by OpenSSL, not by the kernel: that needs OpenSSL 3.0 or newer, and this "
		"was "
		"built with " OPENSSL_VERSION_TEXT);
	return false;
}

bool slu_tls_ktls_on(const struct slu_tls_ktls *k)
{
	(void)k;
	return false;
}

void slu_tls_ktls_end(struct slu_tls_ktls *k)
{
	(void)k;
}
