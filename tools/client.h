/* SPDX-License-Identifier: MIT */
/* What push and pull share: a connection made from options, waited for together with one more file, and closed. */
#ifndef SLU_TOOLS_CLIENT_H
#define SLU_TOOLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/conn.h>
#include <sluice/tls.h>

#include "net/resolve.h"

#include "tools/exit.h"
#include "tools/options.h"

struct slu_client_options {
	struct slu_common_options common;
	struct slu_net_options net;
	struct slu_connect_options connect;
	struct slu_tls_options tls;
	long chunk_size; /* 0: the library's */
	bool receives;   /* a player */
};

struct slu_client {
	const struct slu_client_options *options;
	struct slu_conn *conn;
	struct slu_tls_ctx *tls;      /* kept when a connection is made again, for session resumption */
	struct slu_conn_stats before; /* what the connections before this one have cost */
	struct slu_swf_player player; /* of size 0: none */
	bool player_found;
	struct slu_resolver_fixed fixed;
	const char *address;
	char error[640];
};

/* Checks what cannot be checked when it is parsed: -1 to go on, else an enum slu_exit, and it was said. */
int slu_client_check(const struct slu_client_options *options);

/* Begins to connect; blocks where a player is to be fetched first (--swf-player). 0, or an enum slu_exit and the
 * sentence in error. May be called again after a connection ended; stream may then be the name that this one has. */
int slu_client_open(struct slu_client *c, const struct slu_client_options *options, const char *url,
		    const char *stream);

/* Of the connection, and the costs (bytes, calls, records, retransmits) of those before it too. */
void slu_client_stats(const struct slu_client *c, struct slu_conn_stats *out);
void slu_client_free(struct slu_client *c);

/* Bytes that were written to a connection that is over, and that the server's kernel never acknowledged. */
uint64_t slu_client_lost(const struct slu_client *c);

/* What the TLS offload did; all zeros without one. */
void slu_client_offload(const struct slu_client *c, struct slu_tls_offload_stats *out);

/* Waits for the connection, for fd (-1: none) to be readable, or for a signal, at most timeout_ms (-1: as long as it
 * takes), and lets the connection work. 0, or the connection's error. *readable says whether fd is. */
int slu_client_wait(struct slu_client *c, int fd, int timeout_ms, bool *readable);

/* Waits for a signal only, at most timeout_ms. */
void slu_client_pause(int timeout_ms);

/* True of what can only be meant as a URL. It may hold a stream key: it is not to be said as the name of a file. */
bool slu_is_url(const char *text);

/* Of two timeouts in ms the shorter one; -1 is never. */
int slu_timeout_min(int a, int b);

#endif
