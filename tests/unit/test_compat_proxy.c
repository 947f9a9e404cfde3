/* SPDX-License-Identifier: MIT */
/* RTMP_Connect0() by a SOCKS4 proxy. getaddrinfo() is the test's here: it can be held. */
#include "test.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

static atomic_bool held;
static sem_t gate;

static struct sockaddr_in far = {.sin_family = AF_INET};
static struct addrinfo only = {.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&far, .ai_addrlen = sizeof far};

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	assert_string_equal(host, "live.example");
	assert_null(service);
	assert_int_equal(hints->ai_family, AF_INET);
	if (atomic_load(&held))
		sem_wait(&gate);
	*out = &only;
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	assert_ptr_equal(list, &only);
}

/* ---- a proxy ---- */

enum { REQUEST = 8 + 1, LONGEST = REQUEST + sizeof "live.example" };

static struct sockaddr_in address = {.sin_family = AF_INET};
static int listener;
static char asked[LONGEST];
static size_t expected; /* bytes of a request; 0: none is read, or answered */

static void *serve(void *arg)
{
	static const char granted[8] = {0, 0x5a};
	int fd = accept(listener, NULL, NULL);
	char c;

	(void)arg;
	if (expected && recv(fd, asked, expected, MSG_WAITALL) == (ssize_t)expected)
		assert_int_equal(send(fd, granted, sizeof granted, MSG_NOSIGNAL), sizeof granted);
	while (recv(fd, &c, 1, 0) > 0)
		;
	close(fd);
	return NULL;
}

static int setup(void **state)
{
	socklen_t size = sizeof address;

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	inet_pton(AF_INET, "192.0.2.9", &far.sin_addr);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	return sem_init(&gate, 0, 0) || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
	       getsockname(listener, (struct sockaddr *)&address, &size);
}

static int teardown(void **state)
{
	(void)state;
	sem_post(&gate);
	close(listener);
	return 0;
}

/* What RTMP_Connect0() returns, by a proxy that awaits so many bytes. */
static int connect_by_proxy(size_t bytes)
{
	static char host[] = "live.example", proxy[] = "127.0.0.1", option[] = "connectTimeout", seconds[] = "1";
	static const AVal name = AVC(option);
	AVal value = AVC(seconds);
	pthread_t thread;
	RTMP r;
	int ok;

	expected = bytes;
	assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	RTMP_Init(&r);
	r.Link.hostname = (AVal)AVC(host);
	r.Link.port = 1935;
	r.Link.timeout = 0; /* none */
	r.Link.sockshost = (AVal)AVC(proxy);
	r.Link.socksport = ntohs(address.sin_port);
	assert_true(RTMP_SetOpt(&r, &name, &value));
	ok = RTMP_Connect0(&r, (struct sockaddr *)&address);
	RTMP_Close(&r);
	pthread_join(thread, NULL);
	return ok;
}

static void the_proxy_is_told_the_address(void **state)
{
	(void)state;
	assert_true(connect_by_proxy(REQUEST));
	assert_memory_equal(asked, "\x04\x01\x07\x8f\xc0\x00\x02\x09\0", REQUEST);
}

/* Or the name, where no name server answers in half of the time. */
static void a_name_server_that_does_not_answer(void **state)
{
	(void)state;
	atomic_store(&held, true);
	assert_true(connect_by_proxy(LONGEST));
	assert_memory_equal(asked, "\x04\x01\x07\x8f\0\0\0\x01\0live.example", LONGEST);
	atomic_store(&held, false);
	sem_post(&gate);
}

static char line[2048];

static void keep_line(int level, const char *format, va_list args)
{
	assert_int_equal(level, RTMP_LOGERROR);
	vsnprintf(line, sizeof line, format, args);
}

static void a_proxy_that_does_not_answer(void **state)
{
	(void)state;
	RTMP_LogSetCallback(keep_line);
	assert_false(connect_by_proxy(0));
	assert_non_null(strstr(line, "no connection in time: see the options timeout and connectTimeout"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_proxy_is_told_the_address),
		cmocka_unit_test(a_name_server_that_does_not_answer),
		cmocka_unit_test(a_proxy_that_does_not_answer),
	};

	return cmocka_run_group_tests_name("compat_proxy", tests, setup, teardown);
}
