/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "crypto/ops.h"
#include "proto/message.h"
#include "session/swf_verify.h"
#include "session_kit.h"

/* Of a hash of 0, 1, 2, ... under 32 zeros, which is how the kit's S1 ends. */
static const uint8_t proof[32] = {0x46, 0xbd, 0x32, 0x06, 0x05, 0xc5, 0xa6, 0xb6, 0x16, 0x3a, 0xb7,
				  0x0b, 0xc6, 0x34, 0x5b, 0x92, 0xa5, 0xf9, 0x08, 0xe7, 0x9f, 0xe5,
				  0x89, 0x79, 0xc2, 0x3e, 0xbb, 0x47, 0xd1, 0xa5, 0xe3, 0x07};

static void make_answer(uint8_t out[2 + SLU_SWF_ANSWER])
{
	static const uint8_t head[12] = {0, SLU_USER_SWF_ANSWER, 1, 1, 1, 2, 3, 4, 1, 2, 3, 4};

	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, proof, sizeof proof);
}

static void set_hash(uint8_t hash[32])
{
	for (size_t i = 0; i < 32; i++)
		hash[i] = (uint8_t)i;
}

static struct slu_session_config client_config(uint32_t size)
{
	struct slu_session_config c = {.connect = {.app = "live"}, .crypto = slu_cryptops_openssl(), .swf_size = size};

	set_hash(c.swf_hash);
	return c;
}

static void ask(struct kit *k, const char *type, size_t n)
{
	uint8_t body[8] = {0, SLU_USER_SWF_REQUEST};

	memcpy(body + 2, type, n);
	kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, body, 2 + n);
}

static void client_answers(void **state)
{
	const struct slu_session_config c = client_config(0x01020304);
	struct kit *k = kit_open_connected(SLU_CLIENT, &c);
	uint8_t answer[SLU_SWF_ANSWER], want[2 + SLU_SWF_ANSWER];

	(void)state;
	ask(k, "\x01", 1);
	kit_expect_heard(k, "SWF Verification Answer 0; ");
	ask(k, "", 0);
	kit_expect_heard(k, "SWF Verification Answer 0; ");
	make_answer(want);
	assert_int_equal(slu_swf_verify_answer(k->s, answer), 0);
	assert_memory_equal(answer, want + 2, sizeof answer);
	kit_close(k);
}

/* Said, and nothing sent. */
static void client_cannot(void **state)
{
	struct slu_session_config c = client_config(0x01020304);
	struct kit *k = kit_open_connected(SLU_CLIENT, &c);
	uint8_t answer[SLU_SWF_ANSWER];

	(void)state;
	ask(k, "\x02", 1);
	kit_expect_heard(k, "");
	assert_non_null(strstr(k->log, "SWF verification of type 2, and only type 1"));
	kit_close(k);
	c = client_config(0);
	k = kit_open_connected(SLU_CLIENT, &c);
	ask(k, "\x01", 1);
	kit_expect_heard(k, "");
	assert_non_null(strstr(k->log, "there is no hash and size"));
	assert_int_equal(slu_swf_verify_answer(k->s, answer), SLU_ERR_STATE);
	kit_close(k);
}

static void begins_with_digests(void **state)
{
	struct slu_session_config c = client_config(1);
	struct slu_session *s = slu_session_new(&c);
	struct slu_vec vec;

	(void)state;
	assert_int_equal(slu_session_out(s, &vec, 1), 1);
	assert_memory_equal((const uint8_t *)vec.data + 5, "\x09\x00\x7c\x02", 4); /* the version in C1 */
	slu_session_free(s);
	c.crypto = NULL;
	assert_null(slu_session_new(&c));
	c = (struct slu_session_config){.role = SLU_SERVER, .swf_player_count = 1};
	assert_null(slu_session_new(&c));
}

/* A server that knows two players, and a client on stream 1 that asks to play. */
static struct kit *open_server(void)
{
	struct slu_swf_player players[2] = {{.size = 9}, {.size = 0x01020304}};
	const struct slu_session_config c = {
		.crypto = slu_cryptops_openssl(), .swf_players = players, .swf_player_count = 2};
	struct kit *k;

	set_hash(players[1].hash);
	k = kit_open(SLU_SERVER, &c);
	kit_say(k, 0, "connect", 1, "(ks)", "app", "live");
	assert_int_equal(slu_session_accept(k->s), 0);
	kit_listen(k);
	assert_non_null(strstr(k->heard, "SWF Verification Request 0; _result@0 1 "));
	memset(players, 0, sizeof players); /* they were copied */
	kit_say(k, 0, "createStream", 2, "z");
	k->heard[0] = k->events[0] = '\0';
	return k;
}

static void expect_play(struct kit *k, bool let)
{
	kit_say(k, 1, "play", 3, "zs", "movie");
	kit_expect_events(k, let ? "PLAY movie; " : "");
	assert_int_equal(strstr(k->heard, "NetStream.Play.Failed") != NULL, !let);
	k->heard[0] = '\0';
}

static void server_plays_to_the_known(void **state)
{
	struct kit *k = open_server();
	uint8_t answer[2 + SLU_SWF_ANSWER];

	(void)state;
	expect_play(k, false);
	make_answer(answer);
	kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, answer, sizeof answer);
	expect_play(k, true);
	kit_close(k);
}

/* Each byte of it counts, and so does the length. */
static void server_refuses_others(void **state)
{
	struct kit *k = open_server();
	uint8_t answer[2 + SLU_SWF_ANSWER];

	(void)state;
	for (size_t i = 2; i < sizeof answer; i++) {
		make_answer(answer);
		answer[i] ^= 1;
		kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, answer, sizeof answer);
		expect_play(k, false);
	}
	make_answer(answer);
	kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, answer, sizeof answer - 1);
	expect_play(k, false);
	kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, answer, 2);
	expect_play(k, false);
	assert_non_null(strstr(k->log, "fits no player"));
	kit_close(k);
}

static void nobody_asked(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	uint8_t answer[2 + SLU_SWF_ANSWER];

	(void)state;
	make_answer(answer);
	kit_message(k, SLU_MSG_USER_CONTROL, 0, 0, answer, sizeof answer);
	kit_say(k, 0, "createStream", 2, "z");
	k->heard[0] = '\0';
	expect_play(k, true);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_answers),        cmocka_unit_test(client_cannot),
		cmocka_unit_test(begins_with_digests),   cmocka_unit_test(server_plays_to_the_known),
		cmocka_unit_test(server_refuses_others), cmocka_unit_test(nobody_asked),
	};

	return cmocka_run_group_tests_name("swf_verify", tests, NULL, NULL);
}
