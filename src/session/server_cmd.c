/* SPDX-License-Identifier: MIT */
/* The server: what clients ask (RTMP 1.0, 7.2.1 and 7.2.2, and what encoders added). */
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

/* ---- helpers ---- */

static struct slu_amf_str string_arg(const struct slu_command *c, size_t index)
{
	struct slu_amf_str text = {"", 0};

	slu_amf_string(slu_command_arg(c, index), &text);
	return text;
}

static double number_arg(const struct slu_command *c, size_t index, double otherwise)
{
	slu_amf_number(slu_command_arg(c, index), &otherwise);
	return otherwise;
}

static bool bool_arg(const struct slu_command *c, size_t index, bool otherwise)
{
	slu_amf_boolean(slu_command_arg(c, index), &otherwise);
	return otherwise;
}

/* Milliseconds that a peer sent: what is no number from 0 to 2^32 - 1 reads as 0. */
static double ms_arg(const struct slu_command *c, size_t index)
{
	double ms = number_arg(c, index, 0);

	return ms > 0 && ms <= UINT32_MAX ? ms : 0;
}

static struct slu_event *add_event(struct slu_session *s, enum slu_event_type type, const struct slu_command *c,
				   uint32_t stream_id)
{
	struct slu_event *ev = slu_event_add(s, type);

	ev->stream_id = stream_id;
	ev->transaction = c->transaction;
	ev->amf = c->root;
	return ev;
}

/* publish(false) and play(false) end what the stream does. */
static bool says_false(const struct slu_command *c)
{
	bool b;

	return slu_amf_boolean(slu_command_arg(c, 1), &b) && !b;
}

/* _result with null, or with the number that is not negative. */
static int send_result(struct slu_session *s, double transaction, double number)
{
	struct slu_amf_writer *w;

	if (transaction == 0)
		return 0; /* 7.2.1: no answer wanted */
	w = slu_command_begin(s, "_result", transaction);
	slu_amf_put_null(w);
	if (number >= 0)
		slu_amf_put_number(w, number);
	return slu_command_send(s, 0, "_result");
}

/* ---- on the connection ---- */

static int on_connect(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_event *ev = add_event(s, SLU_EVENT_CONNECT, c, 0);
	const struct slu_amf_value *object = slu_command_arg(c, 0);
	struct slu_amf_str app = {"", 0}, tc_url = {"", 0};

	(void)msg;
	slu_amf_string(slu_amf_get(object, "app"), &app);
	slu_amf_string(slu_amf_get(object, "tcUrl"), &tc_url);
	ev->name = slu_event_text(s, SLU_TEXT_NAME, app);
	ev->tc_url = slu_event_text(s, SLU_TEXT_TC_URL, tc_url);
	s->request = (struct slu_request){.type = SLU_EVENT_CONNECT, .transaction = c->transaction};
	slu_amf_number(slu_amf_get(object, "objectEncoding"), &s->request.encoding);
	s->state = SLU_S_CONNECT_ASKED;
	s->deadline = UINT64_MAX;
	return s->err;
}

static int on_release_stream(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)msg;
	return send_result(s, c->transaction, -1);
}

/* The FC commands have an answer of their own name, beside their _result. */
static int send_fc(struct slu_session *s, const char *name, const char *code, const char *description)
{
	struct slu_amf_writer *w = slu_command_begin(s, name, 0);

	slu_amf_put_null(w);
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "code");
	slu_amf_put_string(w, code);
	slu_amf_put_name(w, "description");
	slu_amf_put_string(w, description);
	slu_amf_end(w);
	return slu_command_send(s, 0, name);
}

static int on_fc_publish(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	int err = send_result(s, c->transaction, -1);

	(void)msg;
	return err ? err : send_fc(s, "onFCPublish", "NetStream.Publish.Start", "Publishing may begin.");
}

static int on_fc_subscribe(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	int err = send_result(s, c->transaction, -1);

	(void)msg;
	return err ? err : send_fc(s, "onFCSubscribe", "NetStream.Play.Start", "Playing may begin.");
}

/* Some encoders send this and nothing else when they stop. It names no stream number, so it ends the one that is
 * published when there is only one. */
static int on_fc_unpublish(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	uint32_t found = slu_server_only_published(s);
	int err = send_result(s, c->transaction, -1);

	(void)msg;
	if (!err)
		err = send_fc(s, "onFCUnpublish", "NetStream.Unpublish.Success", "Stopped publishing.");
	if (!err && found)
		slu_server_leave(s, found);
	return err ? err : s->err;
}

