/* SPDX-License-Identifier: MIT */
/* Loopback sockets for tests of the network layer. */
#ifndef SLU_TESTS_UNIT_TEST_NET_H
#define SLU_TESTS_UNIT_TEST_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sluice/error.h>

#include "net/address.h"
#include "net/tcp.h"

static inline uint16_t test_port(int fd)
{
	struct sockaddr_in6 a; /* its port lies where IPv4's does */
	socklen_t len = sizeof a;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin6_port);
}

/* A listening socket; port 0: any free one. */
static inline int test_listen(const char *host, uint16_t port, int backlog)
{
	struct slu_address a;
	int fd, on = 1;

	assert_true(slu_address_parse(&a, host, port));
	fd = socket(a.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(fd, (struct sockaddr *)&a.addr, a.len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* Some containers have no IPv6 at all, not even on loopback. */
static inline bool test_has_ipv6(void)
{
	struct slu_address a;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = slu_address_parse(&a, "::1", 0) && fd >= 0 && !bind(fd, (struct sockaddr *)&a.addr, a.len);

	if (fd >= 0)
		close(fd);
	return has;
}

/* Whether the first n bytes of TCP_INFO can be had. Emulators of another machine's system calls may pass on four, in
 * the order of an int: what a peer has not acknowledged yet is then not told from what it never will. main() leaves out
 * what needs it. */
#define TEST_NO_TCP_INFO "the system passes on a part of TCP_INFO only"
static inline bool test_has_tcp_info(size_t n)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) && len >= n;

	if (fd >= 0)
		close(fd);
	return has && info.tcpi_state == TCP_CLOSE;
}

/* A port that refuses. */
static inline uint16_t test_unused_port(void)
{
	int fd = test_listen("127.0.0.1", 0, 1);
	uint16_t port = test_port(fd);

	close(fd);
	return port;
}

/* An address that takes no connection and refuses none: what a firewall that drops looks like. Its listener never
 * accepts, and as many connections as fill its backlog stand already. */
struct test_full {
	int listener, taken[16];
	size_t n;
	uint16_t port;
};

static inline void test_full_fill(struct test_full *f, const char *host)
{
	struct slu_address a;
	struct pollfd p = {.events = POLLOUT};

	assert_true(slu_address_parse(&a, host, f->port));
	for (f->n = 0; f->n < 16;) {
		p.fd = f->taken[f->n++] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(p.fd >= 0);
		if (connect(p.fd, (struct sockaddr *)&a.addr, a.len) && poll(&p, 1, 200) == 0)
			return;
	}
	fail_msg("the backlog of %s never fills", host);
}

static inline void test_full_open(struct test_full *f, const char *host)
{
	f->listener = test_listen(host, 0, 0);
	f->port = test_port(f->listener);
	test_full_fill(f, host);
}

static inline void test_full_close(struct test_full *f)
{
	for (size_t i = 0; i < f->n; i++)
		close(f->taken[i]);
	close(f->listener);
}

/* ---- transports ---- */

/* Waits for what the transport waits for, at most 20 s. */
static inline void wait_for(struct slu_transport *t, short events)
{
	struct pollfd p = {.fd = t->ops->fd(t), .events = events};

	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, 20000), 1);
}

static inline int open_all(struct slu_transport *t, uint64_t now)
{
	int n = t->ops->open(t, now);

	while (n == 0) {
		assert_int_equal(t->ops->want(t), SLU_WANT_READ);
		wait_for(t, POLLIN);
		n = t->ops->open(t, now);
	}
	return n;
}

static inline struct slu_transport *connect_to(const char *host, uint16_t port, const struct slu_tcp_config *config)
{
	static const struct slu_tcp_config none;
	char error[512] = "";
	struct slu_transport *t = slu_tcp_connect(config ? config : &none, host, port, 0, error, sizeof error);

	assert_string_equal(error, "");
	assert_non_null(t);
	return t;
}

/* A connected pair: the transport under test and a blocking socket. */
static inline struct slu_transport *pair(int *peer, const struct slu_tcp_config *config)
{
	int l = test_listen("127.0.0.1", 0, 5);
	struct slu_transport *t = connect_to("127.0.0.1", test_port(l), config);

	assert_int_equal(open_all(t, 0), 1);
	*peer = accept(l, NULL, NULL);
	assert_true(*peer >= 0);
	close(l);
	return t;
}

static inline struct slu_transport_stats stats_of(const struct slu_transport *t)
{
	struct slu_transport_stats s;

	t->ops->stats(t, &s);
	return s;
}

static inline void expect_error(const struct slu_transport *t, const char *const *parts)
{
	for (; *parts; parts++) {
		if (!strstr(t->ops->error(t), *parts))
			fail_msg("'%s' lacks '%s'", t->ops->error(t), *parts);
	}
}

static inline int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

#endif
