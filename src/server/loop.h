/* SPDX-License-Identifier: MIT */
/*
 * The ingest: listeners, connections, one thread, one epoll descriptor.
 *
 * What arrived is taken from all connections that are ready before anything is written, so that a player gets all of
 * it in one write.
 */
#ifndef SLU_SERVER_LOOP_H
#define SLU_SERVER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/conn.h>

#include "server/hub.h"
#include "server/listener.h"
#include "server/recorder.h"
#include "server/report.h"
#include "server/stats.h"

/* Where the configuration has none. That of messages is in conn.session.max_message. */
enum {
	SLU_LOOP_MAX_CONNECTIONS = 256,
	SLU_LOOP_MAX_CONNECTION_MEMORY = 32 << 20,
	SLU_LOOP_MAX_MEMORY = 256 << 20,
	SLU_LOOP_MAX_MESSAGE = 8 << 20
};

/* 0 or NULL in a field stands for its default, but for dir. */
struct slu_loop_config {
	int dir;                     /* where streams are recorded, and stays open; -1: nothing is */
	struct slu_conn_config conn; /* of accepted connections; tls is set by the listener's scheme */
	struct slu_tls_ctx *tls;     /* a server's; NULL: rtmps is refused. Not owned */
	/* Who may publish: see admit.h. Clients with one of these keys; users; none of both: clients of this machine,
	 * or any. Not owned */
	struct slu_keys *keys;
	struct slu_logins *logins;
	bool certificates; /* publishers have to show one, which tls asks for */
	bool open;
	struct slu_hub_config hub;
	struct slu_recorders_config record;
	unsigned max_connections;     /* default SLU_LOOP_MAX_CONNECTIONS */
	unsigned max_per_address;     /* default: half of all, from this machine all */
	size_t max_connection_memory; /* what one connection may take; default SLU_LOOP_MAX_CONNECTION_MEMORY */
	size_t max_memory;            /* what all may take together; default SLU_LOOP_MAX_MEMORY */
	unsigned idle_timeout_ms;     /* for clients that neither publish nor play; default 30000 */
	unsigned publish_timeout_ms;  /* for publishers that send no media; default 30000 */
	unsigned wait_timeout_ms;     /* for players that wait for a publisher; default a day */
	unsigned slow_timeout_ms;     /* for players that lose messages all that time; default 60000 */
	bool takeover;                /* a second publisher of a name ends the first; otherwise it is refused */
	struct slu_log log;
	struct slu_reporter reporter;
	unsigned stats_ms; /* how often stats are told; 0: never */
	struct slu_stats_listener stats;
};

struct slu_loop;

/* NULL: out of memory or descriptors, said in error. */
struct slu_loop *slu_loop_new(const struct slu_loop_config *config, char *error, size_t size);

/* Closes all at once, and waits some seconds until what was recorded is in files. NULL is fine. */
void slu_loop_free(struct slu_loop *loop);

/* Listens at a place (listener.h, listener_unix.h). 0, or <0 with one sentence in error. */
int slu_loop_listen(struct slu_loop *loop, const char *place, char bound[SLU_LISTENER_URL], char *error, size_t size);

/* Calls fn(arg) whenever fd becomes readable, for signals. fn must not call back into the loop. */
int slu_loop_watch(struct slu_loop *loop, int fd, void (*fn)(void *arg), void *arg);

/* Waits until something happens, timeout_ms at most (-1: as long as it takes), and does it. 0, or SLU_ERR_IO when the
 * kernel cannot go on. */
int slu_loop_step(struct slu_loop *loop, int timeout_ms);

/* Keys or users are others now: publishers whose key or user is gone are ended. */
void slu_loop_check_access(struct slu_loop *loop);

/* Accepts no more, ends all streams, and closes all connections in order. Go on stepping until there are none. */
void slu_loop_stop(struct slu_loop *loop);

unsigned slu_loop_connections(const struct slu_loop *loop);

#endif
