/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "session_kit.h"

static const uint8_t args[] = {0x05, 0x02, 0x00, 0x01, 'x'}; /* null, "x" */

static void answers_find_their_call(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	double first, second;

	(void)state;
	assert_int_equal(slu_session_call(k->s, 0, "alpha", args, sizeof args, &first), 0);
	assert_int_equal(slu_session_call(k->s, 4, "beta", args, sizeof args, &second), 0);
	assert_int_equal(slu_session_call(k->s, 0, "gamma", NULL, 0, NULL), 0);
	kit_expect_heard(k, "alpha@0 2 null \"x\"; beta@4 3 null \"x\"; gamma@0 0; ");
	kit_say(k, 0, "_error", second, "z(ks)", "code", "no");
	assert_true(k->last.transaction == second && !k->last.flag);
	kit_say(k, 0, "_result", first, "zn", 5.0);
	assert_true(k->last.transaction == first && k->last.flag);
	kit_expect_events(k, "RESULT; RESULT; ");
	/* once only, and nothing for what was never asked */
	kit_say(k, 0, "_result", first, "zn", 5.0);
	kit_say(k, 0, "_error", 77, "z");
	kit_say(k, 0, "_result", -1e300, "z");
	kit_say(k, 0, "_result", 0, "z");
	kit_expect_events(k, "");
	assert_int_equal(k->err, 0);
	kit_close(k);
}

static void values_of_an_answer(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	double transaction, number = 0;
	struct slu_event ev;

	(void)state;
	assert_int_equal(slu_session_call(k->s, 0, "ask", args, sizeof args, &transaction), 0);
	kit_listen(k);
	/* by hand, since the kit pulls events by itself: _result, 1, null, 5 */
	assert_true(slu_session_in(k->s,
				   "\x03\0\0\0\0\0\x1d\x14\0\0\0\0"
				   "\x02\x00\x07_result\x00\x3f\xf0\0\0\0\0\0\0\x05\x00\x40\x14\0\0\0\0\0\0",
				   41) == 41);
	assert_true(slu_session_event(k->s, &ev));
	assert_true(transaction == 1 && ev.transaction == 1 && ev.flag);
	assert_true(slu_amf_number(slu_amf_at(ev.amf, 3), &number) && number == 5);
	kit_close(k);
}

static void usage(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, NULL);
	double transaction;

	(void)state;
	assert_int_equal(slu_session_call(k->s, 0, "early", NULL, 0, NULL), SLU_ERR_STATE);
	kit_close(k);
	k = kit_open_connected(SLU_CLIENT, NULL);
	assert_int_equal(slu_session_call(k->s, 0, NULL, NULL, 0, NULL), SLU_ERR_INVALID);
	assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 1, NULL), SLU_ERR_INVALID);
	for (int i = 0; i < 32; i++)
		assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 0, &transaction), 0);
	assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 0, &transaction), SLU_ERR_LIMIT);
	assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 0, NULL), 0);
	kit_say(k, 0, "_result", 9, "z");
	assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 0, &transaction), 0);
	/* what the session itself asks has its own place */
	k->heard[0] = '\0';
	assert_int_equal(slu_session_play(k->s, "movie", NULL), 0);
	kit_listen(k);
	assert_non_null(strstr(k->heard, "createStream@0 35 null; "));
	kit_close(k);
}

/* A command that could not be sent is not waited for. */
static void not_sent(void **state)
{
	static char name[70000];
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	double transaction;

	(void)state;
	memset(name, 'x', sizeof name - 1);
	assert_int_equal(slu_session_get_stream_length(k->s, name), SLU_ERR_LIMIT);
	assert_int_equal(slu_session_call(k->s, 0, name, NULL, 0, &transaction), SLU_ERR_LIMIT);
	kit_expect_heard(k, "");
	assert_int_equal(slu_session_deadline(k->s), UINT64_MAX);
	kit_close(k);
}

/* Who stopped before it was connected never will be. */
static void stopped_early(void **state)
{
	struct kit *k = kit_open(SLU_CLIENT, NULL);

	(void)state;
	assert_int_equal(slu_session_stop(k->s), 0);
	assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 0, NULL), SLU_ERR_STATE);
	assert_int_equal(slu_session_get_stream_length(k->s, "x"), SLU_ERR_STATE);
	assert_int_equal(slu_session_deadline(k->s), UINT64_MAX);
	kit_close(k);
}

