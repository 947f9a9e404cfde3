/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sluice/error.h>

#include "tools/exit.h"
#include "tools/probe_target.h"

static void takes_hosts_and_urls(void **state)
{
	static const struct {
		const char *text, *host, *shown, *tc_url;
		uint16_t port;
	} good[] = {
		{"a.example", "a.example", "a.example:443", "rtmps://a.example", 443},
		{"a.example:1935", "a.example", "a.example:1935", "rtmps://a.example:1935", 1935},
		{"192.0.2.1:444", "192.0.2.1", "192.0.2.1:444", "rtmps://192.0.2.1:444", 444},
		{"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:443", "rtmps://[2001:db8::1]", 443},
		{"[::1]:5", "::1", "[::1]:5", "rtmps://[::1]:5", 5},
		{"rtmps://a.example/live", "a.example", "rtmps://a.example:443/live", "rtmps://a.example/live", 443},
		{"RTMPS://me:word@a.example:5/live/in/key?x", "a.example", "rtmps://a.example:5/live/in/...",
		 "rtmps://a.example:5/live/in", 5},
		{"rtmpts://[::1]/a", "::1", "rtmpts://[::1]:443/a", "rtmpts://[::1]/a", 443},
	};
	struct slu_probe_target t;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(slu_probe_target_parse(&t, good[i].text, why, sizeof why), 0);
		assert_string_equal(t.url.host, good[i].host);
		assert_string_equal(t.shown, good[i].shown);
		assert_string_equal(t.url.tc_url, good[i].tc_url);
		assert_int_equal(t.url.port, good[i].port);
		slu_probe_target_clear(&t);
	}
}

/* Without a word of what was given, which may be a secret. */
static void refuses_all_else(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "is empty"},
		{"rtmp://a.example/secret/secret", "no TLS"},
		{"rtmpe://a.example", "no TLS"},
		{"https://a.example/secret", "another kind"},
		{"::1", "brackets"},
		{"a.example:secret", "port"},
		{"a.example:0", "port"},
		{"a.example:65536", "port"},
		{"a.example/secret", "neither"},
		{"me:secret@a.example", "neither"},
		{"a secret", "space"},
		{"[::1", "IPv6"},
		{"rtmps:///secret/secret", "host"},
	};
	struct slu_probe_target t;
	char why[256], longest[512];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(slu_probe_target_parse(&t, bad[i].text, why, sizeof why), SLU_ERR_URL);
		assert_non_null(strstr(why, bad[i].why));
		assert_null(strstr(why, "secret"));
	}
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(slu_probe_target_parse(&t, longest, why, sizeof why), SLU_ERR_URL);
	snprintf(longest, sizeof longest, "rtmps://%0300d/live", 0);
	assert_int_equal(slu_probe_target_parse(&t, longest, why, sizeof why), SLU_ERR_URL);
}

static void reads_a_file(void **state)
{
	char path[] = "/tmp/slu-targets-XXXXXX";
	struct slu_probe_targets all = {0};
	const int fd = mkstemp(path);
	static const char text[] = "# none\n\n  a.example \t# the first\r\n[::1]:5\n#b\nc.example#d";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(slu_probe_targets_add(&all, "z.example"), SLU_EXIT_OK);
	assert_int_equal(slu_probe_targets_read(&all, path), SLU_EXIT_INPUT); /* c.example#d */
	assert_int_equal(all.n, 3);
	assert_string_equal(all.texts[0], "z.example");
	assert_string_equal(all.texts[1], "a.example");
	assert_string_equal(all.texts[2], "[::1]:5");
	slu_probe_targets_clear(&all);
	assert_int_equal(all.n, 0);
	unlink(path);
	assert_int_equal(slu_probe_targets_read(&all, path), SLU_EXIT_INPUT);
	assert_int_equal(slu_probe_targets_add(&all, "rtmp://a.example"), SLU_EXIT_USAGE);
	slu_probe_targets_clear(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_hosts_and_urls),
		cmocka_unit_test(refuses_all_else),
		cmocka_unit_test(reads_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
