/* SPDX-License-Identifier: MIT */
/* A server session against any bytes that a client may send. */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(struct fuzz *f, uint32_t stream_id)
{
	static const uint8_t frame[300] = {0x17, 1};
	const struct slu_msg video = {
		.type = SLU_MSG_VIDEO, .stream_id = stream_id, .data = frame, .size = sizeof frame};

	slu_session_send(f->s, &video);
	if (f->how & FUZZ_STOP)
		slu_session_eof(f->s, stream_id);
}

static void act(struct fuzz *f, const struct slu_event *ev)
{
	switch (ev->type) {
	case SLU_EVENT_CONNECT:
		slu_session_accept(f->s);
		break;
	case SLU_EVENT_PUBLISH:
	case SLU_EVENT_PLAY:
	case SLU_EVENT_PAUSE:
	case SLU_EVENT_SEEK:
		if (f->how & FUZZ_OTHER)
			slu_session_refuse(f->s, "NetStream.Failed", "no");
		else
			slu_session_accept(f->s);
		if (ev->type == SLU_EVENT_PLAY)
			play(f, ev->stream_id);
		break;
	case SLU_EVENT_GET_STREAM_LENGTH:
		slu_session_answer_number(f->s, ev->transaction, 1.5);
		break;
	case SLU_EVENT_UNPUBLISH:
		slu_session_status(f->s, ev->stream_id, "status", "x", NULL);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct slu_swf_player player = {.size = 1};
	struct slu_session_config config;
	struct fuzz f = {.act = act};

	if (!size)
		return 0;
	f.how = data[0];
	config = fuzz_config(SLU_SERVER, f.how);
	if (f.how & FUZZ_RTMPE && f.how & FUZZ_STOP) { /* takes crypto */
		config.swf_players = &player;
		config.swf_player_count = 1;
	}
	f.s = slu_session_new(&config);
	return fuzz_run(&f, data + 1, size - 1);
}
