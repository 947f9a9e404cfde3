/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session_kit.h"

#define KEY "live_12345_secret?token=hunter2&x=1"

static struct kit *asked_to_publish(void)
{
	const struct slu_session_config config = {
		.connect = {.app = "app?auth=sesame", .tc_url = "rtmp://h/app?auth=sesame"}};
	struct kit *k = kit_open_connected(SLU_CLIENT, &config);

	assert_int_equal(slu_session_publish(k->s, KEY, SLU_PUBLISH_LIVE), 0);
	kit_say(k, 0, "_result", 4, "zn", 1.0);
	return k;
}

static void expect_no_secret(const char *text)
{
	static const char *const secrets[] = {"live_12345", "hunter2", "sesame", "token"};

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		if (strstr(text, secrets[i]))
			fail_msg("\"%s\" is in \"%s\"", secrets[i], text);
	}
}

static void refusal_field_by_field(void **state)
{
	struct kit *k = asked_to_publish();
	struct slu_refusal r;

	(void)state;
	kit_status(k, 1, "error", "NetStream.Publish.BadName", "Stream is busy.");
	kit_expect_failed(k, SLU_ERR_REFUSED,
			  "the server refused publish: NetStream.Publish.BadName (Stream is busy.): check the stream");
	slu_session_refusal(k->s, &r);
	assert_string_equal(r.command, "publish");
	assert_string_equal(r.level, "error");
	assert_string_equal(r.code, "NetStream.Publish.BadName");
	assert_string_equal(r.description, "Stream is busy.");
	assert_string_equal(r.redirect, "");
	kit_expect_events(k, "");
	kit_close(k);
}

static void secrets_are_masked(void **state)
{
	struct kit *k = asked_to_publish();
	struct slu_refusal r;

	(void)state;
	kit_status(k, 1, "error", "NetStream.Publish.Denied",
		   "no " KEY " for live_12345_secret (token=hunter2&x=1) in app?auth=sesame");
	kit_expect_failed(k, SLU_ERR_REFUSED, "(no *** for *** (***) in app?***)");
	slu_session_refusal(k->s, &r);
	expect_no_secret(r.description);
	expect_no_secret(slu_session_error(k->s));
	expect_no_secret(k->log);
	assert_non_null(strstr(k->log, "publish"));
	kit_close(k);
}

/* A name of a few letters is masked as a word, not inside of others. */
static void short_names(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	slu_session_play(k->s, "am", NULL);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	kit_status(k, 1, "error", "NetStream.Play.StreamNotFound", "stream am: not found by camera");
	kit_expect_failed(k, SLU_ERR_REFUSED, "(stream ***: not found by camera): check the stream name, or wait");
	kit_close(k);
}

static void no_reason_at_all(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, NULL);

	(void)state;
	kit_say(k, 0, "_error", 1, "");
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused connect and said no reason: check the application");
	kit_close(k);
	k = kit_open(SLU_CLIENT, NULL);
	kit_say(k, 0, "_error", 1, "z(knkb)", "code", 5.0, "description", 1);
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused connect and said no reason");
	kit_close(k);
	k = kit_open(SLU_CLIENT, NULL);
	kit_say(k, 0, "_error", 1, "zs", "go away");
	kit_expect_failed(k, SLU_ERR_REFUSED, "refused connect: go away: check");
	kit_close(k);
	/* a _result that says error */
	k = kit_open(SLU_CLIENT, NULL);
	kit_say(k, 0, "_result", 1, "z(ksks)", "level", "error", "code", "NetConnection.Connect.InvalidApp");
	kit_expect_failed(k, SLU_ERR_REFUSED, "NetConnection.Connect.InvalidApp: check the application in the URL");
	kit_close(k);
}

static void redirect(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, NULL);
	struct slu_refusal r;

	(void)state;
	kit_say(k, 0, "_error", 1, "z(ksksk(knks))", "level", "error", "code", "NetConnection.Connect.Rejected", "ex",
		"code", 302.0, "redirect", "rtmp://user:pass@other:1936/live?token=1");
	kit_expect_failed(k, SLU_ERR_REDIRECT, "the server redirects to other:1936: connect there");
	slu_session_refusal(k->s, &r);
	assert_string_equal(r.redirect, "rtmp://user:pass@other:1936/live?token=1");
	assert_string_equal(r.code, "NetConnection.Connect.Rejected");
	assert_null(strstr(slu_session_error(k->s), "pass"));
	kit_close(k);
	/* another code, or no URL: an ordinary refusal */
	k = kit_open(SLU_CLIENT, NULL);
	kit_say(k, 0, "_error", 1, "z(ksk(knks))", "code", "NetConnection.Connect.Rejected", "ex", "code", 303.0,
		"redirect", "rtmp://other/live");
	kit_expect_failed(k, SLU_ERR_REFUSED, "NetConnection.Connect.Rejected");
	kit_close(k);
}

/* What a server sends goes into a sentence without control characters, and cut. */
static void hostile_description(void **state)
{
	static char text[5000];
	struct kit *k = asked_to_publish();
	struct slu_refusal r;

	(void)state;
	memset(text, '\n', sizeof text - 1);
	kit_status(k, 1, "error", "NetStream.Publish.Denied", text);
	kit_expect_failed(k, SLU_ERR_REFUSED, "NetStream.Publish.Denied (\\x0a");
	slu_session_refusal(k->s, &r);
	assert_in_range(strlen(r.description), 400, 511);
	assert_null(strchr(slu_session_error(k->s), '\n'));
	kit_close(k);
}

/* Errors of usage say so, and leave the session as it was. */
static void usage_is_no_end(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	const struct slu_msg m = {.type = SLU_MSG_VIDEO};

	(void)state;
	assert_string_equal(slu_session_error(k->s), "");
	assert_int_equal(slu_session_send(k->s, &m), SLU_ERR_STATE);
	assert_non_null(strstr(slu_session_error(k->s), "SLU_EVENT_PUBLISHING"));
	assert_int_equal(slu_session_tick(k->s, 5), 0);
	assert_int_equal(slu_session_publish(k->s, "key", SLU_PUBLISH_LIVE), 0);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusal_field_by_field),
		cmocka_unit_test(secrets_are_masked),
		cmocka_unit_test(short_names),
		cmocka_unit_test(no_reason_at_all),
		cmocka_unit_test(redirect),
		cmocka_unit_test(hostile_description),
		cmocka_unit_test(usage_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
