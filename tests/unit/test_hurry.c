/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "proto/message.h"
#include "session_kit.h"

static struct kit *open_playing(bool hurry)
{
	const struct slu_play play = {.start = 0, .duration = -1, .reset = true, .hurry = hurry};
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	assert_int_equal(slu_session_play(k->s, "movie", &play), 0);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	k->heard[0] = k->events[0] = '\0';
	return k;
}

static void video(struct kit *k, uint32_t ms)
{
	kit_message(k, SLU_MSG_VIDEO, 1, ms, "video", 5);
}

static void audio(struct kit *k, uint32_t ms)
{
	kit_message(k, SLU_MSG_AUDIO, 1, ms, "audio", 5);
}

static void user(struct kit *k, uint16_t event)
{
	kit_control(k, SLU_MSG_USER_CONTROL, event, 1, 0);
}

/* What comes from before the pause is left out, of each kind for itself. */
static void goes_on_at_once(void **state)
{
	struct kit *k = open_playing(true);

	(void)state;
	video(k, 1000);
	audio(k, 980);
	video(k, 1040);
	kit_expect_events(k, "MEDIA; MEDIA; MEDIA; ");
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_expect_heard(k, "pause@1 0 null true 1040; ");
	user(k, SLU_USER_BUFFER_EMPTY); /* said twice, or late */
	kit_expect_heard(k, "");
	kit_status(k, 1, "status", "NetStream.Pause.Notify", "");
	kit_expect_heard(k, "pause@1 0 null false 1040; ");
	kit_expect_events(k, "STATUS NetStream.Pause.Notify; ");
	kit_status(k, 1, "status", "NetStream.Unpause.Notify", "");
	k->events[0] = '\0';
	video(k, 1000);
	video(k, 1040);
	audio(k, 980);
	kit_expect_events(k, "");
	audio(k, 1003);
	audio(k, 1003);
	video(k, 1080);
	video(k, 1080);
	kit_message(k, SLU_MSG_DATA, 1, 0, "\x02\0\x01x", 4); /* none had come before */
	kit_expect_events(k, "MEDIA; MEDIA; MEDIA; MEDIA; MEDIA; ");
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_status(k, 1, "status", "NetStream.Pause.Notify", "");
	kit_expect_heard(k, "pause@1 0 null true 0; pause@1 0 null false 0; ");
	kit_close(k);
}

/* Some servers end the stream when it is paused, and say Buffer Empty once more. */
static void an_end_that_is_none(void **state)
{
	struct kit *k = open_playing(true);

	(void)state;
	video(k, 500);
	user(k, SLU_USER_BUFFER_EMPTY);
	user(k, SLU_USER_STREAM_EOF);
	kit_expect_events(k, "MEDIA; ");
	kit_expect_heard(k, "pause@1 0 null true 500; ");
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_expect_heard(k, "pause@1 0 null false 500; ");
	user(k, SLU_USER_BUFFER_READY);
	user(k, SLU_USER_BUFFER_EMPTY); /* still: another pause would change nothing */
	user(k, SLU_USER_STREAM_EOF);
	kit_expect_events(k, "STREAM_EOF; ");
	kit_expect_heard(k, "");
	kit_close(k);
}

static void across_the_wrap(void **state)
{
	struct kit *k = open_playing(true);

	(void)state;
	video(k, 0xfffffff0);
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_status(k, 1, "status", "NetStream.Pause.Notify", "");
	k->events[0] = '\0';
	video(k, 0xffffffe0);
	kit_expect_events(k, "");
	video(k, 0x10);
	kit_expect_events(k, "MEDIA; ");
	kit_close(k);
}

/* A seek goes where it likes, and a pause of the caller's is no business of this. */
static void seek_and_pause(void **state)
{
	struct kit *k = open_playing(true);

	(void)state;
	video(k, 5000);
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_status(k, 1, "status", "NetStream.Pause.Notify", "");
	assert_int_equal(slu_session_seek(k->s, 100), 0);
	kit_listen(k);
	k->heard[0] = k->events[0] = '\0';
	video(k, 100);
	kit_expect_events(k, "MEDIA; ");
	assert_int_equal(slu_session_pause(k->s, true, 100), 0);
	kit_status(k, 1, "status", "NetStream.Pause.Notify", "");
	kit_expect_heard(k, "pause@1 0 null true 100; ");
	video(k, 50);
	kit_expect_events(k, "STATUS NetStream.Pause.Notify; MEDIA; ");
	kit_close(k);
}

static void only_when_asked(void **state)
{
	struct kit *k = open_playing(false);

	(void)state;
	video(k, 1000);
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_expect_heard(k, "");
	user(k, SLU_USER_STREAM_EOF);
	kit_expect_events(k, "MEDIA; STREAM_EOF; ");
	kit_close(k);
	k = kit_open_connected(SLU_SERVER, NULL);
	user(k, SLU_USER_BUFFER_EMPTY);
	kit_expect_heard(k, "");
	kit_expect_events(k, "");
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_at_once), cmocka_unit_test(an_end_that_is_none),
		cmocka_unit_test(across_the_wrap), cmocka_unit_test(seek_and_pause),
		cmocka_unit_test(only_when_asked),
	};

	return cmocka_run_group_tests_name("hurry", tests, NULL, NULL);
}
