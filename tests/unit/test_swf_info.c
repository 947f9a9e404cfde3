/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "crypto/swf_info.h"

#define URL  "http://host/dir/player.swf"
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

#define ENTRY(url)                                                                                                     \
	"url: " url "\nctim: Mon, 23 Nov 2026 20:01:02 GMT\ndate: Thu, 01 Jan 1970 00:00:00 GMT\nsize: 0001e240\n"     \
	"hash: " HASH "\n"

enum { ASKED = 1795464062 };

static int find(const char *text, const char *url, struct slu_swf_info *info)
{
	return slu_swf_info_find(text, strlen(text), url, info);
}

static void is_whole(const struct slu_swf_info *info)
{
	assert_int_equal(info->asked, ASKED);
	assert_string_equal(info->date, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_int_equal(info->size, 123456);
	for (uint8_t i = 0; i < SLU_SWF_HASH; i++)
		assert_int_equal(info->hash[i], i);
}

static void finds(void **state)
{
	static const char *const texts[] = {
		ENTRY(URL),
		ENTRY("http://host/other.swf") ENTRY(URL),
		ENTRY(URL) ENTRY("http://host/other.swf"),
		ENTRY(URL) "hash: of the next\nurl: http://host/other.swf\nsize: none\n",
		"nonsense\n\n\nurl:\n" ENTRY(URL) "url: " URL "\nsize: 1\n",
	};
	struct slu_swf_info info;

	(void)state;
	assert_int_equal(find(texts[0], URL, &info), 1);
	is_whole(&info);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(find(texts[i], URL, &info), 1);
		is_whole(&info);
		assert_int_equal(find(texts[i], URL "?token=x/y.swf", &info), 1);
		assert_int_equal(find(texts[i], URL "#here", &info), 1);
		assert_int_equal(find(texts[i], "http://host/dir/player", &info), 0);
		assert_int_equal(find(texts[i], "http://host/player.swf", &info), 0);
		assert_int_equal(find(texts[i], "", &info), 0);
	}
	assert_int_equal(find(ENTRY("http://host/dir/player"), URL, &info), 0);
	assert_int_equal(find(texts[3], URL, &info), -1);
	assert_int_equal(find(texts[4], URL, &info), 1); /* the first one counts */
	assert_int_equal(find("", URL, &info), 0);
}

static void a_date_need_not_be(void **state)
{
	struct slu_swf_info info;

	(void)state;
	assert_int_equal(
		find("url: " URL "\nctim: Mon, 23 Nov 2026 20:01:02 GMT\ndate: \nsize: 1\nhash: " HASH, URL, &info), 1);
	assert_string_equal(info.date, "");
	assert_int_equal(
		find("url: " URL "\nctim: Mon, 23 Nov 2026 20:01:02 GMT\nsize: FFFFffff\nhash: " HASH "\n", URL, &info),
		1);
	assert_int_equal(info.size, 0xffffffff);
}

static void damage(void **state)
{
	static const char *const bad[][2] = {
		{"ctim: ", "date: x"},
		{"ctim: Mon, 23", "ctim: Mon, 99"},
		{"Nov 2026", "Nov -532"}, /* not the year 4294966764 */
		{"Nov 2026", "Nop 2026"},
		{"Nov 2026", "Nov 1900"},
		{"20:01:02", "24:01:02"},
		{"20:01:02", "20:60:02"},
		{"20:01:02", "20:01"},
		{"20:01:02", "xx:01:02"},
		{"size: 0001e240", ""},
		{"size: 0001e240", "size: "},
		{"size: 0", "size: -"},
		{"size: 0", "size: 00"},
		{"hash: 0", "hash: g"},
		{"hash: 00", "hash: "},
		{"hash: 00", "hash: 0000"},
		{"Thu, 01", "Thu,\t01"},
		{"Thu, 01", "Thu, \xc3\xa4 01"},
		{"Thu, 01", "Thursday, the first and best of all days there are, this one among them, 01"},
	};
	struct slu_swf_info info;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *at = strstr(ENTRY(URL), bad[i][0]);
		const size_t before = at ? (size_t)(at - ENTRY(URL)) : 0;

		assert_non_null(at);
		snprintf(text, sizeof text, "%.*s%s%s", (int)before, ENTRY(URL), bad[i][1], at + strlen(bad[i][0]));
		if (find(text, URL, &info) != -1)
			fail_msg("taken: %s", text);
		assert_int_equal(info.size, 0);
		assert_string_equal(info.date, "");
	}
}

