/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/error.h>

#include "crypto/ops.h"
#include "server/hub.h"
#include "server/keys.h"

/* printf %s one | sha256sum, and so on. */
#define ONE   "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define TWO   "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
#define THREE "8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f"

static struct slu_keys *make(void)
{
	struct slu_keys *k = slu_keys_new(slu_cryptops_openssl());

	assert_non_null(k);
	return k;
}

static struct slu_keys *parsed(const char *text)
{
	struct slu_keys *k = make();
	char error[512];

	if (slu_keys_parse(k, text, strlen(text), "keys", error, sizeof error) != 0)
		fail_msg("%s", error);
	return k;
}

static bool has(const struct slu_keys *k, const char *key, const char **name)
{
	struct slu_key_id id;

	assert_int_equal(slu_keys_id(k, key, &id), 0);
	return slu_keys_find(k, &id, name);
}

static void finds_what_is_there(void **state)
{
	struct slu_keys *k = parsed("\xef\xbb\xbf# who may\n\n" ONE "\n  " TWO "\tlive/cam \r\n#" THREE "\n");
	const char *name = "";

	(void)state;
	assert_int_equal(slu_keys_count(k), 2);
	assert_true(has(k, "one", &name));
	assert_null(name);
	assert_true(has(k, "two", &name));
	assert_string_equal(name, "live/cam");
	assert_true(has(k, "two?token=1", &name));
	assert_false(has(k, "three", &name));
	assert_null(name);
	assert_false(has(k, "", &name));
	assert_false(has(k, "on", &name));
	assert_false(has(k, "one ", &name));
	slu_keys_free(k);
}

static void tells_keys_apart(void **state)
{
	struct slu_keys *k = make();
	struct slu_key_id one, query, two;

	(void)state;
	assert_int_equal(slu_keys_id(k, "one", &one), 0);
	assert_int_equal(slu_keys_id(k, "one?a=b", &query), 0);
	assert_int_equal(slu_keys_id(k, "two", &two), 0);
	assert_true(slu_keys_same(&one, &query));
	assert_false(slu_keys_same(&one, &two));
	for (size_t i = 0; i < sizeof one.sha256; i++) {
		query = one;
		query.sha256[i] ^= 0x80;
		assert_false(slu_keys_same(&one, &query));
	}
	slu_keys_free(k);
}

static void takes_capitals_and_a_last_line_without_end(void **state)
{
	struct slu_keys *k = parsed("7692C3AD3540BB803C020B3AEE66CD8887123234EA0C6E7143C0ADD73FF431ED a/b/c");
	const char *name;

	(void)state;
	assert_true(has(k, "one", &name));
	assert_string_equal(name, "a/b/c");
	slu_keys_free(k);
}

static void several_keys_may_share_a_name(void **state)
{
	struct slu_keys *k = parsed(ONE " live/a\n" TWO " live/a\n");

	(void)state;
	assert_int_equal(slu_keys_count(k), 2);
	slu_keys_free(k);
}

static void each_of_many_is_found(void **state)
{
	enum { MANY = 300 };
	struct slu_keys *k = make(), *ids = make();
	struct slu_key_id id;
	char key[16], line[128], error[256];
	const char *name;
	int n;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof key, "key%d", i);
		assert_int_equal(slu_keys_id(ids, key, &id), 0);
		n = 0;
		for (size_t b = 0; b < sizeof id.sha256; b++)
			n += snprintf(line + n, sizeof line - (size_t)n, "%02x", id.sha256[b]);
		n += snprintf(line + n, sizeof line - (size_t)n, " live/%d", i);
		assert_int_equal(slu_keys_parse(k, line, (size_t)n, "keys", error, sizeof error), 0);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof key, "key%d", i);
		assert_true(has(k, key, &name));
		assert_int_equal(atoi(name + 5), i);
	}
	assert_false(has(k, "key300", &name));
	slu_keys_free(ids);
	slu_keys_free(k);
}

static void refuses(const char *text, size_t n, const char *line, const char *why)
{
	struct slu_keys *k = make();
	char error[512], begin[64];

	assert_int_equal(slu_keys_parse(k, text, n, "keys.txt", error, sizeof error), SLU_ERR_INVALID);
	snprintf(begin, sizeof begin, "line %s of keys.txt cannot be used: ", line);
	if (strncmp(error, begin, strlen(begin)) != 0 || !strstr(error, why))
		fail_msg("%s", error);
	assert_null(strstr(error, "s3cret"));
	assert_null(strstr(error, "7692c3"));
	slu_keys_free(k);
}

static void says_what_is_wrong(void **state)
{
	char nul[] = ONE " live/s3cret", longest[64 + SLU_STREAM_KEY + 8];

	(void)state;
	refuses("s3cret", 6, "1", "64 hexadecimal digits");
	refuses("#\ns3cret live/cam", 17, "2", "64 hexadecimal digits");
	refuses(ONE "0", 65, "1", "64 hexadecimal digits");
	refuses(ONE, 63, "1", "64 hexadecimal digits");
	refuses(ONE "\n" ONE "\n", 130, "2", "line 1 has the same key");
	refuses(TWO "\n" ONE "\n\n" ONE " live/x\n" ONE, 64 * 4 + 11, "4", "line 2 has the same key");
#define WITH(name, line, why) refuses(ONE " " name, sizeof(ONE " " name) - 1, line, why)
	WITH("live/cam s3cret", "1", "something else");
	WITH("live/cam # s3cret", "1", "something else");
	WITH("s3cret", "1", "APP/NAME");
	WITH("/s3cret", "1", "APP/NAME");
	WITH("s3cret/", "1", "APP/NAME");
	WITH("live//s3cret", "1", "APP/NAME");
	WITH("live/../s3cret", "1", "APP/NAME");
	WITH("live/s3cret?x", "1", "APP/NAME");
	WITH("live/s3\x01"
	     "cret",
	     "1", "APP/NAME");
	nul[70] = '\0';
	refuses(nul, sizeof nul - 1, "1", "APP/NAME");
	memset(longest, 'n', sizeof longest);
	memcpy(longest, ONE " a/", 67);
	refuses(longest, 65 + SLU_STREAM_KEY, "1", "511 bytes");
	{
		struct slu_keys *k = make();
		char error[256];

		assert_int_equal(slu_keys_parse(k, longest, 65 + SLU_STREAM_KEY - 1, "keys", error, sizeof error), 0);
		slu_keys_free(k);
	}
}

static void swaps(void **state)
{
	struct slu_keys *a = parsed(ONE), *b = parsed(TWO "\n" THREE);
	const char *name;

	(void)state;
	slu_keys_swap(a, b);
	assert_int_equal(slu_keys_count(a), 2);
	assert_true(has(a, "three", &name));
	assert_false(has(a, "one", &name));
	assert_true(has(b, "one", &name));
	slu_keys_free(a);
	slu_keys_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_there),
		cmocka_unit_test(tells_keys_apart),
		cmocka_unit_test(takes_capitals_and_a_last_line_without_end),
		cmocka_unit_test(several_keys_may_share_a_name),
		cmocka_unit_test(each_of_many_is_found),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(swaps),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
