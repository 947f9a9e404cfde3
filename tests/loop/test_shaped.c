/* SPDX-License-Identifier: MIT */
/* 4 MB and a close at once over a line of 1 Mb/s: all of it arrives. In a network namespace of its own. */
#include "conn_kit.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/tls_kit.h"

enum { PIECES = 64, PIECE = 65536 };

static void closes_at_once(void **state)
{
	struct slu_conn_stats stats;
	uint32_t sum = 0;
	struct loop l;

	(void)state;
	loop_init(&l, true);
	loop_publish(&l);
	for (uint32_t i = 0; i < PIECES; i++)
		assert_int_equal(loop_send(l.client.c, i, PIECE, &sum), 0);
	assert_int_equal(slu_conn_flush(l.client.c), 0);
	assert_int_equal(slu_conn_close(l.client.c), 0);
	assert_true(loop_run(&l, loop_all_over, 150000));
	assert_string_equal(slu_conn_error(l.client.c), "");
	assert_int_equal(l.server.bytes, PIECES * PIECE);
	assert_int_equal(l.server.sum, sum);
	slu_conn_stats(l.client.c, &stats);
	assert_int_equal(stats.undelivered, 0);
	loop_clear(&l);
}

static bool shaped(void)
{
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	return system("ip link set lo mtu 1500 up && tc qdisc add dev lo root tbf rate 1mbit burst 16kb "
		      "latency 400ms") == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(closes_at_once)};
	int failed;

	if (!shaped()) {
		printf("1..0 # SKIP no network namespace, or no tc, to be had here\n");
		return 0;
	}
	failed = cmocka_run_group_tests_name("shaped", tests, NULL, NULL);
	kit_remove();
	return failed;
}
