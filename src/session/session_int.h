/* SPDX-License-Identifier: MIT */
/*
 * Inside of the session: what its files share.
 *
 *     session.c   new and free, bytes in and out, time, statistics
 *     again.c     a session begins anew, for a server that wants to know who publishes; auth.c: what it is told
 *     edge.c      RTMPE's encryption of all that comes in and goes out
 *     control.c   acknowledgements, windows, pings, user control
 *     events.c    the queue of events and the parts of aggregates
 *     media.c     audio, video and data, both ways
 *     call.c      commands: building, transactions, dispatch by table
 *     client.c    the client's states and its commands; client_status.c: what servers report
 *     hurry.c     playing faster than the clock
 *     token.c     secure tokens; swf_verify.c: SWF verification
 *     by_hand.c   messages that the caller handles and makes
 *     server.c    the server's streams and answers; server_cmd.c: what clients ask
 *     fail.c      errors, refusals, and keeping secrets out of both
 */
#ifndef SLU_SESSION_SESSION_INT_H
#define SLU_SESSION_SESSION_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h>

#include "base/buf.h"
#include "proto/chunk_in.h"
#include "proto/chunk_out.h"
#include "proto/command.h"
#include "proto/handshake.h"
#include "proto/message.h"
#include "session/edge.h"
#include "session/hurry.h"

enum {
	SLU_CSID_CONTROL = 2,
	SLU_CSID_COMMAND = 3, /* commands on message stream 0 */
	/* A stream has seven chunk streams of its own, so that each kind of message compresses its headers against its
	 * own kind, and eight streams fit into the one-byte form (ids below 64). */
	SLU_CSID_STREAM = 4,
	SLU_CSID_PER_STREAM = 7
};

enum slu_csid_kind { SLU_CSID_AUDIO = 0, SLU_CSID_DATA = 1, SLU_CSID_VIDEO = 2, SLU_CSID_STREAM_COMMAND = 4 };

enum {
	SLU_STREAMS = 8,               /* that a server's peer may create */
	SLU_CALLS = 33,                /* commands of ours without an answer yet; the caller leaves one to us */
	SLU_EVENTS = 4,                /* one message causes at most two */
	SLU_ERROR_SIZE = 768,          /* of the sentence */
	SLU_NAME_MAX = 4096,           /* stream and app names, tcUrl */
	SLU_OWED_MAX = 1024 * 1024,    /* answers queued for a peer that asks and does not read */
	SLU_DEFAULT_ACK_EVERY = 250000 /* see control.c */
};

/* The states of the connection. A server's publishing and playing are states of its streams. */
enum slu_state {
	SLU_S_HANDSHAKE,
	SLU_S_CONNECTING,    /* client: connect is sent; server: connect is awaited */
	SLU_S_CONNECT_ASKED, /* server: the caller has to answer */
	SLU_S_CONNECTED,
	SLU_S_CREATING, /* client: createStream is sent; from here on client only, but for the last */
	SLU_S_PUBLISH_ASKED,
	SLU_S_PLAY_ASKED,
	SLU_S_PUBLISHING,
	SLU_S_PLAYING,
	SLU_S_STOPPED,
	SLU_S_ENDING /* server: refused the connect; ends when the queue is empty */
};

#define SLU_IN(state) (1u << (state))

enum slu_call_kind {
	SLU_CALL_USER, /* the caller's */
	SLU_CALL_CONNECT,
	SLU_CALL_CREATE_STREAM,
	SLU_CALL_PUBLISH,
	SLU_CALL_PLAY,
	SLU_CALL_LATE_STREAM /* a createStream that was overtaken by the stop: what it makes is to be given back */
};

/* A command whose answer is awaited. */
struct slu_call {
	bool used;
	bool armed; /* deadline is set: with the first tick after it was sent, since only ticks know the time */
	enum slu_call_kind kind;
	double transaction;
	uint64_t deadline;
};

enum slu_stream_state {
	SLU_STREAM_FREE,
	SLU_STREAM_IDLE,
	SLU_STREAM_PUBLISH_ASKED,
	SLU_STREAM_PLAY_ASKED,
	SLU_STREAM_PUBLISHING,
	SLU_STREAM_PLAYING
};

struct slu_stream {
	enum slu_stream_state state;
	bool reset; /* of the play request */
};

/* What the caller has to answer with slu_session_accept() or slu_session_refuse(). */
struct slu_request {
	enum slu_event_type type; /* SLU_EVENT_CONNECT, PUBLISH, PLAY, PAUSE, SEEK; NONE */
	bool pulled;
	uint32_t stream_id;
	double transaction;
	double encoding; /* of connect: objectEncoding */
	bool flag;
};

/* An aggregate message (RTMP 1.0, 7.1.6) whose parts are taken one by one. */
struct slu_aggregate {
	struct slu_msg msg;
	size_t pos;     /* of the next part; at msg.size: none is left */
	uint32_t first; /* timestamp of the first part */
};

