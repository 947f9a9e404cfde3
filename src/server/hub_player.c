/* SPDX-License-Identifier: MIT */
/* What one player gets of its stream, and what it loses. */
#include "server/hub_impl.h"

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

void slu_player_catch_up(struct slu_player *p, const struct slu_hub_stream *s)
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

/* What is known of a player lies in many places, and is read from memory once. */
void slu_player_send(struct slu_player *p, const struct held *held, size_t n)
{
	p->queued = p->ops->queued(p);
	for (size_t i = 0; i < n; i++)
		fan_out(p, &p->stream->gop, held[i].kind, &held[i].msg);
	p->ops->flush(p);
}
