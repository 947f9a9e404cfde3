/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <sluice/error.h>

#include "test_net.h"

static volatile sig_atomic_t pipes;

static void count_pipe(int sig)
{
	(void)sig;
	pipes++;
}

static int no_sigpipe(void **state)
{
	(void)state;
	return pipes ? -1 : 0;
}

/* ---- opening ---- */

static void opens_over_both_families(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};

	(void)state;
	for (size_t i = 0; i < (test_has_ipv6() ? 2 : 1); i++) {
		struct slu_tcp_config config = {.user_timeout_ms = 12345};
		int l = test_listen(hosts[i], 0, 5), fd;
		uint16_t port = test_port(l);
		char want[64];
		struct slu_transport *t = connect_to(hosts[i], port, &config);

		assert_int_equal(t->ops->deadline(t), 0); /* a numeric host: nothing to wait for */
		assert_int_equal(open_all(t, 30), 1);
		snprintf(want, sizeof want, i ? "[::1]:%u" : "127.0.0.1:%u", port);
		assert_string_equal(stats_of(t).peer, want);
		assert_int_equal(stats_of(t).connect_ms, 30);
		assert_int_equal(t->ops->want(t), 0);
		assert_int_equal(t->ops->deadline(t), UINT64_MAX);
		fd = t->ops->fd(t);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
		assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 5);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
		assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		t->ops->free(t);
		close(l);
	}
}

/* ---- opening again ---- */

static struct slu_transport *connect_by_name(struct slu_resolver_fixed *fixed, uint16_t port, uint64_t now)
{
	static const char *const addresses[] = {"127.0.0.2", "127.0.0.1"}; /* the listener is at the second one only */
	struct slu_tcp_config config = {
		.resolver = &fixed->resolver, .connect_timeout_ms = 5000, .user_timeout_ms = 12345};
	struct slu_transport *t;

	slu_resolver_fixed_init(fixed, addresses, 2);
	t = connect_to("live.example", port, &config);
	assert_int_equal(open_all(t, now), 1);
	return t;
}

static int accept_from(int listener, uint16_t *from)
{
	struct slu_address a = {.len = sizeof a.addr};
	int fd = accept(listener, (struct sockaddr *)&a.addr, &a.len);

	assert_true(fd >= 0);
	*from = ntohs(((struct sockaddr_in *)&a.addr)->sin_port);
	return fd;
}

