/* SPDX-License-Identifier: MIT */
#include "server/hub.h"

#include <stdlib.h>
#include <string.h>

#include "server/gop.h"
#include "server/rebase.h"

enum {
	CLOCK_BACK_MS = 10000,
	HELD = 32,   /* messages that wait at most */
	SMALL = 2048 /* and what of them may wait for a picture */
};

struct held {
	struct slu_msg msg;
	enum slu_gop_kind kind;
};

struct slu_hub_stream {
	struct slu_hub *hub;
	struct slu_hub_stream *next;
	struct held held[HELD]; /* not yet sent to players; with any, */
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
	bool headless; /* taken over, and no key frame yet: pictures are worth nothing */
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

static void unlist(struct slu_hub_stream *s)
{
	*(s->prev_holder ? &s->prev_holder->next_holder : &s->among->first) = s->next_holder;
	*(s->next_holder ? &s->next_holder->prev_holder : &s->among->last) = s->prev_holder;
}

static void list(struct slu_hub_stream *s, struct holders *among)
{
	s->among = among;
	s->next_holder = NULL;
	s->prev_holder = among->last;
	*(among->last ? &among->last->next_holder : &among->first) = s;
	among->last = s;
}

static void drop_held(struct slu_hub_stream *s)
{
	if (!s->nheld)
		return;
	unlist(s);
	while (s->nheld)
		slu_buffer_put(s->held[--s->nheld].msg.owner);
}

struct slu_hub *slu_hub_new(const struct slu_hub_config *config)
{
	struct slu_hub *hub = calloc(1, sizeof *hub);

	if (!hub)
		return NULL;
	if (config)
		hub->config = *config;
	if (!hub->config.max_streams)
		hub->config.max_streams = 1024;
	if (!hub->config.max_gop)
		hub->config.max_gop = SLU_HUB_MAX_GOP;
	if (!hub->config.max_messages)
		hub->config.max_messages = 4096;
	if (!hub->config.max_queue)
		hub->config.max_queue = SLU_HUB_MAX_QUEUE;
	return hub;
}

void slu_hub_free(struct slu_hub *hub)
{
	struct slu_hub_stream *s, *next;

	for (s = hub ? hub->streams : NULL; s; s = next) {
		next = s->next;
		drop_held(s);
		slu_gop_clear(&s->gop);
		free(s);
	}
	free(hub);
}

/* ---- streams ---- */

static struct slu_hub_stream *find(const struct slu_hub *hub, const char *key)
{
	struct slu_hub_stream *s = hub->streams;

