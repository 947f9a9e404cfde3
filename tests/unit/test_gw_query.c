/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "tools/gw_query.h"

enum { MAX = 256 };

/* All pairs of a target as "name=value;", a value that there is not as "name;", and at the end what comes last. */
static const char *pairs(const char *target, char out[MAX])
{
	static char copy[MAX];
	struct slu_gw_pair pair;
	char *query;
	int got;

	snprintf(copy, sizeof copy, "%s", target);
	*out = '\0';
	for (query = slu_gw_query(copy); (got = slu_gw_next(&query, &pair)) > 0;)
		snprintf(out + strlen(out), MAX - strlen(out), "%s%s%s;", pair.name, pair.value ? "=" : "",
			 pair.value ? pair.value : "");
	strcat(out, got ? "!" : ".");
	return out;
}

static void test_pairs(void **state)
{
	static const struct {
		const char *target, *pairs;
	} cases[] = {
		{"", "."},
		{"/", "."},
		{"/?", "."},
		{"/?&&", "."},
		{"/?r=rtmp://h/a/b", "r=rtmp://h/a/b;."},
		{"/any/path?r=1&y=2&", "r=1;y=2;."},
		{"/?&r=1&&v&live=", "r=1;v;live=;."},
		{"/?r=a?b=c&y=a+b", "r=a?b=c;y=a+b;."},
		{"/?r=%72tmp%3A%2f%2F%26%3d%25", "r=rtmp://&=%;."},
		{"/?y=\xc3\xa4%C3%A4", "y=\xc3\xa4\xc3\xa4;."},
		{"/?y=1&=2&z=3", "y=1;!"},
		{"/?y=1&%79=2", "y=1;!"},
		{"/?a b=2", "!"},
		{"/?y=%", "!"},
		{"/?y=%2", "!"},
		{"/?y=%2&z=1", "!"},
		{"/?y=%g0", "!"},
		{"/?y=%0g", "!"},
		{"/?y=a%00b", "!"},
		{"/?y=a%0ab", "!"},
		{"/?y=%7F", "!"},
	};
	char out[MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(pairs(cases[i].target, out), cases[i].pairs);
}

static bool allowed(const char *name, const char *value)
{
	return slu_gw_allowed(&(struct slu_gw_pair){.name = (char *)name, .value = (char *)value});
}

static void test_allowed(void **state)
{
	(void)state;
	assert_true(allowed("r", "rtmp://h/a/b"));
	assert_true(allowed("d", "device"));
	assert_true(allowed("i", NULL));
	assert_true(allowed("i", "rtmps://h/a/b tlsVerify=0 live=1"));
	assert_true(allowed("y", "a tlsKey=b"));
	assert_false(allowed("D", "0.0.0.0"));
	assert_false(allowed("device", "0.0.0.0"));
	assert_false(allowed("g", "1"));
	assert_false(allowed("sport", "1"));
	assert_false(allowed("i", "rtmps://h/a/b tlsCAFile=/etc/passwd"));
	assert_false(allowed("url", "rtmps://h/a/b live=1 TLSCERT=x"));
	assert_false(allowed("i", "rtmps://h/a/b tlskey=x"));
	assert_false(allowed("i", "rtmps://h/a/b   tlsOffload=engine:x"));
}

static void test_parts(void **state)
{
	(void)state;
	assert_false(slu_gw_is_part("bytes=0-"));
	assert_false(slu_gw_is_part("Bytes=0-"));
	assert_false(slu_gw_is_part("lines=3-"));
	assert_true(slu_gw_is_part("bytes=0-1"));
	assert_true(slu_gw_is_part("bytes=1-"));
	assert_true(slu_gw_is_part("bytes=-1"));
	assert_true(slu_gw_is_part("bytes="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