static void opens_again_at_the_same_place(void **state)
{
	static const struct slu_vec hello = {"hello", 5};
	int l = test_listen("127.0.0.1", 0, 5), first, second, fd;
	struct slu_resolver_fixed fixed;
	struct slu_transport *t = connect_by_name(&fixed, test_port(l), 20);
	uint16_t from[2];
	char got[8], peer[64];

	(void)state;
	first = accept_from(l, &from[0]);
	snprintf(peer, sizeof peer, "%s", stats_of(t).peer);
	assert_int_equal(t->ops->send(t, &hello, 1), 5);
	assert_int_equal(setsockopt(first, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)), 0);
	close(first);
	wait_for(t, POLLIN);
	assert_int_equal(t->ops->recv(t, got, sizeof got), SLU_ERR_RESET);

	fd = t->ops->fd(t);
	fixed.count = 0; /* the name is not asked for again */
	assert_int_equal(t->ops->again(t, 1000), 0);
	assert_int_not_equal(t->ops->fd(t), fd);
	assert_int_equal(t->ops->deadline(t), 0);
	assert_int_equal(t->ops->send(t, &hello, 1), 0);
	assert_string_equal(t->ops->error(t), "");
	assert_int_equal(open_all(t, 1030), 1);
	second = accept_from(l, &from[1]);
	assert_int_not_equal(from[0], from[1]);
	assert_string_equal(stats_of(t).peer, peer);
	assert_int_equal(stats_of(t).connect_ms, 30);
	assert_int_equal(option_of(t->ops->fd(t), IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
	assert_int_equal(t->ops->recv(t, got, sizeof got), 0);
	assert_int_equal(t->ops->send(t, &hello, 1), 5);
	assert_int_equal(stats_of(t).wire_out, 10);
	assert_int_equal(read(second, got, sizeof got), 5);
	assert_memory_equal(got, "hello", 5);
	t->ops->free(t);
	close(second);
	close(l);
}

/* What was gathered for the old connection is not for the new one. */
static void opens_again_with_nothing_pending(void **state)
{
	static const struct slu_tcp_config config = {.send_buffer = 4096};
	struct slu_vec vec[2000];
	uint8_t data[200] = {0};
	int l = test_listen("127.0.0.1", 0, 5), peer;
	struct slu_transport *t = connect_to("127.0.0.1", test_port(l), &config);

	(void)state;
	assert_int_equal(open_all(t, 0), 1);
	for (size_t i = 0; i < 2000; i++)
		vec[i] = (struct slu_vec){data, sizeof data};
	while (!t->ops->pending(t))
		assert_true(t->ops->send(t, vec, 2000) > 0);
	assert_int_equal(t->ops->again(t, 0), 0);
	assert_int_equal(t->ops->pending(t), 0);
	assert_int_equal(open_all(t, 0), 1);
	close(accept(l, NULL, NULL));
	peer = accept(l, NULL, NULL);
	assert_int_equal(t->ops->flush(t), 1);
	assert_int_equal(recv(peer, data, sizeof data, MSG_DONTWAIT), -1);
	t->ops->free(t);
	close(peer);
	close(l);
}

static void opening_again_may_fail_too(void **state)
{
	struct test_full full = {.listener = test_listen("127.0.0.1", 0, 0)};
	struct slu_resolver_fixed fixed;
	struct slu_transport *t;
	int peer;

	(void)state;
	full.port = test_port(full.listener);
	t = connect_by_name(&fixed, full.port, 0);
	peer = accept(full.listener, NULL, NULL);
	test_full_fill(&full, "127.0.0.1");
	assert_int_equal(t->ops->again(t, 10000), 0);
	assert_int_equal(t->ops->again(t, 10000), SLU_ERR_STATE);
	assert_int_equal(t->ops->open(t, 10000), 0);
	assert_int_equal(t->ops->deadline(t), 15000); /* the time that the first one had, anew */
	assert_int_equal(t->ops->open(t, 14999), 0);
	assert_int_equal(t->ops->open(t, 15000), SLU_ERR_TIMEOUT);
	expect_error(t, (const char *const[]){"live.example", "5000 ms", "127.0.0.1: no answer", NULL});
	t->ops->free(t);
	test_full_close(&full);
	close(peer);

	t = pair(&peer, NULL); /* which listens no more */
	assert_int_equal(t->ops->again(t, 0), 0);
	assert_int_equal(open_all(t, 0), SLU_ERR_CONNECT);
	expect_error(t, (const char *const[]){strerror(ECONNREFUSED), NULL});
	t->ops->free(t);
	close(peer);
}

static void an_accepted_socket_is_not_opened_again(void **state)
{
	int ends[2];
	struct slu_transport *t;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	t = slu_tcp_accept(&(struct slu_tcp_config){0}, ends[0]);
	assert_int_equal(t->ops->again(t, 0), SLU_ERR_STATE);
	assert_int_equal(t->ops->open(t, 0), 1);
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"x", 1}, 1), 1);
	t->ops->free(t);
	close(ends[1]);
}

/* ---- sending ---- */

/* A peer that reads all, in its own time. */
static void read_exactly(int fd, uint8_t *out, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, out + at, n - at);

		assert_true(got > 0);
		at += (size_t)got;
	}
}

static uint8_t *pattern(size_t n)
{
	uint8_t *p = malloc(n);
	uint32_t seed = 99;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)test_rand(&seed);
	return p;
}

