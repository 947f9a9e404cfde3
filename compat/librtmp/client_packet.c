/* SPDX-License-Identifier: MIT */
/* What a message of the server does: the session knows, and its events become fields of the structure. */
#include <stdlib.h>

#include <librtmp/log.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "metadata.h"
#include "proto/command.h"
#include "state.h"

/* ---- the stream ---- */

/* Where to begin and end is in Link, and may change until then. */
static int ask_play(RTMP *r, struct slu_session *s, const char *name)
{
	const RTMP_LNK *link = &r->Link;
	char *usher = slu_compat_text(&link->usherToken), *subscribe = slu_compat_text(&link->subscribepath);
	struct slu_play play = {.duration = -1,
				.reset = true,
				.buffer_ms = r->m_nBufferMS > 0 ? (uint32_t)r->m_nBufferMS : 0,
				.usher_token = usher && *usher ? usher : NULL,
				.subscribe = subscribe && *subscribe ? subscribe : NULL,
				.playlist = (link->lFlags & RTMP_LF_PLST) != 0,
				.hurry = (link->lFlags & RTMP_LF_BUFX) != 0};
	int err = SLU_ERR_NOMEM;

	if (link->lFlags & RTMP_LF_LIVE)
		play.start = -1;
	else if (link->seekTime > 0)
		play.start = link->seekTime / 1000.0;
	if (link->stopTime)
		play.duration = (link->stopTime - link->seekTime) / 1000.0;
	if (usher && subscribe)
		err = slu_session_play(s, name, &play);
	slu_compat_free_text(usher);
	free(subscribe);
	return err;
}

int slu_compat_ask(RTMP *r, struct slu_compat *c)
{
	struct slu_session *s = slu_conn_session(c->conn);
	int err = SLU_ERR_NOMEM;
	char *name;

	if (c->asked)
		return TRUE;
	c->asked = true;
	name = slu_compat_text(&r->Link.playpath);
	if (name)
		err = r->Link.protocol & RTMP_FEATURE_WRITE ? slu_session_publish(s, name, SLU_PUBLISH_LIVE)
							    : ask_play(r, s, name);
	if (err)
		RTMP_Log(RTMP_LOGERROR, "The stream could not be asked for: %s",
			 err == SLU_ERR_NOMEM ? "there is no memory" : slu_session_error(s));
	slu_compat_free_text(name); /* a key, often */
	if (err) {
		slu_compat_disconnect(r);
		slu_compat_over(r);
	}
	return !err;
}

/* ---- what servers report ---- */

static enum slu_compat_meaning begins(RTMP *r)
{
	r->m_bPlaying = TRUE;
	return SLU_COMPAT_NOTHING;
}

static enum slu_compat_meaning ends(RTMP *r)
{
	slu_compat_over(r);
	return SLU_COMPAT_OVER;
}

static enum slu_compat_meaning sought(RTMP *r)
{
	r->m_read.flags &= (uint8_t)~RTMP_READ_SEEKING;
	return SLU_COMPAT_NOTHING;
}

/* Pauses of the session's own, as the structure has those that it takes part in. */
static void mirror_hurry(RTMP *r, struct slu_compat *c)
{
	static const int pausing[] = {[SLU_HURRY_NONE] = 3, [SLU_HURRY_PAUSED] = 1, [SLU_HURRY_ENDED] = 2};
	const enum slu_hurry_state now = slu_session_hurry(slu_conn_session(c->conn));

	if (now == c->hurry)
		return;
	if (c->hurry == SLU_HURRY_NONE)
		r->m_pauseStamp = slu_compat_last_media(r);
	c->hurry = now;
	c->hurried = true;
	r->m_pausing = pausing[now];
}

static enum slu_compat_meaning paused(RTMP *r)
{
	if (r->m_pausing == 1 || r->m_pausing == 2) {
		slu_compat_connected(r)->owes_play = true;
		r->m_pausing = 3;
	}
	return SLU_COMPAT_NOTHING;
}

static const struct {
	const char *code;
	enum slu_compat_meaning (*act)(RTMP *r);
} codes[] = {
	{"NetStream.Play.Start", begins},       {"NetStream.Play.PublishNotify", begins},
	{"NetStream.Publish.Start", begins},    {"NetStream.Play.Complete", ends},
	{"NetStream.Play.Stop", ends},          {"NetStream.Play.UnpublishNotify", ends},
	{"NetConnection.Connect.Closed", ends}, {"NetStream.Seek.Notify", sought},
	{"NetStream.Pause.Notify", paused},
};

