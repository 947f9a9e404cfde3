/* SPDX-License-Identifier: MIT */
/* One client of the server: what it asks for, and what the hub and a recorder do about it. */
#ifndef SLU_SERVER_PEER_H
#define SLU_SERVER_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/conn.h>

#include "server/admit.h"
#include "server/hub.h"
#include "server/keys.h"
#include "server/logins.h"
#include "server/refusals.h"
#include "server/report.h"
#include "server/slowness.h"

struct slu_recorder;
struct slu_recorders;
struct slu_vod;

enum { SLU_PEER_APP = 128 };

/* 0: for ever. */
struct slu_peer_timeouts {
	unsigned idle_ms;    /* for who neither publishes nor plays */
	unsigned publish_ms; /* for who publishes and sends no media */
	unsigned wait_ms;    /* for who plays what nobody publishes */
	unsigned slow_ms;    /* for who plays, and loses messages all that time */
};

/* Why somebody is not let in, for machines and for people. */
struct slu_door {
	const char *reason, *text;
};

/* What all peers share. */
struct slu_peers {
	struct slu_hub *hub;
	int dir;                         /* where recordings are; -1: nowhere */
	struct slu_recorders *recorders; /* NULL: nothing is recorded */
	struct slu_logins *logins;       /* users; NULL: nobody is asked */
	struct slu_keys *keys;           /* stream keys; NULL: there are none */
	struct slu_admit_rules rules;
	struct slu_peer_timeouts timeouts;
	bool takeover;    /* a second publisher of a name ends the first */
	size_t max_queue; /* the hub's, of a player */
	struct slu_log log;
	struct slu_reporter reporter;
	struct slu_refusals refusals;
	bool no_memory; /* for anybody new */
	uint64_t now_ms;
	struct slu_peer *touched;             /* that were sent something and are to be flushed */
	void (*flush)(struct slu_peer *peer); /* at once */
	bool gathers;                         /* what players are sent may wait for more */
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
	bool silent;                        /* turned out to be no client of RTMP's: nothing is reported of it */
	bool closing;                       /* it was dismissed, */
	uint64_t closing_ms;                /* and then */
	const struct slu_door *turned_away; /* it is to be told so at its connect; NULL: it is not */
	unsigned id;
	char address[64];
	char app[SLU_PEER_APP]; /* as in connect, without its query */
	uint64_t came_ms;
	uint64_t active_ms; /* when it last began or ended something */
	uint64_t media_ms;  /* when it last began to publish, or sent media */
	/* publishing */
	struct slu_admit_facts facts;
	struct slu_login_id login; /* where it is a user */
	struct slu_key_id key_id;  /* that it published with, where there are keys */
	bool named;                /* key is from the list of keys, and no secret */
	bool taken_over;           /* stream is somebody else's already */
	unsigned wrong_keys;
	uint64_t refuse_ms; /* when the last of them is answered; 0: that was done */
	struct slu_hub_stream *stream;
	struct slu_recorder *recorder;
	char key[SLU_STREAM_KEY];
	uint32_t publish_id; /* message stream IDs */
	uint64_t messages, bytes;
	/* playing what is published */
	bool waiting; /* for a publisher */
	struct slu_slowness slow;
	/* playing a recording */
	bool played_out;  /* all of it has been sent, */
	bool ended;       /* and the player has been told so, */
	uint64_t tell_ms; /* which is due then at the latest */
	bool no_picture;  /* of it, until a key frame, for there was none while the player did not want any */
};

/* NULL when out of memory; conn is then the caller's still. */
struct slu_peer *slu_peer_new(struct slu_peers *all, struct slu_conn *conn, unsigned id);

/* Acts on all events that the connection has. */
void slu_peer_events(struct slu_peer *peer);

/* What it publishes is to wait for the disk. */
bool slu_peer_is_held(const struct slu_peer *peer);

/* Reads on in a recording that is played, as far as its turn and the queue go; and whether it could at once again. */
void slu_peer_pump(struct slu_peer *peer);
bool slu_peer_can_pump(const struct slu_peer *peer);

/* When slu_peer_on_time() has something to do, by all->now_ms; UINT64_MAX: never, as things are. False: its connection
 * is to be dropped, for it does not end in order. */
uint64_t slu_peer_deadline(const struct slu_peer *peer);
bool slu_peer_on_time(struct slu_peer *peer);

/* Keys and users are others now: ends what it publishes, if its key or its user is no longer there. */
void slu_peer_check_access(struct slu_peer *peer);

/* Ends what it publishes and plays, and tells it so as far as it still listens. */
void slu_peer_end(struct slu_peer *peer);

/* The same, and frees it and its connection. */
void slu_peer_free(struct slu_peer *peer);

#endif
