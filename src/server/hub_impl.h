/* SPDX-License-Identifier: MIT */
/* What the hub's files share: hub.c has the streams, hub_held.c what waits to be sent, hub_player.c sends to one
 * player. */
#ifndef SLU_SERVER_HUB_IMPL_H
#define SLU_SERVER_HUB_IMPL_H

#include "server/gop.h"
#include "server/hub.h"
#include "server/rebase.h"

enum { SLU_HUB_HELD = 32 }; /* messages that wait at most */

struct held {
	struct slu_msg msg;
	enum slu_gop_kind kind;
};

struct slu_hub_stream {
	struct slu_hub *hub;
	struct slu_hub_stream *next;
	struct held held[SLU_HUB_HELD]; /* not yet sent to players; with any, */
	size_t nheld;
	uint64_t held_until;                              /* until then, */
	struct holders *among;                            /* it is listed in the hub, */
	struct slu_hub_stream *next_holder, *prev_holder; /* between these */
	struct slu_player *players;
	uint64_t messages, bytes;           /* of publishers */
	uint64_t sent, sent_bytes, dropped; /* of and to players that have left */
	uint64_t counted_in, counted_out;   /* bytes, when it was counted last */
	struct slu_gop gop;
	void *publisher;
	struct slu_rebase rebase;
	uint32_t last; /* timestamp of the newest frame */
	bool begun;    /* there has been one */
	bool published;
	bool headless; /* no key frame of its publisher's yet: pictures are worth nothing */
	char key[SLU_STREAM_KEY];
};

/* In the order in which they were added, which is that of held_until. */
struct holders {
	struct slu_hub_stream *first, *last;
};

struct slu_hub {
	struct slu_hub_config config;
	struct slu_hub_stream *streams;
	struct holders due, waiting; /* that are sent with the next slu_hub_send(), and when their time has come */
	size_t nstreams;
	uint64_t now_ms;
};

/* ---- hub_player.c ---- */

/* To a player that has just come: all that is kept. Without a whole group of pictures it waits for the next one. */
void slu_player_catch_up(struct slu_player *p, const struct slu_hub_stream *s);

/* Messages of its stream, of which it takes what it wants and has room for, and then its turn to write. */
void slu_player_send(struct slu_player *p, const struct held *held, size_t n);

/* ---- hub_held.c ---- */

/* A message to the stream's players, with what waits for them already, and soon; its reference is taken over. */
void slu_hub_hold(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg);

/* Sends all that waits. */
void slu_hub_release(struct slu_hub_stream *s);

/* Sends a message at once. What waits must have been sent. */
void slu_hub_send_now(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg);

void slu_hub_drop_held(struct slu_hub_stream *s);

#endif
