/* SPDX-License-Identifier: MIT */
#include "server/hub_impl.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCK_BACK_MS = 10000 };

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
		slu_hub_drop_held(s);
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
	slu_hub_drop_held(s);
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
	(*stream)->headless = true;
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
	slu_hub_release(stream);
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
	if (kind == SLU_GOP_CONFIG || kind == SLU_GOP_METADATA || stream->nheld == SLU_HUB_HELD)
		slu_hub_release(stream);
	if (slu_gop_keep(&kept, msg) != 0) { /* for want of memory nothing can wait */
		slu_hub_release(stream);
		err = slu_gop_add(&stream->gop, kind, msg);
		slu_hub_send_now(stream, kind, msg);
		return err;
	}
	err = slu_gop_add(&stream->gop, kind, &kept);
	if (stream->players)
		slu_hub_hold(stream, kind, &kept);
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

	slu_hub_release(stream);
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
	slu_hub_release(s); /* it gets that with the rest of what was before */
	p->stream = s;
	p->prev = NULL;
	p->next = s->players;
	if (s->players)
		s->players->prev = p;
	s->players = p;
	p->skipping = p->failed = false;
	if (s->published && !p->paused)
		slu_player_catch_up(p, s);
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
