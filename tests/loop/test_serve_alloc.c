/* SPDX-License-Identifier: MIT */
/*
 * The server while it runs out of memory. Clients are bytes on sockets, so each allocation is the server's; one after
 * another fails, in all that a publisher, players, a recording and a tunnel make it do. Whoever is hit may be let go
 * of; a stream that goes on meanwhile, and who comes later, are served as if nothing had been.
 */
#include "../unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <openssl/crypto.h>

#include "../alloc_fail.h"
#include "../serve_bytes.h"
#include "../unit/record_kit.h"
#include "server/loop.h"

enum { MOST = 2000, FRAME = 700, HEARD = 1 << 17, PATIENCE = 200 };

struct side {
	int fd;
	size_t n;
	uint8_t heard[HEARD];
};

static struct slu_loop *loop;
static char path[64];
static struct side publisher, player, other_publisher, other_player, joining, tunnel;

static void hear(struct side *s)
{
	long n;

	while (s->fd >= 0 && s->n < HEARD && (n = recv(s->fd, s->heard + s->n, HEARD - s->n, MSG_DONTWAIT)) > 0)
		s->n += (size_t)n;
}

static void turn(void)
{
	for (int i = 0; i < 6; i++) {
		assert_int_equal(slu_loop_step(loop, 0), 0);
		hear(&publisher);
		hear(&player);
		hear(&other_publisher);
		hear(&other_player);
		hear(&joining);
		hear(&tunnel);
	}
}

static void come(struct side *s)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	s->n = 0;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(connect(s->fd, (struct sockaddr *)&to, sizeof to), 0);
}

/* Who was let go of does not hear it. */
static void say(const struct side *s, const void *data, size_t n)
{
	(void)!send(s->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	turn();
}

static void leave(struct side *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static struct serve_bytes *fresh(void)
{
	static struct serve_bytes b;

	b.n = 0;
	return &b;
}

static void begin(struct side *s, const char *what, const char *name)
{
	struct serve_bytes *b = fresh();

	come(s);
	serve_hello(b);
	serve_connect(b);
	serve_command(b, what, 0, 1, name, NULL);
	say(s, b->data, b->n);
}

/* A key frame that differs from others. */
static const uint8_t *frame(uint8_t mark)
{
	static uint8_t body[FRAME];

	memset(body, mark, sizeof body);
	memcpy(body, "\x17\1\0\0\0", 5);
	return body;
}

static void publish(const struct side *s, uint8_t mark)
{
	struct serve_bytes *b = fresh();

	serve_message(b, SLU_MSG_VIDEO, mark, 1, frame(mark), FRAME);
	say(s, b->data, b->n);
}

static bool has(const struct side *s, uint8_t mark)
{
	return memmem(s->heard, s->n, frame(mark), FRAME) != NULL;
}

static void say_metadata(const struct side *s)
{
	static const char metadata[] = "\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x03\0\1a\5\0\0\x09",
			  avc[] = "\x17\0\0\0\0config", aac[] = "\xaf\0\x12\x10";
	struct serve_bytes *b = fresh();

	serve_message(b, SLU_MSG_DATA, 0, 1, metadata, sizeof metadata - 1);
	serve_message(b, SLU_MSG_VIDEO, 0, 1, avc, sizeof avc - 1);
	serve_message(b, SLU_MSG_AUDIO, 0, 1, aac, sizeof aac - 1);
	say(s, b->data, b->n);
}

/* Comings and goings, in all of which memory may run out. */
static void others(void)
{
	static const char open[] = "POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0";
	struct serve_bytes *b;

	begin(&other_player, "play", "other");
	begin(&other_publisher, "publish", "other");
	say_metadata(&other_publisher);
	for (uint8_t mark = 100; mark < 110; mark++)
		publish(&other_publisher, mark);
	begin(&joining, "play", "good");
	b = fresh();
	serve_command(b, "getStreamLength", 3, 1, "other", NULL);
	serve_command_flag(b, "receiveVideo", 1, 0);
	serve_command_flag(b, "pause", 1, 1);
	say(&joining, b->data, b->n);
	come(&tunnel);
	say(&tunnel, open, sizeof open - 1);
	leave(&other_publisher);
	turn();
	leave(&other_player);
	leave(&joining);
	leave(&tunnel);
	turn();
}

static bool start(void)
{
	struct slu_loop_config config = {.dir = kit_dir, .conn.close_timeout_ms = 1};
	char bound[SLU_LISTENER_URL], error[256] = "", place[80];

	snprintf(path, sizeof path, "%s/socket", kit_path);
	snprintf(place, sizeof place, "unix:%s", path);
	loop = slu_loop_new(&config, error, sizeof error);
	if (loop && slu_loop_listen(loop, place, bound, error, sizeof error) == 0)
		return true;
	assert_true(strlen(error) > 0);
	slu_loop_free(loop);
	loop = NULL;
	return false;
}

static void stop(void)
{
	leave(&publisher);
	leave(&player);
	turn();
	slu_loop_stop(loop);
	for (int i = 0; i < PATIENCE && slu_loop_connections(loop); i++)
		assert_int_equal(slu_loop_step(loop, 10), 0);
	assert_int_equal(slu_loop_connections(loop), 0);
	slu_loop_free(loop);
}

static void nobody(void)
{
	publisher.fd = player.fd = other_publisher.fd = other_player.fd = joining.fd = tunnel.fd = -1;
}

static void begin_the_good_stream(const char *name)
{
	begin(&player, "play", name);
	begin(&publisher, "publish", name);
	say_metadata(&publisher);
	publish(&publisher, 1);
	assert_true(has(&player, 1));
}

static bool once(long n)
{
	bool failed;

	nobody();
	assert_true(start());
	begin_the_good_stream("good");
	alloc_fail_at(n);
	others();
	failed = alloc_fail_end();
	if (!failed) {
		for (uint8_t mark = 100; mark < 110; mark++)
			assert_true(has(&other_player, mark));
		assert_true(has(&joining, 1));
		assert_non_null(memmem(tunnel.heard, tunnel.n, "HTTP/1.1 200 OK", 15));
	}
	for (uint8_t mark = 2; mark < 6; mark++) {
		publish(&publisher, mark);
		if (!has(&player, mark))
			fail_msg("allocation %ld cost a stream that had none to do with it frame %d", n, mark);
	}
	leave(&publisher);
	leave(&player);
	turn();
	begin_the_good_stream("other");
	stop();
	return failed;
}

static void others_are_unharmed(void **state)
{
	long n = 0;

	(void)state;
	while (n < MOST && once(n))
		n++;
	assert_in_range(n, 100, MOST - 1);
}

/* What cannot begin says so, and leaves nothing. */
static void beginning(void **state)
{
	bool failed = true;
	long n = 0;

	(void)state;
	nobody();
	for (; failed; n++) {
		assert_in_range(n, 0, 100);
		alloc_fail_at(n);
		if (start()) {
			failed = alloc_fail_end();
			stop();
		} else {
			failed = alloc_fail_end();
			assert_true(failed);
		}
	}
	assert_in_range(n, 5, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(beginning),
		KIT_TEST(others_are_unharmed),
	};

	if (!CRYPTO_set_mem_functions(alloc_spared, alloc_spared_again, alloc_spared_free))
		return 1;
	return cmocka_run_group_tests_name("serve_alloc", tests, NULL, NULL);
}
