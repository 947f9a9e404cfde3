/* SPDX-License-Identifier: MIT */
/*
 * The client: connect, then what it takes to publish or to play, as Adobe's encoder and FFmpeg do it, since that is
 * what servers are tested against.
 *
 *     CONNECTING -> CONNECTED -> CREATING -> PUBLISH_ASKED -> PUBLISHING -> STOPPED
 *                                         -> PLAY_ASKED    -> PLAYING    -> STOPPED
 */
#include <string.h>
#include <stdlib.h>

#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

/* ---- connect ---- */

static void put_member(struct slu_amf_writer *w, const char *name, const char *text)
{
	if (!text)
		return;
	slu_amf_put_name(w, name);
	slu_amf_put_string(w, text);
}

static void put_number_member(struct slu_amf_writer *w, const char *name, double value)
{
	slu_amf_put_name(w, name);
	slu_amf_put_number(w, value);
}

/* RTMP 1.0, 7.2.1.1: all codecs, the seek function, AMF0. 239 is what Flash Player says of itself. */
static void put_player(struct slu_amf_writer *w)
{
	slu_amf_put_name(w, "fpad");
	slu_amf_put_boolean(w, false);
	put_number_member(w, "capabilities", 239);
	put_number_member(w, "audioCodecs", 4071);
	put_number_member(w, "videoCodecs", 252);
	put_number_member(w, "videoFunction", 1);
	put_number_member(w, "objectEncoding", 0);
}

/* The same with s->query behind it, in the query that there is or in one of its own. */
static int put_with_query(struct slu_session *s, struct slu_amf_writer *w, const char *name, const char *text)
{
	struct slu_buf *b = &s->scratch;

	if (!s->query || !text) {
		put_member(w, name, text);
		return 0;
	}
	b->len = 0;
	if (slu_buf_append(b, text, strlen(text)) || slu_buf_append(b, strchr(text, '?') ? "&" : "?", 1) ||
	    slu_buf_append(b, s->query, strlen(s->query)))
		return slu_session_nomem(s);
	slu_amf_put_name(w, name);
	slu_amf_put_string_n(w, (const char *)b->data, b->len);
	return 0;
}

static int send_connect(struct slu_session *s)
{
	const struct slu_connect_info *info = &s->cfg.connect;
	struct slu_amf_writer *w = slu_command_begin(s, "connect", slu_call_new(s, SLU_CALL_CONNECT));

	slu_amf_begin_object(w, NULL);
	if (put_with_query(s, w, "app", info->app))
		return s->err;
	if (s->want == SLU_S_PUBLISH_ASKED)
		put_member(w, "type", "nonprivate");
	put_member(w, "flashVer", info->flash_ver);
	put_member(w, "swfUrl", info->swf_url);
	if (put_with_query(s, w, "tcUrl", info->tc_url))
		return s->err;
	if (s->want != SLU_S_PUBLISH_ASKED)
		put_player(w);
	put_member(w, "pageUrl", info->page_url);
	slu_amf_end(w);
	return slu_command_send_raw(s, 0, "connect", info->extra, info->extra_size);
}

int slu_client_begin(struct slu_session *s)
{
	struct slu_control chunk = {.type = SLU_MSG_SET_CHUNK_SIZE, .value = s->cfg.chunk_size};
	struct slu_control window = {.type = SLU_MSG_WINDOW_ACK_SIZE, .value = s->cfg.window_ack_size};

	s->state = SLU_S_CONNECTING;
	s->window_out = window.value;
	/* In order, not urgent: both belong behind the last bytes of the handshake. */
	if (slu_control_send(s, &chunk, false) || slu_control_send(s, &window, false))
		return s->err;
	return send_connect(s);
}

/* ---- publish and play ---- */

/* releaseStream and FCPublish ask nothing: servers that do not know them say _error or nothing. */
static int send_named(struct slu_session *s, const char *command, const char *name)
{
	struct slu_amf_writer *w = slu_command_begin(s, command, ++s->last_transaction);

	slu_amf_put_null(w);
	slu_amf_put_string(w, name);
	return slu_command_send(s, 0, command);
}

/* What some servers want to know of a player before it plays. */
static int send_before_play(struct slu_session *s)
{
	const struct slu_play *p = &s->play;
	const char *subscribe = p->subscribe ? p->subscribe : p->start == -1 ? s->stream : NULL;

	if (p->usher_token && send_named(s, "NetStream.Authenticate.UsherToken", p->usher_token))
		return s->err;
	return subscribe ? send_named(s, "FCSubscribe", subscribe) : 0;
}

