/* SPDX-License-Identifier: MIT */
/* Protocol control and user control (RTMP 1.0, 5.4 and 7.1.7). */
#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

int slu_control_send(struct slu_session *s, const struct slu_control *c, bool urgent)
{
	uint8_t data[SLU_CONTROL_MAX];
	struct slu_msg msg = {.type = c->type, .data = data};
	int err;

	msg.size = slu_control_encode(c, data);
	err = slu_chunk_out_send(s->out, SLU_CSID_CONTROL, &msg, urgent);
	if (err == SLU_ERR_NOMEM)
		return slu_session_nomem(s);
	if (err && s->answering)
		return slu_session_fail(s, SLU_ERR_MEMORY_CAP, "the peer does not read: %s could not be queued for it",
					slu_control_name(c->type, c->event));
	if (err)
		return slu_session_usage(s, err, "%s was not queued: %s", slu_control_name(c->type, c->event),
					 slu_err_text(err));
	s->stats.messages_out++;
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "-> %s %u", slu_control_name(c->type, c->event), (unsigned)c->value);
	return 0;
}

/*
 * Acknowledgements (5.4.3) go out after half of the peer's window, so that a peer that waits for them never has to.
 * A peer that never said its window may still have one in mind: Adobe's servers have 2500000, and librtmp, which they
 * were tested against, acknowledges each tenth of that.
 *
 * A server's clients that say no window await nothing, and many close as soon as their last frame is in their socket:
 * whatever arrives there after that makes their kernel answer with a reset and throw away what it had yet to send
 * (FFmpeg lost a third of a short stream so). So a server does not speak unasked.
 */
static uint64_t ack_every(const struct slu_session *s)
{
	uint32_t window = s->stats.peer_window;

	if (!window)
		return s->cfg.role == SLU_SERVER ? UINT64_MAX : SLU_DEFAULT_ACK_EVERY;
	return window / 2 ? window / 2 : 1;
}

int slu_control_ack(struct slu_session *s)
{
	/* The sequence number wraps after 2^32. */
	struct slu_control ack = {.type = SLU_MSG_ACK, .value = (uint32_t)s->received};

	if (s->silent || s->received - s->ack_sent < ack_every(s))
		return 0;
	s->ack_sent = s->received;
	return slu_control_send(s, &ack, true);
}

static int on_nothing(struct slu_session *s, const struct slu_control *c)
{
	(void)s;
	(void)c;
	return 0; /* Set Chunk Size and Abort were carried out by the chunk stream */
}

/* The peer's counter has 32 bits; ours follows it forward, across any number of wraps. */
static int on_ack(struct slu_session *s, const struct slu_control *c)
{
	uint32_t step = c->value - (uint32_t)s->stats.acked;

	if (step <= INT32_MAX)
		s->stats.acked += step;
	return 0;
}

static int on_window(struct slu_session *s, const struct slu_control *c)
{
	s->stats.peer_window = c->value;
	return slu_control_ack(s);
}

/* 5.4.5: a soft limit only lowers, a dynamic one counts as hard where the last was hard, and a window that differs from
 * the last one sent is answered with it. */
static int on_bandwidth(struct slu_session *s, const struct slu_control *c)
{
	struct slu_control reply = {.type = SLU_MSG_WINDOW_ACK_SIZE, .value = c->value};

	if (c->extra == SLU_LIMIT_DYNAMIC && s->bandwidth_limit != SLU_LIMIT_HARD)
		return 0;
	if (c->extra == SLU_LIMIT_SOFT && s->window_out && c->value > s->window_out)
		return 0;
	if (c->extra != SLU_LIMIT_DYNAMIC)
		s->bandwidth_limit = c->extra == SLU_LIMIT_SOFT ? SLU_LIMIT_SOFT : SLU_LIMIT_HARD;
	if (!c->value || c->value == s->window_out)
		return 0;
	s->window_out = c->value;
	return slu_control_send(s, &reply, true);
}

static int on_ping_response(struct slu_session *s, const struct slu_control *c)
{
	if (s->marked && c->value == s->mark) {
		s->marked = false;
		slu_event_add(s, SLU_EVENT_MARKED);
		return 0;
	}
	if (s->pinging && c->value == s->ping_time) {
		s->pinging = false;
		s->stats.ping_ms = (uint32_t)s->now_ms - s->ping_time;
	}
	return 0;
}

static int on_ping_request(struct slu_session *s, const struct slu_control *c)
{
	struct slu_control pong = *c;

	pong.event = SLU_USER_PING_RESPONSE;
	return slu_control_send(s, &pong, true);
}

static int on_buffer_empty(struct slu_session *s, const struct slu_control *c)
{
	(void)c;
	return slu_hurry_empty(s);
}

struct user_rule {
	uint16_t event;
	enum slu_role role; /* whom it is meant for; events only */
	enum slu_event_type type;
	int (*handle)(struct slu_session *s, const struct slu_control *c);
};

