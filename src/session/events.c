/* SPDX-License-Identifier: MIT */
/*
 * Events. slu_session_in() stops at the first, so the queue holds what one message caused and no more. The parts of
 * an aggregate message are not queued: they are found when they are pulled.
 */
#include <string.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "base/wipe.h"
#include "session/secret.h"
#include "session/session_int.h"

const char *slu_event_name(enum slu_event_type type)
{
	static const char *const names[] = {
#define NAME(x) [x] = #x
		NAME(SLU_EVENT_NONE),
		NAME(SLU_EVENT_HANDSHAKE),
		NAME(SLU_EVENT_CONNECTED),
		NAME(SLU_EVENT_PUBLISHING),
		NAME(SLU_EVENT_PLAYING),
		NAME(SLU_EVENT_STATUS),
		NAME(SLU_EVENT_MEDIA),
		NAME(SLU_EVENT_STREAM_BEGIN),
		NAME(SLU_EVENT_STREAM_EOF),
		NAME(SLU_EVENT_STREAM_DRY),
		NAME(SLU_EVENT_STREAM_IS_RECORDED),
		NAME(SLU_EVENT_SET_BUFFER_LENGTH),
		NAME(SLU_EVENT_RESULT),
		NAME(SLU_EVENT_COMMAND),
		NAME(SLU_EVENT_CONNECT),
		NAME(SLU_EVENT_PUBLISH),
		NAME(SLU_EVENT_PLAY),
		NAME(SLU_EVENT_PAUSE),
		NAME(SLU_EVENT_SEEK),
		NAME(SLU_EVENT_RECEIVE_AUDIO),
		NAME(SLU_EVENT_RECEIVE_VIDEO),
		NAME(SLU_EVENT_GET_STREAM_LENGTH),
		NAME(SLU_EVENT_CLEAR_DATA),
		NAME(SLU_EVENT_UNPUBLISH),
		NAME(SLU_EVENT_STOP),
		NAME(SLU_EVENT_CLOSE),
		NAME(SLU_EVENT_MARKED),
		NAME(SLU_EVENT_MESSAGE),
#undef NAME
	};

	return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "SLU_EVENT_?";
}

struct slu_event *slu_event_add(struct slu_session *s, enum slu_event_type type)
{
	struct slu_event *ev;

	/* Cannot be full (see SLU_EVENTS); if it were, the last event would be the one to lose. */
	if (s->event_count == SLU_EVENTS)
		s->event_count--;
	ev = &s->events[(s->event_first + s->event_count++) % SLU_EVENTS];
	*ev = (struct slu_event){.type = type, .name = "", .tc_url = "", .level = "", .code = "", .description = ""};
	return ev;
}

const char *slu_event_text(struct slu_session *s, enum slu_text slot, struct slu_amf_str text)
{
	struct slu_buf *b = &s->text[slot];
	const char *nul = text.n ? memchr(text.s, 0, text.n) : NULL;
	size_t n = nul ? (size_t)(nul - text.s) : text.n;

	if (n > SLU_NAME_MAX)
		n = SLU_NAME_MAX;
	b->len = 0;
	if (slu_buf_append(b, text.s, n) || slu_buf_append(b, "", 1)) {
		slu_session_nomem(s);
		return "";
	}
	return (const char *)b->data;
}

/* ---- aggregates ---- */

enum { PART_HEADER = 11, PART_TRAILER = 4 };

int slu_aggregate_on(struct slu_session *s, const struct slu_msg *msg)
{
	s->aggregate = (struct slu_aggregate){.msg = *msg};
	if (msg->size >= PART_HEADER)
		s->aggregate.first = slu_be24(msg->data + 4) | (uint32_t)msg->data[7] << 24;
	return 0;
}

static int aggregate_cut(struct slu_session *s)
{
	s->aggregate.msg.size = 0;
	return slu_session_fail(s, SLU_ERR_MESSAGE,
				"the peer sent an aggregate message that ends in the middle of a part: connect again, "
				"and tell the peer's maker if it lasts");
}

/* One part: an FLV tag and its back pointer, which the last may lack. Timestamps are moved so that the first part has
 * that of the aggregate (RTMP 1.0, 7.1.6). */
static int aggregate_part(struct slu_session *s)
{
	struct slu_aggregate *a = &s->aggregate;
	const uint8_t *p = a->msg.data + a->pos;
	size_t left = a->msg.size - a->pos, size;
	struct slu_msg part = a->msg;

	if (left < PART_HEADER || left - PART_HEADER < slu_be24(p + 1))
		return aggregate_cut(s);
	size = slu_be24(p + 1);
	part.type = p[0]; /* with an FLV tag's Filter bit: encrypted, and so left out */
	part.timestamp = a->msg.timestamp + ((slu_be24(p + 4) | (uint32_t)p[7] << 24) - a->first);
	part.data = p + PART_HEADER;
	part.size = size;
	left -= PART_HEADER + size;
	a->pos += PART_HEADER + size + (left < PART_TRAILER ? left : PART_TRAILER);
	if (part.type != SLU_MSG_AUDIO && part.type != SLU_MSG_VIDEO && part.type != SLU_MSG_DATA)
		return 0;
	return slu_media_on(s, &part);
}

bool slu_event_waits(struct slu_session *s)
{
	while (!s->event_count && !s->err && s->aggregate.pos < s->aggregate.msg.size) {
		if (aggregate_part(s))
			break;
	}
	return s->event_count > 0;
}

/* A request is the caller's to answer from the moment it was pulled. */
static void mark_pulled(struct slu_session *s, const struct slu_event *ev)
{
	if (ev->type == s->request.type && ev->stream_id == s->request.stream_id)
		s->request.pulled = true;
}

/* The peer may be idle for long after a message of 16 MB, or after its stream key. */
void slu_events_over(struct slu_session *s)
{
	for (unsigned i = 0; s->secret && i < SLU_TEXTS; i++)
		slu_wipe_bytes(s->text[i].data, s->text[i].cap);
	s->secret = false;
	slu_chunk_in_release(s->in);
}

bool slu_session_took_secret(struct slu_session *s)
{
	bool took = s->took_secret;

	s->took_secret = false;
	return took;
}

bool slu_session_event(struct slu_session *s, struct slu_event *ev)
{
	if (!slu_event_waits(s)) {
		slu_events_over(s);
		*ev = (struct slu_event){.name = "", .tc_url = "", .level = "", .code = "", .description = ""};
		return false;
	}
	*ev = s->events[s->event_first];
	s->event_first = (s->event_first + 1) % SLU_EVENTS;
	s->event_count--;
	mark_pulled(s, ev);
	return true;
}
