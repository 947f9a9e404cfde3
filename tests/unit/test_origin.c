/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include "net/origin.h"

static const struct slu_origin_scheme schemes[] = {{"http", 80}, {"https", 443}};

static const char *parse(struct slu_origin *o, const char *text)
{
	return slu_origin_parse(o, text, schemes, 2);
}

static const struct good {
	const char *text;
	size_t scheme;
	const char *user, *password, *host;
	uint16_t port;
	const char *rest;
} goods[] = {
	{"http://a", 0, "", "", "a", 80, ""},
	{"HTTPS://a.b-c_d.example", 1, "", "", "a.b-c_d.example", 443, ""},
	{"http://a:8080/", 0, "", "", "a", 8080, "/"},
	{"http://a:1/x/y?z#f", 0, "", "", "a", 1, "/x/y?z#f"},
	{"http://a?q@x", 0, "", "", "a", 80, "?q@x"},
	{"http://a#f", 0, "", "", "a", 80, "#f"},
	{"http://u@a:65535", 0, "u", "", "a", 65535, ""},
	{"http://u:p@a", 0, "u", "p", "a", 80, ""},
	{"http://u:@a", 0, "u", "", "a", 80, ""},
	{"http://u:p:q@a", 0, "u", "p:q", "a", 80, ""},
	{"http://u:p@q@a", 0, "u", "p@q", "a", 80, ""},
	{"http://%75%3a%40:%2F%c3%a4@a", 0, "u:@", "/\xc3\xa4", "a", 80, ""},
	{"http://192.0.2.1:81", 0, "", "", "192.0.2.1", 81, ""},
	{"http://[2001:db8::1]", 0, "", "", "2001:db8::1", 80, ""},
	{"https://u:p@[::1]:9/x", 1, "u", "p", "::1", 9, "/x"},
};

static void takes(void **state)
{
	struct slu_origin o;

	(void)state;
	for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
		const struct good *g = &goods[i];
		const char *why = parse(&o, g->text);

		if (why)
			fail_msg("%s: %s", g->text, why);
		assert_int_equal(o.scheme, g->scheme);
		assert_string_equal(o.user, g->user);
		assert_string_equal(o.password, g->password);
		assert_string_equal(o.host, g->host);
		assert_int_equal(o.port, g->port);
		assert_string_equal(o.rest, g->rest);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *part;
	} bads[] = {
		{NULL, "is missing"},
		{"", "scheme"},
		{"a", "scheme"},
		{"http:/a", "scheme"},
		{"ftp://a", "scheme"},
		{"httpx://a", "scheme"},
		{"http://", "host is missing"},
		{"http:///x", "host is missing"},
		{"http://:80", "host is missing"},
		{"http://u@", "host is missing"},
		{"http://a b", "space"},
		{"http://a\tb", "control"},
		{"http://a/\x7f", "control"},
		{"http://\xc3\xa4", "character"},
		{"http://a:", "port is missing"},
		{"http://a:0", "or 0"},
		{"http://a:65536", "over 65535"},
		{"http://a:8x", "not a number"},
		{"http://a:-1", "not a number"},
		{"http://2001:db8::1", "number"},
		{"http://[::1", "']'"},
		{"http://[::1]x", "only a ':'"},
		{"http://[::1]:", "port is missing"},
		{"http://[a]", "IPv6"},
		{"http://[1.2.3.4]", "IPv6"},
		{"http://[]", "IPv6"},
		{"http://%:p@a", "%25"},
		{"http://u:%4@a", "%25"},
		{"http://u:%zz@a", "%25"},
		{"http://%00:p@a", "control"},
		{"http://u:%0a@a", "control"},
	};
	struct slu_origin o;

	(void)state;
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		const char *why = parse(&o, bads[i].text);

		if (!why || !strstr(why, bads[i].part))
			fail_msg("%s: %s", bads[i].text, why ? why : "was taken");
		assert_int_equal(o.port, 0);
		assert_string_equal(o.host, "");
		assert_string_equal(o.rest, "");
	}
}

/* "http://" AAAA... n times, and what follows. */
static const char *of_length(char *text, const char *before, size_t n, const char *behind)
{
	strcpy(text, before);
	memset(text + strlen(before), 'a', n);
	strcpy(text + strlen(before) + n, behind);
	return text;
}

static void has_bounds(void **state)
{
	char *text = malloc(10000);
	struct slu_origin o;

	(void)state;
	assert_non_null(text);
	assert_null(parse(&o, of_length(text, "http://", 253, "")));
	assert_int_equal(strlen(o.host), 253);
	assert_non_null(parse(&o, of_length(text, "http://", 254, "")));
	assert_non_null(parse(&o, of_length(text, "http://[", 300, "]")));
	assert_null(parse(&o, of_length(text, "http://", 255, ":p@a")));
	assert_int_equal(strlen(o.user), 255);
	assert_non_null(strstr(parse(&o, of_length(text, "http://", 256, ":p@a")), "255"));
	assert_null(parse(&o, of_length(text, "http://u:", 255, "@a")));
	assert_int_equal(strlen(o.password), 255);
	assert_non_null(strstr(parse(&o, of_length(text, "http://u:", 256, "@a")), "255"));
	assert_null(parse(&o, of_length(text, "http://a/", 8192 - 9, "")));
	assert_non_null(strstr(parse(&o, of_length(text, "http://a/", 8193 - 9, "")), "8192"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(has_bounds),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
