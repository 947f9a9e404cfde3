/* SPDX-License-Identifier: MIT */
/* The client: what servers report by onStatus, and the few commands they send of their own accord. */
#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

enum {
	ANY = SLU_IN(SLU_S_CONNECTING) | SLU_IN(SLU_S_CONNECTED) | SLU_IN(SLU_S_CREATING) |
	      SLU_IN(SLU_S_PUBLISH_ASKED) | SLU_IN(SLU_S_PLAY_ASKED) | SLU_IN(SLU_S_PUBLISHING) |
	      SLU_IN(SLU_S_PLAYING) | SLU_IN(SLU_S_STOPPED),
	ALIVE = ANY & ~SLU_IN(SLU_S_STOPPED),
	PUBLISH = SLU_IN(SLU_S_PUBLISH_ASKED) | SLU_IN(SLU_S_PUBLISHING),
	PLAY = SLU_IN(SLU_S_PLAY_ASKED) | SLU_IN(SLU_S_PLAYING),
	/* Some servers look at the key with FCPublish already, before createStream is answered. */
	STREAM = SLU_IN(SLU_S_CREATING) | PUBLISH | PLAY
};

/* What a status code means in a state. What is not listed is SLU_EVENT_STATUS, unless its level is "error" while an
 * answer is awaited. */
struct status_rule {
	const char *code;
	unsigned states;
	int (*act)(struct slu_session *s);
};

static void answered(struct slu_session *s, enum slu_call_kind kind)
{
	struct slu_call *call = slu_call_find(s, kind);

	if (call)
		call->used = false;
}

static int publishing(struct slu_session *s)
{
	answered(s, SLU_CALL_PUBLISH);
	s->state = SLU_S_PUBLISHING;
	return SLU_EVENT_PUBLISHING;
}

static int playing(struct slu_session *s)
{
	answered(s, SLU_CALL_PLAY);
	s->state = SLU_S_PLAYING;
	s->ended = false;
	return SLU_EVENT_PLAYING;
}

void slu_client_playing(struct slu_session *s)
{
	playing(s);
	slu_event_add(s, SLU_EVENT_PLAYING)->stream_id = s->stream_id;
}

static int ended(struct slu_session *s)
{
	s->ended = true;
	return SLU_EVENT_STATUS;
}

static int resumed(struct slu_session *s)
{
	s->ended = false;
	return SLU_EVENT_STATUS;
}

static int paused(struct slu_session *s)
{
	slu_hurry_paused(s);
	return SLU_EVENT_STATUS;
}

static int closed(struct slu_session *s)
{
	s->ended = true;
	return SLU_EVENT_CLOSE;
}

/* Not an event: the session fails. */
static int refused(struct slu_session *s)
{
	(void)s;
	return SLU_EVENT_NONE;
}

static const struct status_rule status_rules[] = {
	{"NetStream.Publish.Start", SLU_IN(SLU_S_PUBLISH_ASKED), publishing},
	{"NetStream.Play.Start", SLU_IN(SLU_S_PLAY_ASKED), playing},
	{"NetStream.Play.PublishNotify", SLU_IN(SLU_S_PLAY_ASKED), playing},
	{"NetStream.Play.PublishNotify", SLU_IN(SLU_S_PLAYING), resumed},
	{"NetStream.Play.Start", SLU_IN(SLU_S_PLAYING), resumed},
	{"NetStream.Pause.Notify", PLAY, paused},
	{"NetStream.Play.Stop", PLAY, ended},
	{"NetStream.Play.Complete", PLAY, ended},
	{"NetStream.Play.UnpublishNotify", PLAY, ended},
	{"NetStream.Publish.BadName", STREAM, refused},
	{"NetStream.Publish.Denied", STREAM, refused},
	{"NetStream.Publish.Unauthorized", STREAM, refused},
	{"NetStream.Publish.Rejected", STREAM, refused},
	{"NetStream.Publish.Failed", STREAM, refused},
	{"NetStream.Play.StreamNotFound", STREAM, refused},
	{"NetStream.Play.Failed", STREAM, refused},
	{"NetStream.Play.FileStructureInvalid", STREAM, refused},
	{"NetStream.Play.NoSupportedTrackFound", STREAM, refused},
	{"NetStream.Failed", STREAM, refused},
	{"NetConnection.Connect.Rejected", ALIVE, refused},
	{"NetConnection.Connect.InvalidApp", ALIVE, refused},
	{"NetConnection.Connect.Failed", ALIVE, refused},
	{"NetConnection.Connect.Closed", SLU_IN(SLU_S_CONNECTING), refused},
	{"NetConnection.Connect.Closed", ANY, closed},
};