static const struct user_rule user_rules[] = {
	{SLU_USER_STREAM_BEGIN, SLU_CLIENT, SLU_EVENT_STREAM_BEGIN, NULL},
	{SLU_USER_STREAM_EOF, SLU_CLIENT, SLU_EVENT_STREAM_EOF, NULL},
	{SLU_USER_STREAM_DRY, SLU_CLIENT, SLU_EVENT_STREAM_DRY, NULL},
	{SLU_USER_STREAM_IS_RECORDED, SLU_CLIENT, SLU_EVENT_STREAM_IS_RECORDED, NULL},
	{SLU_USER_SET_BUFFER_LENGTH, SLU_SERVER, SLU_EVENT_SET_BUFFER_LENGTH, NULL},
	{SLU_USER_PING_REQUEST, SLU_CLIENT, SLU_EVENT_NONE, on_ping_request},
	{SLU_USER_PING_RESPONSE, SLU_CLIENT, SLU_EVENT_NONE, on_ping_response},
	{SLU_USER_BUFFER_EMPTY, SLU_CLIENT, SLU_EVENT_NONE, on_buffer_empty},
};

static int on_user_control(struct slu_session *s, const struct slu_control *c)
{
	const struct user_rule *r = user_rules, *end = r + sizeof user_rules / sizeof user_rules[0];
	struct slu_event *ev;

	while (r < end && r->event != c->event)
		r++;
	if (r == end)
		return 0; /* Buffer Ready, and what else there may be */
	if (r->handle)
		return r->handle(s, c);
	if (r->role != s->cfg.role)
		return 0;
	if (c->event == SLU_USER_STREAM_EOF && slu_hurry_eof(s))
		return 0;
	if (c->event == SLU_USER_STREAM_EOF)
		s->ended = true;
	else if (c->event == SLU_USER_STREAM_BEGIN)
		s->ended = false; /* a publisher came back, and some servers say no more of it */
	ev = slu_event_add(s, r->type);
	ev->stream_id = c->value;
	ev->number = c->extra;
	return 0;
}

static int (*const control_handlers[])(struct slu_session *s, const struct slu_control *c) = {
	[SLU_MSG_SET_CHUNK_SIZE] = on_nothing,
	[SLU_MSG_ABORT] = on_nothing,
	[SLU_MSG_ACK] = on_ack,
	[SLU_MSG_USER_CONTROL] = on_user_control,
	[SLU_MSG_WINDOW_ACK_SIZE] = on_window,
	[SLU_MSG_SET_PEER_BANDWIDTH] = on_bandwidth,
};

int slu_control_on(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_control c;
	int err = slu_control_decode(&c, msg);

	if (err)
		return slu_session_fail(s, err, "the peer sent %s with only %zu bytes: it does not speak RTMP properly",
					slu_control_name(c.type, c.event), msg->size);
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "<- %s %u", slu_control_name(c.type, c.event), (unsigned)c.value);
	if (c.event == SLU_USER_SWF_REQUEST || c.event == SLU_USER_SWF_ANSWER)
		return slu_swf_verify_on(s, &c, msg);
	return control_handlers[c.type](s, &c);
}

/* ---- the caller's ---- */

int slu_session_set_chunk_size(struct slu_session *s, uint32_t size)
{
	struct slu_control c = {.type = SLU_MSG_SET_CHUNK_SIZE, .value = size};

	if (s->err)
		return s->err;
	if (size < 1 || size > 0xffffff)
		return slu_session_usage(s, SLU_ERR_INVALID, "chunk size %u is out of range: take 1 to 16777215",
					 (unsigned)size);
	s->cfg.chunk_size = size; /* a client's goes out after the handshake, a server's with its answer to connect */
	return s->hs ? 0 : slu_control_send(s, &c, false);
}

int slu_session_ping(struct slu_session *s)
{
	struct slu_control c = {
		.type = SLU_MSG_USER_CONTROL, .event = SLU_USER_PING_REQUEST, .value = (uint32_t)s->now_ms};

	if (s->err)
		return s->err;
	if (s->hs)
		return slu_session_usage(s, SLU_ERR_STATE, "a ping has to wait until the handshake is done");
	s->ping_time = c.value;
	s->pinging = true;
	return slu_control_send(s, &c, true);
}

int slu_session_mark(struct slu_session *s)
{
	struct slu_control c = {.type = SLU_MSG_USER_CONTROL, .event = SLU_USER_PING_REQUEST};

	if (s->err)
		return s->err;
	if (s->hs)
		return slu_session_usage(s, SLU_ERR_STATE, "a mark has to wait until the handshake is done");
	/* No answer to an earlier one may be taken for this one's. */
	s->mark = (int32_t)((uint32_t)s->now_ms - s->mark) > 0 ? (uint32_t)s->now_ms : s->mark + 1;
	c.value = s->mark;
	s->marked = true;
	return slu_control_send(s, &c, false);
}

int slu_session_set_buffer_length(struct slu_session *s, uint32_t ms)
{
	struct slu_control c = {
		.type = SLU_MSG_USER_CONTROL, .event = SLU_USER_SET_BUFFER_LENGTH, .value = s->stream_id, .extra = ms};

	if (s->err)
		return s->err;
	if (s->cfg.role != SLU_CLIENT || (s->state != SLU_S_PLAYING && s->state != SLU_S_PLAY_ASKED))
		return slu_session_usage(s, SLU_ERR_STATE, "the buffer length can be set while playing only");
	return slu_control_send(s, &c, false);
}
