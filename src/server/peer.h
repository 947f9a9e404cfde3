/* SPDX-License-Identifier: MIT */
/* One client of the server: what it asks for, and what the hub and a recorder do about it. */
#ifndef SLU_SERVER_PEER_H
#define SLU_SERVER_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/conn.h>

#include "server/hub.h"
#include "server/refusals.h"
#include "server/report.h"

struct slu_logins;
struct slu_recorder;
struct slu_vod;

enum { SLU_PEER_APP = 128 };

/* What all peers share. */
struct slu_peers {
	struct slu_hub *hub;
	int dir;                   /* where recordings go; -1: nowhere */
	struct slu_logins *logins; /* who may publish; NULL: anybody */
	struct slu_log log;
	struct slu_reporter reporter;
	struct slu_refusals refusals;
	uint64_t now_ms;
	struct slu_peer *touched;             /* that were sent something and are to be flushed */
	void (*flush)(struct slu_peer *peer); /* at once */
};

struct slu_peer {
	struct slu_player player; /* first, so that one is the other */
	struct slu_peers *all;
	void *owner; /* for the caller */
	struct slu_conn *conn;
	struct slu_vod *vod; /* a recording that it plays, instead of what the hub has */
	uint32_t play_id;    /* the message stream, while it plays */
	bool playing;
	struct slu_peer *next_touched;
	bool is_touched;
	bool silent; /* turned out to be no client of RTMP's: nothing is reported of it */
	unsigned id;
	char address[64];
	char app[SLU_PEER_APP]; /* as in connect, without its query */
	uint64_t came_ms;
	uint64_t active_ms; /* when it last began or ended something */
	uint64_t media_ms;  /* when it last began to publish, or sent media */
	/* publishing */
	bool known; /* is one of the logins */
	struct slu_hub_stream *stream;
	struct slu_recorder *recorder;
	bool record; /* still, or not yet begun */
	char key[SLU_STREAM_KEY];
	uint32_t publish_id; /* message stream IDs */
	uint64_t messages, bytes;
	/* playing a recording */
	bool played_out; /* all of it has been sent */
	bool no_picture; /* of it, until a key frame, for there was none while the player did not want any */
};

/* NULL when out of memory; conn is then the caller's still. */
struct slu_peer *slu_peer_new(struct slu_peers *all, struct slu_conn *conn, unsigned id);

/* Acts on all events that the connection has. */
void slu_peer_events(struct slu_peer *peer);

/* Hands what it published and is not yet in its file to the kernel. */
void slu_peer_flush_recording(struct slu_peer *peer);

/* Reads on in a recording that is played, as far as its turn and the queue go; and whether it could at once again. */
void slu_peer_pump(struct slu_peer *peer);
bool slu_peer_can_pump(const struct slu_peer *peer);

/* Since when it neither publishes nor plays, or publishes and sends nothing, in ms; UINT64_MAX: it plays. */
uint64_t slu_peer_idle_since(const struct slu_peer *peer);

/* Ends what it publishes and plays, and tells it so as far as it still listens. */
void slu_peer_end(struct slu_peer *peer);

/* The same, and frees it and its connection. */
void slu_peer_free(struct slu_peer *peer);

#endif
