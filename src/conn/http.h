/* SPDX-License-Identifier: MIT */
/* For a server whose clients may speak HTTP, with RTMP in it or not. */
#ifndef SLU_CONN_HTTP_H
#define SLU_CONN_HTTP_H

#include <sluice/conn.h>

#include "net/transport.h"

/* From here on, an accepted client that begins with HTTP is none of the session's. */
void slu_conn_allow_http(struct slu_conn *c);

/* Whether it has begun with HTTP: then it is to be taken. */
bool slu_conn_is_http(const struct slu_conn *c);

/* Takes the transport of such a connection, which is the caller's from here on, and in *read what was read of it, which
 * is valid until the connection is freed. That is all that is left to do with it. */
struct slu_transport *slu_conn_take(struct slu_conn *c, struct slu_vec *read);

/* As slu_conn_accept(), over any transport. */
struct slu_conn *slu_conn_accept_over(const struct slu_conn_config *config, struct slu_transport *transport,
				      char *error, size_t size);

#endif
