/* SPDX-License-Identifier: MIT */
/* TLS as a transport on top of another one. The public settings are <sluice/tls.h>. */
#ifndef SLU_NET_TLS_H
#define SLU_NET_TLS_H

#include <sluice/tls.h>

#include "net/transport.h"

/* A client's or (as ctx says) server's end over inner, which it owns from here on, also on failure. host is for SNI
 * and verification, unless ctx was given a server_name; NULL for a server. A session of an earlier connection to the
 * same host and port (that of inner's stats) is offered. Its timeout starts when inner is open. References ctx. NULL
 * when out of memory. */
struct slu_transport *slu_tls_over(struct slu_tls_ctx *ctx, struct slu_transport *inner, const char *host,
				   unsigned timeout_ms);

/* Whether this OpenSSL gives the kernel the keys of a connection, and with TLS 1.3 new ones too. */
bool slu_tls_gives_keys(bool tls13);

#endif
