/* SPDX-License-Identifier: MIT */
/* Servers that hang in the middle of a stream go on, at times, when they are told to pause it and then to play on. */
#include "tools/suck.h"

#include <librtmp/log.h>

#include "proto/command.h"

enum { PAUSE_MS = 1000, CHUNK_STREAM = 8, COMMAND_MAX = 128 };

/* RTMP 1.0, 7.2.2.8 */
static void tell(struct slu_session *server, const struct slu_suck_stream *stream, bool pause)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, COMMAND_MAX);
	struct slu_msg msg = {.type = SLU_MSG_COMMAND, .stream_id = stream->id};

	if (!w)
		return;
	slu_amf_put_string(w, "pause");
	slu_amf_put_number(w, 0);
	slu_amf_put_null(w);
	slu_amf_put_boolean(w, pause);
	slu_amf_put_number(w, stream->last);
	if (slu_amf_writer_end(w, &msg.data, &msg.size) == 0)
		slu_session_send_message(server, CHUNK_STREAM, &msg);
	slu_amf_writer_free(w);
}

/* What the client paused itself is silent because of that; and who was told once is not told again. */
static bool hangs(const struct slu_suck_stream *stream)
{
	return stream->to && !stream->paused && stream->told == SLU_SUCK_NOTHING;
}

static void pause_all(struct slu_suck_streams *s, uint64_t now, struct slu_session *server)
{
	for (size_t i = 0; i < SLU_SUCK_STREAMS; i++) {
		if (!hangs(&s->streams[i]))
			continue;
		tell(server, &s->streams[i], true);
		s->streams[i].told = SLU_SUCK_PAUSE;
		s->play_on_at = now + PAUSE_MS;
	}
	if (s->play_on_at)
		RTMP_Log(RTMP_LOGWARNING, "The server has fallen silent: it is told to pause and to play on");
}

static void play_on(struct slu_suck_streams *s, struct slu_session *server)
{
	for (size_t i = 0; i < SLU_SUCK_STREAMS; i++) {
		if (s->streams[i].told != SLU_SUCK_PAUSE)
			continue;
		tell(server, &s->streams[i], false);
		s->streams[i].told = SLU_SUCK_PLAY_ON;
	}
	s->play_on_at = 0;
}

static bool any_hangs(const struct slu_suck_streams *s)
{
	for (size_t i = 0; i < SLU_SUCK_STREAMS; i++)
		if (hangs(&s->streams[i]))
			return true;
	return false;
}

uint64_t slu_suck_silence(struct slu_suck_streams *s, uint64_t since, uint64_t now, struct slu_session *server)
{
	if (s->play_on_at && now >= s->play_on_at)
		play_on(s, server);
	if (!s->play_on_at && now >= since + SLU_SUCK_SILENCE_MS)
		pause_all(s, now, server);
	if (s->play_on_at)
		return s->play_on_at;
	return any_hangs(s) ? since + SLU_SUCK_SILENCE_MS : UINT64_MAX;
}

static bool is_answer(const struct slu_msg *msg)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	struct slu_command c;
	struct slu_info info;
	bool found = false;

	if (doc && slu_command_decode(&c, doc, msg) == 0 && slu_amf_str_is(c.name, "onStatus")) {
		slu_command_info(&c, &info);
		found = slu_amf_str_is(info.code, "NetStream.Pause.Notify") ||
			slu_amf_str_is(info.code, "NetStream.Unpause.Notify");
	}
	slu_amf_doc_free(doc);
	return found;
}

bool slu_suck_is_repeated(struct slu_suck_streams *s, const struct slu_msg *msg)
{
	struct slu_suck_stream *stream = slu_suck_find(s, msg->stream_id);

	if (!stream || !msg->stream_id || stream->told == SLU_SUCK_NOTHING)
		return false;
	switch (msg->type) {
	case SLU_MSG_COMMAND:
	case SLU_MSG_COMMAND_AMF3:
		return is_answer(msg);
	case SLU_MSG_AUDIO:
	case SLU_MSG_VIDEO:
	case SLU_MSG_DATA:
	case SLU_MSG_DATA_AMF3:
	case SLU_MSG_AGGREGATE:
		if ((int32_t)(msg->timestamp - stream->last) <= 0)
			return true;
		if (stream->told == SLU_SUCK_PLAY_ON)
			stream->told = SLU_SUCK_NOTHING;
		return false;
	default:
		return false;
	}
}
