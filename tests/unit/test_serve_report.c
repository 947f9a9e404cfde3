/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/serve_report.h"

static const struct slu_server_report all = {
	.id = 7,
	.address = "[::1]:5000",
	.app = "live",
	.text = "",
	.seconds = 1.5,
	.messages = 11,
	.bytes = 12,
	.dropped = 13,
	.stored = 14,
	.tls_version = "TLSv1.3",
	.tls_suite = "SUITE",
	.rtmpe = 8,
	.http = true,
};

/* What a descriptor of ours gets from a report. */
static const char *said(int fd, struct slu_common_options *options, enum slu_server_report_type type, const char *text)
{
	static char out[1024];
	struct slu_server_report r = all;
	FILE *f = tmpfile();
	int saved = dup(fd);
	ssize_t n;

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), fd);
	r.type = type;
	r.text = text;
	slu_serve_report(options, &r);
	fflush(stdout);
	dup2(saved, fd);
	close(saved);
	n = pread(fileno(f), out, sizeof out - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	fclose(f);
	return out;
}

static void says_all_as_json(void **state)
{
	static const struct {
		enum slu_server_report_type type;
		const char *text, *line;
	} lines[] = {
		{SLU_REPORT_CONNECT, "",
		 "\"connect\",B,\"tls_version\":\"TLSv1.3\",\"tls_suite\":\"SUITE\",\"rtmpe\":8,\"rtmpt\":true}\n"},
		{SLU_REPORT_PUBLISH, "", "\"publish\",B}\n"},
		{SLU_REPORT_UNPUBLISH, "",
		 "\"unpublish\",B,\"seconds\":1.5,\"messages\":11,\"bytes\":12,\"stored\":14}\n"},
		{SLU_REPORT_PLAY, "", "\"play\",B}\n"},
		{SLU_REPORT_STOP, "", "\"stop\",B,\"seconds\":1.5,\"messages\":11,\"dropped\":13}\n"},
		{SLU_REPORT_REFUSE, "a \"why\"", "\"refuse\",B,\"text\":\"a \\\"why\\\"\"}\n"},
		{SLU_REPORT_RECORDING, "full", "\"recording\",B,\"text\":\"full\",\"stored\":14}\n"},
		{SLU_REPORT_CLOSE, "", "\"close\",B}\n"},
	};
	static const char both[] = "\"client\":7,\"address\":\"[::1]:5000\",\"app\":\"live\"";
	struct slu_common_options options = {.json = true};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		const char *b = strchr(lines[i].line, 'B');
		char want[512];

		snprintf(want, sizeof want, "{\"event\":%.*s%s%s", (int)(b - lines[i].line), lines[i].line, both,
			 b + 1);
		assert_string_equal(said(STDOUT_FILENO, &options, lines[i].type, lines[i].text), want);
	}
}

static void says_to_people_what_they_asked_for(void **state)
{
	struct slu_common_options plain = {0}, quiet = {.quiet = true}, verbose = {.verbose = 1};

	(void)state;
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_UNPUBLISH, ""),
			    "sluice: #7 published 1.5 s to \"live\": 11 messages, 12 bytes, 14 stored\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_STOP, ""),
			    "sluice: #7 played 1.5 s from \"live\": 11 messages, 13 dropped\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_REFUSE, "Why."),
			    "sluice: #7, [::1]:5000, was refused at \"live\": Why.\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_CONNECT, ""), "");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_CLOSE, "why"), "");
	assert_string_equal(
		said(STDERR_FILENO, &verbose, SLU_REPORT_CONNECT, ""),
		"sluice: #7, [::1]:5000, connected to app \"live\" over TLSv1.3 SUITE with RTMPE through HTTP\n");
	assert_string_equal(said(STDERR_FILENO, &verbose, SLU_REPORT_CLOSE, "why"),
			    "sluice: #7, [::1]:5000, was lost: why\n");
	assert_string_equal(said(STDERR_FILENO, &verbose, SLU_REPORT_CLOSE, ""), "sluice: #7, [::1]:5000, closed\n");
	assert_string_equal(said(STDERR_FILENO, &quiet, SLU_REPORT_UNPUBLISH, ""), "");
	/* That something is lost is said all the same. */
	assert_string_equal(said(STDERR_FILENO, &quiet, SLU_REPORT_RECORDING, "full"),
			    "sluice: #7, at \"live\": full\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_all_as_json),
		cmocka_unit_test(says_to_people_what_they_asked_for),
	};

	return cmocka_run_group_tests_name("serve_report", tests, NULL, NULL);
}
