/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session_kit.h"

static uint8_t handshake[1 + 2 * 1536] = {3};

static struct slu_session *make(enum slu_role role)
{
	const struct slu_session_config config = {.role = role, .now_ms = 1000, .connect = {.app = "live"}};

	return slu_session_new(&config);
}

static void ranges_of_the_configuration(void **state)
{
	static const struct slu_session_config wrong[] = {
		{.chunk_size = 0x1000000},      {.max_message = 0x1000000},
		{.role = (enum slu_role)2},     {.handshake = (enum slu_handshake)2},
		{.connect = {.extra_size = 1}},
	};
	const struct slu_session_config most = {.chunk_size = 0xffffff, .max_message = 0xffffff};
	struct slu_session *s = slu_session_new(&most);

	(void)state;
	assert_non_null(s);
	slu_session_free(s);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_null(slu_session_new(&wrong[i]));
	slu_session_free(NULL);
}

/* What the caller gave may go at once. */
static void strings_are_copied(void **state)
{
	char app[] = "live", stream[] = "key";
	const struct slu_session_config config = {.role = SLU_CLIENT, .connect = {.app = app}};
	struct slu_session *s = slu_session_new(&config);
	struct slu_vec vec[8];
	size_t n, found = 0;

	(void)state;
	assert_int_equal(slu_session_publish(s, stream, SLU_PUBLISH_LIVE), 0);
	memset(app, 'z', 4);
	memset(stream, 'z', 3);
	assert_int_equal(slu_session_in(s, handshake, sizeof handshake), sizeof handshake);
	n = slu_session_out(s, vec, 8);
	for (size_t i = 0; i < n; i++) {
		found += memmem(vec[i].data, vec[i].size, "\x02\x00\x04live", 7) != NULL;
		assert_null(memmem(vec[i].data, vec[i].size, "zz", 2));
	}
	assert_int_equal(found, 1);
	slu_session_free(s);
}

static void deadline_of_the_handshake(void **state)
{
	struct slu_session *s = make(SLU_SERVER);

	(void)state;
	assert_int_equal(slu_session_deadline(s), 11000);
	assert_int_equal(slu_session_in(s, handshake, 1000), 1000);
	assert_int_equal(slu_session_tick(s, 10999), 0);
	assert_int_equal(slu_session_tick(s, 11000), SLU_ERR_TIMEOUT);
	assert_non_null(strstr(slu_session_error(s), "did not finish the handshake within 10000 ms"));
	slu_session_free(s);
	s = make(SLU_SERVER);
	assert_int_equal(slu_session_in(s, handshake, sizeof handshake), sizeof handshake);
	assert_int_equal(slu_session_tick(s, 11000), SLU_ERR_TIMEOUT);
	assert_non_null(strstr(slu_session_error(s), "sent no connect"));
	slu_session_free(s);
}

/* Time does not run backwards. */
static void clock_that_jumps_back(void **state)
{
	struct slu_session *s = make(SLU_SERVER);

	(void)state;
	assert_int_equal(slu_session_tick(s, 9000), 0);
	assert_int_equal(slu_session_tick(s, 5), 0);
	assert_int_equal(slu_session_deadline(s), 11000);
	assert_int_equal(slu_session_in(s, handshake, sizeof handshake), sizeof handshake);
	assert_int_equal(slu_session_deadline(s), 19000); /* for connect, from when it was last known */
	slu_session_free(s);
}

static void bad_handshake(void **state)
{
	struct slu_session *s = make(SLU_CLIENT);
	int err;

	(void)state;
	err = (int)slu_session_in(s, "HTTP/1.1 400 Bad Request\r\n", 26);
	assert_int_equal(err, SLU_ERR_HANDSHAKE);
	assert_true(strlen(slu_session_error(s)) > 20);
	assert_int_equal(slu_session_in(s, "x", 1), SLU_ERR_HANDSHAKE);
	assert_int_equal(slu_session_deadline(s), 1000);
	slu_session_free(s);
}