int slu_client_request(struct slu_session *s)
{
	struct slu_amf_writer *w;
	double transaction;
	int err;

	if (s->want == SLU_S_PUBLISH_ASKED &&
	    (send_named(s, "releaseStream", s->stream) || send_named(s, "FCPublish", s->stream)))
		return s->err;
	transaction = slu_call_new(s, SLU_CALL_CREATE_STREAM);
	if (transaction == 0)
		return SLU_ERR_LIMIT;
	s->state = SLU_S_CREATING;
	w = slu_command_begin(s, "createStream", transaction);
	slu_amf_put_null(w);
	err = slu_command_send(s, 0, "createStream");
	return !err && s->want == SLU_S_PLAY_ASKED ? send_before_play(s) : err;
}

static int send_publish(struct slu_session *s)
{
	static const char *const kinds[] = {
		[SLU_PUBLISH_LIVE] = "live", [SLU_PUBLISH_RECORD] = "record", [SLU_PUBLISH_APPEND] = "append"};
	struct slu_amf_writer *w = slu_command_begin(s, "publish", slu_call_new(s, SLU_CALL_PUBLISH));

	s->state = SLU_S_PUBLISH_ASKED;
	slu_amf_put_null(w);
	slu_amf_put_string(w, s->stream);
	slu_amf_put_string(w, kinds[s->kind]);
	return slu_command_send(s, s->stream_id, "publish");
}

/* A playlist of one, as librtmp makes it. */
static int send_playlist(struct slu_session *s)
{
	struct slu_amf_writer *w = slu_command_begin(s, "set_playlist", 0);

	slu_amf_put_null(w);
	slu_amf_begin_ecma_array(w, 1);
	put_member(w, "0", s->stream);
	slu_amf_end(w);
	return slu_command_send(s, s->stream_id, "set_playlist");
}

/* In whole milliseconds: 0.29 * 1000 is a little less than 290. */
static double play_ms(double seconds)
{
	double ms = seconds * 1000;

	return ms > 0 && ms < UINT32_MAX ? (double)(uint64_t)(ms + 0.5) : ms;
}

/* RTMP 1.0, 7.2.2.1, speaks of seconds, but Flash Player, and so every client and server, has milliseconds here. */
static int send_play(struct slu_session *s)
{
	struct slu_amf_writer *w;

	s->state = SLU_S_PLAY_ASKED;
	s->hurry = (struct slu_hurry){.state = SLU_HURRY_NONE};
	if (s->play.playlist && send_playlist(s))
		return s->err;
	if (slu_session_set_buffer_length(s, s->play.buffer_ms))
		return s->err;
	w = slu_command_begin(s, "play", slu_call_new(s, SLU_CALL_PLAY));
	slu_amf_put_null(w);
	slu_amf_put_string(w, s->stream);
	slu_amf_put_number(w, play_ms(s->play.start));
	if (s->play.duration >= 0 || !s->play.reset)
		slu_amf_put_number(w, s->play.duration >= 0 ? play_ms(s->play.duration) : -1000);
	if (!s->play.reset)
		slu_amf_put_boolean(w, false);
	return slu_command_send(s, s->stream_id, "play");
}

/* ---- answers ---- */

static int on_connected(struct slu_session *s, const struct slu_command *c)
{
	struct slu_event *ev = slu_event_add(s, SLU_EVENT_CONNECTED);
	struct slu_info info;

	slu_command_info(c, &info);
	ev->level = slu_event_text(s, SLU_TEXT_LEVEL, info.level);
	ev->code = slu_event_text(s, SLU_TEXT_CODE, info.code);
	ev->description = slu_event_text(s, SLU_TEXT_DESCRIPTION, info.description);
	ev->amf = c->root;
	s->state = SLU_S_CONNECTED;
	s->connected = true;
	if (!s->err && slu_token_answer(s, c) == 0 && s->stream)
		slu_client_request(s);
	return s->err;
}

static int on_created(struct slu_session *s, const struct slu_command *c)
{
	double id;

	if (!slu_amf_number(slu_command_arg(c, 1), &id) || !(id >= 0 && id <= UINT32_MAX))
		return slu_session_fail(s, SLU_ERR_MESSAGE,
					"the server answered createStream without a stream number: it may not be an "
					"RTMP server that takes streams here");
	s->stream_id = (uint32_t)id;
	if (s->want == SLU_S_PUBLISH_ASKED)
		send_publish(s);
	else
		send_play(s);
	return s->err;
}

