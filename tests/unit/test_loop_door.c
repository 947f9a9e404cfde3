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

/* How many of three places clients from an address get. */
static unsigned places(const char *text, unsigned max_connections, unsigned max_per_address)
{
	struct slu_loop loop = {.config.max_connections = max_connections, .config.max_per_address = max_per_address};
	struct client clients[16];
	struct in6_addr address;
	unsigned n = 0;

	memset(clients, 0, sizeof clients);
	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	for (; n < 16 && !slu_loop_full(&loop, &address, false); n++) {
		clients[n].address = address;
		clients[n].next = loop.clients;
		loop.clients = &clients[n];
		loop.nclients++;
	}
	return n;
}

static void one_address_gets_half(void **state)
{
	static const char *const far[] = {"2001:db8::1", "::ffff:192.0.2.1"};
	static const char *const near[] = {"::1", "::ffff:127.0.0.1", "::ffff:127.255.255.255"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(places(far[i], 8, 0), 4);
		assert_int_equal(places(far[i], 7, 0), 4);
		assert_int_equal(places(far[i], 1, 0), 1);
		assert_int_equal(places(far[i], 8, 8), 8);
		assert_int_equal(places(far[i], 8, 2), 2);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(places(near[i], 8, 0), 8);
		assert_int_equal(places(near[i], 8, 2), 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_networks_as_one),
		cmocka_unit_test(one_address_gets_half),
	};

	return cmocka_run_group_tests_name("loop_door", tests, NULL, NULL);
}