/* The end of the peer, at each step. */
static void end_of_the_peer(void **state)
{
	struct slu_session *s = make(SLU_CLIENT);
	struct kit *k;

	(void)state;
	assert_int_equal(slu_session_in_end(s), SLU_ERR_CLOSED);
	assert_non_null(strstr(slu_session_error(s), "during the handshake"));
	slu_session_free(s);

	k = kit_open(SLU_CLIENT, NULL);
	assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
	assert_non_null(strstr(slu_session_error(k->s), "instead of answering connect"));
	kit_close(k);

	k = kit_open_connected(SLU_CLIENT, NULL);
	assert_int_equal(slu_session_in_end(k->s), 0);
	kit_bytes(k, "\x04\0\0\0\0\0\x09\x08\x01\0\0\0abc", 15);
	assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
	assert_non_null(strstr(slu_session_error(k->s), "in the middle of a message"));
	kit_close(k);

	k = kit_open(SLU_SERVER, NULL);
	assert_int_equal(slu_session_in_end(k->s), SLU_ERR_CLOSED);
	assert_non_null(strstr(slu_session_error(k->s), "the client closed the connection before it sent connect"));
	kit_close(k);

	k = kit_open_connected(SLU_SERVER, NULL);
	assert_int_equal(slu_session_in_end(k->s), 0);
	kit_close(k);
}

/* Hundreds of chunk streams that announce 16 MB each, in 45 KB: next to nothing is reserved, and it is an error. */
static void announced_lengths(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	struct slu_session_stats stats;
	uint8_t chunk[13 + 128] = {0, 0, 0, 0, 0, 0xff, 0xff, 0xff, SLU_MSG_VIDEO, 1, 0, 0, 0};
	size_t sent = 0;

	(void)state;
	for (unsigned i = 0; i < 300 && !k->err; i++) {
		chunk[1] = (uint8_t)i;
		chunk[0] = 0;
		kit_bytes(k, chunk, sizeof chunk);
		sent += sizeof chunk;
		slu_session_stats(k->s, &stats);
		assert_true(stats.memory <= 4 * 1024 * 1024);
	}
	assert_true(sent <= 45000);
	assert_true(k->err == SLU_ERR_MEMORY_CAP || k->err == SLU_ERR_CHUNK);
	kit_close(k);
}

/* The same bytes in pieces of any size make the same conversation. */
static void any_pieces(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 7, 100};

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct kit *k = kit_open(SLU_SERVER, NULL);

		k->piece = pieces[i];
		kit_say(k, 0, "connect", 1, "(ks)", "app", "live");
		assert_int_equal(slu_session_accept(k->s), 0);
		kit_control(k, SLU_MSG_SET_CHUNK_SIZE, 0, 5, 0);
		kit_say(k, 0, "createStream", 2, "z");
		kit_say(k, 1, "publish", 0, "zs", "a-rather-long-name");
		kit_expect_events(k, "CONNECT live; PUBLISH a-rather-long-name; ");
		kit_close(k);
	}
}

static void logging(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);

	(void)state;
	assert_non_null(strstr(k->log, "handshake done, plain\n"));
	assert_non_null(strstr(k->log, "-> connect on stream 0\n"));
	assert_non_null(strstr(k->log, "<- _result 1 on stream 0: NetConnection.Connect.Success\n"));
	k->log[0] = '\0';
	slu_session_play(k->s, "movie", NULL);
	kit_say(k, 0, "_result", 2, "zn", 1.0);
	k->log[0] = '\0';
	kit_message(k, SLU_MSG_VIDEO, 1, 0, "x", 1); /* no line for media */
	assert_string_equal(k->log, "");
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_of_the_configuration),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(deadline_of_the_handshake),
		cmocka_unit_test(clock_that_jumps_back),
		cmocka_unit_test(bad_handshake),
		cmocka_unit_test(end_of_the_peer),
		cmocka_unit_test(announced_lengths),
		cmocka_unit_test(any_pieces),
		cmocka_unit_test(logging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
