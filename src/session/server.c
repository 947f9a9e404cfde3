/* SPDX-License-Identifier: MIT */
/* The server: its streams, and its answers to what the client asked. */
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

/* ---- streams: message stream N is streams[N - 1] ---- */

struct slu_stream *slu_server_stream(struct slu_session *s, uint32_t stream_id)
{
	if (stream_id < 1 || stream_id > SLU_STREAMS || s->streams[stream_id - 1].state == SLU_STREAM_FREE)
		return NULL;
	return &s->streams[stream_id - 1];
}

uint32_t slu_server_only_published(const struct slu_session *s)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < SLU_STREAMS; i++) {
		if (s->streams[i].state != SLU_STREAM_PUBLISHING)
			continue;
		if (found)
			return 0;
		found = i + 1;
	}
	return found;
}

/* What ends a stream's activity: the event for the caller, and the status for the client. */
struct leave_rule {
	enum slu_event_type event;
	const char *code;
	const char *description;
};

static const struct leave_rule leave_rules[] = {
	[SLU_STREAM_PUBLISHING] = {SLU_EVENT_UNPUBLISH, "NetStream.Unpublish.Success", "Stopped publishing."},
	[SLU_STREAM_PLAYING] = {SLU_EVENT_STOP, NULL, NULL},
};

void slu_server_leave(struct slu_session *s, uint32_t stream_id)
{
	struct slu_stream *stream = slu_server_stream(s, stream_id);
	const struct leave_rule *rule;

	if (!stream)
		return;
	if (s->request.stream_id == stream_id)
		s->request.type = SLU_EVENT_NONE;
	rule = &leave_rules[(size_t)stream->state < sizeof leave_rules / sizeof leave_rules[0] ? stream->state : 0];
	stream->state = SLU_STREAM_IDLE;
	if (rule->event)
		slu_event_add(s, rule->event)->stream_id = stream_id;
	if (rule->code)
		slu_status_send(s, stream_id, "status", rule->code, rule->description);
}

/* ---- connect ---- */

static int send_chunk_size(struct slu_session *s)
{
	const struct slu_control c = {.type = SLU_MSG_SET_CHUNK_SIZE, .value = s->cfg.chunk_size};

	return slu_control_send(s, &c, false);
}

static int send_settings(struct slu_session *s)
{
	const struct slu_control settings[] = {
		{.type = SLU_MSG_WINDOW_ACK_SIZE, .value = s->cfg.window_ack_size},
		{.type = SLU_MSG_SET_PEER_BANDWIDTH, .value = s->cfg.window_ack_size, .extra = SLU_LIMIT_DYNAMIC},
		{.type = SLU_MSG_USER_CONTROL, .event = SLU_USER_STREAM_BEGIN, .value = 0},
	};

	s->window_out = s->cfg.window_ack_size;
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		int err = slu_control_send(s, &settings[i], false);

		if (err)
			return err;
	}
	/* FFmpeg, when it publishes, sends this back; over RTMPE it encrypts it where it lies, and then reads the size
	 * there, which every second time is a bad one. So there it is for players alone. */
	return s->edge ? 0 : send_chunk_size(s);
}

/* Clients look for a version here before they use what came after Flash Media Server 3. */
static void put_properties(struct slu_amf_writer *w)
{
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "fmsVer");
	slu_amf_put_string(w, "FMS/3,5,7,7009");
	slu_amf_put_name(w, "capabilities");
	slu_amf_put_number(w, 31);
	slu_amf_put_name(w, "mode");
	slu_amf_put_number(w, 1);
	slu_amf_end(w);
}

static int accept_connect(struct slu_session *s, const struct slu_request *r)
{
	struct slu_amf_writer *w;
	int err = send_settings(s);

	/* Before the answer, so that the client's is here before it asks for anything. */
	if (!err)
		err = slu_swf_verify_ask(s);
	if (err)
		return err;
	w = slu_command_begin(s, "_result", r->transaction);
	put_properties(w);
	slu_info_put(w, "status", "NetConnection.Connect.Success", "Connection succeeded.");
	slu_amf_put_name(w, "objectEncoding");
	slu_amf_put_number(w, r->encoding);
	slu_amf_end(w);
	s->state = SLU_S_CONNECTED;
	s->connected = true;
	return slu_command_send(s, 0, "_result");
}

static int refuse_connect(struct slu_session *s, const struct slu_request *r, const char *code, const char *description)
{
	struct slu_amf_writer *w = slu_command_begin(s, "_error", r->transaction);

	slu_amf_put_null(w);
	slu_info_put(w, "error", code, description);
	slu_amf_end(w);
	s->state = SLU_S_ENDING;
	return slu_command_send(s, 0, "_error");
}

/* ---- publish ---- */

