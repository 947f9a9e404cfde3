/* SPDX-License-Identifier: MIT */
/*
 * The protocol engine: one end of one RTMP connection (Adobe, "RTMP Specification 1.0", 2012), without any I/O.
 *
 * Bytes from the peer go in, events and bytes for the peer come out; the clock and random numbers are the caller's.
 * Nothing here opens, waits or calls back into the caller while it could free something, so it fits any event loop,
 * any transport, and a test that runs both ends in memory. slu_conn (conn.h) is this with sockets and TLS.
 *
 * The loop, for either role:
 *
 *     got = recv(fd, buf, sizeof buf);
 *     while (got > 0 || more) {
 *             n = slu_session_in(s, buf, got);                consumes, and stops at the first event
 *             if (n < 0) the session is over: slu_session_error(s)
 *             buf += n, got -= n;
 *             for (more = false; slu_session_event(s, &ev); more = true) act on ev
 *     }
 *     while ((nvec = slu_session_out(s, vec, 64)) > 0) {      gather, write
 *             n = writev(fd, vec, nvec);
 *             slu_session_sent(s, n);
 *     }
 *     wait until fd is ready or slu_session_deadline(s); slu_session_tick(s, now);
 *
 * Ownership: the session copies what it needs of its configuration and of strings given to it. Message payloads are
 * referenced, never copied, when they come with an owner (struct slu_msg).
 *
 * Thread safety: a session belongs to one thread at a time; distinct sessions are independent, and one buffer may be
 * queued to sessions of different threads.
 */
#ifndef SLUICE_SESSION_H
#define SLUICE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/amf.h>
#include <sluice/buffer.h>
#include <sluice/error.h>
#include <sluice/log.h>