static int on_create_stream(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_amf_writer *w;

	(void)msg;
	for (uint32_t i = 0; i < SLU_STREAMS; i++) {
		if (s->streams[i].state != SLU_STREAM_FREE)
			continue;
		s->streams[i] = (struct slu_stream){.state = SLU_STREAM_IDLE};
		return send_result(s, c->transaction, i + 1);
	}
	w = slu_command_begin(s, "_error", c->transaction);
	slu_amf_put_null(w);
	slu_info_put(w, "error", "NetConnection.Call.Failed", "Too many streams on this connection.");
	slu_amf_end(w);
	return slu_command_send(s, 0, "_error");
}

static int on_delete_stream(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	double id = number_arg(c, 1, 0);
	struct slu_stream *stream = id >= 1 && id <= (double)SLU_STREAMS ? slu_server_stream(s, (uint32_t)id) : NULL;

	(void)msg;
	if (!stream)
		return 0;
	slu_server_leave(s, (uint32_t)id);
	stream->state = SLU_STREAM_FREE;
	return s->err;
}

/* The session asks for no token; the caller may want to see it. */
static int on_usher_token(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_event *ev = add_event(s, SLU_EVENT_COMMAND, c, msg->stream_id);

	ev->name = slu_event_text(s, SLU_TEXT_NAME, c->name);
	return send_result(s, c->transaction, -1);
}

static int on_get_stream_length(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_event *ev = add_event(s, SLU_EVENT_GET_STREAM_LENGTH, c, msg->stream_id);

	ev->name = slu_event_text(s, SLU_TEXT_NAME, string_arg(c, 1));
	return s->err;
}

/* A playlist is what is played then: a client that sets one is told that it may, and plays it by its first name. */
static int on_set_playlist(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_amf_writer *w = slu_command_begin(s, "playlist_ready", 0);

	(void)c;
	slu_amf_put_null(w);
	return slu_command_send(s, msg->stream_id, "playlist_ready");
}

static int on_check_bw(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)msg;
	return send_result(s, c->transaction, -1);
}

static int on_close(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)msg;
	add_event(s, SLU_EVENT_CLOSE, c, 0);
	return 0;
}

/* ---- on a stream ---- */

static const char in_use[] = "The stream is in use: create another.";

/* Why the session itself refuses a publish or play: the caller is never asked. */
static const char *cannot_ask(struct slu_session *s, const struct slu_stream *stream, struct slu_amf_str name)
{
	enum slu_event_type pending = s->request.type;

	if (!stream)
		return "There is no such stream: createStream first.";
	if (!name.n)
		return "A stream name is needed.";
	if (name.n > SLU_NAME_MAX)
		return "The stream name is too long.";
	if (stream->state == SLU_STREAM_PUBLISH_ASKED || stream->state == SLU_STREAM_PLAY_ASKED)
		return in_use;
	if (pending == SLU_EVENT_PUBLISH || pending == SLU_EVENT_PLAY)
		return "One request at a time.";
	return NULL;
}

static struct slu_event *ask(struct slu_session *s, enum slu_event_type type, const struct slu_command *c,
			     const struct slu_msg *msg)
{
	struct slu_event *ev = add_event(s, type, c, msg->stream_id);

	ev->name = slu_event_text(s, SLU_TEXT_NAME, string_arg(c, 1));
	s->request = (struct slu_request){.type = type, .stream_id = msg->stream_id, .transaction = c->transaction};
	return ev;
}

static enum slu_publish_kind publish_kind(struct slu_amf_str text)
{
	if (slu_amf_str_is(text, "record"))
		return SLU_PUBLISH_RECORD;
	return slu_amf_str_is(text, "append") ? SLU_PUBLISH_APPEND : SLU_PUBLISH_LIVE;
}

/* Some cameras publish twice, in the words of one encoder and then of another. Only the caller knows whether it is the
 * same stream; whatever it answers, what is published already goes on. */
static int on_publish(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_stream *stream = slu_server_stream(s, msg->stream_id);
	struct slu_event *ev;
	const char *why;

	if (says_false(c)) {
		slu_server_leave(s, msg->stream_id);
		return s->err;
	}
	why = cannot_ask(s, stream, string_arg(c, 1));
	if (!why && stream->state == SLU_STREAM_PLAYING)
		why = in_use;
	if (why)
		return slu_status_send(s, msg->stream_id, "error", "NetStream.Publish.BadName", why);
	ev = ask(s, SLU_EVENT_PUBLISH, c, msg);
	ev->kind = publish_kind(string_arg(c, 2));
	ev->flag = stream->state == SLU_STREAM_PUBLISHING;
	if (!ev->flag)
		stream->state = SLU_STREAM_PUBLISH_ASKED;
	return s->err;
}

/* Flash Player and what follows it send milliseconds, the specification (7.2.2.1) says seconds: -2000 and -2 are the
 * same, and what is not negative is milliseconds. */
static double play_seconds(double v, double otherwise)
{
	if (v >= 0)
		return v / 1000;
	if (v <= -1000)
		v /= 1000;
	return v == -1 || v == -2 ? v : otherwise;
}

