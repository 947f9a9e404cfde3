/* SPDX-License-Identifier: MIT */
/* Both ends with the crypto that the digest handshake takes, and with one end that has none. */
#include "../unit/test.h"

#include "crypto/ops.h"
#include "loop_kit.h"

static void run(const struct slu_cryptops *client_ops, const struct slu_cryptops *server_ops, enum slu_handshake want,
		enum loop_split split)
{
	const struct slu_session_config client = {
		.handshake = SLU_HANDSHAKE_DIGEST, .crypto = client_ops, .connect = {.app = "live"}};
	const struct slu_session_config server = {.crypto = server_ops};
	struct slu_session_stats stats;
	struct loop l;

	assert_true(loop_open(&l, split, &client, &server));
	assert_int_equal(slu_session_publish(l.client.s, "key", SLU_PUBLISH_LIVE), 0);
	loop_run(&l);
	assert_int_equal(l.client.events[SLU_EVENT_PUBLISHING], 1);
	assert_int_equal(l.server.events[SLU_EVENT_PUBLISH], 1);
	slu_session_stats(l.client.s, &stats);
	assert_int_equal(stats.handshake, want);
	slu_session_stats(l.server.s, &stats);
	assert_int_equal(stats.handshake, want);
	loop_close(&l);
}

static void both(void **state)
{
	const struct slu_cryptops *ops = slu_cryptops_openssl();

	(void)state;
	run(ops, ops, SLU_HANDSHAKE_DIGEST, LOOP_WHOLE);
	run(ops, ops, SLU_HANDSHAKE_DIGEST, LOOP_BYTES);
	run(ops, ops, SLU_HANDSHAKE_DIGEST, LOOP_RANDOM);
}

static void one_has_none(void **state)
{
	const struct slu_cryptops *ops = slu_cryptops_openssl();

	(void)state;
	run(NULL, ops, SLU_HANDSHAKE_PLAIN, LOOP_WHOLE);
	run(ops, NULL, SLU_HANDSHAKE_PLAIN, LOOP_RANDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both), cmocka_unit_test(one_has_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