static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} cases[] = {{"Thu, 01 Jan 1970 00:00:00 GMT", 0},          {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		     {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},  {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
		     {"Sun, 28 Feb 2100 23:59:59 GMT", 4107542399}, {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
		     {"Fri, 31 Dec 2027 12:00:00 GMT", 1830254400}};
	struct slu_swf_info info;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(text, sizeof text, "url: u\nctim: %s\nsize: 1\nhash: " HASH "\n", cases[i].text);
		assert_int_equal(find(text, "u", &info), 1);
		assert_int_equal(info.asked, cases[i].time);
	}
}

static char *set(const char *text, const char *url, const struct slu_swf_info *info)
{
	struct slu_buf out;
	char *copy;

	slu_buf_init(&out, 2 * SLU_SWF_INFO_MOST);
	assert_int_equal(slu_swf_info_set(&out, text, strlen(text), url, info), 0);
	copy = strndup((const char *)out.data, out.len);
	assert_non_null(copy);
	slu_buf_clear(&out);
	return copy;
}

static void sets(void **state)
{
	static const char *const cases[][2] = {
		{"", ENTRY(URL)},
		{"no newline", "no newline\n" ENTRY(URL)},
		{ENTRY("http://a/b"), ENTRY("http://a/b") ENTRY(URL)},
		{"url: " URL "\nsize: x\n", ENTRY(URL)},
		{"x\nurl: " URL "\nsize: x\nurl: y\nz", "x\n" ENTRY(URL) "url: y\nz"},
		{ENTRY(URL), ENTRY(URL)},
	};
	struct slu_swf_info info;

	(void)state;
	assert_int_equal(find(ENTRY(URL), URL, &info), 1);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *got = set(cases[i][0], URL "?token=x", &info);

		assert_string_equal(got, cases[i][1]);
		free(got);
	}
}

static void keeps_to_bounds(void **state)
{
	char *large = malloc(SLU_SWF_INFO_MOST), *url = malloc(6000), *got;
	struct slu_swf_info info;
	struct slu_buf out;

	(void)state;
	assert_non_null(large);
	assert_non_null(url);
	assert_int_equal(find(ENTRY(URL), URL, &info), 1);
	memset(large, 'x', SLU_SWF_INFO_MOST);
	large[SLU_SWF_INFO_MOST - 1] = '\0';
	got = set(large, URL, &info);
	assert_string_equal(got, ENTRY(URL)); /* all that is old is given up */
	free(got);
	memset(url, 'u', 6000);
	url[4001] = '\0';
	slu_buf_init(&out, SLU_SWF_INFO_MOST);
	assert_int_equal(slu_swf_info_set(&out, "", 0, url, &info), SLU_ERR_INVALID);
	assert_int_equal(slu_swf_info_set(&out, "", 0, "http://h/\nurl: x", &info), SLU_ERR_INVALID);
	assert_int_equal(slu_swf_info_set(&out, "", 0, "http://h/a b", &info), SLU_ERR_INVALID);
	url[4000] = '\0';
	assert_int_equal(slu_swf_info_set(&out, "", 0, url, &info), 0);
	slu_buf_clear(&out);
	free(large);
	free(url);
}

static void out_of_memory(void **state)
{
	struct slu_swf_info info;
	struct slu_buf out;
	bool failed = true;

	(void)state;
	assert_int_equal(find(ENTRY(URL), URL, &info), 1);
	for (long n = 0; failed; n++) {
		int r;

		slu_buf_init(&out, SLU_SWF_INFO_MOST);
		alloc_fail_at(n);
		r = slu_swf_info_set(&out, ENTRY("http://a/b"), sizeof ENTRY("http://a/b") - 1, URL, &info);
		failed = alloc_fail_end();
		assert_int_equal(r, failed ? SLU_ERR_NOMEM : 0);
		assert_true(failed || n > 1);
		slu_buf_clear(&out);
	}
}

static void fresh(void **state)
{
	struct slu_swf_info info = {.asked = 1000000000};

	(void)state;
	assert_true(slu_swf_info_fresh(&info, 1000000000, 1));
	assert_true(slu_swf_info_fresh(&info, 1000000000 + 86399, 1));
	assert_false(slu_swf_info_fresh(&info, 1000000000 + 86400, 1));
	assert_true(slu_swf_info_fresh(&info, 1000000000 + 86400, 2));
	assert_false(slu_swf_info_fresh(&info, 1000000000, 0));
	assert_false(slu_swf_info_fresh(&info, 1000000000, -1));
	assert_false(slu_swf_info_fresh(&info, 999999999, 30)); /* another clock's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),         cmocka_unit_test(a_date_need_not_be),
		cmocka_unit_test(damage),        cmocka_unit_test(times),
		cmocka_unit_test(sets),          cmocka_unit_test(keeps_to_bounds),
		cmocka_unit_test(out_of_memory), cmocka_unit_test(fresh),
	};

	return cmocka_run_group_tests_name("swf_info", tests, NULL, NULL);
}
