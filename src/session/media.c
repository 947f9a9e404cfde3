/* SPDX-License-Identifier: MIT */
/* Audio, video and data messages, both ways. Nothing here allocates, but for what is rare: metadata and status. */
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

enum { ROLES_CLIENT = 1, ROLES_SERVER = 2, ROLES_BOTH = 3 };

/* ---- from the peer ---- */

static int add_media(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_event *ev;

	/* Some servers begin to play without saying so. */
	if (s->state == SLU_S_PLAY_ASKED)
		slu_client_playing(s);
	if (s->cfg.role == SLU_CLIENT && slu_hurry_again(s, msg))
		return 0;
	s->stats.media_in++;
	s->stats.payload_in += msg->size;
	ev = slu_event_add(s, SLU_EVENT_MEDIA);
	ev->stream_id = msg->stream_id;
	ev->msg = *msg;
	return 0;
}

static int on_clear_data(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_event *ev = slu_event_add(s, SLU_EVENT_CLEAR_DATA);
	struct slu_amf_str name;
	size_t used;

	ev->stream_id = msg->stream_id;
	if (slu_data_name(msg->data, msg->size, &name, &used))
		ev->name = slu_event_text(s, SLU_TEXT_NAME, name);
	return s->err;
}

/* "NetStream.Data.Start" and its like, which servers send beside the media. */
static int on_data_status(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_event *ev;
	struct slu_info info;
	int err = slu_amf_decode(s->doc, SLU_AMF0, msg->data, msg->size);

	if (err == SLU_ERR_NOMEM)
		return slu_session_nomem(s);
	slu_info_read(&info, slu_amf_at(slu_amf_root(s->doc), 0));
	ev = slu_event_add(s, SLU_EVENT_STATUS);
	ev->stream_id = msg->stream_id;
	ev->level = slu_event_text(s, SLU_TEXT_LEVEL, info.level);
	ev->code = slu_event_text(s, SLU_TEXT_CODE, info.code);
	ev->description = slu_event_text(s, SLU_TEXT_DESCRIPTION, info.description);
	ev->amf = slu_amf_root(s->doc);
	return s->err;
}

/* Servers say that raw samples may be read; nobody here asks. */
static int on_sample_access(struct slu_session *s, const struct slu_msg *msg)
{
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "<- |RtmpSampleAccess on stream %u", (unsigned)msg->stream_id);
	return 0;
}

/* Data messages that the session itself understands by name; msg is what follows the name. */
struct data_rule {
	const char *name;
	unsigned roles; /* who takes it */
	int (*handle)(struct slu_session *s, const struct slu_msg *msg);
};

static const struct data_rule data_rules[] = {
	{"@setDataFrame", ROLES_BOTH, add_media},
	{"@clearDataFrame", ROLES_SERVER, on_clear_data},
	{"onStatus", ROLES_CLIENT, on_data_status},
	{"|RtmpSampleAccess", ROLES_CLIENT, on_sample_access},
};

static int on_data(struct slu_session *s, const struct slu_msg *msg)
{
	unsigned role = s->cfg.role == SLU_CLIENT ? ROLES_CLIENT : ROLES_SERVER;
	struct slu_msg rest = *msg;
	struct slu_amf_str name;
	size_t used;

	if (!slu_data_name(msg->data, msg->size, &name, &used))
		return add_media(s, msg);
	rest.data += used;
	rest.size -= used;
	for (size_t i = 0; i < sizeof data_rules / sizeof data_rules[0]; i++) {
		if (data_rules[i].roles & role && slu_amf_str_is(name, data_rules[i].name))
			return data_rules[i].handle(s, &rest);
	}
	return add_media(s, msg);
}

static bool takes_media(struct slu_session *s, uint32_t stream_id)
{
	const struct slu_stream *stream;

	if (s->cfg.role == SLU_CLIENT)
		return s->state == SLU_S_PLAYING || s->state == SLU_S_PLAY_ASKED;
	stream = slu_server_stream(s, stream_id);
	return stream && stream->state == SLU_STREAM_PUBLISHING;
}

/*
 * Media on a stream that takes none is dropped: it may have been under way when the stream was refused or ended. Stream
 * 0 is none, and other servers look at no numbers: an encoder that leaves them out means what it publishes, where that
 * is one stream. (A chunk stream that begins with a header of format 1 has no number either.)
 */
int slu_media_on(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_msg data = *msg;
	size_t skip = slu_amf_prefix(msg);

	if (s->cfg.role == SLU_SERVER && !data.stream_id)
		data.stream_id = slu_server_only_published(s);
	if (!takes_media(s, data.stream_id))
		return 0;
	if (msg->type == SLU_MSG_AUDIO || msg->type == SLU_MSG_VIDEO)
		return add_media(s, &data);
	data.type = SLU_MSG_DATA;
	data.data += skip;
	data.size -= skip;
	return on_data(s, &data);
}

