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
	.stream = "",
	.reason = "why",
	.text = "",
	.file = "live/*.flv",
	.count = 1,
	.seconds = 1.5,
	.messages = 11,
	.bytes = 12,
	.dropped = 13,
	.stored = 14,
	.wire_in = 15,
	.wire_out = 16,
	.tls_version = "TLSv1.3",
	.tls_suite = "SUITE",
	.tls_client = "CN=cam",
	.rtmpe = 8,
	.http = true,
};

static uint64_t at(void)
{
	return 1790000000123;
}

/* What a descriptor of ours gets from a report. */
static const char *said_of(int fd, struct slu_common_options *options, const struct slu_server_report *r)
{
	static char out[4096];
	struct slu_serve_log log = {.options = options, .clock = at};
	FILE *f = tmpfile();
	int saved = dup(fd);
	ssize_t n;

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), fd);
	slu_serve_report(&log, r);
	fflush(stdout);
	dup2(saved, fd);
	close(saved);
	n = pread(fileno(f), out, sizeof out - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	fclose(f);
	return out;
}

static const char *said(int fd, struct slu_common_options *options, enum slu_server_report_type type, const char *text)
{
	struct slu_server_report r = all;

	r.type = type;
	r.text = text;
	return said_of(fd, options, &r);
}

static void says_all_as_json(void **state)
{
	static const struct {
		enum slu_server_report_type type;
		const char *text, *line;
	} lines[] = {
		{SLU_REPORT_CONNECT, "",
		 "\"connect\",B,\"tls_version\":\"TLSv1.3\",\"tls_suite\":\"SUITE\",\"tls_client\":\"CN=cam\","
		 "\"rtmpe\":8,\"rtmpt\":true}\n"},
		{SLU_REPORT_PUBLISH, "", "\"publish\",B}\n"},
		{SLU_REPORT_UNPUBLISH, "", "\"unpublish\",B,\"seconds\":1.5,\"messages\":11,\"bytes\":12}\n"},
		{SLU_REPORT_PLAY, "", "\"play\",B}\n"},
		{SLU_REPORT_STOP, "", "\"stop\",B,\"seconds\":1.5,\"messages\":11,\"bytes\":12,\"dropped\":13}\n"},
		{SLU_REPORT_REFUSE, "a \"why\"",
		 "\"refuse\",B,\"text\":\"a \\\"why\\\"\",\"reason\":\"why\",\"count\":1}\n"},
		{SLU_REPORT_RECORD, "", "\"record\",B,\"file\":\"live/*.flv\"}\n"},
		{SLU_REPORT_RECORDED, "", "\"recorded\",B,\"file\":\"live/*.flv\",\"seconds\":1.5,\"stored\":14}\n"},
		{SLU_REPORT_RECORDING, "full",
		 "\"recording\",B,\"text\":\"full\",\"file\":\"live/*.flv\",\"stored\":14,\"dropped\":13}\n"},
		{SLU_REPORT_END, "gone", "\"end\",B,\"text\":\"gone\",\"reason\":\"why\",\"count\":1}\n"},
		{SLU_REPORT_CLOSE, "", "\"close\",B,\"seconds\":1.5,\"bytes_in\":15,\"bytes_out\":16}\n"},
	};
	static const char both[] =
		"\"time\":\"2026-09-21T14:13:20.123Z\",\"client\":7,\"address\":\"[::1]:5000\",\"app\":\"live\"";
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
			    "sluice: #7 published 1.5 s to \"live\": 11 messages, 12 bytes, from "
			    "[::1]:5000\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_RECORD, ""),
			    "sluice: #7, [::1]:5000, at \"live\", is recorded into live/*.flv\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_RECORDED, ""),
			    "sluice: #7, [::1]:5000, at \"live\", was recorded into live/*.flv: 1.5 s, 14 bytes\n");
	assert_string_equal(
		said(STDERR_FILENO, &plain, SLU_REPORT_STOP, ""),
		"sluice: #7 played 1.5 s from \"live\": 11 messages, 13 dropped, 12 bytes, to [::1]:5000\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_REFUSE, "Why."),
			    "sluice: #7, [::1]:5000, was refused at \"live\": Why. (why)\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_END, "Why."),
			    "sluice: #7, [::1]:5000, at \"live\", is ended: Why. (why)\n");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_CONNECT, ""), "");
	assert_string_equal(said(STDERR_FILENO, &plain, SLU_REPORT_CLOSE, "why"), "");
	assert_string_equal(said(STDERR_FILENO, &verbose, SLU_REPORT_CONNECT, ""),
			    "sluice: #7, [::1]:5000, connected to app \"live\" over TLSv1.3 SUITE as CN=cam with RTMPE "
			    "through HTTP\n");
	assert_string_equal(said(STDERR_FILENO, &verbose, SLU_REPORT_CLOSE, "why"),
			    "sluice: #7, [::1]:5000, was lost after 1.5 s, 15 bytes in and 16 out: why\n");
	assert_string_equal(said(STDERR_FILENO, &verbose, SLU_REPORT_CLOSE, ""),
			    "sluice: #7, [::1]:5000, closed after 1.5 s, 15 bytes in and 16 out\n");
	assert_string_equal(said(STDERR_FILENO, &quiet, SLU_REPORT_UNPUBLISH, ""), "");
	assert_string_equal(said(STDERR_FILENO, &quiet, SLU_REPORT_REFUSE, "Why."), "");
	/* That something is lost is said all the same. */
	assert_string_equal(said(STDERR_FILENO, &quiet, SLU_REPORT_RECORDING, "full"),
			    "sluice: #7, [::1]:5000, at \"live\": full\n");
}