/* A stop that overtook the answer leaves nothing to be done but to give the stream back. */
static int on_created_too_late(struct slu_session *s, const struct slu_command *c)
{
	struct slu_amf_writer *w;
	double id;

	if (!slu_amf_number(slu_command_arg(c, 1), &id))
		return 0;
	w = slu_command_begin(s, "deleteStream", 0);
	slu_amf_put_null(w);
	slu_amf_put_number(w, id);
	return slu_command_send(s, 0, "deleteStream");
}

int slu_client_answer(struct slu_session *s, enum slu_call_kind kind, bool ok, const struct slu_command *c)
{
	struct slu_info info;

	if (kind == SLU_CALL_LATE_STREAM)
		return ok ? on_created_too_late(s, c) : 0;
	if (s->state == SLU_S_STOPPED)
		return 0;
	slu_command_info(c, &info);
	if (!ok || slu_amf_str_is(info.level, "error"))
		return slu_session_refused(s, slu_call_name(kind), &info);
	if (kind == SLU_CALL_CONNECT)
		return on_connected(s, c);
	return kind == SLU_CALL_CREATE_STREAM ? on_created(s, c) : 0;
}

/* ---- the caller's ---- */

/* The first stream at any time, another once the last was stopped. */
static bool may_want(const struct slu_session *s)
{
	return s->state == SLU_S_STOPPED ? s->connected : !s->stream && s->state <= SLU_S_CONNECTED;
}

/* It may be a key. */
static void forget_name(struct slu_session *s)
{
	slu_wipe(s->stream);
	free(s->stream);
	s->stream = NULL;
}

static int want(struct slu_session *s, const char *stream, enum slu_state state)
{
	size_t n;

	if (s->err)
		return s->err;
	if (!stream || strlen(stream) > SLU_NAME_MAX)
		return slu_session_usage(s, SLU_ERR_INVALID, "a stream name of at most %d bytes is needed",
					 SLU_NAME_MAX);
	if (s->cfg.role != SLU_CLIENT || !may_want(s))
		return slu_session_usage(s, SLU_ERR_STATE,
					 "one stream at a time: stop this one, or make a session for the other");
	n = strlen(stream) + 1;
	forget_name(s);
	s->stream = malloc(n);
	if (!s->stream)
		return slu_session_nomem(s);
	memcpy(s->stream, stream, n);
	s->want = state;
	if (s->state == SLU_S_STOPPED)
		s->state = SLU_S_CONNECTED;
	s->ended = false;
	return 0;
}

void slu_client_forget_play(struct slu_session *s)
{
	slu_wipe((char *)s->play.usher_token);
	free((char *)s->play.usher_token);
	free((char *)s->play.subscribe);
	memset(&s->play, 0, sizeof s->play);
}

/* False: out of memory, and *field is NULL. */
static bool own(const char **field)
{
	const char *from = *field;
	size_t n = from ? strlen(from) + 1 : 0;
	char *copy = n ? malloc(n) : NULL;

	if (copy)
		memcpy(copy, from, n);
	*field = copy;
	return copy || !from;
}

static int keep_play(struct slu_session *s, const struct slu_play *play)
{
	bool ok;

	slu_client_forget_play(s);
	s->play = *play;
	if (!s->play.buffer_ms)
		s->play.buffer_ms = 3000;
	ok = own(&s->play.usher_token);
	return own(&s->play.subscribe) && ok ? 0 : slu_session_nomem(s);
}

int slu_session_publish(struct slu_session *s, const char *stream, enum slu_publish_kind kind)
{
	int err;

	if (!s->err && (unsigned)kind > SLU_PUBLISH_APPEND)
		return slu_session_usage(s, SLU_ERR_INVALID, "publish is live, record or append");
	err = want(s, stream, SLU_S_PUBLISH_ASKED);
	if (err)
		return err;
	s->kind = kind;
	return s->state == SLU_S_CONNECTED ? slu_client_request(s) : 0;
}

int slu_session_play(struct slu_session *s, const char *stream, const struct slu_play *play)
{
	static const struct slu_play all = {.start = -2, .duration = -1, .reset = true};
	int err = want(s, stream, SLU_S_PLAY_ASKED);

	if (!err)
		err = keep_play(s, play ? play : &all);
	if (err)
		return err;
	return s->state == SLU_S_CONNECTED ? slu_client_request(s) : 0;
}

