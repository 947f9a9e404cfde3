/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "session_kit.h"

static struct kit *open_with(const char *key)
{
	const struct slu_session_config config = {.connect = {.app = "live", .secure_token = key}};
	struct kit *k = kit_open(SLU_CLIENT, &config);

	assert_int_equal(slu_session_publish(k->s, "stream", SLU_PUBLISH_LIVE), 0);
	kit_listen(k);
	assert_null(strstr(k->heard, "oken"));
	k->heard[0] = '\0';
	return k;
}

static void offer(struct kit *k, const char *token)
{
	kit_say(k, 0, "_result", 1, "(ks)(ksksks)", "fmsVer", "FMS/3", "level", "status", "code",
		"NetConnection.Connect.Success", "secureToken", token);
}

/* The command's string with its length, as AMF0. */
static bool hears(const struct kit *k, const char *text)
{
	char want[200];

	snprintf(want, sizeof want, "secureTokenResponse@0 0 null \"%s\"; releaseStream@0 ", text);
	return strstr(k->heard, want) == k->heard;
}

/* What rtmpdump 2.4 (Debian's) made of the same tokens with the same keys. */
static void answers_as_librtmp_does(void **state)
{
	static const struct {
		const char *key, *token, *text;
	} cases[] = {
		{"opensesame", "3c1ff1a14e1181ab01fabc9e316a882f", "secret token 123"},
		{"opensesame", "3C1FF1A14E1181AB01FABC9E316A882F", "secret token 123"},
		{"k", "54b9345d0eaca207a420daa8fff568beac574bbc2a94b543", "ABCDEFGHIJKLMNOPQRSTUVWX"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct kit *k = open_with(cases[i].key);

		offer(k, cases[i].token);
		if (!hears(k, cases[i].text))
			fail_msg("%s", k->heard);
		assert_null(strstr(k->log, cases[i].text));
		assert_null(strstr(k->log, "opensesame"));
		kit_close(k);
	}
}

/* No digits, no string, too short, half a word, too long: said, and nothing sent. */
static void refuses_what_is_none(void **state)
{
	static const char *const tokens[] = {"", "00112233", "0011223344556677889", "00112233445566778899aabb ccddee0",
					     "0x112233445566778899aabbccddeeff"};
	char longer[1024 + 8 + 1];
	struct kit *k;

	(void)state;
	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
		k = open_with("key");
		offer(k, tokens[i]);
		kit_expect_failed(k, SLU_ERR_MESSAGE, "secure token is none");
		kit_expect_heard(k, "");
		kit_close(k);
	}
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	k = open_with("key");
	offer(k, longer);
	kit_expect_failed(k, SLU_ERR_MESSAGE, "secure token is none");
	kit_close(k);
	k = open_with("key");
	offer(k, longer + 8);
	assert_non_null(strstr(k->heard, "secureTokenResponse@0 0 "));
	kit_close(k);
	k = open_with("key");
	kit_say(k, 0, "_result", 1, "(ks)(ksksk(ks))", "fmsVer", "x", "level", "status", "code",
		"NetConnection.Connect.Success", "secureToken", "no", "text");
	kit_expect_failed(k, SLU_ERR_MESSAGE, "secure token is none");
	kit_close(k);
}

/* A key that no token comes for is no fault; nor is a token without a key, but that is said. */
static void goes_on_without(void **state)
{
	struct kit *k = open_with("key");

	(void)state;
	kit_say(k, 0, "_result", 1, "(ks)(ksks)", "fmsVer", "x", "level", "status", "code",
		"NetConnection.Connect.Success");
	assert_int_equal(strncmp(k->heard, "releaseStream@0 ", 16), 0);
	kit_close(k);
	k = open_with(NULL);
	offer(k, "3c1ff1a14e1181ab01fabc9e316a882f");
	assert_int_equal(strncmp(k->heard, "releaseStream@0 ", 16), 0);
	assert_non_null(strstr(k->log, "there is no key to answer with"));
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_librtmp_does),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(goes_on_without),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
