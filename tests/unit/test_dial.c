/* SPDX-License-Identifier: MIT */
/* Opening, through the transport. */
#include "test.h"

#include <fcntl.h>

#include "test_net.h"

static void refused_says_so(void **state)
{
	uint16_t port = test_unused_port();
	struct slu_transport *t = connect_to("127.0.0.1", port, NULL);
	char name[32];

	(void)state;
	snprintf(name, sizeof name, "127.0.0.1:%u", port);
	assert_int_equal(open_all(t, 0), SLU_ERR_CONNECT);
	expect_error(t,
		     (const char *const[]){"cannot connect to ", name, "Connection refused", "check the port", NULL});
	assert_int_equal(t->ops->open(t, 1), SLU_ERR_CONNECT);
	assert_int_equal(t->ops->recv(t, name, 1), SLU_ERR_CONNECT);
	assert_int_equal(t->ops->flush(t), SLU_ERR_CONNECT);
	t->ops->free(t);
}

/* Two addresses: one refuses, one does not answer until the deadline. Each is named with its own fate. */
static void a_deadline_names_what_was_tried(void **state)
{
	static const char *const addresses[] = {"127.0.0.2", "::1", "127.0.0.3"};
	struct slu_resolver_fixed fixed;
	struct slu_tcp_config config = {.resolver = &fixed.resolver, .connect_timeout_ms = 400};
	struct slu_transport *t;
	struct test_full full;
	int n;

	(void)state;
	test_full_open(&full, "127.0.0.2");
	slu_resolver_fixed_init(&fixed, addresses, 3);
	t = connect_to("live.example", full.port, &config);
	assert_int_equal(t->ops->open(t, 0), 0);
	assert_int_equal(t->ops->deadline(t), 250);
	for (n = t->ops->open(t, 250); n == 0 && t->ops->deadline(t) != 400; n = t->ops->open(t, 300))
		wait_for(t, POLLIN);
	while (n == 0 && t->ops->deadline(t) == 400) { /* both others have refused once only the deadline is left */
		struct pollfd p = {.fd = t->ops->fd(t), .events = POLLIN};

		if (poll(&p, 1, 100) == 0)
			break;
		n = t->ops->open(t, 399);
	}
	assert_int_equal(n, 0);
	assert_int_equal(t->ops->open(t, 400), SLU_ERR_TIMEOUT);
	expect_error(t, (const char *const[]){"no connection to live.example:", "within 400 ms", "127.0.0.2: no answer",
					      test_has_ipv6() ? "::1: Connection refused" : "::1: ",
					      "127.0.0.3: Connection refused", "check", NULL});
	t->ops->free(t);
	test_full_close(&full);
}

static void only_the_wanted_family_is_tried(void **state)
{
	static const char *const addresses[] = {"::1", "127.0.0.1"};
	struct slu_resolver_fixed fixed;
	struct slu_tcp_config config = {.resolver = &fixed.resolver, .ip = SLU_IPV4};
	int l = test_listen("127.0.0.1", 0, 5);
	struct slu_transport *t;
	char error[512] = "";

	(void)state;
	slu_resolver_fixed_init(&fixed, addresses, 2);
	t = connect_to("live.example", test_port(l), &config);
	assert_int_equal(open_all(t, 0), 1);
	assert_memory_equal(stats_of(t).peer, "127.0.0.1:", 10);
	t->ops->free(t);

	slu_resolver_fixed_init(&fixed, addresses, 1);
	t = connect_to("live.example", 1935, &config);
	assert_int_equal(t->ops->open(t, 0), SLU_ERR_RESOLVE);
	expect_error(t, (const char *const[]){"live.example:1935", "no IPv4 address", "drop", NULL});
	t->ops->free(t);

	config = (struct slu_tcp_config){.ip = SLU_IPV6, .bind_address = "127.0.0.1"};
	assert_null(slu_tcp_connect(&config, "::1", 1, 0, error, sizeof error));
	assert_non_null(strstr(error, "IPv6"));
	config = (struct slu_tcp_config){.bind_address = "eth0"};
	assert_null(slu_tcp_connect(&config, "::1", 1, 0, error, sizeof error));
	assert_non_null(strstr(error, "must be numeric"));
	config = (struct slu_tcp_config){.bind_interface = "a-name-that-is-too-long"};
	assert_null(slu_tcp_connect(&config, "::1", 1, 0, error, sizeof error));
	assert_non_null(strstr(error, "interface"));
	config = (struct slu_tcp_config){.bind_address = "192.0.2.77"};
	t = connect_to("127.0.0.1", test_port(l), &config);
	assert_int_equal(t->ops->open(t, 0), SLU_ERR_CONNECT);
	expect_error(t, (const char *const[]){strerror(EADDRNOTAVAIL), "ip address", NULL});
	t->ops->free(t);
	close(l);
}

