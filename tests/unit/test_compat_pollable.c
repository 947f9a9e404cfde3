/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pollable.h"

static int readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static void readable_as_the_socket_or_with_what_is_kept(void **state)
{
	struct slu_pollable p = SLU_POLLABLE_NONE;
	int pair[2], fd, moved;
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fd = pair[0];
	moved = slu_pollable_init(&p, fd);
	assert_true(moved >= 0 && moved != fd);
	assert_int_equal(p.fd, fd);
	assert_false(readable(fd));
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_true(readable(fd));
	assert_int_equal(read(moved, &c, 1), 1);
	assert_false(readable(fd));
	slu_pollable_set(&p, true);
	slu_pollable_set(&p, true);
	assert_true(readable(fd));
	slu_pollable_set(&p, false);
	assert_false(readable(fd));
	slu_pollable_set(&p, false);
	slu_pollable_set(&p, true);
	assert_true(readable(fd));
	slu_pollable_clear(&p);
	assert_int_equal(p.fd, -1);
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 1); /* POLLNVAL */
	close(moved);
	close(pair[1]);
}

static void what_is_no_descriptor(void **state)
{
	struct slu_pollable p = SLU_POLLABLE_NONE;

	(void)state;
	assert_int_equal(slu_pollable_init(&p, -1), -1);
	assert_int_equal(p.fd, -1);
	slu_pollable_set(&p, true);
	assert_false(p.set);
	slu_pollable_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_as_the_socket_or_with_what_is_kept),
		cmocka_unit_test(what_is_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
