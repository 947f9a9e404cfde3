/* SPDX-License-Identifier: MIT */
/* What a message costs the server for each player: write calls, copies, allocations. Counts, which do not drift. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <sluice/conn.h>

#include "../alloc_fail.h"
#include "server/loop.h"

enum { PLAYERS = 5, PATIENCE_MS = 5000, PICTURE = 20000, SOUND = 300, LARGE = 4096, MEMORY = 40960 };

/* ---- the server's write calls ---- */

static struct {
	uint16_t port; /* of the server */
	size_t calls, large;
	const void *payload; /* of the last large run, */
	bool differs;        /* which is not that of the one before */
	bool nodelay;        /* a socket that was written to has it */
} writes;

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

static bool is_servers(int fd)
{
	struct sockaddr_in own;
	socklen_t n = sizeof own;

	return getsockname(fd, (struct sockaddr *)&own, &n) == 0 && ntohs(own.sin_port) == writes.port;
}

ssize_t __real_recv(int fd, void *data, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t n, int flags);

static size_t reads;

ssize_t __wrap_recv(int fd, void *data, size_t n, int flags)
{
	reads += is_servers(fd);
	return __real_recv(fd, data, n, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	int nodelay = 0;
	socklen_t n = sizeof nodelay;

	if (!is_servers(fd))
		return __real_sendmsg(fd, msg, flags);
	writes.calls++;
	getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &n);
	writes.nodelay |= nodelay != 0;
	for (size_t i = 0; i < (size_t)msg->msg_iovlen; i++) {
		const struct iovec *run = &msg->msg_iov[i];

		if (run->iov_len < LARGE)
			continue;
		writes.differs |= writes.large++ && run->iov_base != writes.payload;
		writes.payload = run->iov_base;
	}
	return __real_sendmsg(fd, msg, flags);
}

static void count_anew(void)
{
	writes.calls = writes.large = 0;
	writes.differs = writes.nodelay = false;
}

/* ---- a publisher and players ---- */

static struct {
	struct slu_loop *loop;
	struct slu_conn *publisher, *players[PLAYERS];
	bool publishing;
	size_t playing, media[PLAYERS];
	size_t asked; /* bytes that the server allocated, what it freed among them */
} s;

static struct slu_conn *dial(const char *url)
{
	struct slu_conn_config config = {.session.role = SLU_CLIENT};
	char error[256];
	struct slu_conn *c = slu_conn_open(&config, url, NULL, error, sizeof error);

	if (!c)
		fail_msg("%s", error);
	return c;
}

static void step(void)
{
	const size_t before = alloc_fail_bytes();
	struct slu_event ev;

	assert_int_equal(slu_loop_step(s.loop, 1), 0);
	s.asked += alloc_fail_bytes() - before;
	if (s.publisher)
		assert_int_equal(slu_conn_process(s.publisher), 0);
	while (s.publisher && slu_conn_event(s.publisher, &ev))
		s.publishing |= ev.type == SLU_EVENT_PUBLISHING;
	for (size_t i = 0; i < PLAYERS; i++) {
		assert_int_equal(slu_conn_process(s.players[i]), 0);
		while (slu_conn_event(s.players[i], &ev)) {
			s.playing += ev.type == SLU_EVENT_PLAYING;
			s.media[i] += ev.type == SLU_EVENT_MEDIA;
		}
	}
}

static bool all_have(size_t n)
{
	bool have = true;

	for (size_t i = 0; i < PLAYERS; i++)
		have = have && s.media[i] >= n;
	return have;
}

static void until_all_have(size_t n)
{
	const uint64_t until = slu_now_ms() + PATIENCE_MS;

	while (!all_have(n) && slu_now_ms() < until)
		step();
	for (size_t i = 0; i < PLAYERS; i++)
		assert_int_equal(s.media[i], n);
}

static void send_one(uint8_t type, uint32_t timestamp, struct slu_buffer *b)
{
	const struct slu_msg m = {.type = type,
				  .timestamp = timestamp,
				  .data = slu_buffer_data(b),
				  .size = slu_buffer_size(b),
				  .owner = b};

	assert_int_equal(slu_conn_send(s.publisher, &m), 0);
}

static void send_new(uint8_t type, uint32_t timestamp, size_t size, uint8_t first)
{
	struct slu_buffer *b = slu_buffer_new(size);

	assert_non_null(b);
	memset(slu_buffer_data(b), 1, size);
	slu_buffer_data(b)[0] = first;
	send_one(type, timestamp, b);
	slu_buffer_put(b);
}

static void start(unsigned gather_ms, char url[SLU_LISTENER_URL + 16])
{
	struct slu_loop_config config = {.dir = -1, .hub.gather_ms = gather_ms};
	char bound[SLU_LISTENER_URL], error[256];

	memset(&s, 0, sizeof s);
	s.loop = slu_loop_new(&config, error, sizeof error);
	assert_non_null(s.loop);
	assert_int_equal(slu_loop_listen(s.loop, "rtmp://127.0.0.1:0", bound, error, sizeof error), 0);
	writes.port = (uint16_t)atoi(strrchr(bound, ':') + 1);
	snprintf(url, SLU_LISTENER_URL + 16, "%s/live/cam", bound);
}

/* Until all play. */
static void play(const char *url)
{
	const struct slu_play how = {.start = -2, .duration = -1};
	const uint64_t until = slu_now_ms() + PATIENCE_MS;

	for (size_t i = 0; i < PLAYERS; i++) {
		s.players[i] = dial(url);
		slu_session_play(slu_conn_session(s.players[i]), "cam", &how);
	}
	while ((s.publishing != (s.publisher != NULL) || s.playing < PLAYERS) && slu_now_ms() < until)
		step();
	assert_int_equal(s.playing, PLAYERS);
}

