/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>

#include "server/loop_impl.h"

static bool same(const char *a, const char *b)
{
	struct in6_addr one, other;

	assert_int_equal(inet_pton(AF_INET6, a, &one), 1);
	assert_int_equal(inet_pton(AF_INET6, b, &other), 1);
	assert_int_equal(slu_loop_same_place(&one, &other), slu_loop_same_place(&other, &one));
	return slu_loop_same_place(&one, &other);
}

/* Of IPv6, a network of 2^64 addresses is one place; of IPv4, each address is. */
static void counts_networks_as_one(void **state)
{
	(void)state;
	assert_true(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	assert_false(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
	assert_true(same("::ffff:192.0.2.1", "::ffff:192.0.2.1"));
	assert_false(same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
	/* The first half of these is the same. */
	assert_false(same("::ffff:127.0.0.1", "::ffff:10.0.0.1"));
	assert_false(same("::1", "::ffff:127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_networks_as_one),
	};

	return cmocka_run_group_tests_name("loop_door", tests, NULL, NULL);
}
