/* SPDX-License-Identifier: MIT */
/*
 * Who publishes what to whom, without I/O.
 *
 * A stream has a key, its app and name as one path ("live/cam"); at most one publisher; and any number of players,
 * who may come before it and wait. A message goes to every player by reference: what is copied is a struct slu_msg.
 * A player that comes later gets the metadata and decoder configuration first and then everything since the last key
 * frame, so that it shows a picture at once.
 *
 * What a message costs for each player is mostly the system call, which takes as long for the 400 bytes of a sound as
 * for a picture. So messages are sent when the caller has taken all that there is (slu_hub_send()), those of one stream
 * at once; and sound beside pictures may wait a little for the picture that it then goes out with: see gather_ms.
 *
 * No player can delay another or the publisher. One whose queue is full loses whole groups of pictures: everything
 * until a key frame that finds its queue at most half full.
 *
 * One publisher may take over from another: players stay, and go on with the configuration and the first key frame of
 * the new one, at timestamps that go on.
 *
 * Single-threaded. Player operations are called from within the hub and must not call it back.
 */
#ifndef SLU_SERVER_HUB_H
#define SLU_SERVER_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

struct slu_hub;
struct slu_hub_stream;

enum { SLU_STREAM_KEY = 512 }; /* bytes of the longest key, with its NUL */
enum { SLU_HUB_MAX_GOP = 8 << 20, SLU_HUB_MAX_QUEUE = 16 << 20 };

/* 0 in a field stands for its default. */
struct slu_hub_config {
	size_t max_streams;  /* that are published, and as many that are waited for; default 1024 */
	size_t max_gop;      /* payload bytes kept for players to come, a stream; default SLU_HUB_MAX_GOP */
	size_t max_messages; /* the same in messages; default 4096 */
	size_t max_queue;    /* of a player, in bytes; default SLU_HUB_MAX_QUEUE */
	unsigned gather_ms;  /* how long small messages of a stream with pictures wait for the next one */
};

struct slu_player;

struct slu_player_ops {
	/* Queues msg for the player. An error other than SLU_ERR_LIMIT means that it never gets anything again. */
	int (*send)(struct slu_player *p, const struct slu_msg *msg);
	/* That is all for now: write it. */
	void (*flush)(struct slu_player *p);
	/* Bytes queued for the player and not sent. */
	size_t (*queued)(const struct slu_player *p);
	/* It begins to lose messages, for its queue is full; dropped counts them. */
	void (*slow)(struct slu_player *p);
	/* A publisher has come, for a player that waited. */
	void (*begin)(struct slu_player *p);
	/* The publisher has gone. The player has left the hub by then. */
	void (*end)(struct slu_player *p);
};

/* Part of the caller's object. Zero it and set ops. */
struct slu_player {
	const struct slu_player_ops *ops;
	bool no_audio, no_video, paused; /* the player's wishes; see slu_hub_resume() */
	uint64_t sent, sent_bytes;       /* messages, and their payload */
	uint64_t dropped, dropped_bytes; /* that its queue had no room for */
	bool losing;                     /* some, now: until it goes on */
	/* private */
	struct slu_hub_stream *stream;
	struct slu_player *prev, *next;
	size_t queued; /* when last asked, and what it was sent since */
	bool skipping; /* until a key frame, whether or not that is its own fault */
	bool failed;
};

struct slu_hub *slu_hub_new(const struct slu_hub_config *config);

/* Players and publishers must have left. NULL is fine. */
void slu_hub_free(struct slu_hub *hub);

/*
 * The key of a stream: app and name as one path, without what follows a '?' in either (tokens), without empty parts.
 * So "live/event" + "cam" is "live" + "event/cam". SLU_ERR_INVALID when it is empty or too long, or has a part "."
 * or "..", or a control character.
 */
int slu_stream_key(char out[SLU_STREAM_KEY], const char *app, const char *name);

/* Begins to publish. SLU_ERR_REFUSED: somebody else does, *stream; SLU_ERR_LIMIT: too many streams; SLU_ERR_NOMEM. */
int slu_hub_publish(struct slu_hub *hub, const char *key, struct slu_hub_stream **stream);

/* Whose stream it is, for the caller; NULL until it is set. */
void slu_hub_set_publisher(struct slu_hub_stream *stream, void *publisher);
void *slu_hub_publisher(const struct slu_hub_stream *stream);

/* From here on the stream is another publisher's, whose first frame comes gap_ms after the last one of the old. */
void slu_hub_take_over(struct slu_hub_stream *stream, uint32_t gap_ms);

/* A message of the stream's publisher, to be kept and to be sent to every player. 0, or SLU_ERR_NOMEM: then it is
 * sent, but players to come wait for the next key frame. */
int slu_hub_message(struct slu_hub_stream *stream, const struct slu_msg *msg);

/* Whether sound of it waits for pictures. */
bool slu_hub_gathers(const struct slu_hub_stream *stream);

/* The clock is now_ms. */
void slu_hub_tick(struct slu_hub *hub, uint64_t now_ms);

/* Sends what came, but for sound that still may wait. */
void slu_hub_send(struct slu_hub *hub);

/* When slu_hub_send() must be called at the latest; UINT64_MAX: never. */
uint64_t slu_hub_deadline(const struct slu_hub *hub);

/* @clearDataFrame: players to come get no metadata. */
void slu_hub_clear_metadata(struct slu_hub_stream *stream);

/* The publisher has gone. stream is invalid from here on. */
void slu_hub_unpublish(struct slu_hub_stream *stream);

/* Begins to play key, whether or not it is published yet, in which case the player waits. */
int slu_hub_play(struct slu_hub *hub, const char *key, struct slu_player *p);

bool slu_hub_live(const struct slu_hub *hub, const char *key);

/* After a change of no_audio, no_video or paused: goes on at the next key frame. */
void slu_hub_resume(struct slu_player *p);

/* Fine for a player that does not play. */
void slu_hub_leave(struct slu_player *p);

/* Lets go of the largest of what is kept for players to come, who wait for a key frame then; its bytes of payload. */
size_t slu_hub_spare(struct slu_hub *hub);

/* Of one stream, from its beginning on, through all its publishers: what was published; players, and of them those that
 * wait for a publisher or a key frame; what all who play it, and who did, were sent and have lost; and the bytes of
 * both since it was counted last. */
struct slu_hub_counts {
	bool published;
	size_t players, waiting;
	uint64_t messages_in, bytes_in, messages_out, bytes_out, dropped;
	uint64_t new_in, new_out;
};
void slu_hub_count(struct slu_hub_stream *stream, struct slu_hub_counts *out);

struct slu_gop;
/* What is kept for players to come. */
const struct slu_gop *slu_hub_kept(const struct slu_hub_stream *stream);

/* Calls fn for each stream, which must not change what there is. */
void slu_hub_each(const struct slu_hub *hub, void (*fn)(void *arg, struct slu_hub_stream *stream), void *arg);

struct slu_hub_stats {
	size_t streams, publishers, players;
};
void slu_hub_stats(const struct slu_hub *hub, struct slu_hub_stats *out);

#endif