static enum slu_compat_meaning on_status(RTMP *r, const struct slu_event *ev)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(codes[i].code, ev->code) == 0)
			return codes[i].act(r);
	return SLU_COMPAT_NOTHING;
}

/* Players told servers of theirs how often they want to hear of what arrived, and some wait for that. */
static enum slu_compat_meaning on_connected(RTMP *r)
{
	slu_compat_connected(r)->owes_window = !(r->Link.protocol & RTMP_FEATURE_WRITE);
	return SLU_COMPAT_NOTHING;
}

static enum slu_compat_meaning act_on(RTMP *r, const struct slu_event *ev)
{
	switch (ev->type) {
	case SLU_EVENT_CONNECTED:
		return on_connected(r);
	case SLU_EVENT_PUBLISHING:
	case SLU_EVENT_PLAYING:
		r->m_stream_id = (int)ev->stream_id;
		return begins(r);
	case SLU_EVENT_STATUS:
		return on_status(r, ev);
	case SLU_EVENT_STREAM_EOF:
		if (r->m_pausing == 1)
			r->m_pausing = 2;
		return SLU_COMPAT_NOTHING;
	case SLU_EVENT_CLOSE:
		RTMP_Log(RTMP_LOGERROR, "The server closed the connection: connect again");
		return ends(r);
	case SLU_EVENT_MEDIA:
		return SLU_COMPAT_MEDIA;
	default:
		return SLU_COMPAT_NOTHING;
	}
}

/* ---- answers to the caller's own commands ---- */

static void on_answer(RTMP *r, const struct slu_msg *msg)
{
	AMFObject values;
	int i;

	if (AMF_Decode(&values, (const char *)msg->data, (int)msg->size, FALSE) >= 0) {
		i = slu_compat_request(r, AMFProp_GetNumber(AMF_GetProp(&values, NULL, 1)));
		if (i >= 0 && AVMATCH(&r->m_methodCalls[i].name, &slu_compat_create_stream))
			r->m_stream_id = slu_compat_int(AMFProp_GetNumber(AMF_GetProp(&values, NULL, 3)));
		RTMP_DropRequest(r, i, TRUE);
	}
	AMF_Reset(&values);
}

static bool is_answer(const struct slu_msg *msg)
{
	struct slu_amf_str name;
	size_t used;

	return msg->type == SLU_MSG_COMMAND && slu_data_name(msg->data, msg->size, &name, &used) &&
	       (slu_amf_str_is(name, "_result") || slu_amf_str_is(name, "_error"));
}

/* ---- a message ---- */

/* Windows and limits, as fields. */
static void note_bandwidth(RTMP *r, const struct slu_msg *msg)
{
	if (msg->size < 4)
		return;
	if (msg->type == SLU_MSG_WINDOW_ACK_SIZE)
		r->m_nServerBW = (int)slu_be32(msg->data);
	if (msg->type == SLU_MSG_SET_PEER_BANDWIDTH) {
		r->m_nClientBW = (int)slu_be32(msg->data);
		r->m_nClientBW2 = msg->size > 4 ? msg->data[4] : 0xff;
	}
}

/* Samples' access and reports come among the data, and are no part of a stream. */
static bool is_media(const struct slu_msg *msg)
{
	struct slu_amf_str name;
	size_t skip = slu_amf_prefix(msg), used;

	if (msg->type == SLU_MSG_AUDIO || msg->type == SLU_MSG_VIDEO || msg->type == SLU_MSG_AGGREGATE)
		return true;
	if (msg->type != SLU_MSG_DATA && msg->type != SLU_MSG_DATA_AMF3)
		return false;
	return !slu_data_name(msg->data + skip, msg->size - skip, &name, &used) ||
	       (!slu_amf_str_is(name, "onStatus") && !slu_amf_str_is(name, "|RtmpSampleAccess"));
}

/* The session knows then what comes a second time. */
static bool hurries(const RTMP *r)
{
	return r->Link.lFlags & RTMP_LF_BUFX && !(r->Link.protocol & RTMP_FEATURE_WRITE);
}

/* The session failed at this message. Unless it was a question, the connection learns it, and says so. */
static enum slu_compat_meaning failed(RTMP *r, struct slu_compat *c, int err)
{
	if (err == SLU_ERR_REFUSED && slu_compat_authenticate(r))
		return SLU_COMPAT_NOTHING;
	if (slu_compat_connected(r)) {
		slu_conn_process(c->conn);
		slu_compat_lost(r);
	}
	return SLU_COMPAT_NOTHING;
}