/* A resolver of the test's: it takes as long as the test likes. */
struct slu_lookup {
	int pipe[2];
	int answer;
	unsigned cancelled;
};

static struct slu_lookup slow;

static struct slu_lookup *slow_start(const struct slu_resolver *r, const char *host, uint16_t port, enum slu_ip ip)
{
	(void)r;
	(void)ip;
	assert_string_equal(host, "slow.example");
	assert_int_equal(port, 1935);
	assert_int_equal(pipe2(slow.pipe, O_CLOEXEC), 0);
	slow.answer = 0;
	return &slow;
}

static int slow_fd(const struct slu_lookup *l)
{
	return l->pipe[0];
}

static int slow_poll(struct slu_lookup *l, struct slu_address out[SLU_MAX_ADDRESSES], char *error, size_t size)
{
	if (l->answer > 0)
		assert_true(slu_address_parse(&out[0], "127.0.0.1", test_unused_port()));
	if (l->answer < 0)
		snprintf(error, size, "no such name, says the test");
	return l->answer;
}

static void slow_cancel(struct slu_lookup *l)
{
	close(l->pipe[0]);
	close(l->pipe[1]);
	l->cancelled++;
}

static const struct slu_resolver slow_resolver = {slow_start, slow_fd, slow_poll, slow_cancel};

static void a_slow_resolver_meets_the_deadline(void **state)
{
	struct slu_tcp_config config = {.resolver = &slow_resolver, .connect_timeout_ms = 5000};
	struct slu_transport *t = connect_to("slow.example", 1935, &config);

	(void)state;
	slow.cancelled = 0;
	assert_int_equal(t->ops->open(t, 0), 0);
	assert_int_equal(t->ops->deadline(t), 5000);
	assert_int_equal(t->ops->open(t, 4999), 0);
	assert_int_equal(t->ops->open(t, 5000), SLU_ERR_TIMEOUT);
	assert_int_equal(slow.cancelled, 1);
	expect_error(t, (const char *const[]){"slow.example:1935", "not resolved within 5000 ms", "check", NULL});
	t->ops->free(t);
	assert_int_equal(slow.cancelled, 1);

	t = connect_to("slow.example", 1935, &config);
	assert_int_equal(t->ops->open(t, 0), 0);
	slow.answer = SLU_ERR_RESOLVE;
	assert_int_equal(write(slow.pipe[1], "x", 1), 1);
	assert_int_equal(open_all(t, 1), SLU_ERR_RESOLVE);
	assert_string_equal(t->ops->error(t), "no such name, says the test");
	t->ops->free(t);
	assert_int_equal(slow.cancelled, 2);

	t = connect_to("slow.example", 1935, &config);
	slow.answer = 1;
	assert_int_equal(open_all(t, 1), SLU_ERR_CONNECT);
	assert_int_equal(slow.cancelled, 3);
	t->ops->free(t);

	t = connect_to("slow.example", 1935, &config); /* freed while resolving */
	t->ops->free(t);
	assert_int_equal(slow.cancelled, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_says_so),
		cmocka_unit_test(a_deadline_names_what_was_tried),
		cmocka_unit_test(only_the_wanted_family_is_tried),
		cmocka_unit_test(a_slow_resolver_meets_the_deadline),
	};

	return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}
