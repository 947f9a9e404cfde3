/* SPDX-License-Identifier: MIT */
/* What waits a little, to go out with what follows it. */
#include "server/hub_impl.h"

enum { SMALL = 2048 }; /* of what waits for a picture */

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

void slu_hub_drop_held(struct slu_hub_stream *s)
{
	if (!s->nheld)
		return;
	unlist(s);
	while (s->nheld)
		slu_buffer_put(s->held[--s->nheld].msg.owner);
}

void slu_hub_release(struct slu_hub_stream *s)
{
	for (struct slu_player *p = s->players; p && s->nheld; p = p->next)
		slu_player_send(p, s->held, s->nheld);
	slu_hub_drop_held(s);
}

/* Sound beside pictures. */
static bool may_wait(const struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	return s->gop.video && kind == SLU_GOP_FRAME && msg->type != SLU_MSG_VIDEO && msg->size <= SMALL;
}

void slu_hub_hold(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
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
		slu_hub_release(hub->due.first);
	while (hub->waiting.first && hub->waiting.first->held_until <= hub->now_ms)
		slu_hub_release(hub->waiting.first);
}

uint64_t slu_hub_deadline(const struct slu_hub *hub)
{
	if (hub->due.first)
		return 0;
	return hub->waiting.first ? hub->waiting.first->held_until : UINT64_MAX;
}

void slu_hub_send_now(struct slu_hub_stream *s, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	const struct held now = {*msg, kind};

	for (struct slu_player *p = s->players; p; p = p->next)
		slu_player_send(p, &now, 1);
}
