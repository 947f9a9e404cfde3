/* SPDX-License-Identifier: MIT */
#include "tools/suck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>

#include "base/log.h"
#include "proto/command.h"
#include "tools/take.h"

enum { SHOWN = 1024 };

/* ---- streams ---- */

struct slu_suck_stream *slu_suck_find(struct slu_suck_streams *s, uint32_t id)
{
	for (size_t i = 0; i < SLU_SUCK_STREAMS; i++)
		if (s->streams[i].id == id)
			return &s->streams[i];
	return NULL;
}

static void end_take(struct slu_suck_stream *stream)
{
	if (slu_take_close(stream->to) != 0)
		RTMP_Log(RTMP_LOGERROR, "The end of a recording could not be written: %s", strerror(errno));
	stream->to = NULL;
	stream->told = SLU_SUCK_NOTHING;
}

static void end_stream(struct slu_suck_stream *stream)
{
	if (!stream)
		return;
	end_take(stream);
	free(stream->playpath);
	*stream = (struct slu_suck_stream){.id = 0};
}

bool slu_suck_records(const struct slu_suck_streams *s)
{
	for (size_t i = 0; i < SLU_SUCK_STREAMS; i++)
		if (s->streams[i].to)
			return true;
	return false;
}

void slu_suck_end(struct slu_suck_streams *s)
{
	for (size_t i = 0; i < SLU_SUCK_STREAMS; i++)
		end_stream(&s->streams[i]);
}

/* ---- commands ---- */

/* What is recorded goes on until the server begins with the new one. */
static void on_play(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_suck_stream *stream = slu_suck_find(s, msg->stream_id);
	struct slu_amf_str playpath;
	char shown[SHOWN];

	if (!stream)
		stream = slu_suck_find(s, 0);
	if (!stream || !msg->stream_id || !slu_amf_string(slu_command_arg(c, 1), &playpath))
		return;
	stream->id = msg->stream_id;
	stream->paused = false;
	free(stream->playpath);
	stream->playpath = strndup(playpath.s, playpath.n);
	RTMP_LogPrintf("Playpath: %s\n", slu_escape(shown, sizeof shown, playpath.s, playpath.n));
}

/* Then it is the client's affair when the stream goes on. */
static void on_pause(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_suck_stream *stream = msg->stream_id ? slu_suck_find(s, msg->stream_id) : NULL;

	if (!stream || !slu_amf_boolean(slu_command_arg(c, 1), &stream->paused))
		return;
	stream->told = SLU_SUCK_NOTHING;
}

static void on_close_stream(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)c;
	if (msg->stream_id)
		end_stream(slu_suck_find(s, msg->stream_id));
}

static void on_delete_stream(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg)
{
	double id = 0;

	(void)msg;
	slu_amf_number(slu_command_arg(c, 1), &id);
	if (id >= 1 && id <= (double)UINT32_MAX)
		end_stream(slu_suck_find(s, (uint32_t)id));
}

static void on_close(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)c;
	(void)msg;
	slu_suck_end(s);
}

static void on_status(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg)
{
	static const char *const over[] = {"NetStream.Failed", "NetStream.Play.Failed", "NetStream.Play.StreamNotFound",
					   "NetStream.Play.Complete", "NetStream.Play.Stop"};
	struct slu_suck_stream *stream = slu_suck_find(s, msg->stream_id);
	struct slu_info info;

	slu_command_info(c, &info);
	if (!stream || !msg->stream_id)
		return;
	for (size_t i = 0; i < sizeof over / sizeof over[0]; i++)
		if (slu_amf_str_is(info.code, over[i]))
			end_take(stream);
	if (slu_amf_str_is(info.code, "NetStream.Play.Start") && stream->playpath)
		end_take(stream); /* of what played before: the next message begins a new one */
}

struct rule {
	const char *name;
	void (*handle)(struct slu_suck_streams *s, const struct slu_command *c, const struct slu_msg *msg);
};

static const struct rule client_rules[] = {{"play", on_play},
					   {"pause", on_pause},
					   {"closeStream", on_close_stream},
					   {"deleteStream", on_delete_stream},
					   {"close", on_close}};
static const struct rule server_rules[] = {{"onStatus", on_status}};

static void on_command(struct slu_suck_streams *s, const struct slu_msg *msg, const struct rule *rules, size_t n)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	struct slu_command c;

	if (doc && slu_command_decode(&c, doc, msg) == 0)
		for (size_t i = 0; i < n; i++)
			if (slu_amf_str_is(c.name, rules[i].name))
				rules[i].handle(s, &c, msg);
	slu_amf_doc_free(doc);
}

void slu_suck_client_command(struct slu_suck_streams *s, const struct slu_msg *msg)
{
	on_command(s, msg, client_rules, sizeof client_rules / sizeof client_rules[0]);
}

void slu_suck_server_command(struct slu_suck_streams *s, const struct slu_msg *msg)
{
	on_command(s, msg, server_rules, sizeof server_rules / sizeof server_rules[0]);
}

/* ---- media ---- */

/* A file is made for the first message: what a server refuses leaves none. */
static void begin_take(struct slu_suck_streams *s, struct slu_suck_stream *stream)
{
	const char *name;

	if (s->takes == SLU_SUCK_TAKES) {
		RTMP_Log(RTMP_LOGWARNING, "A client has played %d streams: no more of them are recorded",
			 SLU_SUCK_TAKES);
	} else {
		stream->to = slu_take_open(stream->playpath, &name);
		if (stream->to)
			RTMP_LogPrintf("Saving as: %s\n", name);
		else
			RTMP_Log(RTMP_LOGERROR, "What plays cannot be recorded: %s", strerror(errno));
		s->takes++;
	}
	free(stream->playpath);
	stream->playpath = NULL;
}

void slu_suck_media(struct slu_suck_streams *s, const struct slu_msg *msg)
{
	struct slu_suck_stream *stream = msg->stream_id ? slu_suck_find(s, msg->stream_id) : NULL;
	bool begins = stream && !stream->to && stream->playpath;

	if (begins)
		begin_take(s, stream);
	if (!stream || !stream->to)
		return;
	if (begins || (int32_t)(msg->timestamp - stream->last) > 0)
		stream->last = msg->timestamp;
	if (slu_take_write(stream->to, msg) == 0)
		return;
	RTMP_Log(RTMP_LOGERROR, "The recording ends here, for it cannot be written: %s", strerror(errno));
	end_take(stream);
}
