/* SPDX-License-Identifier: MIT */
/*
 * Inside of a TLS context, and the part of a TLS connection that knows OpenSSL's certificates and alerts, for the
 * transport in src/net/tls.c. Includes OpenSSL's header.
 */
#ifndef SLU_CRYPTO_TLS_CTX_H
#define SLU_CRYPTO_TLS_CTX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <openssl/ssl.h>

#include <sluice/tls.h>

#include "crypto/choice.h"
#include "crypto/offload.h"
#include "crypto/pins.h"
#include "crypto/sessions.h"

enum { SLU_TLS_SENTENCE = 768, SLU_TLS_FIRST = 8 };

struct slu_tls_ctx {
	atomic_uint refs;
	struct slu_tls_config config; /* strings are our copies */
	struct slu_offload offload;
	struct slu_choice *choice; /* NULL: nothing was left to us */
	atomic_bool widened;       /* a server refused what was chosen: all is offered */
	struct slu_pins pins;
	struct slu_sessions sessions; /* of a client */
	int keylog;                   /* file descriptor, or -1 */
	time_t fixed_time;            /* tests: what the clock says for certificates; 0: the clock's own */
	pthread_mutex_t lock;         /* guards ssl */
	SSL_CTX *ssl;
};

/* One connection's dealings with its context. Must not move while open. */
struct slu_tls_peer {
	struct slu_tls_ctx *ctx;
	SSL *ssl;
	char host[256]; /* the name to verify, or "" */
	bool ip;        /* host is an address */
	char key[SLU_SESSION_KEY];
	int alert_in, alert_out;        /* fatal ones: number, or -1 */
	char verdict[SLU_TLS_SENTENCE]; /* why the certificate was refused, or "" */
	uint8_t first[SLU_TLS_FIRST];   /* what the other end said first */
	size_t nfirst;
	bool eof;       /* and it hung up */
	bool open;      /* the handshake was done */
	char offer[64]; /* "TLS 1.2 to 1.3 with 17 suites" */
	bool alone;     /* only what was chosen is offered */
	bool etm;       /* alone: the server has agreed to encrypt-then-MAC */
};

/* References ctx and makes p->ssl, ready for BIOs and SSL_do_handshake(). host may be NULL for a server. 0,
 * SLU_ERR_NOMEM, or SLU_ERR_INVALID with the reason in p->verdict. */
int slu_tls_peer_open(struct slu_tls_peer *p, struct slu_tls_ctx *ctx, const char *host);

/* Before the handshake. A client offers the session of an earlier connection to this host and port, and keeps new ones
 * for later. Warns when nothing is verified. */
void slu_tls_peer_begin(struct slu_tls_peer *p, const char *port);

/* After a client's handshake that failed, with eof and first set, or that was done and carried no data yet: whether the
 * chosen suites alone were offered and the server takes none of them, or CBC without the encrypt-then-MAC that was
 * chosen. Then all are offered to a peer that is opened from now on, and it is worth another connection. */
bool slu_tls_peer_refused(struct slu_tls_peer *p);

void slu_tls_peer_close(struct slu_tls_peer *p);

/* After a server's handshake: the subject of the certificate that the client has shown, in out, and whether it has. */
bool slu_tls_peer_subject(const struct slu_tls_peer *p, char *out, size_t size);

/* After SSL_get_error() said SSL_ERROR_SSL or SSL_ERROR_SYSCALL: why, in one sentence, from OpenSSL's error queue
 * (which is emptied), the alerts, and what the other end said first. Returns the error code. */
int slu_tls_explain(struct slu_tls_peer *p, char *out, size_t size);

/* The registry's name of an alert, "handshake_failure", or OpenSSL's words for it. Static. */
const char *slu_tls_alert_name(int alert);

/* The handshake did not end in timeout_ms. Returns SLU_ERR_TIMEOUT. */
int slu_tls_explain_timeout(const struct slu_tls_peer *p, unsigned timeout_ms, char *out, size_t size);

/* "the server example.org", "the client". Returns out. */
char *slu_tls_peer_name(const struct slu_tls_peer *p, char *out, size_t size);

/* The reason that OpenSSL gives for its last failure, for sentences: static or in out. Empties its queue. */
const char *slu_tls_reason(char *out, size_t size);

/* Whether memory was short, for all that OpenSSL's queue says of its last failure. */
bool slu_tls_nomem(void);

#endif
