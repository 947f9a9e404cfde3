/* SPDX-License-Identifier: MIT */
/* What the files of a connection share. Nothing outside src/conn/ and its tests includes this. */
#ifndef SLU_CONN_IMPL_H
#define SLU_CONN_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/conn.h>
#include <sluice/url.h>

#include "conn/over.h"
#include "net/tcp.h"
#include "net/transport.h"
#include "session/auth.h"

enum conn_state {
	CONN_OPENING,     /* resolve, connect, TLS */
	CONN_ESTABLISHED, /* the session speaks */
	CONN_DRAINING,    /* closing: what is queued goes out, then the end of publishing or playing */
	CONN_SETTLING,    /* the peer's kernel acknowledges */
	CONN_CONFIRMING,  /* the server says that publishing has ended */
	CONN_SHUTDOWN,    /* close_notify and SHUT_WR go out */
	CONN_LINGER,      /* the peer's end is awaited */
	CONN_CLOSED,
	CONN_FAILED
};

/* How far the session came: what a closed connection most likely means depends on it. */
enum conn_stage { STAGE_HANDSHAKE, STAGE_CONNECT, STAGE_REQUEST, STAGE_ACTIVE };

enum {
	CONN_READ_FIRST = 4096, /* holds what a player says; */
	CONN_READ_SIZE = 65536, /* who sends more is read in larger pieces */
	CONN_READS = 4,         /* that one call of slu_conn_process() makes at most */
	CONN_VECS_MIN = 64,
	CONN_VECS_MAX = 16384,
	CONN_FLUSH_MAX = 240 * 16384, /* bytes offered to one write call: whole TLS records */
	CONN_ACK_POLL_MIN_MS = 1,     /* how often the kernel is asked what was acknowledged, while closing */
	CONN_ACK_POLL_MAX_MS = 50,
	/* What libssl takes for a connection, about: its state, and a record each way. */
	CONN_TLS_OVERHEAD = 48 * 1024,
	CONN_SURE_MS = 250 /* after publishing was accepted: who hangs up now may refuse after all */
};

struct slu_conn {
	enum conn_state state;
	enum conn_stage stage;
	uint64_t active_ms; /* when it became STAGE_ACTIVE */
	enum slu_role role;
	struct slu_log log;
	struct slu_transport *transport; /* NULL once closed or failed */
	struct slu_session *session;

	/* The session's clock stands still until the transport is open: its deadlines are its own. */
	uint64_t opened_ms, frozen_ms;

	uint8_t *in; /* what was read: [in_at, in_end) is not yet fed */
	size_t in_at, in_end, in_size;
	bool in_filled; /* by the last read */
	bool sniffs;    /* what comes first may be HTTP; */
	bool is_http;   /* it was */
	bool in_ended;  /* nothing more can be read: the peer's end, or a failure */
	bool broken;    /* nothing more can be written */
	int lost;       /* why, when it is a failure: told once all that came before it is pulled */

	struct slu_vec *vec;
	size_t vec_cap;
	bool blocked; /* the socket took less than was offered */
	bool more;    /* more follows at once: what does not fill a TLS record is kept back */
	uint64_t flushes;

	unsigned stall_timeout_ms, close_timeout_ms;
	uint64_t watch_ms;    /* when to look whether bytes are acknowledged; UINT64_MAX: nothing is under way */
	uint64_t acked;       /* wire bytes acknowledged when looked last, */
	uint64_t progress_ms; /* and when that number rose last */

	bool left;           /* closing because the peer left in order: what it does not take is no loss */
	bool beyond;         /* closing because the client went beyond a limit, which it is told */
	bool session_over;   /* closing: the session failed, what comes in is dropped */
	bool stopped;        /* closing: the session was told to stop */
	uint64_t media_wire; /* wire bytes written when the last of what was queued had gone out */
	bool publishes;      /* the server has said that publishing started, */
	bool unpublished;    /* and, closing, that it has ended */
	uint64_t confirm_ms; /* when the wait for that is over */
	uint64_t linger_ms;  /* when the wait for the peer's end is over */
	uint64_t ack_poll_ms, ack_poll_step;