/* What of ours a refusal in this state is about. */
static const char *awaited(const struct slu_session *s)
{
	switch (s->state) {
	case SLU_S_CONNECTING:
	case SLU_S_CONNECTED:
		return slu_call_name(SLU_CALL_CONNECT);
	default:
		return slu_call_name(s->want == SLU_S_PUBLISH_ASKED ? SLU_CALL_PUBLISH : SLU_CALL_PLAY);
	}
}

/* Errors that refuse what is awaited, not a seek or pause that was sent along with it. */
static bool refuses(const struct slu_session *s, const struct slu_info *info)
{
	const unsigned waiting = SLU_IN(SLU_S_CONNECTING) | SLU_IN(SLU_S_CREATING) | SLU_IN(SLU_S_PUBLISH_ASKED) |
				 SLU_IN(SLU_S_PLAY_ASKED);

	if (!slu_amf_str_is(info->level, "error") || !(waiting & SLU_IN(s->state)))
		return false;
	return !slu_amf_str_is(info->code, "NetStream.Seek.Failed") &&
	       !slu_amf_str_is(info->code, "NetStream.Seek.InvalidTime") &&
	       !slu_amf_str_is(info->code, "NetStream.Pause.Failed");
}

static const struct status_rule *find_rule(const struct slu_session *s, const struct slu_info *info)
{
	for (size_t i = 0; i < sizeof status_rules / sizeof status_rules[0]; i++) {
		const struct status_rule *r = &status_rules[i];

		if (r->states & SLU_IN(s->state) && slu_amf_str_is(info->code, r->code))
			return r;
	}
	return NULL;
}

static int event_for(struct slu_session *s, const struct slu_info *info)
{
	const struct status_rule *r = find_rule(s, info);

	if (r)
		return r->act(s);
	return refuses(s, info) ? SLU_EVENT_NONE : SLU_EVENT_STATUS;
}

int slu_client_status(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_info info;
	struct slu_event *ev;
	int type;

	slu_command_info(c, &info);
	type = event_for(s, &info);
	if (type == SLU_EVENT_NONE)
		return slu_session_refused(s, awaited(s), &info);
	ev = slu_event_add(s, (enum slu_event_type)type);
	ev->stream_id = msg->stream_id;
	ev->level = slu_event_text(s, SLU_TEXT_LEVEL, info.level);
	ev->code = slu_event_text(s, SLU_TEXT_CODE, info.code);
	ev->description = slu_event_text(s, SLU_TEXT_DESCRIPTION, info.description);
	ev->amf = c->root;
	return s->err;
}

/* ---- commands ---- */

static int on_close(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)c;
	(void)msg;
	s->ended = true;
	slu_event_add(s, SLU_EVENT_CLOSE);
	return 0;
}

static int on_ignored(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	(void)s;
	(void)c;
	(void)msg;
	return 0;
}

/* The answer to FCPublish asks nothing of a client, unless it refuses: some servers look at the key then, and say so
 * here instead of by onStatus. */
static int on_fc_publish(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	const struct status_rule *r;
	struct slu_info info;

	(void)msg;
	slu_command_info(c, &info);
	r = find_rule(s, &info);
	return (r && r->act == refused) || refuses(s, &info) ? slu_session_refused(s, awaited(s), &info) : 0;
}

/* Adobe's servers measure the bandwidth on their way to the client, and some wait until it takes part: onBWDone is
 * answered with one _checkbw, and each _onbwcheck with a count. */
static int on_bw_done(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_amf_writer *w;

	(void)c;
	(void)msg;
	if (s->checked_bw)
		return 0;
	s->checked_bw = true;
	w = slu_command_begin(s, "_checkbw", ++s->last_transaction);
	slu_amf_put_null(w);
	return slu_command_send(s, 0, "_checkbw");
}

static int on_bw_check(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_amf_writer *w = slu_command_begin(s, "_result", c->transaction);

	(void)msg;
	slu_amf_put_null(w);
	slu_amf_put_number(w, s->bw_checks++);
	return slu_command_send(s, 0, "_result");
}

static int on_ping(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_amf_writer *w = slu_command_begin(s, "pong", c->transaction);

	(void)msg;
	slu_amf_put_null(w);
	return slu_command_send(s, 0, "pong");
}

const struct slu_command_rule slu_client_rules[] = {
	{"onStatus", ANY, slu_client_status},
	{"close", ANY, on_close},
	{"onBWDone", ANY, on_bw_done},
	{"_onbwcheck", ANY, on_bw_check},
	{"_onbwdone", ANY, on_ignored},
	{"onFCPublish", ANY, on_fc_publish},
	{"onFCUnpublish", ANY, on_ignored},
	{"onFCSubscribe", ANY, on_ignored},
	{"ping", ANY, on_ping},
	{"playlist_ready", ANY, on_ignored},
	{NULL, 0, NULL},
};