static int while_playing(struct slu_session *s)
{
	if (s->err)
		return s->err;
	if (s->cfg.role == SLU_CLIENT && (s->state == SLU_S_PLAYING || s->state == SLU_S_PLAY_ASKED))
		return 0;
	return slu_session_usage(s, SLU_ERR_STATE, "that can be asked for while playing only");
}

int slu_session_pause(struct slu_session *s, bool pause, uint32_t ms)
{
	struct slu_amf_writer *w;
	int err = while_playing(s);

	if (err)
		return err;
	w = slu_command_begin(s, "pause", 0);
	slu_amf_put_null(w);
	slu_amf_put_boolean(w, pause);
	slu_amf_put_number(w, ms);
	return slu_command_send(s, s->stream_id, "pause");
}

int slu_session_seek(struct slu_session *s, uint32_t ms)
{
	struct slu_amf_writer *w;
	int err = while_playing(s);

	if (err)
		return err;
	w = slu_command_begin(s, "seek", 0);
	slu_amf_put_null(w);
	slu_amf_put_number(w, ms);
	s->ended = false;
	s->hurry = (struct slu_hurry){.state = SLU_HURRY_NONE};
	return slu_command_send(s, s->stream_id, "seek");
}

static int send_receive(struct slu_session *s, const char *command, bool on)
{
	struct slu_amf_writer *w;
	int err = while_playing(s);

	if (err)
		return err;
	w = slu_command_begin(s, command, 0);
	slu_amf_put_null(w);
	slu_amf_put_boolean(w, on);
	return slu_command_send(s, s->stream_id, command);
}

int slu_session_receive_audio(struct slu_session *s, bool on)
{
	return send_receive(s, "receiveAudio", on);
}

int slu_session_receive_video(struct slu_session *s, bool on)
{
	return send_receive(s, "receiveVideo", on);
}

int slu_session_get_stream_length(struct slu_session *s, const char *stream)
{
	struct slu_amf_writer *w;
	double transaction;
	int err;

	if (s->err)
		return s->err;
	if (s->cfg.role != SLU_CLIENT || !s->connected)
		return slu_session_usage(s, SLU_ERR_STATE, "a client asks that once connect has been accepted");
	if (!stream)
		return slu_session_usage(s, SLU_ERR_INVALID, "a stream name is needed");
	transaction = slu_call_new(s, SLU_CALL_USER);
	if (transaction == 0)
		return SLU_ERR_LIMIT;
	w = slu_command_begin(s, "getStreamLength", transaction);
	slu_amf_put_null(w);
	slu_amf_put_string(w, stream);
	err = slu_command_send(s, 0, "getStreamLength");
	if (err)
		slu_call_cancel(s, transaction);
	return err;
}

static void forget(struct slu_session *s, enum slu_call_kind kind)
{
	struct slu_call *c = slu_call_find(s, kind);

	if (c)
		c->used = false;
}

static int send_delete(struct slu_session *s)
{
	struct slu_amf_writer *w;

	if (s->want == SLU_S_PUBLISH_ASKED && send_named(s, "FCUnpublish", s->stream))
		return s->err;
	w = slu_command_begin(s, "closeStream", 0);
	slu_amf_put_null(w);
	if (slu_command_send(s, s->stream_id, "closeStream"))
		return s->err;
	w = slu_command_begin(s, "deleteStream", 0);
	slu_amf_put_null(w);
	slu_amf_put_number(w, s->stream_id);
	return slu_command_send(s, 0, "deleteStream");
}

/* The answer to connect is the caller's to handle, whenever it will. */
static int want_nothing(struct slu_session *s)
{
	forget_name(s);
	s->want = SLU_S_HANDSHAKE;
	return 0;
}

int slu_session_stop(struct slu_session *s)
{
	bool has_stream = s->state >= SLU_S_PUBLISH_ASKED && s->state <= SLU_S_PLAYING;
	struct slu_call *late;

	if (s->err)
		return s->err;
	if (s->cfg.role != SLU_CLIENT || s->state == SLU_S_STOPPED)
		return slu_session_usage(s, SLU_ERR_STATE, "there is nothing to stop");
	if (s->cfg.by_hand && s->state == SLU_S_CONNECTING)
		return want_nothing(s);
	late = slu_call_find(s, SLU_CALL_CREATE_STREAM);
	if (late)
		late->kind = SLU_CALL_LATE_STREAM;
	forget(s, SLU_CALL_CONNECT);
	forget(s, SLU_CALL_PUBLISH);
	forget(s, SLU_CALL_PLAY);
	s->deadline = UINT64_MAX;
	s->state = SLU_S_STOPPED;
	return has_stream ? send_delete(s) : 0;
}