enum slu_text { SLU_TEXT_NAME, SLU_TEXT_TC_URL, SLU_TEXT_LEVEL, SLU_TEXT_CODE, SLU_TEXT_DESCRIPTION, SLU_TEXTS };

struct slu_refused {
	char command[32];
	char level[32];
	char code[128];
	char description[512];
	char redirect[2048];
	char told[512]; /* the description of a connect's refusal, as it came */
};

enum { SLU_HURRY_KINDS = 3, SLU_HURRY_ALL = (1 << SLU_HURRY_KINDS) - 1 }; /* audio, video, data */

struct slu_hurry {
	enum slu_hurry_state state;
	uint32_t at_ms;                    /* where it was paused */
	uint32_t last_ms;                  /* of all media that came, */
	uint32_t kind_ms[SLU_HURRY_KINDS]; /* and of each kind */
	unsigned seen;                     /* a bit for each kind: something came, */
	unsigned filtered;                 /* and what came before is left out until something new comes */
};

struct slu_session {
	/* What each message to a player takes: a server has many sessions, and little of each in its caches. */
	enum slu_state state;
	bool connected; /* connect was accepted; so it stays */
	int err;
	struct slu_chunk_out *out;
	struct slu_edge *edge; /* RTMPE, once the handshake is done; else NULL */
	size_t owed;
	uint64_t now_ms;
	uint64_t deadline; /* of the handshake, then of the client's connect */
	double last_transaction;
	struct slu_stream streams[SLU_STREAMS]; /* a server's */
	struct slu_session_config cfg;          /* its strings are the session's own */
	struct slu_session_stats stats;

	char error[SLU_ERROR_SIZE];
	struct slu_refused refused;
	struct slu_hs *hs;
	uint8_t swf_key[SLU_SHA256_SIZE]; /* once the handshake is done */
	struct slu_chunk_in *in;
	struct slu_amf_doc *doc;
	struct slu_amf_writer *writer;
	struct slu_buf scratch; /* a command being put together */
	bool answering;         /* in slu_session_in(): what is sent is owed to the peer */

	struct slu_event events[SLU_EVENTS];
	unsigned event_first, event_count;
	struct slu_aggregate aggregate;
	struct slu_buf text[SLU_TEXTS]; /* the strings of events, NUL-terminated */
	bool secret;                    /* they are of a client's command */
	bool took_secret;               /* there was one: see secret.h */

	uint64_t received, ack_sent; /* bytes after the handshake; of them, told the peer */
	bool silent;                 /* nothing is to be told */
	bool handled;                /* by hand: a command was, by slu_session_handle() */
	uint32_t window_out;         /* what we asked acknowledgements for last */
	enum slu_bandwidth_limit bandwidth_limit;
	uint32_t ping_time;
	bool pinging;
	uint32_t mark; /* what was sent as the time of the last ping behind all else */
	bool marked;   /* and was not answered yet */

	struct slu_call calls[SLU_CALLS];

	/* client */
	enum slu_state want; /* SLU_S_PUBLISH_ASKED, SLU_S_PLAY_ASKED, or SLU_S_HANDSHAKE: nothing yet */
	char *stream;
	char *query; /* added to connect's app and tcUrl; or NULL */
	uint32_t stream_id;
	enum slu_publish_kind kind;
	struct slu_play play; /* its strings are the session's own */
	struct slu_hurry hurry;
	bool ended;      /* the server said that there is no more to play */
	bool checked_bw; /* _checkbw was sent */
	unsigned bw_checks;

	/* server */
	struct slu_request request;
	bool swf_verified; /* the client has one of the players */
};

/* ---- session.c ---- */

/* What a message does. */
int slu_message_on(struct slu_session *s, const struct slu_msg *msg);

/* What belongs to one connection: made, with the first bytes of its handshake, and freed. 0, or the session's error. */
int slu_session_begin(struct slu_session *s);
void slu_session_end(struct slu_session *s);

/* ---- by_hand.c ---- */

/* The message is an event, and that is all. */
int slu_by_hand_on(struct slu_session *s, const struct slu_msg *msg);

/* ---- fail.c ---- */

/* Sets the sticky error, once, and its sentence; returns the error that sticks. */
__attribute__((format(printf, 3, 4))) int slu_session_fail(struct slu_session *s, int err, const char *format, ...);
int slu_session_nomem(struct slu_session *s);

/* A sentence for an error that does no harm to the session; returns err, or the sticky error if there is one. */
__attribute__((format(printf, 3, 4))) int slu_session_usage(struct slu_session *s, int err, const char *format, ...);

/* The peer refused our command: fills s->refused and fails. info may be empty. */
int slu_session_refused(struct slu_session *s, const char *command, const struct slu_info *info);

/* Copies text, cut to size - 1 bytes and up to a NUL, with "***" for the stream's name and the queries of stream, app
 * and tcUrl. */
void slu_session_redact(const struct slu_session *s, char *out, size_t size, struct slu_amf_str text);

/* Overwrites a secret that is about to be freed, in a way the compiler keeps. */
void slu_wipe(char *text);

/* ---- control.c ---- */

