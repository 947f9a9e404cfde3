/* SPDX-License-Identifier: MIT */
#include "session/hurry.h"

#include <sluice/error.h>

#include "session/session_int.h"

static int send_pause(struct slu_session *s, bool pause)
{
	struct slu_amf_writer *w = slu_command_begin(s, "pause", 0);

	slu_amf_put_null(w);
	slu_amf_put_boolean(w, pause);
	slu_amf_put_number(w, s->hurry.at_ms);
	return slu_command_send(s, s->stream_id, "pause");
}

static int go_on(struct slu_session *s)
{
	s->hurry.state = SLU_HURRY_NONE;
	s->hurry.filtered = SLU_HURRY_ALL;
	return send_pause(s, false);
}

int slu_hurry_empty(struct slu_session *s)
{
	if (!s->play.hurry || s->state != SLU_S_PLAYING)
		return 0;
	/* Nothing has come of the pause before this one: another would change nothing. */
	if (s->hurry.filtered == SLU_HURRY_ALL)
		return 0;
	if (s->hurry.state == SLU_HURRY_NONE) {
		s->hurry.state = SLU_HURRY_PAUSED;
		s->hurry.at_ms = s->hurry.last_ms;
		return send_pause(s, true);
	}
	return s->hurry.state == SLU_HURRY_ENDED ? go_on(s) : 0;
}

bool slu_hurry_eof(struct slu_session *s)
{
	if (s->hurry.state == SLU_HURRY_NONE)
		return false;
	s->hurry.state = SLU_HURRY_ENDED;
	return true;
}

void slu_hurry_paused(struct slu_session *s)
{
	if (s->hurry.state != SLU_HURRY_NONE)
		go_on(s);
}

enum slu_hurry_state slu_session_hurry(const struct slu_session *s)
{
	return s->hurry.state;
}

static unsigned kind_of(uint8_t type)
{
	return type == SLU_MSG_AUDIO ? 0 : type == SLU_MSG_VIDEO ? 1 : 2;
}

bool slu_hurry_again(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_hurry *h = &s->hurry;
	unsigned kind = kind_of(msg->type), bit = 1u << kind;

	/* Timestamps are modulo 2^32. A kind of which nothing came yet has nothing to be left out. */
	if (h->filtered & h->seen & bit && (int32_t)(msg->timestamp - h->kind_ms[kind]) <= 0)
		return true;
	h->filtered &= ~bit;
	h->seen |= bit;
	h->kind_ms[kind] = h->last_ms = msg->timestamp;
	return false;
}
