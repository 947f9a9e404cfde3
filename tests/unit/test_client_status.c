/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session_kit.h"

static struct kit *playing(void)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	assert_int_equal(slu_session_play(k->s, "movie", NULL), 0);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_status(k, 1, "status", "NetStream.Play.Start", "");
	kit_expect_events(k, "PLAYING NetStream.Play.Start; ");
	k->heard[0] = '\0';
	return k;
}

static struct kit *asked(bool publish)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	if (publish)
		slu_session_publish(k->s, "key", SLU_PUBLISH_LIVE);
	else
		slu_session_play(k->s, "key", NULL);
	kit_say(k, 0, "_result", publish ? 4 : 2, "zn", 1.0);
	k->heard[0] = '\0';
	return k;
}

static void codes_that_refuse(void **state)
{
	static const struct {
		bool publish;
		const char *level, *code;
	} refusals[] = {
		{true, "error", "NetStream.Publish.BadName"},
		{true, "status", "NetStream.Publish.Denied"},
		{true, "", "NetStream.Publish.Unauthorized"},
		{true, "error", "NetStream.Publish.Failed"},
		{true, "error", "NetStream.Publish.Rejected"},
		{true, "error", "NetStream.Failed"},
		{true, "error", "Something.Of.Its.Own"},
		{true, "error", "NetConnection.Connect.Rejected"},
		{false, "error", "NetStream.Play.StreamNotFound"},
		{false, "status", "NetStream.Play.Failed"},
		{false, "error", "NetStream.Play.NoSupportedTrackFound"},
		{false, "error", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct kit *k = asked(refusals[i].publish);
		struct slu_refusal r;

		kit_status(k, 1, refusals[i].level, refusals[i].code, "why");
		kit_expect_failed(k, SLU_ERR_REFUSED, refusals[i].code);
		slu_session_refusal(k->s, &r);
		assert_string_equal(r.command, refusals[i].publish ? "publish" : "play");
		assert_string_equal(r.level, refusals[i].level);
		assert_string_equal(r.description, "why");
		kit_expect_events(k, "");
		kit_close(k);
	}
}

/* Refused while createStream is under way. */
static void refused_early(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	slu_session_publish(k->s, "key", SLU_PUBLISH_LIVE);
	kit_status(k, 0, "error", "NetStream.Publish.Denied", "");
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused publish: NetStream.Publish.Denied: check the stream key");
	kit_close(k);
}

/* An _error to the publish itself, without any onStatus. */
static void error_to_publish(void **state)
{
	struct kit *k = asked(true);

	(void)state;
	kit_say(k, 0, "_result", 5, "z"); /* says nothing */
	kit_expect_events(k, "");
	kit_say(k, 0, "_error", 5, "z(ks)", "description", "sorry");
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused publish: sorry: check the stream key");
	kit_close(k);
}

/* Refused in the middle, as when a key is revoked or another takes the stream over. */
static void refused_later(void **state)
{
	struct kit *k = asked(true);

	(void)state;
	kit_status(k, 1, "status", "NetStream.Publish.Start", "");
	kit_expect_events(k, "PUBLISHING NetStream.Publish.Start; ");
	kit_status(k, 1, "error", "NetStream.Seek.Failed", "");
	kit_expect_events(k, "STATUS NetStream.Seek.Failed; ");
	kit_status(k, 1, "error", "NetStream.Publish.BadName", "");
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused publish: NetStream.Publish.BadName: check");
	kit_close(k);
}

static void end_of_play(void **state)
{
	static const char *const codes[] = {"NetStream.Play.Stop", "NetStream.Play.Complete",
					    "NetStream.Play.UnpublishNotify"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kit *k = playing();

		kit_status(k, 1, "status", codes[i], "");
		assert_int_equal(k->last.type, SLU_EVENT_STATUS);
		assert_int_equal(slu_session_in_end(k->s), 0);
		/* a publisher came back: an end now is a loss */
		kit_status(k, 1, "status", "NetStream.Play.PublishNotify", "");
		assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
		assert_non_null(strstr(slu_session_error(k->s), "before the stream had ended"));
		kit_close(k);
	}
}

/* nginx's module says Stream EOF and Stream Begin when a publisher goes and comes, and Play.Start where it is told to.
 */
static void publisher_comes_back(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		struct kit *k = playing();

		kit_control(k, SLU_MSG_USER_CONTROL, 1, 1, 0);
		assert_int_equal(slu_session_in_end(k->s), 0);
		if (way == 0)
			kit_control(k, SLU_MSG_USER_CONTROL, 0, 1, 0);
		else
			kit_status(k, 1, "status", "NetStream.Play.Start", "");
		kit_expect_events(k, way == 0 ? "STREAM_EOF; STREAM_BEGIN; "
					      : "STREAM_EOF; STATUS NetStream.Play.Start; ");
		assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
		kit_close(k);
	}
}