int slu_control_send(struct slu_session *s, const struct slu_control *c, bool urgent);
int slu_control_on(struct slu_session *s, const struct slu_msg *msg);

/* Acknowledges when it is time to. */
int slu_control_ack(struct slu_session *s);

/* ---- events.c ---- */

/* An empty event to fill in, at the end of the queue. Never NULL: what one message can cause always fits. */
struct slu_event *slu_event_add(struct slu_session *s, enum slu_event_type type);

/* True when there is something to pull. Looks for the next part of an aggregate when the queue is empty. */
bool slu_event_waits(struct slu_session *s);

/* A copy of text that lives as long as the event, cut at its first NUL; "" with the sticky error set when out of
 * memory. */
const char *slu_event_text(struct slu_session *s, enum slu_text slot, struct slu_amf_str text);

/* No event is left: what is secret in the strings of those that were is overwritten, and their message let go. */
void slu_events_over(struct slu_session *s);

int slu_aggregate_on(struct slu_session *s, const struct slu_msg *msg);

/* ---- media.c ---- */

int slu_media_on(struct slu_session *s, const struct slu_msg *msg);
uint32_t slu_session_csid(const struct slu_session *s, uint32_t stream_id, enum slu_csid_kind kind);

/* ---- call.c ---- */

struct slu_command_rule {
	const char *name;
	unsigned states; /* SLU_IN() of each state in which it may come */
	int (*handle)(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg);
};

int slu_command_on(struct slu_session *s, const struct slu_msg *msg);

/* Begins a command in s->writer: its name and transaction number. The caller puts what follows, then sends. */
struct slu_amf_writer *slu_command_begin(struct slu_session *s, const char *name, double transaction);

/* Sends what is in s->writer, which began with name (for the log). */
int slu_command_send(struct slu_session *s, uint32_t stream_id, const char *name);

/* The same as a data message, whose first value is its name; without a transaction number. */
int slu_data_send(struct slu_session *s, uint32_t stream_id, const char *name);

/* Sends what is in s->writer, then n bytes of AMF0 at args. */
int slu_command_send_raw(struct slu_session *s, uint32_t stream_id, const char *name, const void *args, size_t n);

/* The next transaction number; with it, what is awaited. 0 and SLU_ERR_LIMIT when too much is awaited already. */
double slu_call_new(struct slu_session *s, enum slu_call_kind kind);
struct slu_call *slu_call_find(struct slu_session *s, enum slu_call_kind kind);
void slu_call_cancel(struct slu_session *s, double transaction); /* it was not sent */
const char *slu_call_name(enum slu_call_kind kind);
uint64_t slu_call_deadline(const struct slu_session *s);
int slu_call_tick(struct slu_session *s);

/* onStatus on a stream. */
int slu_status_send(struct slu_session *s, uint32_t stream_id, const char *level, const char *code,
		    const char *description);
void slu_info_put(struct slu_amf_writer *w, const char *level, const char *code, const char *description);

/* ---- client.c, client_status.c ---- */

extern const struct slu_command_rule slu_client_rules[]; /* up to a NULL name */

int slu_client_begin(struct slu_session *s);   /* the handshake is done */
int slu_client_request(struct slu_session *s); /* connected, and asked for a stream: go on */
int slu_client_answer(struct slu_session *s, enum slu_call_kind kind, bool ok, const struct slu_command *c);
int slu_client_status(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg);
void slu_client_playing(struct slu_session *s);
void slu_client_forget_play(struct slu_session *s);

/* ---- hurry.c ---- */

int slu_hurry_empty(struct slu_session *s); /* the server said Buffer Empty */
bool slu_hurry_eof(struct slu_session *s);  /* and Stream EOF: true when that belongs to a pause of ours */
void slu_hurry_paused(struct slu_session *s);
/* Notes what came; true of what was there before. */
bool slu_hurry_again(struct slu_session *s, const struct slu_msg *msg);

/* ---- token.c ---- */

/* Answers the secure token in a server's answer to connect, if there is one and a key for it. */
int slu_token_answer(struct slu_session *s, const struct slu_command *c);

/* ---- swf_verify.c ---- */

int slu_swf_verify_on(struct slu_session *s, const struct slu_control *c, const struct slu_msg *msg);

/* Asks a client for its player, where players are verified; and whether it has shown none. */
int slu_swf_verify_ask(struct slu_session *s);
bool slu_swf_verify_lacks(const struct slu_session *s);

/* ---- server.c, server_cmd.c ---- */

extern const struct slu_command_rule slu_server_rules[];

/* What the client sends is more than is taken, as the sentence says: it is told, as far as it is connected. */
void slu_server_tell_limit(struct slu_session *s, const char *sentence);

struct slu_stream *slu_server_stream(struct slu_session *s, uint32_t stream_id); /* NULL: not created */
uint32_t slu_server_only_published(const struct slu_session *s);                 /* its number; 0: none, or several */
void slu_server_leave(struct slu_session *s, uint32_t stream_id);                /* ends what it does, with an event */

#endif