/* All play, and have a key frame. */
static void begin(unsigned gather_ms)
{
	char url[SLU_LISTENER_URL + 16];

	start(gather_ms, url);
	s.publisher = dial(url);
	slu_session_publish(slu_conn_session(s.publisher), "cam", SLU_PUBLISH_LIVE);
	play(url);
	send_new(9, 0, PICTURE, 0x17);
	assert_int_equal(slu_conn_flush(s.publisher), 0);
	until_all_have(1);
	count_anew();
}

static void end(void)
{
	slu_conn_free(s.publisher);
	for (size_t i = 0; i < PLAYERS; i++)
		slu_conn_free(s.players[i]);
	slu_loop_free(s.loop);
}

/* ---- what it costs ---- */

/* What came at once, sound or picture, is one write call for each player, whose payload lies where it was received. */
static void one_write_for_all_and_no_copy(void **state)
{
	(void)state;
	begin(0);
	send_new(8, 10, SOUND, 0xaf);
	send_new(8, 20, SOUND, 0xaf);
	send_new(9, 30, PICTURE, 0x27);
	assert_int_equal(slu_conn_flush(s.publisher), 0);
	until_all_have(4);
	assert_int_equal(writes.calls, PLAYERS);
	assert_int_equal(writes.large, PLAYERS);
	assert_false(writes.differs);
	end();
}

/* With gathering, sound is not written until there is a picture, and the kernel may do the same. Without, it is. */
static void sound_goes_with_the_picture(void **state)
{
	static const struct {
		unsigned gather_ms;
		size_t early;
	} ways[] = {{60000, 0}, {0, PLAYERS}};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		begin(ways[i].gather_ms);
		send_new(8, 10, SOUND, 0xaf);
		assert_int_equal(slu_conn_flush(s.publisher), 0);
		for (int k = 0; k < 20; k++)
			step();
		assert_int_equal(writes.calls, ways[i].early);
		send_new(9, 30, PICTURE, 0x27);
		assert_int_equal(slu_conn_flush(s.publisher), 0);
		until_all_have(3);
		assert_int_equal(writes.calls, PLAYERS + ways[i].early);
		assert_int_equal(writes.nodelay, ways[i].gather_ms == 0);
		end();
	}
}

/* A publisher of pictures is read when there is one, not for each sound; for one that sends sound alone, once it was
 * waited for long enough; and one that is silent is not looked after. */
static void sound_wakes_nobody(void **state)
{
	static const unsigned ms[] = {60000, 20};
	uint64_t until;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(ms[i]);
		reads = 0;
		send_new(8, 10, SOUND, 0xaf);
		assert_int_equal(slu_conn_flush(s.publisher), 0);
		for (int k = 0; k < 20 && ms[i] > 100; k++)
			step();
		assert_int_equal(reads, 0);
		if (ms[i] > 100)
			send_new(9, 30, PICTURE, 0x27);
		assert_int_equal(slu_conn_flush(s.publisher), 0);
		until_all_have(ms[i] > 100 ? 3 : 2);
		assert_in_range(reads, 1, 4);
		for (until = slu_now_ms() + 15 * 20; slu_now_ms() < until && ms[i] < 100;)
			step();
		assert_in_range(reads, 1, 4);
		send_new(8, 40, SOUND, 0xaf); /* the first after that is heard at once, or with a picture */
		assert_int_equal(slu_conn_flush(s.publisher), 0);
		send_new(9, 50, PICTURE, 0x27);
		assert_int_equal(slu_conn_flush(s.publisher), 0);
		until_all_have(ms[i] > 100 ? 5 : 4);
		end();
	}
}

/* Of 100 messages more, there is no allocation for any player: the publisher's bodies, and the list of what is kept for
 * players to come, are all. */
static void no_allocation_for_a_player(void **state)
{
	long counts[2];

	(void)state;
	begin(0);
	for (uint32_t round = 0; round < 2; round++) {
		alloc_fail_at(-1);
		for (uint32_t i = 0; i < 100; i++) {
			/* Key frames all: nothing is kept of those before. */
			send_new(9, 40 * (100 * round + i), PICTURE, 0x17);
			assert_int_equal(slu_conn_flush(s.publisher), 0);
			until_all_have(2 + 100 * round + i);
		}
		counts[round] = alloc_fail_count();
	}
	/* The first is send_new()'s; the server's and each player's session keep bodies to read into. */
	if (counts[1] > 100 + 100 + PLAYERS)
		fail_msg("%ld allocations for 100 messages, %ld for the first", counts[1], counts[0]);
	end();
}

/* All that was ever asked for on its behalf, what was freed again among it. */
static void little_memory_for_a_player(void **state)
{
	char url[SLU_LISTENER_URL + 16];

	(void)state;
	start(0, url);
	alloc_fail_at(-1);
	play(url);
	if (s.asked / PLAYERS > MEMORY)
		fail_msg("%zu bytes were allocated for each player", s.asked / PLAYERS);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_write_for_all_and_no_copy),
		cmocka_unit_test(sound_goes_with_the_picture),
		cmocka_unit_test(sound_wakes_nobody),
		cmocka_unit_test(no_allocation_for_a_player),
		cmocka_unit_test(little_memory_for_a_player),
	};

	return cmocka_run_group_tests_name("fanout", tests, NULL, NULL);
}