/* Not before all events of a message were pulled: whoever waits for the network may receive the next message. */
static void send_owed(RTMP *r)
{
	struct slu_compat *c = slu_compat_connected(r);
	bool window = c && c->owes_window, play = c && c->owes_play;

	if (!c)
		return;
	c->owes_window = c->owes_play = false;
	if (window)
		RTMP_SendServerBW(r);
	if (play && slu_compat_connected(r))
		RTMP_SendPause(r, FALSE, (int)r->m_pauseStamp);
}

/* The session's part. Parts of aggregates are not taken from it, for the caller has them in one. */
static enum slu_compat_meaning client(RTMP *r, struct slu_compat *c, const struct slu_msg *msg)
{
	enum slu_compat_meaning meaning = SLU_COMPAT_NOTHING;
	struct slu_event ev;
	int err;

	if (!slu_compat_ask(r, c))
		return SLU_COMPAT_NOTHING;
	if (msg->type == SLU_MSG_AGGREGATE && r->m_bPlaying && !hurries(r))
		return SLU_COMPAT_NOTHING;
	err = slu_session_handle(slu_conn_session(c->conn), msg);
	if (err)
		return failed(r, c, err);
	mirror_hurry(r, c);
	while (slu_compat_connected(r) && slu_conn_outcome(c->conn, &ev)) {
		enum slu_compat_meaning now = act_on(r, &ev);

		meaning = now > meaning ? now : meaning;
	}
	send_owed(r);
	if (slu_compat_connected(r)) {
		slu_conn_flush(c->conn);
		slu_compat_mirror(r);
	}
	return meaning;
}

enum slu_compat_meaning slu_compat_handle(RTMP *r, const struct slu_msg *msg)
{
	struct slu_compat *c = slu_compat_connected(r);
	const bool is_session = c && !c->serves, knows_media = is_session && hurries(r), media = is_media(msg);
	enum slu_compat_meaning meaning = SLU_COMPAT_NOTHING;

	note_bandwidth(r, msg);
	if (c && is_answer(msg))
		on_answer(r, msg);
	/* c may be gone after that, and what msg refers to. */
	if (is_session)
		meaning = client(r, c, msg);
	if (meaning == SLU_COMPAT_OVER || !media)
		return meaning == SLU_COMPAT_OVER ? meaning : SLU_COMPAT_NOTHING;
	return knows_media ? meaning : SLU_COMPAT_MEDIA;
}

/* Data as it is in files: without what is there for the way only. */
static void unwrap_data(RTMPPacket *packet, const struct slu_msg *msg)
{
	size_t skip = slu_amf_prefix(msg), used;
	struct slu_amf_str name;

	if (slu_data_name(msg->data + skip, msg->size - skip, &name, &used) && slu_amf_str_is(name, "@setDataFrame"))
		skip += used;
	packet->m_packetType = RTMP_PACKET_TYPE_INFO;
	packet->m_nBodySize -= (uint32_t)skip;
	packet->m_nBytesRead = packet->m_nBodySize;
	memmove(packet->m_body, packet->m_body + skip, packet->m_nBodySize);
}

static void note_media(RTMP *r, RTMPPacket *packet, const struct slu_msg *msg)
{
	if (packet->m_packetType == RTMP_PACKET_TYPE_INFO ||
	    packet->m_packetType == RTMP_PACKET_TYPE_FLEX_STREAM_SEND) {
		unwrap_data(packet, msg);
		slu_compat_metadata(r, packet->m_body, packet->m_nBodySize);
		return;
	}
	if (!r->m_mediaChannel)
		r->m_mediaChannel = packet->m_nChannel;
	if (!r->m_pausing)
		r->m_mediaStamp = packet->m_nTimeStamp;
}

int RTMP_ClientPacket(RTMP *r, RTMPPacket *packet)
{
	struct slu_msg msg = {.type = packet->m_packetType,
			      .timestamp = packet->m_nTimeStamp,
			      .stream_id = (uint32_t)packet->m_nInfoField2,
			      .data = (const uint8_t *)packet->m_body,
			      .size = packet->m_nBodySize};
	enum slu_compat_meaning meaning = slu_compat_handle(r, &msg);

	if (meaning == SLU_COMPAT_MEDIA)
		note_media(r, packet, &msg);
	return (int)meaning;
}