/* reset is a boolean, or a number: 0 and 2 keep what is playing. */
static bool play_reset(const struct slu_command *c)
{
	double n = number_arg(c, 4, 1);

	return bool_arg(c, 4, n != 0 && n != 2);
}

static int on_play(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_stream *stream = slu_server_stream(s, msg->stream_id);
	struct slu_event *ev;
	const char *why;

	if (says_false(c)) {
		slu_server_leave(s, msg->stream_id);
		return s->err;
	}
	why = cannot_ask(s, stream, string_arg(c, 1));
	if (!why && stream->state == SLU_STREAM_PUBLISHING)
		why = in_use;
	if (!why && slu_swf_verify_lacks(s))
		why = "Only known players may play here: SWF verification failed.";
	if (why)
		return slu_status_send(s, msg->stream_id, "error", "NetStream.Play.Failed", why);
	slu_server_leave(s, msg->stream_id); /* what plays there now */
	stream->state = SLU_STREAM_PLAY_ASKED;
	ev = ask(s, SLU_EVENT_PLAY, c, msg);
	ev->start = play_seconds(number_arg(c, 2, -2), -2);
	ev->duration = play_seconds(number_arg(c, 3, -1), -1);
	ev->flag = play_reset(c);
	s->request.flag = ev->flag;
	return s->err;
}

/* Pause and seek may stay without an answer; a publish or play that waits for one is not forgotten over them. */
static void may_answer(struct slu_session *s, const struct slu_event *ev)
{
	if (s->request.type == SLU_EVENT_PUBLISH || s->request.type == SLU_EVENT_PLAY)
		return;
	s->request = (struct slu_request){.type = ev->type, .stream_id = ev->stream_id, .flag = ev->flag};
}

static bool plays(struct slu_session *s, uint32_t stream_id)
{
	const struct slu_stream *stream = slu_server_stream(s, stream_id);

	return stream && stream->state == SLU_STREAM_PLAYING;
}

static int on_pause(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_event *ev;

	if (!plays(s, msg->stream_id))
		return 0;
	ev = add_event(s, SLU_EVENT_PAUSE, c, msg->stream_id);
	ev->flag = bool_arg(c, 1, true);
	ev->number = ms_arg(c, 2);
	may_answer(s, ev);
	return 0;
}

static int on_seek(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_event *ev;

	if (!plays(s, msg->stream_id))
		return 0;
	ev = add_event(s, SLU_EVENT_SEEK, c, msg->stream_id);
	ev->number = ms_arg(c, 1);
	may_answer(s, ev);
	return 0;
}

static int on_receive_audio(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	if (slu_server_stream(s, msg->stream_id))
		add_event(s, SLU_EVENT_RECEIVE_AUDIO, c, msg->stream_id)->flag = bool_arg(c, 1, true);
	return 0;
}

static int on_receive_video(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	if (slu_server_stream(s, msg->stream_id))
		add_event(s, SLU_EVENT_RECEIVE_VIDEO, c, msg->stream_id)->flag = bool_arg(c, 1, true);
	return 0;
}

static int on_close_stream(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)c;
	slu_server_leave(s, msg->stream_id);
	return s->err;
}

enum { CONNECTED = SLU_IN(SLU_S_CONNECTED), ANY = CONNECTED | SLU_IN(SLU_S_CONNECT_ASKED) | SLU_IN(SLU_S_CONNECTING) };

const struct slu_command_rule slu_server_rules[] = {
	{"connect", SLU_IN(SLU_S_CONNECTING), on_connect},
	{"releaseStream", CONNECTED, on_release_stream},
	{"FCPublish", CONNECTED, on_fc_publish},
	{"FCUnpublish", CONNECTED, on_fc_unpublish},
	{"FCSubscribe", CONNECTED, on_fc_subscribe},
	{"createStream", CONNECTED, on_create_stream},
	{"deleteStream", CONNECTED, on_delete_stream},
	{"closeStream", CONNECTED, on_close_stream},
	{"publish", CONNECTED, on_publish},
	{"play", CONNECTED, on_play},
	{"pause", CONNECTED, on_pause},
	{"pauseRaw", CONNECTED, on_pause},
	{"seek", CONNECTED, on_seek},
	{"receiveAudio", CONNECTED, on_receive_audio},
	{"receiveVideo", CONNECTED, on_receive_video},
	{"getStreamLength", CONNECTED, on_get_stream_length},
	{"_checkbw", CONNECTED, on_check_bw},
	{"set_playlist", CONNECTED, on_set_playlist},
	{"NetStream.Authenticate.UsherToken", CONNECTED, on_usher_token},
	{"close", ANY, on_close},
	{NULL, 0, NULL},
};
