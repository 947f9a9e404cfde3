/* SPDX-License-Identifier: MIT */
/*
 * The kernel's TLS for what a connection sends: the BIO that libssl writes to, and the choice.
 *
 * Until the handshake is done, records go to the collector as always. When libssl has the keys of application data, it
 * offers them to its BIO; this one passes them on to the socket. Where the kernel takes them, what is written from then
 * on is plaintext, and the kernel makes the records: data by seal_ktls.c, and by libssl the few that are no data
 * (alerts, key updates, session tickets). Where it does not, nothing has happened, and all goes on as without.
 *
 * What comes in stays with libssl: the BIO that it reads from knows nothing of the kernel.
 */
#ifndef SLU_NET_TLS_KTLS_H
#define SLU_NET_TLS_KTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/tls_ctx.h"
#include "net/tls_bio.h"

struct slu_tls_ktls {
	struct slu_tls_bio *collector;
	struct slu_tls_peer *peer;
	struct bio_method_st *method;
	struct bio_st *socket; /* where the kernel is; NULL: not asked for, or it has no TLS */
	bool rekeys;           /* kernel and libssl both can change the key of a connection */
	bool decided;          /* the handshake is done */
	bool used_up;          /* the key should have been changed, and cannot be: no more data under it */
	bool full;             /* the socket did not take all when libssl was about to offer its keys */
	bool ending;           /* data was refused for that: only a close_notify follows */
	int refusal;           /* errno of the kernel's no */
	size_t refused;        /* bytes of a record that is no data, which the socket did not take: libssl repeats it */
	uint64_t writes, records, bytes; /* what libssl wrote to the kernel */
};

/* Before the handshake, on a connected transport: where the context asks for it and the kernel has TLS, libssl is set
 * up to offer its keys. */
void slu_tls_ktls_begin(struct slu_tls_ktls *k, struct slu_tls_peer *peer, struct slu_tls_bio *collector);

/* The handshake is done: what holds from here on. True: the kernel makes the records. False where it was asked for: one
 * sentence says why, as a warning for the first connection of a context that has this reason. */
bool slu_tls_ktls_decide(struct slu_tls_ktls *k);

/* The kernel has the keys. */
bool slu_tls_ktls_on(const struct slu_tls_ktls *k);

/* After the peer's SSL is freed, and with it the BIO. */
void slu_tls_ktls_end(struct slu_tls_ktls *k);

#endif