/* The deadline begins with the first tick after the command, whatever the clock said before. */
static void deadline_of_a_reply(void **state)
{
	const struct slu_session_config config = {.command_timeout_ms = 300, .connect = {.app = "live"}};
	struct kit *k = kit_open_connected(SLU_CLIENT, &config);

	(void)state;
	assert_int_equal(slu_session_deadline(k->s), UINT64_MAX);
	slu_session_play(k->s, "movie", NULL);
	assert_true(slu_session_deadline(k->s) == 0); /* at once */
	assert_int_equal(slu_session_tick(k->s, 100000), 0);
	assert_int_equal(slu_session_deadline(k->s), 100300);
	assert_int_equal(slu_session_tick(k->s, 100299), 0);
	k->err = slu_session_tick(k->s, 100300);
	kit_expect_failed(k, SLU_ERR_TIMEOUT, "did not answer createStream within 300 ms");
	kit_close(k);
}

/* A peer that does not know the caller's command may stay silent: no failure, but an event that says so. */
static void silence_to_a_call(void **state)
{
	struct kit *k = kit_open_connected(SLU_CLIENT, NULL);
	double transaction;

	(void)state;
	assert_int_equal(slu_session_call(k->s, 0, "x", NULL, 0, &transaction), 0);
	assert_int_equal(slu_session_call(k->s, 0, "y", NULL, 0, &transaction), 0);
	assert_int_equal(slu_session_tick(k->s, 1000), 0);
	assert_int_equal(slu_session_tick(k->s, 11000), 0);
	kit_expect_events(k, "RESULT; ");
	assert_false(k->last.flag);
	assert_null(k->last.amf);
	assert_int_equal(slu_session_tick(k->s, 11000), 0);
	kit_expect_events(k, "RESULT; ");
	assert_int_equal(slu_session_deadline(k->s), UINT64_MAX);
	kit_close(k);
}

static void commands_that_nobody_knows(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	(void)state;
	kit_say(k, 2, "somethingNew", 12, "zn", 5.0);
	kit_expect_events(k, "COMMAND somethingNew; ");
	assert_true(k->last.transaction == 12 && k->last.stream_id == 2);
	kit_expect_heard(k, "");
	kit_close(k);
}

static void unreadable(void **state)
{
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	(void)state;
	/* a broken tail: what was whole counts */
	kit_message(k, SLU_MSG_COMMAND, 0, 0, "\x02\x00\x05hello\x00\0\0\0\0\0\0\0\0\x02\xff", 19);
	kit_expect_events(k, "COMMAND hello; ");
	assert_non_null(strstr(k->log, "not wholly readable"));
	kit_message(k, SLU_MSG_COMMAND, 0, 0, "\x02\x00\x50hello", 8);
	kit_expect_failed(k, SLU_ERR_AMF, "command that cannot be read: the peer sent AMF0 that is malformed");
	kit_close(k);
	k = kit_open_connected(SLU_SERVER, NULL);
	kit_message(k, SLU_MSG_COMMAND, 0, 0, "", 0);
	kit_expect_failed(k, SLU_ERR_AMF, "command that cannot be read: it does not begin with a name");
	kit_close(k);
}

/* Nested 400,000 deep. */
static void deep_nesting(void **state)
{
	static uint8_t body[8 + 9 + 400000 * 4];
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);

	(void)state;
	memcpy(body, "\x02\x00\x05hello\x00\0\0\0\0\0\0\0\0", 17);
	for (size_t i = 0; i < 400000; i++)
		memcpy(body + 17 + i * 4,
		       "\x03\x00\x01"
		       "a",
		       4);
	kit_message(k, SLU_MSG_COMMAND, 0, 0, body, sizeof body);
	kit_expect_events(k, "COMMAND hello; ");
	assert_int_equal(k->err, 0);
	kit_close(k);
}

/* A peer that asks without end: nothing happens while it reads the answers, and soon when it does not. */
static void asks_and_does_not_read(void **state)
{
	static const char check[] = "\x03\0\0\0\0\0\x15\x14\0\0\0\0"
				    "\x02\x00\x08_checkbw\x00\x40\x14\0\0\0\0\0\0\x05";
	struct kit *k = kit_open_connected(SLU_SERVER, NULL);
	long err = 0;
	unsigned n;

	(void)state;
	for (n = 0; n < 70000; n++) {
		assert_int_equal(slu_session_in(k->s, check, sizeof check - 1), sizeof check - 1);
		kit_listen(k);
		k->heard[0] = '\0';
	}
	for (n = 0; n < 100000 && err >= 0; n++)
		err = slu_session_in(k->s, check, sizeof check - 1);
	k->err = (int)err;
	kit_expect_failed(k, SLU_ERR_MEMORY_CAP, "asks and does not read the answers");
	assert_true(slu_session_queued(k->s) < 2 * 1024 * 1024);
	kit_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_find_their_call),
		cmocka_unit_test(values_of_an_answer),
		cmocka_unit_test(usage),
		cmocka_unit_test(not_sent),
		cmocka_unit_test(stopped_early),
		cmocka_unit_test(deadline_of_a_reply),
		cmocka_unit_test(silence_to_a_call),
		cmocka_unit_test(commands_that_nobody_knows),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(deep_nesting),
		cmocka_unit_test(asks_and_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
