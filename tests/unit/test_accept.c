/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/log.h>

#include "tools/accept.h"

static unsigned lines;

static void count_line(int level, const char *format, va_list args)
{
	char line[2048];

	vsnprintf(line, sizeof line, format, args);
	assert_int_equal(level, RTMP_LOGERROR);
	assert_non_null(strstr(line, "A client could not be accepted"));
	lines++;
}

static void when_there_is_no_descriptor(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), client = socket(AF_INET, SOCK_STREAM, 0), fd;
	socklen_t size = sizeof address;
	struct rlimit limit, none;
	uint64_t not_before = 7;

	(void)state;
	RTMP_LogSetCallback(count_line);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(slu_accept_client(listener, 1000, &not_before), -1);
	assert_int_equal(not_before, 7);
	assert_int_equal(lines, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(slu_accept_client(listener, 1000, &not_before), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(not_before, 1200);
	assert_int_equal(lines, 1);
	fd = slu_accept_client(listener, 1200, &not_before);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	close(client);
	close(listener);
	RTMP_LogSetCallback(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_there_is_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
