/* SPDX-License-Identifier: MIT */
/*
 * One client of rtmpsuck and the server it meant, message by message.
 *
 *     suck.c          the two connections: from the client's connect command to the end of both
 *     suck_server.c   what the connect command says of the server
 *     suck_stream.c   what is played on which stream, and into which file it goes
 *     suck_pause.c    streams that hang
 */
#ifndef SLU_TOOLS_SUCK_H
#define SLU_TOOLS_SUCK_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/session.h>

#include "net/player.h"
#include "tools/stub.h"

struct slu_take;

enum { SLU_SUCK_CLIENT = 0, SLU_SUCK_SERVER = 1 }; /* of ends */
enum { SLU_SUCK_STREAMS = 8, SLU_SUCK_TAKES = 64, SLU_SUCK_URL = 2048 };
enum { SLU_SUCK_SILENCE_MS = 30000 }; /* of both, before the server is told to go on */

/* ---- the server, by the object of connect ---- */

/* Says what the client sent. */
void slu_suck_show_connect(const struct slu_amf_value *object);

/* Where to go: scheme, host and port. False: nobody says so, and *why has a static sentence. */
bool slu_suck_name_server(struct slu_conn *client, const struct slu_amf_value *object, char url[SLU_SUCK_URL],
			  const char **why);

/* Where the client's player lies on the web; false: it does not. */
bool slu_suck_player_url(const struct slu_amf_value *object, char url[SLU_SUCK_URL]);

/* Begins to connect, with the client's kind of handshake; player, where its size is not 0, is what servers that verify
 * it are answered with. NULL, and the sentence in error. */
struct slu_conn *slu_suck_open_server(struct slu_conn *client, const char *url, const struct slu_player *player,
				      char *error, size_t size);

/* ---- streams ---- */

/* What a server was told of a stream that hangs, as long as it has not gone on. */
enum slu_suck_told { SLU_SUCK_NOTHING, SLU_SUCK_PAUSE, SLU_SUCK_PLAY_ON };

/* A stream that was asked to play something. */
struct slu_suck_stream {
	uint32_t id;         /* the message stream; 0: free */
	char *playpath;      /* what comes next into a file of its own; NULL: nothing */
	struct slu_take *to; /* what plays; NULL: nothing yet, or no more */
	uint32_t last;       /* the latest timestamp that was recorded */
	bool paused;         /* by the client */
	enum slu_suck_told told;
};

struct slu_suck_streams {
	struct slu_suck_stream streams[SLU_SUCK_STREAMS];
	unsigned takes;      /* files so far */
	uint64_t play_on_at; /* when the server is told so; 0: it was not told to pause */
};

/* A command of the client's or the server's, which goes on unchanged. */
void slu_suck_client_command(struct slu_suck_streams *s, const struct slu_msg *msg);
void slu_suck_server_command(struct slu_suck_streams *s, const struct slu_msg *msg);

/* What the server plays. */
void slu_suck_media(struct slu_suck_streams *s, const struct slu_msg *msg);

/* The stream of this ID; of 0, one that is free. NULL: there is none. */
struct slu_suck_stream *slu_suck_find(struct slu_suck_streams *s, uint32_t id);

/* Whether something is being recorded. */
bool slu_suck_records(const struct slu_suck_streams *s);

/* Ends all. */
void slu_suck_end(struct slu_suck_streams *s);

/* ---- streams that hang ---- */

/* Nobody has said anything since then: where that is too long, the server is told to pause and to play on. Returns when
 * to ask again; UINT64_MAX: not before somebody does. */
uint64_t slu_suck_silence(struct slu_suck_streams *s, uint64_t since, uint64_t now, struct slu_session *server);

/* Whether what the server sent is of no concern to the client, nor to a file: its answer to that, of which the client
 * knows nothing, and what it had played before. */
bool slu_suck_is_repeated(struct slu_suck_streams *s, const struct slu_msg *msg);

/* For slu_stub_run(); arg is NULL. */
extern const struct slu_stub_ops slu_suck_ops;

#endif