/* `runs` equal runs of `size` bytes leave in one write call. */
static void expect_one_write(size_t runs, size_t size)
{
	struct slu_tcp_config config = {.send_buffer = 1 << 20};
	int peer;
	struct slu_transport *t = pair(&peer, &config);
	uint8_t *data = pattern(runs * size), *got = malloc(runs * size);
	struct slu_vec *vec = calloc(runs, sizeof *vec);

	assert_true(got && vec);
	for (size_t i = 0; i < runs; i++)
		vec[i] = (struct slu_vec){data + i * size, size};
	assert_int_equal(t->ops->send(t, vec, runs), runs * size);
	assert_int_equal(t->ops->pending(t), 0);
	assert_int_equal(stats_of(t).writes, 1);
	assert_int_equal(stats_of(t).wire_out, runs * size);
	assert_int_equal(t->ops->flush(t), 1);
	assert_int_equal(stats_of(t).writes, 1);
	read_exactly(peer, got, runs * size);
	assert_memory_equal(got, data, runs * size);
	free(vec);
	free(data);
	free(got);
	close(peer);
	t->ops->free(t);
}

static void any_number_of_runs_is_one_write(void **state)
{
	(void)state;
	expect_one_write(1, 1);
	expect_one_write(128, 100);
	expect_one_write(129, 1);
	expect_one_write(900, 300);
	expect_one_write(1023, 2);
	expect_one_write(1024, 300);
	expect_one_write(5000, 40);
	expect_one_write(20000, 1);
}

/* Random runs through a tiny socket buffer to a peer that reads in fits: all bytes arrive in order, whatever part of a
 * call was taken. */
static void short_writes_lose_nothing(void **state)
{
	enum { TOTAL = 3 << 20, RUNS = 2000 };
	static const struct slu_tcp_config config = {.send_buffer = 4096};
	uint8_t *data = pattern(TOTAL), *got = malloc(TOTAL);
	struct slu_vec *vec = calloc(RUNS, sizeof *vec);
	size_t offered = 0, received = 0, partly = 0, tiny = 0;
	uint32_t seed = 7;
	int peer;
	struct slu_transport *t = pair(&peer, &config);

	(void)state;
	assert_true(got && vec);
	while (received < TOTAL) {
		size_t n = 1 + test_rand(&seed) % RUNS, max = test_rand(&seed) % 3 ? 200 : 3000, at = offered, k = 0;

		tiny += max == 200;
		for (; k < n && at < TOTAL; k++) {
			size_t size = test_rand(&seed) % max;

			size = size < TOTAL - at ? size : TOTAL - at;
			vec[k] = (struct slu_vec){data + at, size};
			at += size;
		}
		if (k) {
			long taken = t->ops->send(t, vec, k);

			assert_true(taken >= 0 && (size_t)taken <= at - offered);
			partly += (size_t)taken < at - offered;
			offered += (size_t)taken;
		} else {
			assert_true(t->ops->flush(t) >= 0);
		}
		assert_int_equal(stats_of(t).wire_out + t->ops->pending(t), offered);
		assert_int_equal(t->ops->want(t), t->ops->pending(t) ? SLU_WANT_WRITE : 0);
		ssize_t r = recv(peer, got + received, 1 + test_rand(&seed) % 60000, MSG_DONTWAIT);

		received += r > 0 ? (size_t)r : 0;
	}
	assert_memory_equal(got, data, TOTAL);
	assert_true(partly > 10 && tiny > 10);
	assert_int_equal(t->ops->pending(t), 0);
	free(vec);
	free(data);
	free(got);
	close(peer);
	t->ops->free(t);
}

/* What is taken though the socket did not take it is bounded. */
static void gathering_is_bounded(void **state)
{
	enum { RUNS = 20000, SIZE = 50 };
	static const struct slu_tcp_config config = {.send_buffer = 4096};
	static uint8_t byte[SIZE];
	struct slu_vec *vec = calloc(RUNS, sizeof *vec);
	int peer;
	struct slu_transport *t = pair(&peer, &config);
	uint64_t writes;

	(void)state;
	assert_non_null(vec);
	for (size_t i = 0; i < RUNS; i++)
		vec[i] = (struct slu_vec){byte, SIZE};
	assert_int_equal(t->ops->send(t, vec, RUNS), RUNS * SIZE);
	for (int i = 0; i < 5; i++) {
		assert_true(t->ops->send(t, vec, RUNS) >= 0);
		assert_true(t->ops->pending(t) <= 1 << 20);
	}
	writes = stats_of(t).writes;
	assert_int_equal(writes, 6);
	assert_int_equal(t->ops->send(t, vec, RUNS), 0);
	assert_int_equal(stats_of(t).writes, writes + 1); /* it tried with what was left over */
	assert_int_equal(t->ops->shutdown(t), 0);
	free(vec);
	close(peer);
	t->ops->free(t);
}

