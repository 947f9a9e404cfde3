/* SPDX-License-Identifier: MIT */
/* Connections to parts of URLs, and over transports and sockets that the caller made. */
#ifndef SLU_CONN_OVER_H
#define SLU_CONN_OVER_H

#include <sluice/conn.h>
#include <sluice/url.h>

#include "net/transport.h"

/* A connection over any transport, which it owns from here on, also on failure: a client's for url, of which app and
 * tc_url count, or a server's where it is NULL. name is what sentences call the peer. NULL when out of memory or when
 * config is wrong. */
struct slu_conn *slu_conn_over(const struct slu_conn_config *config, const struct slu_url *url,
			       struct slu_transport *transport, const char *name, char *error, size_t size);

/* A client's connection to where url says, of which all but user, password and stream counts: by the way of its scheme
 * and of config's proxy, or over fd where that is not -1, a socket that is connected to the server and the connection's
 * from here on, also on failure. */
struct slu_conn *slu_conn_to(const struct slu_conn_config *config, const struct slu_url *url, int fd, char *error,
			     size_t size);

/* Bytes that were read, and decrypted, and that the session has not had yet. */
size_t slu_conn_held(const struct slu_conn *c);

/* Nothing more is written or read. What was received before that is to be pulled, and then the connection fails. */
bool slu_conn_ended(const struct slu_conn *c);

/* What is queued does not go out, if ever, before what was received is pulled: there is nothing to wait for. */
bool slu_conn_stuck(const struct slu_conn *c);

/* The client went beyond a limit, is told so, and sent away: its connection closes in order, without an error, and
 * slu_conn_error() has the sentence. */
bool slu_conn_went_beyond(const struct slu_conn *c);

/* Whether it failed for its peer took nothing for too long. */
bool slu_conn_stalled(const struct slu_conn *c);

/* Bytes read from and written to its socket: as slu_conn_stats(), without asking TCP. */
void slu_conn_wire(const struct slu_conn *c, uint64_t *in, uint64_t *out);

/* Bytes that the connection takes, as far as they can be counted: beside the storage of messages, and with what of that
 * is queued, though others may refer to it too, or is not whole yet. */
size_t slu_conn_overhead(const struct slu_conn *c);
size_t slu_conn_memory(const struct slu_conn *c);

/* By slu_now_ms(), when slu_conn_process() must run: 0: now; UINT64_MAX: never. */
uint64_t slu_conn_deadline(const struct slu_conn *c);

/* Whether what is small may wait until what was sent is acknowledged: see slu_tcp_gather(). */
void slu_conn_gather(struct slu_conn *c, bool on);

/* How many bytes are to be there before the descriptor becomes readable. False: one is enough, whatever is said. */
bool slu_conn_patience(struct slu_conn *c, int n);

/* From here on a peer that acknowledges nothing for ms is given up. */
void slu_conn_hurry(struct slu_conn *c, unsigned ms);

#endif