static void names_streams_that_have_public_names(void **state)
{
	struct slu_common_options plain = {0}, json = {.json = true};
	struct slu_server_report r = all;

	(void)state;
	r.type = SLU_REPORT_PLAY;
	r.stream = "live/cam";
	assert_string_equal(said_of(STDERR_FILENO, &plain, &r),
			    "sluice: #7, [::1]:5000, plays from \"live\" as live/cam\n");
	assert_non_null(strstr(said_of(STDOUT_FILENO, &json, &r), "\"app\":\"live\",\"stream\":\"live/cam\"}\n"));
}

/* Also of somebody who was turned away at the door, and has no number and no app. */
static void says_how_many_were_refused(void **state)
{
	struct slu_common_options plain = {0}, json = {.json = true};
	struct slu_server_report r = all;
	const char *line;

	(void)state;
	r.type = SLU_REPORT_REFUSE;
	r.text = "Why.";
	r.count = 20;
	assert_string_equal(said_of(STDERR_FILENO, &plain, &r),
			    "sluice: 20 more were refused, the last of them #7, [::1]:5000, at \"live\": Why. (why)\n");
	assert_non_null(strstr(said_of(STDOUT_FILENO, &json, &r), "\"reason\":\"why\",\"count\":20}\n"));
	r.id = 0;
	r.app = "";
	assert_string_equal(said_of(STDERR_FILENO, &plain, &r),
			    "sluice: 20 more were refused, the last of them [::1]:5000: Why. (why)\n");
	r.count = 1;
	assert_string_equal(said_of(STDERR_FILENO, &plain, &r), "sluice: [::1]:5000, was refused: Why. (why)\n");
	line = said_of(STDOUT_FILENO, &json, &r);
	assert_null(strstr(line, "client"));
	assert_non_null(strstr(line, "\"address\":\"[::1]:5000\""));
}

/* What clients sent ends neither a line nor a name, and is nothing to a terminal. */
static void escapes_what_clients_sent(void **state)
{
	struct slu_common_options plain = {0}, json = {.json = true};
	struct slu_server_report r = all;

	(void)state;
	r.type = SLU_REPORT_PUBLISH;
	r.app = "a\"\n\x1b[2J\\\xff\xc3\xa9";
	r.stream = "b\r\"";
	assert_string_equal(
		said_of(STDERR_FILENO, &plain, &r),
		"sluice: #7, [::1]:5000, publishes to \"a\\\"\\x0a\\x1b[2J\\\\\\xff\\xc3\\xa9\" as b\\x0d\\\"\n");
	assert_non_null(strstr(said_of(STDOUT_FILENO, &json, &r),
			       "\"app\":\"a\\\"\\u000a\\u001b[2J\\\\\\ufffd\\u00e9\",\"stream\":\"b\\u000d\\\"\"}\n"));
	r.type = SLU_REPORT_CLOSE;
	r.text = "x\n\"\x9b";
	plain.verbose = 1;
	assert_non_null(strstr(said_of(STDERR_FILENO, &plain, &r), " out: x\\x0a\"\\x9b\n"));
	assert_non_null(strstr(said_of(STDOUT_FILENO, &json, &r), "\"text\":\"x\\u000a\\\"\\ufffd\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_all_as_json),
		cmocka_unit_test(says_to_people_what_they_asked_for),
		cmocka_unit_test(names_streams_that_have_public_names),
		cmocka_unit_test(says_how_many_were_refused),
		cmocka_unit_test(escapes_what_clients_sent),
	};

	return cmocka_run_group_tests_name("serve_report", tests, NULL, NULL);
}