/* Some servers say PublishNotify, or begin to send, instead of Play.Start. */
static void play_without_start(void **state)
{
	struct kit *k = asked(false);

	(void)state;
	kit_status(k, 1, "status", "NetStream.Play.PublishNotify", "");
	kit_expect_events(k, "PLAYING NetStream.Play.PublishNotify; ");
	kit_close(k);
	k = asked(false);
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "abc", 3);
	kit_message(k, SLU_MSG_VIDEO, 1, 40, "def", 3);
	kit_expect_events(k, "PLAYING; MEDIA; MEDIA; ");
	slu_session_tick(k->s, 1);
	assert_int_equal(slu_session_tick(k->s, 100000), 0); /* nothing is awaited any more */
	kit_close(k);
}

static void closed_by_the_server(void **state)
{
	struct kit *k = playing();

	(void)state;
	kit_status(k, 0, "status", "NetConnection.Connect.Closed", "");
	kit_expect_events(k, "CLOSE NetConnection.Connect.Closed; ");
	assert_int_equal(slu_session_in_end(k->s), 0);
	kit_close(k);
	k = playing();
	kit_say(k, 0, "close", 0, "z");
	kit_expect_events(k, "CLOSE; ");
	kit_close(k);
	k = kit_open(SLU_CLIENT, NULL);
	kit_status(k, 0, "status", "NetConnection.Connect.Closed", "full");
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused connect: NetConnection.Connect.Closed (full)");
	kit_close(k);
}

static void bandwidth_checks(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	kit_say(k, 0, "onBWDone", 0, "z");
	kit_say(k, 0, "onBWDone", 0, "z");
	kit_say(k, 0, "_onbwcheck", 7, "zs", "payload");
	kit_say(k, 0, "_onbwcheck", 8, "zs", "payload");
	kit_say(k, 0, "_onbwdone", 9, "zn", 1.0);
	kit_say(k, 0, "_result", 2, "z");
	kit_say(k, 0, "ping", 10, "z");
	kit_say(k, 0, "onFCSubscribe", 0, "z");
	kit_expect_heard(k, "_checkbw@0 2 null; _result@0 7 null 0; _result@0 8 null 1; pong@0 10 null; ");
	kit_expect_events(k, "");
	kit_close(k);
}

static void status_without_anything(void **state)
{
	struct kit *k = playing();

	(void)state;
	kit_say(k, 1, "onStatus", 0, "");
	kit_say(k, 1, "onStatus", 0, "zn", 5.0);
	kit_say(k, 1, "onStatus", 0, "z(kzkn)", "code", "level", 1.0);
	kit_expect_events(k, "STATUS; STATUS; STATUS; ");
	assert_string_equal(k->last.level, "");
	kit_close(k);
}

/* Some servers look at the key with FCPublish, and say so in its answer. */
static void refused_by_on_fc_publish(void **state)
{
	static const struct {
		const char *level, *code;
	} refusals[] = {{"", "NetStream.Publish.BadName"}, {"error", "Something.Of.Its.Own"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
		struct slu_refusal r;

		slu_session_publish(k->s, "key", SLU_PUBLISH_LIVE);
		kit_say(k, 0, "onFCPublish", 0, "z(ksksks)", "level", refusals[i].level, "code", refusals[i].code,
			"description", "why");
		kit_expect_failed(k, SLU_ERR_REFUSED, "refused publish: ");
		slu_session_refusal(k->s, &r);
		assert_string_equal(r.level, refusals[i].level);
		assert_string_equal(r.code, refusals[i].code);
		assert_string_equal(r.description, "why");
		kit_close(k);
	}
}

static void fc_publish_accepted(void **state)
{
	struct kit *k = asked(true);

	(void)state;
	kit_say(k, 0, "onFCPublish", 0, "z(ksks)", "code", "NetStream.Publish.Start", "description", "key");
	kit_expect_events(k, ""); /* that is not the answer to publish */
	kit_status(k, 1, "status", "NetStream.Publish.Start", "");
	kit_say(k, 0, "onFCPublish", 0, "z(ks)", "code", "NetStream.Publish.Start");
	kit_say(k, 0, "onFCPublish", 0, "");
	kit_expect_events(k, "PUBLISHING NetStream.Publish.Start; ");
	assert_int_equal(k->err, 0);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_that_refuse),
		cmocka_unit_test(refused_early),
		cmocka_unit_test(error_to_publish),
		cmocka_unit_test(refused_later),
		cmocka_unit_test(end_of_play),
		cmocka_unit_test(publisher_comes_back),
		cmocka_unit_test(play_without_start),
		cmocka_unit_test(closed_by_the_server),
		cmocka_unit_test(bandwidth_checks),
		cmocka_unit_test(status_without_anything),
		cmocka_unit_test(refused_by_on_fc_publish),
		cmocka_unit_test(fc_publish_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
