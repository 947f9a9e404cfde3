/* SPDX-License-Identifier: MIT */
/* A client session against any bytes that a server may send. */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void send_media(struct fuzz *f)
{
	static const uint8_t frame[300] = {0x17, 1};
	const struct slu_msg video = {
		.type = SLU_MSG_VIDEO, .timestamp = f->events, .data = frame, .size = sizeof frame};

	slu_session_send(f->s, &video);
}

static void send_connect(struct fuzz *f)
{
	static const uint8_t connect[] = "\x02\x00\x07"
					 "connect\x00\x3f\xf0\0\0\0\0\0\0\x05";
	const struct slu_msg msg = {.type = SLU_MSG_COMMAND, .data = connect, .size = sizeof connect - 1};

	slu_session_send_message(f->s, 3, &msg);
}

/* What a caller does in answer to events, good order or not. */
static void act(struct fuzz *f, const struct slu_event *ev)
{
	static const uint8_t null[] = {5};
	double transaction;

	switch (ev->type) {
	case SLU_EVENT_HANDSHAKE:
		if (f->how & FUZZ_BY_HAND)
			send_connect(f);
		break;
	case SLU_EVENT_PUBLISHING:
	case SLU_EVENT_STATUS:
		send_media(f);
		break;
	case SLU_EVENT_PLAYING:
		slu_session_pause(f->s, true, 1);
		slu_session_seek(f->s, 2);
		slu_session_receive_audio(f->s, false);
		slu_session_get_stream_length(f->s, "movie");
		break;
	case SLU_EVENT_CONNECTED:
		slu_session_call(f->s, 0, "test", null, sizeof null, &transaction);
		slu_session_ping(f->s);
		break;
	case SLU_EVENT_MEDIA:
		if (f->how & FUZZ_STOP && f->events > 6 && slu_session_stop(f->s) == 0)
			slu_session_play(f->s, "another", NULL);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct slu_play play = {.start = -2, .duration = -1, .reset = true, .hurry = true};
	struct slu_session_config config;
	struct fuzz f = {.act = act};

	if (!size)
		return 0;
	f.how = data[0];
	config = fuzz_config(SLU_CLIENT, f.how);
	config.swf_size = f.how & FUZZ_RTMPE ? 1 : 0; /* takes crypto */
	f.s = slu_session_new(&config);
	if (f.s && f.how & FUZZ_OTHER)
		slu_session_play(f.s, "secretkey?q=2", &play);
	else if (f.s)
		slu_session_publish(f.s, "secretkey?q=2", SLU_PUBLISH_LIVE);
	return fuzz_run(&f, data + 1, size - 1);
}