/* ---- the ends of a connection ---- */

static void an_orderly_end_reads_as_closed(void **state)
{
	int peer;
	struct slu_transport *t = pair(&peer, NULL);
	char buf[8];

	(void)state;
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), 0);
	assert_int_equal(stats_of(t).reads, 1);
	assert_int_equal(write(peer, "last", 4), 4);
	close(peer);
	wait_for(t, POLLIN);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), 4);
	assert_int_equal(stats_of(t).wire_in, 4);
	wait_for(t, POLLIN);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), SLU_ERR_CLOSED);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), SLU_ERR_CLOSED);
	assert_int_equal(stats_of(t).reads, 3); /* sticky: no call made */
	expect_error(t, (const char *const[]){stats_of(t).peer, "closed the connection", NULL});
	t->ops->free(t);
}

static void reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(fd);
}

static void a_reset_is_told_from_an_end(void **state)
{
	int peer;
	struct slu_transport *t = pair(&peer, NULL);
	char buf[8];

	(void)state;
	reset(peer);
	wait_for(t, POLLIN);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), SLU_ERR_RESET);
	expect_error(t, (const char *const[]){stats_of(t).peer, "dropped the connection", "reset by peer", NULL});
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"x", 1}, 1), SLU_ERR_RESET);
	assert_int_equal(t->ops->shutdown(t), SLU_ERR_RESET);
	t->ops->free(t);
}

/* The write fails, and the peer's last words are still read, and then the loss is no orderly end. */
static void last_words_survive_a_failed_write(void **state)
{
	int peer;
	struct slu_transport *t = pair(&peer, NULL);
	char buf[8];

	(void)state;
	assert_int_equal(write(peer, "bye", 3), 3);
	wait_for(t, POLLIN);
	reset(peer);
	wait_for(t, POLLHUP);
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"x", 1}, 1), SLU_ERR_RESET);
	assert_int_equal(t->ops->flush(t), SLU_ERR_RESET);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), 3);
	assert_memory_equal(buf, "bye", 3);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), SLU_ERR_RESET);
	t->ops->free(t);
	assert_int_equal(pipes, 0);
}

static void shutdown_ends_our_half(void **state)
{
	int peer;
	struct slu_transport *t = pair(&peer, NULL);
	char buf[8];

	(void)state;
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"end", 3}, 1), 3);
	assert_int_equal(t->ops->shutdown(t), 1);
	assert_int_equal(t->ops->shutdown(t), 1);
	read_exactly(peer, (uint8_t *)buf, 3);
	assert_int_equal(read(peer, buf, 1), 0);
	assert_int_equal(write(peer, "after", 5), 5);
	wait_for(t, POLLIN);
	assert_int_equal(t->ops->recv(t, buf, sizeof buf), 5);
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"x", 1}, 1), SLU_ERR_RESET); /* and no SIGPIPE */
	close(peer);
	t->ops->free(t);
}

static void local_sockets_are_fine(void **state)
{
	static const struct slu_tcp_config config = {.user_timeout_ms = 1000, .send_buffer = 8192};
	struct slu_tcp_info info;
	struct slu_transport *t;
	int fd[2];
	char buf[8];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	t = slu_tcp_accept(&config, fd[0]);
	assert_non_null(t);
	assert_int_equal(t->ops->open(t, 0), 1);
	assert_int_equal(t->ops->fd(t), fd[0]);
	assert_string_equal(stats_of(t).peer, "unix");
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"hi", 2}, 1), 2);
	read_exactly(fd[1], (uint8_t *)buf, 2);
	assert_false(slu_tcp_info(fd[0], &info));
	close(fd[1]);
	assert_int_equal(t->ops->send(t, &(struct slu_vec){"x", 1}, 1), SLU_ERR_RESET);
	t->ops->free(t);
	assert_int_equal(fcntl(fd[0], F_GETFD), -1); /* it was owned */
}