	size_t tls_overhead;
	int err;
	char error[768];
	uint64_t undelivered;
	struct slu_transport_stats last; /* of the transport that is gone */
	struct slu_tcp_info last_tcp;

	struct slu_tls_ctx *own_tls; /* made here because the configuration had none */
	struct slu_url url;
	bool by_hand;         /* whoever makes connect answers a server that asks who publishes, */
	struct slu_auth auth; /* else we do: how far that came */
	char name[256];       /* of the peer, in sentences: the redacted URL, or the address of a client */
};

/* ---- conn.c ---- */

/* The clock as the session knows it. */
uint64_t slu_conn_session_ms(const struct slu_conn *c, uint64_t now);

/* ---- in.c ---- */

/* Reads until the transport has no more, an event waits, or it was enough for one call. 0, or the session's error. */
int slu_conn_read(struct slu_conn *c);
/* Acts on the end of input once all that came before it has been fed and pulled. */
int slu_conn_input_end(struct slu_conn *c);
/* Closing: reads and drops, answering through the session while it is sound. */
void slu_conn_read_closing(struct slu_conn *c);

/* ---- http.c ---- */

/* Looks at the first byte of all, which is held: true when it is none of RTMP's. */
bool slu_conn_sniff(struct slu_conn *c);

/* ---- out.c ---- */

/* Writes what is queued, until the socket takes no more. */
void slu_conn_push(struct slu_conn *c);

/* Something is queued that is to go out now. */
bool slu_conn_sendable(const struct slu_conn *c);
/* What blocks it, if anything does, is not the socket: something has to be received first. */
bool slu_conn_waits(const struct slu_conn *c);
/* One attempt, whatever comes of it: the connection is about to fail. */
void slu_conn_push_last(struct slu_conn *c);

/* ---- watch.c ---- */

/* Something was written or waits to be: look later whether it arrives. */
void slu_conn_watch(struct slu_conn *c);
/* Looks, when it is time. SLU_ERR_STALLED (or UNDELIVERED while closing) when nothing was acknowledged for too long. */
int slu_conn_watch_tick(struct slu_conn *c, uint64_t now);
/* Wire bytes that were written. */
uint64_t slu_conn_wire_out(const struct slu_conn *c);
/* And of them those that are not acknowledged. *reset: nor will they ever be. */
uint64_t slu_conn_unacked(const struct slu_conn *c, bool *reset);

/* ---- close.c ---- */

void slu_conn_draining(struct slu_conn *c, uint64_t now);
void slu_conn_settling(struct slu_conn *c, uint64_t now);
void slu_conn_confirming(struct slu_conn *c, uint64_t now);
void slu_conn_shutdown(struct slu_conn *c, uint64_t now);
void slu_conn_linger(struct slu_conn *c, uint64_t now);
/* The transport carries no more data (SLU_ERR_RENEW): ends in order, so that the peer gets all that was sent, and fails
 * then. */
void slu_conn_renew(struct slu_conn *c);
/* Bytes queued before the close that the peer's kernel has not acknowledged. */
uint64_t slu_conn_count_undelivered(const struct slu_conn *c);
/* Lets the transport go, keeping what it knew. */
void slu_conn_release(struct slu_conn *c, enum conn_state state);

/* ---- auth.c ---- */

/* The session ended with err. 1: that was a question, and the connection begins anew to answer it; 0: it was not; <0:
 * it was, and there is no answer: the connection has failed with that. */
int slu_conn_authenticate(struct slu_conn *c, int err);

/* ---- fail.c ---- */

/* The connection has failed: keeps err and the sentence, lets the transport go. Returns err. */
/* The server hangs up so soon after it had accepted publishing that it may refuse after all. */
bool slu_conn_second_thoughts(const struct slu_conn *c);
__attribute__((format(printf, 3, 4))) int slu_conn_fail(struct slu_conn *c, int err, const char *format, ...);
int slu_conn_fail_transport(struct slu_conn *c, int err);
/* Or begins anew, see slu_conn_authenticate(): then 0. */
int slu_conn_fail_session(struct slu_conn *c, int err);

#endif