/* ---- to the peer ---- */

uint32_t slu_session_csid(const struct slu_session *s, uint32_t stream_id, enum slu_csid_kind kind)
{
	uint32_t index = s->cfg.role == SLU_SERVER && stream_id ? (stream_id - 1) % SLU_STREAMS : 0;

	return SLU_CSID_STREAM + index * SLU_CSID_PER_STREAM + (uint32_t)kind;
}

static bool is_media(uint8_t type, enum slu_csid_kind *kind)
{
	*kind = SLU_CSID_DATA;
	if (type == SLU_MSG_AUDIO)
		*kind = SLU_CSID_AUDIO;
	else if (type == SLU_MSG_VIDEO)
		*kind = SLU_CSID_VIDEO;
	else if (type != SLU_MSG_DATA && type != SLU_MSG_DATA_AMF3)
		return false;
	return true;
}

static uint32_t server_sends_on(const struct slu_session *s, uint32_t stream_id)
{
	for (uint32_t i = 0; i < SLU_STREAMS; i++) {
		if (s->streams[i].state == SLU_STREAM_PLAYING && (!stream_id || stream_id == i + 1))
			return i + 1;
	}
	return 0;
}

static int pick_stream(struct slu_session *s, uint32_t *stream_id)
{
	if (s->cfg.role == SLU_CLIENT) {
		if (s->state != SLU_S_PUBLISHING)
			return slu_session_usage(s, SLU_ERR_STATE,
						 "media cannot be sent now: wait for SLU_EVENT_PUBLISHING");
		if (!*stream_id)
			*stream_id = s->stream_id;
		return 0;
	}
	*stream_id = server_sends_on(s, *stream_id);
	if (!*stream_id)
		return slu_session_usage(s, SLU_ERR_STATE, "media cannot be sent now: nothing plays on that stream");
	return 0;
}

static bool is_metadata(const struct slu_msg *msg)
{
	size_t skip = slu_amf_prefix(msg), used;
	struct slu_amf_str name;

	return (msg->type == SLU_MSG_DATA || msg->type == SLU_MSG_DATA_AMF3) && msg->size &&
	       slu_data_name(msg->data + skip, msg->size - skip, &name, &used) && slu_amf_str_is(name, "onMetaData");
}

static int queue_media(struct slu_session *s, const struct slu_msg *msg, enum slu_csid_kind kind)
{
	int err = slu_chunk_out_send(s->out, slu_session_csid(s, msg->stream_id, kind), msg, false);

	if (err == SLU_ERR_NOMEM)
		return slu_session_nomem(s);
	if (err)
		return slu_session_usage(s, err, "a message of %zu bytes was not queued: %s", msg->size,
					 err == SLU_ERR_LIMIT ? "the peer is too slow and max_queue is reached"
							      : slu_err_text(err));
	slu_chunk_out_count(s->out);
	s->stats.messages_out++;
	s->stats.media_out++;
	s->stats.payload_out += msg->size;
	return 0;
}

static int queue_metadata(struct slu_session *s, const struct slu_msg *msg)
{
	static const char set[] = "\x02\x00\x0d@setDataFrame";
	size_t skip = slu_amf_prefix(msg), n = sizeof set - 1;
	struct slu_buffer *b = slu_buffer_new(msg->size + n);
	struct slu_msg whole = *msg;
	int err;

	if (!b)
		return slu_session_nomem(s);
	whole.owner = b;
	whole.data = slu_buffer_data(b);
	whole.size = msg->size + n;
	memcpy(slu_buffer_data(b), msg->data, skip);
	memcpy(slu_buffer_data(b) + skip, set, n);
	memcpy(slu_buffer_data(b) + skip + n, msg->data + skip, msg->size - skip);
	err = queue_media(s, &whole, SLU_CSID_DATA);
	slu_buffer_put(b);
	return err;
}

int slu_session_send(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_msg m = *msg;
	enum slu_csid_kind kind;
	int err;

	if (s->err)
		return s->err;
	if (!is_media(m.type, &kind) || m.size > 0xffffff || (m.size && !m.data))
		return slu_session_usage(s, SLU_ERR_INVALID,
					 "message type %u of %zu bytes is not audio, video or data of at most "
					 "16777215 bytes",
					 (unsigned)m.type, m.size);
	err = pick_stream(s, &m.stream_id);
	if (err)
		return err;
	if (s->cfg.role == SLU_CLIENT && is_metadata(&m))
		return queue_metadata(s, &m);
	return queue_media(s, &m, kind);
}