	while (s && strcmp(s->key, key) != 0)
		s = s->next;
	return s;
}

/* How many are published, or are only waited for: names that nobody publishes leave room for those that are. */
static size_t count(const struct slu_hub *hub, bool published)
{
	size_t n = 0;

	for (const struct slu_hub_stream *s = hub->streams; s; s = s->next)
		n += s->published == published;
	return n;
}

static int find_or_make(struct slu_hub *hub, const char *key, bool publish, struct slu_hub_stream **out)
{
	struct slu_hub_stream *s = find(hub, key);

	*out = s;
	if (s && (s->published || !publish))
		return 0;
	if (count(hub, publish) >= hub->config.max_streams)
		return SLU_ERR_LIMIT;
	if (s)
		return 0;
	s = calloc(1, sizeof *s);
	if (!s)
		return SLU_ERR_NOMEM;
	memcpy(s->key, key, strnlen(key, sizeof s->key - 1));
	slu_gop_init(&s->gop, hub->config.max_gop, hub->config.max_messages);
	s->hub = hub;
	s->next = hub->streams;
	hub->streams = s;
	hub->nstreams++;
	*out = s;
	return 0;
}

/* A stream lives as long as someone publishes or plays it. */
static void forget_if_unused(struct slu_hub_stream *s)
{
	struct slu_hub_stream **at = &s->hub->streams;

	if (s->published || s->players)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->hub->nstreams--;
	drop_held(s);
	slu_gop_clear(&s->gop);
	free(s);
}

bool slu_hub_live(const struct slu_hub *hub, const char *key)
{
	const struct slu_hub_stream *s = find(hub, key);

	return s && s->published;
}

size_t slu_hub_spare(struct slu_hub *hub)
{
	struct slu_hub_stream *most = NULL;
	size_t bytes;

	for (struct slu_hub_stream *s = hub->streams; s; s = s->next)
		if (s->gop.bytes && (!most || s->gop.bytes > most->gop.bytes))
			most = s;
	bytes = most ? most->gop.bytes : 0;
	if (most)
		slu_gop_forget(&most->gop);
	return bytes;
}

void slu_hub_count(struct slu_hub_stream *s, struct slu_hub_counts *out)
{
	*out = (struct slu_hub_counts){
		.published = s->published,
		.messages_in = s->messages,
		.bytes_in = s->bytes,
		.messages_out = s->sent,
		.bytes_out = s->sent_bytes,
		.dropped = s->dropped,
	};
	for (const struct slu_player *p = s->players; p; p = p->next) {
		out->players++;
		out->waiting += !s->published || (p->skipping && !p->paused);
		out->messages_out += p->sent;
		out->bytes_out += p->sent_bytes;
		out->dropped += p->dropped;
	}
	out->new_in = s->bytes - s->counted_in;
	out->new_out = out->bytes_out - s->counted_out;
	s->counted_in = s->bytes;
	s->counted_out = out->bytes_out;
}

const struct slu_gop *slu_hub_kept(const struct slu_hub_stream *s)
{
	return &s->gop;
}

void slu_hub_each(const struct slu_hub *hub, void (*fn)(void *arg, struct slu_hub_stream *stream), void *arg)
{
	for (struct slu_hub_stream *s = hub->streams; s; s = s->next)
		fn(arg, s);
}

void slu_hub_stats(const struct slu_hub *hub, struct slu_hub_stats *out)
{
	memset(out, 0, sizeof *out);
	out->streams = hub->nstreams;
	for (const struct slu_hub_stream *s = hub->streams; s; s = s->next) {
		out->publishers += s->published;
		for (const struct slu_player *p = s->players; p; p = p->next)
			out->players++;
	}
}

/* ---- to one player ---- */

static bool wants(const struct slu_player *p, const struct slu_msg *msg)
{
	return !(p->no_audio && msg->type == SLU_MSG_AUDIO) && !(p->no_video && msg->type == SLU_MSG_VIDEO);
}

/* Its queue had no room, now or since it lost something for that. */
static void lose(struct slu_player *p, const struct slu_msg *msg)
{
	p->dropped++;
	p->dropped_bytes += msg->size;
	if (p->losing)
		return;
	p->losing = true;
	p->ops->slow(p);
}

static void send_to(struct slu_player *p, const struct slu_msg *msg)
{
	int err;

	if (!wants(p, msg))
		return;
	err = p->ops->send(p, msg);
	if (err == 0) {
		p->sent++;
		p->sent_bytes += msg->size;
		p->queued += msg->size;
		return;
	}
	p->failed = err != SLU_ERR_LIMIT; /* a connection that is gone lost nothing for being slow */
	p->skipping = true;
	if (!p->failed)
		lose(p, msg);
}

/* What was cached long ago is sent as if it came just before what follows it. */
static void send_as_of(struct slu_player *p, const struct slu_msg *msg, uint32_t timestamp)
{
	struct slu_msg now = *msg;

	now.timestamp = timestamp;
	send_to(p, &now);
}

static void send_configs(struct slu_player *p, const struct slu_gop *g, uint32_t timestamp)
{
	if (g->metadata.owner)
		send_as_of(p, &g->metadata, timestamp);
	for (size_t i = 0; i < g->nconfigs; i++)
		send_as_of(p, &g->configs[i], timestamp);
}

static bool has_room(const struct slu_player *p, size_t size, size_t max)
{
	return p->queued <= max && size <= max - p->queued;
}

/* All that is cached. Without a whole group of pictures the player waits for the next one. */
static void catch_up(struct slu_player *p, const struct slu_hub_stream *s)
{
	const struct slu_gop *g = &s->gop;

	p->queued = p->ops->queued(p);
	send_configs(p, g, g->nframes ? g->frames[0].timestamp : s->last);
	if (g->waiting || !has_room(p, g->bytes, s->hub->config.max_queue))
		p->skipping = true;
	for (size_t i = 0; i < g->nframes && !p->skipping; i++)
		send_to(p, &g->frames[i]);
}

/* Whether a player that lost some may go on with this message: a key frame, or anything where there are none. */
static bool can_resume(const struct slu_player *p, const struct slu_gop *g, enum slu_gop_kind kind,
		       const struct slu_msg *msg)
{
	if (g->video && !p->no_video && kind != SLU_GOP_KEYFRAME && !slu_gop_is_keyless(g, msg->timestamp))
		return false;
	return has_room(p, msg->size, p->stream->hub->config.max_queue / 2);
}

static void fan_out(struct slu_player *p, const struct slu_gop *g, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	bool config = kind == SLU_GOP_CONFIG || kind == SLU_GOP_METADATA;

	if (p->failed || p->paused || !wants(p, msg))
		return;
	if (p->skipping && !config && can_resume(p, g, kind, msg)) {
		p->skipping = p->losing = false;
		send_configs(p, g, msg->timestamp);
	}
	if (!p->skipping && has_room(p, msg->size, p->stream->hub->config.max_queue)) {
		send_to(p, msg);
		return;
	}
	/* Configuration comes again when it goes on. Who skips for another reason, and finds no room, is slow too. */
	if (!config && (!p->skipping || p->losing || !has_room(p, msg->size, p->stream->hub->config.max_queue)))
		lose(p, msg);
	p->skipping = true;
}

/* ---- to all players ---- */

/* All that waits for one player, and then its turn to write: what is known of a player lies in many places, and is read
 * from memory once. */
static void send_held_to(struct slu_player *p, const struct slu_hub_stream *s)
{
	p->queued = p->ops->queued(p);
	for (size_t i = 0; i < s->nheld; i++)
		fan_out(p, &s->gop, s->held[i].kind, &s->held[i].msg);
	p->ops->flush(p);
}

/* For want of memory nothing can wait. */
static void send_now(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	for (struct slu_player *p = s->players; p; p = p->next) {
		p->queued = p->ops->queued(p);
		fan_out(p, &s->gop, kind, msg);
		p->ops->flush(p);
	}
}

static void release(struct slu_hub_stream *s)
{
	for (struct slu_player *p = s->players; p && s->nheld; p = p->next)
		send_held_to(p, s);
	drop_held(s);
}

/* Sound beside pictures. */
static bool may_wait(const struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	return s->gop.video && kind == SLU_GOP_FRAME && msg->type != SLU_MSG_VIDEO && msg->size <= SMALL;
}

/* Takes the reference that msg has. */
static void hold(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	struct slu_hub *hub = s->hub;

	if (s->nheld == 0) {
		s->held_until = hub->now_ms + hub->config.gather_ms;
		list(s, &hub->waiting);
	}
	if (s->among == &hub->waiting && !may_wait(s, kind, msg)) {
		unlist(s);
		list(s, &hub->due);
	}
	s->held[s->nheld++] = (struct held){*msg, kind};
}

bool slu_hub_gathers(const struct slu_hub_stream *stream)
{
	return stream->hub->config.gather_ms && stream->gop.video;
}

void slu_hub_tick(struct slu_hub *hub, uint64_t now_ms)
{
	hub->now_ms = now_ms;
}

void slu_hub_send(struct slu_hub *hub)
{
	while (hub->due.first)
		release(hub->due.first);
	while (hub->waiting.first && hub->waiting.first->held_until <= hub->now_ms)
		release(hub->waiting.first);
}

uint64_t slu_hub_deadline(const struct slu_hub *hub)
{
	if (hub->due.first)
		return 0;
	return hub->waiting.first ? hub->waiting.first->held_until : UINT64_MAX;
}

/* ---- publishing ---- */

int slu_hub_publish(struct slu_hub *hub, const char *key, struct slu_hub_stream **stream)
{
	int err = find_or_make(hub, key, true, stream);

	if (err)
		return err;
	if ((*stream)->published)
		return SLU_ERR_REFUSED;
	(*stream)->published = true;
	(*stream)->publisher = NULL;
	for (struct slu_player *p = (*stream)->players; p; p = p->next)
		if (!p->failed)
			p->ops->begin(p);
	return 0;
}

void slu_hub_set_publisher(struct slu_hub_stream *stream, void *publisher)
{
	stream->publisher = publisher;
}

void *slu_hub_publisher(const struct slu_hub_stream *stream)
{
	return stream->publisher;
}

void slu_hub_take_over(struct slu_hub_stream *stream, uint32_t gap_ms)
{
	release(stream);
	slu_gop_clear(&stream->gop);
	slu_rebase_begin(&stream->rebase, stream->last + gap_ms);
	stream->headless = true;
	for (struct slu_player *p = stream->players; p; p = p->next)
		p->skipping = true;
}

static bool is_frame(enum slu_gop_kind kind, const struct slu_msg *msg)
{
	return (kind == SLU_GOP_FRAME || kind == SLU_GOP_KEYFRAME) &&
	       (msg->type == SLU_MSG_AUDIO || msg->type == SLU_MSG_VIDEO);
}

/* The stream's time is that of its frames: headers and metadata have any. */
static uint32_t timestamp_of(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	bool frame = is_frame(kind, msg);
	uint32_t timestamp = slu_rebase(&s->rebase, frame, msg->timestamp);

	/* Sound and pictures overtake each other a little; by more than that, a clock was set back. */
	if (frame && (!s->begun || (int32_t)(timestamp - s->last) > 0 || s->last - timestamp > CLOCK_BACK_MS)) {
		s->last = timestamp;
		s->begun = true;
	}
	return timestamp;
}

/* Whether it is a picture that depends on others, of which there are none. */
static bool is_torn_off(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	if (kind == SLU_GOP_KEYFRAME || slu_gop_is_keyless(&s->gop, msg->timestamp))
		s->headless = false;
	return s->headless && kind == SLU_GOP_FRAME && msg->type == SLU_MSG_VIDEO;
}

int slu_hub_message(struct slu_hub_stream *stream, const struct slu_msg *published)
{
	enum slu_gop_kind kind;
	struct slu_msg kept, now = *published, *msg = &now;
	int err;

	stream->messages++;
	stream->bytes += msg->size;
	now.timestamp = timestamp_of(stream, slu_gop_kind(published), published);
	kind = slu_gop_see(&stream->gop, msg);
	if (is_torn_off(stream, kind, msg))
		return 0;
	/* A player that goes on with one of those that wait gets the configuration first that is known then. */
	if (kind == SLU_GOP_CONFIG || kind == SLU_GOP_METADATA || stream->nheld == HELD)
		release(stream);
	if (slu_gop_keep(&kept, msg) != 0) {
		release(stream);
		err = slu_gop_add(&stream->gop, kind, msg);
		send_now(stream, kind, msg);
		return err;
	}
	err = slu_gop_add(&stream->gop, kind, &kept);
	if (stream->players)
		hold(stream, kind, &kept);
	else
		slu_buffer_put(kept.owner);
	return err;
}

void slu_hub_clear_metadata(struct slu_hub_stream *stream)
{
	slu_gop_clear_metadata(&stream->gop);
}

void slu_hub_unpublish(struct slu_hub_stream *stream)
{
	struct slu_player *p, *next;

	release(stream);
	for (p = stream->players; p; p = next) {
		next = p->next;
		p->stream = NULL;
		p->prev = p->next = NULL;
		if (!p->failed)
			p->ops->end(p);
	}
	stream->players = NULL;
	stream->published = false;
	forget_if_unused(stream);
}

/* ---- playing ---- */

int slu_hub_play(struct slu_hub *hub, const char *key, struct slu_player *p)
{
	struct slu_hub_stream *s;
	int err = find_or_make(hub, key, false, &s);

	if (err)
		return err;
	release(s); /* it gets that with the rest of what was before */
	p->stream = s;
	p->prev = NULL;
	p->next = s->players;
	if (s->players)
		s->players->prev = p;
	s->players = p;
	p->skipping = p->failed = false;
	if (s->published && !p->paused)
		catch_up(p, s);
	return 0;
}

void slu_hub_resume(struct slu_player *p)
{
	p->skipping = true;
}

void slu_hub_leave(struct slu_player *p)
{
	struct slu_hub_stream *s = p->stream;

	if (!s)
		return;
	if (p->prev)
		p->prev->next = p->next;
	else
		s->players = p->next;
	if (p->next)
		p->next->prev = p->prev;
	s->sent += p->sent;
	s->sent_bytes += p->sent_bytes;
	s->dropped += p->dropped;
	p->stream = NULL;
	p->prev = p->next = NULL;
	forget_if_unused(s);
}
