/* SPDX-License-Identifier: MIT */
/*
 * One client of rtmpsuck and the server it meant, message by message.
 *
 *     suck.c          the two connections: from the client's connect command to the end of both
 *     suck_server.c   what the connect command says of the server
 *     suck_stream.c   what is played on which stream, and into which file it goes
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

/* A stream that was asked to play something. */
struct slu_suck_stream {
	uint32_t id;         /* the message stream; 0: free */
	char *playpath;      /* what comes next into a file of its own; NULL: nothing */
	struct slu_take *to; /* what plays; NULL: nothing yet, or no more */
};

struct slu_suck_streams {
	struct slu_suck_stream streams[SLU_SUCK_STREAMS];
	unsigned takes; /* files so far */
};

/* A command of the client's or the server's, which goes on unchanged. */
void slu_suck_client_command(struct slu_suck_streams *s, const struct slu_msg *msg);
void slu_suck_server_command(struct slu_suck_streams *s, const struct slu_msg *msg);

/* What the server plays. */
void slu_suck_media(struct slu_suck_streams *s, const struct slu_msg *msg);

/* Whether something is being recorded. */
bool slu_suck_records(const struct slu_suck_streams *s);

/* Ends all. */
void slu_suck_end(struct slu_suck_streams *s);

/* For slu_stub_run(); arg is NULL. */
extern const struct slu_stub_ops slu_suck_ops;

#endif
