/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "tools/serve_stats.h"

static const struct slu_stream_stats stream = {
	.seconds = 2,
	.id = 7,
	.address = "[::1]:5000",
	.app = "live",
	.stream = "",
	.players = 3,
	.waiting = 1,
	.bytes_in = 1000000,
	.bytes_out = 2500000,
	.messages_in_all = 11,
	.bytes_in_all = 12,
	.messages_out_all = 13,
	.bytes_out_all = 14,
	.dropped_all = 15,
	.recorded = 16,
	.recording_queued = 17,
	.codecs = {"avc1", "mp4a", 1280, 720, 25},
};

static const struct slu_server_stats server = {
	.seconds = 0.5,
	.connections = 1,
	.streams = 2,
	.publishers = 3,
	.players = 4,
	.bytes_in = 1000,
	.bytes_out = 2000,
	.bytes_in_all = 5,
	.bytes_out_all = 6,
	.cpu_seconds = 0.25,
	.resident = 7168,
	.memory = 8192,
	.recording_queued = 9216,
	.refused = 10,
	.refused_all = 11,
};

static uint64_t at(void)
{
	return 0;
}

/* Of a stream, or of the server where that is NULL. */
static const char *said(bool json, const struct slu_stream_stats *s)
{
	static char out[4096];
	struct slu_common_options options = {.json = json};
	struct slu_serve_log log = {.options = &options, .clock = at};
	int fd = json ? STDOUT_FILENO : STDERR_FILENO, saved = dup(fd);
	FILE *f = tmpfile();
	ssize_t n;

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), fd);
	if (s)
		slu_serve_stats_stream(&log, s);
	else
		slu_serve_stats_server(&log, &server);
	fflush(stdout);
	dup2(saved, fd);
	close(saved);
	n = pread(fileno(f), out, sizeof out - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	fclose(f);
	return out;
}

#define HEAD(event) "{\"event\":\"" event "\",\"time\":\"1970-01-01T00:00:00.000Z\","

static void says_how_a_stream_goes(void **state)
{
	struct slu_stream_stats other = stream;

	(void)state;
	assert_string_equal(
		said(true, &stream),
		HEAD("stream") "\"client\":7,\"address\":\"[::1]:5000\",\"app\":\"live\",\"players\":3,\"waiting\":1,"
			       "\"seconds\":2,\"bits_per_second_in\":4000000,\"bits_per_second_out\":10000000,"
			       "\"messages_in\":11,\"bytes_in\":12,\"messages_out\":13,\"bytes_out\":14,\"dropped\":15,"
			       "\"recorded\":16,\"recording_queued\":17,\"video\":\"avc1\",\"audio\":\"mp4a\","
			       "\"width\":1280,\"height\":720,\"frame_rate\":25}\n");
	assert_string_equal(said(false, &stream),
			    "sluice: stream of #7, [::1]:5000, at \"live\": 3 players, 1 of them waiting, 4000 kb/s in "
			    "and 10000 out, in all 11 messages of 12 bytes in and 13 of 14 out, 15 dropped, 16 bytes "
			    "recorded and 17 of them waiting; avc1+mp4a 1280x720\n");
	other.stream = "live/\"cam";
	other.seconds = 0;
	other.recorded = 0;
	other.codecs = (struct slu_codecs){.audio = "mp4a"};
	assert_non_null(strstr(said(true, &other),
			       "\"stream\":\"live/\\\"cam\",\"players\":3,\"waiting\":1,\"seconds\":0,"
			       "\"bits_per_second_in\":0,"));
	assert_string_equal(
		said(false, &other),
		"sluice: stream of #7, [::1]:5000, at \"live\" as live/\\\"cam: 3 players, 1 of them waiting, "
		"0 kb/s in and 0 out, in all 11 messages of 12 bytes in and 13 of 14 out, 15 dropped; mp4a\n");
	other.id = 0;
	assert_null(strstr(said(true, &other), "client"));
	assert_non_null(strstr(said(false, &other), "stream that nobody publishes yet: 3 players"));
}

static void says_how_all_goes(void **state)
{
	(void)state;
	assert_string_equal(
		said(true, NULL),
		HEAD("server") "\"connections\":1,\"streams\":2,\"publishers\":3,\"players\":4,\"seconds\":0.5,"
			       "\"bits_per_second_in\":16000,\"bits_per_second_out\":32000,\"bytes_in\":5,\"bytes_"
			       "out\":6,"
			       "\"cpu_seconds\":0.25,\"resident\":7168,\"memory\":8192,\"recording_queued\":9216,"
			       "\"refused\":10,\"refused_all\":11}\n");
	assert_string_equal(
		said(false, NULL),
		"sluice: 1 connections, 2 streams, 3 publishers, 4 players, 16 kb/s in and 32 out, in all 5 "
		"bytes in and 6 out, 0.250 s of CPU in 0.500 s, 7 KB resident, 8 KB counted, 9 of them waiting "
		"for files, 10 refused, in all 11\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_how_a_stream_goes),
		cmocka_unit_test(says_how_all_goes),
	};

	return cmocka_run_group_tests_name("serve_stats", tests, NULL, NULL);
}