static int send_user(struct slu_session *s, uint16_t event, uint32_t stream_id)
{
	const struct slu_control c = {.type = SLU_MSG_USER_CONTROL, .event = event, .value = stream_id};

	return slu_control_send(s, &c, false);
}

static int accept_publish(struct slu_session *s, const struct slu_request *r)
{
	int err = send_user(s, SLU_USER_STREAM_BEGIN, r->stream_id);

	s->streams[r->stream_id - 1].state = SLU_STREAM_PUBLISHING;
	if (err)
		return err;
	return slu_status_send(s, r->stream_id, "status", "NetStream.Publish.Start", "Publishing.");
}

static int refuse_stream(struct slu_session *s, const struct slu_request *r, const char *code, const char *description)
{
	struct slu_stream *stream = &s->streams[r->stream_id - 1];

	if (stream->state != SLU_STREAM_PUBLISHING) /* see on_publish() */
		stream->state = SLU_STREAM_IDLE;
	return slu_status_send(s, r->stream_id, "error", code, description);
}

/* ---- play ---- */

/* That samples may be read, which Flash Player and what followed it look for before media. NetStream.Data.Start, which
 * some servers send too, is left out: GStreamer hands it on as a data stream. */
static int send_sample_access(struct slu_session *s, uint32_t stream_id)
{
	struct slu_amf_writer *w = s->writer;
	const uint8_t *data;
	size_t n;

	slu_amf_writer_end(w, &data, &n); /* as slu_command_begin() does */
	slu_amf_put_string(w, "|RtmpSampleAccess");
	slu_amf_put_boolean(w, true);
	slu_amf_put_boolean(w, true);
	return slu_data_send(s, stream_id, "|RtmpSampleAccess");
}

static int accept_play(struct slu_session *s, const struct slu_request *r)
{
	bool told = slu_chunk_out_chunk_size(s->out) == s->cfg.chunk_size;
	int err = told ? 0 : send_chunk_size(s);

	if (!err)
		err = send_user(s, SLU_USER_STREAM_BEGIN, r->stream_id);
	s->streams[r->stream_id - 1].state = SLU_STREAM_PLAYING;
	if (!err && r->flag)
		err = slu_status_send(s, r->stream_id, "status", "NetStream.Play.Reset", "Playing and resetting.");
	if (!err)
		err = slu_status_send(s, r->stream_id, "status", "NetStream.Play.Start", "Started playing.");
	if (err)
		return err;
	return send_sample_access(s, r->stream_id);
}

/* ---- pause and seek ---- */

static int accept_pause(struct slu_session *s, const struct slu_request *r)
{
	if (r->flag)
		return slu_status_send(s, r->stream_id, "status", "NetStream.Pause.Notify", "Paused.");
	return slu_status_send(s, r->stream_id, "status", "NetStream.Unpause.Notify", "Resumed.");
}

static int accept_seek(struct slu_session *s, const struct slu_request *r)
{
	return slu_status_send(s, r->stream_id, "status", "NetStream.Seek.Notify", "Seeking.");
}

static int refuse_status(struct slu_session *s, const struct slu_request *r, const char *code, const char *description)
{
	return slu_status_send(s, r->stream_id, "error", code, description);
}

/* ---- the caller's ---- */

struct answer_rule {
	enum slu_event_type type;
	int (*accept)(struct slu_session *s, const struct slu_request *r);
	int (*refuse)(struct slu_session *s, const struct slu_request *r, const char *code, const char *description);
};

static const struct answer_rule answer_rules[] = {
	{SLU_EVENT_CONNECT, accept_connect, refuse_connect}, {SLU_EVENT_PUBLISH, accept_publish, refuse_stream},
	{SLU_EVENT_PLAY, accept_play, refuse_stream},        {SLU_EVENT_PAUSE, accept_pause, refuse_status},
	{SLU_EVENT_SEEK, accept_seek, refuse_status},
};

static const struct answer_rule *take_request(struct slu_session *s, struct slu_request *r)
{
	if (s->cfg.role != SLU_SERVER || !s->request.pulled)
		return NULL;
	*r = s->request;
	for (size_t i = 0; i < sizeof answer_rules / sizeof answer_rules[0]; i++) {
		if (answer_rules[i].type != r->type)
			continue;
		s->request = (struct slu_request){.type = SLU_EVENT_NONE};
		return &answer_rules[i];
	}
	return NULL;
}

int slu_session_accept(struct slu_session *s)
{
	const struct answer_rule *rule;
	struct slu_request r;

	if (s->err)
		return s->err;
	rule = take_request(s, &r);
	if (!rule)
		return slu_session_usage(s, SLU_ERR_STATE, "there is no request to accept");
	return rule->accept(s, &r);
}

