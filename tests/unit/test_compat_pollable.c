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
	moved = slu_pollable_init(&p, fd, true);
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
	assert_int_equal(slu_pollable_init(&p, -1, true), -1);
	assert_int_equal(slu_pollable_init(&p, -1, false), -1);
	assert_int_equal(p.fd, -1);
	slu_pollable_drop(&p);
	assert_true(slu_pollable_follow(&p, -1));
	slu_pollable_set(&p, true);
	assert_false(p.set);
	slu_pollable_clear(&p);
}

struct kind {
	int pair[2], other[2], fd, moved;
	struct slu_pollable p;
};

/* A session on one socket that goes on over another. */
static void move(struct kind *k, bool reads)
{
	k->p = (struct slu_pollable)SLU_POLLABLE_NONE;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, k->pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, k->other), 0);
	k->fd = k->pair[0];
	k->moved = slu_pollable_init(&k->p, k->fd, reads);
	assert_true(k->moved >= 0 && k->moved != k->fd);
	assert_true(slu_pollable_follow(&k->p, k->moved));
	slu_pollable_drop(&k->p);
	close(k->moved);
	assert_true(slu_pollable_follow(&k->p, k->other[0]));
	assert_int_equal(k->p.fd, k->fd);
}

static void end(struct kind *k)
{
	slu_pollable_clear(&k->p);
	close(k->pair[1]);
	close(k->other[0]);
	close(k->other[1]);
}

static void who_reads_waits_for_the_socket_that_follows(void **state)
{
	struct kind k;
	char c;

	(void)state;
	move(&k, true);
	assert_int_equal(read(k.pair[1], &c, 1), 0);
	assert_false(readable(k.fd));
	assert_int_equal(write(k.other[1], "x", 1), 1);
	assert_true(readable(k.fd));
	assert_int_equal(read(k.other[0], &c, 1), 1);
	assert_false(readable(k.fd));
	slu_pollable_set(&k.p, true);
	assert_true(readable(k.fd));
	assert_false(slu_pollable_follow(&k.p, -1));
	end(&k);
}

static void who_writes_has_the_socket_that_follows(void **state)
{
	struct kind k;
	char c;

	(void)state;
	move(&k, false);
	assert_int_equal(read(k.pair[1], &c, 1), 0);
	assert_int_equal(write(k.fd, "y", 1), 1);
	assert_int_equal(read(k.other[1], &c, 1), 1);
	assert_int_equal(c, 'y');
	slu_pollable_set(&k.p, true);
	assert_false(k.p.set);
	assert_false(slu_pollable_follow(&k.p, -1));
	end(&k);
}

/* Until it is closed here, and no longer, although the caller's descriptor is a copy. */
static void who_writes_keeps_no_connection(void **state)
{
	struct slu_pollable p = SLU_POLLABLE_NONE;
	int pair[2], moved;
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	moved = slu_pollable_init(&p, pair[0], false);
	close(moved);
	slu_pollable_drop(&p);
	assert_int_equal(read(pair[1], &c, 1), 0);
	slu_pollable_clear(&p);
	assert_int_equal(write(pair[0], "z", 1), -1);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_as_the_socket_or_with_what_is_kept),
		cmocka_unit_test(what_is_no_descriptor),
		cmocka_unit_test(who_reads_waits_for_the_socket_that_follows),
		cmocka_unit_test(who_writes_has_the_socket_that_follows),
		cmocka_unit_test(who_writes_keeps_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
