/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/say.h"
#include "tools/serve_log.h"

static uint64_t at(void)
{
	return 951782400007; /* a leap day */
}

/* What the log writes to a descriptor of ours, of one line of each kind. */
static const char *logged(int fd, bool json, bool times)
{
	static char out[1024];
	struct slu_common_options options = {.json = json};
	struct slu_serve_log log;
	FILE *f = tmpfile();
	int saved = dup(fd);
	ssize_t n;

	assert_non_null(f);
	slu_serve_log_init(&log, &options);
	log.clock = at;
	log.times = times;
	fflush(stdout);
	dup2(fileno(f), fd);
	assert_int_equal(slu_serve_log_start(&log), 0);
	if (json)
		slu_serve_log_json(&log, slu_serve_log_object(&log, "this"));
	else
		slu_say("this %d", 1);
	slu_serve_log_end(&log);
	dup2(saved, fd);
	close(saved);
	n = pread(fileno(f), out, sizeof out - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	fclose(f);
	return out;
}

static void says_the_time(void **state)
{
	(void)state;
	assert_string_equal(logged(STDERR_FILENO, false, true), "2000-02-29T00:00:00.007Z sluice: this 1\n");
	assert_string_equal(logged(STDERR_FILENO, false, false), "sluice: this 1\n");
	assert_string_equal(logged(STDOUT_FILENO, true, true),
			    "{\"event\":\"this\",\"time\":\"2000-02-29T00:00:00.007Z\"}\n");
	assert_string_equal(logged(STDOUT_FILENO, true, false),
			    "{\"event\":\"this\",\"time\":\"2000-02-29T00:00:00.007Z\"}\n");
}

/* The variable is inherited by whatever a service starts, also with its stderr elsewhere. */
static void leaves_the_time_to_the_journal(void **state)
{
	struct slu_common_options options = {0};
	struct slu_serve_log log;
	struct stat st;
	char is[64];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	unsetenv("JOURNAL_STREAM");
	slu_serve_log_init(&log, &options);
	assert_true(log.times);
	snprintf(is, sizeof is, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", is, 1);
	slu_serve_log_init(&log, &options);
	assert_false(log.times);
	setenv("JOURNAL_STREAM", "1:2", 1);
	slu_serve_log_init(&log, &options);
	assert_true(log.times);
	unsetenv("JOURNAL_STREAM");
}

static void quotes(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(slu_serve_log_quote(out, sizeof out, "a\"\\\x9b", 4), "a\\\"\\\\\\x9b");
	/* Cut, and never in the middle of what stands for a byte. */
	assert_string_equal(slu_serve_log_quote(out, sizeof out, "\n\n\n\n\n\n", 6), "\\x0a\\x0a\\x0a");
	assert_string_equal(slu_serve_log_quote(out, 1, "aaa", 3), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_the_time),
		cmocka_unit_test(leaves_the_time_to_the_journal),
		cmocka_unit_test(quotes),
	};

	return cmocka_run_group_tests_name("serve_log", tests, NULL, NULL);
}