#ifdef __cplusplus
extern "C" {
#endif

struct slu_session;

enum slu_role { SLU_CLIENT, SLU_SERVER };

/* RTMP 1.0, 5.2; the digest handshake that Flash Player 9 brought; and RTMPE in its types 6, 8 and 9, after which all
 * is encrypted with RC4, without knowing with whom: it keeps out nobody who tries. TLS does. A server answers in the
 * kind it is asked. */
enum slu_handshake {
	SLU_HANDSHAKE_PLAIN,
	SLU_HANDSHAKE_DIGEST,
	SLU_HANDSHAKE_RTMPE6,
	SLU_HANDSHAKE_RTMPE8,
	SLU_HANDSHAKE_RTMPE9
};

/* Message types, RTMP 1.0, 5.4 and 7.1. */
enum slu_msg_type {
	SLU_MSG_SET_CHUNK_SIZE = 1,
	SLU_MSG_ABORT = 2,
	SLU_MSG_ACK = 3,
	SLU_MSG_USER_CONTROL = 4,
	SLU_MSG_WINDOW_ACK_SIZE = 5,
	SLU_MSG_SET_PEER_BANDWIDTH = 6,
	SLU_MSG_AUDIO = 8,
	SLU_MSG_VIDEO = 9,
	SLU_MSG_DATA_AMF3 = 15,
	SLU_MSG_SHARED_OBJECT_AMF3 = 16,
	SLU_MSG_COMMAND_AMF3 = 17,
	SLU_MSG_DATA = 18,
	SLU_MSG_SHARED_OBJECT = 19,
	SLU_MSG_COMMAND = 20,
	SLU_MSG_AGGREGATE = 22
};

/* A message, by value. */
struct slu_msg {
	uint8_t type;             /* enum slu_msg_type */
	uint32_t timestamp;       /* ms, modulo 2^32 */
	uint32_t stream_id;       /* message stream ID; 0 when sending: the stream that publishes */
	const uint8_t *data;      /* the payload */
	size_t size;              /* of data; at most 16777215 */
	struct slu_buffer *owner; /* what data lies in: referenced while queued. NULL when sending: data is copied */
};

/* What a client's connect command carries (RTMP 1.0, 7.2.1.1). NULL: left out, but for app ("") and flash_ver. */
struct slu_connect_info {
	const char *app;
	const char *tc_url;
	const char *flash_ver; /* default "FMLE/3.0 (compatible; Sluice/VERSION)" */
	const char *swf_url;
	const char *page_url;
	/* Not sent: the key that a server's secure token is decrypted with, of which 16 bytes count. */
	const char *secure_token;
	const uint8_t *extra; /* AMF0 values after the command object, already encoded; or NULL */
	size_t extra_size;
};

/* A player's SWF file, as servers verify it: the HMAC-SHA256 of the file, uncompressed, under the 30 bytes "Genuine
 * Adobe Flash Player 001", and its size then. */
struct slu_swf_player {
	uint8_t hash[32];
	uint32_t size;
};

struct slu_tally;
struct slu_cryptops; /* what the handshakes but the plain one take: slu_cryptops_openssl() (tls.h) */

/* 0 or NULL in a field stands for its default. */
struct slu_session_config {
	enum slu_role role;
	/* Client: what to begin with; a server that does not follow to RTMPE is an error. Server: the type of RTMPE for
	 * whoever asks for any, where it is one. */
	enum slu_handshake handshake;
	uint64_t now_ms; /* the caller's clock at the start: any monotonic origin */
	int (*random)(void *arg, void *out,
		      size_t n); /* fills out, returns 0; NULL: the handshake has zeros for noise */
	void *random_arg;
	const struct slu_cryptops *crypto; /* NULL: plain handshakes only; handshake must be none of RTMPE's then */
	struct slu_log log;
	uint32_t chunk_size;             /* that we send in: 1..16777215, default 65536 */
	uint32_t window_ack_size;        /* that we ask acknowledgements for; default 2500000 bytes */
	size_t max_message;              /* largest message taken from the peer; default and at most 16777215 */
	size_t max_memory;               /* all unfinished messages of the peer together; default 33554432 */
	size_t max_queue;                /* bytes queued to the peer; default 67108864 */
	unsigned max_chunk_streams;      /* chunk streams the peer may use; default 256 */
	unsigned handshake_timeout_ms;   /* default 10000 */
	unsigned command_timeout_ms;     /* for each reply to a command of ours; server: for connect; default 10000 */
	struct slu_connect_info connect; /* client only */
	/* Client: what a server that wants to verify the player's SWF file is answered with (struct slu_swf_player): 0:
	 * it is not. Such a server wants the digest handshake, which a plain one becomes; it takes crypto. */
	uint8_t swf_hash[32];
	uint32_t swf_size;
	/* Server: the players that it verifies, and refuses to play to others; 0 of them: it plays to all. It takes
	 * crypto. */
	const struct slu_swf_player *swf_players;
	size_t swf_player_count;
	bool by_hand;            /* see below: messages by hand */
	struct slu_tally *tally; /* src/base/tally.h: where the storage of the peer's messages is counted, as long as
				    anybody refers to it; NULL: nowhere. Must outlive all of it */
};

/* NULL when out of memory or when a number of the configuration is out of its range. */
struct slu_session *slu_session_new(const struct slu_session_config *config);
void slu_session_free(struct slu_session *s);

/* ---- bytes ---- */

/* Takes bytes from the peer; returns how many it consumed, which is fewer than n when an event waits to be pulled
 * (0 while one does), or the session's error. The bytes may be reused at once: nothing of them is referenced after
 * the next slu_session_in(). */
long slu_session_in(struct slu_session *s, const void *data, size_t n);

/* A run of bytes for the peer. */
struct slu_vec {
	const void *data;
	size_t size;
};

/* Fills at most max vecs with what is queued, in order, without consuming it; returns how many. The vecs are valid
 * until the next call on the session. Small control messages overtake media at chunk borders. */
size_t slu_session_out(struct slu_session *s, struct slu_vec *vec, size_t max);

/* n bytes of what slu_session_out() showed last have been written: forget them. */
void slu_session_sent(struct slu_session *s, size_t n);

/* Bytes queued and not yet sent, chunk headers included. */
size_t slu_session_queued(const struct slu_session *s);

/* The peer has closed its end. Returns 0 when that was in order (nothing awaited), else the session's error. */
int slu_session_in_end(struct slu_session *s);

/* ---- time ---- */

/* When slu_session_tick() must be called at the latest, in the caller's ms; UINT64_MAX: never. Only ticks tell the
 * session the time, so it lies in the past after a command has been sent: the tick that it asks for starts the
 * command's deadline. */
uint64_t slu_session_deadline(const struct slu_session *s);

/* The clock is now_ms. Returns 0 or the session's error, SLU_ERR_TIMEOUT among them. */
int slu_session_tick(struct slu_session *s, uint64_t now_ms);

/* ---- events ---- */

enum slu_event_type {
	SLU_EVENT_NONE,
	SLU_EVENT_HANDSHAKE,          /* either: the handshake is done */
	SLU_EVENT_CONNECTED,          /* client: connect was accepted; amf: the _result's values */
	SLU_EVENT_PUBLISHING,         /* client: publish was accepted, media may flow */
	SLU_EVENT_PLAYING,            /* client: play was accepted */
	SLU_EVENT_STATUS,             /* client: any other onStatus: level, code, description */
	SLU_EVENT_MEDIA,              /* audio, video or data message in msg; aggregates come as their parts, of
					 "@setDataFrame" only what follows it, and data of type 15 as the AMF0 in it,
					 type 18 */
	SLU_EVENT_STREAM_BEGIN,       /* client: user control, with stream_id */
	SLU_EVENT_STREAM_EOF,         /* client */
	SLU_EVENT_STREAM_DRY,         /* client */
	SLU_EVENT_STREAM_IS_RECORDED, /* client */
	SLU_EVENT_SET_BUFFER_LENGTH,  /* server: stream_id, number: ms */
	SLU_EVENT_RESULT,  /* either: the answer to slu_session_call(): transaction, flag: _result not _error, amf;
			      amf is NULL when the peer gave none in time (slu_session_tick() makes that event) */
	SLU_EVENT_COMMAND, /* either: a command or a type that the session does not know: name, transaction, amf; and
			      to a server NetStream.Authenticate.UsherToken, which has been answered */
	SLU_EVENT_CONNECT, /* server: asks for name (the app); tc_url; to be accepted or refused */
	SLU_EVENT_PUBLISH, /* server: asks to publish name on stream_id; kind; to be accepted or refused; flag:
			      something is published there, maybe the same, and goes on either way */
	SLU_EVENT_PLAY,    /* server: asks to play name on stream_id; start, duration, flag: reset; the same */
	SLU_EVENT_PAUSE,   /* server: stream_id, flag: pause or resume, number: ms */
	SLU_EVENT_SEEK,    /* server: stream_id, number: ms */
	SLU_EVENT_RECEIVE_AUDIO,     /* server: stream_id, flag */
	SLU_EVENT_RECEIVE_VIDEO,     /* server: stream_id, flag */
	SLU_EVENT_GET_STREAM_LENGTH, /* server: name; answer with slu_session_answer_number() */
	SLU_EVENT_CLEAR_DATA,        /* server: @clearDataFrame on stream_id; name */
	SLU_EVENT_UNPUBLISH,         /* server: the peer ended publishing on stream_id */
	SLU_EVENT_STOP,              /* server: the peer ended playing on stream_id */
	SLU_EVENT_CLOSE,             /* either: the peer said close; client: NetConnection.Connect.Closed */
	SLU_EVENT_MARKED,            /* either: the peer has read what was queued up to slu_session_mark() */
	SLU_EVENT_MESSAGE            /* either, by hand only: msg, of any type, on chunk_stream */
};

enum slu_publish_kind { SLU_PUBLISH_LIVE, SLU_PUBLISH_RECORD, SLU_PUBLISH_APPEND };

/* An event. Which fields are set depends on type; the others are 0, NULL or "". All pointers are valid until the next
 * call of slu_session_event() or slu_session_in(); to keep a payload, slu_buffer_get(msg.owner). */
struct slu_event {
	enum slu_event_type type;
	uint32_t stream_id;
	struct slu_msg msg;
	uint32_t chunk_stream;
	const char *name;
	const char *tc_url;
	const char *level;
	const char *code;
	const char *description;
	enum slu_publish_kind kind;
	double transaction;
	double number;
	double start;    /* of play, in seconds: -2 live or recorded, -1 live, 0 and above recorded from there */
	double duration; /* of play, in seconds: -1 until the end */
	bool flag;
	const struct slu_amf_value *amf; /* all values of the command, its name first */
};

/* The next event, or false. */
bool slu_session_event(struct slu_session *s, struct slu_event *ev);

/* "SLU_EVENT_MEDIA" and so on, a static string. */
const char *slu_event_name(enum slu_event_type type);

/* ---- client ---- */

/* Publishes or plays stream: what is needed goes out as soon as connect has been accepted, whenever this is called:
 * releaseStream, FCPublish, createStream, publish; or createStream, set buffer length, play. One stream at a time:
 * after slu_session_stop(), and where connect was accepted before that, another may follow (by_hand: at any time).
 * Returns 0, SLU_ERR_STATE, SLU_ERR_INVALID (a name over 4096 bytes), SLU_ERR_NOMEM. A refusal is fatal to the session:
 * SLU_ERR_REFUSED from slu_session_in(), with its details in slu_session_refusal(). */
int slu_session_publish(struct slu_session *s, const char *stream, enum slu_publish_kind kind);

struct slu_play {
	double start;    /* s, to the ms; see struct slu_event */
	double duration; /* s, to the ms; -1 */
	bool reset;
	uint32_t buffer_ms; /* for set buffer length; 0: 3000 */
	/* What some servers want to hear before; NULL, false: nothing. Strings are copied. */
	const char *usher_token; /* NetStream.Authenticate.UsherToken, of Justin.tv's servers */
	const char *subscribe;   /* FCSubscribe to this; where it is NULL and start -1 (live), to the stream */
	bool playlist;           /* set_playlist: of the stream alone */
	/* Where a server waits until a buffer that it has filled is played, go on at once: see buffer_ms. */
	bool hurry;
};
int slu_session_play(struct slu_session *s, const char *stream, const struct slu_play *play);

int slu_session_pause(struct slu_session *s, bool pause, uint32_t ms);
int slu_session_seek(struct slu_session *s, uint32_t ms);
int slu_session_receive_audio(struct slu_session *s, bool on);
int slu_session_receive_video(struct slu_session *s, bool on);
int slu_session_set_buffer_length(struct slu_session *s, uint32_t ms);
int slu_session_get_stream_length(struct slu_session *s, const char *stream); /* a SLU_EVENT_RESULT follows */

/* Ends publishing (FCUnpublish, deleteStream after closeStream) or playing. Queued media goes out first. */
int slu_session_stop(struct slu_session *s);

/* Sends any other command on stream_id (0: the connection): name, a transaction number, and args, AMF0 values already
 * encoded (the command object, or null, first). *transaction, when not NULL, takes the number, and a SLU_EVENT_RESULT
 * with it will follow; when NULL no answer is wanted and the number sent is 0. */
int slu_session_call(struct slu_session *s, uint32_t stream_id, const char *name, const void *args, size_t n,
		     double *transaction);

/* ---- media, both ways ---- */

/* Queues an audio, video or data message. A client's data message that begins with the string "onMetaData" goes out as
 * "@setDataFrame", "onMetaData", ... SLU_ERR_STATE until publishing (client) or while nothing plays on its stream
 * (server), SLU_ERR_LIMIT when max_queue is reached, SLU_ERR_INVALID, SLU_ERR_NOMEM: nothing was queued. */
int slu_session_send(struct slu_session *s, const struct slu_msg *msg);

/* From here on messages are sent in chunks of this size. Set Chunk Size goes out before the next message. */
int slu_session_set_chunk_size(struct slu_session *s, uint32_t size);

/* Asks the peer to echo now_ms: the answer is measured, see slu_session_stats.ping_ms. */
int slu_session_ping(struct slu_session *s);

/* The same behind all that is queued, and a SLU_EVENT_MARKED follows once the peer has come there. Of several, the last
 * counts. */
int slu_session_mark(struct slu_session *s);

/* ---- messages by hand ----
 *
 * For relays, analysers, and whoever has to see or to make each message. With by_hand in its configuration a session
 * does the handshake, chunks and acknowledgements, and carries out Set Chunk Size and Abort. Each message is a
 * SLU_EVENT_MESSAGE and has no other effect, nothing is sent unasked, connect included, and no command has a deadline.
 * What is wanted of the rest is asked for. Media goes by slu_session_send() or by hand. */

/* Does with a message of the peer what would have been done if it were not by hand: answers it, goes on to the next
 * state, makes events, which slu_session_event() has then. msg is to stay as it is until they are pulled. 0 or the
 * session's error. */
int slu_session_handle(struct slu_session *s, const struct slu_msg *msg);

/* Queues a message of any type, stream 0 included, on a chunk stream of 2 to 65599. A client's connect command is
 * taken note of, so that slu_session_handle() knows its answer; transaction numbers of the session's own commands are
 * above all that were sent. Errors are those of slu_session_send(); SLU_ERR_STATE before the handshake is done. */
int slu_session_send_message(struct slu_session *s, uint32_t chunk_stream, const struct slu_msg *msg);

/* The same for a chunk that is encoded already, header and all. What it does to the chunk stream's state at the peer
 * is the caller's to know: do not mix both on one chunk stream. */
int slu_session_send_chunk(struct slu_session *s, const void *data, size_t n);

/* Whether acknowledgements are sent; they are at first. */
void slu_session_acknowledge(struct slu_session *s, bool on);

/* The transaction number that was sent last; 0: none. */
double slu_session_transaction(const struct slu_session *s);

/* ---- server ---- */

/* Answers the connect, publish or play request that was pulled last. Publish and play are then begun with Stream Begin
 * and their onStatus. A refused connect also ends the session (SLU_ERR_CLOSED) once what is queued has been sent. A
 * further publish or play that comes while one is unanswered is refused by the session itself. Pause and seek may be
 * answered in the same way, with their Notify, or be left alone. A peer may have up to 8 streams at a time. */
int slu_session_accept(struct slu_session *s);
int slu_session_refuse(struct slu_session *s, const char *code, const char *description);

/* onStatus of any kind ("status", "warning", "error"). */
int slu_session_status(struct slu_session *s, uint32_t stream_id, const char *level, const char *code,
		       const char *description);

/* What is played begins, for a player that has waited for it: Stream Begin. */
int slu_session_stream_begin(struct slu_session *s, uint32_t stream_id);

/* What was played has ended: Stream EOF and NetStream.Play.Stop. Queued media goes out first. */
int slu_session_eof(struct slu_session *s, uint32_t stream_id);

/* Of a recording. Before its play is accepted: Stream Is Recorded. At its end: what slu_session_eof() sends, but it is
 * still played, so pause and seek may come. When it goes on elsewhere, as asked by SLU_EVENT_SEEK: Stream EOF, Stream
 * Is Recorded, Stream Begin, NetStream.Seek.Notify and NetStream.Play.Start. Queued media goes out first. */
int slu_session_recorded(struct slu_session *s, uint32_t stream_id);
int slu_session_played_out(struct slu_session *s, uint32_t stream_id);
int slu_session_sought(struct slu_session *s, uint32_t stream_id);

/* Answers SLU_EVENT_GET_STREAM_LENGTH, or any command with that transaction number. */
int slu_session_answer_number(struct slu_session *s, double transaction, double value);

/* ---- what it knows ---- */

/* One sentence, never empty once a call has failed; "" before. Owned by the session. */
const char *slu_session_error(const struct slu_session *s);

/* The peer's last refusal, field by field; "" where the peer left it out. Valid as long as the session. */
struct slu_refusal {
	const char *command; /* ours that was refused: "connect", "publish" */
	const char *level;
	const char *code;
	const char *description;
	const char *redirect; /* with SLU_ERR_REDIRECT: the URL it names */
};
void slu_session_refusal(const struct slu_session *s, struct slu_refusal *out);

struct slu_session_stats {
	uint64_t bytes_in, bytes_out;       /* on the RTMP level: handshake, headers and payload */
	uint64_t messages_in, messages_out; /* of all types */
	uint64_t media_in, media_out;       /* audio, video and data messages, */
	uint64_t payload_in, payload_out;   /* and their payload bytes */
	uint64_t media_sent;                /* of media_out, from the first on, those that have been sent whole */
	uint64_t acked;                     /* bytes that the peer has acknowledged (its 32-bit counter, unwrapped) */
	uint32_t ping_ms;                   /* last answered ping; UINT32_MAX: none yet */
	uint32_t chunk_size_in, chunk_size_out;
	uint32_t peer_window;         /* the peer's Window Acknowledgement Size; 0: it never said */
	size_t memory;                /* held for unfinished messages of the peer */
	enum slu_handshake handshake; /* that took place */
};
void slu_session_stats(const struct slu_session *s, struct slu_session_stats *out);

#ifdef __cplusplus
}
#endif
#endif