static void an_accepted_socket_names_its_peer(void **state)
{
	int l = test_listen("127.0.0.1", 0, 5), c = socket(AF_INET, SOCK_STREAM, 0);
	struct slu_address to;
	struct slu_transport *t;
	char want[64];

	(void)state;
	assert_true(slu_address_parse(&to, "127.0.0.1", test_port(l)));
	assert_int_equal(connect(c, (struct sockaddr *)&to.addr, to.len), 0);
	t = slu_tcp_accept(&(struct slu_tcp_config){.user_timeout_ms = 777}, accept(l, NULL, NULL));
	assert_non_null(t);
	snprintf(want, sizeof want, "127.0.0.1:%u", test_port(c));
	assert_string_equal(stats_of(t).peer, want);
	assert_int_equal(option_of(t->ops->fd(t), IPPROTO_TCP, TCP_USER_TIMEOUT), 777);
	assert_int_equal(option_of(t->ops->fd(t), IPPROTO_TCP, TCP_NODELAY), 1);
	assert_true(fcntl(t->ops->fd(t), F_GETFL) & O_NONBLOCK);
	t->ops->free(t);
	close(c);
	close(l);
}

static void the_kernel_says_what_is_unacknowledged(void **state)
{
	static const struct slu_tcp_config config = {.send_buffer = 1 << 20};
	static uint8_t block[1 << 16];
	struct slu_tcp_info info;
	uint64_t unacked;
	int peer, fresh = socket(AF_INET, SOCK_STREAM, 0), null = open("/dev/null", O_RDWR);
	struct slu_transport *t = pair(&peer, &config);
	int fd = t->ops->fd(t);

	(void)state;
	assert_true(slu_tcp_info(fd, &info));
	assert_int_equal(info.unacked, 0);
	assert_int_equal(info.retransmits, 0);
	while (t->ops->send(t, &(struct slu_vec){block, sizeof block}, 1) > 0) /* the peer reads nothing */
		continue;
	assert_true(slu_tcp_info(fd, &info));
	assert_true(info.unacked > sizeof block);
	assert_true(info.unacked < stats_of(t).wire_out);
	assert_true(info.rtt_us > 0);
	unacked = info.unacked;
	assert_int_equal(t->ops->shutdown(t), 1);
	assert_true(slu_tcp_info(fd, &info));
	assert_int_equal(info.unacked, unacked); /* the FIN is no byte of ours */
	assert_false(slu_tcp_info(fresh, &info));
	assert_false(slu_tcp_info(null, &info));
	assert_false(slu_tcp_info(-1, &info));
	close(fresh);
	close(null);
	close(peer);
	t->ops->free(t);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_over_both_families),
		cmocka_unit_test(opens_again_at_the_same_place),
		cmocka_unit_test(opens_again_with_nothing_pending),
		cmocka_unit_test(opening_again_may_fail_too),
		cmocka_unit_test(an_accepted_socket_is_not_opened_again),
		cmocka_unit_test(any_number_of_runs_is_one_write),
		cmocka_unit_test(short_writes_lose_nothing),
		cmocka_unit_test(gathering_is_bounded),
		cmocka_unit_test(an_orderly_end_reads_as_closed),
		cmocka_unit_test(a_reset_is_told_from_an_end),
		cmocka_unit_test(last_words_survive_a_failed_write),
		cmocka_unit_test(shutdown_ends_our_half),
		cmocka_unit_test(local_sockets_are_fine),
		cmocka_unit_test(an_accepted_socket_names_its_peer),
		cmocka_unit_test(the_kernel_says_what_is_unacknowledged),
	};

	signal(SIGPIPE, count_pipe);
	if (!test_has_tcp_info(offsetof(struct tcp_info, tcpi_total_retrans)))
		LEAVE_OUT(tests, the_kernel_says_what_is_unacknowledged, TEST_NO_TCP_INFO);
	return cmocka_run_group_tests_name("tcp", tests, NULL, no_sigpipe);
}