int slu_session_refuse(struct slu_session *s, const char *code, const char *description)
{
	const struct answer_rule *rule;
	struct slu_request r;

	if (s->err)
		return s->err;
	if (!code)
		return slu_session_usage(s, SLU_ERR_INVALID,
					 "a refusal needs a code, for instance "
					 "\"NetStream.Publish.BadName\"");
	rule = take_request(s, &r);
	if (!rule)
		return slu_session_usage(s, SLU_ERR_STATE, "there is no request to refuse");
	return rule->refuse(s, &r, code, description ? description : "");
}

static int server_connected(struct slu_session *s)
{
	if (s->err)
		return s->err;
	if (s->cfg.role != SLU_SERVER || s->state != SLU_S_CONNECTED)
		return slu_session_usage(s, SLU_ERR_STATE, "only a server does that, once it accepted a connect");
	return 0;
}

int slu_session_status(struct slu_session *s, uint32_t stream_id, const char *level, const char *code,
		       const char *description)
{
	int err = server_connected(s);

	if (err)
		return err;
	if (!level || !code)
		return slu_session_usage(s, SLU_ERR_INVALID, "a status needs a level and a code");
	return slu_status_send(s, stream_id, level, code, description ? description : "");
}

/* ---- what is played, and its end ---- */

/* *stream plays, or the caller is told that it does not. */
static int playing(struct slu_session *s, uint32_t stream_id, struct slu_stream **stream)
{
	int err = server_connected(s);

	if (err)
		return err;
	*stream = slu_server_stream(s, stream_id);
	if (!*stream || (*stream)->state != SLU_STREAM_PLAYING)
		return slu_session_usage(s, SLU_ERR_STATE, "nothing plays on stream %u", (unsigned)stream_id);
	return 0;
}

int slu_session_played_out(struct slu_session *s, uint32_t stream_id)
{
	struct slu_stream *stream;
	int err = playing(s, stream_id, &stream);

	if (!err)
		err = send_user(s, SLU_USER_STREAM_EOF, stream_id);
	if (err)
		return err;
	return slu_status_send(s, stream_id, "status", "NetStream.Play.Stop", "Stopped playing.");
}

int slu_session_eof(struct slu_session *s, uint32_t stream_id)
{
	struct slu_stream *stream;
	int err = playing(s, stream_id, &stream);

	if (!err)
		err = slu_session_played_out(s, stream_id);
	if (!err)
		stream->state = SLU_STREAM_IDLE;
	return err;
}

int slu_session_stream_begin(struct slu_session *s, uint32_t stream_id)
{
	struct slu_stream *stream;
	int err = playing(s, stream_id, &stream);

	return err ? err : send_user(s, SLU_USER_STREAM_BEGIN, stream_id);
}

int slu_session_recorded(struct slu_session *s, uint32_t stream_id)
{
	int err = server_connected(s);

	return err ? err : send_user(s, SLU_USER_STREAM_IS_RECORDED, stream_id);
}

/* As Adobe's servers do it. */
int slu_session_sought(struct slu_session *s, uint32_t stream_id)
{
	static const uint16_t events[] = {SLU_USER_STREAM_EOF, SLU_USER_STREAM_IS_RECORDED, SLU_USER_STREAM_BEGIN};
	struct slu_stream *stream;
	int err = playing(s, stream_id, &stream);

	for (size_t i = 0; i < sizeof events / sizeof events[0] && !err; i++)
		err = send_user(s, events[i], stream_id);
	if (!err)
		err = slu_status_send(s, stream_id, "status", "NetStream.Seek.Notify", "Seeking.");
	if (!err)
		err = slu_status_send(s, stream_id, "status", "NetStream.Play.Start", "Started playing.");
	return err;
}

int slu_session_answer_number(struct slu_session *s, double transaction, double value)
{
	struct slu_amf_writer *w;
	int err = server_connected(s);

	if (err)
		return err;
	w = slu_command_begin(s, "_result", transaction);
	slu_amf_put_null(w);
	slu_amf_put_number(w, value);
	return slu_command_send(s, 0, "_result");
}

/* Of a limit. */

static uint32_t stream_in_use(const struct slu_session *s)
{
	for (uint32_t i = 0; i < SLU_STREAMS; i++)
		if (s->streams[i].state > SLU_STREAM_IDLE)
			return i + 1;
	return 0;
}

void slu_server_tell_limit(struct slu_session *s, const char *sentence)
{
	static const char peer[] = "the peer";
	const char *rest = strncmp(sentence, peer, sizeof peer - 1) == 0 ? sentence + sizeof peer - 1 : sentence;
	char text[SLU_ERROR_SIZE];

	if (!s->connected)
		return;
	snprintf(text, sizeof text, "%s%s", rest == sentence ? "" : "The client", rest);
	slu_status_send(s, stream_in_use(s), "error", "NetStream.Failed", text);
}
