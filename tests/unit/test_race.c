/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "net/address.h"
#include "net/race.h"
#include "test_net.h"

static void expect_order(const char *const *in, const char *const *want, size_t n)
{
	struct slu_address list[SLU_MAX_ADDRESSES];
	char text[SLU_ADDRESS_TEXT];

	for (size_t i = 0; i < n; i++)
		assert_true(slu_address_parse(&list[i], in[i], 1));
	slu_race_order(list, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(slu_address_host(&list[i], text, sizeof text), want[i]);
}

static void families_take_turns(void **state)
{
	static const char *const six_first[] = {"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"};
	static const char *const six_turns[] = {"::1", "10.0.0.1", "::2", "10.0.0.2", "::3"};
	static const char *const four_first[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "::1"};
	static const char *const four_turns[] = {"10.0.0.1", "::1", "10.0.0.2", "10.0.0.3"};
	static const char *const alone[] = {"::3", "::1", "::2"};

	(void)state;
	expect_order(six_first, six_turns, 5);
	expect_order(four_first, four_turns, 4);
	expect_order(alone, alone, 3);
	expect_order(alone, alone, 1);
	slu_race_order(NULL, 0);
}

static void start(struct slu_race *r, const char *const *hosts, uint16_t port, size_t n)
{
	struct slu_address list[SLU_MAX_ADDRESSES];

	for (size_t i = 0; i < n; i++)
		assert_true(slu_address_parse(&list[i], hosts[i], port));
	*r = (struct slu_race){.epfd = epoll_create1(EPOLL_CLOEXEC)};
	slu_race_start(r, list, n);
}

static int step_until_news(struct slu_race *r, uint64_t now, struct slu_address *peer)
{
	struct epoll_event ev;

	assert_int_equal(epoll_wait(r->epfd, &ev, 1, 20000), 1);
	return slu_race_step(r, now, peer);
}

/* The first address takes no connection: its listener's backlog is full. */
static void the_second_gets_its_turn_after_250_ms(void **state)
{
	static const char *const hosts[] = {"127.0.0.2", "127.0.0.3", "127.0.0.4"};
	struct test_full full;
	struct slu_address peer;
	struct slu_race r;
	char text[SLU_ADDRESS_TEXT];
	int open_to_all, fd;

	(void)state;
	test_full_open(&full, "127.0.0.2");
	open_to_all = test_listen("127.0.0.3", full.port, 5);
	start(&r, hosts, full.port, 3);
	assert_int_equal(slu_race_step(&r, 1000, &peer), -1);
	assert_int_equal(r.begun, 1);
	assert_int_equal(slu_race_deadline(&r), 1250);
	assert_int_equal(slu_race_step(&r, 1249, &peer), -1);
	assert_int_equal(r.begun, 1);
	fd = slu_race_step(&r, 1250, &peer);
	assert_int_equal(r.begun, 2);
	if (fd < 0)
		fd = step_until_news(&r, 1251, &peer);
	assert_true(fd >= 0);
	assert_string_equal(slu_address_host(&peer, text, sizeof text), "127.0.0.3");
	assert_int_equal(r.begun, 2); /* the third was never tried */
	assert_int_equal(r.under_way, 0);
	close(fd);
	close(r.epfd);
	close(open_to_all);
	test_full_close(&full);
}

static void a_failure_brings_the_next_at_once(void **state)
{
	static const char *const hosts[] = {"127.0.0.2", "127.0.0.3", "127.0.0.4"};
	struct slu_address peer;
	struct slu_race r;
	uint16_t port;
	int l = test_listen("127.0.0.4", 0, 5), fd = -1;
	char text[SLU_ADDRESS_TEXT];

	(void)state;
	port = test_port(l);
	start(&r, hosts, port, 3);
	fd = slu_race_step(&r, 7, &peer);
	while (fd < 0)
		fd = step_until_news(&r, 7, &peer); /* time stands still: no delay is waited for */
	assert_int_equal(r.begun, 3);
	assert_int_equal(r.attempts[0].err, ECONNREFUSED);
	assert_int_equal(r.attempts[1].err, ECONNREFUSED);
	assert_string_equal(slu_address_host(&peer, text, sizeof text), "127.0.0.4");
	close(fd);
	close(l);
	close(r.epfd);
}

/* Both under way: the slow one is closed when the other wins, and no socket is left over. */
static void losers_are_closed(void **state)
{
	static const char *const hosts[] = {"127.0.0.2", "127.0.0.2", "127.0.0.3"};
	struct test_full full;
	struct slu_address peer;
	struct slu_race r;
	int l, fd = -1, probe, last;

	(void)state;
	test_full_open(&full, "127.0.0.2");
	l = test_listen("127.0.0.3", full.port, 5);
	start(&r, hosts, full.port, 3);
	probe = dup(0); /* the lowest free number */
	close(probe);
	assert_int_equal(slu_race_step(&r, 0, &peer), -1);
	assert_int_equal(slu_race_step(&r, 250, &peer), -1);
	assert_int_equal(r.under_way, 2);
	fd = slu_race_step(&r, 500, &peer);
	if (fd < 0)
		fd = step_until_news(&r, 500, &peer);
	assert_true(fd >= 0);
	close(fd);
	last = dup(0);
	assert_int_equal(last, probe);
	close(last);
	close(l);
	close(r.epfd);
	test_full_close(&full);
}

static void all_refused_is_lost(void **state)
{
	static const char *const hosts[] = {"127.0.0.2", "127.0.0.3"};
	struct slu_address peer;
	struct slu_race r;

	(void)state;
	start(&r, hosts, test_unused_port(), 2);
	assert_int_equal(slu_race_step(&r, 0, &peer), -1);
	while (r.under_way)
		assert_int_equal(step_until_news(&r, 0, &peer), -1);
	assert_int_equal(r.begun, 2);
	assert_int_equal(slu_race_deadline(&r), UINT64_MAX);
	close(r.epfd);
}

static void binds_where_it_is_told(void **state)
{
	static const char *const hosts[] = {"127.0.0.1"};
	struct sockaddr_in me;
	socklen_t len = sizeof me;
	struct slu_address peer, local;
	struct slu_race r;
	int l = test_listen("127.0.0.1", 0, 5), fd;

	(void)state;
	assert_true(slu_address_parse(&local, "127.0.0.9", 0));
	start(&r, hosts, test_port(l), 1);
	r.local = &local;
	r.send_buffer = 20000;
	fd = slu_race_step(&r, 0, &peer);
	if (fd < 0)
		fd = step_until_news(&r, 0, &peer);
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&me, &len), 0);
	assert_int_equal(ntohl(me.sin_addr.s_addr), 0x7f000009);
	len = sizeof r.send_buffer;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &r.send_buffer, &len), 0);
	assert_int_equal(r.send_buffer, 40000); /* the kernel doubles it, socket(7) */
	close(fd);
	close(r.epfd);

	start(&r, hosts, test_port(l), 1);
	r.interface = "no-such-if";
	assert_int_equal(slu_race_step(&r, 0, &peer), -1);
	assert_int_equal(r.under_way, 0);
	assert_true(r.attempts[0].err == ENODEV || r.attempts[0].err == EPERM);
	close(r.epfd);
	close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_take_turns),
		cmocka_unit_test(the_second_gets_its_turn_after_250_ms),
		cmocka_unit_test(a_failure_brings_the_next_at_once),
		cmocka_unit_test(losers_are_closed),
		cmocka_unit_test(all_refused_is_lost),
		cmocka_unit_test(binds_where_it_is_told),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
