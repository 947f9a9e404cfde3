/* SPDX-License-Identifier: MIT */
/* What the two halves of the TLS transport share: tls_open.c opens it, tls.c carries data. */
#ifndef SLU_NET_TLS_IMPL_H
#define SLU_NET_TLS_IMPL_H

#include <openssl/ssl.h>

#include "crypto/tls_ctx.h"
#include "net/sealer.h"
#include "net/tls_bio.h"
#include "net/tls_ktls.h"

enum tls_state { STATE_INNER, STATE_HANDSHAKE, STATE_OPEN };

struct tls {
	struct slu_transport transport;
	struct slu_transport *inner;
	struct slu_tls_peer peer;
	struct slu_tls_bio bio;
	struct slu_tls_ktls ktls;
	struct slu_sealer *sealer;
	enum tls_state state;
	char *client; /* the subject of its certificate; NULL: it has shown none, or is the server */
	bool again;   /* this is the second connection */
	unsigned timeout_ms;
	uint64_t started, ended;           /* of the handshake */
	int err;                           /* of opening; sticky */
	int in_err;                        /* of receiving; sticky */
	bool drained;                      /* the last recv() took all that there was */
	bool notified;                     /* close_notify is written */
	struct slu_transport_stats before; /* what the sealers of connections before this one counted */
	char error[SLU_TLS_SENTENCE];
};

static inline struct tls *tls_of(struct slu_transport *t)
{
	return (struct tls *)t;
}

/* ---- tls_open.c ---- */

/* As slu_transport_ops.open. */
int slu_tls_open(struct slu_transport *transport, uint64_t now_ms);

/* As slu_transport_ops.again. */
int slu_tls_again(struct slu_transport *transport, uint64_t now_ms);

/* OpenSSL's half over t->inner: 0, or SLU_ERR_NOMEM or SLU_ERR_INVALID and the sentence in t->error. */
int slu_tls_arm(struct tls *t, struct slu_tls_ctx *ctx, const char *host);
void slu_tls_disarm(struct tls *t);

/* Why libssl failed: the transport below, or what it makes of the bytes. Returns the error; the sentence is in
 * t->error. */
int slu_tls_why(struct tls *t);

/* The transport below failed with err, which it returns: its sentence is ours, unless we have one. */
int slu_tls_below(struct tls *t, int err);

#endif
